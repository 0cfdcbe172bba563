//! Histories for this crate's tests: events as the log has them, without an engine.

pub(crate) mod random;

use chancery_aggregates::AccessState;
use chancery_aggregates::access::Place;
use chancery_aggregates::event::{
    Details, Event, MemberEvent, Metadata, OrganisationEvent, Recorded, RoleCreated, RoleEvent, ScopeEvent, Stamp,
};
use chancery_aggregates::profile::document::ProfileDocument;
use chancery_aggregates::profile::{BUILT_IN, Profile};
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::state::{MemberIx, ScopeIx};
use chancery_aggregates::vocabulary::{
    AccountTypeKey, MemberId, MemberKind, MemberScope, OrganisationId, PermissionRef, Personal, RoleId, RoleRef,
    ScopeId, ScopeRef, Time, Window,
};
use chrono::TimeDelta;

pub(crate) fn at(text: &str) -> Time {
    text.parse().unwrap()
}

/// A log in the making. Every event comes one minute after the one before, unless time is moved.
pub(crate) struct History {
    pub(crate) events: Vec<Recorded>,
    pub(crate) state: AccessState,
    pub(crate) now: Time,
    actor: String,
    reason: Option<String>,
}

impl History {
    /// An organisation on 1 January 2026, with one of the profiles that come with the program.
    pub(crate) fn founded(profile: &str) -> Self {
        let text = BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap().1;
        Self::founded_by(chancery_aggregates::profile::check::check(text).unwrap())
    }

    /// An organisation on 1 January 2026, with rules of the test's own.
    pub(crate) fn founded_by(loaded: ProfileDocument) -> Self {
        let mut history = Self {
            events: Vec::new(),
            state: AccessState::default(),
            now: at("2026-01-01T09:00:00Z"),
            actor: "@operator".to_owned(),
            reason: None,
        };
        history.record(OrganisationEvent::OrganisationFounded {
            organisation: OrganisationId::known("acme"),
            name: "Acme".into(),
            profile: Box::new(loaded),
        });
        history
    }

    pub(crate) fn by(&mut self, actor: &str) -> &mut Self {
        self.actor = actor.to_owned();
        self
    }

    pub(crate) fn because(&mut self, reason: &str) -> &mut Self {
        self.reason = Some(reason.to_owned());
        self
    }

    pub(crate) fn wait(&mut self, minutes: i64) -> &mut Self {
        self.now += TimeDelta::minutes(minutes);
        self
    }

    pub(crate) fn on(&mut self, time: &str) -> &mut Self {
        self.now = at(time);
        self
    }

    pub(crate) fn record(&mut self, event: impl Into<Event>) -> u64 {
        let event = event.into();
        let position = self.state.position() + 1;
        let stamp = Stamp { position, time: self.now };
        self.state.apply(&event, stamp);
        let metadata = Metadata { actor: self.actor.clone(), reason: self.reason.take(), ..Metadata::default() };
        self.events.push(Recorded { stamp, global_position: position, sequence: 1, event, metadata });
        self.now += TimeDelta::minutes(1);
        position
    }

    /// The state after the event at a position.
    pub(crate) fn state_at(&self, position: u64) -> AccessState {
        let mut state = AccessState::default();
        for recorded in self.events.iter().filter(|recorded| recorded.stamp.position <= position) {
            state.apply(&recorded.event, recorded.stamp);
        }
        state
    }

    /// The events after a position.
    pub(crate) fn after(&self, position: u64) -> impl Iterator<Item = &Recorded> {
        self.events.iter().filter(move |recorded| recorded.stamp.position > position)
    }

    pub(crate) fn profile(&self) -> &Profile {
        self.state.profile().unwrap()
    }

    pub(crate) fn permission(&self, key: &str) -> PermissionIx {
        self.profile().permission_ix(key).unwrap()
    }

