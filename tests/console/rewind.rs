//! The slider, and the whole console at a past instant.

use super::browser::Page;
use super::world::World;

/// An attribute of the slider.
fn slider(page: &Page, attribute: &str) -> String {
    let input =
        page.body.split("<input id=\"second\"").nth(1).unwrap_or_else(|| panic!("no slider in {}", page.text()));
    let tag = input.split('>').next().unwrap();
    tag.split(&format!("{attribute}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn the_slider_is_a_form_over_time_with_a_picture_of_where_events_are_dense() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get("/console/acme/roles?sort=users");
    page.has("<svg class=\"bars\"");
    page.has_not(" style=");
    let label = page.body.split("<svg class=\"bars\"").nth(1).unwrap().split("aria-label=\"").nth(1).unwrap();
    let head = world.position("acme");
    assert!(label.starts_with(&format!("{head} events since ")), "{label}");
    let number = |attribute: &str| slider(&page, attribute).parse::<i64>().unwrap();
    let (min, max, step) = (number("min"), number("max"), number("step"));
    let now = chrono::Utc::now().timestamp();
    assert!(min <= now && now <= max + step && (max - min) % step == 0, "{min} {now} {max} {step}");
    assert!(slider(&page, "aria-valuetext").ends_with(" UTC"));
    // The right end is the present, the left end the first event, and what is asked for besides stays.
    let present = browser.get(&format!("/console/acme/roles?sort=users&second={max}&end={max}"));
    assert_eq!(present.status, 200);
    present.has_not("You are looking at the past");
    let first = browser.get(&format!("/console/acme/roles?sort=users&second={min}"));
    assert_eq!(first.status, 200, "{}", first.text());
    first.has("You are looking at the past");
    first.has_not(">Tasker<");
    first.has("name=\"sort\" value=\"users\"");
    assert_eq!(first.body.matches("name=\"second\"").count(), 1, "in the band, and nowhere else");
    let long_ago = browser.get("/console/acme/roles?second=1");
    assert_eq!(long_ago.status, 200, "before the first event there is the first event");
    browser.get("/console/acme/roles?second=x").has_not("You are looking at the past");
    let mut mei = world.signed_in("acme", "mei");
    let page = mei.get("/console/acme");
    page.has_not("<svg class=\"bars\"");
    page.has_not("second");
}

#[test]
fn nothing_is_offered_anywhere_in_the_past() {
    let world = World::on_sqlite();
    let then = world.position("acme");
    world.line("acme", "--as olivia role create Later");
    let mut browser = world.signed_in("acme", "olivia");
    for below in [
        "",
        "/roles",
        "/roles/viewer",
        "/roles/viewer?open=all",
        "/members",
        "/members/mei",
        "/members/mei/toggles?open=all",
        "/scopes",
        "/scopes/tower",
        "/activity",
        "/audit",
        "/audit/entries/5",
        "/audit/over-time",
        "/compare",
        "/compare?from=3",
        "/ask",
        "/ask?member=mei&permission=assets.view&scope=tower",
        "/ask?permission=assets.view",
    ] {
        let separator = if below.contains('?') { '&' } else { '?' };
        let page = browser.get(&format!("/console/acme{below}{separator}at={then}"));
        assert_eq!(page.status, 200, "{below}: {}", page.text());
        page.has("You are looking at the past");
        page.has_not(">Later<");
        let main = page.body.split("<main").nth(1).unwrap();
        let posts: Vec<&str> = main.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")).collect();
        let changing = posts.iter().filter(|form| !form.contains("/console/-/preferences"));
        assert_eq!(changing.count(), 0, "{below}: {posts:?}");
        // Links within the organisation stay at that instant, or say which one they lead to.
        let links = main.split("href=\"/console/acme").skip(1).map(|part| part.split('"').next().unwrap());
        let leaving = links.filter(|link| !link.contains("at=")).collect::<Vec<_>>();
        let jumps = ["/activity", "/audit", "/compare"].iter().any(|page| below.starts_with(page));
        assert!(leaving.is_empty() || jumps || below.starts_with("/members/mei"), "{below}: {leaving:?}");
    }
}
