//! What the metrics count.

use chancery::config::{Settings, Size};
use serde_json::json;

use super::on_every_store;
use super::world::{OPERATOR, World};

on_every_store! {
    metrics_count_what_happened_and_are_the_operators,
}

/// The value of a series, by its name with its labels.
#[track_caller]
fn value(metrics: &str, series: &str) -> f64 {
    let found = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("{series}: {metrics}")).parse().unwrap()
}

fn metrics(world: &World) -> String {
    world.get("/metrics", OPERATOR).body
}

fn metrics_count_what_happened_and_are_the_operators(world: &World) {
    world.get("/metrics", "acme/olivia").problem(404, "unknown");
    let before = metrics(world);
    let question = |member: &str| {
        json!({"subject": {"type": "user", "id": member}, "action": {"name": "assets.view"},
            "resource": {"type": "scope", "id": "tower"}})
    };
    world.post("/access/v1/evaluation", "acme/olivia", &question("mei")).ok();
    world.post("/access/v1/evaluation", "acme/olivia", &question("omar")).ok();
    let batch = json!({"evaluations": [question("mei"), question("mei"), question("nobody")]});
    world.post("/access/v1/evaluations", "acme/olivia", &batch).ok();
    world.get("/v1/organisations/acme/check?member=mei&permission=assets.view&scope=tower", "acme/olivia").ok();
    world.post("/access/v1/evaluation", OPERATOR, &question("mei")).problem(403, "not_for_operator");
    for id in ["north", "south"] {
        world.post("/v1/organisations/acme/scopes", "acme/olivia", &json!({"id": id, "name": id})).ok();
    }
    world
        .post("/v1/organisations/acme/scopes", "acme/mei", &json!({"id": "mine", "name": "Mine"}))
        .problem(403, "missing_permission");
    let after = metrics(world);
    let grown = |series: &str| {
        let was = if before.contains(&format!("{series} ")) { value(&before, series) } else { 0.0 };
        value(&after, series) - was
    };
    for (series, by) in [
        ("chancery_checks_total{decision=\"allowed\"}", 4.0),
        ("chancery_checks_total{decision=\"denied\"}", 2.0),
        ("chancery_requests_total{route=\"/access/v1/evaluation\",status=\"200\"}", 2.0),
        ("chancery_requests_total{route=\"/access/v1/evaluation\",status=\"403\"}", 1.0),
        ("chancery_request_seconds_count{route=\"/access/v1/evaluations\"}", 1.0),
        ("chancery_refusals_total{rule=\"not_for_operator\"}", 1.0),
        ("chancery_refusals_total{rule=\"missing_permission\"}", 1.0),
        ("chancery_change_seconds_count", 2.0),
    ] {
        assert_eq!(grown(series), by, "{series}: {after}");
    }
    // Each change is an append, and the refusal is one as well.
    assert_eq!(grown("chancery_append_group_requests_sum"), 3.0, "{after}");
    assert!(grown("chancery_append_seconds_count") >= 1.0 && grown("chancery_append_seconds_sum") > 0.0, "{after}");
    assert!(grown("chancery_change_seconds_sum") > 0.0, "{after}");
    assert_eq!(value(&after, "chancery_organisations"), 2.0);
    assert_eq!(value(&after, "chancery_feed_readers"), 0.0);
    assert!(value(&after, "chancery_connections") >= 1.0);
    // Nobody keeps the tables here: all events are missing from them, and the oldest is some time ago.
    assert_eq!(
        value(&after, "chancery_projector_lag_events"),
        (world.position("acme") + world.position("other")) as f64
    );
    assert!(value(&after, "chancery_projector_lag_seconds") > 0.0);
}

#[test]
fn organisations_leave_beyond_the_memory_that_is_set() {
    let loaded = |settings: Settings| {
        let world = World::with(settings);
        for number in 0..40 {
            let founding = json!({"id": format!("org-{number}"), "name": "One of many", "profile": "workspace",
                "owner": "olivia"});
            let founded = world.post("/v1/organisations", OPERATOR, &founding);
            assert_eq!(founded.status, 201, "{founded:?}");
        }
        world.get("/v1/organisations/acme", "acme/olivia").ok();
        let metrics = metrics(&world);
        (value(&metrics, "chancery_organisations"), value(&metrics, "chancery_organisations_bytes"))
    };
    let (all, bytes) = loaded(Settings::default());
    assert_eq!(all, 42.0);
    // What leaves is looked for after each sixteen that were loaded.
    let (some, less) = loaded(Settings { memory: Some(Size(1 << 20)), ..Settings::default() });
    assert!(some < 42.0 - 16.0 && less < bytes, "{some}, {less} of {bytes}");
}

#[test]
fn requests_over_the_rate_are_counted() {
    let world = World::with(Settings { rate: 1, burst: 2, ..Settings::default() });
    let answers: Vec<u16> = (0..5).map(|_| world.get("/v1/organisations/acme", "acme/olivia").status).collect();
    let limited = answers.iter().filter(|status| **status == 429).count();
    assert!(limited > 0, "{answers:?}");
    assert_eq!(value(&metrics(&world), "chancery_rate_limited_total"), limited as f64);
}
