//! What happens when somebody asks something of a member.

use compact_str::CompactString;

use super::{Member, Review, Standing};
use crate::authority::{Acting, Facts};
use crate::command::{MemberCommand, ScopeChoice};
use crate::event::{Details, EndedRole, MemberEvent};
use crate::profile::AccountType;
use crate::profile::document::{AssignedBy, AssignmentScope, DefaultScope};
use crate::refusal::{Refusal, Thing};
use crate::role::{check_switch, check_text};
use crate::state::RoleEntry;
use crate::vocabulary::{
    AccountTypeKey, DocumentKind, LONGEST_TEXT, MemberId, MemberKind, MemberScope, PermissionKey, Personal, RoleId,
    ScopeId, ScopeRef, Window,
};

impl Member {
    /// What happens when an actor asks this of the member.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn decide(&self, id: &MemberId, command: &MemberCommand, facts: &Facts) -> Result<Vec<MemberEvent>, Refusal> {
        let acting = facts.acting()?;
        self.authorise(id, command, acting, facts)?;
        let events = match command {
            MemberCommand::AddMember { kind, account_type, details, scope } => {
                self.add(id, *kind, account_type.as_ref(), details, scope.as_ref(), acting, facts)?
            }
            _ if command.is_about_privacy() => self.change_privacy(id, command, facts)?,
            _ => {
                self.existing(id, facts)?;
                if command.is_about_key() {
                    self.change_keys(id.clone(), command, acting, facts)?
                } else {
                    self.change(id, command, acting, facts)?.into_iter().collect()
                }
            }
        };
        facts.confirm(acting, events)
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one command, and the facts")]
    fn add(
        &self,
        id: &MemberId,
        kind: MemberKind,
        account_type: Option<&AccountTypeKey>,
        details: &Details,
        scope: Option<&ScopeChoice>,
        acting: Acting,
        facts: &Facts,
    ) -> Result<Vec<MemberEvent>, Refusal> {
        if self.id.is_some() {
            return Err(Refusal::IdTaken { thing: Thing::Member, id: id.as_str().into() });
        }
        MemberId::parse(id.as_str()).map_err(|because| Refusal::bad_id(Thing::Member, id.as_str(), because))?;
        check_details(details)?;
        let account_type = find_account_type(account_type, facts)?;
        let scope = match (scope, facts.profile()?.policy().default_scope) {
            (Some(scope), _) => cite_scope(scope, account_type, facts)?,
            (None, DefaultScope::All) if account_type.scope_kinds.is_empty() => MemberScope::All,
            (None, _) => MemberScope::None,
        };
        let mut events = vec![MemberEvent::MemberAdded {
            member: id.clone(),
            kind,
            account_type: account_type.key.clone(),
            details: details.clone(),
            scope,
        }];
        // Founding and importing name every role themselves.
        if acting != Acting::Operator {
            events.extend(default_role(id, account_type, facts)?);
        }
        Ok(events)
    }

