//! Which entries of the activity log a reader wants.

use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::Time;

use super::{Entry, SubjectKind};

/// What an entry must be like; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Id of who acted, or on whose behalf.
    pub actor: Option<String>,
    /// Id of a member whom it is about.
    pub member: Option<String>,
    /// Id of a role that it is about.
    pub role: Option<String>,
    /// Key of a permission that it is about.
    pub permission: Option<String>,
    /// Id of a scope that it is about.
    pub scope: Option<String>,
    /// Names of events, of which it is one; empty means any. Upper and lower case are the same.
    pub kinds: Vec<String>,
    /// First instant.
    pub since: Option<Time>,
    /// Last instant, included.
    pub until: Option<Time>,
    /// Words that are all in the sentence, whatever their case.
    pub search: Option<String>,
}

impl Filter {
    /// Whether a reader wants the entry.
    pub fn matches(&self, entry: &Entry) -> bool {
        self.actor.as_ref().is_none_or(|actor| acted(entry, actor))
            && self.names(entry, SubjectKind::Member, self.member.as_deref())
            && self.names(entry, SubjectKind::Role, self.role.as_deref())
            && self.names(entry, SubjectKind::Permission, self.permission.as_deref())
            && self.names(entry, SubjectKind::Scope, self.scope.as_deref())
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.eq_ignore_ascii_case(entry.kind)))
            && self.since.is_none_or(|since| since <= entry.time)
            && self.until.is_none_or(|until| entry.time <= until)
            && self.search.as_ref().is_none_or(|search| has_words(&entry.sentence, search))
    }

    /// Whether a reader may want the entry of an event, before it is told: only the words of its sentence are still to
    /// be looked at.
    pub fn may_take(&self, recorded: &Recorded) -> bool {
        let metadata = &recorded.metadata;
        let acted = |actor: &String| metadata.actor == *actor || metadata.on_behalf_of.as_ref() == Some(actor);
        let kind = recorded.event.name();
        if !(self.actor.as_ref().is_none_or(acted)
            && (self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted.eq_ignore_ascii_case(kind)))
            && self.since.is_none_or(|since| since <= recorded.stamp.time)
            && self.until.is_none_or(|until| recorded.stamp.time <= until))
        {
            return false;
        }
        let wanted = [
            (SubjectKind::Member, &self.member),
            (SubjectKind::Role, &self.role),
            (SubjectKind::Permission, &self.permission),
            (SubjectKind::Scope, &self.scope),
        ];
        if wanted.iter().all(|(_, id)| id.is_none()) {
            return true;
        }
        let named = super::subjects(&recorded.event);
        wanted.iter().all(|(kind, id)| {
            id.as_ref().is_none_or(|id| named.iter().any(|subject| subject.kind == *kind && subject.id == *id))
        })
    }

    fn names(&self, entry: &Entry, kind: SubjectKind, id: Option<&str>) -> bool {
        id.is_none_or(|id| entry.subjects.iter().any(|subject| subject.kind == kind && subject.id == id))
    }
}

fn acted(entry: &Entry, actor: &str) -> bool {
    entry.actor == actor || entry.on_behalf_of.as_deref() == Some(actor)
}

fn has_words(sentence: &str, search: &str) -> bool {
    let sentence = sentence.to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| sentence.contains(word))
}
