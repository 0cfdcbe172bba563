//! Access reviews from the command line, from the opening to evidence that others verify.

use std::path::PathBuf;
use std::process::{Command, Output};

use chancery::log::checkpoint::read_proof;
use chancery::log::{Checkpoint, Verifier};
use serde_json::Value;

use crate::store_contract::postgres::cluster::Database;

/// A store in a directory of its own, or in a database.
struct Place {
    directory: tempfile::TempDir,
    store: String,
    _database: Option<Database>,
}

const ACME: &[&str] = &[
    "organisation found acme --profile buildings --name Acme --owner olivia",
    "--as olivia scope create tower Tower",
    "--as olivia scope create library Library",
    "--as olivia role create Viewer --permission assets.view",
    "--as olivia role create Lead --permission assets.view users.manage_access",
    "--as olivia member add ann --account-type admin --role admin",
    "--as olivia member add hugo --account-type member --role lead --in tower",
    "--as olivia member add mei --account-type member --role viewer --in tower --reason starts",
    "--as olivia member add omar --account-type member --role viewer --in library",
];

impl Place {
    fn on_sqlite() -> Self {
        Self::with("sqlite:chancery.db".to_owned(), None)
    }

    fn on_postgres() -> Self {
        let database = Database::new();
        Self::with(database.url(), Some(database))
    }

