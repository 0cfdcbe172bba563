//! What somebody may do, by the words of the design.

use std::collections::BTreeSet;

use super::{Answer, Grip, Hand, Member, Oracle, Owner, Place, Reach, Reading, Time, selects, texts};

impl Oracle {
    /// Own and inherited permissions.
    pub(crate) fn effective(&self, role: &str) -> &BTreeSet<String> {
        &self.effective[role]
    }

    /// The scope and everything above it.
    pub(crate) fn above(&self, scope: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut at = Some(scope.to_owned());
        while let Some(id) = at {
            at = self.scopes[&id].parent.clone();
            assert!(found.insert(id), "scope {scope} stands below itself");
        }
        found
    }

    pub(crate) fn in_use(&self, scope: &str) -> bool {
        self.above(scope).iter().all(|id| !self.scopes[id].archived)
    }

    fn open(&self, scope: &str, reading: Reading) -> bool {
        reading == Reading::Restored || self.in_use(scope)
    }

    /// All that lies at or below the nodes, or is shared with that; of what is in use.
    fn reached_from(&self, nodes: &BTreeSet<String>, reading: Reading) -> BTreeSet<String> {
        let in_use: Vec<&String> = self.scopes.keys().filter(|scope| self.open(scope, reading)).collect();
        let below = |tops: &BTreeSet<String>| -> BTreeSet<String> {
            let under = |scope: &&&String| self.above(scope).iter().any(|above| tops.contains(above));
            in_use.iter().filter(under).map(|scope| (*scope).clone()).collect()
        };
        let direct = below(nodes);
        let opened = |scope: &&&String| self.scopes[**scope].shared_with.iter().any(|with| direct.contains(with));
        let shared: BTreeSet<String> = in_use.iter().filter(opened).map(|scope| (*scope).clone()).collect();
        let mut reached = below(&shared);
        reached.extend(direct);
        reached
    }

    fn reaches(&self, reach: &Reach, place: &Place, reading: Reading) -> bool {
        match (reach, place) {
            (Reach::Nothing, _) => false,
            (Reach::All, Place::Organisation) => true,
            (Reach::Nodes { .. }, Place::Organisation) => false,
            (Reach::All, Place::Scope(scope)) => self.scopes.contains_key(scope) && self.open(scope, reading),
            (Reach::Nodes { nodes, .. }, Place::Scope(scope)) => self.reached_from(nodes, reading).contains(scope),
        }
    }

    fn guards_pass(&self, member: &Member, at: Time) -> bool {
        let account_type = &self.account_types[&member.account_type];
        if account_type["verified_email"].as_bool() == Some(true) && !member.verified {
            return false;
        }
        texts(&account_type["documents"]).iter().all(|required| match member.documents.get(required) {
            Some(("approved", None)) => true,
            Some(("approved", Some(expires))) => at < *expires,
            _ => false,
        })
    }

    /// Whether somebody takes part and gets past the guards.
    pub(crate) fn takes_part(&self, member: &str, at: Time) -> bool {
        self.members.get(member).is_some_and(|member| member.status == "active" && self.guards_pass(member, at))
    }

    pub(crate) fn suits(&self, member: &str, role: &str) -> bool {
        let types = &self.roles[role].account_types;
        types.is_empty() || types.contains(&self.members[member].account_type)
    }

    /// The roles that count for a member at an instant, with the scope they are held in.
    pub(crate) fn in_force(&self, member: &str, at: Time) -> Vec<(&str, Option<&str>)> {
        let held = self.members[member].assignments.iter();
        held.filter(|((role, _), window)| window.holds(at) && self.suits(member, role))
            .map(|((role, scope), _)| (role.as_str(), scope.as_deref()))
            .collect()
    }

    /// The best level that a member has.
    pub(crate) fn level(&self, member: &str, at: Time) -> Option<u64> {
        self.in_force(member, at).into_iter().filter_map(|(role, _)| self.roles[role].level).min()
    }

