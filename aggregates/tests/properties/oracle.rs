//! The second opinion: folds a whole log from its JSON, with plain strings, and answers from that.
//! Slow, obvious, and without a line of the crate's own fold or evaluation.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

type Time = DateTime<Utc>;

/// What a member may do with a permission somewhere: nothing, on their own only, or on everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grip {
    No,
    Own,
    Full,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Organisation,
    Scope(String),
}

/// As it is, or as it would be with guards passed and suspensions ended, or with archived scopes in
/// use again as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Actual,
    Potential,
    Restored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Unnamed,
    Subject,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Allowed { only_own: bool },
    NotFound,
    Forbidden,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) colour: Option<String>,
    pub(crate) level: Option<u64>,
    pub(crate) locked: bool,
    pub(crate) everywhere: bool,
    pub(crate) assigned: String,
    pub(crate) assigned_only_by: BTreeSet<String>,
    pub(crate) account_types: BTreeSet<String>,
    pub(crate) own: BTreeSet<String>,
    pub(crate) inherits: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    Nothing,
    All,
    Nodes { by_group: bool, nodes: BTreeSet<String> },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Option<Time>,
    pub(crate) until: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) account_type: String,
    pub(crate) details: Value,
    pub(crate) status: &'static str,
    pub(crate) verified: bool,
    /// Status, and when an approval ends.
    pub(crate) documents: BTreeMap<String, (&'static str, Option<Time>)>,
    pub(crate) scope: Reach,
    pub(crate) assignments: BTreeMap<(String, Option<String>), Window>,
    pub(crate) toggles: BTreeMap<String, bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) parent: Option<String>,
    pub(crate) shared_with: BTreeSet<String>,
    pub(crate) archived: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Oracle {
    pub(crate) policy: Value,
    pub(crate) authority: Value,
    account_types: BTreeMap<String, Value>,
    /// The catalogue: each permission with the patterns that it narrows.
    pub(crate) permissions: BTreeMap<String, Vec<String>>,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) scopes: BTreeMap<String, Scope>,
    effective: BTreeMap<String, BTreeSet<String>>,
    restrictions: BTreeMap<String, Vec<String>>,
    bounds: RefCell<BTreeMap<(String, String), bool>>,
}

/// All that decides what a member holds at one place and instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hand<'a> {
    paths: Vec<&'a BTreeSet<String>>,
    toggles: &'a BTreeMap<String, bool>,
    toggles_reach: bool,
    account_type: &'a str,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn some_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().map(|items| items.iter().map(text).collect()).unwrap_or_default()
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

/// `*` stands for any characters.
fn glob(pattern: &[u8], key: &[u8]) -> bool {
    match pattern.split_first() {
        None => key.is_empty(),
        Some((b'*', rest)) => (0..=key.len()).any(|skipped| glob(rest, &key[skipped..])),
        Some((letter, rest)) => key.first() == Some(letter) && glob(rest, &key[1..]),
    }
}

/// The last pattern that matches decides; a leading `!` takes away.
pub(crate) fn selects(patterns: &[String], key: &str) -> bool {
    for pattern in patterns.iter().rev() {
        let (adds, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (false, pattern),
            None => (true, pattern.as_str()),
        };
        if glob(pattern.as_bytes(), key.as_bytes()) {
            return adds;
        }
    }
    false
}

impl Window {
    pub(crate) fn holds(self, at: Time) -> bool {
        let begun = match self.from {
            Some(from) => at >= from,
            None => true,
        };
        let over = match self.until {
            Some(until) => at >= until,
            None => false,
        };
        begun && !over
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
            "CommandRefused" => {}

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
            other => panic!("the oracle has never heard of {other}"),
        }
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

    /// Own and inherited permissions.
    pub(crate) fn effective(&self, role: &str) -> &BTreeSet<String> {
        &self.effective[role]
    }

    /// The scope and everything above it.
    pub(crate) fn above(&self, scope: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut at = Some(scope.to_owned());
        while let Some(id) = at {
            at = self.scopes[&id].parent.clone();
            assert!(found.insert(id), "scope {scope} stands below itself");
        }
        found
    }

    pub(crate) fn in_use(&self, scope: &str) -> bool {
        self.above(scope).iter().all(|id| !self.scopes[id].archived)
    }

