//! Access reviews.

use chancery_aggregates::AccessState;
use chancery_aggregates::command::{MemberCommand, NewReview, ReviewCommand};
use chancery_aggregates::event::{
    Decision, Frozen, ReviewAbout, ReviewEvent, ReviewLine, ReviewResult, ReviewedAccess, Verdict,
};
use chancery_aggregates::refusal::{Refusal, Thing};
use chancery_aggregates::review::{Standing, lines, remedy, standing};
use chancery_aggregates::vocabulary::{MemberId, MemberKind, ReviewId, ReviewRef, Window};

use crate::commands::{add, assign, assign_in, member, role, role_ref, scope_ref, selected, switch, toggle, unassign};
use crate::fixture::{OPERATOR, ThenRefused, World, day};
use crate::worlds::studio;

fn review(command: ReviewCommand) -> (ReviewId, ReviewCommand) {
    (ReviewId::known("q1"), command)
}

fn q1() -> ReviewRef {
    ReviewRef { id: ReviewId::known("q1"), name: "First quarter".into() }
}

/// All access as it is now, decided by Ann, and Ann's own by Bob.
fn new(state: &AccessState, about: ReviewAbout) -> NewReview {
    let mut found = lines(state, &about);
    for line in &mut found {
        line.reviewer = MemberId::known(if line.member.as_str() == "ann" { "bob" } else { "ann" });
    }
    let frozen = Frozen { position: state.position(), time: day(0) };
    NewReview { title: " First quarter ".into(), about, frozen, deadline: day(14), lines: found }
}

fn open(new: NewReview) -> ReviewCommand {
    ReviewCommand::OpenReview(Box::new(new))
}

fn decide(lines: &[u32], verdict: Verdict) -> ReviewCommand {
    ReviewCommand::DecideLines { lines: lines.to_vec(), verdict }
}

fn delegate(lines: &[u32], to: &str) -> ReviewCommand {
    ReviewCommand::DelegateLines { lines: lines.to_vec(), to: MemberId::known(to) }
}

/// Tom edits in the room Attic, and signs directly.
fn with_tom() -> World {
    studio()
        .given("ann", member("tom", assign_in("editor", "attic")))
        .given("ann", member("tom", switch("work.sign", true)))
}

/// Line 1 is Ann's role, 2 Bob's, 3 Tom's in the attic, 4 Tom's permission.
fn opened() -> World {
    let world = with_tom();
    let all = new(world.state(), ReviewAbout::All);
    world.given("ann", review(open(all)))
}

fn line(world: &World, number: u32) -> ReviewLine {
    let entry = world.state().review_by_id("q1").unwrap();
    entry.review.line(number).unwrap().line.clone()
}

fn decided(world: &World, number: u32, verdict: Verdict, before: Option<Verdict>) -> ReviewEvent {
    let line = line(world, number);
    let standing = Some(line.since);
    ReviewEvent::ReviewLineDecided {
        review: q1(),
        line,
        before: before.map(|verdict| Decision { verdict, standing }),
        after: Decision { verdict, standing },
    }
}

#[test]
fn a_review_lists_roles_and_direct_permissions_with_their_reviewers() {
    let world = with_tom();
    let all = new(world.state(), ReviewAbout::All);
    let frozen = all.frozen;
    let line = |line: u32, member: &str, access, since, reviewer: &str| ReviewLine {
        line,
        member: MemberId::known(member),
        access,
        since,
        reviewer: MemberId::known(reviewer),
    };
    let holds = |id: &str, name: &str, scope| ReviewedAccess::Role {
        role: role_ref(id, name),
        scope,
        window: Window::default(),
    };
    let since = |number: usize| all.lines[number].since;
    let listed = vec![
        line(1, "ann", holds("lead", "Lead", None), since(0), "bob"),
        line(2, "bob", holds("deputy", "Deputy", None), since(1), "ann"),
        line(3, "tom", holds("editor", "Editor", Some(scope_ref("attic", "Attic"))), since(2), "ann"),
        line(
            4,
            "tom",
            ReviewedAccess::Permission { permission: crate::commands::permission_ref("work.sign", "Sign work") },
            frozen.position,
            "ann",
        ),
    ];
    world.when("ann", review(ReviewCommand::OpenReview(Box::new(all.clone())))).then_expect_events(vec![
        ReviewEvent::ReviewOpened { review: q1(), about: ReviewAbout::All, frozen, deadline: day(14), lines: 4 },
        ReviewEvent::ReviewLinesListed { review: ReviewId::known("q1"), lines: listed },
    ]);
}

