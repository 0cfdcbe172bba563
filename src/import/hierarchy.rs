//! Inheritance between the roles of a file: no cycles, and no chain that Casbin would not follow.

use std::collections::{BTreeMap, HashMap};

use super::error::{Findings, Reason};
use super::policy::{Inherit, Policy};

/// Casbin's role manager follows 10 links; the first of them is that from the user to a role.
const MOST_LINKS: usize = 9;

/// Checks each domain's hierarchy for itself. Returns the roles that inherit or are inherited from,
/// parents first; with domains of their own, in no useful order.
pub(super) fn check(policy: &Policy, findings: &mut Findings) -> Vec<u32> {
    let mut domains: BTreeMap<Option<u32>, Vec<&Inherit>> = BTreeMap::new();
    for link in &policy.inherits {
        if link.role == link.parent {
            findings.add(link.place, Reason::OwnParent { role: policy.role_name(link.role) });
        } else {
            domains.entry(link.domain).or_default().push(link);
        }
    }
    domains.values().flat_map(|links| check_links(links, policy, findings)).collect()
}

fn check_links(links: &[&Inherit], policy: &Policy, findings: &mut Findings) -> Vec<u32> {
    let heirs_first = peel(links.iter().map(|link| (link.parent, link.role)));
    let done: HashMap<u32, usize> = heirs_first.iter().copied().zip(0..).collect();
    if links.iter().all(|link| done.contains_key(&link.role) && done.contains_key(&link.parent)) {
        check_depth(&heirs_first, links, policy, findings);
        return heirs_first.into_iter().rev().collect();
    }
    // What is left over is in a cycle, or below one; what is left over from both ends is in one.
    let parents_first = peel(links.iter().map(|link| (link.role, link.parent)));
    let free: HashMap<u32, usize> = parents_first.into_iter().zip(0..).collect();
    let cyclic = |role| !done.contains_key(&role) && !free.contains_key(&role);
    for link in links.iter().filter(|link| cyclic(link.role) && cyclic(link.parent)) {
        let (role, parent) = (policy.role_name(link.role), policy.role_name(link.parent));
        findings.add(link.place, Reason::Cycle { role, parent });
    }
    Vec::new()
}

/// Orders the nodes of a graph so that each comes after those that it waits for; without those that
/// wait for ever.
pub(super) fn peel(waits_for: impl Iterator<Item = (u32, u32)>) -> Vec<u32> {
    let mut waiting: BTreeMap<u32, usize> = BTreeMap::new();
    let mut followers: HashMap<u32, Vec<u32>> = HashMap::new();
    for (node, other) in waits_for {
        *waiting.entry(node).or_default() += 1;
        waiting.entry(other).or_default();
        followers.entry(other).or_default().push(node);
    }
    let mut order: Vec<u32> = waiting.iter().filter(|(_, count)| **count == 0).map(|(node, _)| *node).collect();
    let mut next = 0;
    while let Some(node) = order.get(next).copied() {
        next += 1;
        for follower in followers.get(&node).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(follower) {
                *count -= 1;
                if *count == 0 {
                    order.push(*follower);
                }
            }
        }
    }
    order
}

fn check_depth(heirs_first: &[u32], links: &[&Inherit], policy: &Policy, findings: &mut Findings) {
    let mut of_role: HashMap<u32, Vec<&Inherit>> = HashMap::new();
    for link in links {
        of_role.entry(link.role).or_default().push(link);
    }
    let mut depths: HashMap<u32, usize> = HashMap::new();
    for role in heirs_first {
        let depth = depths.get(role).copied().unwrap_or(0) + 1;
        for link in of_role.get(role).into_iter().flatten() {
            if depth == MOST_LINKS + 1 {
                findings.add(link.place, Reason::TooDeep { role: policy.role_name(link.parent) });
            }
            let deepest = depths.entry(link.parent).or_default();
            *deepest = depth.max(*deepest);
        }
    }
}
