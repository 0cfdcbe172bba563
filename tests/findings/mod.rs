//! Findings, against a naive reading of the same log, on random histories of every profile.

mod command_line;

use std::collections::{BTreeMap, BTreeSet};

use chancery::aggregates::profile::BUILT_IN;
use chancery::aggregates::profile::document::{ProfileDocument, SeparationDocument};
use chancery::aggregates::vocabulary::{Actor, Time};
use chancery::projections::findings::{Finding, Kind, LastActed, Options, findings};
use chrono::TimeDelta;

use crate::oracle::{Grip, Member, Oracle, Place, Reach, Reading};
use crate::world::{Script, World, play_on};

/// A built-in profile that keeps its first permissions apart from its second ones.
fn separating(profile: &str) -> ProfileDocument {
    let mut document: ProfileDocument =
        toml::from_str(BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap().1).unwrap();
    let keys: Vec<_> = document.categories.iter().flat_map(|category| &category.permissions).collect();
    let grants: Vec<_> = keys.iter().filter(|key| key.narrows.is_empty()).map(|key| key.key.clone()).take(2).collect();
    document.separations.push(SeparationDocument {
        key: "pair".into(),
        label: "Pair".into(),
        description: String::new(),
        one: vec![grants[0].clone()],
        other: vec![grants[1].clone()],
    });
    document
}

/// The naive reading.
struct Naive<'a> {
    oracle: &'a Oracle,
    document: &'a ProfileDocument,
    at: Time,
}

fn ids<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    items.into_iter().collect()
}

