//! Who gets in, how, and for how long.

use super::world::World;

#[test]
fn nobody_sees_anything_before_signing_in() {
    let world = World::on_sqlite();
    let mut browser = world.browser();
    for path in ["/console/acme", "/console/acme/roles?sort=users", "/console/nowhere/roles"] {
        let page = browser.get(path);
        assert_eq!(page.status, 303, "{path}");
        assert!(page.header("location").starts_with("/console/-/sign-in?to=%2Fconsole%2F"), "{page:?}");
    }
    let page = browser.get("/console/-/sign-in?to=%2Fconsole%2Facme%2Froles%3Fsort%3Dusers");
    let mut fields = page.form("/console/-/sign-in");
    fields.retain(|(name, _)| name != "key");
    fields.push(("key".to_owned(), world.key("acme", "olivia")));
    let page = browser.post("/console/-/sign-in", &fields);
    assert_eq!((page.status, page.header("location")), (303, "/console/acme/roles?sort=users"));
    assert_eq!(browser.get("/console/acme/roles").status, 200);
    assert_eq!(browser.get("/console").header("location"), "/console/acme");
}

#[test]
fn a_wrong_key_and_one_that_was_revoked_let_nobody_in() {
    let world = World::on_sqlite();
    let mut browser = world.browser();
    let page = browser.post("/console/-/sign-in", &[("key", "chancery_acme_x_y")]);
    assert_eq!(page.status, 401);
    page.has("This key is not valid");
    let key = world.key("acme", "olivia");
    assert_eq!(browser.post("/console/-/sign-in", &[("key", &key)]).status, 303);
    assert_eq!(browser.get("/console/acme").status, 200);
    world.line("acme", &format!("--as olivia key revoke {key}"));
    assert_eq!(browser.get("/console/acme").status, 303, "the session ends with its key");
}

#[test]
fn a_link_signs_in_once_and_is_not_spent_by_being_looked_at() {
    let world = World::on_sqlite();
    let link = world.line("acme", "--as mei key link --url http://console.example");
    let path = link.trim().strip_prefix("http://console.example").unwrap().to_owned();
    let mut browser = world.browser();
    for _ in 0..2 {
        assert_eq!(browser.get(&path).status, 200);
    }
    let fields = browser.get(&path).form("/console/-/enter");
    let page = browser.post("/console/-/enter", &fields);
    assert_eq!((page.status, page.header("location")), (303, "/console/acme"));
    browser.get("/console/acme").has("mei");
    let again = world.browser().post("/console/-/enter", &fields);
    assert_eq!(again.status, 401);
    again.has("This link does not work");
    let ordinary = world.key("acme", "mei");
    assert_eq!(world.browser().post("/console/-/enter", &[("key", &ordinary)]).status, 401, "a key is no link");
    assert_eq!(world.browser().post("/console/-/sign-in", &[("key", &ordinary)]).status, 303, "and is not used up");
}

#[test]
fn the_cookie_is_for_the_browser_alone_and_signing_out_ends_it() {
    let world = World::on_sqlite();
    let mut browser = world.browser();
    let page = browser.post("/console/-/sign-in", &[("key", world.key("acme", "olivia"))]);
    let cookie = page.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    let stolen = browser.cookie("chancery_session").unwrap().to_owned();
    let fields = browser.get("/console/acme").form("/console/-/sign-out");
    assert_eq!(browser.post("/console/-/sign-out", &[("csrf", "guessed")]).status, 403);
    assert_eq!(browser.get("/console/acme").status, 200);
    assert_eq!(browser.post("/console/-/sign-out", &fields).status, 303);
    assert_eq!(browser.cookie("chancery_session"), Some(""));
    let mut thief = world.browser();
    let page = thief.post_from(
        "/console/acme/roles/spare/delete",
        &fields,
        &[("cookie", &format!("chancery_session={stolen}"))],
    );
    assert_eq!(page.status, 303, "to sign in");
}

#[test]
fn two_organisations_stand_in_one_list_and_others_are_not_there() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let absent = browser.get("/console/nowhere/roles");
    let foreign = browser.get("/console/studio/roles");
    assert_eq!((absent.status, foreign.status), (404, 404));
    assert_eq!(absent.body, foreign.body);
    let key = world.key("studio", "nora");
    assert_eq!(browser.post("/console/-/sign-in", &[("key", &key)]).header("location"), "/console/studio");
    let page = browser.get("/console/-/organisations");
    page.has("Acme");
    page.has("Studio");
    assert_eq!(browser.get("/console/acme").status, 200);
    assert_eq!(browser.get("/console").header("location"), "/console/-/organisations");
}
