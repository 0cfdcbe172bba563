//! Roles: which of them are here, what they lack, and what they have too much.

use std::collections::{BTreeSet, HashMap, HashSet};

use chancery_aggregates::Command;
use chancery_aggregates::command::{NewRole, RoleCommand};
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::state::{RoleEntry, RoleIx, ScopeIx, fold_name};
use chancery_aggregates::vocabulary::{LONGEST_NAME, PermissionKey, RoleId};

use super::resources::Resources;
use super::{Ground, Plan};
use crate::import::error::{Findings, Place, Reason};
use crate::import::key;
use crate::import::layout::{Layout, Node};
use crate::import::policy::RoleName;

/// What a role to be is here.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) id: RoleId,
    pub(super) name: String,
    pub(super) existing: Option<RoleIx>,
}

/// The targets of a layout, by node.
#[derive(Debug, Default)]
pub(super) struct Targets(Vec<Target>);

impl Targets {
    pub(super) fn of(&self, node: usize) -> Option<&Target> {
        self.0.get(node)
    }

    pub(super) fn existing<'a>(&self, node: usize, ground: Ground<'a>) -> Option<(RoleIx, &'a RoleEntry)> {
        let ix = self.of(node)?.existing?;
        Some((ix, ground.state.role(ix)?))
    }
}

/// The nodes whose role is given to somebody, or inherited from, who had it not: each with the first
/// line that does so.
pub(super) type Given = HashMap<usize, Place>;

/// Whether members with the authority assign and change the role.
pub(super) fn by_hand(role: &RoleEntry) -> bool {
    role.assigned == AssignedBy::Hand
}

/// Finds the roles that are here already: by id, and a role of the same name in all domains by name.
pub(super) fn resolve(ground: Ground<'_>, layout: &Layout, findings: &mut Findings) -> Targets {
    let mut targets = Targets::default();
    let mut names: HashMap<_, u32> = HashMap::new();
    let mut taken: HashMap<RoleIx, u32> = HashMap::new();
    for node in &layout.nodes {
        let place = ground.policy.role_place(node.role);
        let target = target(ground, node, place, findings);
        let other = names.insert(fold_name(&target.name), node.role);
        let other = other.or_else(|| target.existing.and_then(|ix| taken.insert(ix, node.role)));
        if let Some(other) = other {
            let (role, other, line) =
                (target.name.clone(), ground.policy.role_name(other), ground.policy.role_place(other).line);
            findings.add(place, Reason::SameName { role, other, line });
        }
        targets.0.push(target);
    }
    targets
}

fn target(ground: Ground<'_>, node: &Node, place: Place, findings: &mut Findings) -> Target {
    let domain = node.domain.map(|domain| ground.policy.domains.text(domain));
    let (id, name, joins_by_name) = match (ground.policy.roles.get(node.role as usize), domain) {
        (Some((RoleName::Named(role), _)), None) => (key::name(role), role.to_string(), true),
        (Some((RoleName::Named(role), _)), Some(domain)) => {
            (key::role_in(role, domain), format!("{role} ({domain})"), false)
        }
        (Some((RoleName::Personal(member), _)), domain) => {
            let member = ground.policy.members.text(*member);
            let place = domain.map(|domain| format!(" in {domain}")).unwrap_or_default();
            (key::personal(member, domain), format!("{member} (personal{place})"), false)
        }
        (None, _) => (String::new(), String::new(), false),
    };
    if let Err(because) = RoleId::parse(&id) {
        findings.add(place, Reason::NotAnId { thing: "role", text: name.clone(), because });
    } else if name.len() > LONGEST_NAME {
        findings.add(place, Reason::NotAName { text: name.clone() });
    }
    let existing = match ground.state.role_by_id(&id) {
        Some(role) if role.deleted.is_some() => {
            findings.add(place, Reason::RoleDeleted { role: name.clone(), id: id.clone() });
            None
        }
        Some(_) => ground.state.role_ix(&id),
        None => {
            let named = ground.state.role_named(&name);
            if let Some(other) = named.filter(|_| !joins_by_name).and_then(|ix| ground.state.role(ix)) {
                let other = other.id.to_string();
                findings.add(place, Reason::NameTaken { role: name.clone(), other });
            }
            named.filter(|_| joins_by_name)
        }
    };
    let id = existing.and_then(|ix| ground.state.role(ix)).map_or_else(|| RoleId::known(id), |role| role.id.clone());
    Target { id, name, existing }
}

/// The roles of the files that lack something here and are held where the files do not use them:
/// what they would get would count there too.
pub(super) fn used_elsewhere(
    ground: Ground<'_>,
    layout: &Layout,
    targets: &Targets,
    resources: &Resources,
) -> HashSet<u32> {
    if !ground.policy.permits_in_domains && !ground.policy.held_in_domains {
        return HashSet::new();
    }
    let elsewhere = |(number, node): (usize, &Node)| {
        let (ix, role) = targets.existing(number, ground)?;
        let lacks = !missing(ground, node, role).is_empty() || !missing_parents(node, role, targets).is_empty();
        let used = layout.used(node.role);
        if !lacks || node.domain.is_some() || used.contains(&None) {
            return None;
        }
        let used: HashSet<ScopeIx> = used.iter().flatten().filter_map(|domain| resources.existing(*domain)).collect();
        let outside = |scope: Option<ScopeIx>| scope.is_none_or(|scope| !used.contains(&scope));
        places_held(ground, ix).into_iter().any(outside).then_some(node.role)
    };
    (0..).zip(&layout.nodes).filter_map(elsewhere).collect()
}

