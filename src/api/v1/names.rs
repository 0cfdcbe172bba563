//! What requests name, as commands have it; and where a new resource is.

use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::{DocumentKind, LONGEST_NAME, MemberId, PermissionKey, RoleId, ScopeId};
use serde::{Deserialize, Deserializer};

/// Tells null from what is left out.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The path of a resource of an organisation.
pub(super) fn location(state: &AccessState, resources: &str, id: &str) -> String {
    let part = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    format!("/v1/organisations/{}/{resources}/{}", part(state.organisation().as_str()), part(id))
}

/// What is named in vain is recorded in the refusal: not at any length.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

pub(super) fn member(text: &str) -> MemberId {
    MemberId::known(bounded(text))
}

pub(super) fn scope(text: &str) -> ScopeId {
    ScopeId::known(bounded(text))
}

pub(super) fn role(text: &str) -> RoleId {
    RoleId::known(bounded(text))
}

pub(super) fn permission(text: &str) -> PermissionKey {
    PermissionKey::known(bounded(text))
}

pub(super) fn document(text: &str) -> DocumentKind {
    DocumentKind::known(bounded(text))
}