#[test]
fn a_long_review_is_listed_in_several_events() {
    let world = with_tom();
    let mut all = new(world.state(), ReviewAbout::All);
    all.lines = vec![all.lines[2].clone(); 450];
    let events = world.when("ann", review(open(all))).inspect_result().unwrap();
    let sizes: Vec<usize> = events
        .iter()
        .filter_map(|event| if let ReviewEvent::ReviewLinesListed { lines, .. } = event { Some(lines) } else { None })
        .map(Vec::len)
        .collect();
    assert_eq!(sizes, [200, 200, 50]);
}

#[test]
fn a_review_of_a_role_has_its_holders_alone() {
    let world = with_tom().given("ann", member("bob", assign("editor")));
    let about = ReviewAbout::Role(role_ref("editor", "Editor"));
    let found: Vec<_> = lines(world.state(), &about).into_iter().map(|line| line.member.to_string()).collect();
    assert_eq!(found, ["bob", "tom"]);
}

#[test]
fn a_review_of_a_scope_has_what_reaches_it_or_what_is_below_it() {
    let world = with_tom()
        .given("ann", member("sam", add("staff")))
        .given("ann", member("sam", MemberCommand::ChangeScope { scope: selected(&["south"]) }))
        .given("ann", member("sam", assign("editor")));
    let about = |id: &str| ReviewAbout::Scope(scope_ref(id, id));
    let of = |id: &str| lines(world.state(), &about(id)).iter().map(|l| l.member.to_string()).collect::<Vec<_>>();
    // Lead and Deputy reach everywhere; Tom's own scope is everything, so his permission does too.
    assert_eq!(of("north"), ["ann", "bob", "tom", "tom"]);
    assert_eq!(of("cellar"), ["ann", "bob", "sam", "tom"]);
}

#[test]
fn the_keys_of_a_service_account_are_lines_and_those_of_a_person_are_not() {
    let issue = |key: &str| MemberCommand::IssueKey {
        key: chancery_aggregates::vocabulary::KeyId::known(key),
        label: "Nightly".into(),
        hash: chancery_aggregates::key::KeyHash::new([7; 32]),
        expires: chancery_aggregates::key::KeyExpiry::Usual,
    };
    let robot = MemberCommand::AddMember {
        kind: MemberKind::Service,
        account_type: None,
        details: Default::default(),
        scope: None,
    };
    let world = studio()
        .given("ann", member("robot", robot))
        .given("ann", member("robot", issue("k1")))
        .given("ann", member("ann", issue("k2")));
    let keys: Vec<_> = lines(world.state(), &ReviewAbout::All)
        .into_iter()
        .filter(|line| matches!(line.access, ReviewedAccess::Key { .. }))
        .map(|line| (line.member.to_string(), remedy(&line).unwrap().name()))
        .collect();
    assert_eq!(keys, [("robot".to_owned(), "RevokeKey")]);
}

#[test]
fn whoever_may_not_read_the_log_opens_no_review() {
    let world = with_tom();
    let all = new(world.state(), ReviewAbout::All);
    world.when("bob", review(open(all))).then_refused(
        "missing_permission",
        Refusal::MissingPermission { actor: "bob".into(), permission: "log.view".into(), place: None },
    );
}

