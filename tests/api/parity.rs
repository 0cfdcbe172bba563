//! What the command line can do, the resources can do: each subcommand has an operation, or a reason why not.

use std::collections::{BTreeMap, BTreeSet};

use chancery::cli::Cli;
use clap::CommandFactory as _;

use super::world::World;

/// Needs what only the keeper of the store has.
const STORE: &str = "it is about the store as a whole, or needs its keys and files";
/// Does its work in the program that is started.
const PROGRAM: &str = "it works where the program runs, on no organisation";

/// By which operation a subcommand's work is done over HTTP, or why by none.
const TWINS: &[(&str, Result<&str, &str>)] = &[
    ("organisation found", Ok("found_organisation")),
    ("organisation list", Ok("list_organisations")),
    ("organisation show", Ok("show_organisation")),
    ("profile list", Ok("list_profiles")),
    ("profile show", Ok("show_profile")),
    ("profile check", Err(PROGRAM)),
    ("role list", Ok("list_roles")),
    ("role show", Ok("show_role")),
    ("role create", Ok("create_role")),
    ("role duplicate", Ok("duplicate_role")),
    ("role rename", Ok("change_role")),
    ("role describe", Ok("change_role")),
    ("role recolour", Ok("change_role")),
    ("role level", Ok("change_role")),
    ("role toggle", Ok("change_role")),
    ("role inherit", Ok("change_role")),
    ("role lock", Ok("change_role")),
    ("role unlock", Ok("change_role")),
    ("role delete", Ok("delete_role")),
    ("member list", Ok("list_members")),
    ("member show", Ok("show_member")),
    ("member add", Ok("add_member")),
    ("member details", Ok("change_member")),
    ("member account-type", Ok("change_member")),
    ("member verify-email", Ok("change_member")),
    ("member document submit", Ok("submit_document")),
    ("member document approve", Ok("approve_document")),
    ("member document reject", Ok("reject_document")),
    ("member document expire", Ok("expire_document")),
    ("member assign", Ok("assign_role")),
    ("member unassign", Ok("unassign_role")),
    ("member scope", Ok("change_member_scope")),
    ("member allow", Ok("toggle_permissions")),
    ("member withhold", Ok("toggle_permissions")),
    ("member clear", Ok("toggle_permissions")),
    ("member suspend", Ok("change_member")),
    ("member reactivate", Ok("change_member")),
    ("member remove", Ok("remove_member")),
    ("scope list", Ok("list_scopes")),
    ("scope create", Ok("create_scope")),
    ("scope rename", Ok("change_scope")),
    ("scope move", Ok("change_scope")),
    ("scope share", Ok("share_scope")),
    ("scope unshare", Ok("unshare_scope")),
    ("scope archive", Ok("change_scope")),
    ("scope restore", Ok("change_scope")),
    ("key issue", Ok("issue_key")),
    ("key list", Ok("list_keys")),
    ("key rotate", Ok("rotate_key")),
    ("key revoke", Ok("revoke_key")),
    ("key link", Err("it signs a person in to the console, and a program is none")),
    ("key operator", Err(STORE)),
    ("owner transfer", Ok("transfer_owner")),
    ("check", Ok("check")),
    ("explain", Ok("explain")),
    ("who-can", Ok("who_can")),
    ("access", Ok("access")),
    ("diff", Ok("diff")),
    ("findings", Ok("list_findings")),
    ("report", Ok("show_report")),
    ("review open", Ok("open_review")),
    ("review list", Ok("list_reviews")),
    ("review show", Ok("show_review")),
    ("review lines", Ok("list_review_lines")),
    ("review decide", Ok("decide_review")),
    ("review delegate", Ok("delegate_review")),
    ("review apply", Ok("apply_review")),
    ("review complete", Ok("complete_review")),
    ("review cancel", Ok("cancel_review")),
    ("review evidence", Ok("review_evidence")),
    ("gdpr export", Ok("export_personal_data")),
    ("gdpr erase", Ok("erase_personal_data")),
    ("gdpr reapply", Err(STORE)),
    ("gdpr hold", Ok("place_legal_hold")),
    ("gdpr release", Ok("lift_legal_hold")),
    ("gdpr register", Ok("show_personal_data_record")),
    ("gdpr due", Ok("list_due_erasures")),
    ("gdpr rotate", Err(STORE)),
    ("gdpr keys export", Err(STORE)),
    ("gdpr keys import", Err(STORE)),
    ("run", Ok("change_several")),
    ("events", Ok("list_events")),
    ("activity", Ok("list_activity")),
    ("audit list", Ok("list_audit")),
    ("audit export", Ok("export_audit")),
    ("audit verify", Err("who verifies a log does it with a program of their own, on an export")),
    ("audit checkpoint", Err("it signs with the key of the log, which the store's keeper has")),
    ("audit checkpoints", Ok("list_checkpoints")),
    ("audit proof", Ok("show_proof")),
    ("audit keys", Ok("list_log_keys")),
    ("import casbin", Err(STORE)),
    ("import pairs", Err(STORE)),
    ("copy", Err(STORE)),
    ("demo", Err(PROGRAM)),
    ("projections status", Ok("show_status")),
    ("projections run", Err(STORE)),
    ("projections rebuild", Err(STORE)),
    ("projections verify", Err(STORE)),
    ("serve", Err(PROGRAM)),
    ("status", Ok("show_status")),
    ("completions", Err(PROGRAM)),
];

/// The subcommands that have none below them.
fn leaves(command: &clap::Command, above: &str, found: &mut BTreeSet<String>) {
    for below in command.get_subcommands() {
        let name = format!("{above} {}", below.get_name()).trim().to_owned();
        match below.has_subcommands() {
            true => leaves(below, &name, found),
            false => drop(found.insert(name)),
        }
    }
}

#[test]
fn every_subcommand_has_an_operation_or_a_reason_why_not() {
    let mut commands = BTreeSet::new();
    leaves(&Cli::command(), "", &mut commands);
    let twins: BTreeMap<&str, Result<&str, &str>> = TWINS.iter().copied().collect();
    assert_eq!(twins.len(), TWINS.len(), "a subcommand is there twice");
    let known: BTreeSet<String> = twins.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(commands, known, "a subcommand is missing here, or is no more");

    let document = World::on_sqlite().request("GET", "/openapi.json").send().ok();
    let paths = document["paths"].as_object().unwrap().values();
    let operations: BTreeSet<&str> = paths
        .flat_map(|item| item.as_object().unwrap().values())
        .filter_map(|one| one["operationId"].as_str())
        .collect();
    let missing: Vec<_> = TWINS.iter().filter(|(_, twin)| twin.is_ok_and(|name| !operations.contains(name))).collect();
    assert!(missing.is_empty(), "{missing:?} of {operations:?}");
}