impl Naive<'_> {
    fn places(&self) -> Vec<Place> {
        [Place::Organisation].into_iter().chain(self.oracle.scopes.keys().cloned().map(Place::Scope)).collect()
    }

    fn members(&self, status: &str) -> Vec<(&String, &Member)> {
        self.oracle.members.iter().filter(|(_, member)| member.status == status).collect()
    }

    fn holds(&self, member: &str, permission: &str, place: &Place) -> Grip {
        self.oracle.holds(member, permission, place, self.at, Reading::Actual)
    }

    fn sensitive(&self) -> BTreeSet<(String, Place, String)> {
        let permissions = || self.document.categories.iter().flat_map(|category| &category.permissions);
        let mut held = BTreeSet::new();
        for (member, _) in self.members("active") {
            for place in self.places() {
                for permission in permissions().filter(|permission| permission.sensitive) {
                    if self.holds(member, &permission.key, &place) > Grip::No {
                        held.insert((member.clone(), place.clone(), permission.key.to_string()));
                    }
                }
            }
        }
        held
    }

    fn separated(&self) -> BTreeSet<(String, Place)> {
        let pair = &self.document.separations[0];
        let both = |member: &str, place: &Place| {
            [&pair.one[0], &pair.other[0]].iter().all(|key| self.holds(member, key, place) > Grip::No)
        };
        let members = self.members("active");
        let all = members.iter().flat_map(|(id, _)| self.places().into_iter().map(move |place| ((*id).clone(), place)));
        all.filter(|(member, place)| both(member, place)).collect()
    }

    fn holds_anything(&self, member: &str) -> bool {
        let permissions = || self.oracle.permissions.keys();
        self.places().iter().any(|place| permissions().any(|key| self.holds(member, key, place) > Grip::No))
    }

    fn waiting(&self) -> BTreeSet<String> {
        let waits = |id: &&String| !self.oracle.takes_part(id, self.at);
        self.members("active").into_iter().map(|(id, _)| id).filter(waits).cloned().collect()
    }

    fn without_access(&self) -> BTreeSet<String> {
        let nothing = |id: &&String| self.oracle.takes_part(id, self.at) && !self.holds_anything(id);
        self.members("active").into_iter().map(|(id, _)| id).filter(nothing).cloned().collect()
    }

    fn suspended(&self) -> BTreeSet<String> {
        let given = |(_, member): &(&String, &Member)| {
            !member.assignments.is_empty() || member.toggles.values().any(|allowed| *allowed)
        };
        self.members("suspended").into_iter().filter(given).map(|(id, _)| id.clone()).collect()
    }

    fn unused(&self) -> BTreeSet<String> {
        let lasts = |role: &str| {
            let assignments = self.oracle.members.values().flat_map(|member| &member.assignments);
            let mut of_role = assignments.filter(|((held, _), _)| held == role);
            of_role.any(|(_, window)| window.until.is_none_or(|until| until > self.at))
        };
        let serves = |role: &String| self.oracle.roles.values().any(|other| other.inherits.contains(role));
        let unused = self.oracle.roles.iter().filter(|(_, role)| role.assigned != "system").map(|(id, _)| id);
        unused.filter(|id| !lasts(id) && !serves(id)).cloned().collect()
    }

    fn empty(&self) -> BTreeSet<String> {
        let grants = |key: &String| self.oracle.permissions.get(key).is_some_and(Vec::is_empty);
        self.oracle.roles.keys().filter(|role| !self.oracle.effective(role).iter().any(grants)).cloned().collect()
    }

    fn pairs(&self, alike: impl Fn(usize, usize) -> bool) -> BTreeSet<BTreeSet<String>> {
        let roles: Vec<&String> = self.oracle.roles.keys().collect();
        let mut pairs = BTreeSet::new();
        for one in &roles {
            for other in &roles {
                let (first, second) = (self.oracle.effective(one), self.oracle.effective(other));
                let (common, all) = (first.intersection(second).count(), first.union(second).count());
                if one < other && !first.is_empty() && !second.is_empty() && alike(common, all) {
                    pairs.insert(ids([(*one).clone(), (*other).clone()]));
                }
            }
        }
        pairs
    }

    /// Everything that could be taken away without anybody's noticing: `member role scope`, or
    /// `member permission`.
    fn dormant(&self) -> BTreeSet<String> {
        let mut dormant = BTreeSet::new();
        for (id, member) in self.oracle.members.iter().filter(|(_, member)| member.status != "removed") {
            for (role, scope) in member.assignments.keys() {
                let mut without = self.oracle.clone();
                let key = (role.clone(), scope.clone());
                without.members.get_mut(id).unwrap().assignments.remove(&key);
                if self.same(&without, id) {
                    dormant.insert(format!("{id} {role}"));
                }
            }
            for permission in member.toggles.keys() {
                let mut without = self.oracle.clone();
                without.members.get_mut(id).unwrap().toggles.remove(permission);
                if self.same(&without, id) {
                    dormant.insert(format!("{id} {permission}"));
                }
            }
        }
        dormant
    }

    fn same(&self, other: &Oracle, member: &str) -> bool {
        let mut instants = self.oracle.turning_points(member);
        instants.retain(|at| *at > self.at);
        instants.insert(self.at);
        instants.into_iter().all(|at| {
            self.places().iter().all(|place| {
                let one = self.oracle.hand(member, place, at, Reading::Potential);
                let two = other.hand(member, place, at, Reading::Potential);
                let (Some(one), Some(two)) = (one, two) else { return true };
                self.oracle.permissions.keys().all(|key| self.oracle.grip(&one, key) == other.grip(&two, key))
            })
        })
    }

    fn expiring(&self, days: i64) -> usize {
        let soon = |until: &Time| *until > self.at && *until <= self.at + TimeDelta::days(days);
        let here = self.oracle.members.values().filter(|member| member.status != "removed");
        here.map(|member| {
            let windows = member.assignments.values().filter_map(|window| window.until);
            let approved = member.documents.values().filter(|(status, _)| *status == "approved");
            windows.chain(approved.filter_map(|(_, until)| *until)).filter(soon).count()
        })
        .sum()
    }

    fn managers(&self) -> usize {
        let manages = |id: &String| {
            ["role_edit", "role_assign"].iter().all(|need| {
                let key = self.oracle.authority[*need].as_str().unwrap();
                self.holds(id, key, &Place::Organisation) == Grip::Full
            })
        };
        self.oracle.members.keys().filter(|id| manages(id)).count()
    }
}

fn members(found: &[&Finding]) -> BTreeSet<String> {
    found.iter().flat_map(|finding| &finding.members).map(|member| member.id.to_string()).collect()
}

fn roles(finding: &Finding) -> BTreeSet<String> {
    finding.roles.iter().map(|role| role.id.to_string()).collect()
}

fn places(finding: &Finding) -> Vec<Place> {
    let places = finding.places.as_ref().unwrap();
    let scopes = places.scopes.iter().map(|scope| Place::Scope(scope.id.to_string()));
    places.organisation.then_some(Place::Organisation).into_iter().chain(scopes).collect()
}