#[test]
fn the_operator_opens_no_review() {
    let world = with_tom();
    let all = new(world.state(), ReviewAbout::All);
    world
        .when(OPERATOR, review(open(all)))
        .then_refused("not_for_actor", Refusal::NotForActor { actor: OPERATOR.into(), command: "OpenReview".into() });
}

#[test]
fn the_id_of_a_review_is_used_once() {
    let world = opened();
    let all = new(world.state(), ReviewAbout::All);
    world
        .when("ann", review(open(all)))
        .then_refused("id_taken", Refusal::IdTaken { thing: Thing::Review, id: "q1".into() });
}

#[test]
fn a_review_cannot_be_frozen_ahead_of_the_log() {
    let world = with_tom();
    let head = world.state().position();
    let mut all = new(world.state(), ReviewAbout::All);
    all.frozen.position = head + 1;
    world
        .when("ann", review(open(all)))
        .then_refused("review_ahead", Refusal::ReviewAhead { position: head + 1, head });
}

#[test]
fn a_deadline_is_yet_to_come() {
    let world = with_tom();
    let mut all = new(world.state(), ReviewAbout::All);
    all.deadline = day(0);
    world
        .when("ann", review(open(all)))
        .then_refused("empty_window", Refusal::EmptyWindow { from: None, until: day(0) });
}

#[test]
fn a_review_has_something_to_decide() {
    let world = with_tom();
    let mut all = new(world.state(), ReviewAbout::All);
    all.lines.clear();
    world.when("ann", review(open(all))).then_refused("review_empty", Refusal::ReviewEmpty);
}

#[test]
fn a_review_can_be_looked_through() {
    let world = with_tom();
    let mut all = new(world.state(), ReviewAbout::All);
    all.lines = vec![all.lines[2].clone(); 20_001];
    world
        .when("ann", review(open(all)))
        .then_refused("review_too_large", Refusal::ReviewTooLarge { lines: 20_001, most: 20_000 });
}

#[test]
fn nobody_is_named_to_review_their_own_access() {
    let world = with_tom();
    let mut all = new(world.state(), ReviewAbout::All);
    all.lines[0].reviewer = MemberId::known("ann");
    world
        .when("ann", review(open(all)))
        .then_refused("self_review", Refusal::SelfReview { reviewer: "ann".into(), line: 1 });
}

#[test]
fn a_reviewer_sees_whom_they_review() {
    let world = with_tom();
    let mut all = new(world.state(), ReviewAbout::All);
    all.lines[1].reviewer = MemberId::known("tom");
    let because = "line 2 is about somebody whom they do not see".to_owned();
    world
        .when("ann", review(open(all)))
        .then_refused("unfit_reviewer", Refusal::UnfitReviewer { reviewer: "tom".into(), because });
}

#[test]
fn a_program_reviews_nothing() {
    let robot = MemberCommand::AddMember {
        kind: MemberKind::Service,
        account_type: None,
        details: Default::default(),
        scope: None,
    };
    opened().given("ann", member("robot", robot)).when("ann", review(delegate(&[2], "robot"))).then_refused(
        "unfit_reviewer",
        Refusal::UnfitReviewer { reviewer: "robot".into(), because: "it is a program".to_owned() },
    );
}

#[test]
fn a_reviewer_decides_several_lines_at_once() {
    let world = opened();
    let events = [decided(&world, 2, Verdict::Keep, None), decided(&world, 4, Verdict::Keep, None)];
    world
        .when("ann", review(ReviewCommand::DecideLines { lines: vec![4, 2, 4], verdict: Verdict::Keep }))
        .then_expect_events(vec![events[0].clone(), events[1].clone()]);
}

#[test]
fn deciding_the_same_again_changes_nothing() {
    opened()
        .given("ann", review(decide(&[2], Verdict::Keep)))
        .when("ann", review(decide(&[2], Verdict::Keep)))
        .then_expect_events(vec![]);
}

