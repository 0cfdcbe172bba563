//! Events that cannot be projected stop the projector, loudly, and there is a way on.

use super::place::Place;
use super::{assert_same, catch_up, on_both, verify};

on_both! {
    an_event_that_cannot_be_read_stops_the_projector_with_its_position
    an_organisation_left_out_ends_at_the_event_and_stays_on_record
    rows_that_do_not_fit_stop_the_projector_at_the_very_event
    a_rebuild_that_meets_poison_leaves_the_old_tables
}

async fn an_event_that_cannot_be_read_stops_the_projector_with_its_position(place: &Place) {
    place.found("acme").await;
    catch_up(place).await;
    place.add_member("acme", 1).await;
    place.append_mystery("acme").await;
    place.found("later").await;
    let ran = place.run(&["projections", "run", "--once"]);
    assert_eq!(ran.status.code(), Some(1));
    let complaint = String::from_utf8(ran.stderr).unwrap();
    assert!(complaint.contains("unprojectable") && complaint.contains("MemberEnchanted"), "{complaint}");
    let (status, code) = place.status();
    let poison = place.count("SELECT global_position FROM events WHERE event_type = 'MemberEnchanted'");
    let event = &status["failure"]["event"];
    assert_eq!((code, &status["state"], &event["organisation"]), (1, &"failed".into(), &"acme".into()));
    assert_eq!((event["global_position"].as_i64(), status["checkpoint"].as_i64()), (Some(poison), Some(poison - 1)));
    // All before it is there, and nothing behind it.
    assert_eq!(place.count("SELECT count(*) FROM current_members WHERE organisation = 'acme'"), 2);
    assert_eq!(place.count("SELECT count(*) FROM roles WHERE organisation = 'later'"), 0);
    assert_same(verify(place).await);
}

async fn an_organisation_left_out_ends_at_the_event_and_stays_on_record(place: &Place) {
    place.found("acme").await;
    place.found("other").await;
    catch_up(place).await;
    place.append_mystery("acme").await;
    place.add_member("other", 1).await;
    assert_eq!(place.run(&["projections", "run", "--once"]).status.code(), Some(1));
    let without_reason = place.run(&["projections", "run", "--once", "--leave-out", "acme"]);
    assert_eq!(without_reason.status.code(), Some(2));
    let on = place.run(&["--reason", "it is a trial", "projections", "run", "--once", "--leave-out", "acme"]);
    assert_eq!(on.status.code(), Some(0), "{on:?}");
    let (status, code) = place.status();
    assert_eq!((code, &status["failure"]), (0, &serde_json::Value::Null));
    assert_eq!(status["left_out"][0]["reason"], "it is a trial");
    assert_eq!(place.count("SELECT count(*) FROM current_members WHERE organisation = 'acme'"), 0);
    assert!(place.count("SELECT count(*) FROM members WHERE organisation = 'acme'") > 0);
    assert_eq!(place.count("SELECT count(*) FROM current_members WHERE organisation = 'other'"), 2);
    assert_same(verify(place).await);
    // Without being told again: it counts for as long as these tables live.
    place.add_member("other", 2).await;
    catch_up(place).await;
    assert_same(verify(place).await);
}

async fn rows_that_do_not_fit_stop_the_projector_at_the_very_event(place: &Place) {
    place.found("acme").await;
    place.add_member("acme", 1).await;
    catch_up(place).await;
    place.execute("DELETE FROM g1_member_roles WHERE member = 'member-1' AND role = 'manager'");
    place.add_member("acme", 2).await;
    let engine = chancery::engine::Engine::new(place.open(chancery::store::Access::Write));
    super::place::toggle_role(&engine, "acme", 1, false).await;
    engine.close().await;
    place.add_member("acme", 3).await;
    let ran = place.run(&["projections", "run", "--once"]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let culprit = place.count("SELECT global_position FROM events WHERE event_type = 'RoleUnassigned'");
    let (status, _) = place.status();
    assert_eq!(status["failure"]["event"]["global_position"].as_i64(), Some(culprit), "{status}");
    assert_eq!(place.count("SELECT count(*) FROM current_members"), 3);
    assert_eq!(place.run(&["projections", "rebuild"]).status.code(), Some(0));
    assert_eq!(place.status().1, 0);
    assert_same(verify(place).await);
}

async fn a_rebuild_that_meets_poison_leaves_the_old_tables(place: &Place) {
    place.found("acme").await;
    catch_up(place).await;
    place.append_mystery("acme").await;
    let ran = place.run(&["projections", "rebuild"]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert_eq!(place.count("SELECT count(*) FROM current_members"), 1);
    assert_eq!(place.count("SELECT count(*) FROM projection_generations"), 1);
    let without = place.run(&["--reason", "a trial", "projections", "rebuild", "--leave-out", "acme"]);
    assert_eq!(without.status.code(), Some(0), "{without:?}");
    assert_eq!(place.count("SELECT count(*) FROM current_members"), 0);
}
