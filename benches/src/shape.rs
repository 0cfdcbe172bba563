//! The shapes of organisations that checks are measured on, and questions about them.

use std::sync::Arc;

use chancery::aggregates::AccessState;
use chancery::aggregates::access::{Decision, Ownership, Place, Question, Request};
use chancery::aggregates::event::{
    Details, Event, MemberEvent, OrganisationEvent, RoleCreated, RoleEvent, ScopeEvent, Stamp,
};
use chancery::aggregates::profile::document::{CategoryDocument, PermissionDocument, ProfileDocument};
use chancery::aggregates::profile::{BUILT_IN, Profile, check::check};
use chancery::aggregates::vocabulary::{
    AccountTypeKey, MemberId, MemberKind, MemberScope, OrganisationId, PermissionKey, RoleId, RoleRef, ScopeId,
    ScopeRef, Time, Window,
};

/// An organisation as plain data.
#[derive(Debug, Default)]
pub struct Shape {
    pub permissions: Vec<String>,
    /// For each role the numbers of its permissions.
    pub roles: Vec<Vec<usize>>,
    /// Ids, and the number of what they stand below.
    pub scopes: Vec<(String, Option<usize>)>,
    pub members: Vec<ShapeMember>,
}

#[derive(Debug, Default)]
pub struct ShapeMember {
    pub id: String,
    /// Role, and its own scope.
    pub roles: Vec<(usize, Option<usize>)>,
    pub nodes: Vec<usize>,
}

/// A question with its strings, and by number in the shape.
#[derive(Debug, Clone)]
pub struct Asked {
    pub organisation: usize,
    pub organisation_id: String,
    pub subject: String,
    pub permission: String,
    pub scope: String,
    pub numbers: [usize; 3],
    /// When, read from text once: that takes longer than a check.
    pub at: Time,
}

/// Numbers that look random and are the same in every run.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

