//! The proof being checked on a page, and a database that somebody changed by hand.

use chancery::log::Hash;

use super::browser::{Browser, Page};
use super::world::World;

const VERIFY: &str = "/console/acme/audit/verify";

/// A world with a checkpoint over its first entries and some after it, and an auditor who signed in before anybody
/// touched the database.
struct Signed {
    world: World,
    browser: Browser,
    size: u64,
}

impl Signed {
    fn new() -> Self {
        let world = World::with_log_key();
        let browser = world.signed_in("acme", "olivia");
        // The first time publishes the key.
        world.sign("acme");
        (0..5).for_each(|number| drop(world.line("acme", &format!("--as olivia role create R{number}"))));
        let size = world.sign("acme").size;
        world.line("acme", "--as olivia role create Later");
        let mut signed = Self { world, browser, size };
        signed.verified("?entry=5").has("It holds.");
        signed
    }

    fn verified(&mut self, query: &str) -> Page {
        let page = self.browser.get(&format!("{VERIFY}{query}"));
        assert_eq!(page.status, 200, "{}", page.text());
        page
    }

    /// Number of the first step that does not hold, and what is said of it.
    fn failure(&mut self, query: &str) -> (u32, String) {
        let page = self.verified(query);
        page.has("role=\"alert\"");
        page.has_not("It holds.");
        let text = page.text();
        let (before, told) = text.split_once(" does not hold. ").unwrap_or_else(|| panic!("{text}"));
        let number = before.rsplit(' ').next().unwrap().parse().unwrap();
        (number, told.split(" Keep the database").next().unwrap().to_owned())
    }
}

#[test]
fn without_a_checkpoint_it_is_said_what_to_do() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    for path in ["/console/acme/audit", "/console/acme/audit/entries/3", VERIFY] {
        let page = browser.get(path);
        assert_eq!(page.status, 200, "{path}");
        page.has("not signed yet");
        page.has("--log-key FILE");
    }
    let world = World::with_log_key();
    world.signed_in("acme", "olivia").get("/console/acme/audit").has("signs it within");
}

#[test]
fn every_step_of_the_proof_is_shown_and_holds() {
    let world = World::with_log_key();
    let signed = world.sign("acme");
    world.line("acme", "--as olivia role create Later");
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get("/console/acme/audit");
    let text = page.text();
    assert!(text.contains(&format!("Signed {} entries", signed.size)), "{text}");
    assert!(text.contains("Since then 2 entries"), "a role and a key: {text}");
    let key = signed.verifier.as_str();
    for position in 1..=signed.size {
        let page = browser.get(&format!("{VERIFY}?entry={position}"));
        page.has("It holds.");
        page.has_not("does not hold");
    }
    let page = browser.get(&format!("{VERIFY}?entry=5&all=yes"));
    let text = page.text();
    for part in
        ["Step 1:", "Step 2:", "Step 3:", "Step 4:", "Hash beside it", "The root that was signed", key, "They hold."]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let root = signed.note.lines().nth(2).unwrap();
    assert!(text.matches(root).count() >= 3, "in the note, reached, and signed: {text}");
    assert_eq!(browser.get(&format!("{VERIFY}?entry={}", signed.size + 1)).status, 400);
    assert_eq!(browser.get(&format!("{VERIFY}?entry=0")).status, 400);
    let late = browser.get(&format!("/console/acme/audit/entries/{}", signed.size + 1));
    late.has("not yet this entry");
}

#[test]
fn a_changed_entry_is_named() {
    for set in ["payload = replace(payload, 'tower', 'rewot')", "metadata = replace(metadata, 'olivia', 'hugo')"] {
        let mut signed = Signed::new();
        let changed = 4;
        signed.world.forge(&format!("UPDATE events SET {set} WHERE organisation = 'acme' AND position >= {changed}"));
        let first = (changed..=signed.size)
            .find(|position| signed.verified(&format!("?entry={position}")).body.contains("role=\"alert\""));
        let first = first.unwrap();
        let (step, told) = signed.failure(&format!("?entry={first}"));
        assert_eq!(step, 2, "{told}");
        assert!(told.contains(&format!("#{first} was changed")), "{told}");
        signed.verified("?entry=3").has("It holds.");
        let page = signed.verified("?entry=3&all=yes");
        page.has("They do not hold.");
        page.has(&format!("#{first} was changed"));
    }
}

#[test]
fn a_changed_entry_with_its_hash_does_not_lead_to_the_root() {
    let mut signed = Signed::new();
    signed.world.forge("UPDATE events SET time = time + 1 WHERE organisation = 'acme' AND position = 5");
    let (step, told) = signed.failure("?entry=5");
    assert_eq!(step, 2, "{told}");
    // Whoever changed the entry also works its hash out anew, as the page tells it.
    let text = signed.verified("?entry=5").text();
    let hash = text.split("Its hash, worked out now ").nth(1).unwrap().split(' ').next().unwrap();
    let hex: String = Hash::parse(hash).unwrap().0.iter().map(|byte| format!("{byte:02x}")).collect();
    signed.world.forge(&format!(
        "UPDATE events SET hashes = CAST(x'{hex}' || substr(hashes, 33) AS BLOB) WHERE organisation = 'acme' AND position = 5"
    ));
    let (step, told) = signed.failure("?entry=5");
    assert!(step == 3 && told.contains("way from #5 to the root"), "{step} {told}");
}

#[test]
fn a_missing_entry_is_named() {
    let mut signed = Signed::new();
    signed.world.forge("DELETE FROM events WHERE organisation = 'acme' AND position = 5");
    let (step, told) = signed.failure("?entry=5");
    assert!(step == 2 && told.contains("#5 is missing"), "{step} {told}");
}

#[test]
fn a_changed_checkpoint_is_named() {
    let mut signed = Signed::new();
    let (size, less) = (signed.size, signed.size - 1);
    signed.world.forge(&format!("UPDATE log_checkpoints SET note = replace(note, '\n{size}\n', '\n{less}\n'), size = {less} WHERE size = {size}")
        .replace('\n', "' || char(10) || '"));
    let (step, told) = signed.failure("?entry=5");
    assert!(step == 1 && told.contains(&format!("checkpoint at #{less} is not good")), "{step} {told}");
}

#[test]
fn a_checkpoint_of_another_key_is_named() {
    let mut signed = Signed::new();
    let other = World::with_log_key().sign("acme").verifier;
    signed.world.forge(&format!("UPDATE log_checkpoints SET verifier = '{other}'"));
    let (step, told) = signed.failure("?entry=5");
    assert!(step == 1 && told.contains("not a key of this log"), "{step} {told}");
}

#[test]
fn an_end_that_was_cut_off_is_named() {
    let mut signed = Signed::new();
    let (size, cut) = (signed.size, signed.size - 2);
    signed.world.forge(&format!(
        "DELETE FROM events WHERE organisation = 'acme' AND position > {cut};
         UPDATE organisations SET position = {cut} WHERE organisation = 'acme'"
    ));
    // An entry on the left of the tree: its way to the root needs what was cut off, or not, as the size has it.
    let page = signed.verified("?entry=5");
    page.has("does not hold");
    page.has(&format!("events from #{} on are missing", cut + 1));
    page.has(&format!("covers {size}"));
}