    pub(crate) fn permission_ref(&self, key: &str) -> PermissionRef {
        self.profile().cite(self.permission(key))
    }

    pub(crate) fn member_ix(&self, id: &str) -> MemberIx {
        self.state.member_ix(id).unwrap()
    }

    pub(crate) fn place(&self, id: &str) -> Place {
        Place::Scope(self.scope_ix(id))
    }

    fn scope_ix(&self, id: &str) -> ScopeIx {
        self.state.scope_ix(id).unwrap()
    }

    pub(crate) fn role(&self, id: &str) -> RoleRef {
        self.state.cite_role(self.state.role_ix(id).unwrap())
    }

    pub(crate) fn scope(&self, id: &str) -> ScopeRef {
        self.state.cite_scope(self.scope_ix(id))
    }

    pub(crate) fn add_role(&mut self, id: &str, name: &str, permissions: &[&str], parents: &[&str]) -> u64 {
        let inherits = parents.iter().map(|parent| self.role(parent)).collect();
        let permissions = permissions.iter().map(|key| self.permission_ref(key).id).collect();
        self.record(RoleEvent::RoleCreated(Box::new(RoleCreated {
            role: RoleRef { id: RoleId::known(id), name: name.into() },
            built_in: false,
            description: String::new(),
            colour: None,
            level: None,
            locked: false,
            everywhere: false,
            assigned: Default::default(),
            assigned_only_by: Vec::new(),
            account_types: Vec::new(),
            permissions,
            inherits,
            duplicate_of: None,
        })))
    }

    pub(crate) fn add_member(&mut self, id: &str, name: &str, account_type: &str, scope: MemberScope) -> u64 {
        let name = (!name.is_empty()).then(|| Personal::Clear(name.into()));
        self.record(MemberEvent::MemberAdded {
            member: MemberId::known(id),
            kind: MemberKind::Person,
            account_type: AccountTypeKey::known(account_type),
            details: Details { name, ..Details::default() },
            scope,
        })
    }

    pub(crate) fn add_scope(&mut self, id: &str, name: &str, kind: &str, parent: Option<&str>) -> u64 {
        let parent = parent.map(|parent| self.scope(parent));
        let scope = ScopeRef { id: ScopeId::known(id), name: name.into() };
        self.record(ScopeEvent::ScopeCreated { scope, kind: kind.into(), parent })
    }

    pub(crate) fn assign(&mut self, member: &str, role: &str, scope: Option<&str>, window: Window) -> u64 {
        let (role, scope) = (self.role(role), scope.map(|scope| self.scope(scope)));
        let before = None;
        self.record(MemberEvent::RoleAssigned { member: MemberId::known(member), role, scope, window, before })
    }

    pub(crate) fn unassign(&mut self, member: &str, role: &str, scope: Option<&str>) -> u64 {
        let (role, scope) = (self.role(role), scope.map(|scope| self.scope(scope)));
        let before = Window::default();
        self.record(MemberEvent::RoleUnassigned { member: MemberId::known(member), role, scope, before })
    }

    pub(crate) fn toggle(&mut self, role: &str, permission: &str, after: bool) -> u64 {
        let (role, permission) = (self.role(role), self.permission_ref(permission));
        self.record(RoleEvent::PermissionToggled { role, permission, before: !after, after })
    }

    pub(crate) fn toggle_member(&mut self, member: &str, permission: &str, after: bool) -> u64 {
        let permission = self.permission_ref(permission);
        let member = MemberId::known(member);
        self.record(MemberEvent::MemberPermissionToggled { member, permission, before: None, after })
    }
}

/// A window with an end.
pub(crate) fn until(end: &str) -> Window {
    Window { from: None, until: Some(at(end)) }
}

/// A member scope of selected nodes.
pub(crate) fn selected(history: &History, nodes: &[&str]) -> MemberScope {
    MemberScope::Selected(nodes.iter().map(|node| history.scope(node)).collect())
}
