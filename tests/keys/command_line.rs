use chancery::cli::{Ran, run_line};
use chancery::keys::{NotAdmitted, Token, authenticate};
use serde_json::Value;

use super::{Desk, acme};

impl Desk {
    async fn run(&self, words: &[&str]) -> Ran {
        run_line(&self.engine, &acme(), words).await
    }

    async fn ok(&self, words: &[&str]) -> String {
        let ran = self.run(words).await;
        ran.result.unwrap_or_else(|error| panic!("{words:?}: {error}"));
        ran.output
    }

    async fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = ["--format", "json"].iter().chain(words).copied().collect();
        serde_json::from_str(&self.ok(&words).await).unwrap()
    }

    async fn refused(&self, words: &[&str]) -> &'static str {
        self.run(words).await.result.unwrap_err().rule()
    }
}

const SYNC: [&str; 7] = ["--as", "olga", "key", "issue", "sync", "--label", "nightly sync"];

#[tokio::test]
async fn a_key_is_printed_alone_and_lets_its_member_in() {
    let desk = Desk::open().await;
    let printed = desk.ok(&SYNC).await;
    let token = Token::parse(printed.trim_end()).unwrap();
    let caller = authenticate(desk.state().await.as_ref(), &token, desk.engine.now()).unwrap();
    assert_eq!(caller.member.as_str(), "sync");
}

#[tokio::test]
async fn programs_read_the_key_from_json() {
    let desk = Desk::open().await;
    let answer = desk.json(&[&SYNC[..], &["--no-expiry"]].concat()).await;
    let token = Token::parse(answer["token"].as_str().unwrap()).unwrap();
    assert_eq!(answer["key"], token.key().as_str());
    assert_eq!(answer["events"][0]["type"], "KeyIssued");
    assert_eq!(answer["events"][0]["event"]["KeyIssued"]["hash"], token.hash().to_string());
}

#[tokio::test]
async fn somebody_issues_a_key_for_themselves() {
    let desk = Desk::open().await;
    let words = ["--as", "olga", "key", "issue", "--self", "--label", "laptop", "--days", "7"];
    let token = Token::parse(desk.ok(&words).await.trim_end()).unwrap();
    let keys = desk.json(&["key", "list", "olga"]).await;
    assert_eq!(keys[0]["key"], token.key().as_str());
    assert_eq!(keys[0]["expires"], "2026-03-09T09:00:00Z");
    assert_eq!(keys[0]["status"], "active");
    assert!(token.reveal().starts_with(keys[0]["begins"].as_str().unwrap()));
}

#[tokio::test]
async fn a_list_never_shows_a_secret() {
    let desk = Desk::open().await;
    let token = Token::parse(desk.ok(&SYNC).await.trim_end()).unwrap();
    let secret = token.reveal().rsplit_once('_').unwrap().1;
    for words in
        [&["key", "list"][..], &["--format", "json", "key", "list"], &["--format", "json", "events"], &["activity"]]
    {
        let shown = desk.ok(words).await;
        assert!(!shown.contains(secret), "{shown}");
        assert!(shown.contains("nightly sync"), "{shown}");
    }
}

#[tokio::test]
async fn a_key_that_was_found_lying_about_is_revoked_as_it_is() {
    let desk = Desk::open().await;
    let token = Token::parse(desk.ok(&SYNC).await.trim_end()).unwrap();
    let told = desk.ok(&["--as", "olga", "key", "revoke", token.reveal()]).await;
    assert!(told.contains("revoked sync’s key “nightly sync”"), "{told}");
    assert!(!told.contains(token.reveal()), "{told}");
    let admitted = authenticate(desk.state().await.as_ref(), &token, desk.engine.now());
    assert_eq!(admitted, Err(NotAdmitted::Revoked));
    assert_eq!(desk.json(&["key", "list"]).await, serde_json::json!([]));
    assert_eq!(desk.json(&["key", "list", "--all"]).await[0]["status"], "revoked");
}

#[tokio::test]
async fn a_key_is_renewed_with_a_time_in_which_both_count() {
    let desk = Desk::open().await;
    let old = Token::parse(desk.ok(&SYNC).await.trim_end()).unwrap();
    let words = ["--as", "olga", "key", "rotate", old.key().as_str(), "--grace", "2h"];
    let new = Token::parse(desk.ok(&words).await.trim_end()).unwrap();
    let keys = desk.json(&["key", "list", "sync"]).await;
    assert_eq!((&keys[0]["key"], &keys[1]["key"]), (&old.key().as_str().into(), &new.key().as_str().into()));
    assert_eq!(keys[0]["expires"], "2026-03-02T11:00:00Z");
    assert_eq!(keys[1]["replaces"], old.key().as_str());
    assert_eq!(keys[1]["label"], "nightly sync");
    let told = desk.ok(&["activity"]).await;
    assert!(told.contains("renewed sync’s key “nightly sync”, valid until 31 May 2026"), "{told}");
}

#[tokio::test]
async fn keys_are_seen_by_their_member_and_by_who_may() {
    let desk = Desk::open().await;
    desk.ok(&SYNC).await;
    desk.ok(&["--as", "olga", "member", "add", "max"]).await;
    assert_eq!(desk.json(&["--as", "sync", "key", "list"]).await[0]["member"], "sync");
    assert_eq!(desk.json(&["--as", "max", "key", "list"]).await, serde_json::json!([]));
    assert_eq!(desk.refused(&["--as", "max", "key", "issue", "--self", "--label", "mine"]).await, "missing_permission");
}

#[tokio::test]
async fn what_makes_no_sense_is_told() {
    let desk = Desk::open().await;
    let issue = |more: &[&'static str]| [&["--as", "olga", "key", "issue"][..], more].concat();
    assert_eq!(desk.refused(&issue(&["--label", "x"])).await, "usage");
    assert_eq!(desk.refused(&issue(&["sync", "--self", "--label", "x"])).await, "usage");
    assert_eq!(desk.refused(&issue(&["sync", "--label", "x", "--days", "3", "--no-expiry"])).await, "usage");
    assert_eq!(desk.refused(&issue(&["olga", "--label", "x", "--no-expiry"])).await, "key_lifetime");
    assert_eq!(desk.refused(&["--as", "olga", "key", "revoke", "ghost"]).await, "unknown");
    assert_eq!(desk.refused(&["--as", "@operator", "key", "issue", "--self", "--label", "x"]).await, "member_required");
    let pasted = "chancery_acme_ghost_0123456789012345678901234567890123456789";
    let refusal = desk.run(&["--as", "olga", "key", "revoke", pasted]).await.result.unwrap_err();
    assert!(!refusal.to_string().contains("0123"), "{refusal}");
}

#[tokio::test]
async fn the_operator_lets_the_founder_in_once() {
    let desk = Desk::open().await;
    desk.ok(&["--as", "@operator", "key", "issue", "olga", "--label", "first"]).await;
    let again = ["--as", "@operator", "key", "issue", "olga", "--label", "second"];
    assert_eq!(desk.refused(&again).await, "administrator_has_key");
}
