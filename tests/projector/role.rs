//! The projector's documented role on PostgreSQL: it keeps the tables, and may do no more.

use std::sync::Arc;

use chancery::projector::{self, Ended, FollowOptions, LeaveOut};
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Store};

use super::place::Place;
use super::{assert_same, catch_up, silent};
use crate::store_contract::postgres::cluster::connect;

const ROLES: &str = include_str!("../../docs/postgres-roles.sql");

/// The roles, named for one test: they belong to the whole server.
struct Roles {
    application: String,
    projector: String,
}

impl Roles {
    fn make(place: &Place) -> Self {
        let database = place.name().rsplit('/').next().unwrap().to_owned();
        let roles = Self { application: format!("application_{database}"), projector: format!("projector_{database}") };
        let sql = ROLES.replace("chancery_application", &roles.application);
        place.execute(&sql.replace("chancery_projector", &roles.projector));
        roles
    }

    fn drop(self, place: &Place) {
        let Self { application, projector } = self;
        place.execute(&format!(
            "DROP OWNED BY {application}, {projector} CASCADE; DROP ROLE {application}, {projector}"
        ));
    }
}

fn url_as(place: &Place, role: &str) -> String {
    place.name().replace("//chancery@", &format!("//{role}@"))
}

fn open_as(place: &Place, role: &str) -> Arc<dyn Store> {
    Arc::new(PostgresStore::open_with(&url_as(place, role), &OpenOptions::new(Access::Write)).unwrap())
}

async fn keep_the_tables(place: &Place, roles: &Roles) {
    let store = open_as(place, &roles.projector);
    let options = FollowOptions { once: true, ..FollowOptions::default() };
    let ended = projector::follow(&store, &options, &silent()).await.unwrap();
    assert!(matches!(ended, Ended::CaughtUp(_)), "{ended:?}");
    projector::rebuild(&store, LeaveOut::default(), &silent(), || false).await.unwrap();
    assert_same(projector::verify(&store, &silent(), || false).await.unwrap());
    store.close().await;
    let service = connect(&url_as(place, &roles.application)).await.unwrap();
    let sql = "SELECT count(*) FROM chancery.current_members";
    assert!(service.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_projector_role_keeps_the_tables_and_may_not_touch_the_log() {
    let place = Place::postgres();
    place.found("acme").await;
    place.add_member("acme", 1).await;
    let roles = Roles::make(&place);
    keep_the_tables(&place, &roles).await;
    let client = connect(&url_as(&place, &roles.projector)).await.unwrap();
    for statement in [
        "INSERT INTO chancery.events SELECT * FROM chancery.events",
        "UPDATE chancery.organisations SET position = 0",
        "UPDATE chancery.log_head SET global_position = 0",
        "UPDATE chancery.writers SET fenced = true",
        "DELETE FROM chancery.projection_omissions",
        "DROP TABLE chancery.events",
    ] {
        let error = client.batch_execute(statement).await.unwrap_err();
        let message = error.as_db_error().unwrap().message();
        assert!(message.contains("permission denied") || message.contains("must be owner"), "{statement}: {message}");
    }
    roles.drop(&place);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_the_owner_made_become_the_projector_roles() {
    let place = Place::postgres();
    place.found("acme").await;
    catch_up(&place).await;
    let roles = Roles::make(&place);
    place.add_member("acme", 1).await;
    keep_the_tables(&place, &roles).await;
    roles.drop(&place);
}
