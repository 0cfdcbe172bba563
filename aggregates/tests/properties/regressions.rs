//! Histories that once broke a property, shrunk.
use std::collections::BTreeMap;
use proptest::strategy::{Strategy, ValueTree};
#[test]
fn stats() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for profile in ["propops","proplink","workspace","buildings"] {
        let mut counts: BTreeMap<(String, &str), [u32; 2]> = BTreeMap::new();
        let mut rules: BTreeMap<&str, u32> = BTreeMap::new();
        for _ in 0..60 {
            let script = crate::world::scripts(80..81).new_tree(&mut runner).unwrap().current();
            let mut seen = 0;
            crate::world::play(profile, &script, |_, outcome| {
                seen += 1;
                if seen < 22 { return }
                let who = match outcome.actor.to_string().as_str() { "founder" => "founder", "@system" => "system", "@operator" => "operator", _ => "member" };
                let entry = counts.entry((outcome.command.name().to_string(), who)).or_default();
                entry[1] += 1;
                match &outcome.result { Ok(e) if !e.is_empty() => entry[0] += 1, Err(r) if who == "member" => *rules.entry(r.rule()).or_default() += 1, _ => {} }
            });
        }
        let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ((c, w), [a, t]) in counts { by.entry(c).or_default().push(format!("{w} {a}/{t}")); }
        println!("== {profile}");
        for (c, w) in by { println!("{c:24} {}", w.join("  ")); }
        println!("{rules:?}");
    }
}
