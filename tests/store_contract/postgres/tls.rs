//! TLS as `sslmode` and `sslrootcert` say.

use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Store as _, StoreError};

use super::super::next;
use super::cluster::{Cluster, Database, connect};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_as_trusted_as_the_url_says() {
    let cluster = Cluster::start();
    let database = Database::on(&cluster.url("postgres"));
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    let authority = cluster.authority().display().to_string();
    let open = |host: &str, options: &str| {
        let url = format!("{}?application_name=tested&{options}", cluster.url_at(host, &name));
        PostgresStore::open_with(&url, &OpenOptions::new(Access::Create))
    };
    let observer = connect(&database.url()).await.unwrap();
    let accepted = [
        ("127.0.0.1", "sslmode=disable".to_owned(), false),
        ("127.0.0.1", String::new(), true),
        ("127.0.0.1", "sslmode=require".to_owned(), true),
        ("127.0.0.1", format!("sslmode=require&sslrootcert={authority}"), true),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={authority}"), true),
        ("localhost", format!("sslmode=verify-full&sslrootcert={authority}"), true),
    ];
    for (head, (host, options, encrypted)) in (0..).zip(accepted) {
        let store = open(host, &options).unwrap_or_else(|error| panic!("{options}: {error}"));
        store.append(next("acme", head)).await.unwrap();
        let sql = "SELECT bool_and(ssl), bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                   WHERE application_name = 'tested'";
        let row = observer.query_one(sql, &[]).await.unwrap();
        assert_eq!((row.get::<_, bool>(0), row.get::<_, bool>(1)), (encrypted, encrypted), "{options}");
        store.close().await;
    }

    for (host, options, wanted) in [
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={authority}"), "not valid for name"),
        ("localhost", "sslmode=verify-full".to_owned(), "UnknownIssuer"),
        ("localhost", "sslmode=verify-ca&sslrootcert=system".to_owned(), "UnknownIssuer"),
        ("localhost", "sslmode=verify-full&sslrootcert=/missing.pem".to_owned(), "cannot be read"),
    ] {
        let error = open(host, &options).unwrap_err();
        assert!(matches!(error, StoreError::Failed { .. } | StoreError::Foreign { .. }), "{error:?}");
        assert!(error.to_string().contains(wanted), "{options}: {error}");
    }
}
