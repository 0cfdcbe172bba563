//! Packs, whole and tampered with.

use std::path::Path;

use super::Office;

/// Changes a file of the pack, tells what the verification says, and puts the file back.
fn tampered(office: &Office, name: &str, change: impl Fn(&str) -> String) -> String {
    let path = office.path("pack").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed, "{name}");
    std::fs::write(&path, changed).unwrap();
    let told = office.ends("audit verify pack", 1);
    std::fs::write(&path, text).unwrap();
    told
}

fn lines(text: &str, change: impl Fn(&mut Vec<&str>)) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    change(&mut lines);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn exported() -> Office {
    let office = Office::new();
    office.done("audit checkpoint");
    office.done("member add max --as sam");
    office.done("audit export --out pack --as sam");
    office
}

#[test]
fn a_pack_is_verified_and_its_lines_are_the_events() {
    let office = exported();
    let told = office.done("audit verify pack");
    assert!(told.contains("events and 2 checkpoints are as they were written"), "{told}");
    let entries = std::fs::read_to_string(office.path("pack/entries.jsonl")).unwrap();
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(office.path("pack/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["count"], entries.lines().count());
    assert!(entries.contains(r#""type":"OrganisationFounded""#));
    assert!(!entries.contains("AuditExported"), "the range ends before the export itself");
}

#[test]
fn every_change_of_an_entry_is_found_and_named() {
    let office = exported();
    let change = |what: &dyn Fn(&mut Vec<&str>)| tampered(&office, "entries.jsonl", |text| lines(text, what));
    let told = tampered(&office, "entries.jsonl", |text| lines(&text.replacen("\"ann\"", "\"bob\"", 1), |_| {}));
    assert!(told.contains("was changed: it is not the one whose hash was kept"), "{told}");
    assert!(
        change(&|lines| lines.retain(|line| !line.contains("\"position\":5,")))
            .contains("event #5 is missing: #6 follows")
    );
    assert!(change(&|lines| lines.swap(4, 5)).contains("event #5 is missing: #6 follows"));
    assert!(change(&|lines| lines.insert(4, lines[3])).contains("event #5 is missing: #4 follows"));
    assert!(change(&|lines| lines.truncate(lines.len() - 1)).contains("are missing: the manifest covers"));
    assert!(change(&|lines| lines.push(lines[0])).contains("goes on after #"));
    assert!(change(&|lines| lines[2] = "{}").contains("line 3 of `entries.jsonl` is no entry"));
}

#[test]
fn every_other_change_of_a_pack_is_found() {
    let office = exported();
    let checkpoint = "the checkpoint `checkpoint.txt` is not good";
    assert!(tampered(&office, "checkpoint.txt", |text| text.replacen("\n1", "\n2", 1)).contains(checkpoint));
    for (from, to) in [("\"from\": 1", "\"from\": 2"), ("\"count\": ", "\"count\": 1"), ("\"acme\"", "\"other\"")] {
        assert!(tampered(&office, "manifest.json", |text| text.replacen(from, to, 1)).contains("not"), "{from}");
    }
    let proofs: Vec<_> = std::fs::read_dir(office.path("pack/proofs")).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(proofs.len() >= 4, "{proofs:?}");
    for proof in proofs {
        let name = format!("proofs/{}", proof.file_name().to_str().unwrap());
        let last = |text: &str| {
            lines(text, |lines| {
                let at = lines.iter().rposition(|line| line.len() == 44 && line.ends_with('=')).unwrap();
                let at =
                    if name.contains("tlog") { lines.iter().position(|line| line.len() == 44).unwrap() } else { at };
                lines[at] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
            })
        };
        assert!(tampered(&office, &name, last).contains("does not hold"), "{name}");
    }
    let other = office.path("other.key");
    let output = office.run("audit checkpoint", Some(&other));
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert!(tampered(&office, "checkpoint.txt", |_| theirs.clone()).contains(checkpoint));
}

#[test]
fn a_pack_is_held_against_a_checkpoint_and_a_key_kept_elsewhere() {
    let office = Office::new();
    std::fs::write(office.path("kept.txt"), office.done("audit checkpoint")).unwrap();
    office.done("audit export --out pack --as sam --from 3");
    office.done("audit verify pack --checkpoint kept.txt");
    let key = office.json("audit keys")[0]["key"].as_str().unwrap().to_owned();
    office.done(&format!("audit verify pack --key {key}"));
    let stranger = chancery::log::Signer::from_seed(&[1; 32]).unwrap();
    let theirs = stranger.verifier("chancery/acme").to_string();
    assert!(office.ends(&format!("audit verify pack --key {theirs}"), 1).contains("which is not a key of this log"));
    assert!(office.ends("audit verify pack --key nonsense", 2).contains("not the public key"));
    let forged = chancery::log::Checkpoint::new("acme", 4, chancery::log::Hash::of_leaf(b"x")).sign(&stranger);
    std::fs::write(office.path("forged.txt"), forged).unwrap();
    assert!(office.ends("audit verify pack --checkpoint forged.txt", 1).contains("has another root"));
}

#[test]
fn an_archive_is_the_same_as_a_directory_and_leaves_nothing_else_behind() {
    let office = Office::new();
    office.done("audit export --out acme.tar.zst --as sam --from 2 --to 4");
    assert!(!office.path("acme.tar.zst.partial").exists());
    let told = office.done("audit verify acme.tar.zst");
    assert!(told.contains("3 events"), "{told}");
    let bytes = std::fs::read(office.path("acme.tar.zst")).unwrap();
    std::fs::write(office.path("cut.tar.zst"), &bytes[..bytes.len() / 2]).unwrap();
    office.ends("audit verify cut.tar.zst", 1);
    office.ends("audit verify missing", 1);
    assert!(!Path::new(&office.path("acme")).exists());
}

#[test]
fn any_range_can_be_exported_and_verified() {
    let office = Office::new();
    let head = office.json("audit verify")[0]["events"].as_u64().unwrap();
    for (from, to) in [(1, 1), (1, head), (head, head), (2, 3), (3, 7), (4, 8), (5, head)] {
        let out = format!("pack-{from}-{to}");
        office.done(&format!("audit export --out {out} --as sam --from {from} --to {to}"));
        let told = office.done(&format!("audit verify {out}"));
        assert!(told.contains(&format!("{} events", to + 1 - from)), "{told}");
    }
}
