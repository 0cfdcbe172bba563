//! Which roles the files come to, and who holds which of them where.
//!
//! A role of the files becomes one role here when it permits and inherits the same in every domain
//! in which it is used: members then hold that role in each of their domains. When it differs
//! between domains it becomes a role for each of them, since a role held in one domain would otherwise
//! bring what it permits in another.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::error::{ImportError, Place};
use super::hierarchy::peel;
use super::policy::Policy;

/// The most assignments that one import may come to.
const MOST_ASSIGNMENTS: usize = 5_000_000;

/// A role to be.
#[derive(Debug)]
pub(super) struct Node {
    /// The role of the files.
    pub(super) role: u32,
    /// The domain that it is for, when the role differs between domains.
    pub(super) domain: Option<u32>,
    /// In ascending order.
    pub(super) permissions: Vec<u32>,
    /// Indices of other nodes, all of them before this one.
    pub(super) parents: BTreeSet<usize>,
}

/// A member holds a role to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assigned {
    pub(super) member: u32,
    pub(super) node: usize,
    pub(super) domain: Option<u32>,
    pub(super) place: Place,
}

/// What the files come to.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Parents first.
    pub(super) nodes: Vec<Node>,
    pub(super) assignments: Vec<Assigned>,
    /// The domains in which each role of the files is used; `None` stands for no domain.
    used: Vec<BTreeSet<Option<u32>>>,
}

impl Layout {
    /// The domains in which a role of the files is used; `None` stands for no domain.
    pub(super) fn used(&self, role: u32) -> &BTreeSet<Option<u32>> {
        const NOWHERE: &BTreeSet<Option<u32>> = &BTreeSet::new();
        self.used.get(role as usize).unwrap_or(NOWHERE)
    }
}

/// A role in a domain, or without one.
type Spot = (u32, Option<u32>);

struct Builder<'a> {
    policy: &'a Policy,
    own: HashMap<Spot, Vec<u32>>,
    parents: HashMap<u32, Vec<Spot>>,
    /// The domains in which a role, or one that it inherits from, permits anything. Only filled where
    /// permissions have a domain and inheritance has none.
    reach: Vec<BTreeSet<u32>>,
    used: Vec<BTreeSet<Option<u32>>>,
}

/// Lays the roles out. Those in `split` become a role for each domain in any case. `parents_first` orders
/// the hierarchy where that has no domains.
pub(super) fn build(policy: &Policy, parents_first: &[u32], split: &HashSet<u32>) -> Result<Layout, ImportError> {
    let mut builder = Builder::new(policy);
    builder.fill_reach(parents_first);
    let holds = builder.holds()?;
    builder.fill_used(&holds);
    let split = builder.differing(split);
    let mut layout = builder.nodes(&split);
    let index: HashMap<Spot, usize> =
        layout.nodes.iter().zip(0..).map(|(node, at)| ((node.role, node.domain), at)).collect();
    layout.used = builder.used;
    let mut seen = HashSet::with_capacity(holds.len());
    for (member, (role, domain), place) in holds {
        let spot = (role, domain.filter(|_| split.contains(&role)));
        if let Some(node) = index.get(&spot).copied()
            && seen.insert((member, node, domain))
        {
            layout.assignments.push(Assigned { member, node, domain, place });
        }
    }
    Ok(layout)
}

impl<'a> Builder<'a> {
    fn new(policy: &'a Policy) -> Self {
        let mut own: HashMap<Spot, Vec<u32>> = HashMap::new();
        for permit in &policy.permits {
            own.entry((permit.role, permit.domain)).or_default().push(permit.permission);
        }
        for permissions in own.values_mut() {
            permissions.sort_unstable();
            permissions.dedup();
        }
        let mut parents: HashMap<u32, Vec<Spot>> = HashMap::new();
        for link in &policy.inherits {
            parents.entry(link.role).or_default().push((link.parent, link.domain));
        }
        let roles = policy.roles.len();
        Self { policy, own, parents, reach: vec![BTreeSet::new(); roles], used: vec![BTreeSet::new(); roles] }
    }

    fn fill_reach(&mut self, parents_first: &[u32]) {
        if !self.policy.permits_in_domains || self.policy.held_in_domains {
            return;
        }
        for permit in &self.policy.permits {
            if let Some(reach) = self.reach.get_mut(permit.role as usize) {
                reach.extend(permit.domain);
            }
        }
        for role in parents_first {
            let inherited: Vec<u32> = self
                .parents
                .get(role)
                .into_iter()
                .flatten()
                .flat_map(|(parent, _)| self.reach_of(*parent).iter().copied())
                .collect();
            if let Some(reach) = self.reach.get_mut(*role as usize) {
                reach.extend(inherited);
            }
        }
    }

    fn reach_of(&self, role: u32) -> &BTreeSet<u32> {
        const NOWHERE: &BTreeSet<u32> = &BTreeSet::new();
        self.reach.get(role as usize).unwrap_or(NOWHERE)
    }

    fn own(&self, (role, domain): Spot) -> &[u32] {
        let spot = (role, domain.filter(|_| self.policy.permits_in_domains));
        self.own.get(&spot).map_or(&[], Vec::as_slice)
    }

