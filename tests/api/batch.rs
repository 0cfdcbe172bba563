//! Several changes as one request, on both stores.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::World;

on_every_store! {
    several_changes_happen_together_each_on_what_the_ones_before_it_leave,
    a_refusal_names_the_change_and_undoes_the_others,
    every_kind_of_change_can_be_one_of_several,
}

const CHANGES: &str = "/v1/organisations/acme/changes";

fn several(changes: Value) -> Value {
    json!({ "changes": changes })
}

fn types(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn annex_with_ana() -> Value {
    several(json!([
        {"operation": "create_scope", "body": {"id": "annex", "name": "Annex"}},
        {"operation": "add_member", "body": {"id": "ana", "name": "Ana", "email": "ana@example.com", "account_type": "member"}},
        {"operation": "assign_role", "member": "ana", "body": {"role": "viewer", "scope": "annex"}},
        {"operation": "change_member", "member": "ana", "body": {"phone": "+1 555 0100"}}
    ]))
}

fn several_changes_happen_together_each_on_what_the_ones_before_it_leave(world: &World) {
    let before = world.position("acme");
    let send =
        || world.request("POST", CHANGES).key("acme/olivia").header("idempotency-key", "a-1").json(&annex_with_ana());
    let rehearsed = world.post(&format!("{CHANGES}?dry_run=true"), "acme/olivia", &annex_with_ana()).ok();
    assert_eq!(rehearsed["dry_run"], true);
    assert!(rehearsed["access"].to_string().contains("assets.view"), "{rehearsed}");
    assert_eq!(world.position("acme"), before, "a rehearsal writes nothing");

    let made = send().send();
    let told = made.ok();
    assert_eq!(types(&told), ["ScopeCreated", "MemberAdded", "RoleAssigned", "MemberDetailsChanged"]);
    assert_eq!(told["position"], before + 4);
    assert_eq!(made.header("x-chancery-position"), Some((before + 4).to_string().as_str()));
    assert_eq!(types(&rehearsed), types(&told), "as the rehearsal said");
    let ana = world.get("/v1/organisations/acme/members/ana", "acme/olivia").ok();
    assert_eq!((&ana["name"], &ana["phone"]), (&json!("Ana"), &json!("+1 555 0100")), "what is not named stays");
    assert_eq!(ana["roles"][0]["scope"]["id"], "annex");

    let again = send().send();
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.ok(), told, "a repeated request answers as the first time");
    assert_eq!(world.position("acme"), before + 4);
    let other = world.request("POST", CHANGES).key("acme/olivia").header("idempotency-key", "a-1");
    other.json(&several(json!([{"operation": "delete_role", "role": "tasker"}]))).send().problem(422, "key_reused");
}

fn a_refusal_names_the_change_and_undoes_the_others(world: &World) {
    let position = || world.position("acme");
    let before = position();
    let refused = |token: &str, changes: Value, status: u16, rule: &str| {
        let problem = world.post(CHANGES, token, &several(changes)).problem(status, rule);
        problem["field"].as_str().unwrap_or_default().to_owned()
    };
    let scope = |id: &str| json!({"operation": "create_scope", "body": {"id": id, "name": id}});
    // The first change is two commands, so the third command is of the second change.
    let renamed =
        json!({"operation": "change_role", "role": "viewer", "body": {"name": "Watcher", "description": "Looks"}});
    let field = refused("acme/olivia", json!([renamed, scope("tower"), scope("annex")]), 409, "id_taken");
    assert_eq!(field, "changes[1]");
    assert_eq!(world.get("/v1/organisations/acme/scopes/annex", "acme/olivia").status, 404);
    assert_eq!(world.get("/v1/organisations/acme/roles/viewer", "acme/olivia").ok()["name"], "Viewer");
    assert_eq!(position(), before + 1, "the refusal alone is on record");

    // What one change gives, the next cannot use for more than the actor holds.
    let grab = json!([
        {"operation": "assign_role", "member": "mei", "body": {"role": "lead", "scope": "library"}}, scope("annex")
    ]);
    world.post(CHANGES, "acme/hugo", &several(grab)).problem(404, "unknown");
    for (changes, rule, field) in [
        (json!([]), "too_many", "changes"),
        (json!(vec![scope("x"); 101]), "too_many", "changes"),
        (
            json!([scope("x"), {"operation": "change_scope", "scope": "tower", "body": {}}]),
            "nothing_to_do",
            "changes[1]",
        ),
        (json!([scope("x"), {"operation": "found_organisation"}]), "bad_body", "changes[1].operation"),
        (json!([{"operation": "delete_role", "role": "viewer", "force": true}]), "bad_body", "changes[0]"),
        (json!([{"role": "viewer"}]), "bad_body", "changes[0]"),
    ] {
        assert_eq!(refused("acme/olivia", changes, 400, rule), field, "{rule}");
    }
    assert_eq!(refused("acme/olivia", json!([scope("x"), scope("a b")]), 422, "bad_id"), "changes[1]");
    assert_eq!(world.get("/v1/organisations/acme/scopes/x", "acme/olivia").status, 404);
}

