//! Which streams of a log an answer depends on, so that a long log need not be read for it.
//!
//! They are found by following what events name, from the member and the scope of the question on: roles that the
//! member ever held and what these ever inherited from, scopes that any of this ever spoke of and what they ever
//! stood below or were shared with. Folded alone, these streams give the same answers as the whole log. More than
//! needed does no harm.

use std::collections::BTreeSet;

use chancery_aggregates::Event;
use chancery_aggregates::event::OrganisationEvent;

use crate::activity::{Subject as Named, SubjectKind, subjects};
use crate::timeline::Subject;

/// A stream of an organisation's log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thread {
    /// The organisation's own: catalogue, policy, owner.
    Organisation,
    /// A role's, by id.
    Role(String),
    /// A member's, by id.
    Member(String),
    /// A scope's, by id.
    Scope(String),
}

/// Streams found and not read yet, and all that were found.
#[derive(Debug)]
pub struct Threads {
    pending: Vec<Thread>,
    found: BTreeSet<Thread>,
}

impl Threads {
    /// Where a question begins.
    pub fn of(subject: &Subject) -> Self {
        let mut threads = Self { pending: Vec::new(), found: BTreeSet::new() };
        threads.add(Thread::Organisation);
        threads.add(Thread::Member(subject.member.clone()));
        if let Some(scope) = &subject.scope {
            threads.add(Thread::Scope(scope.clone()));
        }
        threads
    }

    /// The next stream to read; none when all were.
    pub fn next_unread(&mut self) -> Option<Thread> {
        self.pending.pop()
    }

    /// Takes an event of a stream that was found, and says whether it can matter.
    pub fn follow(&mut self, event: &Event) -> bool {
        if !matters(event) {
            return false;
        }
        for Named { kind, id } in subjects(event) {
            match kind {
                SubjectKind::Role => self.add(Thread::Role(id)),
                SubjectKind::Scope => self.add(Thread::Scope(id)),
                // Nobody's access depends on another member, nor on what a review says of it.
                SubjectKind::Member | SubjectKind::Permission | SubjectKind::Review => {}
            }
        }
        true
    }

    fn add(&mut self, thread: Thread) {
        if self.found.insert(thread.clone()) {
            self.pending.push(thread);
        }
    }
}

/// What is recorded, and changes nobody's access, can be a large part of an organisation's own stream.
fn matters(event: &Event) -> bool {
    let Event::Organisation(event) = event else { return true };
    match event {
        OrganisationEvent::OrganisationFounded { .. }
        | OrganisationEvent::CatalogueRevised { .. }
        | OrganisationEvent::PolicyRevised { .. }
        | OrganisationEvent::OwnerTransferred { .. } => true,
        OrganisationEvent::CommandRefused(_)
        | OrganisationEvent::LogKeyPublished { .. }
        | OrganisationEvent::AuditExported(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use chancery_aggregates::event::Recorded;

    use super::*;
    use crate::sample::random::{Dice, MEMBERS, PERMISSIONS, SCOPES, random_history};
    use crate::timeline::Timeline;

    fn thread_of(event: &Event) -> Thread {
        match event {
            Event::Organisation(_) => Thread::Organisation,
            Event::Role(event) => Thread::Role(event.role().to_string()),
            Event::Member(event) => Thread::Member(event.member().to_string()),
            Event::Scope(event) => Thread::Scope(event.scope().to_string()),
            // No question leads to a review: its events are on no thread.
            Event::Review(_) => Thread::Role("@reviews".to_owned()),
        }
    }

    /// The events of the threads of a subject, in the order of the log.
    fn threaded<'a>(events: &'a [Recorded], subject: &Subject) -> Vec<&'a Recorded> {
        let mut threads = Threads::of(subject);
        let mut chosen = Vec::new();
        while let Some(thread) = threads.next_unread() {
            let own = events.iter().filter(|recorded| thread_of(&recorded.event) == thread);
            chosen.extend(own.filter(|recorded| threads.follow(&recorded.event)));
        }
        chosen.sort_by_key(|recorded| recorded.stamp.position);
        chosen
    }

    #[test]
    fn the_threads_of_a_question_turn_its_answer_as_the_whole_log_does() {
        let (mut left_out, mut turns) = (0, 0);
        for seed in 200..260 {
            let mut dice = Dice::new(seed);
            let history = random_history(&mut dice, 60);
            for _ in 0..12 {
                let scope = (dice.below(5) > 0).then(|| dice.one(&SCOPES).to_owned());
                let owner = (dice.below(3) == 0).then(|| dice.one(&MEMBERS).to_owned());
                let (member, permission) = (dice.one(&MEMBERS).to_owned(), dice.one(&PERMISSIONS).to_owned());
                let subject = Subject { member, permission, scope, owner };
                let mut whole = Timeline::new(subject.clone());
                let turning = history.events.iter().filter(|recorded| whole.take(recorded));
                let expected: Vec<u64> = turning.map(|recorded| recorded.stamp.position).collect();
                let chosen = threaded(&history.events, &subject);
                left_out += history.events.len() - chosen.len();
                let mut short = Timeline::new(subject.clone());
                let turning = chosen.into_iter().filter(|recorded| short.take(recorded));
                let found: Vec<u64> = turning.map(|recorded| recorded.stamp.position).collect();
                assert_eq!(found, expected, "seed {seed}, {subject:?}");
                let (short, whole) = (short.finish(history.now), whole.finish(history.now));
                assert_eq!(short, whole, "seed {seed}, {subject:?}");
                turns += whole.len();
            }
        }
        // Else the test would say nothing.
        assert!(left_out > 5_000 && turns > 1_500, "{left_out} events left out, {turns} turns");
    }
}
