//! The database itself refuses to change or remove events, whoever asks.

use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Store as _, StoreError};

use super::super::{assert_gapless, next, request};
use super::ServerPlace;
use super::cluster::connect;

const ROLES: &str = include_str!("../../../docs/postgres-roles.sql");

async fn refusal(url: &str, sql: &str) -> String {
    let error = connect(url).await.unwrap().batch_execute(sql).await.unwrap_err();
    error.as_db_error().unwrap().message().to_owned()
}

#[tokio::test]
async fn events_are_never_changed_or_removed() {
    let place = ServerPlace::new();
    let store = place.store();
    store.append(request("acme", 0, 1..=3)).await.unwrap();
    let forbidden = [
        "UPDATE chancery.events SET payload = '{}' WHERE position = 2",
        "UPDATE chancery.events SET organisation = 'beta' WHERE false",
        "DELETE FROM chancery.events WHERE position = 3",
        "DELETE FROM ONLY chancery.events",
        "TRUNCATE chancery.events",
        "TRUNCATE chancery.organisations, chancery.events CASCADE",
        "SET session_replication_role TO replica; DELETE FROM chancery.events",
        "INSERT INTO chancery.events SELECT * FROM chancery.events WHERE position = 1
         ON CONFLICT ON CONSTRAINT events_pkey DO UPDATE SET payload = '{}'",
        "MERGE INTO chancery.events USING (VALUES (1)) AS v (p) ON position = p WHEN MATCHED THEN DELETE",
    ];
    for statement in forbidden {
        let message = refusal(&place.database.url(), statement).await;
        assert_eq!(message, "events are never changed or removed", "{statement}");
    }
    assert_gapless(&store, "acme", 3).await;
}

#[tokio::test]
async fn the_documented_application_role_appends_and_may_do_no_more() {
    let place = ServerPlace::new();
    place.store().append(next("acme", 0)).await.unwrap();
    // Roles belong to the whole server: a name for this test alone.
    let role = place.database.url().rsplit('/').next().unwrap().replace("chancery_test", "application");
    let projector = role.replace("application", "projector");
    place.database.execute(&ROLES.replace("chancery_application", &role).replace("chancery_projector", &projector));
    let url = place.database.url().replace("//chancery@", &format!("//{role}@"));
    let store = PostgresStore::open_with(&url, &OpenOptions::new(Access::Write)).unwrap();
    store.append(super::super::with_key(next("acme", 1), "key", "same")).await.unwrap();
    assert_gapless(&store, "acme", 2).await;

    for statement in [
        "UPDATE chancery.events SET payload = '{}'",
        "DELETE FROM chancery.events",
        "TRUNCATE chancery.events",
        "DELETE FROM chancery.organisations",
        "UPDATE chancery.requests SET fingerprint = 'x'",
        "ALTER TABLE chancery.events DISABLE TRIGGER ALL",
        "DROP TABLE chancery.events",
        "CREATE TABLE chancery.mine (x integer)",
    ] {
        let message = refusal(&url, statement).await;
        assert!(message.contains("permission denied") || message.contains("must be owner"), "{statement}: {message}");
    }
    store.close().await;
    place.database.execute(&format!("DROP OWNED BY {role}, {projector}; DROP ROLE {role}, {projector}"));
}

#[tokio::test]
async fn a_role_that_may_not_append_is_told_why() {
    let place = ServerPlace::new();
    place.store().append(next("acme", 0)).await.unwrap();
    let role = place.database.url().rsplit('/').next().unwrap().replace("chancery_test", "reader");
    place.database.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA chancery TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA chancery TO {role}"
    ));
    let url = place.database.url().replace("//chancery@", &format!("//{role}@"));
    let reader = PostgresStore::open_with(&url, &OpenOptions::new(Access::Read)).unwrap();
    assert_gapless(&reader, "acme", 1).await;
    match PostgresStore::open_with(&url, &OpenOptions::new(Access::Write)) {
        Err(error @ StoreError::Failed { .. }) => assert!(error.to_string().contains("permission denied"), "{error}"),
        other => panic!("{other:?}"),
    }
    reader.close().await;
    place.database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[tokio::test]
async fn a_json_column_gives_back_the_text_that_it_was_given() {
    let place = ServerPlace::new();
    let text = "{ \"b\" :\t1.0,\r\n \"a\" : 1e2 , \"a\": 2, \"z\":\"\\u0041\\u0000\u{2028}\" } ";
    let mut request = next("acme", 0);
    request.events[0].payload = text.to_owned();
    request.events[0].metadata = "not JSON".to_owned();
    place.store().append(request).await.unwrap();
    let client = connect(&place.database.url()).await.unwrap();
    let sql = "SELECT payload::text, payload_text, metadata::text, metadata_text FROM chancery.events";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, Option<&str>>(1)), (text, None));
    assert_eq!((row.get::<_, &str>(2), row.get::<_, Option<&str>>(3)), ("null", Some("not JSON")));
}