    fn with(store: String, database: Option<Database>) -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap(), store, _database: database };
        ACME.iter().for_each(|line| drop(place.done(line)));
        place
    }

    fn run(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        for name in ["CHANCERY_ORGANISATION", "CHANCERY_AS", "CHANCERY_SERVER", "CHANCERY_KEY"] {
            command.env_remove(name);
        }
        let key = |name: &str| self.path(name).display().to_string();
        command.env("CHANCERY_STORE", &self.store).env("CHANCERY_LOG_KEY", key("log.key"));
        command.env("CHANCERY_VAULT_KEY", format!("file:{}", key("vault.key")));
        command.current_dir(self.directory.path()).args(line.split_whitespace()).output().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn done(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn ends(&self, line: &str, code: i32) -> String {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", said(&output));
        said(&output)
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(&format!("{line} --format json"))).unwrap()
    }

    /// The number of a member's only line.
    fn line(&self, member: &str) -> String {
        let lines = self.json(&format!("review lines q1 --as olivia --member {member}"));
        let [line] = lines.as_array().unwrap().as_slice() else { panic!("{lines}") };
        line["line"].to_string()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

mod sqlite {
    #[test]
    fn a_review_of_the_past_is_decided_carried_out_and_proved() {
        super::a_review_of_the_past_is_decided_carried_out_and_proved(&super::Place::on_sqlite());
    }
}

mod postgres {
    #[test]
    fn a_review_of_the_past_is_decided_carried_out_and_proved() {
        super::a_review_of_the_past_is_decided_carried_out_and_proved(&super::Place::on_postgres());
    }
}

fn a_review_of_the_past_is_decided_carried_out_and_proved(place: &Place) {
    let frozen = place.json("organisation show --as olivia")["position"].as_u64().unwrap();
    place.done("--as olivia member unassign omar viewer --in library");
    place.done("--as olivia member add late --account-type member --role viewer --in tower");
    opens(place, frozen);
    let (mei, hugo) = (place.line("mei"), place.line("hugo"));
    refuses_self_review(place, &mei);
    // Hugo manages access in Tower: what he revokes is taken away in the same step.
    let revoked = place.json(&format!("review decide q1 {mei} --revoke --as hugo --reason left"));
    let kinds: Vec<&str> =
        revoked["events"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!((kinds, &revoked["left"]), (vec!["ReviewLineDecided", "RoleUnassigned"], &serde_json::json!([])));
    assert!(place.ends("review complete q1 --as olivia", 5).contains("4 lines undecided"));
    place.done(&format!("review decide q1 {hugo} --revoke --decide-only --as olivia"));
    place.done("review decide q1 --all --keep --as olivia");
    place.done("review decide q1 --all --keep --as ann");
    assert!(place.ends("review complete q1 --as olivia", 5).contains("still there"));
    let rehearsed = place.done("review apply q1 --as olivia --dry-run");
    assert!(rehearsed.contains("nothing was written") && rehearsed.contains("1 member would lose"), "{rehearsed}");
    let applied = place.done("review apply q1 --as olivia");
    assert!(applied.contains("took the role Lead in Tower from hugo"), "{applied}");
    assert!(place.done("review apply q1 --as olivia").contains("nothing to take away"));
    let completed = place.run("review complete q1 --as olivia");
    assert!(completed.status.success(), "{}", said(&completed));
    assert!(said(&completed).contains("Signed the log up to #"), "{}", said(&completed));
    assert!(place.ends("review cancel q1 --as olivia", 5).contains("is completed"));
    proves(place, frozen);
}

fn opens(place: &Place, frozen: u64) {
    let ends = "--reviewer olivia --fallback ann --reviewer-for member:mei=hugo --deadline 2099-12-31";
    let open = format!("review open q1 Quarter --at {frozen} {ends}");
    assert!(place.ends(&format!("{open} --as hugo"), 3).contains("audit.view"));
    assert!(
        place
            .ends(
                &format!("review open q1 Quarter --at {frozen} --reviewer olivia --deadline 2099-12-31 --as olivia"),
                3
            )
            .contains("somebody else has to review it")
    );
    let opened = place.done(&format!("{open} --as olivia --reason ISO"));
    assert!(opened.contains("opened the review “Quarter” of all access"), "{opened}");
    let lines = place.json("review lines q1 --as olivia");
    let told: Vec<(&str, &str, &str)> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let text = |value: &'_ Value| value.as_str().unwrap().to_owned().leak() as &str;
            (text(&line["member"]["id"]), text(&line["reviewer"]["id"]), text(&line["standing"]))
        })
        .collect();
    let expected = [
        ("ann", "olivia", "unchanged"),
        ("hugo", "olivia", "unchanged"),
        ("mei", "hugo", "unchanged"),
        ("olivia", "ann", "unchanged"),
        ("omar", "olivia", "gone"),
    ];
    assert_eq!(told, expected, "whoever came later is in no line");
    let mei = &lines[2];
    assert_eq!((&mei["given"]["by"], &mei["given"]["reason"]), (&"olivia".into(), &"starts".into()));
    assert_eq!(place.json("review list --as hugo")[0]["waiting"], 1);
    assert_eq!(place.json("review lines q1 --as hugo").as_array().unwrap().len(), 1, "his own lines alone");
    assert!(place.ends("review show q1 --as mei", 4).contains("there is no review `q1`"));
}

fn refuses_self_review(place: &Place, mei: &str) {
    let own = place.line("olivia");
    assert!(place.ends(&format!("review decide q1 {own} --keep --as olivia"), 3).contains("somebody else"));
    assert!(place.ends(&format!("review decide q1 {mei} --keep --as olivia"), 3).contains("is decided by `hugo`"));
    assert!(place.ends(&format!("review delegate q1 {mei} --to mei --as olivia"), 3).contains("somebody else"));
    let refusals = place.done("events --type CommandRefused --as olivia --format json");
    assert!(refusals.contains("self_review") && refusals.contains("not_reviewer"), "{refusals}");
}

fn proves(place: &Place, frozen: u64) {
    place.done("review evidence q1 --as olivia --out evidence");
    let text = std::fs::read_to_string(place.path("evidence/evidence.json")).unwrap();
    let evidence: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(evidence["lines_as_in_the_log"], true);
    assert_eq!((&evidence["root_as_recorded"], &evidence["root"]), (&true.into(), &evidence["review"]["root"]));
    assert_eq!(evidence["frozen"]["position"], frozen);
    let of = |member: &str| {
        let lines = evidence["lines"].as_array().unwrap();
        lines.iter().find(|line| line["member"]["id"] == member).unwrap().clone()
    };
    let mei = of("mei");
    assert_eq!((&mei["decision"]["verdict"], &mei["decision"]["reason"]), (&"revoke".into(), &"left".into()));
    assert_eq!((&mei["ended"]["type"], &mei["ended"]["by"]), (&"RoleUnassigned".into(), &"hugo".into()));
    assert_eq!(mei["ended"]["causation"], "review/q1", "carried out because of the review");
    assert_eq!(
        (&of("hugo")["ended"]["by"], &of("hugo")["ended"]["causation"]),
        (&"olivia".into(), &"review/q1".into())
    );
    // Gone before the review was opened, by something else.
    assert_eq!((&of("omar")["standing"], &of("omar")["ended"]["causation"]), (&"gone".into(), &Value::Null));
    assert_eq!(of("omar")["ended"]["type"], "RoleUnassigned");
    let note = std::fs::read_to_string(place.path("evidence/checkpoint.txt")).unwrap();
    let verifier = Verifier::parse(evidence["checkpoint"]["key"].as_str().unwrap()).unwrap();
    let checkpoint = Checkpoint::open(&note, &verifier).unwrap();
    let completed = evidence["closed"]["position"].as_u64().unwrap();
    assert!(checkpoint.size >= completed);
    let proof = std::fs::read_to_string(place.path("evidence/completion.tlog-proof")).unwrap();
    let (leaf, _, carried) = read_proof(&proof).unwrap();
    assert_eq!((leaf, carried), (completed - 1, note.as_str()));
    let verified = place.done("audit verify --checkpoint evidence/checkpoint.txt");
    assert!(verified.contains("as they were written"), "{verified}");
    let page = std::fs::read_to_string(place.path("evidence/evidence.html")).unwrap();
    assert!(page.contains("Access review: Quarter") && page.contains("role Viewer in Tower"));
    let table = std::fs::read_to_string(place.path("evidence/evidence.csv")).unwrap();
    assert_eq!(table.lines().filter(|line| !line.starts_with("# ")).count(), 6, "{table}");
    assert!(std::fs::read(place.path("evidence/evidence.xlsx")).unwrap().starts_with(b"PK"));
    assert!(place.ends("review evidence q1 --as hugo", 3).contains("audit.view"));
    is_an_export(place, completed);
}

fn is_an_export(place: &Place, completed: u64) {
    assert!(place.ends("review evidence q1 --as hugo --out his", 3).contains("audit.export"));
    assert!(place.ends("review evidence q1 --as olivia --out evidence", 1).contains("exists"));
    place.done("review evidence q1 --as olivia --out rehearsed --dry-run");
    assert!(!place.path("his").exists() && !place.path("rehearsed").exists());
    let told = place.done("activity --as olivia --type AuditExported --format json");
    let entries: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [exported] = entries.as_slice() else { panic!("one directory was written: {told}") };
    let sentence = format!("the evidence of the review q1 in the audit log from #1 to #{completed} as files");
    assert!(exported["sentence"].as_str().unwrap().ends_with(&sentence), "{exported}");
    assert!(place.done("events --type CommandRefused --as olivia --format json").contains("ExportAudit"));
}
