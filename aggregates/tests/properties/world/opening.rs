//! How a history begins.

use chancery_aggregates::Command;
use chancery_aggregates::command::{MemberCommand, NewRole, RoleCommand, ScopeChoice, ScopeCommand};
use chancery_aggregates::profile::document::AssignmentScope;
use chancery_aggregates::vocabulary::{AccountTypeKey, Actor, DocumentKind, MemberKind, ScopeId, Window};

use super::{FOUNDER, World, actor, coin, member_id, role_id, scope_id};

impl World {
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

    pub(super) fn open_scopes(&self, script: &mut Vec<(Actor, Command)>) {
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

    pub(super) fn open_member(&self, index: usize, seed: u8, script: &mut Vec<(Actor, Command)>) {
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
            kind: if seed % 3 == 1 { MemberKind::Service } else { MemberKind::Person },
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
                AssignmentScope::Optional => seed.is_multiple_of(5),
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
