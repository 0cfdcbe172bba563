use chancery::aggregates::vocabulary::OrganisationId;
use chancery::keys::{OPERATOR_PREFIX, OperatorToken, Token, TokenError};

#[test]
fn an_operators_key_reads_back_as_it_was_made() {
    let made = OperatorToken::generate().unwrap();
    let read = OperatorToken::parse(made.reveal()).unwrap();
    assert!(made.reveal().starts_with(OPERATOR_PREFIX));
    assert_eq!((read.key(), read.hash()), (made.key(), made.hash()));
}

#[test]
fn an_operators_key_is_known_by_its_digest() {
    let [one, other, third] = [(); 3].map(|()| OperatorToken::generate().unwrap());
    let kept = [one.hash(), other.hash()];
    assert!(one.is_one_of(&kept) && other.is_one_of(&kept));
    assert!(!third.is_one_of(&kept));
    assert!(!one.is_one_of(&[]));
}

#[test]
fn an_operators_key_is_no_members_key_and_the_other_way_round() {
    let operator = OperatorToken::generate().unwrap();
    let member = Token::generate(&OrganisationId::known("operator")).unwrap();
    assert_eq!(Token::parse(operator.reveal()).unwrap_err(), TokenError::Prefix);
    assert_eq!(OperatorToken::parse(member.reveal()).unwrap_err(), TokenError::Prefix);
}

#[test]
fn an_operators_key_never_shows_its_secret_by_accident() {
    let made = OperatorToken::generate().unwrap();
    let secret = made.reveal().rsplit_once('_').unwrap().1;
    assert!(!format!("{made:?}").contains(&secret[..8]));
}
