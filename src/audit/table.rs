//! An entry as a row of a table.

use chancery_projections::audit::{Entry, Named};

use crate::sheet::{Cell, Column};

macro_rules! columns {
    ($($name:literal: $width:literal),*) => { &[$(Column { name: $name, width: $width }),*] };
}

/// The columns, in the order of [`row`].
pub(super) const COLUMNS: &[Column<'static>] = columns! {
    "position": 10, "time": 24, "type": 24, "outcome": 10, "actor": 16, "actor_name": 22, "on_behalf_of": 16,
    "on_behalf_of_name": 22, "key": 14, "command": 22, "subject": 16, "subject_name": 22, "role": 16, "role_name": 22,
    "permission": 24, "permission_name": 28, "scope": 16, "scope_name": 22, "before": 30, "after": 30, "rule": 18,
    "target": 20, "occurrence": 11, "reason": 30, "source": 14, "address": 22, "agent": 22, "correlation": 38, "causation": 20,
    "sentence": 80
};

/// The cells of an entry.
pub(super) fn row(entry: &Entry) -> [Cell<'_>; COLUMNS.len()] {
    let text = |text: &'_ Option<String>| Cell::from(text.clone());
    let id = |named: &Option<Named>| Cell::from(named.as_ref().map(|named| named.id.clone()));
    let name = |named: &Option<Named>| Cell::from(named.as_ref().and_then(|named| named.name.clone()));
    let refusal = entry.refusal.as_ref();
    [
        entry.position.into(),
        entry.time.into(),
        entry.kind.into(),
        entry.outcome.as_str().into(),
        entry.actor.id.as_str().into(),
        text(&entry.actor.name),
        id(&entry.on_behalf_of),
        name(&entry.on_behalf_of),
        text(&entry.key),
        text(&entry.command),
        id(&entry.subject),
        name(&entry.subject),
        id(&entry.role),
        name(&entry.role),
        id(&entry.permission),
        name(&entry.permission),
        id(&entry.scope),
        name(&entry.scope),
        text(&entry.before),
        text(&entry.after),
        refusal.map(|refusal| refusal.rule.as_str()).into(),
        refusal.map(|refusal| refusal.target.as_str()).into(),
        refusal.map(|refusal| u64::from(refusal.occurrence)).into(),
        text(&entry.reason),
        text(&entry.source),
        text(&entry.address),
        text(&entry.agent),
        text(&entry.correlation),
        text(&entry.causation),
        entry.sentence.as_str().into(),
    ]
}
