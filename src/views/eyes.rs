//! What a reader sees of a change that is only rehearsed.

use chancery_aggregates::Facts;
use chancery_aggregates::access::Place;
use chancery_aggregates::authority::Reader;
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::Actor;
use chancery_projections::preview::Sight;

/// What whoever asks may see: what they saw before, and of what is new what they would see then.
pub(crate) struct Eyes<'a> {
    readers: Option<(Option<Reader<'a>>, Option<Reader<'a>>)>,
}

impl<'a> Eyes<'a> {
    pub(crate) fn of(before: &'a Facts, after: &'a Facts) -> Self {
        match before.actor {
            Actor::Operator | Actor::System => Self { readers: None },
            Actor::Member(_) => Self { readers: Some((before.reader().ok(), after.reader().ok())) },
        }
    }

    /// By the earlier reader what was there, by the later one what is new.
    fn ask(&self, old: impl Fn(&Facts) -> bool, sees: impl Fn(&Reader<'_>) -> bool) -> bool {
        let Some((before, after)) = &self.readers else { return true };
        match (before, after) {
            (Some(before), _) if old(before.facts()) => sees(before),
            (_, Some(after)) => sees(after),
            _ => false,
        }
    }
}

impl Sight for Eyes<'_> {
    fn member(&self, member: MemberIx) -> bool {
        let there = |facts: &Facts| facts.state.member(member).is_some();
        self.ask(there, |reader| {
            let id = reader.facts().state.member(member).map(|entry| entry.id.as_str());
            id.is_some_and(|id| reader.member(id).is_ok()) && reader.sees_access_of(member)
        })
    }

    fn place(&self, place: Place) -> bool {
        let there = |facts: &Facts| match place {
            Place::Scope(scope) => facts.state.scope(scope).is_some(),
            Place::Organisation | Place::Nowhere => true,
        };
        self.ask(there, |reader| match place {
            Place::Scope(scope) => reader.sees_scope(scope),
            place => reader.sees_place(place),
        })
    }

    fn everything(&self) -> bool {
        let Some((Some(reader), _)) = &self.readers else { return self.readers.is_none() };
        let all = reader.facts().state.member_count();
        reader.sees_place(Place::Organisation) && reader.members().is_ok_and(|members| members.len() == all)
    }
}
