//! Access as of a state and an instant: who holds what, where, and who can do something.
//!
//! Lists are complete; who shows them cuts them into pages.

mod permissions;
mod privileged;
mod table;
mod who_can;

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Denial, Ownership, Place, Question, evaluate_question};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::Time;
pub use permissions::{Category, Held, HeldAt, held_by_place, permissions_of};
pub(crate) use privileged::sensitive;
pub use privileged::{Privileged, privileged};
pub use table::{AccessTable, DirectToggle, Filter, MemberAccess, RoleAccess, access_table};
pub(crate) use who_can::ways;
pub use who_can::{Grant, Holder, who_can};

/// What keeps a member from any access at all at an instant: suspended, gone, or waiting at a guard.
///
/// It is asked of `evaluate`, which looks at this before anything else.
pub fn barrier(state: &AccessState, member: MemberIx, at: Time) -> Option<Denial> {
    let permission = state.profile()?.grants().iter().next()?;
    let place = Place::Organisation;
    let question = Question { subject: member, permission, place, ownership: Ownership::Subject, at };
    match evaluate_question(state, &question).denial()? {
        denial @ (Denial::Suspended { .. }
        | Denial::Removed { .. }
        | Denial::EmailUnverified
        | Denial::DocumentMissing { .. }) => Some(denial.clone()),
        Denial::UnknownMember
        | Denial::UnknownPermission
        | Denial::OutOfScope
        | Denial::Withheld { .. }
        | Denial::AccountType { .. }
        | Denial::NoRole
        | Denial::NotOwner => None,
    }
}

#[cfg(test)]
mod tests;