    fn change(
        &self,
        id: &MemberId,
        command: &MemberCommand,
        acting: Acting,
        facts: &Facts,
    ) -> Result<Option<MemberEvent>, Refusal> {
        let member = id.clone();
        Ok(match command {
            // INVARIANT: `decide` sends these elsewhere.
            MemberCommand::AddMember { .. }
            | MemberCommand::IssueKey { .. }
            | MemberCommand::RotateKey { .. }
            | MemberCommand::RevokeKey { .. }
            | MemberCommand::ErasePersonalData
            | MemberCommand::ReapplyErasure
            | MemberCommand::PlaceLegalHold
            | MemberCommand::LiftLegalHold
            | MemberCommand::ExportPersonalData => None,
            MemberCommand::ChangeDetails { details } => {
                if self.erased && details.is_clear() {
                    return Err(Refusal::PersonalDataErased { member: id.as_str().into() });
                }
                check_details(details)?;
                let (before, after) = (self.details.clone(), details.clone());
                (before != after).then_some(MemberEvent::MemberDetailsChanged { member, before, after })
            }
            MemberCommand::ChangeAccountType { account_type } => {
                self.change_account_type(member, account_type, facts)?
            }
            MemberCommand::VerifyEmail => (!self.email_verified).then_some(MemberEvent::EmailVerified { member }),
            MemberCommand::SubmitDocument { document, reference } => {
                self.check_document(document, facts)?;
                if self.erased && reference.is_some() {
                    return Err(Refusal::PersonalDataErased { member: id.as_str().into() });
                }
                check_text("reference", reference.as_deref().unwrap_or_default(), LONGEST_TEXT)?;
                let (document, reference) = (document.clone(), reference.clone());
                Some(MemberEvent::DocumentSubmitted { member, document, reference })
            }
            MemberCommand::ApproveDocument { .. }
            | MemberCommand::RejectDocument { .. }
            | MemberCommand::ExpireDocument { .. } => self.review(member, command, facts)?,
            MemberCommand::AssignRole { role, scope, window } => {
                self.assign(member, role, scope.as_ref(), *window, acting, facts)?
            }
            MemberCommand::UnassignRole { role, scope } => {
                Some(self.unassign(member, role, scope.as_ref(), acting, facts)?)
            }
            MemberCommand::ChangeScope { scope } => self.change_scope(member, scope, facts)?,
            MemberCommand::ToggleMemberPermission { permission, allowed } => {
                let before = self.toggle_of(permission);
                let permission = check_switch(permission, acting, facts)?;
                let after = *allowed;
                (before != Some(after)).then_some(MemberEvent::MemberPermissionToggled {
                    member,
                    permission,
                    before,
                    after,
                })
            }
            MemberCommand::ClearMemberPermission { permission } => {
                let before = self.toggle_of(permission);
                let permission = check_switch(permission, acting, facts)?;
                before.map(|before| MemberEvent::MemberPermissionCleared { member, permission, before })
            }
            MemberCommand::SuspendMember => {
                check_not_owner(id, facts)?;
                (self.standing == Standing::Active).then_some(MemberEvent::MemberSuspended { member })
            }
            MemberCommand::ReactivateMember => {
                (self.standing == Standing::Suspended).then_some(MemberEvent::MemberReactivated { member })
            }
            MemberCommand::RemoveMember => {
                check_not_owner(id, facts)?;
                let roles = ended_roles(id, facts);
                Some(MemberEvent::MemberRemoved { member, roles })
            }
        })
    }

    fn toggle_of(&self, permission: &PermissionKey) -> Option<bool> {
        self.toggles.iter().find(|(key, _)| key == permission).map(|(_, allowed)| *allowed)
    }

    fn change_account_type(
        &self,
        member: MemberId,
        to: &AccountTypeKey,
        facts: &Facts,
    ) -> Result<Option<MemberEvent>, Refusal> {
        let account_type = find_account_type(Some(to), facts)?;
        let (before, after) = (self.account_type.clone(), account_type.key.clone());
        if before == after {
            return Ok(None);
        }
        check_not_owner(&member, facts)?;
        self.check_fits(account_type, facts)?;
        Ok(Some(MemberEvent::AccountTypeChanged { member, before, after }))
    }

    /// Whether members of an account type may have this member's scopes.
    fn check_fits(&self, account_type: &AccountType, facts: &Facts) -> Result<(), Refusal> {
        let ids = |nodes: &[ScopeRef]| nodes.iter().map(|node| node.id.clone()).collect();
        let choice = match &self.scope {
            MemberScope::None => ScopeChoice::None,
            MemberScope::All => ScopeChoice::All,
            MemberScope::Selected(nodes) | MemberScope::ByGroup(nodes) => ScopeChoice::Selected(ids(nodes)),
        };
        cite_scope(&choice, account_type, facts)?;
        let own_scopes = self.roles.iter().filter_map(|held| held.scope.as_ref());
        own_scopes.map(|scope| cite_node(scope, account_type, facts)).try_for_each(|cited| cited.map(|_| ()))
    }

    fn check_document(&self, document: &DocumentKind, facts: &Facts) -> Result<(), Refusal> {
        let account_type = find_account_type(Some(&self.account_type), facts)?;
        if account_type.documents.iter().any(|asked| asked.as_str() == document.as_str()) {
            return Ok(());
        }
        Err(Refusal::DocumentNotAsked {
            document: document.as_str().into(),
            account_type: self.account_type.as_str().into(),
            asked: account_type.documents.clone(),
        })
    }