pub fn now() -> Time {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// 1,000 members with 2 of 50 roles, 500 permissions, 100 sites in 10 estates. A member reaches one or two
/// estates, or one to four sites.
pub fn org() -> Shape {
    let mut dice = Dice::new(1);
    let mut shape = Shape {
        permissions: (0..500).map(|n| format!("area-{}.action-{n}", n / 20)).collect(),
        scopes: (0..110)
            .map(|n| if n < 10 { (format!("estate-{n}"), None) } else { (format!("site-{n}"), Some(n % 10)) })
            .collect(),
        ..Shape::default()
    };
    for _ in 0..50 {
        let mut permissions: Vec<usize> = (0..100).map(|_| dice.below(500)).collect();
        permissions.sort_unstable();
        permissions.dedup();
        shape.roles.push(permissions);
    }
    for n in 0..1000 {
        let first = dice.below(50);
        let roles = vec![(first, None), ((first + 1 + dice.below(49)) % 50, None)];
        let estates = dice.below(2) == 0;
        let count = if estates { 1 + dice.below(2) } else { 1 + dice.below(4) };
        let nodes = (0..count).map(|_| if estates { dice.below(10) } else { 10 + dice.below(100) }).collect();
        shape.members.push(ShapeMember { id: format!("member-{n:06}"), roles, nodes });
    }
    shape
}

/// Casbin's large benchmark: 10,000 roles for 10 users each, 1,000 resources for 10 roles each.
pub fn casbin_large() -> Shape {
    Shape {
        permissions: ["read", "write", "delete"].map(str::to_owned).to_vec(),
        roles: (0..10_000).map(|role| if role % 3 == 0 { vec![0, 1] } else { vec![0] }).collect(),
        scopes: (0..1_000).map(|n| (format!("data{n}"), None)).collect(),
        members: (0..100_000)
            .map(|n| ShapeMember { id: format!("user{n}"), roles: vec![(n / 10, Some(n / 100))], nodes: Vec::new() })
            .collect(),
    }
}

impl Shape {
    /// The organisation's state, from its events.
    pub fn state(&self, id: &str) -> AccessState {
        let mut state = AccessState::default();
        for (event, position) in self.events(id).zip(1..) {
            state.apply(&event, Stamp { position, time: now() });
        }
        state
    }

    /// The same, with a profile that others have as well.
    pub fn shared_state(&self, id: &str, profile: &mut Option<Arc<Profile>>) -> AccessState {
        let mut state = self.state(id);
        match profile {
            Some(profile) => assert!(state.share_profile(profile)),
            None => *profile = state.shared_profile(),
        }
        state
    }

    fn events(&self, id: &str) -> impl Iterator<Item = Event> {
        let founded = OrganisationEvent::OrganisationFounded {
            organisation: OrganisationId::known(id),
            name: "Benchmark".into(),
            profile: Box::new(self.profile()),
        };
        let scopes = self.scopes.iter().enumerate().map(|(n, (_, parent))| {
            let kind = if parent.is_some() { "site" } else { "estate" }.into();
            ScopeEvent::ScopeCreated { scope: self.scope(n), kind, parent: parent.map(|n| self.scope(n)) }.into()
        });
        let roles = self.roles.iter().enumerate().map(|(n, permissions)| {
            let permissions = permissions.iter().map(|n| PermissionKey::known(self.permissions[*n].as_str()));
            RoleEvent::RoleCreated(Box::new(created(role(n), permissions.collect()))).into()
        });
        [founded.into()].into_iter().chain(scopes).chain(roles).chain(self.members.iter().flat_map(|m| self.enrol(m)))
    }

    fn enrol(&self, member: &ShapeMember) -> impl Iterator<Item = Event> {
        let id = MemberId::known(member.id.as_str());
        let nodes: Vec<ScopeRef> = member.nodes.iter().map(|n| self.scope(*n)).collect();
        let added = MemberEvent::MemberAdded {
            member: id.clone(),
            kind: MemberKind::Person,
            account_type: AccountTypeKey::known("account"),
            details: Details::default(),
            scope: if nodes.is_empty() { MemberScope::None } else { MemberScope::Selected(nodes) },
        };
        let assigned = member.roles.iter().map(move |(n, scope)| {
            let (member, role, scope) = (id.clone(), role(*n), scope.map(|n| self.scope(n)));
            MemberEvent::RoleAssigned { member, role, scope, window: Window::default(), before: None }.into()
        });
        [added.into()].into_iter().chain(assigned)
    }

    fn profile(&self) -> ProfileDocument {
        let mut profile = check(BUILT_IN.iter().find(|(name, _)| *name == "blank").unwrap().1).unwrap();
        let permission = |key: &String| PermissionDocument {
            key: key.as_str().into(),
            label: key.clone(),
            description: String::new(),
            narrows: Vec::new(),
            sensitive: false,
        };
        profile.categories.push(CategoryDocument {
            key: "benchmark".into(),
            label: "Benchmark".into(),
            administration: false,
            permissions: self.permissions.iter().map(permission).collect(),
        });
        profile
    }

    pub fn scope(&self, n: usize) -> ScopeRef {
        ScopeRef { id: ScopeId::known(self.scopes[n].0.as_str()), name: self.scopes[n].0.as_str().into() }
    }

    /// The plain reading of the shape, to make questions with.
    pub fn allows(&self, [member, permission, scope]: [usize; 3]) -> bool {
        let member = &self.members[member];
        let reaches =
            |nodes: &[usize]| nodes.contains(&scope) || self.scopes[scope].1.is_some_and(|n| nodes.contains(&n));
        member.roles.iter().any(|(role, own)| {
            self.roles[*role].contains(&permission) && own.map_or_else(|| reaches(&member.nodes), |own| reaches(&[own]))
        })
    }

    /// Questions of which so many percent are answered yes, in random order. What is denied names a scope that the
    /// member reaches in every other case.
    pub fn questions(&self, count: usize, organisations: usize, percent_allowed: usize) -> Vec<Asked> {
        let (mut dice, at) = (Dice::new(7), now());
        let mut asked = Vec::with_capacity(count);
        while asked.len() < count {
            let numbers = self.guess(&mut dice);
            if self.allows(numbers) != (dice.below(100) < percent_allowed) {
                continue;
            }
            let organisation = dice.below(organisations);
            let [member, permission, scope] = numbers;
            asked.push(Asked {
                organisation,
                organisation_id: organisation_id(organisation),
                subject: self.members[member].id.clone(),
                permission: self.permissions[permission].clone(),
                scope: self.scopes[scope].0.clone(),
                numbers,
                at,
            });
        }
        asked
    }

    fn guess(&self, dice: &mut Dice) -> [usize; 3] {
        let number = dice.below(self.members.len());
        let member = &self.members[number];
        let (role, own) = member.roles[dice.below(member.roles.len())];
        let nodes: Vec<usize> = own.into_iter().chain(member.nodes.iter().copied()).collect();
        let near = nodes[dice.below(nodes.len())];
        let below: Vec<usize> = (0..self.scopes.len()).filter(|n| self.scopes[*n].1 == Some(near)).take(10).collect();
        let near = if below.is_empty() { near } else { below[dice.below(below.len())] };
        let held = &self.roles[role];
        let permission =
            if dice.below(2) == 0 { held[dice.below(held.len())] } else { dice.below(self.permissions.len()) };
        [number, permission, if dice.below(2) == 0 { near } else { dice.below(self.scopes.len()) }]
    }
}

impl Asked {
    pub fn request(&self) -> Request<'_> {
        let (subject, permission) = (self.subject.as_str(), self.permission.as_str());
        Request { subject, permission, scope: Some(&self.scope), owner: None, at: self.at }
    }

    /// The question with everything looked up in a state of the shape.
    pub fn question(&self, state: &AccessState) -> Question {
        Question {
            subject: state.member_ix(&self.subject).unwrap(),
            permission: state.profile().unwrap().permission_ix(&self.permission).unwrap(),
            place: Place::Scope(state.scope_ix(&self.scope).unwrap()),
            ownership: Ownership::Unnamed,
            at: self.at,
        }
    }
}

pub fn organisation_id(number: usize) -> String {
    format!("tenant-{number:04}")
}

pub fn role(n: usize) -> RoleRef {
    RoleRef { id: RoleId::known(format!("role-{n}")), name: format!("Role {n}").into() }
}

pub fn yes(decision: &Decision) -> u64 {
    u64::from(decision.is_allowed())
}

fn created(role: RoleRef, permissions: Vec<PermissionKey>) -> RoleCreated {
    RoleCreated {
        role,
        built_in: false,
        description: String::new(),
        colour: None,
        level: None,
        locked: false,
        everywhere: false,
        assigned: chancery::aggregates::profile::document::AssignedBy::Hand,
        assigned_only_by: Vec::new(),
        account_types: Vec::new(),
        permissions,
        inherits: Vec::new(),
        duplicate_of: None,
    }
}