/// The scopes in which somebody holds a role, or one that inherits from it.
fn places_held(ground: Ground<'_>, role: RoleIx) -> HashSet<Option<ScopeIx>> {
    let (mut seen, mut pending, mut places) = (HashSet::new(), vec![role], HashSet::new());
    while let Some(ix) = pending.pop() {
        let Some(role) = ground.state.role(ix).filter(|_| seen.insert(ix)) else { continue };
        pending.extend(role.heirs.iter().copied());
        for member in role.holders.iter().filter_map(|holder| ground.state.member(*holder)) {
            places.extend(member.assignments.iter().filter(|held| held.role == ix).map(|held| held.scope));
        }
    }
    places
}

fn missing(ground: Ground<'_>, node: &Node, role: &RoleEntry) -> Vec<PermissionKey> {
    let Some(profile) = ground.state.profile() else { return Vec::new() };
    let keys = node.permissions.iter().map(|number| ground.policy.permissions.text(*number));
    keys.filter(|key| !profile.permission_ix(key).is_some_and(|ix| role.own.contains(ix)))
        .map(PermissionKey::known)
        .collect()
}

fn missing_parents(node: &Node, role: &RoleEntry, targets: &Targets) -> Vec<RoleId> {
    let absent = |target: &&Target| target.existing.is_none_or(|ix| !role.inherits.contains(&ix));
    node.parents.iter().filter_map(|parent| targets.of(*parent)).filter(absent).map(|t| t.id.clone()).collect()
}

/// Plans the roles, parents before their heirs.
pub(super) fn plan(
    ground: Ground<'_>,
    layout: &Layout,
    targets: &Targets,
    plan: &mut Plan,
    findings: &mut Findings,
) -> Given {
    let mut given = Given::new();
    for (number, node) in (0..).zip(&layout.nodes) {
        let Some(target) = targets.of(number) else { continue };
        let place = ground.policy.role_place(node.role);
        let new_parents = match targets.existing(number, ground) {
            Some((_, role)) => extend(ground, node, role, targets, plan, findings),
            None => {
                create(ground, node, target, targets, plan, findings);
                node.parents.clone()
            }
        };
        for parent in new_parents {
            given.entry(parent).or_insert(place);
        }
    }
    given
}

fn create(
    ground: Ground<'_>,
    node: &Node,
    target: &Target,
    targets: &Targets,
    plan: &mut Plan,
    findings: &mut Findings,
) {
    let place = ground.policy.role_place(node.role);
    let levels = ground.state.profile().is_some_and(|profile| profile.policy().levels);
    if levels && ground.options.level.is_none() {
        return findings.add(place, Reason::LevelRequired { role: target.name.clone() });
    }
    let permissions = node.permissions.iter().map(|number| ground.policy.permissions.text(*number));
    let new = NewRole {
        name: target.name.as_str().into(),
        level: ground.options.level.filter(|_| levels),
        permissions: permissions.map(PermissionKey::known).collect(),
        inherits: node.parents.iter().filter_map(|parent| targets.of(*parent)).map(|t| t.id.clone()).collect(),
        ..NewRole::default()
    };
    plan.added.roles += 1;
    plan.added.role_permissions += new.permissions.len();
    plan.added.parents += new.inherits.len();
    plan.push(Command::Role(target.id.clone(), RoleCommand::CreateRole(Box::new(new))), Some(place));
}

/// Adds to a role what it lacks; the nodes that it did not inherit from.
fn extend(
    ground: Ground<'_>,
    node: &Node,
    role: &RoleEntry,
    targets: &Targets,
    plan: &mut Plan,
    findings: &mut Findings,
) -> BTreeSet<usize> {
    let place = ground.policy.role_place(node.role);
    let (allow, parents) = (missing(ground, node, role), missing_parents(node, role, targets));
    if allow.is_empty() && parents.is_empty() {
        return BTreeSet::new();
    }
    let name = role.name.to_string();
    if !by_hand(role) {
        findings.add(place, Reason::NotByHand { role: name });
    } else if role.locked {
        let first = allow.first().map(PermissionKey::to_string).or(parents.first().map(RoleId::to_string));
        findings.add(place, Reason::RoleLocked { role: name, permission: first.unwrap_or_default() });
    }
    if !allow.is_empty() {
        plan.added.role_permissions += allow.len();
        let toggle = RoleCommand::TogglePermissions { allow, deny: Vec::new() };
        plan.push(Command::Role(role.id.clone(), toggle), Some(place));
    }
    if parents.is_empty() {
        return BTreeSet::new();
    }
    plan.added.parents += parents.len();
    let before = role.inherits.iter().map(|parent| ground.state.cite_role(*parent).id);
    let inherit = RoleCommand::InheritFrom { parents: before.chain(parents.iter().cloned()).collect() };
    plan.push(Command::Role(role.id.clone(), inherit), Some(place));
    let is_new = |parent: &usize| targets.of(*parent).is_some_and(|target| parents.contains(&target.id));
    node.parents.iter().copied().filter(is_new).collect()
}
