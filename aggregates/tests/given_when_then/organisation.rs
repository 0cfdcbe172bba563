//! The organisation: founding, revisions, the owner.

use chancery_aggregates::command::{MemberCommand, OrganisationCommand};
use chancery_aggregates::event::{AuditExported, OrganisationEvent};
use chancery_aggregates::profile::document::Policy;
use chancery_aggregates::refusal::{Refusal, Thing};
use chancery_aggregates::vocabulary::{IdError, MemberId, OrganisationId};

use crate::commands::{assign, category, member, role_ref};
use crate::fixture::{OPERATOR, SYSTEM, ThenRefused, World};
use crate::worlds::{new_studio, proplink, studio, studio_profile};

fn found(name: &str) -> OrganisationCommand {
    OrganisationCommand::FoundOrganisation {
        organisation: OrganisationId::known("acme"),
        name: name.into(),
        profile: Box::new(studio_profile()),
    }
}

fn transfer_to(member: &str) -> OrganisationCommand {
    OrganisationCommand::TransferOwner { to: MemberId::known(member) }
}

#[test]
fn the_operator_founds_an_organisation_with_the_whole_profile() {
    World::empty()
        .when(
            OPERATOR,
            OrganisationCommand::FoundOrganisation {
                organisation: OrganisationId::known("acme"),
                name: "  Acme ".into(),
                profile: Box::new(studio_profile()),
            },
        )
        .then_expect_events(vec![OrganisationEvent::OrganisationFounded {
            organisation: OrganisationId::known("acme"),
            name: "Acme".into(),
            profile: Box::new(studio_profile()),
        }]);
}

#[test]
fn an_organisation_is_founded_once() {
    new_studio()
        .when(OPERATOR, found("Acme"))
        .then_refused("already_founded", Refusal::AlreadyFounded { organisation: "acme".into() });
}

#[test]
fn an_organisation_has_a_name() {
    World::empty().when(OPERATOR, found(" \t")).then_refused("bad_name", Refusal::BadName { name: "".into() });
}

#[test]
fn nobody_but_the_operator_founds() {
    World::empty()
        .when(SYSTEM, found("Acme"))
        .then_refused("operator_only", Refusal::OperatorOnly { command: "FoundOrganisation".into() });
}

#[test]
fn before_the_founding_there_is_nothing_to_revise() {
    World::empty()
        .when(OPERATOR, OrganisationCommand::ReviseCatalogue { added: vec![category(&["print.start"])] })
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Organisation, id: "".into(), nearest: None });
}

#[test]
fn the_catalogue_grows_by_what_it_does_not_have() {
    new_studio()
        .when(
            OPERATOR,
            OrganisationCommand::ReviseCatalogue {
                added: vec![category(&["print.start", "work.view", "print.start"]), category(&["work.edit"])],
            },
        )
        .then_expect_events(vec![OrganisationEvent::CatalogueRevised { added: vec![category(&["print.start"])] }]);
}

#[test]
fn adding_permissions_twice_changes_nothing() {
    let revise = OrganisationCommand::ReviseCatalogue { added: vec![category(&["print.start"])] };
    new_studio().given(OPERATOR, revise.clone()).when(OPERATOR, revise).then_expect_events(vec![]);
}

#[test]
fn a_permission_has_a_key_without_spaces() {
    new_studio()
        .when(OPERATOR, OrganisationCommand::ReviseCatalogue { added: vec![category(&["print it"])] })
        .then_refused(
            "bad_id",
            Refusal::BadId { thing: Thing::Permission, id: "print it".into(), because: IdError::Character },
        );
}

#[test]
fn members_do_not_revise_the_catalogue() {
    new_studio()
        .when("ann", OrganisationCommand::ReviseCatalogue { added: vec![] })
        .then_refused("operator_only", Refusal::OperatorOnly { command: "ReviseCatalogue".into() });
}

#[test]
fn the_owner_role_is_decided_at_the_founding() {
    let policy = Policy { owner_role: Some("editor".into()), ..studio_profile().policy };
    new_studio()
        .when(OPERATOR, OrganisationCommand::RevisePolicy { policy: Box::new(policy) })
        .then_refused("policy_fixed", Refusal::PolicyFixed { switch: "owner_role".into() });
}

#[test]
fn a_revised_policy_is_told_with_the_one_before() {
    let before = studio_profile().policy;
    let after = Policy { several_roles: false, ..before.clone() };
    new_studio()
        .when(OPERATOR, OrganisationCommand::RevisePolicy { policy: Box::new(after.clone()) })
        .then_expect_events(vec![OrganisationEvent::PolicyRevised {
            before: Box::new(before),
            after: Box::new(after),
        }]);
}

