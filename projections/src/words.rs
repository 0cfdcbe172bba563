//! Names, places, dates and lists as people write them.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::Place;
use chancery_aggregates::event::ReviewedAccess;
use chancery_aggregates::state::{Coverage, MemberEntry, MemberIx};
use chancery_aggregates::vocabulary::{MemberId, MemberScope, RoleRef, ScopeRef, Time, Window};
use chrono::{TimeDelta, Timelike};
use serde::Serialize;

/// A member as people know them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Person {
    /// The id, which never changes.
    pub id: MemberId,
    /// The name, as long as it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Person {
    /// A member of a state.
    pub fn of(state: &AccessState, member: &MemberEntry) -> Self {
        Self { id: member.id.clone(), name: state.name_of(member) }
    }

    /// A member by number.
    pub fn numbered(state: &AccessState, member: MemberIx) -> Self {
        state
            .member(member)
            .map_or_else(|| Self { id: MemberId::default(), name: None }, |member| Self::of(state, member))
    }

    /// A member by id, who may be unknown to the state.
    pub fn known_as(state: &AccessState, id: &str) -> Self {
        state
            .member_by_id(id)
            .map_or_else(|| Self { id: MemberId::known(id), name: None }, |member| Self::of(state, member))
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or(self.id.as_str()))
    }
}

/// Who acted: a member's name or id, `the operator` or `the system`.
pub fn actor(state: &AccessState, actor: &str) -> String {
    match actor {
        "@system" => "the system".to_owned(),
        "@operator" => "the operator".to_owned(),
        member => Person::known_as(state, member).to_string(),
    }
}

/// As [`actor`], at the beginning of a sentence. Names of members stay as they are.
pub fn actor_first(state: &AccessState, who: &str) -> String {
    match who {
        "@system" => "The system".to_owned(),
        "@operator" => "The operator".to_owned(),
        member => actor(state, member),
    }
}

/// `A`, `A and B`, `A, B and C`; `nothing` for none.
pub fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// As [`list`], with the rest counted when there are more than `most`.
pub fn list_up_to<T: AsRef<str>>(items: &[T], most: usize) -> String {
    match items.get(..most) {
        Some(shown) if items.len() > most + 1 => {
            let shown: Vec<&str> = shown.iter().map(AsRef::as_ref).collect();
            format!("{} and {} more", shown.join(", "), items.len() - most)
        }
        _ => list(items),
    }
}

/// `1 role`, `2 roles`; names of things that form their plural with an s.
pub fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`.
pub fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// `30 June 2026` for its first instant, `the end of 30 June 2026` for its last one, and else
/// `30 June 2026 at 17:30 UTC`.
pub fn instant(at: Time) -> String {
    let day = day(at);
    if is_midnight(at) {
        day
    } else if at.checked_add_signed(TimeDelta::microseconds(1)).is_some_and(is_midnight) {
        format!("the end of {day}")
    } else if at.second() == 0 {
        format!("{day} at {} UTC", at.format("%H:%M"))
    } else {
        format!("{day} at {} UTC", at.format("%H:%M:%S"))
    }
}

/// `30 June 2026`, whatever the time of the day.
pub fn day(at: Time) -> String {
    at.format("%-d %B %Y").to_string()
}

/// The end of something whose first instant after it is `end`: at midnight that is the day before,
/// as people mean it who say `until 30 June`.
pub fn until(end: Time) -> String {
    let last = if is_midnight(end) { end.checked_sub_signed(TimeDelta::days(1)).unwrap_or(end) } else { end };
    format!("until {}", instant(last))
}

fn is_midnight(at: Time) -> bool {
    at.num_seconds_from_midnight() == 0 && at.nanosecond() == 0
}

/// `from 1 May 2026 until 30 June 2026`; empty for a window that is always open.
pub fn window(window: Window) -> String {
    match (window.from.map(|from| format!("from {}", instant(from))), window.until.map(until)) {
        (Some(from), Some(until)) => format!("{from} {until}"),
        (from, until) => from.or(until).unwrap_or_default(),
    }
}

/// As [`window`], with a word for one that is always open.
pub fn window_or_always(of: Window) -> String {
    if of.is_open() { "without end".to_owned() } else { window(of) }
}

/// The names of scopes.
pub fn scopes(scopes: &[ScopeRef]) -> String {
    let names: Vec<&str> = scopes.iter().map(|scope| scope.name.as_str()).collect();
    list(&names)
}

/// The names of roles.
pub fn roles(roles: &[RoleRef]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    list(&names)
}

/// Where a member's roles work.
pub fn member_scope(scope: &MemberScope) -> String {
    match scope {
        MemberScope::None => "nowhere".to_owned(),
        MemberScope::All => "the whole organisation".to_owned(),
        MemberScope::Selected(nodes) => scopes(nodes),
        MemberScope::ByGroup(nodes) => format!("everything in {}", scopes(nodes)),
    }
}

/// Where a coverage reaches.
pub fn coverage(state: &AccessState, coverage: &Coverage) -> String {
    member_scope(&state.cite_coverage(coverage))
}

/// What people call a place.
pub fn place(state: &AccessState, place: Place) -> String {
    match place {
        Place::Organisation => "the whole organisation".to_owned(),
        Place::Scope(scope) => state.cite_scope(scope).name.into(),
        Place::Nowhere => "an unknown scope".to_owned(),
    }
}

/// `“Approve invoices” (invoice.approve)`, or only the key when it has no label of its own.
pub fn permission(key: &str, label: &str) -> String {
    if label.is_empty() || label == key { format!("`{key}`") } else { format!("“{label}” ({key})") }
}

/// A piece of access under review, such as `role Approver in Acacia Avenue`.
pub fn reviewed(access: &ReviewedAccess) -> String {
    match access {
        ReviewedAccess::Role { role, scope, window } => {
            let place = scope.as_ref().map_or_else(String::new, |scope| format!(" in {}", scope.name));
            let window = if window.is_open() { String::new() } else { format!(" {}", self::window(*window)) };
            format!("role {}{place}{window}", role.name)
        }
        ReviewedAccess::Ownership { role } => format!("ownership (role {})", role.name),
        ReviewedAccess::Permission { permission } => {
            format!("direct permission {}", self::permission(permission.id.as_str(), &permission.name))
        }
        ReviewedAccess::Key { key, .. } => format!("key `{key}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::at;

    #[test]
    fn lists_read_as_people_write_them() {
        assert_eq!(list::<&str>(&[]), "nothing");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list_up_to(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        // One more fits in the place of "and 1 more".
        assert_eq!(list_up_to(&["a", "b", "c"], 2), "a, b and c");
    }

    #[test]
    fn the_end_of_a_window_names_its_last_day() {
        let window_of = |until| Window { from: None, until: Some(at(until)) };
        assert_eq!(window(window_of("2026-07-01T00:00:00Z")), "until 30 June 2026");
        assert_eq!(window(window_of("2026-07-01T17:30:00Z")), "until 1 July 2026 at 17:30 UTC");
        assert_eq!(instant(at("2026-07-01T00:00:00Z")), "1 July 2026");
        assert_eq!(instant(at("2026-07-01T23:59:59.999999Z")), "the end of 1 July 2026");
    }

    #[test]
    fn ordinals_know_their_exceptions() {
        let ordinals: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 112].into_iter().map(ordinal).collect();
        assert_eq!(ordinals, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]);
    }
}
