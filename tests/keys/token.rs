use chancery::aggregates::vocabulary::{KeyId, OrganisationId};
use chancery::keys::{PREFIX, Token, TokenError};

fn token(organisation: &str) -> Token {
    Token::generate(&OrganisationId::known(organisation)).unwrap()
}

#[test]
fn a_token_reads_back_as_it_was_made() {
    for organisation in ["fairmont", "a.b-c", "with_underscore", "Straße", "100%", "~tilde", "a:b@c"] {
        let made = token(organisation);
        let read = Token::parse(made.reveal()).unwrap();
        assert_eq!(read.organisation().as_str(), organisation);
        assert_eq!((read.key(), read.hash()), (made.key(), made.hash()));
    }
}

#[test]
fn a_token_needs_no_quoting_and_begins_as_scanners_know_it() {
    let made = token("Ünder_Score GmbH");
    let text = made.reveal();
    assert!(text.starts_with(PREFIX));
    assert!(text.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"_-.~".contains(&letter)), "{text}");
    assert_eq!(text.matches('_').count(), 3, "{text}");
    assert!(text.starts_with(&Token::hint(made.organisation(), made.key())));
}

#[test]
fn no_two_tokens_are_alike() {
    let (one, other) = (token("acme"), token("acme"));
    assert_ne!(one.key(), other.key());
    assert_ne!(one.hash(), other.hash());
    assert_ne!(one.reveal().rsplit_once('_').unwrap().1, other.reveal().rsplit_once('_').unwrap().1);
}

#[test]
fn a_token_is_long_enough_not_to_be_guessed() {
    let made = token("acme");
    let secret = made.reveal().rsplit_once('_').unwrap().1;
    let bits = (secret.len() - 6) as f64 * 62f64.log2();
    assert!(bits >= 256.0, "{bits}");
}

#[test]
fn every_letter_that_is_changed_is_noticed() {
    let made = token("acme");
    let text = made.reveal();
    for at in 0..text.len() {
        let other = if text.as_bytes()[at] == b'x' { 'y' } else { 'x' };
        let mistyped = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        assert!(Token::parse(&mistyped).is_err(), "{mistyped}");
    }
}

#[test]
fn what_is_wrong_with_a_token_is_told_without_showing_it() {
    let made = token("acme");
    let text = made.reveal();
    let secret = text.rsplit_once('_').unwrap().1;
    let without_secret = text.rsplit_once('_').unwrap().0;
    let cases = [
        ("".to_owned(), TokenError::Prefix),
        (secret.to_owned(), TokenError::Prefix),
        (format!("ghp_{secret}"), TokenError::Prefix),
        (format!("{PREFIX}{secret}"), TokenError::Shape),
        (format!("{PREFIX}acme_{secret}"), TokenError::Shape),
        (format!("{PREFIX}a_b_c_{secret}"), TokenError::Shape),
        (format!("{PREFIX}__{secret}"), TokenError::Shape),
        (format!("{text} "), TokenError::Length),
        (format!("{text}{text}"), TokenError::Shape),
        (text[..text.len() - 1].to_owned(), TokenError::Length),
        (without_secret.to_owned() + "_", TokenError::Length),
        (text.replace("acme", "Acme"), TokenError::Checksum),
        (text.replace("acme", &"a".repeat(600)), TokenError::Shape),
        (text.replace("acme", "ac me"), TokenError::Shape),
    ];
    for (text, expected) in cases {
        let error = Token::parse(&text).unwrap_err();
        assert_eq!(error, expected, "{text}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(secret) && !shown.contains("acme"), "{shown}");
    }
}

#[test]
fn a_token_never_shows_its_secret_by_accident() {
    let made = token("acme");
    let secret = made.reveal().rsplit_once('_').unwrap().1;
    let shown = format!("{made:?} {:#?} {:?}", Some(&made), made.hash());
    assert!(!shown.contains(&secret[..8]), "{shown}");
    assert!(shown.contains(made.key().as_str()));
}

#[test]
fn the_hint_names_the_key_and_nothing_of_the_secret() {
    assert_eq!(Token::hint(&OrganisationId::known("a_b"), &KeyId::known("k1")), "chancery_a~5Fb_k1");
}
