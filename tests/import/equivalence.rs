//! After an import everybody may do what Casbin would allow, and nothing else.

use std::collections::BTreeSet;

use chancery::import::{BadLine, ImportError, Reason};
use proptest::prelude::*;

use super::{World, allows};

const DOMAINS: [&str; 3] = ["d0", "d1", "d2"];
const OBJECTS: [&str; 3] = ["/a/*", "b c", "d.e"];
const ACTIONS: [&str; 2] = ["read", "write"];

/// Lines of a policy; absent domains count in all.
#[derive(Debug, Clone, Default)]
struct Rules {
    p: Vec<(String, Option<&'static str>, &'static str, &'static str)>,
    g: Vec<(String, String, Option<&'static str>)>,
}

impl Rules {
    fn text(&self) -> String {
        let domain = |domain: &Option<&str>| domain.map(|domain| format!("{domain}, ")).unwrap_or_default();
        let p = self.p.iter().map(|(s, d, object, action)| format!("p, {s}, {}{object}, {action}\n", domain(d)));
        let g =
            self.g.iter().map(|(u, r, d)| format!("g, {u}, {r}{}\n", d.map(|d| format!(", {d}")).unwrap_or_default()));
        p.chain(g).collect()
    }

    fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.p.extend(other.p.iter().cloned());
        both.g.extend(other.g.iter().cloned());
        both
    }

    /// The naive evaluator: `g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act`.
    fn allows(&self, user: &str, domain: Option<&str>, object: &str, action: &str) -> bool {
        let holds = |of: &Option<&str>| of.is_none() || *of == domain;
        let mut subjects = BTreeSet::from([user]);
        loop {
            let more: Vec<&str> = self
                .g
                .iter()
                .filter(|(u, _, d)| subjects.contains(u.as_str()) && holds(d))
                .map(|g| g.1.as_str())
                .collect();
            let before = subjects.len();
            subjects.extend(more);
            if subjects.len() == before {
                break;
            }
        }
        self.p.iter().any(|(s, d, o, a)| subjects.contains(s.as_str()) && holds(d) && *o == object && *a == action)
    }

    /// Those whom nobody holds.
    fn users(&self) -> BTreeSet<&str> {
        let subjects = self.p.iter().map(|p| p.0.as_str()).chain(self.g.iter().map(|g| g.0.as_str()));
        subjects.filter(|subject| !self.g.iter().any(|(_, role, _)| role == subject)).collect()
    }
}

fn rules(p_domains: bool, g_domains: bool) -> impl Strategy<Value = Rules> {
    let domain = |used: bool| (0..DOMAINS.len()).prop_map(move |at| used.then(|| DOMAINS[at]));
    // Links go from lower numbers to higher ones, so there is no cycle: u0 … u3 are users, the rest mostly roles.
    let name = |at: usize| if at < 4 { format!("u{at}") } else { format!("r{at}") };
    let p = (0..10usize, domain(p_domains), 0..OBJECTS.len(), 0..ACTIONS.len())
        .prop_map(move |(s, d, o, a)| (name(s), d, OBJECTS[o], ACTIONS[a]));
    let g = (0..9usize, 0..6usize, domain(g_domains)).prop_map(move |(u, step, d)| {
        let role = (u + 1 + step).clamp(4, 9);
        (name(u.min(role - 1)), name(role), d)
    });
    (prop::collection::vec(p, 0..14), prop::collection::vec(g, 0..12)).prop_map(|(p, g)| Rules { p, g })
}

fn three_rules() -> impl Strategy<Value = (bool, bool, Rules, Rules, Rules)> {
    (any::<bool>(), any::<bool>()).prop_flat_map(|(p, g)| (Just(p), Just(g), rules(p, g), rules(p, g), rules(p, g)))
}

/// Compares every answer with what is expected of it.
async fn compare(world: &World, users: &BTreeSet<&str>, expect: impl Fn(&str, Option<&str>, &str, &str, bool) -> bool) {
    let state = world.state().await;
    let keys = [":a:~", "b+c", "d.e"];
    for user in users {
        for domain in DOMAINS.into_iter().map(Some).chain([None]) {
            for (object, key) in OBJECTS.into_iter().zip(keys) {
                for action in ACTIONS {
                    let allowed = allows(&state, user, &format!("{key}.{action}"), domain);
                    assert!(
                        expect(user, domain, object, action, allowed),
                        "{user} {action} {object} in {domain:?} is {allowed}"
                    );
                }
            }
        }
    }
}

fn block(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
}

/// Scopes exist once a policy names them; where none does there is only the organisation.
fn known(text: &str, domain: Option<&str>, in_domains: bool) -> bool {
    domain.map_or(!in_domains, |domain| text.contains(&format!(", {domain}")))
}

proptest! {
    #[test]
    fn an_import_allows_what_casbin_allows((p, g, rules, _, _) in three_rules()) {
        block(async {
            let world = World::blank();
            let text = rules.text();
            world.casbin(&text).await.unwrap();
            let users = rules.users();
            compare(&world, &users, |user, domain, object, action, allowed| {
                !known(&text, domain, p || g) || allowed == rules.allows(user, domain, object, action)
            }).await;
            assert_nothing_to_do(&world, &text).await;
        });
    }

    #[test]
    fn a_grown_policy_allows_what_casbin_allows((p, g, rules, more, _) in three_rules()) {
        block(async {
            let world = World::blank();
            world.casbin(rules.text()).await.unwrap();
            let grown = rules.and(&more);
            let text = grown.text();
            // A member of the first policy may have become a role in the second.
            match world.casbin(&text).await {
                // A role of one domain that comes to be used in others may have old parents: told, not guessed.
                Err(ImportError::BadLines { lines, .. }) if p || g => {
                    assert!(lines.iter().all(|bad| matches!(bad.reason, Reason::InheritsMore { .. })), "{lines:?}");
                    return;
                }
                imported => drop(imported.unwrap()),
            }
            let users = grown.users();
            compare(&world, &users, |user, domain, object, action, allowed| {
                !known(&text, domain, p || g) || allowed == grown.allows(user, domain, object, action)
            }).await;
            assert_nothing_to_do(&world, &text).await;
        });
    }

    #[test]
    fn other_policies_on_top_widen_nothing_beyond_all_of_them((p, g, first, second, third) in three_rules()) {
        block(async {
            let world = World::blank();
            let (mut all, mut accepted) = (Rules::default(), Vec::new());
            for rules in [first, second, third] {
                all = all.and(&rules);
                match world.casbin(rules.text()).await {
                    Ok(_) => accepted.push(rules),
                    Err(ImportError::BadLines { lines, .. }) => assert!(lines.iter().all(is_guarded), "{lines:?}"),
                    Err(error) => panic!("{error}"),
                }
            }
            let users = all.users();
            compare(&world, &users, |user, domain, object, action, allowed| {
                let said = |rules: &Rules| {
                    known(&rules.text(), domain, p || g) && rules.allows(user, domain, object, action)
                };
                if allowed { all.allows(user, domain, object, action) } else { !accepted.iter().any(said) }
            }).await;
        });
    }
}

/// Refused because somebody would get more than the lines say, or nothing at all.
fn is_guarded(bad: &BadLine) -> bool {
    matches!(bad.reason, Reason::PermitsMore { .. } | Reason::InheritsMore { .. } | Reason::NoScope { .. })
}

/// The same policy again finds nothing to do.
async fn assert_nothing_to_do(world: &World, text: &str) {
    assert_eq!(world.casbin(text).await.unwrap().events, 0, "the second run adds something");
}