    fn review(&self, member: MemberId, command: &MemberCommand, facts: &Facts) -> Result<Option<MemberEvent>, Refusal> {
        let submitted = |document: &DocumentKind| {
            self.check_document(document, facts)?;
            self.documents.iter().find(|(kind, _)| kind == document).map(|(_, review)| *review).ok_or_else(|| {
                Refusal::DocumentNotSubmitted {
                    document: document.as_str().into(),
                    member: self.id.as_ref().map(|id| id.as_str().into()).unwrap_or_default(),
                }
            })
        };
        Ok(match command {
            MemberCommand::ApproveDocument { document, expires } => {
                let before = submitted(document)?;
                check_window(&Window { from: None, until: *expires }, facts)?;
                let (document, expires) = (document.clone(), *expires);
                (before != Review::Approved { expires }).then_some(MemberEvent::DocumentApproved {
                    member,
                    document,
                    expires,
                })
            }
            MemberCommand::RejectDocument { document } => (submitted(document)? != Review::Rejected)
                .then(|| MemberEvent::DocumentRejected { member, document: document.clone() }),
            MemberCommand::ExpireDocument { document } => (submitted(document)? != Review::Expired)
                .then(|| MemberEvent::DocumentExpired { member, document: document.clone() }),
            _ => None,
        })
    }

    fn assign(
        &self,
        member: MemberId,
        role: &RoleId,
        scope: Option<&ScopeId>,
        window: Window,
        acting: Acting,
        facts: &Facts,
    ) -> Result<Option<MemberEvent>, Refusal> {
        let (ix, entry) = facts.find_role(role.as_str())?;
        self.check_role(entry, acting, facts)?;
        self.check_suits(&member, entry, facts)?;
        check_window(&window, facts)?;
        let scope = self.check_assignment_scope(entry, scope, facts)?;
        if !facts.profile()?.policy().several_roles
            && let Some(other) = held_now(&member, facts).find(|held| held.id != *role)
        {
            return Err(Refusal::OneRoleOnly { member: member.as_str().into(), role: other.name.clone() });
        }
        let before = self.held(role, scope.as_ref().map(|scope| &scope.id)).map(|held| held.window);
        let role = facts.state.cite_role(ix);
        Ok((before != Some(window)).then_some(MemberEvent::RoleAssigned { member, role, scope, window, before }))
    }

    fn check_assignment_scope(
        &self,
        role: &RoleEntry,
        scope: Option<&ScopeId>,
        facts: &Facts,
    ) -> Result<Option<ScopeRef>, Refusal> {
        let rule = facts.profile()?.policy().assignment_scope;
        match (scope, rule) {
            (Some(_), _) if role.everywhere => Err(Refusal::ScopeNotUsed { role: role.name.clone() }),
            (Some(_), AssignmentScope::Never) => Err(Refusal::ScopeNotUsed { role: role.name.clone() }),
            (None, AssignmentScope::Required) if !role.everywhere => {
                Err(Refusal::ScopeRequired { role: role.name.clone() })
            }
            (None, _) => Ok(None),
            (Some(scope), _) => {
                let account_type = find_account_type(Some(&self.account_type), facts)?;
                cite_node(scope, account_type, facts).map(Some)
            }
        }
    }

    fn unassign(
        &self,
        member: MemberId,
        role: &RoleId,
        scope: Option<&ScopeId>,
        acting: Acting,
        facts: &Facts,
    ) -> Result<MemberEvent, Refusal> {
        let (ix, entry) = facts.find_role(role.as_str())?;
        self.check_role(entry, acting, facts)?;
        let scope =
            scope.map(|scope| facts.find_scope(scope.as_str())).transpose()?.map(|ix| facts.state.cite_scope(ix));
        let Some(held) = self.held(role, scope.as_ref().map(|scope| &scope.id)) else {
            return Err(Refusal::NotAssigned {
                member: member.as_str().into(),
                role: entry.name.clone(),
                place: scope.map(|scope| scope.name),
            });
        };
        Ok(MemberEvent::RoleUnassigned { member, role: facts.state.cite_role(ix), scope, before: held.window })
    }

    fn change_scope(
        &self,
        member: MemberId,
        choice: &ScopeChoice,
        facts: &Facts,
    ) -> Result<Option<MemberEvent>, Refusal> {
        let account_type = find_account_type(Some(&self.account_type), facts)?;
        let (before, after) = (self.scope.clone(), cite_scope(choice, account_type, facts)?);
        Ok((before != after).then_some(MemberEvent::MemberScopeChanged { member, before, after }))
    }
}

fn check_details(details: &Details) -> Result<(), Refusal> {
    let fields = [("name", &details.name), ("e-mail address", &details.email), ("phone number", &details.phone)];
    fields.into_iter().try_for_each(|(what, value)| match value {
        Some(Personal::Clear(text)) => check_text(what, text, LONGEST_TEXT),
        Some(Personal::Sealed(_) | Personal::Erased) | None => Ok(()),
    })
}

