//! What a snapshot keeps of each thing: plain data, without what can be found again from the rest.

mod key;
mod member;
mod review;
mod role;
mod scope;

use compact_str::CompactString;
use key::KeyImage;
use member::MemberImage;
use review::ReviewImage;
use role::RoleImage;
use scope::ScopeImage;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{ProfileCache, SnapshotError};
use crate::event::Stamp;
use crate::state::table::Table;
use crate::state::{AccessState, KeyIx, MemberIx, RoleEntry, RoleIx, fold_name};
use crate::vocabulary::{OrganisationId, RoleId, Time};

type StampImage = (u64, i64);

#[derive(Serialize, Deserialize)]
pub(super) struct StateImage {
    organisation: OrganisationId,
    name: CompactString,
    founded: Option<StampImage>,
    head: Option<StampImage>,
    sequence: u64,
    profile: Option<String>,
    roles: Vec<RoleImage>,
    members: Vec<MemberImage>,
    scopes: Vec<ScopeImage>,
    keys: Vec<KeyImage>,
    reviews: Vec<ReviewImage>,
    refusals: Vec<(CompactString, i64, u32)>,
}

impl StateImage {
    pub(super) fn of(state: &AccessState, profile: Option<String>) -> Result<Self, serde_json::Error> {
        let AccessState {
            organisation,
            name,
            founded,
            head,
            profile: _,
            sequence,
            roles,
            role_names: _,
            members,
            scopes,
            keys,
            reviews,
            refusals,
            // Made from the rest by whoever asks for it.
            index: _,
            // Belongs to whoever holds the keys.
            reveal: _,
        } = state;
        let mut refusals: Vec<_> =
            refusals.iter().map(|(key, (first, count))| (key.clone(), first.timestamp_micros(), *count)).collect();
        // The map has an order of its own; equal states are equal bytes.
        refusals.sort_unstable();
        Ok(Self {
            organisation: organisation.clone(),
            name: name.clone(),
            founded: founded.map(stamp_image),
            head: head.map(stamp_image),
            sequence: *sequence,
            profile,
            roles: roles.iter().map(|(_, role)| RoleImage::of(role)).collect(),
            members: members.iter().map(|(_, member)| MemberImage::of(member)).collect(),
            scopes: scopes.iter().map(|(_, scope)| ScopeImage::of(scope)).collect(),
            keys: keys.iter().map(|(_, key)| KeyImage::of(key)).collect(),
            reviews: reviews.iter().map(|(_, review)| ReviewImage::of(review)).collect::<Result<_, _>>()?,
            refusals,
        })
    }

    pub(super) fn state(self, profiles: &mut ProfileCache) -> Result<AccessState, SnapshotError> {
        let mut state = AccessState {
            organisation: self.organisation,
            name: self.name,
            founded: self.founded.map(stamp).transpose()?,
            head: self.head.map(stamp).transpose()?,
            profile: self.profile.map(|document| profiles.compiled(document)).transpose()?,
            sequence: self.sequence,
            ..AccessState::default()
        };
        for image in self.roles {
            let role = image.entry()?;
            let (folded, deleted) = (fold_name(&role.name), role.deleted.is_some());
            let ix = state.roles.insert(role.id.clone(), role);
            if !deleted {
                state.role_names.insert(folded, RoleIx(ix));
            }
        }
        for image in self.members {
            let member = image.entry()?;
            let held: SmallVec<[RoleIx; 4]> = member.assignments.iter().map(|held| held.role).collect();
            let ix = MemberIx(state.members.insert(member.id.clone(), member));
            hold(&mut state.roles, &held, ix);
        }
        for image in self.scopes {
            let scope = image.entry()?;
            state.scopes.insert(scope.id.clone(), scope);
        }
        for image in self.keys {
            let key = image.entry()?;
            let (id, member) = (key.id.clone(), key.member);
            let ix = KeyIx(state.keys.insert(id, key));
            if let Some(member) = state.members.get_mut(member.0) {
                member.keys.push(ix);
            }
        }
        for image in self.reviews {
            let review = image.entry()?;
            state.reviews.insert(review.id.clone(), review);
        }
        for (key, first, count) in self.refusals {
            state.refusals.insert(key, (time(first)?, count));
        }
        Ok(state)
    }
}

fn hold(roles: &mut Table<RoleId, RoleEntry>, held: &[RoleIx], member: MemberIx) {
    for role in held {
        if let Some(role) = roles.get_mut(role.0) {
            role.holders.insert(member);
        }
    }
}

fn stamp_image(stamp: Stamp) -> StampImage {
    (stamp.position, stamp.time.timestamp_micros())
}

fn stamp((position, micros): StampImage) -> Result<Stamp, SnapshotError> {
    Ok(Stamp { position, time: time(micros)? })
}

fn time(micros: i64) -> Result<Time, SnapshotError> {
    Time::from_timestamp_micros(micros).ok_or(SnapshotError::Damaged("a time is out of range"))
}
