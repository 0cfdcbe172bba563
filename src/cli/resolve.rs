//! What people call things, turned into ids: roles by id or by name, the rest by id.

use chancery_aggregates::authority::{Acting, Reader};
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::{RoleEntry, RoleIx};
use chancery_aggregates::vocabulary::{LONGEST_NAME, MemberId, PermissionKey, RoleId, ScopeId};
use chancery_aggregates::{Facts, Refusal};

/// The role that a text means, for a command. What means no role is left as it is: the engine
/// refuses it, and records that.
pub(super) fn role_for_command(facts: &Facts, text: &str) -> RoleId {
    let hidden = match facts.acting() {
        Ok(Acting::Member(member)) => !facts.sees_roles(member),
        Ok(Acting::System | Acting::Operator) => false,
        Err(_) => true,
    };
    let named = facts.state.role_ix(text).or_else(|| facts.state.role_named(text));
    match named.and_then(|ix| facts.state.role(ix)) {
        Some(role) if !hidden => role.id.clone(),
        _ => RoleId::known(bounded(text)),
    }
}

/// The role that a text means, for a read.
///
/// # Errors
/// When there is none that the reader may see.
pub(super) fn role<'a>(reader: &Reader<'a>, text: &str) -> Result<(RoleIx, &'a RoleEntry), Refusal> {
    let state = &reader.facts().state;
    let named = state.role_ix(text).or_else(|| state.role_named(text)).and_then(|ix| state.role(ix));
    match named {
        Some(role) if reader.sees_roles()? => reader.role(role.id.as_str()),
        _ => reader.role(text),
    }
}

/// A member as a command names it.
pub(super) fn member(text: &str) -> MemberId {
    MemberId::known(bounded(text))
}

/// A scope as a command names it.
pub(super) fn scope(text: &str) -> ScopeId {
    ScopeId::known(bounded(text))
}

/// Permissions as a command names them: keys, and patterns that select some.
pub(super) fn permissions(facts: &Facts, texts: &[String]) -> Vec<PermissionKey> {
    let mut keys = Vec::new();
    for text in texts {
        let pattern = facts.state.profile().filter(|_| text.contains('*'));
        let selected = pattern.map(|profile| profile.keys(&profile.select(&[text.as_str().into()])));
        match selected.filter(|keys| !keys.is_empty()) {
            Some(selected) => keys.extend(selected),
            None => keys.push(PermissionKey::known(bounded(text))),
        }
    }
    keys
}

/// What is named in vain is recorded in the refusal: not at any length.
fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

/// An id for something new.
///
/// # Errors
/// When the text is no id.
pub(super) fn new_id<T>(
    thing: Thing,
    text: &str,
    parse: impl Fn(&str) -> Result<T, chancery_aggregates::vocabulary::IdError>,
) -> Result<T, Refusal> {
    parse(text).map_err(|because| Refusal::BadId { thing, id: bounded(text).into(), because })
}
