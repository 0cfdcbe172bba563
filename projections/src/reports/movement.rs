//! Joiners, movers, leavers.
//!
//! - A **joiner** was added in the period. Done when the member first may do anything anywhere, by an event or by the
//!   passing of time.
//! - A **mover** was there before, is still there, and ends with another account type, scope or set of roles than at the
//!   beginning. The move lasts from the first to the last event that changed these, or until the last role that was given
//!   begins, where that is later; as long as one is yet to begin, it is not done.
//! - A **leaver** was suspended or removed and did not come back. Begun with the suspension, or else with the removal,
//!   which ends all access at once; done with the removal, after which nothing is left assigned.

use std::collections::BTreeMap;

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Place, Reading, holdings, turning_points};
use chancery_aggregates::event::{Event, MemberEvent, OrganisationEvent, Recorded, RoleEvent, Stamp};
use chancery_aggregates::state::{Assignment, MemberEntry, MemberIx, RoleIx, ScopeIx, Status};
use chancery_aggregates::vocabulary::{MemberKind, Time};

use super::{Cell, Filter, Table};
use crate::access::barrier;
use crate::words::{self, Person};

/// A member who was added and could not do anything yet.
struct Joiner {
    added: Stamp,
    first_access: Option<Time>,
}

/// A member who leaves.
struct Leaver {
    suspended: Option<Stamp>,
    removed: Option<Stamp>,
}

#[derive(Default)]
struct Walk {
    state: AccessState,
    joiners: BTreeMap<MemberIx, Joiner>,
    leavers: BTreeMap<MemberIx, Leaver>,
    /// The first and the last event that changed what a mover is measured by.
    moved: BTreeMap<MemberIx, (Stamp, Stamp)>,
}

/// The movements up to an event.
pub(super) struct Movements {
    from: AccessState,
    walk: Walk,
    filter: Filter,
}

impl Movements {
    pub(super) fn new(from: AccessState, filter: Filter) -> Self {
        let walk = Walk { state: from.clone(), ..Walk::default() };
        Self { from, walk, filter }
    }

    pub(super) fn take(&mut self, recorded: &Recorded) {
        self.walk.pass(recorded.stamp.time);
        self.walk.take(recorded);
    }

    pub(super) fn finish(self, until: Time) -> Table {
        let Self { from, mut walk, filter } = self;
        walk.pass(until);
        let mut table = Table::new([
            "movement",
            "member",
            "name",
            "kind",
            "what",
            "begun",
            "done",
            "seconds",
            "took",
            "roles_kept",
        ]);
        walk.write_joiners(&mut table);
        walk.write_movers(&from, until, &mut table);
        walk.write_leavers(&from, &mut table);
        table.rows.retain(|row| match row.cells.get(1) {
            Some(Cell::Text(id)) => is_wanted(&filter, id, [&from, &walk.state]),
            _ => false,
        });
        table
    }
}

/// Whether a filter takes a member, who holds the role that it names in one of the states.
fn is_wanted(filter: &Filter, id: &str, states: [&AccessState; 2]) -> bool {
    let holds = |state: &AccessState, role: &str| {
        let held = state.member_by_id(id).map(|member| &member.assignments);
        held.is_some_and(|held| held.iter().any(|held| Some(held.role) == state.role_ix(role)))
    };
    filter.member.as_ref().is_none_or(|member| member == id)
        && filter.role.as_ref().is_none_or(|role| states.iter().any(|state| holds(state, role)))
}

impl Walk {
    /// Time goes by without an event: windows open.
    fn pass(&mut self, to: Time) {
        let Some(from) = self.state.time() else { return };
        for (member, joiner) in self.joiners.iter_mut().filter(|(_, joiner)| joiner.first_access.is_none()) {
            let mut turns = turning_points(&self.state, *member, from);
            turns.retain(|turn| *turn <= to);
            turns.sort_unstable();
            joiner.first_access = turns.into_iter().find(|turn| may_do_anything(&self.state, *member, *turn));
        }
    }

