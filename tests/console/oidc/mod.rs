//! Signing in by OpenID Connect, at a real provider and at one that does what none should.

mod faulty;
mod real;

use super::browser::{Browser, Page};
use super::world::World;

/// What is behind the address of a server.
fn path(address: &str) -> String {
    let (_, rest) = address.split_once("://").unwrap_or_else(|| panic!("`{address}` is no address"));
    rest.split_once('/').map(|(_, path)| format!("/{path}")).unwrap_or_default()
}

fn nobody_is_in(browser: &mut Browser, answer: &Page) {
    assert!(answer.status >= 400, "{answer:?}");
    assert_eq!(browser.get("/console/acme").status, 303, "to sign in");
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Members with addresses: two share one.
fn world(issuer: &str, claim: &str) -> World {
    let file = format!(
        "oidc_issuer = \"{issuer}\"\noidc_client_id = \"console\"\noidc_client_secret = \"a secret & more\"\n\
         oidc_label = \"Example SSO\"\noidc_claim = \"{claim}\""
    );
    let world = World::with_settings(&file);
    for line in [
        "--as olivia member details mei --email Mei@example.com",
        "--as olivia member details omar --email shared@example.com",
        "--as olivia member details ann --email shared@example.com",
        "--as olivia member details hugo --email unverified@example.com",
    ] {
        world.line("acme", line);
    }
    world
}