#[test]
fn another_decision_tells_the_one_before() {
    let world = opened().given("ann", review(decide(&[2], Verdict::Keep)));
    let event = decided(&world, 2, Verdict::Revoke, Some(Verdict::Keep));
    world.when("ann", review(decide(&[2], Verdict::Revoke))).then_expect_events(vec![event]);
}

#[test]
fn a_decision_about_access_that_is_gone_says_so() {
    let world = opened().given("ann", member("bob", unassign("deputy")));
    let line = line(&world, 2);
    let after = Decision { verdict: Verdict::Keep, standing: None };
    world.when("ann", review(decide(&[2], Verdict::Keep))).then_expect_events(vec![ReviewEvent::ReviewLineDecided {
        review: q1(),
        line,
        before: None,
        after,
    }]);
}

#[test]
fn what_has_become_of_reviewed_access_is_told() {
    let world = opened();
    let told = |world: &World, number: u32| {
        let frozen = world.state().review_by_id("q1").unwrap().review.frozen.position;
        standing(world.state(), &line(world, number), frozen, day(1))
    };
    assert_eq!(told(&world, 3), Standing::Unchanged);
    let gone = world.clone().given("ann", member("bob", unassign("deputy")));
    assert_eq!(told(&gone, 2), Standing::Gone);
    let again = gone.given("ann", member("bob", assign("deputy")));
    assert_eq!(told(&again, 2), Standing::Changed);
    let other_role = world.given("ann", role("editor", toggle(&["work.sign"], &[])));
    assert_eq!(told(&other_role, 3), Standing::Changed);
}

#[test]
fn nobody_decides_about_themselves() {
    // Ann opens reviews, and still not her own line.
    opened()
        .when("ann", review(decide(&[1], Verdict::Keep)))
        .then_refused("self_review", Refusal::SelfReview { reviewer: "ann".into(), line: 1 });
}

#[test]
fn a_line_is_decided_by_its_reviewer_alone() {
    opened()
        .when("bob", review(decide(&[3], Verdict::Keep)))
        .then_refused("not_reviewer", Refusal::NotReviewer { actor: "bob".into(), line: 3, reviewer: "ann".into() });
}

#[test]
fn a_line_that_is_not_there_is_unknown() {
    opened()
        .when("ann", review(decide(&[5], Verdict::Keep)))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::ReviewLine, id: "5".into(), nearest: None });
}

#[test]
fn whoever_has_nothing_to_do_with_a_review_does_not_know_of_it() {
    opened()
        .when("tom", review(decide(&[3], Verdict::Keep)))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Review, id: "q1".into(), nearest: None });
}

#[test]
fn a_reviewer_passes_lines_on() {
    opened()
        .when("ann", review(ReviewCommand::DelegateLines { lines: vec![3, 4], to: MemberId::known("bob") }))
        .then_expect_events(vec![ReviewEvent::ReviewReviewerChanged {
            review: q1(),
            lines: vec![3, 4],
            before: MemberId::known("ann"),
            after: MemberId::known("bob"),
        }]);
}

#[test]
fn passing_lines_to_their_reviewer_changes_nothing() {
    opened().when("ann", review(delegate(&[3], "ann"))).then_expect_events(vec![]);
}

#[test]
fn nobody_passes_on_what_is_not_theirs() {
    opened()
        .when("bob", review(delegate(&[3], "bob")))
        .then_refused("not_reviewer", Refusal::NotReviewer { actor: "bob".into(), line: 3, reviewer: "ann".into() });
}

#[test]
fn lines_are_not_passed_to_their_subject() {
    opened()
        .when("ann", review(delegate(&[2], "bob")))
        .then_refused("self_review", Refusal::SelfReview { reviewer: "bob".into(), line: 2 });
}

fn all_kept() -> World {
    opened().given("ann", review(decide(&[2, 3, 4], Verdict::Keep))).given("bob", review(decide(&[1], Verdict::Keep)))
}

