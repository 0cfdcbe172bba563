//! Keys: who makes them, how long they last, how they end.

use chancery_aggregates::command::{MemberCommand, RoleCommand};
use chancery_aggregates::event::{Details, MemberEvent};
use chancery_aggregates::key::{KeyExpiry, KeyHash, MOST_KEYS};
use chancery_aggregates::refusal::{Refusal, Thing};
use chancery_aggregates::vocabulary::{AccountTypeKey, IdError, KeyId, MemberId, MemberKind, RoleId, Time, Window};
use chrono::TimeDelta;

use crate::commands::{
    assign, assign_during, assign_in, create, member, new_role, role, selected, switch, unassign, until,
};
use crate::fixture::{OPERATOR, SYSTEM, ThenRefused, World, day};
use crate::worlds::{new_studio, proplink, propops, studio, workspace};

fn hash(seed: u8) -> KeyHash {
    KeyHash::new([seed; 32])
}

fn issue_until(key: &str, expires: KeyExpiry) -> MemberCommand {
    MemberCommand::IssueKey { key: KeyId::known(key), label: "sync".into(), hash: hash(1), expires }
}

fn issue(key: &str) -> MemberCommand {
    issue_until(key, KeyExpiry::Usual)
}

fn rotate(key: &str, by: &str, until: Option<Time>) -> MemberCommand {
    let (key, by) = (KeyId::known(key), KeyId::known(by));
    MemberCommand::RotateKey { key, by, hash: hash(2), expires: KeyExpiry::Usual, until }
}

fn revoke(key: &str) -> MemberCommand {
    MemberCommand::RevokeKey { key: KeyId::known(key) }
}

fn add_program(account_type: &str) -> MemberCommand {
    MemberCommand::AddMember {
        kind: MemberKind::Service,
        account_type: Some(AccountTypeKey::known(account_type)),
        details: Details::default(),
        scope: None,
    }
}

fn issued(owner: &str, key: &str, expires: Option<Time>) -> MemberEvent {
    let (member, key) = (MemberId::known(owner), KeyId::known(key));
    MemberEvent::KeyIssued { member, key, label: "sync".into(), hash: hash(1), expires, replaces: None }
}

fn renewed(owner: &str, key: &str, by: &str, expires: Option<Time>) -> MemberEvent {
    let (member, replaces) = (MemberId::known(owner), Some(KeyId::known(key)));
    MemberEvent::KeyIssued { member, key: KeyId::known(by), label: "sync".into(), hash: hash(2), expires, replaces }
}

fn limited(owner: &str, key: &str, before: Option<Time>, after: Time) -> MemberEvent {
    let (member, key) = (MemberId::known(owner), KeyId::known(key));
    MemberEvent::KeyExpiryChanged { member, key, label: "sync".into(), before, after }
}

fn revoked(owner: &str, key: &str, expires: Option<Time>) -> MemberEvent {
    let (member, key) = (MemberId::known(owner), KeyId::known(key));
    MemberEvent::KeyRevoked { member, key, label: "sync".into(), expires }
}

/// The studio with the program Sync, which holds Editor.
fn with_sync() -> World {
    studio().given("ann", member("sync", add_program("staff"))).given("ann", member("sync", assign("editor")))
}

fn beyond(permission: &str, place: Option<&str>, at: Option<Time>, others: u32) -> Refusal {
    Refusal::KeyBeyondActor {
        actor: "bob".into(),
        member: "sync".into(),
        permission: permission.into(),
        place: place.map(Into::into),
        at,
        others,
    }
}

fn missing(actor: &str, permission: &str) -> Refusal {
    Refusal::MissingPermission { actor: actor.into(), permission: permission.into(), place: None }
}

#[test]
fn a_person_issues_a_key_of_their_own_that_lasts_ninety_days() {
    studio()
        .when(
            "tom",
            member(
                "tom",
                MemberCommand::IssueKey {
                    key: KeyId::known("k1"),
                    label: "sync".into(),
                    hash: hash(1),
                    expires: KeyExpiry::Usual,
                },
            ),
        )
        .then_expect_events(vec![issued("tom", "k1", Some(day(90)))]);
}

