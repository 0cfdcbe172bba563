//! The audit log: one row per event, complete, with ids in place of people's names.

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{Event, OrganisationEvent, Recorded};

use super::row::Value;
use super::schema::{Column, Shape, Table};
use crate::activity;
use crate::audit::About;

pub(super) static AUDIT_LOG: Table = Table {
    name: "audit_log",
    key: 2,
    shape: Shape::Log,
    columns: &[
        Column::text("organisation"),
        Column::integer("position"),
        Column::integer("global_position"),
        Column::time("time"),
        Column::text("type"),
        Column::text("outcome"),
        Column::text("actor"),
        Column::text("on_behalf_of").or_null(),
        Column::text("command").or_null(),
        Column::text("member").or_null(),
        Column::text("role").or_null(),
        Column::text("role_name").or_null(),
        Column::text("permission").or_null(),
        Column::text("permission_label").or_null(),
        Column::text("scope").or_null(),
        Column::text("scope_name").or_null(),
        Column::text("before").or_null(),
        Column::text("after").or_null(),
        Column::text("rule").or_null(),
        Column::integer("occurrence").or_null(),
        Column::text("reason").or_null(),
        Column::text("source").or_null(),
        Column::text("agent").or_null(),
        Column::text("correlation").or_null(),
        Column::text("causation").or_null(),
        Column::text("sentence"),
    ],
};

pub(super) fn values(recorded: &Recorded, after: &AccessState) -> Vec<Value> {
    let metadata = &recorded.metadata;
    let told = About::of(&recorded.event, after);
    let refused = match &recorded.event {
        Event::Organisation(OrganisationEvent::CommandRefused(refused)) => Some(refused),
        _ => None,
    };
    let text = |text: &Option<String>| Value::from(text.as_deref());
    vec![
        after.organisation().as_str().into(),
        number(recorded.stamp.position),
        number(recorded.global_position),
        recorded.stamp.time.into(),
        recorded.event.name().into(),
        if refused.is_some() { "refused" } else { "allowed" }.into(),
        refused.map_or(metadata.actor.as_str(), |refused| refused.actor.as_str()).into(),
        text(&metadata.on_behalf_of),
        refused.map_or_else(|| text(&metadata.command), |refused| refused.command.as_str().into()),
        told.member.into(),
        told.role.into(),
        told.role_name.into(),
        told.permission.into(),
        told.permission_label.into(),
        told.scope.into(),
        told.scope_name.into(),
        told.before.into(),
        told.after.into(),
        refused.map(|refused| refused.rule.as_str()).into(),
        refused.map(|refused| i64::from(refused.occurrence)).into(),
        text(&metadata.reason),
        text(&metadata.source),
        text(&metadata.agent),
        text(&metadata.correlation),
        text(&metadata.causation),
        activity::sentence_with_ids(after, recorded).into(),
    ]
}

fn number(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
