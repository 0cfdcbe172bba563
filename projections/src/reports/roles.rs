//! What each role was, and how it changed.

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{Event, Recorded, RoleEvent};
use chancery_aggregates::state::RoleEntry;
use chancery_aggregates::vocabulary::RoleId;

use super::{Cell, Filter, Table};
use crate::audit::Entry;

/// First what each role was at the beginning, then each change of one up to an event.
pub(super) struct Definitions {
    state: AccessState,
    filter: Filter,
    table: Table,
}

impl Definitions {
    pub(super) fn new(from: AccessState, filter: Filter) -> Self {
        let table = at_the_beginning(&from, &filter);
        Self { state: from, filter, table }
    }

    pub(super) fn take(&mut self, recorded: &Recorded) {
        self.state.apply(&recorded.event, recorded.stamp);
        if let Event::Role(event) = &recorded.event
            && is_wanted(&self.filter, event.role().as_str())
        {
            change(&mut self.table, &self.state, recorded, event);
        }
    }

    pub(super) fn finish(self) -> Table {
        self.table
    }
}

fn is_wanted(filter: &Filter, id: &str) -> bool {
    filter.role.as_ref().is_none_or(|role| role == id)
}

fn at_the_beginning(from: &AccessState, filter: &Filter) -> Table {
    let mut table = Table::new([
        "role",
        "name",
        "what",
        "time",
        "by",
        "reason",
        "permission",
        "before",
        "after",
        "permissions",
        "holders",
        "keys",
    ]);
    let there = |role: &RoleEntry| role.deleted.is_none() && is_wanted(filter, role.id.as_str());
    for (_, role) in from.roles().filter(|(_, role)| there(role)) {
        let [permissions, holders, keys] = stands(from, role);
        let cells = [
            role.id.as_str().into(),
            role.name.as_str().into(),
            "at the beginning".into(),
            role.modified.time.into(),
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            permissions,
            holders,
            keys,
        ];
        table.push(Some(role.modified.position), cells);
    }
    table
}

fn change(table: &mut Table, state: &AccessState, recorded: &Recorded, event: &RoleEvent) {
    let entry = Entry::of(state, recorded);
    let role = role_of(state, event.role());
    let [permissions, holders, keys] = role.map_or([const { Cell::Empty }; 3], |role| stands(state, role));
    let cells = [
        event.role().as_str().into(),
        role.map(|role| role.name.as_str()).into(),
        entry.kind.into(),
        entry.time.into(),
        entry.actor.id.as_str().into(),
        entry.reason.into(),
        entry.permission.map(|named| named.id).into(),
        entry.before.into(),
        entry.after.into(),
        permissions,
        holders,
        keys,
    ];
    table.push(Some(entry.position), cells);
}

fn role_of<'a>(state: &'a AccessState, id: &RoleId) -> Option<&'a RoleEntry> {
    state.role_by_id(id.as_str())
}

/// How many permissions it gives, inherited ones included, how many members hold it, and the permissions.
fn stands(state: &AccessState, role: &RoleEntry) -> [Cell; 3] {
    let keys: Vec<String> = state
        .profile()
        .map(|profile| profile.keys(&role.effective).iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    [keys.len().into(), role.holders.len().into(), keys.join(" ").into()]
}