#[test]
fn a_key_of_ones_own_is_no_change_of_ones_own_access() {
    propops().when("fay", member("fay", issue("k1"))).then_expect_events(vec![issued("fay", "k1", Some(day(90)))]);
}

#[test]
fn a_service_account_gets_a_key_by_whoever_holds_all_that_it_holds() {
    with_sync()
        .when("bob", member("sync", issue_until("k1", KeyExpiry::Never)))
        .then_expect_events(vec![issued("sync", "k1", None)]);
}

#[test]
fn a_program_renews_its_own_key_without_a_moment_between() {
    let later = day(60);
    with_sync()
        .given("bob", member("sync", issue("k1")))
        .on(later)
        .when(
            "sync",
            member(
                "sync",
                MemberCommand::RotateKey {
                    key: KeyId::known("k1"),
                    by: KeyId::known("k2"),
                    hash: hash(2),
                    expires: KeyExpiry::Usual,
                    until: None,
                },
            ),
        )
        .then_expect_events(vec![
            renewed("sync", "k1", "k2", Some(later + TimeDelta::days(90))),
            limited("sync", "k1", Some(day(90)), later + TimeDelta::days(1)),
        ]);
}

#[test]
fn a_key_that_ends_sooner_than_its_grace_ends_when_it_would_have() {
    with_sync()
        .given("bob", member("sync", issue("k1")))
        .on(day(89))
        .when("bob", member("sync", rotate("k1", "k2", Some(day(91)))))
        .then_expect_events(vec![renewed("sync", "k1", "k2", Some(day(179)))]);
}

#[test]
fn a_key_without_grace_ends_at_once() {
    with_sync()
        .given("bob", member("sync", issue_until("k1", KeyExpiry::Never)))
        .when("bob", member("sync", rotate("k1", "k2", Some(day(0)))))
        .then_expect_events(vec![renewed("sync", "k1", "k2", None), revoked("sync", "k1", None)]);
}

#[test]
fn a_renewed_key_lasts_no_longer_than_the_profile_now_lets_it() {
    with_sync()
        .given("bob", member("sync", issue_until("k1", KeyExpiry::Never)))
        .with_policy(|policy| policy.longest_key_days = Some(30))
        .when("bob", member("sync", rotate("k1", "k2", Some(day(0)))))
        .then_expect_events(vec![renewed("sync", "k1", "k2", Some(day(30))), revoked("sync", "k1", None)]);
}

#[test]
fn somebody_ends_a_key_of_their_own() {
    studio()
        .given("tom", member("tom", issue("k1")))
        .when("tom", member("tom", MemberCommand::RevokeKey { key: KeyId::known("k1") }))
        .then_expect_events(vec![revoked("tom", "k1", Some(day(90)))]);
}

#[test]
fn who_manages_members_ends_a_persons_key() {
    studio()
        .given("tom", member("tom", issue("k1")))
        .when("bob", member("tom", revoke("k1")))
        .then_expect_events(vec![revoked("tom", "k1", Some(day(90)))]);
}

#[test]
fn a_key_is_revoked_once() {
    studio()
        .given("tom", member("tom", issue("k1")))
        .given("bob", member("tom", revoke("k1")))
        .when("bob", member("tom", revoke("k1")))
        .then_expect_events(vec![]);
}

#[test]
fn the_operator_lets_the_founder_in() {
    new_studio().when(OPERATOR, member("ann", issue("k1"))).then_expect_events(vec![issued(
        "ann",
        "k1",
        Some(day(90)),
    )]);
}

#[test]
fn the_operator_lets_an_administrator_in_again_when_all_keys_have_ended() {
    studio()
        .given(OPERATOR, member("ann", issue("k1")))
        .given("tom", member("tom", issue("k2")))
        .on(day(90))
        .when(OPERATOR, member("ann", issue("k3")))
        .then_expect_events(vec![issued("ann", "k3", Some(day(180)))]);
}

