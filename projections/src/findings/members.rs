//! Members: gone, suspended, waiting, idle, without access, alone in charge.

use chancery_aggregates::profile::Need;
use chancery_aggregates::state::permission_set::PermissionSet;
use chancery_aggregates::state::{MemberEntry, MemberIx, Status};
use chrono::TimeDelta;

use super::{Finding, Held, Kind, LastActed, Review};
use crate::access::barrier;
use crate::words::{self, Person};

/// Permissions that a sentence names before it counts the rest.
const NAMED: usize = 4;

/// What a member was given, as evidence.
fn cite_given(review: &Review<'_>, member: &MemberEntry, mut finding: Finding) -> Finding {
    for held in &member.assignments {
        finding = finding.about_role(review.role(held.role)).cite(held.at, review.assignment(held));
    }
    for toggle in &member.toggles {
        let key = review.state.profile().map(|profile| profile.cite(toggle.permission)).map(|cited| cited.id);
        let how = if toggle.allowed { "allowed" } else { "withheld" };
        finding = finding.cite(toggle.at, format!("{} {how} directly", key.unwrap_or_default()));
    }
    finding
}

fn holds_anything(member: &MemberEntry) -> bool {
    !member.assignments.is_empty() || member.toggles.iter().any(|toggle| toggle.allowed)
}

/// Leaving ends all that a member was given, so that this shows in logs only that were not made by commands.
pub(super) fn left(review: &Review<'_>) -> Vec<Finding> {
    let gone = |(_, member): &(MemberIx, &MemberEntry)| member.status == Status::Removed && holds_anything(member);
    let tell = |(_, member): (MemberIx, &MemberEntry)| {
        let person = Person::of(review.state, member);
        let sentence = format!("{person} has left and is still given {}", given(member));
        let finding = Finding::new(Kind::LeftWithAccess, sentence).about(person);
        cite_given(review, member, finding.cite(member.status_at, "left"))
    };
    review.state.members().filter(gone).map(tell).collect()
}

pub(super) fn suspended(review: &Review<'_>) -> Vec<Finding> {
    let idle = |(_, member): &(MemberIx, &MemberEntry)| member.status == Status::Suspended && holds_anything(member);
    let tell = |(_, member): (MemberIx, &MemberEntry)| {
        let person = Person::of(review.state, member);
        let sentence = format!("{person} is suspended and would get {} back", given(member));
        let finding = Finding::new(Kind::SuspendedWithRoles, sentence).about(person);
        cite_given(review, member, finding.cite(member.status_at, "suspended"))
    };
    review.state.members().filter(idle).map(tell).collect()
}

/// `2 roles and 1 permission`.
fn given(member: &MemberEntry) -> String {
    let toggles = member.toggles.iter().filter(|toggle| toggle.allowed).count();
    let parts = [(member.assignments.len(), "role"), (toggles, "permission")];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, thing)| words::count(count, thing)).collect();
    words::list(&parts)
}

pub(super) fn guard_pending(review: &Review<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (ix, member) in review.state.members().filter(|(_, member)| member.status == Status::Active) {
        let Some(denial) = barrier(review.state, ix, review.at) else { continue };
        let person = Person::of(review.state, member);
        let sentence = format!("{person} waits at a guard: {denial}");
        let mut finding = Finding::new(Kind::GuardPending, sentence).about(person);
        for document in &member.documents {
            let status = match document.status {
                chancery_aggregates::state::DocumentStatus::Submitted => "waits for review".to_owned(),
                chancery_aggregates::state::DocumentStatus::Approved(None) => "is approved".to_owned(),
                chancery_aggregates::state::DocumentStatus::Approved(Some(until)) => {
                    format!("was approved {}", words::until(until))
                }
                chancery_aggregates::state::DocumentStatus::Rejected => "was rejected".to_owned(),
                chancery_aggregates::state::DocumentStatus::Expired => "has expired".to_owned(),
            };
            finding = finding.cite(document.at, format!("the document `{}` {status}", document.kind));
        }
        if finding.evidence.is_empty() {
            finding = finding.cite(member.added.position, format!("added on {}", words::day(member.added.time)));
        }
        found.push(cite_given(review, member, finding));
    }
    found
}

