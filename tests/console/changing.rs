//! Changes: previewed, confirmed, refused, and disputed.

use super::browser::{Browser, with};
use super::world::World;

/// Each test on every store.
macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&super::World::on_sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                super::$name(&super::World::on_postgres());
            })*
        }
    };
}

on_every_store! {
    several_switches_are_one_change_after_a_preview,
    two_administrators_at_once_get_a_choice_and_lose_nothing,
}

const VIEWER: &str = "/console/acme/roles/viewer";

/// WS-09, PO-01: and what is seen before it is saved.
fn several_switches_are_one_change_after_a_preview(world: &World) {
    let mut browser = world.signed_in("acme", "olivia");
    let before = world.position("acme");
    let fields = with(browser.get(VIEWER).form("/permissions"), "on", &["assets.update", "tags.create"]);
    let preview = browser.post(&format!("{VIEWER}/permissions"), &fields);
    assert_eq!((preview.status, world.position("acme")), (200, before), "{preview:?}");
    let text = preview.text();
    assert!(text.contains("2 members would gain, 2 would lose"), "{text}");
    assert!(text.contains("mei") && text.contains("omar") && text.contains("Tower"), "{text}");
    let confirm = with(preview.form("/permissions"), "reason", &["they update as well"]);
    let done = browser.post(&format!("{VIEWER}/permissions"), &confirm);
    assert_eq!((done.status, done.header("location")), (303, VIEWER));
    assert_eq!(world.position("acme"), before + 3, "three switches");
    let page = browser.get(VIEWER);
    page.has("Saved.");
    let on = page.form("/permissions");
    let on: Vec<&str> = on.iter().filter(|(name, _)| name == "on").map(|(_, key)| key.as_str()).collect();
    assert_eq!(on, ["assets.update", "tags.create"]);
    assert!(world.line("acme", "--as olivia activity").contains("they update as well"));
    browser.get(VIEWER).has_not("Saved.");
}

fn two_administrators_at_once_get_a_choice_and_lose_nothing(world: &World) {
    let (mut olivia, mut ann) = (world.signed_in("acme", "olivia"), world.signed_in("acme", "ann"));
    let mine = with(olivia.get(VIEWER).form("/permissions"), "on", &["assets.view", "tags.create"]);
    let theirs = with(ann.get(VIEWER).form("/permissions"), "on", &["assets.view", "assets.update"]);
    let path = format!("{VIEWER}/permissions");
    let preview = olivia.post(&path, &mine);
    confirm(&mut ann, &path, &theirs);
    let late = olivia.post(&path, &preview.form("/permissions"));
    assert_eq!(late.status, 409);
    late.has("Somebody else changed this");
    late.has("ann");
    let again = olivia.post(&path, &late.form("/permissions"));
    assert_eq!(again.status, 200, "the preview once more");
    assert_eq!(olivia.post(&path, &again.form("/permissions")).status, 303);
    let on = olivia.get(VIEWER).form("/permissions");
    let on: Vec<&str> = on.iter().filter(|(name, _)| name == "on").map(|(_, key)| key.as_str()).collect();
    assert_eq!(on.len(), 3, "both are there: {on:?}");
}

fn confirm(browser: &mut Browser, path: &str, fields: &[(String, String)]) {
    let preview = browser.post(path, fields);
    assert_eq!(preview.status, 200, "{}", preview.text());
    let action = path.rsplit('/').next().unwrap();
    assert_eq!(browser.post(path, &preview.form(action)).status, 303);
}

