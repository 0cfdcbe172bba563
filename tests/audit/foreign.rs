//! Other people's tools verify a pack, by the very commands of its README.

use std::path::Path;
use std::process::{Command, Output};

use super::{Office, said};

/// The commands under a heading of the pack's README.
fn commands(pack: &Path, heading: &str) -> String {
    let readme = std::fs::read_to_string(pack.join("README.md")).unwrap();
    let section = readme.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.collect()
}

fn run(pack: &Path, commands: &str) -> Output {
    let script = format!("set -euo pipefail\n{commands}");
    let mut command = Command::new("bash");
    // Go keeps what it compiled in the home directory, which need not be one here.
    command.env("GOCACHE", pack.with_extension("cache")).env("GOFLAGS", "-buildvcs=false");
    command.current_dir(pack).args(["-c", &script]).output().unwrap()
}

fn exported(from: u64) -> Office {
    let office = Office::new();
    office.done("audit checkpoint");
    office.done("member add max --as sam");
    office.done("audit checkpoint");
    office.done(&format!("audit export --out pack --as sam --from {from}"));
    office
}

#[test]
fn openssl_verifies_the_signature_and_hashes_an_entry() {
    let office = exported(1);
    let pack = office.path("pack");
    let openssl = commands(&pack, "With OpenSSL");
    let output = run(&pack, &openssl);
    assert!(output.status.success() && said(&output).contains("Signature Verified Successfully"), "{}", said(&output));
    let entries = std::fs::read_to_string(pack.join("entries.jsonl")).unwrap();
    let first = chancery::log::Hash::of_leaf(entries.lines().next().unwrap().as_bytes());
    assert!(said(&output).contains(&first.to_string()), "{}", said(&output));
    let note = std::fs::read_to_string(pack.join("checkpoint.txt")).unwrap();
    std::fs::write(pack.join("checkpoint.txt"), note.replacen("chancery/acme\n", "chancery/acmf\n", 1)).unwrap();
    assert!(!run(&pack, &openssl).status.success());
}

#[test]
fn gos_checksum_database_packages_verify_a_pack_and_refuse_a_changed_one() {
    if Command::new("go").arg("version").output().is_err()
        || !Path::new("/usr/share/gocode/src/golang.org/x/mod").exists()
    {
        // ./test installs it; who runs this test alone may lack it, and is told.
        assert!(std::env::var_os("CHANCERY_TEST_GO").is_none(), "Go or its package x/mod is not installed");
        eprintln!("skipped: Go or golang-golang-x-mod-dev is not installed");
        return;
    }
    for from in [1, 4] {
        let office = exported(from);
        let pack = office.path("pack");
        let verify = commands(&pack, "With Go");
        let output = run(&pack, &verify);
        assert!(output.status.success() && said(&output).contains("verified: "), "{}", said(&output));
        let entries = std::fs::read_to_string(pack.join("entries.jsonl")).unwrap();
        std::fs::write(pack.join("entries.jsonl"), entries.replacen("\"max\"", "\"mix\"", 1)).unwrap();
        let output = run(&pack, &verify);
        assert!(!output.status.success() && said(&output).contains("was changed"), "{}", said(&output));
    }
}
