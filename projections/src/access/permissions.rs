//! What one member may do at one place, by category.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Place, Reading, holdings};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::{PermissionKey, Time};
use serde::Serialize;

/// A category of the catalogue with what the member holds of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Category {
    /// Its key.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// How many permissions it has that grant something.
    pub size: usize,
    /// Those that the member holds, in the order of the catalogue.
    pub held: Vec<Held>,
}

/// A permission that the member holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Its key.
    pub key: PermissionKey,
    /// What people call it.
    pub label: String,
    /// Only for what is the member's own.
    pub only_own: bool,
    /// Worth a reviewer's attention.
    pub sensitive: bool,
}

/// What a member may do at a place and an instant. Categories of which nothing is held are left out.
pub fn permissions_of(state: &AccessState, member: MemberIx, place: Place, at: Time) -> Vec<Category> {
    let Some(profile) = state.profile() else { return Vec::new() };
    let held = holdings(state, member, place, at, Reading::Actual);
    let mut categories: Vec<Category> = profile
        .document()
        .categories
        .iter()
        .map(|category| Category {
            key: category.key.to_string(),
            label: category.label.clone(),
            size: category.permissions.iter().filter(|permission| permission.narrows.is_empty()).count(),
            held: Vec::new(),
        })
        .collect();
    for ix in held.any.iter() {
        let Some(permission) = profile.permission(ix) else { continue };
        let Some(category) = categories.get_mut(permission.category) else { continue };
        category.held.push(Held {
            key: permission.key.clone(),
            label: permission.label.to_string(),
            only_own: !held.full.contains(ix),
            sensitive: permission.sensitive,
        });
    }
    categories.retain(|category| !category.held.is_empty());
    categories
}