    fn open(&self, scope: &str, reading: Reading) -> bool {
        reading == Reading::Restored || self.in_use(scope)
    }

    /// All that lies at or below the nodes, or is shared with that; of what is in use.
    fn reached_from(&self, nodes: &BTreeSet<String>, reading: Reading) -> BTreeSet<String> {
        let in_use: Vec<&String> = self.scopes.keys().filter(|scope| self.open(scope, reading)).collect();
        let below = |tops: &BTreeSet<String>| -> BTreeSet<String> {
            let under = |scope: &&&String| self.above(scope).iter().any(|above| tops.contains(above));
            in_use.iter().filter(under).map(|scope| (*scope).clone()).collect()
        };
        let direct = below(nodes);
        let opened = |scope: &&&String| self.scopes[**scope].shared_with.iter().any(|with| direct.contains(with));
        let shared: BTreeSet<String> = in_use.iter().filter(opened).map(|scope| (*scope).clone()).collect();
        let mut reached = below(&shared);
        reached.extend(direct);
        reached
    }

    fn reaches(&self, reach: &Reach, place: &Place, reading: Reading) -> bool {
        match (reach, place) {
            (Reach::Nothing, _) => false,
            (Reach::All, Place::Organisation) => true,
            (Reach::Nodes { .. }, Place::Organisation) => false,
            (Reach::All, Place::Scope(scope)) => self.scopes.contains_key(scope) && self.open(scope, reading),
            (Reach::Nodes { nodes, .. }, Place::Scope(scope)) => self.reached_from(nodes, reading).contains(scope),
        }
    }

    fn guards_pass(&self, member: &Member, at: Time) -> bool {
        let account_type = &self.account_types[&member.account_type];
        if account_type["verified_email"].as_bool() == Some(true) && !member.verified {
            return false;
        }
        texts(&account_type["documents"]).iter().all(|required| match member.documents.get(required) {
            Some(("approved", None)) => true,
            Some(("approved", Some(expires))) => at < *expires,
            _ => false,
        })
    }

    /// Whether somebody takes part and gets past the guards.
    pub(crate) fn takes_part(&self, member: &str, at: Time) -> bool {
        self.members.get(member).is_some_and(|member| member.status == "active" && self.guards_pass(member, at))
    }

    pub(crate) fn suits(&self, member: &str, role: &str) -> bool {
        let types = &self.roles[role].account_types;
        types.is_empty() || types.contains(&self.members[member].account_type)
    }

    /// The roles that count for a member at an instant, with the scope they are held in.
    pub(crate) fn in_force(&self, member: &str, at: Time) -> Vec<(&str, Option<&str>)> {
        let held = self.members[member].assignments.iter();
        held.filter(|((role, _), window)| window.holds(at) && self.suits(member, role))
            .map(|((role, scope), _)| (role.as_str(), scope.as_deref()))
            .collect()
    }

    /// The best level that a member has.
    pub(crate) fn level(&self, member: &str, at: Time) -> Option<u64> {
        self.in_force(member, at).into_iter().filter_map(|(role, _)| self.roles[role].level).min()
    }