#[test]
fn a_review_is_completed_once_all_is_decided() {
    let world = all_kept();
    let review_of = &world.state().review_by_id("q1").unwrap().review;
    let frozen = review_of.frozen;
    let root = chancery_aggregates::review::root(review_of.lines.iter().map(AsRef::as_ref));
    assert_eq!(root.len(), 64);
    let result = ReviewResult { lines: 4, kept: 4, root, ..ReviewResult::default() };
    world.when("ann", review(ReviewCommand::CompleteReview)).then_expect_events(vec![ReviewEvent::ReviewCompleted {
        review: q1(),
        frozen,
        result,
    }]);
}

#[test]
fn the_root_is_of_every_decision() {
    let root = |world: &World| {
        let entry = world.state().review_by_id("q1").unwrap();
        chancery_aggregates::review::root(entry.review.lines.iter().map(AsRef::as_ref))
    };
    let (kept, other) = (all_kept(), all_kept().given("ann", review(decide(&[4], Verdict::Revoke))));
    assert_ne!(root(&kept), root(&other));
    assert_eq!(root(&kept), root(&all_kept()));
}

#[test]
fn a_review_with_undecided_lines_is_not_completed_before_its_deadline() {
    opened()
        .given("ann", review(decide(&[2, 3], Verdict::Keep)))
        .when("ann", review(ReviewCommand::CompleteReview))
        .then_refused("review_undecided", Refusal::ReviewUndecided { review: "First quarter".into(), lines: 2 });
}

#[test]
fn a_review_is_not_completed_before_its_deadline_while_revoked_access_is_still_there() {
    all_kept()
        .given("ann", review(decide(&[3], Verdict::Revoke)))
        .when("ann", review(ReviewCommand::CompleteReview))
        .then_refused("review_outstanding", Refusal::ReviewOutstanding { review: "First quarter".into(), lines: 1 });
}

#[test]
fn a_revoked_line_is_carried_out_once_its_access_is_gone() {
    let revoked = all_kept().given("ann", review(decide(&[3], Verdict::Revoke)));
    let chancery_aggregates::Command::Member(id, unassign) = remedy(&line(&revoked, 3)).unwrap() else { panic!() };
    let result =
        revoked.given("ann", (id, unassign)).when("ann", review(ReviewCommand::CompleteReview)).inspect_result();
    let [ReviewEvent::ReviewCompleted { result, .. }] = &*result.unwrap() else { panic!() };
    assert_eq!((result.kept, result.revoked), (3, 1));
    assert!(result.undecided.is_empty() && result.outstanding.is_empty());
}

#[test]
fn after_its_deadline_a_review_is_completed_with_what_is_open_listed() {
    let result = opened()
        .given("ann", review(decide(&[3], Verdict::Revoke)))
        .on(day(15))
        .when("ann", review(ReviewCommand::CompleteReview))
        .inspect_result();
    let [ReviewEvent::ReviewCompleted { result, .. }] = &*result.unwrap() else { panic!() };
    assert_eq!((&*result.undecided, &*result.outstanding), (&[1, 2, 4][..], &[3][..]));
}

#[test]
fn a_reviewer_alone_completes_nothing() {
    all_kept().when("bob", review(ReviewCommand::CompleteReview)).then_refused(
        "missing_permission",
        Refusal::MissingPermission { actor: "bob".into(), permission: "log.view".into(), place: None },
    );
}

#[test]
fn a_review_is_given_up() {
    opened()
        .given("ann", review(decide(&[2], Verdict::Keep)))
        .when("ann", review(ReviewCommand::CancelReview))
        .then_expect_events(vec![ReviewEvent::ReviewCancelled { review: q1(), lines: 4, decided: 1 }]);
}

#[test]
fn nothing_is_decided_in_a_review_that_is_over() {
    opened()
        .given("ann", review(ReviewCommand::CancelReview))
        .when("ann", review(decide(&[2], Verdict::Keep)))
        .then_refused(
            "review_closed",
            Refusal::ReviewClosed { review: "First quarter".into(), stage: "cancelled".into() },
        );
}
