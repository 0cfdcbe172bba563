//! With the npm package `oidc-provider`, which `tools/setup.sh` installs.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::super::browser::{Browser, Page};
use super::super::world::World;
use super::{free_port, path, world};

struct Real {
    process: Child,
    port: u16,
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Real {
    /// Nothing where the package is not installed: `./test` installs it, and says where it is.
    fn start(port: u16, console: &str) -> Option<Self> {
        let modules = std::env::var("CHANCERY_TEST_OIDC_PROVIDER").ok()?;
        assert!(Path::new(&modules).is_absolute(), "`{modules}` is not absolute");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/console/oidc/provider.mjs");
        let mut command = Command::new("node");
        command.args([script, "--port", &port.to_string(), "--console", console, "--modules", &modules]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "listening");
        // Who writes to a pipe that nobody reads any more ends.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Some(Self { process, port })
    }

    fn browser(&self) -> Browser {
        Browser::new(([127, 0, 0, 1], self.port).into())
    }

    /// Signs in at the provider, agrees, and comes back with its answer.
    fn come_back(&self, console: &mut Browser, to: &str, login: &str) -> Page {
        let begun = console.get(&format!("/console/-/oidc?to={to}"));
        assert_eq!(begun.status, 303, "{begun:?}");
        let mut there = self.browser();
        let mut next = path(begun.header("location"));
        for prompt in ["login", "consent"] {
            let page = follow(&mut there, &next);
            let form = page.body.split(" action=\"").nth(1).unwrap_or_else(|| panic!("{page:?}"));
            let action = path(&format!("http://provider{}", path_of(form.split('"').next().unwrap())));
            let fields = [("prompt", prompt), ("login", login), ("password", "anything")];
            let answer = there.post(&action, &fields);
            assert_eq!(answer.status, 303, "{answer:?}");
            next = path(answer.header("location"));
        }
        let page = follow(&mut there, &next);
        console.get(&path(page.header("location")))
    }
}

fn path_of(action: &str) -> String {
    if action.contains("://") { path(action) } else { action.to_owned() }
}

/// Goes where the provider sends people, until it shows a page or sends them away.
fn follow(there: &mut Browser, first: &str) -> Page {
    let mut next = first.to_owned();
    for _ in 0..5 {
        let page = there.get(&next);
        let location = page.header("location").to_owned();
        if page.status != 303 || location.contains("/console/") {
            return page;
        }
        next = path_of(&location);
    }
    panic!("it goes on for ever: {next}");
}

fn scene(claim: &str) -> Option<(Real, World)> {
    let port = free_port();
    let world = world(&format!("http://127.0.0.1:{port}"), claim);
    let real = Real::start(port, &format!("http://{}", world.address))?;
    Some((real, world))
}

#[test]
fn a_member_signs_in_by_a_verified_address_and_signs_out_there_as_well() {
    let Some((real, world)) = scene("email") else { return };
    let mut console = world.browser();
    console.get("/console/-/sign-in?to=/console/acme/roles").has("Sign in with Example SSO");
    let page = real.come_back(&mut console, "/console/acme/roles", "mei");
    assert_eq!((page.status, page.header("location")), (303, "/console/acme/roles"), "{page:?}");
    let home = console.get("/console/acme");
    assert_eq!(home.status, 200);
    home.has("Signed in as <code>mei</code>");
    let fields = home.form("/console/-/sign-out");
    let left = console.post("/console/-/sign-out", &fields);
    assert_eq!(left.status, 200);
    left.has("Sign out there as well");
    let end = left.body.split("href=\"").find(|link| link.contains("/session/end?")).unwrap();
    let end = end.split('"').next().unwrap().replace("&amp;", "&");
    let asked = real.browser().get(&path(&end));
    assert_eq!(asked.status, 200, "the provider takes the token and the way back: {}", asked.text());
    assert_eq!(console.get("/console/acme").status, 303);
}

#[test]
fn who_is_not_known_not_verified_or_not_one_is_told_nothing() {
    let Some((real, world)) = scene("email") else { return };
    let mut texts = Vec::new();
    for login in ["stranger", "shared", "unverified"] {
        let mut console = world.browser();
        let page = real.come_back(&mut console, "/console", login);
        super::nobody_is_in(&mut console, &page);
        assert_eq!(page.status, 403, "{login}");
        texts.push(page.body);
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "they look the same");
}

#[test]
fn a_member_signs_in_by_the_subject_and_a_suspension_ends_the_session() {
    let Some((real, world)) = scene("sub") else { return };
    let mut console = world.browser();
    let page = real.come_back(&mut console, "/console", "omar");
    assert_eq!((page.status, page.header("location")), (303, "/console/acme"), "{page:?}");
    assert_eq!(console.get("/console/acme").status, 200);
    world.line("acme", "--as olivia member suspend omar");
    assert!(console.get("/console/acme").status >= 400);
    world.line("acme", "--as olivia member reactivate omar");
    assert_eq!(console.get("/console/acme").status, 303, "the session is over");
    world.line("acme", "--as olivia member suspend omar");
    let page = real.come_back(&mut console, "/console", "omar");
    assert_eq!(page.status, 403);
}