fn compare(world: &World) {
    let (oracle, at) = (world.oracle(), world.now);
    let naive = Naive { oracle: &oracle, document: &world.document, at };
    let options = Options { expiring_days: Some(30), similar: 0.8, ..Options::default() };
    let mut last_acted = LastActed::new();
    for line in &world.log {
        if let Actor::Member(id) = &line.actor {
            last_acted.insert(id.to_string(), line.stamp.time);
        }
    }
    let found = findings(&world.state, at, &Kind::ALL, &options, Some(&last_acted));
    let mut by_kind: BTreeMap<Kind, Vec<&Finding>> = Kind::ALL.into_iter().map(|kind| (kind, Vec::new())).collect();
    for finding in &found {
        assert!(!finding.evidence.is_empty() && !finding.sentence.is_empty(), "{finding:?}");
        let head = world.state.position();
        assert!(finding.evidence.iter().filter_map(|evidence| evidence.position).all(|at| 1 <= at && at <= head));
        by_kind.get_mut(&finding.kind).unwrap().push(finding);
    }
    let of = |kind: Kind| by_kind[&kind].as_slice();

    let triples = of(Kind::Privileged).iter().flat_map(|finding| {
        let member = finding.members[0].id.to_string();
        places(finding).into_iter().flat_map(move |place| {
            let member = member.clone();
            finding.permissions.iter().map(move |key| (member.clone(), place.clone(), key.id.to_string()))
        })
    });
    assert_eq!(ids(triples), naive.sensitive());
    let separated = of(Kind::Separation)
        .iter()
        .flat_map(|finding| places(finding).into_iter().map(|place| (finding.members[0].id.to_string(), place)));
    assert_eq!(ids(separated), naive.separated());
    assert_eq!(members(of(Kind::GuardPending)), naive.waiting());
    assert_eq!(members(of(Kind::NoAccess)), naive.without_access());
    assert_eq!(members(of(Kind::SuspendedWithRoles)), naive.suspended());
    assert_eq!(of(Kind::LeftWithAccess), [] as [&Finding; 0]);
    assert_eq!(ids(of(Kind::UnusedRole).iter().flat_map(|finding| roles(finding))), naive.unused());
    assert_eq!(ids(of(Kind::EmptyRole).iter().flat_map(|finding| roles(finding))), naive.empty());
    let equal_pairs = of(Kind::EqualRoles).iter().flat_map(|finding| {
        let group: Vec<String> = roles(finding).into_iter().collect();
        let pair = |one: &String, other: &String| (one < other).then(|| ids([one.clone(), other.clone()]));
        group.iter().flat_map(|one| group.iter().filter_map(move |other| pair(one, other))).collect::<Vec<_>>()
    });
    assert_eq!(ids(equal_pairs), naive.pairs(|common, all| common == all));
    let similar = of(Kind::SimilarRoles).iter().map(|finding| roles(finding));
    assert_eq!(ids(similar), naive.pairs(|common, all| common < all && common * 10 >= all * 8));
    let dormant = of(Kind::DormantGrant).iter().map(|finding| {
        let what = finding.roles.first().map(|role| role.id.to_string());
        let what = what.unwrap_or_else(|| finding.permissions[0].id.to_string());
        format!("{} {what}", finding.members[0].id)
    });
    assert_eq!(ids(dormant), naive.dormant());
    assert_eq!(of(Kind::Expiring).len(), naive.expiring(30));
    assert_eq!(of(Kind::SingleManager).len(), usize::from(naive.managers() == 1));
    for idle in members(of(Kind::IdleManager)) {
        let long_ago = at - TimeDelta::days(90);
        assert!(last_acted.get(&idle).is_none_or(|last| *last <= long_ago));
        assert!(naive.holds_anything(&idle));
    }
    let scoped = oracle.members.values().any(|member| member.scope != Reach::Nothing);
    assert!(scoped, "a world in which nothing can be found");
}

fn law(profile: &str, script: &Script) {
    let mut steps = 0;
    let world = play_on(World::found_by(separating(profile)), script, |world, _| {
        steps += 1;
        if steps % 40 == 0 {
            compare(world);
        }
    });
    compare(&world);
}

macro_rules! on_every_profile {
    ($($profile:ident),*) => {
        proptest::proptest! {
            #![proptest_config(proptest::test_runner::Config { cases: 3, failure_persistence: None, ..Default::default() })]
            $(
                #[test]
                fn $profile(script in crate::world::scripts(0..60)) {
                    super::law(stringify!($profile), &script);
                }
            )*
        }
    };
}

mod findings_are_those_of_a_naive_reading {
    on_every_profile!(propops, proplink, workspace, buildings);
}
