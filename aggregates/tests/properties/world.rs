//! Random histories: a small organisation of any built-in profile, and steps that ask anything of it.

use chancery_aggregates::command::{
    BuiltIn, MemberCommand, NewRole, OrganisationCommand, RoleCommand, ScopeChoice, ScopeCommand,
};
use chancery_aggregates::event::{Details, OrganisationEvent};
use chancery_aggregates::founding::{self, Founder};
use chancery_aggregates::member::Member;
use chancery_aggregates::organisation::Organisation;
use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::document::{
    AssignedBy, AssignmentScope, CategoryDocument, PermissionDocument, Policy, ProfileDocument,
};
use chancery_aggregates::refused;
use chancery_aggregates::role::Role;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::vocabulary::{
    AccountTypeKey, Actor, DocumentKind, MemberId, MemberKind, OrganisationId, PermissionKey, Personal, RoleId,
    ScopeId, Time, Window,
};
use chancery_aggregates::{AccessState, Command, Event, Facts, Refusal, Stamp};
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::Value;

use crate::oracle::Oracle;

pub(crate) const FOUNDER: &str = "founder";

/// Seven random numbers: who asks, for what, with which four choices, and how long after the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) actor: u8,
    pub(crate) verb: u8,
    pub(crate) choices: [u8; 4],
    pub(crate) wait: u8,
}

/// A history to be played on a profile.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) opening: [u8; 8],
    pub(crate) steps: Vec<Step>,
}

/// Written so that a failure can be pasted into a test.
impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(|s| (s.actor, s.verb, s.choices, s.wait)).collect();
        write!(f, "script({:?}, &{steps:?})", self.opening)
    }
}

pub(crate) fn script(opening: [u8; 8], steps: &[(u8, u8, [u8; 4], u8)]) -> Script {
    let steps = steps.iter().map(|(actor, verb, choices, wait)| Step {
        actor: *actor,
        verb: *verb,
        choices: *choices,
        wait: *wait,
    });
    Script { opening, steps: steps.collect() }
}

pub(crate) fn scripts(length: std::ops::Range<usize>) -> impl Strategy<Value = Script> {
    let step = any::<(u8, u8, [u8; 4], u8)>();
    let step = step.prop_map(|(actor, verb, choices, wait)| Step { actor, verb, choices, wait });
    (any::<[u8; 8]>(), proptest::collection::vec(step, length)).prop_map(|(opening, steps)| Script { opening, steps })
}

/// One event of the log.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) stamp: Stamp,
    pub(crate) actor: Actor,
    pub(crate) event: Event,
    pub(crate) json: Value,
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) actor: Actor,
    pub(crate) command: Command,
    pub(crate) result: Result<Vec<Event>, Refusal>,
    /// Where the log ended before.
    pub(crate) from: usize,
}

pub(crate) struct World {
    pub(crate) document: ProfileDocument,
    pub(crate) state: AccessState,
    pub(crate) log: Vec<Line>,
    pub(crate) now: Time,
    keys: Vec<PermissionKey>,
    management: Vec<PermissionKey>,
}

pub(crate) fn member_id(id: &str) -> MemberId {
    MemberId::known(id)
}

pub(crate) fn role_id(id: &str) -> RoleId {
    RoleId::known(id)
}

pub(crate) fn scope_id(id: &str) -> ScopeId {
    ScopeId::known(id)
}

pub(crate) fn permission_key(key: &str) -> PermissionKey {
    PermissionKey::known(key)
}

pub(crate) fn actor(id: &str) -> Actor {
    Actor::parse(id).unwrap()
}

fn pick<T: Clone>(items: &[T], choice: u8) -> Option<T> {
    items.get(usize::from(choice).checked_rem(items.len())?).cloned()
}

