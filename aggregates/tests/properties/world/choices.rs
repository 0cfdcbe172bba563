//! What a random number stands for.

use chancery_aggregates::command::{BuiltIn, NewRole, ScopeChoice};
use chancery_aggregates::event::Details;
use chancery_aggregates::profile::document::{
    AssignedBy, AssignmentScope, CategoryDocument, PermissionDocument, Policy,
};
use chancery_aggregates::vocabulary::{
    AccountTypeKey, Actor, DocumentKind, MemberId, PermissionKey, Personal, RoleId, ScopeId, Window,
};
use chrono::TimeDelta;

use super::{FOUNDER, World, actor, coin, member_id, permission_key, pick, role_id, scope_id};

impl World {
    /// Without scopes or documents, what would be asked of them is asked of roles.
    pub(super) fn verb(&self, verb: u8) -> u8 {
        let no_documents = self.document.account_types.iter().all(|account_type| account_type.documents.is_empty());
        match verb {
            252.. => verb,
            200.. if self.document.scope_kinds.is_empty() && verb % 16 != 15 => verb - 168,
            108..121 if no_documents && verb % 16 != 15 => verb - 76,
            _ => verb,
        }
    }

    pub(super) fn actor(&self, choice: u8) -> Actor {
        match choice {
            0..60 => actor(FOUNDER),
            60..80 => Actor::System,
            80..86 => Actor::Operator,
            _ => Actor::Member(self.member(choice)),
        }
    }

    pub(super) fn member(&self, choice: u8) -> MemberId {
        let mut ids: Vec<_> = self.state.members().map(|(_, member)| member.id.clone()).collect();
        if choice % 32 == 31 {
            ids.push(member_id("ghost"));
        }
        pick(&ids, choice / 2).unwrap()
    }

    pub(super) fn role(&self, choice: u8) -> RoleId {
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

    pub(super) fn scope(&self, choice: u8) -> ScopeId {
        let mut ids: Vec<_> = self.state.scopes().map(|(_, scope)| scope.id.clone()).collect();
        if ids.is_empty() || choice % 32 == 31 {
            ids.push(scope_id("ghost"));
        }
        pick(&ids, choice).unwrap()
    }

    pub(super) fn account_type(&self, choice: u8) -> AccountTypeKey {
        let keys: Vec<_> = self.document.account_types.iter().map(|account_type| account_type.key.clone()).collect();
        AccountTypeKey::known(pick(&keys, choice).unwrap())
    }

    pub(super) fn document_kind(&self, choice: u8) -> DocumentKind {
        let kinds: Vec<_> = self.document.account_types.iter().flat_map(|kind| kind.documents.clone()).collect();
        DocumentKind::known(pick(&kinds, choice).unwrap_or("identity".into()))
    }

    /// One permission, most often one of those that matter most: management, restrictions and what they narrow.
    pub(super) fn permission(&self, choice: u8) -> PermissionKey {
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

    pub(super) fn some_permissions(&self, seed: u8, percent: u64, of_all: u64) -> Vec<PermissionKey> {
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

    pub(super) fn window(&self, choice: u8) -> Window {
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

    pub(super) fn choice_of_scope(&self, choice: u8, nodes: u8) -> ScopeChoice {
        let nodes = || vec![self.scope(nodes), self.scope(nodes / 16)];
        match choice % 8 {
            0 => ScopeChoice::None,
            1..3 => ScopeChoice::All,
            3..6 => ScopeChoice::Selected(nodes().into_iter().take(1).collect()),
            6 => ScopeChoice::Selected(nodes()),
            _ => ScopeChoice::ByGroup(nodes()),
        }
    }

    pub(super) fn scope_of_assignment(&self, choice: u8, role: &RoleId) -> Option<ScopeId> {
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

    pub(super) fn name(choice: u8) -> compact_str::CompactString {
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

    pub(super) fn details(choice: u8) -> Details {
        let clear = |text: String| Some(Personal::Clear(text.into()));
        Details { name: None, email: clear(format!("m{}@example.org", choice % 4)), phone: None }
    }

    pub(super) fn new_role(&self, [name, permissions, parents, other]: [u8; 4]) -> NewRole {
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

    pub(super) fn policy(&self, choice: u8) -> Policy {
        let mut policy = self.document.policy.clone();
        match choice % 4 {
            0 => policy.self_change = !policy.self_change,
            1 => policy.several_roles = false,
            2 => policy.reminder_days += u32::from(choice),
            _ => {}
        }
        policy
    }

    pub(super) fn category(choice: u8) -> CategoryDocument {
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
}
