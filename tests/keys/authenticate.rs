use chancery::aggregates::command::MemberCommand;
use chancery::aggregates::key::KeyExpiry;
use chancery::aggregates::vocabulary::{KeyId, MemberId, OrganisationId};
use chancery::keys::{Caller, NotAdmitted, Token, authenticate};
use chrono::TimeDelta;

use super::{Desk, acme};

impl Desk {
    async fn admits(&self, token: &Token) -> Result<String, NotAdmitted> {
        let caller = authenticate(self.state().await.as_ref(), token, self.engine.now())?;
        Ok(caller.member.to_string())
    }
}

#[tokio::test]
async fn a_key_lets_its_member_in() {
    let desk = Desk::open().await;
    let token = desk.issued(&acme()).await;
    let presented = Token::parse(token.reveal()).unwrap();
    let caller = authenticate(desk.state().await.as_ref(), &presented, desk.engine.now()).unwrap();
    let expected = Caller { organisation: acme(), member: MemberId::known("sync"), key: token.key().clone() };
    assert_eq!(caller, expected);
}

#[tokio::test]
async fn a_key_that_was_never_issued_lets_nobody_in() {
    let desk = Desk::open().await;
    let token = Token::generate(&acme()).unwrap();
    assert_eq!(desk.admits(&token).await, Err(NotAdmitted::Unknown));
}

#[tokio::test]
async fn the_id_of_a_key_is_nothing_without_its_secret() {
    let desk = Desk::open().await;
    let (token, secret) = (Token::generate(&acme()).unwrap(), Token::generate(&acme()).unwrap());
    let (key, hash) = (token.key().clone(), secret.hash());
    desk.does(MemberCommand::IssueKey { key, label: "nightly".into(), hash, expires: KeyExpiry::Usual }).await;
    assert_eq!(desk.admits(&token).await, Err(NotAdmitted::Unknown));
    assert_eq!(desk.admits(&secret).await, Err(NotAdmitted::Unknown));
}

#[tokio::test]
async fn a_key_of_one_organisation_is_none_of_another() {
    let desk = Desk::open().await;
    let token = desk.issued(&OrganisationId::known("other")).await;
    assert_eq!(desk.admits(&token).await, Err(NotAdmitted::Unknown));
    // Not even where the same key is kept: the token says whose it is.
    let (key, hash) = (token.key().clone(), token.hash());
    desk.does(MemberCommand::IssueKey { key, label: "copied".into(), hash, expires: KeyExpiry::Usual }).await;
    assert_eq!(desk.admits(&token).await, Err(NotAdmitted::Unknown));
}

#[tokio::test]
async fn a_revocation_counts_at_once() {
    let desk = Desk::open().await;
    let token = desk.issued(&acme()).await;
    assert_eq!(desk.admits(&token).await.unwrap(), "sync");
    desk.does(MemberCommand::RevokeKey { key: token.key().clone() }).await;
    assert_eq!(desk.admits(&token).await, Err(NotAdmitted::Revoked));
}

#[tokio::test]
async fn a_key_counts_until_its_end_and_no_longer() {
    let desk = Desk::open().await;
    let token = desk.issued(&acme()).await;
    let end = desk.engine.now() + TimeDelta::days(90);
    desk.clock.set(end - TimeDelta::microseconds(1));
    assert_eq!(desk.admits(&token).await.unwrap(), "sync");
    desk.clock.set(end);
    assert_eq!(desk.admits(&token).await, Err(NotAdmitted::Expired));
}

#[tokio::test]
async fn a_suspended_member_is_kept_out_until_reactivated() {
    let desk = Desk::open().await;
    let token = desk.issued(&acme()).await;
    desk.does(MemberCommand::SuspendMember).await;
    assert_eq!(desk.admits(&token).await, Err(NotAdmitted::Shut));
    desk.does(MemberCommand::ReactivateMember).await;
    assert_eq!(desk.admits(&token).await.unwrap(), "sync");
}

#[tokio::test]
async fn the_keys_of_whoever_leaves_end() {
    let desk = Desk::open().await;
    let token = desk.issued(&acme()).await;
    desk.does(MemberCommand::RemoveMember).await;
    assert_eq!(desk.admits(&token).await, Err(NotAdmitted::Shut));
}

#[tokio::test]
async fn both_keys_count_while_one_takes_the_place_of_the_other() {
    let desk = Desk::open().await;
    let (old, new) = (desk.issued(&acme()).await, Token::generate(&acme()).unwrap());
    let (key, by, hash) = (old.key().clone(), new.key().clone(), new.hash());
    let until = desk.engine.now() + TimeDelta::hours(2);
    desk.does(MemberCommand::RotateKey { key, by, hash, expires: KeyExpiry::Usual, until: Some(until) }).await;
    assert_eq!(desk.admits(&old).await.unwrap(), "sync");
    assert_eq!(desk.admits(&new).await.unwrap(), "sync");
    desk.clock.set(until);
    assert_eq!(desk.admits(&old).await, Err(NotAdmitted::Expired));
    assert_eq!(desk.admits(&new).await.unwrap(), "sync");
}

#[tokio::test]
async fn the_log_never_has_the_secret() {
    let desk = Desk::open().await;
    let token = desk.issued(&acme()).await;
    let state = desk.state().await;
    let kept = format!("{:?}", state.key(token.key().as_str()).unwrap());
    let secret = token.reveal().rsplit_once('_').unwrap().1;
    assert!(!kept.contains(&secret[..8]), "{kept}");
    assert!(state.key(&KeyId::default().to_string()).is_none());
}