#[test]
fn the_operator_issues_nothing_while_an_administrator_has_a_key() {
    studio()
        .given("bob", member("bob", issue("k1")))
        .when(OPERATOR, member("ann", issue("k2")))
        .then_refused("administrator_has_key", Refusal::AdministratorHasKey { member: "bob".into() });
}

#[test]
fn the_operator_issues_nothing_for_whoever_manages_nothing() {
    studio()
        .when(OPERATOR, member("tom", issue("k1")))
        .then_refused("not_for_actor", Refusal::NotForActor { actor: OPERATOR.into(), command: "IssueKey".into() });
}

#[test]
fn the_operator_neither_renews_nor_revokes() {
    for (command, name) in [(rotate("k1", "k2", None), "RotateKey"), (revoke("k1"), "RevokeKey")] {
        studio()
            .given("ann", member("ann", issue("k1")))
            .when(OPERATOR, member("ann", command))
            .then_refused("not_for_actor", Refusal::NotForActor { actor: OPERATOR.into(), command: name.into() });
    }
}

#[test]
fn the_product_itself_issues_no_key() {
    with_sync()
        .when(SYSTEM, member("sync", issue("k1")))
        .then_refused("not_for_actor", Refusal::NotForActor { actor: SYSTEM.into(), command: "IssueKey".into() });
}

#[test]
fn nobody_issues_a_key_for_another_person() {
    studio()
        .when("ann", member("tom", issue("k1")))
        .then_refused("key_for_person", Refusal::KeyForPerson { member: "tom".into() });
}

#[test]
fn nobody_renews_a_key_of_another_person() {
    studio()
        .given("tom", member("tom", issue("k1")))
        .when("ann", member("tom", rotate("k1", "k2", None)))
        .then_refused("key_for_person", Refusal::KeyForPerson { member: "tom".into() });
}

#[test]
fn nobody_issues_a_key_of_a_program_without_the_permission_for_it() {
    with_sync()
        .given("ann", member("tom", assign("lead")))
        .given("ann", member("tom", switch("members.manage", false)))
        .when("tom", member("sync", issue("k1")))
        .then_refused("missing_permission", missing("tom", "members.manage"));
}

#[test]
fn nobody_gets_a_key_of_a_program_that_holds_more_than_they_do() {
    with_sync()
        .given("ann", member("sync", assign("signer")))
        .when("bob", member("sync", issue("k1")))
        .then_refused("key_beyond_actor", beyond("work.sign", None, None, 0));
}

#[test]
fn nobody_renews_a_key_of_a_program_that_came_to_hold_more_than_they_do() {
    with_sync()
        .given("bob", member("sync", issue("k1")))
        .given("ann", member("sync", assign("signer")))
        .when("bob", member("sync", rotate("k1", "k2", None)))
        .then_refused("key_beyond_actor", beyond("work.sign", None, None, 0));
}

#[test]
fn nobody_gets_a_key_of_a_program_that_will_hold_more_than_they_do() {
    let window = Window { from: Some(day(30)), until: None };
    with_sync()
        .given("ann", member("sync", assign_during("signer", window)))
        .when("bob", member("sync", issue("k1")))
        .then_refused("key_beyond_actor", beyond("work.sign", None, Some(day(30)), 0));
}

#[test]
fn nobody_gets_a_key_of_a_program_that_would_hold_more_once_reactivated() {
    with_sync()
        .given("ann", member("sync", assign("signer")))
        .given("ann", member("sync", MemberCommand::SuspendMember))
        .when("bob", member("sync", issue("k1")))
        .then_refused("key_beyond_actor", beyond("work.sign", None, None, 0));
}

#[test]
fn nobody_gets_a_key_of_a_program_that_holds_more_somewhere() {
    studio()
        .given(
            "ann",
            member(
                "sync",
                MemberCommand::AddMember {
                    kind: MemberKind::Service,
                    account_type: None,
                    details: Details::default(),
                    scope: Some(selected(&["attic"])),
                },
            ),
        )
        .given("ann", member("sync", assign_in("signer", "attic")))
        .when("bob", member("sync", issue("k1")))
        .then_refused("key_beyond_actor", beyond("work.sign", Some("Attic"), None, 0));
}