fn check_not_owner(id: &MemberId, facts: &Facts) -> Result<(), Refusal> {
    if held_now(id, facts).any(|role| role.assigned == AssignedBy::Transfer) {
        return Err(Refusal::MemberIsOwner { member: id.as_str().into() });
    }
    Ok(())
}

/// The roles that a member holds. The access state knows them better than the member's own stream: deleting a role and
/// handing over the owner role are events of other streams.
fn held_now<'a>(id: &MemberId, facts: &'a Facts) -> impl Iterator<Item = &'a RoleEntry> {
    let member = facts.state.member_by_id(id.as_str());
    member.into_iter().flat_map(|member| &member.assignments).filter_map(|held| facts.state.role(held.role))
}

fn ended_roles(id: &MemberId, facts: &Facts) -> Vec<EndedRole> {
    let state = &facts.state;
    let held = state.member_by_id(id.as_str()).into_iter().flat_map(|member| &member.assignments);
    held.map(|held| EndedRole {
        role: state.cite_role(held.role),
        scope: held.scope.map(|scope| state.cite_scope(scope)),
        window: held.window,
    })
    .collect()
}

fn default_role(id: &MemberId, account_type: &AccountType, facts: &Facts) -> Result<Option<MemberEvent>, Refusal> {
    let Some(role) = account_type.default_role.as_ref().and_then(|key| facts.state.role_ix(key)) else {
        return Ok(None);
    };
    let needs_scope = facts.profile()?.policy().assignment_scope == AssignmentScope::Required
        && facts.state.role(role).is_some_and(|role| !role.everywhere);
    let role = facts.state.cite_role(role);
    Ok((!needs_scope).then(|| MemberEvent::RoleAssigned {
        member: id.clone(),
        role,
        scope: None,
        window: Window::default(),
        before: None,
    }))
}

fn find_account_type<'a>(key: Option<&AccountTypeKey>, facts: &'a Facts) -> Result<&'a AccountType, Refusal> {
    let types = facts.profile()?.account_types();
    let found = match key {
        Some(key) => types.iter().find(|account_type| account_type.key == *key),
        None => types.first(),
    };
    found.ok_or_else(|| {
        let wanted = key.map_or("", AccountTypeKey::as_str);
        Refusal::unknown(Thing::AccountType, wanted, types.iter().map(|account_type| account_type.key.as_str()))
    })
}

fn cite_scope(choice: &ScopeChoice, account_type: &AccountType, facts: &Facts) -> Result<MemberScope, Refusal> {
    let nodes = |nodes: &[ScopeId]| {
        nodes.iter().map(|node| cite_node(node, account_type, facts)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match choice {
        ScopeChoice::None => MemberScope::None,
        ScopeChoice::All if !account_type.scope_kinds.is_empty() => {
            return Err(Refusal::ScopeForOtherAccountType {
                scope: CompactString::const_new("the whole organisation"),
                account_type: account_type.key.as_str().into(),
            });
        }
        ScopeChoice::All => MemberScope::All,
        ScopeChoice::Selected(selected) => MemberScope::Selected(nodes(selected)?),
        ScopeChoice::ByGroup(groups) => {
            for group in groups {
                check_group(group, facts)?;
            }
            MemberScope::ByGroup(nodes(groups)?)
        }
    })
}

fn check_group(id: &ScopeId, facts: &Facts) -> Result<(), Refusal> {
    let Some(scope) = facts.state.scope(facts.find_scope(id.as_str())?) else { return Ok(()) };
    if facts.profile()?.scope_kind(&scope.kind).is_some_and(|kind| kind.group) {
        return Ok(());
    }
    Err(Refusal::NotAGroup { scope: scope.name.clone(), kind: scope.kind.clone() })
}

fn cite_node(id: &ScopeId, account_type: &AccountType, facts: &Facts) -> Result<ScopeRef, Refusal> {
    let ix = facts.find_scope(id.as_str())?;
    let cited = facts.state.cite_scope(ix);
    let kind = facts.state.scope(ix).map(|scope| scope.kind.clone()).unwrap_or_default();
    if account_type.scope_kinds.is_empty() || account_type.scope_kinds.contains(&kind) {
        return Ok(cited);
    }
    Err(Refusal::ScopeForOtherAccountType { scope: cited.name, account_type: account_type.key.as_str().into() })
}

pub(super) fn check_window(window: &Window, facts: &Facts) -> Result<(), Refusal> {
    match window.until {
        Some(until) if until <= facts.now || window.from.is_some_and(|from| until <= from) => {
            Err(Refusal::EmptyWindow { from: window.from, until })
        }
        _ => Ok(()),
    }
}