#[test]
fn the_owner_hands_the_organisation_over() {
    proplink().when("priya", OrganisationCommand::TransferOwner { to: MemberId::known("anita") }).then_expect_events(
        vec![OrganisationEvent::OwnerTransferred {
            role: role_ref("owner", "Organisation Owner"),
            before: MemberId::known("priya"),
            after: MemberId::known("anita"),
        }],
    );
}

#[test]
fn the_new_owner_can_hand_it_over_again() {
    proplink().given("priya", transfer_to("anita")).when("anita", transfer_to("tom")).then_expect_events(vec![
        OrganisationEvent::OwnerTransferred {
            role: role_ref("owner", "Organisation Owner"),
            before: MemberId::known("anita"),
            after: MemberId::known("tom"),
        },
    ]);
}

#[test]
fn handing_over_to_oneself_changes_nothing() {
    proplink().when("priya", transfer_to("priya")).then_expect_events(vec![]);
}

#[test]
fn only_the_owner_hands_over() {
    proplink()
        .when("anita", transfer_to("tom"))
        .then_refused("not_owner", Refusal::NotOwner { actor: "anita".into(), role: "Organisation Owner".into() });
}

#[test]
fn whoever_handed_over_is_no_longer_the_owner() {
    proplink()
        .given("priya", transfer_to("anita"))
        .when("priya", transfer_to("priya"))
        .then_refused("not_owner", Refusal::NotOwner { actor: "priya".into(), role: "Organisation Owner".into() });
}

#[test]
fn the_operator_does_not_hand_over() {
    proplink().when(OPERATOR, transfer_to("tom")).then_refused(
        "not_for_actor",
        Refusal::NotForActor { actor: OPERATOR.into(), command: "TransferOwner".into() },
    );
}

#[test]
fn a_portal_user_cannot_be_the_owner() {
    proplink().when("priya", transfer_to("rita")).then_refused(
        "role_for_other_account_type",
        Refusal::RoleForOtherAccountType { role: "Organisation Owner".into(), account_type: "portal".into() },
    );
}

#[test]
fn somebody_suspended_cannot_be_the_owner() {
    proplink()
        .given("priya", member("tom", MemberCommand::SuspendMember))
        .when("priya", transfer_to("tom"))
        .then_refused(
            "actor_inactive",
            Refusal::ActorInactive { actor: "tom".into(), because: "the member is suspended".into() },
        );
}

#[test]
fn somebody_who_left_cannot_be_the_owner() {
    proplink()
        .given("priya", member("tom", MemberCommand::RemoveMember))
        .when("priya", transfer_to("tom"))
        .then_refused("member_left", Refusal::MemberLeft { member: "tom".into() });
}

#[test]
fn a_stranger_cannot_be_the_owner() {
    proplink().when("priya", transfer_to("antia")).then_refused(
        "unknown",
        Refusal::Unknown { thing: Thing::Member, id: "antia".into(), nearest: Some("anita".into()) },
    );
}

#[test]
fn without_an_owner_role_there_is_nothing_to_hand_over() {
    studio()
        .given("ann", member("tom", assign("editor")))
        .when("ann", transfer_to("tom"))
        .then_refused("no_owner_role", Refusal::NoOwnerRole);
}

#[test]
fn an_organisation_has_an_id_without_a_slash() {
    let command = OrganisationCommand::FoundOrganisation {
        organisation: OrganisationId::known("acme/eu"),
        name: "Acme".into(),
        profile: Box::new(studio_profile()),
    };
    World::empty().when(OPERATOR, command).then_refused(
        "bad_id",
        Refusal::BadId { thing: Thing::Organisation, id: "acme/eu".into(), because: IdError::Character },
    );
}

#[test]
fn the_operator_publishes_a_key_for_checkpoints_of_the_log() {
    proplink()
        .when(OPERATOR, OrganisationCommand::PublishLogKey { key: "chancery/acme+c74f20a3+AR".into() })
        .then_expect_events(vec![OrganisationEvent::LogKeyPublished { key: "chancery/acme+c74f20a3+AR".into() }]);
}

#[test]
fn no_member_publishes_a_key_of_the_log() {
    proplink()
        .when("priya", OrganisationCommand::PublishLogKey { key: "chancery/acme+c74f20a3+AR".into() })
        .then_refused("operator_only", Refusal::OperatorOnly { command: "PublishLogKey".into() });
}

fn pack() -> AuditExported {
    AuditExported { from: 1, until: 9, format: "pack".into(), filters: Default::default() }
}

#[test]
fn whoever_holds_the_permission_exports_the_audit_log() {
    proplink()
        .when("priya", OrganisationCommand::ExportAudit(pack()))
        .then_expect_events(vec![OrganisationEvent::AuditExported(pack())]);
}

#[test]
fn nobody_exports_the_audit_log_without_the_permission() {
    proplink().when("tom", OrganisationCommand::ExportAudit(pack())).then_refused(
        "missing_permission",
        Refusal::MissingPermission { actor: "tom".into(), permission: "audit.create".into(), place: None },
    );
}