pub(super) fn no_access(review: &Review<'_>, everybody: &[Held]) -> Vec<Finding> {
    let mut found = Vec::new();
    for held in everybody.iter().filter(|held| held.barrier.is_none() && held.groups.is_empty()) {
        let Some(member) = review.state.member(held.member) else { continue };
        let person = Person::of(review.state, member);
        let coming = member.assignments.iter().any(|held| held.window.from.is_some_and(|from| from > review.at));
        let why = match (member.assignments.is_empty(), &member.scope) {
            (true, _) => "no role",
            _ if coming => "nothing has begun yet",
            (false, chancery_aggregates::state::Coverage::None) => "no scope, or none that counts",
            (false, _) => "nothing that was given has effect",
        };
        let sentence = format!("{person} may do nothing: {why}");
        let finding = Finding::new(Kind::NoAccess, sentence).about(person);
        let finding = finding.cite(member.added.position, format!("added on {}", words::day(member.added.time)));
        found.push(cite_given(review, member, finding));
    }
    found
}

/// Members who can edit and assign roles on the whole organisation, if there is only one.
pub(super) fn single_manager(review: &Review<'_>, everybody: &[Held]) -> Vec<Finding> {
    let Some(profile) = review.state.profile() else { return Vec::new() };
    let needs = [Need::RoleEdit, Need::RoleAssign].map(|need| profile.need(need));
    let manages = |held: &&Held| {
        let full = held.on_organisation().map(|holdings| &holdings.full);
        full.is_some_and(|full| needs.iter().all(|need| need.is_some_and(|need| full.contains(need))))
    };
    let managers: Vec<&Held> = everybody.iter().filter(manages).collect();
    let [only] = managers.as_slice() else { return Vec::new() };
    let person = review.person(only.member);
    let sentence = format!("only {person} can edit and assign roles on the whole organisation");
    let mut finding = Finding::new(Kind::SingleManager, sentence).about(person);
    finding.permissions = needs.iter().flatten().map(|need| profile.cite(*need)).collect();
    finding.permissions.dedup();
    let Some(member) = review.state.member(only.member) else { return Vec::new() };
    vec![cite_given(review, member, finding)]
}

/// The permissions by which organisations are governed by commands: their use is in the log.
fn governing(review: &Review<'_>) -> PermissionSet {
    const BY_COMMAND: [Need; 15] = [
        Need::RoleCreate,
        Need::RoleEdit,
        Need::RoleDelete,
        Need::RoleAssign,
        Need::MemberAdd,
        Need::MemberEdit,
        Need::MemberRemove,
        Need::MemberScope,
        Need::MemberToggle,
        Need::AccountType,
        Need::DocumentReview,
        Need::ScopeEdit,
        Need::ScopeShare,
        Need::ScopeArchive,
        Need::PersonalErase,
    ];
    BY_COMMAND.iter().filter_map(|need| review.state.profile()?.need(*need)).collect()
}

pub(super) fn idle(review: &Review<'_>, everybody: &[Held], last_acted: &LastActed) -> Vec<Finding> {
    let (Some(profile), governing) = (review.state.profile(), governing(review)) else { return Vec::new() };
    let since = review.at.checked_sub_signed(TimeDelta::days(i64::from(review.options.idle_days)));
    let mut found = Vec::new();
    for held in everybody {
        let Some(member) = review.state.member(held.member) else { continue };
        let mut powers = PermissionSet::default();
        held.groups.iter().for_each(|(holdings, _)| powers.union_with(&holdings.any.and(&governing)));
        let last = last_acted.get(member.id.as_str()).copied();
        // Who came only lately had no time to be idle.
        let known = last.map_or(member.added.time, |last| last.max(member.added.time));
        if powers.is_empty() || since.is_none_or(|since| known > since) {
            continue;
        }
        let person = Person::of(review.state, member);
        let keys: Vec<String> = profile.keys(&powers).iter().map(ToString::to_string).collect();
        let used = match last {
            Some(last) => format!("has changed nothing since {}", words::day(last)),
            None => "has never changed anything".to_owned(),
        };
        let sentence = format!("{person} may govern by {} and {used}", words::list_up_to(&keys, NAMED));
        let mut finding = Finding::new(Kind::IdleManager, sentence).about(person);
        finding.permissions = powers.iter().map(|ix| profile.cite(ix)).collect();
        let finding = finding.cite(member.added.position, format!("added on {}", words::day(member.added.time)));
        found.push(cite_given(review, member, finding));
    }
    found
}