#[test]
fn what_a_program_may_do_with_its_own_the_issuer_has_to_hold_in_full() {
    studio()
        .given("ann", role("narrow", create(new_role("Narrow", &["members.manage", "work.edit", "work.own_only"]))))
        .given("ann", member("bob", unassign("deputy")))
        .given("ann", member("bob", assign("narrow")))
        .given("ann", member("sync", add_program("staff")))
        .given("ann", member("sync", assign("narrow")))
        .when("bob", member("sync", issue("k1")))
        .then_refused("key_beyond_actor", beyond("work.edit", None, None, 0));
}

#[test]
fn nobody_gets_a_key_of_a_program_whose_role_has_a_say_that_they_have_not() {
    proplink()
        .given("priya", member("robot", add_program("user")))
        .given("priya", member("robot", assign("administrator")))
        .given(
            "priya",
            role(
                "locker",
                RoleCommand::DuplicateRole { source: RoleId::known("administrator"), name: "Locker".into() },
            ),
        )
        .given("priya", member("anita", assign("locker")))
        .given("priya", member("anita", unassign("administrator")))
        .with_policy(|policy| policy.locked_except_for = vec!["administrator".into()])
        .when("anita", member("robot", issue("k1")))
        .then_refused(
            "key_beyond_role",
            Refusal::KeyBeyondRole { actor: "anita".into(), member: "robot".into(), role: "Administrator".into() },
        );
}

#[test]
fn nobody_gets_a_key_of_a_program_of_a_higher_level() {
    propops()
        .given("sue", member("robot", add_program("staff")))
        .given("sue", member("robot", assign_during("director", Window { from: Some(day(30)), until: None })))
        .given("sue", member("fay", switch("api.users.record.update", true)))
        .when("fay", member("robot", issue("k1")))
        .then_refused(
            "level_ceiling",
            Refusal::LevelCeiling { actor: "fay".into(), actor_level: Some(30), role: "Director".into(), level: 20 },
        );
}

#[test]
fn where_the_profile_says_who_has_keys_others_have_none() {
    workspace()
        .when("max", member("max", issue("k1")))
        .then_refused("missing_permission", missing("max", "api_keys.create"));
}

#[test]
fn a_key_of_ones_own_is_ended_without_any_permission() {
    workspace()
        .given("olga", member("max", switch("api_keys.create", true)))
        .given("max", member("max", issue("k1")))
        .given("olga", member("max", switch("api_keys.create", false)))
        .when("max", member("max", revoke("k1")))
        .then_expect_events(vec![revoked("max", "k1", Some(day(90)))]);
}

#[test]
fn a_persons_key_ends_within_about_a_year() {
    for expires in [KeyExpiry::Never, KeyExpiry::At(day(367))] {
        studio()
            .when("tom", member("tom", issue_until("k1", expires)))
            .then_refused("key_lifetime", Refusal::KeyLifetime { member: "tom".into(), most_days: 366 });
    }
    studio().when("tom", member("tom", issue_until("k1", KeyExpiry::At(day(366))))).then_expect_events(vec![issued(
        "tom",
        "k1",
        Some(day(366)),
    )]);
}

#[test]
fn the_profile_bounds_how_long_keys_last() {
    let bounded = || with_sync().with_policy(|policy| policy.longest_key_days = Some(30));
    bounded()
        .when("bob", member("sync", issue_until("k1", KeyExpiry::Never)))
        .then_refused("key_lifetime", Refusal::KeyLifetime { member: "sync".into(), most_days: 30 });
    bounded().when("bob", member("sync", issue("k1"))).then_expect_events(vec![issued("sync", "k1", Some(day(30)))]);
}