/// WS-06: greyed out with the reason, and refused whatever is posted.
#[test]
fn a_switch_that_is_not_held_is_greyed_out_with_the_reason_and_refused() {
    let world = World::on_sqlite();
    let mut adam = world.signed_in("studio", "adam");
    let page = adam.get("/console/studio/roles/helper?open=all");
    let switch = page
        .body
        .split("<li ")
        .find(|item| item.contains("does not hold"))
        .unwrap_or_else(|| panic!("{}", page.text()));
    assert!(switch.contains(" disabled"), "{switch}");
    let key = switch.split(" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let before = world.position("studio");
    let fields = with(page.form("/permissions"), "on", &[&key]);
    let refused = adam.post("/console/studio/roles/helper/permissions", &fields);
    assert_eq!(refused.status, 403);
    refused.has("toggle_not_held");
    assert_eq!(world.position("studio"), before, "a preview writes nothing, whatever it comes to");
    let confirmed = adam.post("/console/studio/roles/helper/permissions", &with(fields, "confirm", &["yes"]));
    assert_eq!(confirmed.status, 403);
    assert_eq!(world.position("studio"), before + 1, "the attempt is in the log");
    adam.get("/console/studio/roles/helper").has_not("checked");
}

/// BO-07
#[test]
fn a_role_in_use_cannot_be_deleted_and_another_asks_first() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get(VIEWER);
    page.has("is still assigned to 2 members");
    let token = with(page.form("/permissions"), "on", &[]);
    assert_eq!(browser.post(&format!("{VIEWER}/delete"), &token).status, 409);
    let spare = "/console/acme/roles/spare";
    let fields = browser.get(spare).form("/delete");
    let asked = browser.post(&format!("{spare}/delete"), &fields);
    assert_eq!(asked.status, 200);
    asked.has("Delete Spare?");
    assert_eq!(browser.get(spare).status, 200);
    assert_eq!(
        browser.post(&format!("{spare}/delete"), &asked.form("/delete")).header("location"),
        "/console/acme/roles"
    );
    assert_eq!(browser.get(spare).status, 404);
}

/// BO-04, WS-04
#[test]
fn a_role_is_made_copied_renamed_and_recoloured_and_a_taken_name_is_told() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let form = browser.get("/console/acme/new-role").form("/new-role");
    let taken =
        browser.post("/console/acme/new-role", &with(with(form.clone(), "name", &["vIEWER"]), "colour", &["#9a4fc4"]));
    assert_eq!(taken.status, 409, "{}", taken.text());
    taken.has("exists already: choose another name");
    taken.has("value=\"vIEWER\"");
    let made =
        browser.post("/console/acme/new-role", &with(with(form, "name", &["Night shift"]), "colour", &["#9a4fc4"]));
    assert_eq!(made.header("location"), "/console/acme/roles/night_shift", "{}", made.text());
    let page = browser.get("/console/acme/roles/night_shift");
    page.has("fill=\"#9a4fc4\"");
    assert!(
        !page.body.contains("role=\"switch\" name=\"on\" value=\"assets.view\" checked"),
        "every permission is off"
    );
    let copy = browser.get(&format!("{VIEWER}/duplicate")).form("/duplicate");
    let copied = browser.post(&format!("{VIEWER}/duplicate"), &copy);
    assert_eq!(copied.header("location"), "/console/acme/roles/viewer_copy");
    let details = browser.get("/console/acme/roles/viewer_copy/details").form("/details");
    let renamed = with(with(details, "name", &["Looker"]), "colour", &["other"]);
    let renamed = with(renamed, "other", &["#123abc"]);
    assert_eq!(browser.post("/console/acme/roles/viewer_copy/details", &renamed).status, 303);
    let page = browser.get("/console/acme/roles/viewer_copy");
    page.has("Looker");
    page.has("#123abc");
}

#[test]
fn a_form_from_elsewhere_changes_nothing() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let fields = browser.get("/console/acme/roles/spare").form("/delete");
    let before = world.position("acme");
    let path = "/console/acme/roles/spare/delete";
    let confirmed = with(fields, "confirm", &["yes"]);
    for headers in [[("origin", "http://evil.example")], [("sec-fetch-site", "cross-site")]] {
        assert_eq!(browser.post_from(path, &confirmed, &headers).status, 403);
    }
    assert_eq!(browser.post(path, &with(confirmed.clone(), "csrf", &["guess"])).status, 403);
    assert_eq!(browser.post(path, &with(confirmed.clone(), "csrf", &[])).status, 403);
    assert_eq!(world.position("acme"), before);
    assert_eq!(browser.post(path, &confirmed).status, 303);
}
