//! The shapes of answers that other crates make, for the description of the interface: nothing of it runs. The fuzzing
//! of the interface holds every answer against them.

#![allow(dead_code, reason = "describes what others write")]

macro_rules! shapes {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => { $(
        #[derive(utoipa::ToSchema)]
        $(#[$meta])*
        pub(in crate::api::v1) struct $name { $($(#[$field_meta])* pub(in crate::api::v1) $field: $type),* }
    )* };
}

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($word:ident),* })*) => { $(
        $(#[doc = $doc])+
        #[derive(ToSchema)]
        #[schema(rename_all = "snake_case")]
        pub(in crate::api::v1) enum $name { $($word),* }
    )* };
}

mod access;
mod answers;
mod evidence;
mod findings;
mod log;
mod members;
mod privacy;
mod reviews;
mod scopes;

pub(super) use access::{AccessReport, EffectivePermissions};
pub(super) use answers::{Decision, Explanation, Holders};
pub(super) use evidence::{Checkpoints, LogKeys, LogProof};
pub(super) use findings::Findings;
pub(super) use log::{Activity, AuditPage, Diff, DiffLine, EventPage};
pub(super) use members::{Member, MemberInShort};
pub(super) use privacy::Dossier;
pub(super) use reviews::{LeftLine, LineOfReview, Review};
pub(super) use scopes::Scope;
use utoipa::ToSchema;

shapes! {
    /// A role by id and name
    RoleName {
        /// Its id
        id: String,
        /// What it was called
        name: String,
    }
    /// A scope by id and name
    ScopeName {
        /// Its id
        id: String,
        /// What it was called
        name: String,
    }
    /// A permission by key and label
    PermissionName {
        /// Its key
        id: String,
        /// What people call it
        name: String,
    }
    /// A member as people know them
    PersonName {
        /// The member's id
        id: String,
        /// The name, as long as it can be read
        #[schema(nullable = false)]
        name: Option<String>,
    }
    /// Places where the same holds
    PlaceList {
        /// In words, short
        summary: String,
        /// The organisation as a whole
        organisation: bool,
        /// The scopes, one by one
        scopes: Vec<ScopeName>,
        /// Whether all of the scopes are new
        #[schema(nullable = false)]
        only_new: Option<bool>,
    }
}

words! {
    /// A human being, or a program
    KindOfMember { Person, Service }
    /// Whether a member takes part
    StateOfMember { Active, Suspended, Left }
    /// What became of a document
    DocumentState { Submitted, Approved, Rejected, Expired }
    /// What an event can be about
    KindOfSubject { Member, Role, Permission, Scope, Review }
    /// How a no may look
    KindOfDenial { Forbidden, NotFound }
    /// In which way a permission changed
    KindOfChange { Gained, GainedOwn, Widened, Narrowed, Lost }
}

/// Where roles work: `none`, `all`, or the scopes that are chosen
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::api::v1) enum Extent {
    /// Nowhere
    None,
    /// The whole organisation
    All,
    /// These scopes, what is below them and what is shared with them
    Selected(Vec<ScopeName>),
    /// Everything that is grouped under these scopes
    ByGroup(Vec<ScopeName>),
}