/// A coin that falls the same way for the same seed and index.
fn coin(seed: u8, index: usize, percent: u64) -> bool {
    let mut mixed = (u64::from(seed) << 32 | index as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % 100 < percent
}

/// Decides a command as the engine does: on the aggregate as the access state has it.
pub(crate) fn decide(facts: &Facts, command: &Command) -> Result<Vec<Event>, Refusal> {
    fn wrap<E: Into<Event>>(events: Vec<E>) -> Vec<Event> {
        events.into_iter().map(Into::into).collect()
    }
    let state = &facts.state;
    match command {
        Command::Organisation(command) => Organisation::of(state).decide(command, facts).map(wrap),
        Command::Role(id, command) => {
            let role = state.role_by_id(id.as_str()).map(|entry| Role::of(state, entry)).unwrap_or_default();
            role.decide(id, command, facts).map(wrap)
        }
        Command::Member(id, command) => {
            let member = state.member_by_id(id.as_str()).map(|entry| Member::of(state, entry)).unwrap_or_default();
            member.decide(id, command, facts).map(wrap)
        }
        Command::Scope(id, command) => {
            let scope = state.scope_by_id(id.as_str()).map(|entry| Scope::of(state, entry)).unwrap_or_default();
            scope.decide(id, command, facts).map(wrap)
        }
    }
}

impl World {
    /// An organisation just founded.
    pub(crate) fn found(profile: &str) -> Self {
        let text = BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap().1;
        let document: ProfileDocument = toml::from_str(text).unwrap();
        let permissions = || document.categories.iter().flat_map(|category| &category.permissions);
        let keys: Vec<_> = permissions().map(|permission| permission_key(&permission.key)).collect();
        let authority = serde_json::to_value(&document.authority).unwrap();
        let named = |key: &&PermissionKey| authority.as_object().unwrap().values().any(|name| name == key.as_str());
        let management = keys.iter().filter(named).cloned().collect();
        let mut world = Self {
            state: AccessState::default(),
            log: Vec::new(),
            now: "2026-01-05T08:00:00Z".parse().unwrap(),
            keys,
            management,
            document,
        };
        let founder = Founder { id: member_id(FOUNDER), details: Details::default() };
        let organisation = OrganisationId::known("org");
        for command in founding::commands(&organisation, "Org", &world.document.clone(), &founder) {
            let outcome = world.ask(Actor::Operator, command);
            outcome.result.unwrap_or_else(|refusal| panic!("founding: {refusal}"));
        }
        world
    }

    pub(crate) fn facts(&self, actor: Actor) -> Facts {
        Facts { state: self.state.clone(), actor, now: self.now }
    }

    pub(crate) fn json(&self) -> impl Iterator<Item = &Value> {
        self.log.iter().map(|line| &line.json)
    }

    pub(crate) fn oracle(&self) -> Oracle {
        Oracle::fold(self.json())
    }

    /// Decides, and takes what comes of it.
    pub(crate) fn ask(&mut self, actor: Actor, command: Command) -> Outcome {
        let from = self.log.len();
        let result = decide(&self.facts(actor.clone()), &command);
        for event in result.iter().flatten() {
            self.record(event.clone(), actor.clone());
        }
        Outcome { actor, command, result, from }
    }

    fn record(&mut self, event: Event, actor: Actor) {
        let stamp = Stamp { position: self.log.len() as u64 + 1, time: self.now };
        self.state.apply(&event, stamp);
        let json = serde_json::from_str(&event.payload().unwrap()).unwrap();
        self.log.push(Line { stamp, actor, event, json });
    }

    /// Records a refusal as the engine does.
    fn record_refusal(&mut self, outcome: &Outcome) {
        let Err(refusal) = &outcome.result else { return };
        let attempt = refused::attempt(&self.state, &outcome.actor, &outcome.command, refusal, self.now, |_| 0);
        if attempt.recorded {
            let event = OrganisationEvent::CommandRefused(Box::new(attempt.refused));
            self.record(event.into(), outcome.actor.clone());
        }
    }

    /// One random step.
    pub(crate) fn step(&mut self, step: Step) -> Outcome {
        self.now += match step.wait {
            0..100 => TimeDelta::minutes(i64::from(step.wait)),
            100..200 => TimeDelta::hours(i64::from(step.wait) - 99),
            _ => TimeDelta::days((i64::from(step.wait) - 199) * 2),
        };
        let verb = self.verb(step.verb);
        // Else catalogue and policy would hardly ever change.
        let actor = if matches!(verb, 1..3) && step.wait % 4 != 0 { Actor::Operator } else { self.actor(step.actor) };
        let command = self.command(verb, step.choices);
        let outcome = self.ask(actor, command);
        self.record_refusal(&outcome);
        outcome
    }

    /// Without scopes or documents, what would be asked of them is asked of roles.
    fn verb(&self, verb: u8) -> u8 {
        let no_documents = self.document.account_types.iter().all(|account_type| account_type.documents.is_empty());
        match verb {
            200.. if self.document.scope_kinds.is_empty() && verb % 16 != 15 => verb - 168,
            108..121 if no_documents && verb % 16 != 15 => verb - 76,
            _ => verb,
        }
    }

    fn actor(&self, choice: u8) -> Actor {
        match choice {
            0..60 => actor(FOUNDER),
            60..80 => Actor::System,
            80..86 => Actor::Operator,
            _ => Actor::Member(self.member(choice)),
        }
    }

    fn member(&self, choice: u8) -> MemberId {
        let mut ids: Vec<_> = self.state.members().map(|(_, member)| member.id.clone()).collect();
        if choice % 32 == 31 {
            ids.push(member_id("ghost"));
        }
        pick(&ids, choice / 2).unwrap()
    }

    fn role(&self, choice: u8) -> RoleId {
        let mut ids: Vec<_> = self.state.roles().map(|(_, role)| role.id.clone()).collect();
        // Custom roles are what is changed most.
        for custom in (0..12).map(|number| number % 4) {
            ids.extend(self.state.role_ix(&format!("c{custom}")).map(|_| role_id(&format!("c{custom}"))));
        }
        if choice % 32 == 31 {
            ids.push(role_id("ghost"));
        }
        pick(&ids, choice).unwrap()
    }

    fn scope(&self, choice: u8) -> ScopeId {
        let mut ids: Vec<_> = self.state.scopes().map(|(_, scope)| scope.id.clone()).collect();
        if ids.is_empty() || choice % 32 == 31 {
            ids.push(scope_id("ghost"));
        }
        pick(&ids, choice).unwrap()
    }

    fn account_type(&self, choice: u8) -> AccountTypeKey {
        let keys: Vec<_> = self.document.account_types.iter().map(|account_type| account_type.key.clone()).collect();
        AccountTypeKey::known(pick(&keys, choice).unwrap())
    }

    fn document_kind(&self, choice: u8) -> DocumentKind {
        let kinds: Vec<_> = self.document.account_types.iter().flat_map(|kind| kind.documents.clone()).collect();
        DocumentKind::known(pick(&kinds, choice).unwrap_or("identity".into()))
    }

    /// One permission, most often one of those that matter most: management, restrictions and what they narrow.
    fn permission(&self, choice: u8) -> PermissionKey {
        let telling = self.telling();
        match choice {
            0 => permission_key("no.such.permission"),
            1..64 => pick(&self.keys, choice.wrapping_mul(37)).unwrap(),
            _ => pick(&telling, choice).unwrap(),
        }
    }

    pub(crate) fn telling(&self) -> Vec<PermissionKey> {
        let permissions = self.document.categories.iter().flat_map(|category| &category.permissions);
        let restrictions: Vec<_> = permissions.filter(|permission| !permission.narrows.is_empty()).collect();
        let narrowed = restrictions.iter().flat_map(|restriction| &restriction.narrows);
        let own = restrictions.iter().map(|restriction| &restriction.key).chain(narrowed);
        self.management.iter().cloned().chain(own.map(|key| permission_key(key))).collect()
    }

    fn some_permissions(&self, seed: u8, percent: u64, of_all: u64) -> Vec<PermissionKey> {
        let telling = self.telling();
        let chosen = telling.iter().enumerate().filter(|(index, _)| coin(seed, *index, percent)).map(|(_, key)| key);
        let mut keys: Vec<_> = chosen.cloned().collect();
        let others = self.keys.iter().enumerate().filter(|(index, _)| coin(seed, index + 1000, of_all));
        for key in others.map(|(_, key)| key) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        keys
    }

    fn window(&self, choice: u8) -> Window {
        let days = TimeDelta::days(i64::from(choice % 16) * 3);
        let (now, later) = (self.now, self.now + days);
        match choice / 16 {
            0..9 => Window::default(),
            9 => Window { from: None, until: Some(later) },
            10 => Window { from: Some(later), until: None },
            11 => Window { from: Some(later), until: Some(later + TimeDelta::days(20)) },
            12 => Window { from: Some(now - days), until: Some(later) },
            13 => Window { from: Some(now + TimeDelta::minutes(i64::from(choice))), until: None },
            14 => Window { from: None, until: Some(now + TimeDelta::minutes(i64::from(choice))) },
            _ => Window { from: Some(later), until: Some(now) },
        }
    }

    fn choice_of_scope(&self, choice: u8, nodes: u8) -> ScopeChoice {
        let nodes = || vec![self.scope(nodes), self.scope(nodes / 16)];
        match choice % 8 {
            0 => ScopeChoice::None,
            1..3 => ScopeChoice::All,
            3..6 => ScopeChoice::Selected(nodes().into_iter().take(1).collect()),
            6 => ScopeChoice::Selected(nodes()),
            _ => ScopeChoice::ByGroup(nodes()),
        }
    }

    fn scope_of_assignment(&self, choice: u8, role: &RoleId) -> Option<ScopeId> {
        let entry = self.state.role_by_id(role.as_str());
        let never = self.document.policy.assignment_scope == AssignmentScope::Never;
        let everywhere = entry.is_some_and(|role| role.everywhere);
        let wanted = match (never || everywhere, self.document.policy.assignment_scope) {
            (true, _) => choice % 16 == 15,
            (false, AssignmentScope::Required) => choice % 16 != 15,
            (false, _) => choice.is_multiple_of(2),
        };
        wanted.then(|| self.scope(choice / 2))
    }

    fn name(choice: u8) -> compact_str::CompactString {
        const NAMES: [&str; 12] = [
            "Auditor",
            "auditor",
            " AUDITOR ",
            "Deputy",
            "deputy  ",
            "ΟΔΟΣ",
            "οδος",
            "Straße",
            "STRASSE",
            "Night shift",
            "night  Shift",
            "",
        ];
        pick(&NAMES, choice).unwrap().into()
    }

    fn details(choice: u8) -> Details {
        let clear = |text: String| Some(Personal::Clear(text.into()));
        Details { name: None, email: clear(format!("m{}@example.org", choice % 4)), phone: None }
    }

    fn new_role(&self, [name, permissions, parents, other]: [u8; 4]) -> NewRole {
        let levels = self.document.policy.levels != (other == 0);
        NewRole {
            name: Self::name(name),
            description: String::new(),
            colour: (other % 4 == 1).then(|| "#00FF7f".into()),
            level: levels.then(|| u16::from(other % 8) * 8),
            permissions: self.some_permissions(
                permissions,
                u64::from(permissions % 4) * 8,
                u64::from(permissions % 4 / 3),
            ),
            inherits: if parents % 4 == 0 { vec![self.role(parents / 4)] } else { Vec::new() },
            built_in: (other % 16 == 7).then(|| BuiltIn {
                locked: name % 2 == 0,
                everywhere: true,
                assigned: pick(&[AssignedBy::Hand, AssignedBy::System, AssignedBy::Transfer], name).unwrap(),
                ..BuiltIn::default()
            }),
        }
    }

    fn policy(&self, choice: u8) -> Policy {
        let mut policy = self.document.policy.clone();
        match choice % 4 {
            0 => policy.self_change = !policy.self_change,
            1 => policy.several_roles = false,
            2 => policy.reminder_days += u32::from(choice),
            _ => {}
        }
        policy
    }

    fn category(choice: u8) -> CategoryDocument {
        let permission = |key: String, narrows: &[&str]| PermissionDocument {
            label: key.clone(),
            key: key.into(),
            description: String::new(),
            narrows: narrows.iter().map(|pattern| (*pattern).into()).collect(),
            sensitive: false,
        };
        CategoryDocument {
            key: "added".into(),
            label: "Added".into(),
            administration: false,
            permissions: vec![
                permission(format!("added.{}.read", choice % 4), &[]),
                permission(format!("added.{}.own_only", choice % 4), &["added.*"]),
            ],
        }
    }

    fn command(&self, verb: u8, choices: [u8; 4]) -> Command {
        match verb {
            0..4 => Command::Organisation(self.organisation_command(verb, choices)),
            4..88 => self.role_command(verb - 4, choices),
            88..200 => self.member_command(verb - 88, choices),
            _ => self.scope_command(verb - 200, choices),
        }
    }

    fn organisation_command(&self, verb: u8, [a, ..]: [u8; 4]) -> OrganisationCommand {
        match verb {
            0 => OrganisationCommand::FoundOrganisation {
                organisation: OrganisationId::known("org"),
                name: "Again".into(),
                profile: Box::new(self.document.clone()),
            },
            1 => OrganisationCommand::ReviseCatalogue { added: vec![Self::category(a)] },
            2 => OrganisationCommand::RevisePolicy { policy: Box::new(self.policy(a)) },
            _ => OrganisationCommand::TransferOwner { to: self.member(a) },
        }
    }

    fn role_command(&self, verb: u8, choices: [u8; 4]) -> Command {
        let [a, b, c, d] = choices;
        let custom = role_id(&format!("c{}", a % 8));
        let (id, command) = match verb {
            0..12 => (custom, RoleCommand::CreateRole(Box::new(self.new_role([b, c, d, a / 8])))),
            12..18 => (custom, RoleCommand::DuplicateRole { source: self.role(b), name: Self::name(c) }),
            18..22 => (self.role(a), RoleCommand::RenameRole { name: Self::name(b) }),
            22..24 => (self.role(a), RoleCommand::DescribeRole { description: format!("text {}", b % 3) }),
            24..27 => {
                let colours = [None, Some("#123456".into()), Some("#ABCDEF".into()), Some("red".into())];
                (self.role(a), RoleCommand::RecolourRole { colour: pick(&colours, b).unwrap() })
            }
            27..32 => (self.role(a), RoleCommand::ChangeRoleLevel { level: u16::from(b % 8) * 8 }),
            32..58 => {
                let (first, second) = (self.permission(b), self.permission(c));
                let (allow, deny) = match d % 8 {
                    0..3 => (vec![first], vec![]),
                    3..5 => (vec![], vec![first]),
                    5 => (vec![first.clone(), second, first], vec![]),
                    6 => (vec![first], vec![second]),
                    _ => (vec![], vec![first, second]),
                };
                (self.role(a), RoleCommand::TogglePermissions { allow, deny })
            }
            58..70 => {
                let parents = match c % 4 {
                    0 => vec![],
                    3 => vec![self.role(b), self.role(d)],
                    _ => vec![self.role(b)],
                };
                (self.role(a), RoleCommand::InheritFrom { parents })
            }
            70..73 => (self.role(a), RoleCommand::LockRole),
            73..76 => (self.role(a), RoleCommand::UnlockRole),
            _ => (self.role(a), RoleCommand::DeleteRole),
        };
        Command::Role(id, command)
    }

    fn member_command(&self, verb: u8, [a, b, c, d]: [u8; 4]) -> Command {
        let mut id = self.member(a);
        let document = self.document_kind(b);
        let command = match verb {
            0..8 => {
                id = member_id(&format!("m{}", a % 7));
                MemberCommand::AddMember {
                    kind: if b % 8 == 0 { MemberKind::Service } else { MemberKind::Person },
                    account_type: (b % 8 != 1).then(|| self.account_type(b / 8)),
                    details: Self::details(a),
                    scope: (c % 4 != 0).then(|| self.choice_of_scope(c / 4, d)),
                }
            }
            8..10 => MemberCommand::ChangeDetails { details: Self::details(b) },
            10..15 => MemberCommand::ChangeAccountType { account_type: self.account_type(b) },
            15..20 => MemberCommand::VerifyEmail,
            20..24 => MemberCommand::SubmitDocument { document, reference: None },
            24..29 => {
                let expires = (c % 2 == 0).then(|| self.now + TimeDelta::days(i64::from(c)) - TimeDelta::days(9));
                MemberCommand::ApproveDocument { document, expires }
            }
            29..31 => MemberCommand::RejectDocument { document },
            31..33 => MemberCommand::ExpireDocument { document },
            33..60 => {
                let role = self.role(b);
                let scope = self.scope_of_assignment(c, &role);
                MemberCommand::AssignRole { role, scope, window: self.window(d) }
            }
            60..68 => {
                // Nearly always one that is held.
                let entry = self.state.member_by_id(id.as_str());
                let held = entry.and_then(|entry| pick(&entry.assignments, b));
                let role = held.map_or_else(|| self.role(b), |held| self.state.cite_role(held.role).id);
                let scope = held.and_then(|held| held.scope).map(|scope| self.state.cite_scope(scope).id);
                MemberCommand::UnassignRole { role, scope }
            }
            68..76 => MemberCommand::ChangeScope { scope: self.choice_of_scope(b, c) },
            76..92 => MemberCommand::ToggleMemberPermission { permission: self.permission(b), allowed: c % 8 > 2 },
            92..97 => {
                let entry = self.state.member_by_id(id.as_str());
                let toggled = entry.and_then(|entry| pick(&entry.toggles, b));
                let held = toggled.and_then(|toggle| Some(self.state.profile()?.cite(toggle.permission).id));
                MemberCommand::ClearMemberPermission { permission: held.unwrap_or_else(|| self.permission(b)) }
            }
            97..101 => MemberCommand::SuspendMember,
            101..110 => MemberCommand::ReactivateMember,
            _ => MemberCommand::RemoveMember,
        };
        Command::Member(id, command)
    }

    fn scope_command(&self, verb: u8, [a, b, c, d]: [u8; 4]) -> Command {
        let kinds: Vec<_> = self.document.scope_kinds.iter().map(|kind| kind.key.clone()).collect();
        let mut id = self.scope(a);
        let command = match verb {
            0..10 => {
                id = scope_id(&format!("s{}", a % 7));
                let parent = (d % 4 != 0).then(|| self.scope(c));
                ScopeCommand::CreateScope { name: format!("Scope {a}").into(), kind: pick(&kinds, b), parent }
            }
            10..13 => ScopeCommand::RenameScope { name: format!("Scope {}", b % 4).into() },
            13..24 => ScopeCommand::MoveScope { parent: (c % 4 != 0).then(|| self.scope(b)) },
            24..34 => ScopeCommand::ShareScope { with: self.scope(b) },
            34..39 => ScopeCommand::UnshareScope { with: self.scope(b) },
            39..46 => ScopeCommand::ArchiveScope,
            _ => ScopeCommand::RestoreScope,
        };
        Command::Scope(id, command)
    }

    /// What the founder and the product do first, so that others have something to act with: scopes of
    /// each kind, members of each account type, and three custom roles with some of the management.
    pub(crate) fn opening(&self, seeds: [u8; 8]) -> Vec<(Actor, Command)> {
        let mut script = Vec::new();
        self.open_scopes(&mut script);
        let levels = self.document.policy.levels;
        for (index, seed) in seeds.into_iter().take(3).enumerate() {
            let role = NewRole {
                name: format!("Custom {index}").into(),
                level: levels.then(|| 15 + 10 * index as u16),
                permissions: self.some_permissions(seed, [90, 75, 55][index], 10),
                ..NewRole::default()
            };
            let command = RoleCommand::CreateRole(Box::new(role));
            script.push((actor(FOUNDER), Command::Role(role_id(&format!("c{index}")), command)));
        }
        for (index, seed) in seeds.into_iter().skip(3).enumerate() {
            self.open_member(index, seed, &mut script);
        }
        script
    }

    fn open_scopes(&self, script: &mut Vec<(Actor, Command)>) {
        let kinds = &self.document.scope_kinds;
        let mut number = 0;
        for round in 0..2 {
            let mut parent: Option<ScopeId> = None;
            for kind in kinds {
                let id = scope_id(&format!("s{number}"));
                let below = parent.clone().filter(|_| !kind.below.is_empty());
                let command =
                    ScopeCommand::CreateScope { name: id.as_str().into(), kind: Some(kind.key.clone()), parent: below };
                script.push((actor(FOUNDER), Command::Scope(id.clone(), command)));
                parent = Some(id);
                number += 1;
            }
            // In the second tree the top opens to the top of the first.
            if round == 1 && number > 1 {
                let command = ScopeCommand::ShareScope { with: scope_id("s0") };
                script.push((actor(FOUNDER), Command::Scope(scope_id(&format!("s{}", kinds.len())), command)));
            }
        }
    }

    fn open_member(&self, index: usize, seed: u8, script: &mut Vec<(Actor, Command)>) {
        let id = member_id(&format!("m{index}"));
        let mut tell = |who: Actor, command| script.push((who, Command::Member(id.clone(), command)));
        // The first account type is the one that can hold most.
        let types = &self.document.account_types;
        let account_type = if seed < 190 { &types[0] } else { &types[usize::from(seed) % types.len()] };
        let kinds = &self.document.scope_kinds;
        let kind = kinds.iter().position(|kind| account_type.scope_kinds.contains(&kind.key));
        let scope = match (kind, seed % 8) {
            (Some(kind), _) => ScopeChoice::Selected(vec![scope_id(&format!("s{kind}"))]),
            (None, other @ 0..2) if !kinds.is_empty() => {
                ScopeChoice::Selected(vec![scope_id(&format!("s{}", other * kinds.len() as u8))])
            }
            (None, _) => ScopeChoice::All,
        };
        let add = MemberCommand::AddMember {
            kind: MemberKind::Person,
            account_type: Some(AccountTypeKey::known(account_type.key.clone())),
            details: Self::details(seed),
            scope: Some(scope),
        };
        tell(actor(FOUNDER), add);
        if seed % 8 != 3 {
            tell(Actor::System, MemberCommand::VerifyEmail);
        }
        for document in
            account_type.documents.iter().filter(|_| seed % 8 > 2).map(|kind| DocumentKind::known(kind.clone()))
        {
            tell(Actor::System, MemberCommand::SubmitDocument { document: document.clone(), reference: None });
            tell(actor(FOUNDER), MemberCommand::ApproveDocument { document, expires: None });
        }
        for role in [index % 3, usize::from(seed / 8 % 3)] {
            let own = match self.document.policy.assignment_scope {
                AssignmentScope::Required => true,
                AssignmentScope::Optional => seed % 5 == 0,
                AssignmentScope::Never => false,
            };
            let scope = own.then(|| scope_id(&format!("s{}", seed % 2)));
            tell(
                actor(FOUNDER),
                MemberCommand::AssignRole { role: role_id(&format!("c{role}")), scope, window: Window::default() },
            );
        }
        // Where roles give too little, or everything: some of the management directly.
        if let Some(everything) = account_type.default_role.as_ref().filter(|role| *role == "admin") {
            tell(actor(FOUNDER), MemberCommand::UnassignRole { role: role_id(everything), scope: None });
        }
        let telling = self.telling();
        let toggled = telling.iter().enumerate().filter(|(at, _)| coin(seed, at + 2000, 45));
        for (at, permission) in toggled {
            let allowed = coin(seed, at + 3000, 88);
            tell(actor(FOUNDER), MemberCommand::ToggleMemberPermission { permission: permission.clone(), allowed });
        }
    }
}

/// Plays a script and looks at each outcome, the opening's included.
pub(crate) fn play(profile: &str, script: &Script, mut look: impl FnMut(&World, &Outcome)) -> World {
    let mut world = World::found(profile);
    for (actor, command) in world.opening(script.opening) {
        let outcome = world.ask(actor, command);
        look(&world, &outcome);
    }
    for step in &script.steps {
        let outcome = world.step(*step);
        look(&world, &outcome);
    }
    world
}
