//! What each event means.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Member, Oracle, Reach, Role, Scope, Time, Window, texts};

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn some_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn some_id(value: &Value) -> Option<String> {
    some_text(&value["id"])
}

fn ids(value: &Value) -> BTreeSet<String> {
    value.as_array().map(|items| items.iter().map(|item| text(&item["id"])).collect()).unwrap_or_default()
}

fn time(value: &Value) -> Option<Time> {
    value.as_str().map(|text| text.parse().expect("an instant"))
}

fn window(value: &Value) -> Window {
    Window { from: time(&value["from"]), until: time(&value["until"]) }
}

fn reach(value: &Value) -> Reach {
    match value.as_str() {
        Some("none") => Reach::Nothing,
        Some("all") => Reach::All,
        Some(other) => panic!("no such scope: {other}"),
        None => match value.get("selected") {
            Some(nodes) => Reach::Nodes { by_group: false, nodes: ids(nodes) },
            None => Reach::Nodes { by_group: true, nodes: ids(&value["by_group"]) },
        },
    }
}

impl Oracle {
    pub(crate) fn fold<'a>(events: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut oracle = Self::default();
        for event in events {
            let (name, fields) = event.as_object().and_then(|object| object.iter().next()).expect("one event");
            oracle.take(name, fields);
        }
        for role in oracle.roles.keys() {
            oracle.effective.insert(role.clone(), oracle.with_inherited(role, &mut BTreeSet::new()));
        }
        oracle.restrictions = oracle.permissions.clone();
        oracle.restrictions.retain(|_, narrows| !narrows.is_empty());
        oracle
    }

    fn role(&mut self, id: &str) -> &mut Role {
        self.roles.get_mut(id).expect("a role")
    }

    fn member(&mut self, event: &Value) -> &mut Member {
        self.members.get_mut(event["member"].as_str().expect("an id")).expect("a member")
    }

    fn scope(&mut self, id: &Value) -> &mut Scope {
        self.scopes.get_mut(id.as_str().expect("an id")).expect("a scope")
    }

    fn add_permissions(&mut self, categories: &Value) {
        for category in categories.as_array().expect("categories") {
            for permission in category["permissions"].as_array().expect("permissions") {
                self.permissions.insert(text(&permission["key"]), texts(&permission["narrows"]));
            }
        }
    }

    fn take(&mut self, name: &str, event: &Value) {
        let role_id = event["role"]["id"].as_str().unwrap_or_default();
        let after = &event["after"];
        match name {
            "OrganisationFounded" => {
                let profile = &event["profile"];
                self.policy = profile["policy"].clone();
                self.authority = profile["authority"].clone();
                for account_type in profile["account_type"].as_array().expect("account types") {
                    self.account_types.insert(text(&account_type["key"]), account_type.clone());
                }
                self.add_permissions(&profile["category"]);
            }
            "CatalogueRevised" => self.add_permissions(&event["added"]),
            "PolicyRevised" => self.policy = after.clone(),
            "OwnerTransferred" => {
                let (role, from, to) = (role_id.to_owned(), text(&event["before"]), text(after));
                self.members.get_mut(&from).expect("a member").assignments.remove(&(role.clone(), None));
                let to = self.members.get_mut(&to).expect("a member");
                to.assignments.insert((role, None), Window::default());
            }
            "CommandRefused" | "LogKeyPublished" | "AuditExported" => {}

            "RoleCreated" => {
                let role = Role {
                    name: text(&event["role"]["name"]),
                    description: some_text(&event["description"]).unwrap_or_default(),
                    colour: some_text(&event["colour"]),
                    level: event["level"].as_u64(),
                    locked: event["locked"].as_bool().unwrap_or(false),
                    everywhere: event["everywhere"].as_bool().unwrap_or(false),
                    assigned: text(&event["assigned"]),
                    assigned_only_by: texts(&event["assigned_only_by"]).into_iter().collect(),
                    account_types: texts(&event["account_types"]).into_iter().collect(),
                    own: texts(&event["permissions"]).into_iter().collect(),
                    inherits: ids(&event["inherits"]),
                };
                let former = self.roles.insert(role_id.to_owned(), role);
                assert!(former.is_none(), "role {role_id} made twice");
            }
            "RoleRenamed" => self.role(event["role"].as_str().expect("an id")).name = text(after),
            "RoleDescribed" => self.role(role_id).description = text(after),
            "RoleRecoloured" => self.role(role_id).colour = some_text(after),
            "RoleLevelChanged" => self.role(role_id).level = after.as_u64(),
            "PermissionToggled" => {
                let permission = text(&event["permission"]["id"]);
                if after.as_bool().expect("a switch") {
                    self.role(role_id).own.insert(permission);
                } else {
                    self.role(role_id).own.remove(&permission);
                }
            }
            "RoleInheritanceChanged" => self.role(role_id).inherits = ids(after),
            "RoleLocked" => self.role(role_id).locked = true,
            "RoleUnlocked" => self.role(role_id).locked = false,
            "RoleDeleted" => {
                self.roles.remove(role_id);
                for role in self.roles.values_mut() {
                    role.inherits.remove(role_id);
                }
                for member in self.members.values_mut() {
                    member.assignments.retain(|(role, _), _| role != role_id);
                }
            }

            "MemberAdded" => {
                let member = Member {
                    account_type: text(&event["account_type"]),
                    details: event["details"].clone(),
                    status: "active",
                    verified: false,
                    documents: BTreeMap::new(),
                    scope: reach(&event["scope"]),
                    assignments: BTreeMap::new(),
                    toggles: BTreeMap::new(),
                    program: event["kind"] == "service",
                    keys: BTreeMap::new(),
                };
                let former = self.members.insert(text(&event["member"]), member);
                assert!(former.is_none(), "member added twice");
            }
            "MemberDetailsChanged" => {
                let member = self.member(event);
                if event["before"]["email"] != after["email"] {
                    member.verified = false;
                }
                member.details = after.clone();
            }
            "AccountTypeChanged" => self.member(event).account_type = text(after),
            "EmailVerified" => self.member(event).verified = true,
            "DocumentSubmitted" => self.set_document(event, "submitted", None),
            "DocumentApproved" => self.set_document(event, "approved", time(&event["expires"])),
            "DocumentRejected" => self.set_document(event, "rejected", None),
            "DocumentExpired" => self.set_document(event, "expired", None),
            "RoleAssigned" => {
                let held = (role_id.to_owned(), some_id(&event["scope"]));
                self.member(event).assignments.insert(held, window(&event["window"]));
            }
            "RoleUnassigned" => {
                let held = (role_id.to_owned(), some_id(&event["scope"]));
                let ended = self.member(event).assignments.remove(&held);
                assert!(ended.is_some(), "{held:?} was not held");
            }
            "MemberScopeChanged" => self.member(event).scope = reach(after),
            "MemberPermissionToggled" => {
                let permission = text(&event["permission"]["id"]);
                self.member(event).toggles.insert(permission, after.as_bool().expect("a switch"));
            }
            "MemberPermissionCleared" => {
                let permission = text(&event["permission"]["id"]);
                self.member(event).toggles.remove(&permission);
            }
            "MemberSuspended" => self.member(event).status = "suspended",
            "MemberReactivated" => self.member(event).status = "active",
            "MemberRemoved" => {
                let member = self.member(event);
                member.status = "removed";
                member.assignments.clear();
                member.toggles.clear();
            }

            "KeyIssued" => {
                let former = self.member(event).keys.insert(text(&event["key"]), (time(&event["expires"]), false));
                assert!(former.is_none(), "key issued twice");
            }
            "KeyExpiryChanged" => {
                let end = time(after);
                self.key(event).0 = end;
            }
            "KeyRevoked" => self.key(event).1 = true,

            "ScopeCreated" => {
                let scope = Scope {
                    name: text(&event["scope"]["name"]),
                    kind: text(&event["kind"]),
                    parent: some_id(&event["parent"]),
                    shared_with: BTreeSet::new(),
                    archived: false,
                };
                let former = self.scopes.insert(text(&event["scope"]["id"]), scope);
                assert!(former.is_none(), "scope made twice");
            }
            "ScopeRenamed" => self.scope(&event["scope"]).name = text(after),
            "ScopeMoved" => self.scope(&event["scope"]["id"]).parent = some_id(after),
            "ScopeShared" => {
                self.scope(&event["scope"]["id"]).shared_with.insert(text(&event["with"]["id"]));
            }
            "ScopeUnshared" => {
                self.scope(&event["scope"]["id"]).shared_with.remove(event["with"]["id"].as_str().expect("an id"));
            }
            "ScopeArchived" => self.scope(&event["scope"]["id"]).archived = true,
            "ScopeRestored" => self.scope(&event["scope"]["id"]).archived = false,
            review if review.starts_with("Review") => {}
            other => panic!("the oracle has never heard of {other}"),
        }
    }

    fn key(&mut self, event: &Value) -> &mut (Option<Time>, bool) {
        self.member(event).keys.get_mut(event["key"].as_str().expect("an id")).expect("a key of the member")
    }

    fn set_document(&mut self, event: &Value, status: &'static str, expires: Option<Time>) {
        self.member(event).documents.insert(text(&event["document"]), (status, expires));
    }

    fn with_inherited(&self, role: &str, seen: &mut BTreeSet<String>) -> BTreeSet<String> {
        let Some(entry) = self.roles.get(role).filter(|_| seen.insert(role.to_owned())) else {
            return BTreeSet::new();
        };
        let mut permissions = entry.own.clone();
        for parent in &entry.inherits {
            permissions.extend(self.with_inherited(parent, seen));
        }
        permissions
    }
}
