//! Several at once: one works, the others stand by; and if two did work, the checkpoint keeps them apart.

use std::io::{BufRead as _, BufReader};
use std::time::{Duration, Instant};

use chancery::projector;
use chancery::store::projection::{ApplyError, Duty, Step};
use chancery::store::{Access, StoreError};

use super::place::{Place, Running, until};
use super::{assert_same, catch_up, on_both, verify};

on_both! {
    of_two_writers_of_one_checkpoint_the_second_is_turned_away
    a_duty_is_one_processes_at_a_time
    when_the_projector_dies_another_takes_over
    a_store_opened_for_reading_projects_nothing
}

async fn of_two_writers_of_one_checkpoint_the_second_is_turned_away(place: &Place) {
    place.found("acme").await;
    catch_up(place).await;
    let store = place.open(Access::Write);
    let projections = store.projections().unwrap();
    let live = projections.control().await.unwrap().live().unwrap().clone();
    // Two duties, so that both have a writer.
    let mut one = projections.take(Duty::Follow).await.unwrap().unwrap();
    let mut other = projections.take(Duty::Build).await.unwrap().unwrap();
    let step = |after| Step { generation: live.number, live: true, after, until: after + 1, omissions: Vec::new() };
    let (left, right) =
        tokio::join!(one.apply(step(live.checkpoint), Vec::new()), other.apply(step(live.checkpoint), Vec::new()));
    let overtaken = |outcome: &Result<(), ApplyError>| matches!(outcome, Err(ApplyError::Overtaken));
    assert!(left.is_ok() != right.is_ok() && (overtaken(&left) || overtaken(&right)), "{left:?} {right:?}");
    one.apply(step(live.checkpoint + 1), Vec::new()).await.unwrap();
    assert!(overtaken(&other.apply(step(live.checkpoint + 1), Vec::new()).await));
    let gone = Step { live: false, ..step(live.checkpoint + 2) };
    assert!(overtaken(&one.apply(gone, Vec::new()).await));
    assert_eq!(projections.control().await.unwrap().live().unwrap().checkpoint, live.checkpoint + 2);
}

async fn a_duty_is_one_processes_at_a_time(place: &Place) {
    place.found("acme").await;
    let (store, other) = (place.open(Access::Write), place.open(Access::Write));
    let (one, two) = (store.projections().unwrap(), other.projections().unwrap());
    let taken = one.take(Duty::Follow).await.unwrap().unwrap();
    assert!(two.is_taken(Duty::Follow).await.unwrap() && !two.is_taken(Duty::Build).await.unwrap());
    assert!(two.take(Duty::Follow).await.unwrap().is_none());
    drop(taken);
    until(async || two.take(Duty::Follow).await.unwrap()).await;
}

async fn when_the_projector_dies_another_takes_over(place: &Place) {
    place.found("acme").await;
    let mut first = place.start(&["projections", "run"]);
    says(&mut first, "running");
    until(async || (place.status().0["lag"]["events"] == 0).then_some(())).await;
    let mut second = place.start(&["projections", "run"]);
    says(&mut second, "standing by");
    assert_eq!(place.status().0["state"], "running");
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    let died = Instant::now();
    place.add_member("acme", 1).await;
    until(async || (place.count("SELECT count(*) FROM current_members") == 2).then_some(())).await;
    assert!(died.elapsed() < Duration::from_secs(30));
    assert_eq!(place.status().0["state"], "running");
    drop(second);
    catch_up(place).await;
    assert_same(verify(place).await);
}

/// Waits until a projector says what it does; later words are not read.
fn says(running: &mut Running, state: &str) {
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let wanted = format!("\"state\":\"{state}\"");
    assert!(lines.any(|line| line.unwrap().contains(&wanted)), "it never said that it is {state}");
    // What it says from now on is read and dropped, so that it does not wait for a reader.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
}

async fn a_store_opened_for_reading_projects_nothing(place: &Place) {
    place.found("acme").await;
    let store = place.open(Access::Read);
    let taken = store.projections().unwrap().take(Duty::Follow).await;
    assert!(matches!(taken, Err(StoreError::ReadOnly { .. })), "{taken:?}");
    assert_eq!(projector::status(&store).await.unwrap().activity, projector::Activity::Absent);
}
