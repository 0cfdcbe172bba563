//! Every address of the console, by its source: none answers anything about an organisation to whoever is not of it.

use std::collections::BTreeSet;
use std::path::Path;

use super::world::World;

/// The templates of addresses below an organisation, as the modules' routes name them.
fn templates(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            templates(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let literals: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
        let whole: Vec<&str> = literals.iter().copied().filter(|text| text.starts_with("/{organisation}")).collect();
        // What stands below one of them: `format!("{member}/toggles")`.
        let below = literals.iter().filter_map(|text| text.strip_prefix('{')?.split_once("}/"));
        for (name, rest) in below {
            let of = whole.iter().find(|path| path.ends_with(&format!("{{{name}}}")));
            found.extend(of.map(|path| format!("{path}/{}", rest.replace("{{", "{").replace("}}", "}"))));
        }
        found.extend(whole.into_iter().map(str::to_owned));
    }
}

/// An address of Acme's, with something in every place.
fn filled(template: &str) -> String {
    let part = |part: &str| match part {
        "{organisation}" => "acme".to_owned(),
        part if part.starts_with('{') => "viewer".to_owned(),
        part => part.to_owned(),
    };
    format!("/console{}", template.split('/').map(part).collect::<Vec<_>>().join("/"))
}

#[test]
fn no_page_of_an_organisation_is_open_to_whoever_is_not_of_it() {
    let mut found = BTreeSet::new();
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console"), &mut found);
    assert!(found.len() >= 20, "{found:?}");
    assert!(found.contains("/{organisation}/members/{member}/toggles"), "{found:?}");
    let world = World::on_sqlite();
    let before = world.position("acme");
    let mut nobody = world.browser();
    let mut foreign = world.signed_in("studio", "adam");
    for template in &found {
        let path = filled(template);
        let asked = nobody.get(&path);
        assert!(matches!(asked.status, 303 | 405), "{path} without a session: {asked:?}");
        assert!(asked.status == 405 || asked.header("location").starts_with("/console/-/sign-in"), "{path}: {asked:?}");
        let posted = nobody.post(&path, &[("confirm", "yes")]);
        assert!(matches!(posted.status, 303 | 401 | 403 | 405), "{path} posted to without a session: {posted:?}");
        assert!(
            posted.status != 303 || posted.header("location").starts_with("/console/-/sign-in"),
            "{path}: {posted:?}"
        );
        let seen = foreign.get(&path);
        assert!(matches!(seen.status, 404 | 405), "{path} with another organisation's session: {}", seen.status);
        let done = foreign.post(&path, &[("confirm", "yes")]);
        assert!(matches!(done.status, 403..=405), "{path} posted to with another's session: {}", done.status);
        for page in [asked, posted, seen, done] {
            page.has_not("Acme");
        }
    }
    assert_eq!(world.position("acme"), before, "nothing happened");
}
