//! What changed in a period: one row an event.

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;

use super::{Cell, Filter, Table};
use crate::audit::{Entry, Named, Outcome};

/// The changes up to an event.
pub(super) struct Changes {
    state: AccessState,
    filter: Filter,
    table: Table,
}

impl Changes {
    pub(super) fn new(from: AccessState, filter: Filter) -> Self {
        let table = Table::new([
            "position",
            "time",
            "type",
            "by",
            "on_behalf_of",
            "member",
            "name",
            "role",
            "permission",
            "scope",
            "before",
            "after",
            "reason",
            "sentence",
        ]);
        Self { state: from, filter, table }
    }

    pub(super) fn take(&mut self, recorded: &Recorded) {
        self.state.apply(&recorded.event, recorded.stamp);
        let entry = Entry::of(&self.state, recorded);
        // What was refused changed nothing: the audit log has it.
        if entry.outcome == Outcome::Allowed && wanted(&entry, &self.filter) {
            self.table.push(Some(entry.position), cells(entry));
        }
    }

    pub(super) fn finish(self) -> Table {
        self.table
    }
}

fn wanted(entry: &Entry, filter: &Filter) -> bool {
    let is = |named: &Option<Named>, id: &String| named.as_ref().is_some_and(|named| named.id == *id);
    filter.member.as_ref().is_none_or(|id| is(&entry.subject, id))
        && filter.role.as_ref().is_none_or(|id| is(&entry.role, id))
}

fn cells(entry: Entry) -> [Cell; 14] {
    let id = |named: &Option<Named>| Cell::from(named.as_ref().map(|named| named.id.as_str()));
    [
        entry.position.into(),
        entry.time.into(),
        entry.kind.into(),
        entry.actor.id.as_str().into(),
        id(&entry.on_behalf_of),
        id(&entry.subject),
        entry.subject.as_ref().and_then(|named| named.name.as_deref()).into(),
        id(&entry.role),
        id(&entry.permission),
        id(&entry.scope),
        entry.before.into(),
        entry.after.into(),
        entry.reason.into(),
        entry.sentence.into(),
    ]
}
