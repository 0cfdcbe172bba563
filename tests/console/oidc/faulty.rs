//! A provider that signs whatever a test asks for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::browser::{Browser, Page};
use super::super::world::World;
use super::{nobody_is_in, world};

/// What a provider does wrong to the claims of a token, at an instant.
type Fault = fn(&mut Value, i64);

/// What the provider says next.
#[derive(Default)]
struct Script {
    /// The claims of the next token, and how its head looks.
    claims: Value,
    algorithm: Option<&'static str>,
    /// It signs with a key that it does not announce.
    foreign_key: bool,
    /// The number of its key: a new one is a new key.
    key: usize,
    challenge: String,
    codes: Vec<String>,
    announced: usize,
}

struct Faulty {
    issuer: String,
    script: Arc<Mutex<Script>>,
}

impl Faulty {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let served = (issuer.clone(), script.clone());
        std::thread::spawn(move || {
            let keys: Vec<EcdsaKeyPair> = (0..3).map(|_| key()).collect();
            for stream in listener.incoming() {
                answer(stream.unwrap(), &served.0, &mut served.1.lock().unwrap(), &keys);
            }
        });
        Self { issuer, script }
    }

    /// The claims of a token that holds.
    fn claims(&self, nonce: &str) -> Value {
        let now = chrono::Utc::now().timestamp();
        json!({
            "iss": self.issuer, "aud": "console", "sub": "somebody", "nonce": nonce, "iat": now, "exp": now + 300,
            "email": "mei@example.com", "email_verified": true,
        })
    }

    /// Begins a sign-in; the state and the nonce of it.
    fn begin(&self, browser: &mut Browser) -> (String, String) {
        let begun = browser.get("/console/-/oidc");
        assert_eq!(begun.status, 303, "{begun:?}");
        let location = begun.header("location").to_owned();
        let query = location.split_once('?').unwrap().1;
        let of = |name: &str| {
            let found = form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name);
            found.unwrap_or_else(|| panic!("no {name} in {location}")).1.into_owned()
        };
        assert_eq!((of("response_type"), of("code_challenge_method")), ("code".to_owned(), "S256".to_owned()));
        assert!(of("scope").split(' ').any(|scope| scope == "openid"));
        self.script.lock().unwrap().challenge = of("code_challenge");
        (of("state"), of("nonce"))
    }

    /// Comes back with a code for a token whose claims were changed.
    fn sign_in(&self, browser: &mut Browser, change: impl FnOnce(&mut Value)) -> Page {
        let (state, nonce) = self.begin(browser);
        let mut claims = self.claims(&nonce);
        change(&mut claims);
        let code = {
            let mut script = self.script.lock().unwrap();
            script.claims = claims;
            let code = format!("code-{state}");
            script.codes.push(code.clone());
            code
        };
        browser.get(&format!("/console/-/oidc/back?code={code}&state={state}"))
    }
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn announced(number: usize, key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    let (x, y) = (text(&point[1..33]), text(&point[33..]));
    json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": format!("key-{number}"), "x": x, "y": y })
}

fn token(script: &Script, keys: &[EcdsaKeyPair]) -> String {
    let algorithm = script.algorithm.unwrap_or("ES256");
    let head = json!({ "alg": algorithm, "kid": format!("key-{}", script.key) });
    let signed = format!("{}.{}", text(head.to_string()), text(script.claims.to_string()));
    let key = &keys[if script.foreign_key { 2 } else { script.key }];
    let signature = match algorithm {
        "none" => String::new(),
        "HS256" => {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a secret & more");
            text(ring::hmac::sign(&key, signed.as_bytes()))
        }
        _ => text(key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap()),
    };
    format!("{signed}.{signature}")
}

fn answer(stream: TcpStream, issuer: &str, script: &mut Script, keys: &[EcdsaKeyPair]) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let of = |name: &str| {
        form_urlencoded::parse(&body).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    };
    let (status, value) = match first.split(' ').nth(1).unwrap() {
        "/.well-known/openid-configuration" => {
            script.announced += 1;
            (200, discovery(issuer))
        }
        "/keys" => (200, json!({ "keys": [announced(script.key, &keys[script.key])] })),
        "/token" => {
            let known = of("code").and_then(|code| script.codes.iter().position(|known| *known == code));
            let proved = of("code_verifier").is_some_and(|proof| text(Sha256::digest(proof)) == script.challenge);
            match known.filter(|_| proved) {
                None => (400, json!({ "error": "invalid_grant" })),
                Some(known) => {
                    script.codes.remove(known);
                    (200, json!({ "access_token": "a", "token_type": "Bearer", "id_token": token(script, keys) }))
                }
            }
        }
        _ => (404, json!({})),
    };
    let text = value.to_string();
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
    reader.get_mut().write_all(format!("{head}{text}").as_bytes()).unwrap();
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
    })
}

fn scene() -> (Faulty, World) {
    let faulty = Faulty::start();
    let world = world(&faulty.issuer, "email");
    (faulty, world)
}