fn every_kind_of_change_can_be_one_of_several(world: &World) {
    let changes = json!([
        {"operation": "create_role", "body": {"id": "night", "name": "Night", "permissions": ["assets.view"]}},
        {"operation": "duplicate_role", "role": "night", "body": {"id": "late", "name": "Late"}},
        {"operation": "change_role", "role": "late", "body": {"deny": ["assets.view"], "allow": ["tags.create"]}},
        {"operation": "delete_role", "role": "night"},
        {"operation": "create_scope", "body": {"id": "north", "name": "North"}},
        {"operation": "change_scope", "scope": "north", "body": {"name": "North Wing"}},
        {"operation": "share_scope", "scope": "north", "with": "tower"},
        {"operation": "unshare_scope", "scope": "north", "with": "tower"},
        {"operation": "add_member", "body": {"id": "bo", "account_type": "member"}},
        {"operation": "assign_role", "member": "bo", "body": {"role": "late", "scope": "north"}},
        {"operation": "unassign_role", "member": "bo", "role": "late", "scope": "north"},
        {"operation": "change_member", "member": "bo", "body": {"status": "suspended"}},
        {"operation": "remove_member", "member": "bo"},
        {"operation": "change_scope", "scope": "north", "body": {"archived": true}}
    ]);
    let made = world.post(CHANGES, "acme/olivia", &several(changes)).ok();
    assert_eq!(types(&made).first(), Some(&"RoleCreated"));
    assert_eq!(types(&made).last(), Some(&"ScopeArchived"));
    assert_eq!(world.get("/v1/organisations/acme/members/bo", "acme/olivia").ok()["status"], "left");
    let toggled = several(json!([
        {"operation": "toggle_permissions", "member": "mei", "body": {"withhold": ["assets.view", "tasks.complete"]}}
    ]));
    assert_eq!(types(&world.post(CHANGES, "acme/olivia", &toggled).ok()).len(), 2);
}

#[test]
fn documents_scopes_of_members_and_the_owner_are_among_what_can_be_changed_together() {
    let world = World::on_sqlite();
    world.line("props", "organisation found props --profile propops --name Props --owner olivia");
    let document = |operation: &str, more: Value| {
        let mut change = json!({"operation": operation, "member": "carl", "document": "certification"});
        change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        change
    };
    let judged = several(json!([
        {"operation": "add_member", "body": {"id": "carl", "account_type": "contractor"}},
        document("submit_document", json!({"body": {"reference": "store/1"}})),
        document("reject_document", json!({})),
        document("submit_document", json!({"body": {}})),
        document("approve_document", json!({"body": {"expires": "2099-01-01T00:00:00Z"}})),
        document("expire_document", json!({})),
        {"operation": "add_member", "body": {"id": "stan", "account_type": "staff"}},
        {"operation": "change_member_scope", "member": "stan", "body": {"kind": "none"}}
    ]));
    let made = world.post("/v1/organisations/props/changes", "props/olivia", &judged).ok();
    let documents =
        ["DocumentSubmitted", "DocumentRejected", "DocumentSubmitted", "DocumentApproved", "DocumentExpired"];
    let told = types(&made);
    let of_documents: Vec<&str> = told.iter().copied().filter(|name| name.starts_with("Document")).collect();
    assert_eq!(of_documents, documents);
    assert!(told.contains(&"MemberScopeChanged"), "{told:?}");

    world.line("links", "organisation found links --profile proplink --name Links --owner olivia");
    let handed = several(json!([
        {"operation": "add_member", "body": {"id": "max"}}, {"operation": "transfer_owner", "body": {"to": "max"}}
    ]));
    let made = world.post("/v1/organisations/links/changes", "links/olivia", &handed).ok();
    assert!(types(&made).contains(&"OwnerTransferred"), "{made}");
}
