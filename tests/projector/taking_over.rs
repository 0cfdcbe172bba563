//! Whoever takes over a long log begins at a snapshot, and comes to the same tables.

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::vocabulary::{Actor, MemberId, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, Request};
use chancery::store::Access;

use super::place::Place;
use super::{assert_same, catch_up, on_both, verify};

on_both! {
    a_follower_that_begins_at_a_snapshot_makes_the_tables_of_the_log
    a_follower_passes_over_a_damaged_snapshot
}

/// More events than there are between two snapshots, all in the tables.
async fn long_log(place: &Place) {
    place.found("acme").await;
    place.add_member("acme", 1).await;
    let engine = Engine::new(place.open(Access::Write));
    let commands = (0..2_200).map(|number| {
        let role = RoleId::known("manager");
        let command = match number % 2 == 0 {
            true => MemberCommand::UnassignRole { role, scope: None },
            false => MemberCommand::AssignRole { role, scope: None, window: Window::default() },
        };
        Command::Member(MemberId::known("member-1"), command)
    });
    let request = Request {
        organisation: OrganisationId::known("acme"),
        commands: commands.collect(),
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    };
    engine.execute(request).await.unwrap();
    engine.close().await;
    assert_eq!(place.count("SELECT count(*) FROM state_snapshots"), 1);
    catch_up(place).await;
}

async fn a_follower_that_begins_at_a_snapshot_makes_the_tables_of_the_log(place: &Place) {
    long_log(place).await;
    place.add_member("acme", 2).await;
    catch_up(place).await;
    assert_eq!(place.count("SELECT count(*) FROM current_member_roles WHERE role = 'manager'"), 2);
    assert_same(verify(place).await);
}

async fn a_follower_passes_over_a_damaged_snapshot(place: &Place) {
    long_log(place).await;
    place.execute("UPDATE state_snapshots SET body = substr(body, 1, 100)");
    place.add_member("acme", 2).await;
    catch_up(place).await;
    assert_same(verify(place).await);
}
