//! Roles that are here must not bring those who get them now more than the files say.

use std::collections::{HashMap, HashSet};

use chancery_aggregates::state::RoleIx;
use chancery_aggregates::vocabulary::PermissionKey;

use super::Ground;
use super::roles::{Given, Targets};
use crate::import::error::{Findings, Reason};
use crate::import::key;
use crate::import::layout::Layout;
use crate::import::policy::RoleName;

/// Checks the roles that somebody gets: each as it will be when the import is done.
pub(super) fn check(ground: Ground<'_>, layout: &Layout, targets: &Targets, given: &Given, findings: &mut Findings) {
    if ground.options.join_roles {
        return;
    }
    let of_role = (0..layout.nodes.len()).filter_map(|node| Some((targets.of(node)?.existing?, node))).collect();
    let check = Check { ground, layout, targets, of_role };
    for (node, place) in given {
        if let Some(reason) = check.too_much(*node) {
            findings.add(*place, reason);
        }
    }
}

struct Check<'a> {
    ground: Ground<'a>,
    layout: &'a Layout,
    targets: &'a Targets,
    of_role: HashMap<RoleIx, usize>,
}

impl Check<'_> {
    /// What a role brings that the files do not say of it.
    fn too_much(&self, node: usize) -> Option<Reason> {
        let role = self.targets.existing(node, self.ground)?.1.name.to_string();
        let said = self.said(node);
        let permissions: HashSet<u32> = said
            .iter()
            .filter_map(|node| self.layout.nodes.get(*node))
            .flat_map(|n| n.permissions.iter().copied())
            .collect();
        let (roles, brought) = self.brought(node);
        let find = |key: &PermissionKey| self.ground.policy.permissions.find(key.as_str());
        let mut over = brought.iter().filter(|key| !find(key).is_some_and(|number| permissions.contains(&number)));
        if let Some(first) = over.next() {
            return Some(Reason::PermitsMore { role, permission: first.to_string(), others: over.count() });
        }
        // Links count in all domains here: one that the files do not make would bring what its parent gets later.
        let in_domains = self.ground.policy.permits_in_domains || self.ground.policy.held_in_domains;
        let roles_said: HashSet<RoleIx> =
            said.iter().flat_map(|parent| self.roles_of(*parent, self.domain(node))).collect();
        let parent = roles.iter().filter(|_| in_domains).find(|ix| !roles_said.contains(ix))?;
        Some(Reason::InheritsMore { role, parent: self.ground.state.cite_role(*parent).name.to_string() })
    }

    /// The role and all that it inherits from, as the files say.
    fn said(&self, node: usize) -> HashSet<usize> {
        let (mut seen, mut pending) = (HashSet::new(), vec![node]);
        while let Some(number) = pending.pop() {
            if let Some(node) = self.layout.nodes.get(number).filter(|_| seen.insert(number)) {
                pending.extend(node.parents.iter().copied());
            }
        }
        seen
    }

    /// The domain in which alone a role is used.
    fn domain(&self, node: usize) -> Option<u32> {
        let node = self.layout.nodes.get(node)?;
        let mut used = self.layout.used(node.role).iter();
        node.domain.or_else(|| used.next().copied().flatten().filter(|_| used.next().is_none()))
    }

    /// The role that a node is here, and those that it was by earlier files, in which it differed between
    /// domains although it does not now, or the other way round.
    fn roles_of(&self, node: usize, domain: Option<u32>) -> impl Iterator<Item = RoleIx> {
        let target = self.targets.of(node).and_then(|target| target.existing);
        let role = self.layout.nodes.get(node).and_then(|node| self.ground.policy.roles.get(node.role as usize));
        let name = match role {
            Some((RoleName::Named(name), _)) => Some(name),
            Some((RoleName::Personal(_), _)) | None => None,
        };
        let id = move |name| match domain {
            Some(domain) => key::role_in(name, self.ground.policy.domains.text(domain)),
            None => key::name(name),
        };
        let before = name.into_iter().flat_map(move |name| [key::name(name), id(name)]);
        target.into_iter().chain(before.filter_map(|id| self.ground.state.role_ix(&id)))
    }

    /// The roles that are here among those that the role will inherit from, and what all of them will permit.
    fn brought(&self, node: usize) -> (Vec<RoleIx>, Vec<PermissionKey>) {
        let (mut roles, mut keys) = (Vec::new(), Vec::new());
        let (mut seen_roles, mut seen_nodes) = (HashSet::new(), HashSet::new());
        let (mut nodes, mut existing) = (vec![node], Vec::new());
        loop {
            if let Some(number) = nodes.pop() {
                if let Some(node) = self.layout.nodes.get(number).filter(|_| seen_nodes.insert(number)) {
                    let permissions = &self.ground.policy.permissions;
                    keys.extend(node.permissions.iter().map(|number| PermissionKey::known(permissions.text(*number))));
                    nodes.extend(node.parents.iter().copied());
                    existing.extend(self.targets.of(number).and_then(|target| target.existing));
                }
            } else if let Some(ix) = existing.pop() {
                if let Some(role) = self.ground.state.role(ix).filter(|_| seen_roles.insert(ix)) {
                    roles.push(ix);
                    keys.extend(self.ground.state.profile().into_iter().flat_map(|profile| profile.keys(&role.own)));
                    existing.extend(role.inherits.iter().copied());
                    nodes.extend(self.of_role.get(&ix));
                }
            } else {
                keys.sort_unstable();
                keys.dedup();
                return (roles, keys);
            }
        }
    }
}
