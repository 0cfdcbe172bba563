//! From an entry of the log to what it is about: as it is now, and as it was just before and just after.

use chancery_aggregates::authority::Reader;
use chancery_projections::activity::{Subject, SubjectKind};
use maud::{Markup, html};

use super::visit::{Visit, segment};

/// Things that an entry leads to before the rest is left out.
const MOST: usize = 4;

/// Events with which something begins, and those with which it ends: before and after them there is nothing to see.
const BEGIN: &[&str] = &["MemberAdded", "RoleCreated", "ScopeCreated"];
const END: &[&str] = &["RoleDeleted"];

/// Where entries of a page lead.
pub(super) struct Jumps<'a> {
    visit: &'a Visit,
    reader: Option<Reader<'a>>,
    /// Whether the reader may see the past.
    replays: bool,
}

impl<'a> Jumps<'a> {
    pub(super) fn of(visit: &'a Visit) -> Self {
        Self { visit, reader: visit.head.reader().ok(), replays: visit.head.may_replay().is_ok() }
    }

    /// The links of an entry.
    pub(super) fn of_entry(&self, position: u64, kind: &str, subjects: &[Subject]) -> Markup {
        let things = subjects.iter().filter(|subject| below(subject).is_some()).take(MOST);
        let things: Vec<(&Subject, bool)> =
            things.enumerate().map(|(number, subject)| (subject, number == 0)).collect();
        html! {
            ul.jumps aria-label={ "Where #" (position) " leads" } {
                @for (subject, first) in &things { @if let Some(links) = self.of_thing(position, kind, subject, *first) { li { (links) } } }
                @if things.is_empty() && self.replays { li { "The organisation" (self.then("", position, kind, false)) } }
            }
        }
    }

    fn of_thing(&self, position: u64, kind: &str, subject: &Subject, first: bool) -> Option<Markup> {
        let below = below(subject)?;
        let name = self.now(subject);
        if name.is_none() && !self.replays {
            return None;
        }
        Some(html! {
            @match &name {
                Some(name) => a href=(self.visit.present(&below)) title="As it is now" { (name) },
                None => span { (subject.id) },
            }
            @if self.replays { (self.then(&below, position, kind, first)) }
        })
    }

    fn then(&self, below: &str, position: u64, kind: &str, first: bool) -> Markup {
        let page = self.visit.present(below);
        html! {
            @if position > 1 && !(first && BEGIN.contains(&kind)) {
                " " a href={ (page) "?at=" (position - 1) } { "just before" span.hidden { " #" (position) } }
            }
            @if !(first && END.contains(&kind)) { " " a href={ (page) "?at=" (position) } { "just after" span.hidden { " #" (position) } } }
        }
    }

    /// What something is called now, if it is there and the reader may see it.
    fn now(&self, subject: &Subject) -> Option<String> {
        let reader = self.reader.as_ref()?;
        Some(match subject.kind {
            SubjectKind::Member => {
                let member = reader.member(&subject.id).ok()?.1;
                self.visit.head.state.name_of(member).unwrap_or_else(|| subject.id.clone())
            }
            SubjectKind::Role => reader.role(&subject.id).ok()?.1.name.to_string(),
            SubjectKind::Scope => reader.scope(&subject.id).ok()?.1.name.to_string(),
            SubjectKind::Permission | SubjectKind::Review => return None,
        })
    }

    /// Where something is, as it is now, if it is there.
    pub(super) fn to(&self, kind: SubjectKind, id: &str) -> Option<String> {
        let subject = Subject { kind, id: id.to_owned() };
        self.now(&subject)?;
        below(&subject).map(|below| self.visit.present(&below))
    }
}

/// The page of something.
fn below(subject: &Subject) -> Option<String> {
    let part = match subject.kind {
        SubjectKind::Member => "members",
        SubjectKind::Role => "roles",
        SubjectKind::Scope => "scopes",
        SubjectKind::Review => "reviews",
        SubjectKind::Permission => return None,
    };
    Some(format!("/{part}/{}", segment(&subject.id)))
}