#[test]
fn a_token_that_holds_signs_in_and_one_that_does_not_signs_nobody_in() {
    let (faulty, world) = scene();
    let page = faulty.sign_in(&mut world.browser(), |_| {});
    assert_eq!((page.status, page.header("location")), (303, "/console/acme"), "{page:?}");
    let past = chrono::Utc::now().timestamp() - 60;
    let faults: [(&str, Fault); 7] = [
        ("another nonce", |claims, _| claims["nonce"] = json!("other")),
        ("no nonce", |claims, _| drop(claims.as_object_mut().unwrap().remove("nonce"))),
        ("another audience", |claims, _| claims["aud"] = json!("other")),
        ("one audience too many", |claims, _| claims["aud"] = json!(["console", "other"])),
        ("another issuer", |claims, _| claims["iss"] = json!("https://evil.example")),
        ("past its time", |claims, past| claims["exp"] = json!(past)),
        ("no subject", |claims, _| drop(claims.as_object_mut().unwrap().remove("sub"))),
    ];
    for (fault, change) in faults {
        let mut browser = world.browser();
        let page = faulty.sign_in(&mut browser, |claims| change(claims, past));
        assert_eq!(page.status, 502, "{fault}: {page:?}");
        nobody_is_in(&mut browser, &page);
    }
}

#[test]
fn an_address_counts_only_where_the_provider_has_verified_it() {
    let (faulty, world) = scene();
    let faults: [fn(&mut Value); 4] = [
        |claims| claims["email_verified"] = json!(false),
        |claims| drop(claims.as_object_mut().unwrap().remove("email_verified")),
        |claims| drop(claims.as_object_mut().unwrap().remove("email")),
        |claims| claims["email"] = json!("m\u{435}i@example.com"),
    ];
    for change in faults {
        let mut browser = world.browser();
        let page = faulty.sign_in(&mut browser, change);
        assert_eq!(page.status, 403, "{page:?}");
        nobody_is_in(&mut browser, &page);
    }
}

#[test]
fn signatures_that_anybody_could_make_are_not_believed() {
    let (faulty, world) = scene();
    for algorithm in ["none", "HS256"] {
        faulty.script.lock().unwrap().algorithm = Some(algorithm);
        let page = faulty.sign_in(&mut world.browser(), |_| {});
        assert_eq!(page.status, 502, "{algorithm}");
    }
    faulty.script.lock().unwrap().algorithm = None;
    faulty.script.lock().unwrap().foreign_key = true;
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 502);
    faulty.script.lock().unwrap().foreign_key = false;
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 303);
}

#[test]
fn an_answer_counts_once_in_the_browser_that_began() {
    let (faulty, world) = scene();
    let mut browser = world.browser();
    let (state, nonce) = faulty.begin(&mut browser);
    {
        let mut script = faulty.script.lock().unwrap();
        script.claims = faulty.claims(&nonce);
        script.codes = vec!["once".to_owned(), "twice".to_owned()];
    }
    let back = |code: &str, state: &str| format!("/console/-/oidc/back?code={code}&state={state}");
    assert_eq!(world.browser().get(&back("once", &state)).status, 400, "another browser");
    let mut other = world.browser();
    let attempt = browser.cookie("chancery_attempt").unwrap().to_owned();
    other.keep("chancery_attempt", &attempt);
    assert_eq!(other.get(&back("once", "guessed")).status, 400, "another state");
    assert_eq!(browser.get(&back("once", &state)).status, 303);
    assert_eq!(browser.cookie("chancery_attempt"), Some(""));
    assert_eq!(world.browser().get(&back("twice", &state)).status, 400, "the attempt is over");
    let mut replayed = world.browser();
    replayed.keep("chancery_attempt", &attempt);
    let page = replayed.get(&back("once", &state));
    assert_eq!(page.status, 502, "the code was used");
    nobody_is_in(&mut replayed, &page);
}

#[test]
fn what_a_provider_refuses_is_told_as_text() {
    let (faulty, world) = scene();
    let mut browser = world.browser();
    let (state, _) = faulty.begin(&mut browser);
    let page = browser.get(&format!(
        "/console/-/oidc/back?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E&state={state}"
    ));
    assert_eq!(page.status, 401);
    page.has("access_denied");
    page.has_not("<script>alert");
}

#[test]
fn a_provider_that_is_away_is_told_and_its_new_key_is_fetched() {
    let (faulty, world) = scene();
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 303);
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 303);
    assert_eq!(faulty.script.lock().unwrap().announced, 1, "it is remembered");
    faulty.script.lock().unwrap().key = 1;
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 502, "it was asked a moment ago");
    std::thread::sleep(std::time::Duration::from_secs(11));
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 303);
    assert_eq!(faulty.script.lock().unwrap().announced, 2);
    let port = super::free_port();
    let away = super::world(&format!("http://127.0.0.1:{port}"), "email");
    let page = away.browser().get("/console/-/oidc");
    assert_eq!(page.status, 502);
    page.has("does not answer");
}

#[test]
fn nothing_is_offered_where_no_issuer_is_named() {
    let world = World::on_sqlite();
    world.browser().get("/console/-/sign-in").has_not("oidc");
    assert_eq!(world.browser().get("/console/-/oidc").status, 404);
    assert_eq!(world.browser().get("/console/-/oidc/back?code=a&state=b").status, 404);
}

#[test]
fn an_address_that_was_changed_or_erased_signs_nobody_in_any_more() {
    let (faulty, world) = scene();
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 303);
    world.line("acme", "--as olivia member details mei --email other@example.com");
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 403);
    world.line("acme", "--as olivia member details omar --email mei@example.com");
    let mut browser = world.browser();
    assert_eq!(faulty.sign_in(&mut browser, |_| {}).status, 303);
    browser.get("/console/acme").has("Signed in as <code>omar</code>");
    world.line("acme", "--as olivia member remove omar");
    assert_eq!(faulty.sign_in(&mut world.browser(), |_| {}).status, 403);
}