    /// Whether some role in force, or the member's own scope, reaches the place.
    pub(crate) fn hand(&self, member: &str, place: &Place, at: Time, reading: Reading) -> Option<Hand<'_>> {
        let entry = self.members.get(member)?;
        let shut = match reading {
            Reading::Actual => !self.takes_part(member, at),
            Reading::Potential | Reading::Restored => entry.status == "removed",
        };
        if shut {
            return None;
        }
        let mut paths = Vec::new();
        for (role, scope) in self.in_force(member, at) {
            let reach = match scope {
                _ if self.roles[role].everywhere => Reach::All,
                Some(scope) => Reach::Nodes { by_group: false, nodes: BTreeSet::from([scope.to_owned()]) },
                None => entry.scope.clone(),
            };
            if self.reaches(&reach, place, reading) {
                paths.push(&self.effective[role]);
            }
        }
        Some(Hand {
            paths,
            toggles: &entry.toggles,
            toggles_reach: self.reaches(&entry.scope, place, reading),
            account_type: &entry.account_type,
        })
    }

    fn may_hold(&self, account_type: &str, permission: &str) -> bool {
        let key = (account_type.to_owned(), permission.to_owned());
        if let Some(known) = self.bounds.borrow().get(&key) {
            return *known;
        }
        let answer = selects(&texts(&self.account_types[account_type]["may_hold"]), permission);
        self.bounds.borrow_mut().insert(key, answer);
        answer
    }

    /// What a hand is worth for one permission.
    pub(crate) fn grip(&self, hand: &Hand<'_>, permission: &str) -> Grip {
        let grants = self.permissions.get(permission).is_some_and(Vec::is_empty);
        if !grants || !self.may_hold(hand.account_type, permission) || hand.toggles.get(permission) == Some(&false) {
            return Grip::No;
        }
        let nothing = BTreeSet::new();
        let mut ways: Vec<&BTreeSet<String>> =
            hand.paths.iter().copied().filter(|path| path.contains(permission)).collect();
        if hand.toggles_reach && hand.toggles.get(permission) == Some(&true) {
            ways.push(&nothing);
        }
        let restricted = |way: &&BTreeSet<String>| {
            self.restrictions.iter().any(|(restriction, narrows)| {
                let applies = match hand.toggles.get(restriction) {
                    Some(given) => *given,
                    None => way.contains(restriction),
                };
                applies && selects(narrows, permission)
            })
        };
        match (ways.is_empty(), ways.iter().all(restricted)) {
            (true, _) => Grip::No,
            (false, true) => Grip::Own,
            (false, false) => Grip::Full,
        }
    }

    pub(crate) fn holds(&self, member: &str, permission: &str, place: &Place, at: Time, reading: Reading) -> Grip {
        self.hand(member, place, at, reading).map_or(Grip::No, |hand| self.grip(&hand, permission))
    }

    pub(crate) fn answer(&self, member: &str, permission: &str, place: &Place, owner: Owner, at: Time) -> Answer {
        if !self.members.contains_key(member) {
            return Answer::NotFound;
        }
        let Some(hand) = self.hand(member, place, at, Reading::Actual) else { return Answer::Forbidden };
        let unseen = *place != Place::Organisation && hand.paths.is_empty() && !hand.toggles_reach;
        if self.permissions.contains_key(permission) && unseen {
            return Answer::NotFound;
        }
        match (self.grip(&hand, permission), owner) {
            (Grip::No, _) | (Grip::Own, Owner::Other) => Answer::Forbidden,
            (Grip::Full, _) | (Grip::Own, Owner::Subject) => Answer::Allowed { only_own: false },
            (Grip::Own, Owner::Unnamed) => Answer::Allowed { only_own: true },
        }
    }

    /// When a member's access may change by itself.
    pub(crate) fn turning_points(&self, member: &str) -> BTreeSet<Time> {
        let Some(member) = self.members.get(member) else { return BTreeSet::new() };
        let windows = member.assignments.values().flat_map(|window| [window.from, window.until]);
        windows.chain(member.documents.values().map(|(_, expires)| *expires)).flatten().collect()
    }

    /// Where a scope is governed from: itself, or the nearest scope above it that is in use.
    pub(crate) fn seat(&self, place: &Place) -> Place {
        let mut place = place.clone();
        while let Place::Scope(scope) = &place {
            if self.in_use(scope) {
                break;
            }
            place = self.scopes[scope].parent.clone().map_or(Place::Organisation, Place::Scope);
        }
        place
    }

    /// Whether somebody can manage roles, now and for good.
    pub(crate) fn has_administrator(&self, at: Time) -> bool {
        let manages = |member: &String, at: Time| {
            ["role_edit", "role_assign"].iter().all(|need| {
                let permission = self.authority[*need].as_str().expect("a permission");
                self.holds(member, permission, &Place::Organisation, at, Reading::Actual) == Grip::Full
            })
        };
        self.members.keys().any(|member| manages(member, at) && manages(member, Time::MAX_UTC))
    }

    pub(crate) fn switch(&self, name: &str) -> bool {
        self.policy[name].as_bool().unwrap_or(false)
    }

    pub(crate) fn policy_list(&self, name: &str) -> Vec<String> {
        texts(&self.policy[name])
    }
}
