//! The projector, on every store that keeps tables: each event has its effect once, whatever happens.

mod crash;
mod place;
mod poison;
mod racing;
mod rebuilding;
mod role;
mod taking_over;

use std::sync::Arc;

use chancery::projector::{self, Activity, Ended, FollowOptions, Watch};
use chancery::store::Access;
use chancery::store::projection::Comparison;

use self::place::Place;

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&$crate::projector::place::Place::sqlite()).await;
            }
        )* }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&$crate::projector::place::Place::postgres()).await;
            }
        )* }
    };
}
pub(crate) use on_both;

fn silent() -> Arc<dyn Watch> {
    Arc::new(())
}

/// Everything that is in the log now, into the tables.
async fn catch_up(place: &Place) {
    let store = place.open(Access::Write);
    let options = FollowOptions { once: true, ..FollowOptions::default() };
    let head = store.projections().unwrap().control().await.unwrap().head;
    let ended = projector::follow(&store, &options, &silent()).await.unwrap();
    assert!(matches!(ended, Ended::CaughtUp(position) if position >= head), "{ended:?} is before {head}");
    store.close().await;
}

/// The tables are what the log makes them.
#[track_caller]
fn assert_same(compared: Comparison) {
    assert!(matches!(compared, Comparison::Same { rows } if rows > 0), "{compared:?}");
}

async fn verify(place: &Place) -> Comparison {
    let store = place.open(Access::Write);
    let compared = projector::verify(&store, &silent(), || false).await.unwrap();
    store.close().await;
    compared
}

on_both! {
    tables_follow_the_log
    status_tells_who_projects_and_how_far
    verify_names_the_row_that_somebody_changed
    verify_names_a_row_that_somebody_removed_or_added
}

async fn tables_follow_the_log(place: &Place) {
    place.found("acme").await;
    catch_up(place).await;
    assert_eq!(place.count("SELECT count(*) FROM current_members"), 1);
    for number in 0..5 {
        place.add_member("acme", number).await;
        catch_up(place).await;
    }
    assert_eq!(place.count("SELECT count(*) FROM current_members"), 6);
    let events = place.count("SELECT count(*) FROM events");
    assert_eq!(place.count("SELECT count(*) FROM audit_log"), events);
    assert_same(verify(place).await);
}

async fn status_tells_who_projects_and_how_far(place: &Place) {
    place.found("acme").await;
    let reader = place.open(Access::Read);
    let status = projector::status(&reader).await.unwrap();
    assert_eq!((status.activity, status.lag.events), (Activity::Absent, status.control.head));
    catch_up(place).await;
    place.add_member("acme", 1).await;
    let behind = projector::status(&reader).await.unwrap();
    assert_eq!((behind.activity, behind.building), (Activity::Idle, false));
    assert!(behind.lag.events > 0 && behind.lag.micros > 0, "{behind:?}");

    let (store, options) = (place.open(Access::Write), FollowOptions::default());
    let wake = options.wake.clone();
    let following = tokio::spawn(async move { projector::follow(&store, &options, &silent()).await });
    let running = place::until(async || {
        let status = projector::status(&reader).await.unwrap();
        (status.lag.events == 0).then_some(status)
    });
    assert_eq!(running.await.activity, Activity::Running);
    wake.stop();
    assert_eq!(following.await.unwrap().unwrap(), Ended::Stopped);
}

async fn verify_names_the_row_that_somebody_changed(place: &Place) {
    place.found("acme").await;
    catch_up(place).await;
    place.execute("UPDATE g1_roles SET name = 'Boss' WHERE role = 'manager'");
    let Comparison::Different(difference) = verify(place).await else { panic!("the change was not seen") };
    assert_eq!(difference.table, "roles");
    assert!(difference.key.contains(&("role", "manager".to_owned())), "{difference:?}");
    assert_eq!(difference.live, Some(vec![("name", "Boss".to_owned())]));
    assert_eq!(difference.rebuilt, Some(vec![("name", "Manager".to_owned())]));
}

async fn verify_names_a_row_that_somebody_removed_or_added(place: &Place) {
    place.found("acme").await;
    catch_up(place).await;
    place.execute("DELETE FROM g1_audit_log WHERE position = 3");
    let Comparison::Different(removed) = verify(place).await else { panic!("the loss was not seen") };
    assert_eq!((removed.table, &removed.live), ("audit_log", &None));
    assert!(removed.key.contains(&("position", "3".to_owned())), "{removed:?}");
    catch_up(place).await;
    let store = place.open(Access::Write);
    projector::rebuild(&store, projector::LeaveOut::default(), &silent(), || false).await.unwrap();
    assert_same(verify(place).await);
    let generation = store.projections().unwrap().control().await.unwrap().live().unwrap().number;
    place.execute(&format!("UPDATE g{generation}_member_scopes SET node = 'forged'"));
    place.execute(&format!("UPDATE g{generation}_audit_log SET position = 99 WHERE position = 1"));
    assert!(matches!(verify(place).await, Comparison::Different(difference) if difference.live.is_some()));
}