    /// Whether some role in force, or the member's own scope, reaches the place.
    pub(crate) fn hand(&self, member: &str, place: &Place, at: Time, reading: Reading) -> Option<Hand<'_>> {
        let entry = self.members.get(member)?;
        let shut = match reading {
            Reading::Actual => !self.takes_part(member, at),
            Reading::Potential | Reading::Restored => entry.status == "removed",
        };
        if shut {
            return None;
        }
        let mut paths = Vec::new();
        for (role, scope) in self.in_force(member, at) {
            let reach = match scope {
                _ if self.roles[role].everywhere => Reach::All,
                Some(scope) => Reach::Nodes { by_group: false, nodes: BTreeSet::from([scope.to_owned()]) },
                None => entry.scope.clone(),
            };
            if self.reaches(&reach, place, reading) {
                paths.push(&self.effective[role]);
            }
        }
        Some(Hand {
            paths,
            toggles: &entry.toggles,
            toggles_reach: self.reaches(&entry.scope, place, reading),
            account_type: &entry.account_type,
        })
    }

    fn may_hold(&self, account_type: &str, permission: &str) -> bool {
        let key = (account_type.to_owned(), permission.to_owned());
        if let Some(known) = self.bounds.borrow().get(&key) {
            return *known;
        }
        let answer = selects(&texts(&self.account_types[account_type]["may_hold"]), permission);
        self.bounds.borrow_mut().insert(key, answer);
        answer
    }

    /// What a hand is worth for one permission.
    pub(crate) fn grip(&self, hand: &Hand<'_>, permission: &str) -> Grip {
        let grants = self.permissions.get(permission).is_some_and(Vec::is_empty);
        if !grants || !self.may_hold(hand.account_type, permission) || hand.toggles.get(permission) == Some(&false) {
            return Grip::No;
        }
        let nothing = BTreeSet::new();
        let mut ways: Vec<&BTreeSet<String>> =
            hand.paths.iter().copied().filter(|path| path.contains(permission)).collect();
        if hand.toggles_reach && hand.toggles.get(permission) == Some(&true) {
            ways.push(&nothing);
        }
        let restricted = |way: &&BTreeSet<String>| {
            self.restrictions.iter().any(|(restriction, narrows)| {
                let applies = match hand.toggles.get(restriction) {
                    Some(given) => *given,
                    None => way.contains(restriction),
                };
                applies && selects(narrows, permission)
            })
        };
        match (ways.is_empty(), ways.iter().all(restricted)) {
            (true, _) => Grip::No,
            (false, true) => Grip::Own,
            (false, false) => Grip::Full,
        }
    }

    pub(crate) fn holds(&self, member: &str, permission: &str, place: &Place, at: Time, reading: Reading) -> Grip {
        self.hand(member, place, at, reading).map_or(Grip::No, |hand| self.grip(&hand, permission))
    }

    pub(crate) fn answer(&self, member: &str, permission: &str, place: &Place, owner: Owner, at: Time) -> Answer {
        if !self.members.contains_key(member) {
            return Answer::NotFound;
        }
        let Some(hand) = self.hand(member, place, at, Reading::Actual) else { return Answer::Forbidden };
        let unseen = *place != Place::Organisation && hand.paths.is_empty() && !hand.toggles_reach;
        if self.permissions.contains_key(permission) && unseen {
            return Answer::NotFound;
        }
        match (self.grip(&hand, permission), owner) {
            (Grip::No, _) | (Grip::Own, Owner::Other) => Answer::Forbidden,
            (Grip::Full, _) | (Grip::Own, Owner::Subject) => Answer::Allowed { only_own: false },
            (Grip::Own, Owner::Unnamed) => Answer::Allowed { only_own: true },
        }
    }

    /// When a member's access may change by itself.
    pub(crate) fn turning_points(&self, member: &str) -> BTreeSet<Time> {
        let Some(member) = self.members.get(member) else { return BTreeSet::new() };
        let windows = member.assignments.values().flat_map(|window| [window.from, window.until]);
        windows.chain(member.documents.values().map(|(_, expires)| *expires)).flatten().collect()
    }

    /// Where a scope is governed from: itself, or the nearest scope above it that is in use.
    pub(crate) fn seat(&self, place: &Place) -> Place {
        let mut place = place.clone();
        while let Place::Scope(scope) = &place {
            if self.in_use(scope) {
                break;
            }
            place = self.scopes[scope].parent.clone().map_or(Place::Organisation, Place::Scope);
        }
        place
    }

    pub(crate) fn manages_roles(&self, member: &str, at: Time, reading: Reading) -> bool {
        ["role_edit", "role_assign"].iter().all(|need| {
            let permission = self.authority[*need].as_str().expect("a permission");
            self.holds(member, permission, &Place::Organisation, at, reading) == Grip::Full
        })
    }

    /// Whether somebody can manage roles, now and for good.
    pub(crate) fn has_administrator(&self, at: Time) -> bool {
        let manages = |member: &String, at: Time| self.manages_roles(member, at, Reading::Actual);
        self.members.keys().any(|member| manages(member, at) && manages(member, Time::MAX_UTC))
    }

    pub(crate) fn switch(&self, name: &str) -> bool {
        self.policy[name].as_bool().unwrap_or(false)
    }

    pub(crate) fn policy_list(&self, name: &str) -> Vec<String> {
        texts(&self.policy[name])
    }
}