    fn parents(&self, (role, domain): Spot) -> impl Iterator<Item = Spot> + '_ {
        self.parents.get(&role).into_iter().flatten().filter_map(move |(parent, of)| match (of, domain) {
            (Some(_), _) => (*of == domain).then_some((*parent, domain)),
            // Without a domain of its own the link holds in all, and matters where there is something to inherit.
            (None, Some(domain)) if self.policy.permits_in_domains => {
                self.reach_of(*parent).contains(&domain).then_some((*parent, Some(domain)))
            }
            (None, _) => Some((*parent, domain)),
        })
    }

    /// Who holds which role where, with what has no domain spread over those in which it means something.
    fn holds(&self) -> Result<Vec<(u32, Spot, Place)>, ImportError> {
        let mut holds = Vec::with_capacity(self.policy.holds.len());
        for hold in &self.policy.holds {
            let spread = hold.domain.is_none() && self.policy.permits_in_domains;
            let reach = self.reach_of(hold.role);
            if spread && !reach.is_empty() {
                holds.extend(reach.iter().map(|domain| (hold.member, (hold.role, Some(*domain)), hold.place)));
            } else {
                holds.push((hold.member, (hold.role, hold.domain), hold.place));
            }
            if holds.len() > MOST_ASSIGNMENTS {
                return Err(ImportError::TooLarge { limit: MOST_ASSIGNMENTS });
            }
        }
        Ok(holds)
    }

    fn fill_used(&mut self, holds: &[(u32, Spot, Place)]) {
        let mut pending: Vec<Spot> = holds.iter().map(|(_, spot, _)| *spot).collect();
        if self.policy.permits_in_domains {
            pending.extend(self.own.keys().copied());
        }
        pending.extend(self.policy.inherits.iter().filter(|link| link.domain.is_some()).map(|l| (l.role, l.domain)));
        self.spread_use(pending);
        let unused = |used: &BTreeSet<Option<u32>>| used.is_empty();
        let rest: Vec<Spot> =
            (0u32..).zip(&self.used).filter(|(_, u)| unused(u)).map(|(role, _)| (role, None)).collect();
        for spot in rest {
            if self.used.get(spot.0 as usize).is_some_and(unused) {
                self.spread_use(vec![spot]);
            }
        }
    }

    fn spread_use(&mut self, mut pending: Vec<Spot>) {
        while let Some((role, domain)) = pending.pop() {
            if self.used.get_mut(role as usize).is_some_and(|used| used.insert(domain)) {
                let parents: Vec<Spot> = self.parents((role, domain)).collect();
                pending.extend(parents);
            }
        }
    }

    /// The roles that are not the same in all domains in which they are used.
    fn differing(&self, split: &HashSet<u32>) -> HashSet<u32> {
        let mut differing = split.clone();
        for (role, used) in (0u32..).zip(&self.used) {
            let parents = |domain| self.parents((role, domain)).map(|(parent, _)| parent).collect::<BTreeSet<_>>();
            let mut spots = used.iter();
            let Some(first) = spots.next() else { continue };
            let same = |domain: &Option<u32>| {
                self.own((role, *domain)) == self.own((role, *first)) && parents(*domain) == parents(*first)
            };
            if !spots.all(same) {
                differing.insert(role);
            }
        }
        let mut heirs: HashMap<u32, Vec<u32>> = HashMap::new();
        for link in &self.policy.inherits {
            heirs.entry(link.parent).or_default().push(link.role);
        }
        let mut pending: Vec<u32> = differing.iter().copied().collect();
        while let Some(role) = pending.pop() {
            for heir in heirs.get(&role).into_iter().flatten() {
                let several = self.used.get(*heir as usize).is_some_and(|used| used.len() > 1);
                if several && differing.insert(*heir) {
                    pending.push(*heir);
                }
            }
        }
        differing
    }

    fn nodes(&self, split: &HashSet<u32>) -> Layout {
        let mut spots: BTreeMap<u32, Spot> = BTreeMap::new();
        let mut index: HashMap<Spot, u32> = HashMap::new();
        for (role, used) in (0u32..).zip(&self.used) {
            for domain in used {
                let known = (role, domain.filter(|_| split.contains(&role)));
                let number = spots.len() as u32;
                if let Entry::Vacant(vacant) = index.entry(known) {
                    vacant.insert(number);
                    spots.insert(number, (role, *domain));
                }
            }
        }
        let number = |(role, domain): Spot| index.get(&(role, domain.filter(|_| split.contains(&role)))).copied();
        let parents = |spot: Spot| self.parents(spot).filter_map(number);
        let links = spots.iter().flat_map(|(child, spot)| parents(*spot).map(|parent| (*child, parent)));
        let linked = peel(links);
        let in_order: HashSet<u32> = linked.iter().copied().collect();
        let order: Vec<u32> =
            linked.into_iter().chain(spots.keys().copied().filter(|n| !in_order.contains(n))).collect();
        let place: HashMap<u32, usize> = order.iter().copied().zip(0..).collect();
        let node = |number: &u32| {
            let spot = spots.get(number)?;
            Some(Node {
                role: spot.0,
                domain: spot.1.filter(|_| split.contains(&spot.0)),
                permissions: self.own(*spot).to_vec(),
                parents: parents(*spot).filter_map(|parent| place.get(&parent).copied()).collect(),
            })
        };
        Layout { nodes: order.iter().filter_map(node).collect(), ..Layout::default() }
    }
}
