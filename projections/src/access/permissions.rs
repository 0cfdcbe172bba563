//! What one member may do at one place, by category.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Holdings, Place, Reading, holdings};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::{PermissionKey, Time};
use serde::Serialize;

use crate::places::Places;

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
    by_category(state, &holdings(state, member, place, at, Reading::Actual))
}

/// What a member may do, everywhere it is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldAt {
    /// Where.
    pub places: Places,
    /// What.
    pub categories: Vec<Category>,
}

/// All that a member may do at an instant. Places with the same permissions stand together; where
/// there is nothing to be done is left out.
pub fn held_by_place(state: &AccessState, member: MemberIx, at: Time) -> Vec<HeldAt> {
    let scopes = state.scopes().map(|(ix, _)| Place::Scope(ix));
    let mut groups: Vec<(Holdings, Vec<Place>)> = Vec::new();
    for place in std::iter::once(Place::Organisation).chain(scopes) {
        let held = holdings(state, member, place, at, Reading::Actual);
        match groups.iter_mut().find(|(group, _)| *group == held) {
            _ if held.is_empty() => {}
            Some((_, places)) => places.push(place),
            None => groups.push((held, vec![place])),
        }
    }
    let write = |(held, places): (Holdings, Vec<Place>)| HeldAt {
        places: Places::of(state, &places),
        categories: by_category(state, &held),
    };
    groups.into_iter().map(write).collect()
}

fn by_category(state: &AccessState, held: &Holdings) -> Vec<Category> {
    let Some(profile) = state.profile() else { return Vec::new() };
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
