//! An erasure changes nothing that was proved before it, and nothing that is proved after it.

use std::path::PathBuf;

use chancery::log::checkpoint::read_proof;
use chancery::log::proof::includes;
use chancery::log::{Checkpoint, Hash};

use super::erasure::erased;
use super::place::Place;
use super::{PLANTED, populated, shown};

/// What an auditor takes away on a visit: a checkpoint, a proof of one event, and a pack of all.
struct Taken {
    checkpoint: PathBuf,
    proof: String,
    pack: PathBuf,
}

impl Place {
    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn signed(&self, words: &[&str]) -> String {
        let key = self.file("audit.log-key");
        self.ok(&[words, &["--log-key", key.to_str().unwrap()]].concat())
    }

    /// The event that added the member who is erased is the one that is proved.
    fn take(&self, visit: &str, added: &str) -> Taken {
        let (checkpoint, pack) = (self.file(&format!("{visit}.txt")), self.file(visit));
        std::fs::write(&checkpoint, self.signed(&["audit", "checkpoint"])).unwrap();
        let proof = self.ok(&["audit", "proof", added]);
        self.signed(&["--as", "olivia", "audit", "export", "--out", pack.to_str().unwrap()]);
        Taken { checkpoint, proof, pack }
    }

    fn added(&self) -> String {
        let told = self.ok(&["--format", "json", "audit", "list", "--type", "MemberAdded", "--subject", "m1"]);
        let entry: serde_json::Value = serde_json::from_str(told.trim()).unwrap();
        entry["position"].to_string()
    }
}

/// Whether a proof holds of the event as it stands in a pack, which may be another visit's.
fn holds(proof: &str, pack: &Taken) -> bool {
    let (leaf, hashes, note) = read_proof(proof).unwrap();
    let Checkpoint { size, root, .. } = Checkpoint::read(note).unwrap();
    let entries = std::fs::read_to_string(pack.pack.join("entries.jsonl")).unwrap();
    let line = entries.lines().nth(usize::try_from(leaf).unwrap()).unwrap();
    assert!(line.contains("MemberAdded"), "{line}");
    includes(&hashes, leaf, Hash::of_leaf(line.as_bytes()), size, root)
}

fn verified(place: &Place, pack: Option<&Taken>, kept: &[&Taken]) {
    let mut words = vec!["audit", "verify"];
    words.extend(pack.map(|taken| taken.pack.to_str().unwrap()));
    kept.iter().for_each(|taken| words.extend(["--checkpoint", taken.checkpoint.to_str().unwrap()]));
    let told = place.ok(&words);
    assert!(told.contains("as they were written"), "{told}");
}

fn proofs_outlive_an_erasure(place: &Place) {
    populated(place);
    let added = place.added();
    let before = place.take("before", &added);
    erased(place);
    let after = place.take("after", &added);
    assert_eq!(shown(place, "m1")["name"], "(erased)");
    // The log as it is now continues what was signed then, and each proof holds of either pack's bytes.
    verified(place, None, &[&before, &after]);
    verified(place, Some(&before), &[&before]);
    verified(place, Some(&after), &[&before, &after]);
    for proof in [&before.proof, &after.proof] {
        assert!(holds(proof, &before) && holds(proof, &after));
    }
    let entries = |taken: &Taken| std::fs::read_to_string(taken.pack.join("entries.jsonl")).unwrap();
    assert!(entries(&after).starts_with(&entries(&before)), "no byte of an event was changed");
    assert!(PLANTED.iter().all(|planted| !entries(&before).contains(planted)));
}

#[test]
fn proofs_and_packs_hold_before_and_after_an_erasure_on_sqlite() {
    proofs_outlive_an_erasure(&Place::sqlite());
}

#[test]
fn proofs_and_packs_hold_before_and_after_an_erasure_on_postgres() {
    proofs_outlive_an_erasure(&Place::postgres());
}

#[test]
fn a_restored_backup_verifies_before_and_after_its_erasures_are_made_again() {
    let place = Place::sqlite();
    populated(&place);
    let added = place.added();
    let before = place.take("before", &added);
    let outside = tempfile::tempdir().unwrap();
    let kept = [place.file("log.db"), place.key_file()].map(|file| {
        let copy = outside.path().join(file.file_name().unwrap());
        std::fs::copy(&file, &copy).unwrap();
        (file, copy)
    });
    erased(&place);
    // Even a backup that has the old key-encryption key beside it.
    for (file, copy) in kept {
        std::fs::copy(copy, file).unwrap();
    }
    verified(&place, None, &[&before]);
    assert_ne!(shown(&place, "m1")["name"], "(erased)", "the backup is older than the erasure");
    let log = place.file("erasures.jsonl");
    place.ok(&["gdpr", "reapply", log.to_str().unwrap()]);
    assert_eq!(shown(&place, "m1")["name"], "(erased)");
    let after = place.take("after", &added);
    verified(&place, None, &[&before, &after]);
    verified(&place, Some(&after), &[&before, &after]);
    assert!(holds(&before.proof, &after) && holds(&after.proof, &before));
}
