//! Members: the documents of the guard.

use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::event::MemberEvent;
use chancery_aggregates::refusal::Refusal;
use chancery_aggregates::vocabulary::{DocumentKind, MemberId, Time};

use crate::commands::{add, member};
use crate::fixture::{SYSTEM, ThenRefused, World, day};
use crate::worlds::studio;

fn gus() -> MemberId {
    MemberId::known("gus")
}

fn passport() -> DocumentKind {
    DocumentKind::known("passport")
}

fn approve(expires: Option<Time>) -> MemberCommand {
    MemberCommand::ApproveDocument { document: passport(), expires }
}

/// The studio with Gus, a guest of whom a passport is asked.
fn with_guest() -> World {
    studio().given("ann", member("gus", add("guest")))
}

fn with_passport_submitted() -> World {
    with_guest().given("ann", member("gus", MemberCommand::SubmitDocument { document: passport(), reference: None }))
}

#[test]
fn a_document_is_submitted() {
    with_guest()
        .when(
            SYSTEM,
            member("gus", MemberCommand::SubmitDocument { document: passport(), reference: Some("blob/7".into()) }),
        )
        .then_expect_events(vec![MemberEvent::DocumentSubmitted {
            member: gus(),
            document: passport(),
            reference: Some("blob/7".into()),
        }]);
}

#[test]
fn a_document_is_approved_until_it_expires() {
    with_passport_submitted()
        .when("bob", member("gus", MemberCommand::ApproveDocument { document: passport(), expires: Some(day(90)) }))
        .then_expect_events(vec![MemberEvent::DocumentApproved {
            member: gus(),
            document: passport(),
            expires: Some(day(90)),
        }]);
}

#[test]
fn a_document_is_turned_down() {
    with_passport_submitted()
        .when("bob", member("gus", MemberCommand::RejectDocument { document: passport() }))
        .then_expect_events(vec![MemberEvent::DocumentRejected { member: gus(), document: passport() }]);
}

#[test]
fn the_product_records_that_a_document_expired() {
    with_passport_submitted()
        .given("bob", member("gus", approve(Some(day(90)))))
        .on(day(91))
        .when(SYSTEM, member("gus", MemberCommand::ExpireDocument { document: passport() }))
        .then_expect_events(vec![MemberEvent::DocumentExpired { member: gus(), document: passport() }]);
}

#[test]
fn a_document_that_expired_can_be_submitted_again() {
    with_passport_submitted()
        .given("bob", member("gus", approve(None)))
        .given(SYSTEM, member("gus", MemberCommand::ExpireDocument { document: passport() }))
        .when("ann", member("gus", MemberCommand::SubmitDocument { document: passport(), reference: None }))
        .then_expect_events(vec![MemberEvent::DocumentSubmitted {
            member: gus(),
            document: passport(),
            reference: None,
        }]);
}

#[test]
fn approving_again_changes_nothing() {
    with_passport_submitted()
        .given("bob", member("gus", approve(None)))
        .when("bob", member("gus", approve(None)))
        .then_expect_events(vec![]);
}

#[test]
fn only_what_is_asked_for_is_submitted() {
    let document = DocumentKind::known("licence");
    with_guest().when(SYSTEM, member("gus", MemberCommand::SubmitDocument { document, reference: None })).then_refused(
        "document_not_asked",
        Refusal::DocumentNotAsked {
            document: "licence".into(),
            account_type: "guest".into(),
            asked: vec!["passport".into()],
        },
    );
}

#[test]
fn what_was_not_submitted_is_not_approved() {
    with_guest().when("bob", member("gus", approve(None))).then_refused(
        "document_not_submitted",
        Refusal::DocumentNotSubmitted { document: "passport".into(), member: "gus".into() },
    );
}

#[test]
fn a_document_is_not_approved_for_a_time_that_is_past() {
    with_passport_submitted()
        .on(day(10))
        .when("bob", member("gus", approve(Some(day(9)))))
        .then_refused("empty_window", Refusal::EmptyWindow { from: None, until: day(9) });
}

#[test]
fn no_reference_to_a_document_is_kept_of_whoever_was_erased() {
    let submit = |reference: Option<&str>| MemberCommand::SubmitDocument {
        document: passport(),
        reference: reference.map(Into::into),
    };
    let erased = || with_guest().given("ann", member("gus", MemberCommand::ErasePersonalData));
    erased()
        .when(SYSTEM, member("gus", submit(Some("blob/7"))))
        .then_refused("personal_data_erased", Refusal::PersonalDataErased { member: "gus".into() });
    erased().when(SYSTEM, member("gus", submit(None))).then_expect_events(vec![MemberEvent::DocumentSubmitted {
        member: gus(),
        document: passport(),
        reference: None,
    }]);
}
