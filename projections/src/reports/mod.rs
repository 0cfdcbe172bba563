//! Reports for auditors: tables that are pure functions of the log up to a position.
//!
//! A report is about an instant ([`at_instant`]) or about a period ([`OfPeriod`]). It names members by id and, where
//! it can be read, by name; each row cites the event that it rests on. The same log gives the same rows.

mod changes;
mod instant;
mod movement;
mod roles;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::Time;
use serde::Serialize;

use self::changes::Changes;
use self::movement::Movements;
use self::roles::Definitions;
use crate::activity::Entry;
use crate::findings::LastActed;

/// What is reported. The names are stable, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Who holds what, where.
    Access,
    /// What changed in a period.
    Changes,
    /// Who came, moved and left in a period, and how long each took.
    Movements,
    /// Who holds sensitive permissions, and by which path.
    Privileged,
    /// Who holds duties that the profile keeps apart.
    Separation,
    /// Programs: who runs them, with which keys and roles.
    ServiceAccounts,
    /// Access that is not used, or has no effect.
    Dormant,
    /// What each role was, and how it changed in a period.
    RoleDefinitions,
}

impl Kind {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Access,
        Self::Changes,
        Self::Movements,
        Self::Privileged,
        Self::Separation,
        Self::ServiceAccounts,
        Self::Dormant,
        Self::RoleDefinitions,
    ];

    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Changes => "changes",
            Self::Movements => "movements",
            Self::Privileged => "privileged",
            Self::Separation => "separation",
            Self::ServiceAccounts => "service_accounts",
            Self::Dormant => "dormant",
            Self::RoleDefinitions => "role_definitions",
        }
    }

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Access => "Access",
            Self::Changes => "Changes",
            Self::Movements => "Joiners, movers, leavers",
            Self::Privileged => "Privileged access",
            Self::Separation => "Separation of duties",
            Self::ServiceAccounts => "Service accounts",
            Self::Dormant => "Dormant access",
            Self::RoleDefinitions => "Role definitions",
        }
    }

    /// What it answers, in a sentence without a full stop.
    pub fn answers(self) -> &'static str {
        match self {
            Self::Access => "Who held which role or direct permission, where, from when until when",
            Self::Changes => "What was changed, by whom, why, and what was before and after",
            Self::Movements => "Who came, moved and left, and how long each took",
            Self::Privileged => "Who held sensitive permissions, where, and by which path",
            Self::Separation => "Who held duties that the profile keeps apart, and by which path",
            Self::ServiceAccounts => "Which programs had access, with which roles and keys",
            Self::Dormant => "Which access was not used, was forgotten, or had no effect",
            Self::RoleDefinitions => "What each role gave at the beginning, and what was changed in it by whom",
        }
    }

    /// Whether it is about a period; the others are about an instant.
    pub fn is_of_period(self) -> bool {
        match self {
            Self::Changes | Self::Movements | Self::RoleDefinitions => true,
            Self::Access | Self::Privileged | Self::Separation | Self::ServiceAccounts | Self::Dormant => false,
        }
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A number.
    Number(u64),
    /// An instant, UTC.
    Time(Time),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Cell {
    /// Text without a letter is nothing.
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<Time> for Cell {
    fn from(time: Time) -> Self {
        Self::Time(time)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A row, and the event that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As many as there are columns.
    pub cells: Vec<Cell>,
    /// Position of the event.
    pub event: Option<u64>,
}

/// A report's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What the columns are called: stable names.
    pub columns: Vec<&'static str>,
    /// The rows, in an order that the log alone decides.
    pub rows: Vec<Row>,
}

/// What stands in the columns that [`Table::with_events`] adds.
const OF_EVENT: [&str; 5] = ["event", "event_time", "event_by", "event_reason", "event_sentence"];

impl Table {
    fn new<const N: usize>(columns: [&'static str; N]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    fn push<const N: usize>(&mut self, event: Option<u64>, cells: [Cell; N]) {
        self.rows.push(Row { cells: cells.to_vec(), event });
    }

    /// Positions of the events that the rows rest on.
    pub fn cited(&self) -> BTreeSet<u64> {
        self.rows.iter().filter_map(|row| row.event).collect()
    }

    /// The table with what these events say in further columns.
    #[must_use]
    pub fn with_events(mut self, events: &BTreeMap<u64, Entry>) -> Self {
        self.columns.extend(OF_EVENT);
        for row in &mut self.rows {
            let entry = row.event.and_then(|position| events.get(&position));
            row.cells.extend([
                row.event.into(),
                entry.map(|entry| entry.time).into(),
                entry.map(|entry| entry.actor.as_str()).into(),
                entry.and_then(|entry| entry.reason.as_deref()).into(),
                entry.map(|entry| entry.sentence.as_str()).into(),
            ]);
        }
        self
    }
}

/// What is wanted of a report; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Id of a member: rows about them.
    pub member: Option<String>,
    /// Id of a role: rows about it.
    pub role: Option<String>,
}

/// A report about an instant: empty for the kinds that are about a period.
///
/// `last_acted` is what the log says of when each member last gave a command; only [`Kind::Dormant`] asks for it.
pub fn at_instant(kind: Kind, state: &AccessState, at: Time, filter: &Filter, last_acted: Option<&LastActed>) -> Table {
    match kind {
        Kind::Access => instant::access(state, at, filter),
        Kind::Privileged => instant::privileged(state, at, filter),
        Kind::Separation => instant::separation(state, at, filter),
        Kind::ServiceAccounts => instant::service_accounts(state, at, filter),
        Kind::Dormant => instant::dormant(state, at, filter, last_acted),
        Kind::Changes | Kind::Movements | Kind::RoleDefinitions => Table::new([]),
    }
}

/// A report about what happened after a state, in the making. It is told event by event, and keeps none of them.
#[derive(Default)]
pub struct OfPeriod(Making);

#[derive(Default)]
enum Making {
    #[default]
    Nothing,
    Changes(Changes),
    Movements(Box<Movements>),
    RoleDefinitions(Definitions),
}

impl OfPeriod {
    /// A report about what follows a state. The kinds that are about an instant have no rows.
    pub fn new(kind: Kind, from: AccessState, filter: Filter) -> Self {
        Self(match kind {
            Kind::Changes => Making::Changes(Changes::new(from, filter)),
            Kind::Movements => Making::Movements(Box::new(Movements::new(from, filter))),
            Kind::RoleDefinitions => Making::RoleDefinitions(Definitions::new(from, filter)),
            Kind::Access | Kind::Privileged | Kind::Separation | Kind::ServiceAccounts | Kind::Dormant => {
                Making::Nothing
            }
        })
    }

    /// Takes the next event.
    pub fn take(&mut self, recorded: &Recorded) {
        match &mut self.0 {
            Making::Nothing => {}
            Making::Changes(changes) => changes.take(recorded),
            Making::Movements(movements) => movements.take(recorded),
            Making::RoleDefinitions(definitions) => definitions.take(recorded),
        }
    }

    /// The rows at the end of the period, which is not before the last event.
    pub fn finish(self, until: Time) -> Table {
        match self.0 {
            Making::Nothing => Table::new([]),
            Making::Changes(changes) => changes.finish(),
            Making::Movements(movements) => movements.finish(until),
            Making::RoleDefinitions(definitions) => definitions.finish(),
        }
    }
}
