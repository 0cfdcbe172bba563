//! Random commands, every one there is.

use chancery_aggregates::Command;
use chancery_aggregates::command::{MemberCommand, OrganisationCommand, RoleCommand, ScopeCommand};
use chancery_aggregates::key::{KeyExpiry, KeyHash};
use chancery_aggregates::vocabulary::{KeyId, MemberKind, OrganisationId};
use chrono::TimeDelta;

use super::{World, member_id, pick, role_id, scope_id};

impl World {
    pub(super) fn command(&self, verb: u8, choices: [u8; 4]) -> Command {
        match verb {
            0..4 => Command::Organisation(self.organisation_command(verb, choices)),
            4..88 => self.role_command(verb - 4, choices),
            88..200 => self.member_command(verb - 88, choices),
            200..252 => self.scope_command(verb - 200, choices),
            _ => self.review_command(verb - 252, choices),
        }
    }

    pub(super) fn organisation_command(&self, verb: u8, [a, ..]: [u8; 4]) -> OrganisationCommand {
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

    pub(super) fn role_command(&self, verb: u8, choices: [u8; 4]) -> Command {
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

    pub(super) fn member_command(&self, verb: u8, [a, b, c, d]: [u8; 4]) -> Command {
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
            101..106 => MemberCommand::ReactivateMember,
            106 => MemberCommand::RemoveMember,
            _ => return self.key_command(verb - 107, [a, b, c, d]),
        };
        Command::Member(id, command)
    }

    /// Most often of a service account, of which there are few.
    fn key_command(&self, verb: u8, [a, b, c, d]: [u8; 4]) -> Command {
        let programs = self.state.members().filter(|(_, member)| member.kind == MemberKind::Service);
        let programs: Vec<_> = programs.map(|(_, member)| member.id.clone()).collect();
        let id = pick(&programs, a).filter(|_| a % 4 != 0).unwrap_or_else(|| self.member(a));
        let keys: Vec<_> = self.state.keys().map(|key| key.id.clone()).collect();
        let new = KeyId::known(if b % 16 == 15 {
            "k_0".to_owned()
        } else {
            format!("k{}", keys.len() - usize::from(b % 8 == 7 && !keys.is_empty()))
        });
        let old = pick(&keys, b).unwrap_or_else(|| KeyId::known("ghost"));
        let owner =
            self.state.key(old.as_str()).and_then(|key| self.state.member(key.member)).map(|member| member.id.clone());
        let owner = owner.filter(|_| a % 8 != 7).unwrap_or_else(|| id.clone());
        let hash = KeyHash::new([d; 32]);
        let days = TimeDelta::days(i64::from(c) * 2 - 30);
        let expires = match c % 4 {
            0 | 1 => KeyExpiry::Usual,
            2 => KeyExpiry::At(self.now + days),
            _ => KeyExpiry::Never,
        };
        match verb {
            0..3 => Command::Member(id, MemberCommand::IssueKey { key: new, label: Self::name(d), hash, expires }),
            3 => {
                let until = (d % 2 == 0).then(|| self.now + TimeDelta::hours(i64::from(d) - 50));
                Command::Member(owner, MemberCommand::RotateKey { key: old, by: new, hash, expires, until })
            }
            _ => Command::Member(owner, MemberCommand::RevokeKey { key: old }),
        }
    }

    pub(super) fn scope_command(&self, verb: u8, [a, b, c, d]: [u8; 4]) -> Command {
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
}