#[test]
fn a_key_does_not_begin_with_its_end() {
    studio()
        .when("tom", member("tom", issue_until("k1", KeyExpiry::At(day(0)))))
        .then_refused("empty_window", Refusal::EmptyWindow { from: None, until: day(0) });
}

#[test]
fn the_id_of_a_key_is_used_once() {
    studio()
        .given("tom", member("tom", issue("k1")))
        .given("tom", member("tom", revoke("k1")))
        .when("bob", member("bob", issue("k1")))
        .then_refused("id_taken", Refusal::IdTaken { thing: Thing::Key, id: "k1".into() });
}

#[test]
fn the_id_of_a_key_is_of_letters_and_digits() {
    studio().when("tom", member("tom", issue("k_1"))).then_refused(
        "bad_id",
        Refusal::BadId { thing: Thing::Key, id: "k_1".into(), because: IdError::NotAlphanumeric },
    );
}

#[test]
fn a_key_has_a_label() {
    let unnamed =
        MemberCommand::IssueKey { key: KeyId::known("k1"), label: "".into(), hash: hash(1), expires: KeyExpiry::Usual };
    studio().when("tom", member("tom", unnamed)).then_refused("bad_name", Refusal::BadName { name: "".into() });
}

#[test]
fn nobody_collects_keys() {
    let mut world = with_sync();
    for number in 0..MOST_KEYS {
        world = world.given("bob", member("sync", issue(&format!("k{number}"))));
    }
    world
        .clone()
        .when("bob", member("sync", issue("more")))
        .then_refused("too_many_keys", Refusal::TooManyKeys { member: "sync".into(), most: 25 });
    world
        .given("bob", member("sync", revoke("k3")))
        .when("bob", member("sync", issue("more")))
        .then_expect_events(vec![issued("sync", "more", Some(day(90)))]);
}

#[test]
fn nothing_follows_on_a_key_that_has_ended() {
    let ended = || Refusal::KeyEnded { key: "k1".into() };
    let with_key = || with_sync().given("bob", member("sync", issue("k1")));
    with_key()
        .given("bob", member("sync", revoke("k1")))
        .when("bob", member("sync", rotate("k1", "k2", None)))
        .then_refused("key_ended", ended());
    with_key().on(day(90)).when("bob", member("sync", rotate("k1", "k2", None))).then_refused("key_ended", ended());
}

#[test]
fn a_key_of_somebody_else_is_not_there() {
    let unknown = || Refusal::Unknown { thing: Thing::Key, id: "k1".into(), nearest: None };
    let with_key = || studio().given("bob", member("bob", issue("k1")));
    with_key().when("tom", member("tom", revoke("k1"))).then_refused("unknown", unknown());
    with_key().when("tom", member("tom", rotate("k1", "k2", None))).then_refused("unknown", unknown());
}

#[test]
fn nobody_ends_the_key_of_somebody_who_outranks_them() {
    propops()
        .given("dan", member("dan", issue("k1")))
        .given("sue", member("fay", switch("api.users.record.update", true)))
        .when("fay", member("dan", revoke("k1")))
        .then_refused(
            "outranked",
            Refusal::Outranked { actor: "fay".into(), actor_level: Some(30), member: "dan".into(), level: 20 },
        );
}

#[test]
fn who_has_left_gets_no_key() {
    with_sync()
        .given("ann", member("sync", MemberCommand::RemoveMember))
        .when("bob", member("sync", issue("k1")))
        .then_refused("member_left", Refusal::MemberLeft { member: "sync".into() });
}

#[test]
fn a_key_leaves_the_last_administrator_where_it_was() {
    new_studio().when("ann", member("ann", issue("k1"))).then_expect_events(vec![issued("ann", "k1", Some(day(90)))]);
}

#[test]
fn a_key_beyond_its_issuer_is_told_in_full() {
    with_sync()
        .given("ann", member("sync", assign_during("lead", until(day(3)))))
        .when("bob", member("sync", issue("k1")))
        .then_says(
            "key_beyond_actor",
            "a key of `sync` would give `bob` the use of `work.sign` and 1 more, which `bob` does not hold there",
        );
}