    fn take(&mut self, recorded: &Recorded) {
        let stamp = recorded.stamp;
        let holders: Vec<MemberIx> = match &recorded.event {
            Event::Role(RoleEvent::RoleDeleted { role, .. }) => {
                let entry = self.state.role_by_id(role.id.as_str());
                entry.map(|role| role.holders.iter().copied().collect()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        self.state.apply(&recorded.event, stamp);
        match &recorded.event {
            Event::Member(event) => {
                if let Some(member) = self.state.member_ix(event.member().as_str()) {
                    self.member(member, event, stamp);
                    self.look(member, stamp.time);
                }
            }
            Event::Organisation(OrganisationEvent::OwnerTransferred { before, after, .. }) => {
                for id in [before.as_str(), after.as_str()] {
                    if let Some(member) = self.state.member_ix(id) {
                        self.moves(member, stamp);
                    }
                }
                self.look_at_all(stamp.time);
            }
            // What they change may be everybody's access.
            Event::Organisation(_) | Event::Role(_) | Event::Scope(_) | Event::Review(_) => {
                for member in holders {
                    self.moves(member, stamp);
                }
                self.look_at_all(stamp.time);
            }
        }
    }

    fn member(&mut self, member: MemberIx, event: &MemberEvent, stamp: Stamp) {
        match event {
            MemberEvent::MemberAdded { .. } => {
                self.joiners.insert(member, Joiner { added: stamp, first_access: None });
            }
            MemberEvent::AccountTypeChanged { .. }
            | MemberEvent::MemberScopeChanged { .. }
            | MemberEvent::RoleAssigned { .. }
            | MemberEvent::RoleUnassigned { .. } => self.moves(member, stamp),
            MemberEvent::MemberSuspended { .. } => {
                self.leavers.insert(member, Leaver { suspended: Some(stamp), removed: None });
            }
            MemberEvent::MemberReactivated { .. } => {
                self.leavers.remove(&member);
            }
            MemberEvent::MemberRemoved { .. } => {
                let leaver = self.leavers.entry(member).or_insert(Leaver { suspended: None, removed: None });
                leaver.removed = Some(stamp);
            }
            // Nothing of these is a movement; whether access begins with them is looked at for each event.
            _ => {}
        }
    }

    fn moves(&mut self, member: MemberIx, stamp: Stamp) {
        self.moved.entry(member).and_modify(|(_, last)| *last = stamp).or_insert((stamp, stamp));
    }

    fn look(&mut self, member: MemberIx, at: Time) {
        if let Some(joiner) = self.joiners.get_mut(&member)
            && joiner.first_access.is_none()
            && may_do_anything(&self.state, member, at)
        {
            joiner.first_access = Some(at);
        }
    }

    fn look_at_all(&mut self, at: Time) {
        let waiting: Vec<MemberIx> = self
            .joiners
            .iter()
            .filter(|(_, joiner)| joiner.first_access.is_none())
            .map(|(member, _)| *member)
            .collect();
        for member in waiting {
            self.look(member, at);
        }
    }

    fn write_joiners(&self, table: &mut Table) {
        for (member, joiner) in &self.joiners {
            let Some(entry) = self.state.member(*member) else { continue };
            let account_type = account_type(&self.state, entry);
            let what = match joiner.first_access {
                Some(_) => format!("added as {account_type}"),
                None => format!("added as {account_type}; may do nothing yet"),
            };
            let spans = (Some(joiner.added.time), joiner.first_access);
            self.write(table, "joiner", entry, joiner.added.position, what, spans, String::new());
        }
    }

    fn write_movers(&self, from: &AccessState, until: Time, table: &mut Table) {
        for (member, (first, last)) in &self.moved {
            let (Some(before), Some(after)) = (from.member(*member), self.state.member(*member)) else { continue };
            if after.status == Status::Removed {
                continue;
            }
            let mut changes = changes(from, before, &self.state, after);
            if !changes.is_empty() {
                let to_come = to_come(before, &self.state, after, until);
                let done = to_come.is_empty().then(|| moved(before, after, last.time));
                if !to_come.is_empty() {
                    changes.push(format!("not begun yet: {}", words::list(&to_come)));
                }
                let kept = kept(before, &self.state, after);
                self.write(table, "mover", after, first.position, changes.join("; "), (Some(first.time), done), kept);
            }
        }
    }

    fn write_leavers(&self, from: &AccessState, table: &mut Table) {
        for (member, leaver) in &self.leavers {
            let Some(entry) = self.state.member(*member) else { continue };
            let earlier = from.member(*member).filter(|before| before.status == Status::Suspended);
            let (what, begun, position) = match (leaver.suspended, leaver.removed, earlier) {
                (Some(suspended), Some(_), _) => {
                    ("suspended, then removed".to_owned(), Some(suspended.time), suspended.position)
                }
                (Some(suspended), None, _) => {
                    ("suspended, not removed".to_owned(), Some(suspended.time), suspended.position)
                }
                // When that was stands in the column of the event.
                (None, _, Some(before)) => {
                    ("suspended before the period, now removed".to_owned(), None, before.status_at)
                }
                (None, Some(removed), None) => ("removed".to_owned(), Some(removed.time), removed.position),
                (None, None, None) => continue,
            };
            let spans = (begun, leaver.removed.map(|stamp| stamp.time));
            let roles: Vec<String> =
                entry.assignments.iter().map(|held| self.state.cite_role(held.role).name.to_string()).collect();
            self.write(table, "leaver", entry, position, what, spans, roles.join("; "));
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the cells of a row")]
    fn write(
        &self,
        table: &mut Table,
        movement: &str,
        member: &MemberEntry,
        event: u64,
        what: String,
        (begun, done): (Option<Time>, Option<Time>),
        kept: String,
    ) {
        let seconds = begun.zip(done).and_then(|(begun, done)| u64::try_from((done - begun).num_seconds()).ok());
        let person = Person::of(&self.state, member);
        let kind = match member.kind {
            MemberKind::Person => "person",
            MemberKind::Service => "service",
        };
        let cells = [
            movement.into(),
            person.id.as_str().into(),
            person.name.as_deref().into(),
            kind.into(),
            what.into(),
            begun.into(),
            done.into(),
            seconds.into(),
            seconds.map(took).into(),
            kept.into(),
        ];
        table.push(Some(event), cells);
    }
}

fn may_do_anything(state: &AccessState, member: MemberIx, at: Time) -> bool {
    let scopes = state.scopes().map(|(ix, _)| Place::Scope(ix));
    barrier(state, member, at).is_none()
        && std::iter::once(Place::Organisation)
            .chain(scopes)
            .any(|place| !holdings(state, member, place, at, Reading::Actual).is_empty())
}

fn account_type(state: &AccessState, member: &MemberEntry) -> String {
    let found = state.profile().and_then(|profile| profile.account_type(member.account_type));
    found.map(|account_type| account_type.label.clone()).unwrap_or_default()
}

/// A role and where it is held.
fn held(member: &MemberEntry) -> impl Iterator<Item = (RoleIx, Option<ScopeIx>)> + Clone {
    member.assignments.iter().map(place)
}

fn place(held: &Assignment) -> (RoleIx, Option<ScopeIx>) {
    (held.role, held.scope)
}

/// What a mover holds that was not held before.
fn given<'a>(before: &'a MemberEntry, after: &'a MemberEntry) -> impl Iterator<Item = &'a Assignment> {
    after.assignments.iter().filter(|one| !held(before).any(|other| other == place(one)))
}

/// When all that was given has begun: with the last event, or with the last window that opens after it.
fn moved(before: &MemberEntry, after: &MemberEntry, last: Time) -> Time {
    given(before, after).filter_map(|one| one.window.from).fold(last, Time::max)
}

/// The roles that were given and begin after an instant.
fn to_come(before: &MemberEntry, to: &AccessState, after: &MemberEntry, until: Time) -> Vec<String> {
    let later = given(before, after).filter(|one| one.window.from.is_some_and(|from| from > until));
    later.map(|one| told(to, place(one))).collect()
}

fn told(state: &AccessState, (role, scope): (RoleIx, Option<ScopeIx>)) -> String {
    let place = scope.map(|scope| format!(" in {}", state.cite_scope(scope).name)).unwrap_or_default();
    format!("{}{place}", state.cite_role(role).name)
}

fn changes(from: &AccessState, before: &MemberEntry, to: &AccessState, after: &MemberEntry) -> Vec<String> {
    let mut changes = Vec::new();
    if before.account_type != after.account_type {
        changes.push(format!("account type {} → {}", account_type(from, before), account_type(to, after)));
    }
    if before.scope != after.scope {
        let (old, new) = (words::coverage(from, &before.scope), words::coverage(to, &after.scope));
        changes.push(format!("scope {old} → {new}"));
    }
    let given: Vec<String> = given(before, after).map(|one| told(to, place(one))).collect();
    let taken = held(before).filter(|one| !held(after).any(|other| other == *one));
    let taken: Vec<String> = taken.map(|one| told(to, one)).collect();
    for (what, roles) in [("given", given), ("taken", taken)] {
        if !roles.is_empty() {
            changes.push(format!("{what} {}", words::list(&roles)));
        }
    }
    changes
}

/// Roles that came along: what a mover may have kept by mistake.
fn kept(before: &MemberEntry, to: &AccessState, after: &MemberEntry) -> String {
    let kept = held(after).filter(|one| held(before).any(|other| other == *one));
    kept.map(|(role, _)| to.cite_role(role).name.to_string()).collect::<Vec<_>>().join("; ")
}

/// `3 days 4 h`, `4 h 5 min`, `5 min`, `12 s`: two units at most, rounded down.
fn took(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{} {hours} h", words::count(usize::try_from(days).unwrap_or(usize::MAX), "day")),
    }
}
