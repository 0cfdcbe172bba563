//! `examples/follower_http.rs`: a replica of an organisation of a service.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use chancery::client::{Client, ClientError, Connecting, Secret};

use super::{Desk, Service, free_port, on, on_every_store};

#[allow(dead_code, unreachable_pub, reason = "its own program")]
#[path = "../../examples/follower_http.rs"]
mod follower_http;

on_every_store! {
    a_follower_learns_of_every_change_across_restarts_of_the_service,
}

fn a_follower_learns_of_every_change_across_restarts_of_the_service(desk: &Desk) {
    let key = Secret::new(&desk.key("henry")).unwrap();
    on(&desk.store, "-o fairmont --as henry member add zoe --selected acacia --role Manager").ok();
    let listen = format!("127.0.0.1:{}", free_port());
    let mut service = Some(Service::start(&desk.store, &listen, &[]));
    let client = Client::new(&format!("http://{listen}"), key, Connecting::default()).unwrap();
    let question = follower_http::Question {
        organisation: "fairmont".to_owned(),
        subject: "zoe".to_owned(),
        permission: "invoice.approve".to_owned(),
        scope: "acacia".to_owned(),
    };
    let mut changes = vec!["withhold", "clear", "withhold", "clear"].into_iter();
    let mut learnt = Vec::new();
    let told = |_: u64, decision: &chancery::aggregates::access::Decision| {
        // Until the log tells of her.
        if learnt.is_empty() && !decision.is_allowed() {
            return ControlFlow::Continue(());
        }
        learnt.push(decision.is_allowed());
        let Some(change) = changes.next() else { return ControlFlow::Break(()) };
        // Killed while it is listened to; the change is made while nobody is there to tell of it.
        drop(service.take());
        on(&desk.store, &format!("-o fairmont --as henry member {change} zoe invoice.approve")).ok();
        service = Some(Service::start(&desk.store, &listen, &[]));
        ControlFlow::Continue(())
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let followed = runtime.block_on(async { follower_http::follow(&client, &question, told).await });
    followed.unwrap();
    assert_eq!(learnt.len(), 5);
    assert_eq!(learnt[1..], [false, true, false, true]);
}

#[test]
fn a_replica_is_the_organisation_and_ends_when_its_key_does() {
    let desk = Desk::on_sqlite();
    let token = desk.key("henry");
    let service = desk.serve(&[]);
    let client = |key: &str| Client::new(&service.url(), Secret::new(key).unwrap(), Connecting::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let client = client(&token);
        let mut replica = client.replica("fairmont");
        while replica.advance().await.unwrap() < desk.head() {}
        let state = replica.state();
        let member = state.member_by_id("tom").unwrap();
        assert_eq!(
            (state.name(), state.name_of(member)),
            // The feed has names sealed, and a replica has no key.
            ("Fairmont Estates", None)
        );
        assert_eq!(replica.organisation().position(), desk.head());
        let page = client.list("/v1/organisations/fairmont/members?limit=2").await.unwrap();
        assert_eq!(page.len(), 6, "{page:?}");
        on(&desk.store, &format!("-o fairmont --as henry key revoke {token}")).ok();
        let ended = loop {
            match replica.advance().await {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert!(matches!(&ended, ClientError::Problem(problem) if problem.status == 401), "{ended}");
    });
    let rita = desk.key("rita");
    // The service learns of a key that another process made a moment later.
    let refused = runtime.block_on(async {
        let (client, until) = (client(&rita), Instant::now() + Duration::from_secs(30));
        loop {
            let refused = client.replica("fairmont").advance().await;
            let unknown = matches!(&refused, Err(ClientError::Problem(problem)) if problem.status == 401);
            if !unknown || Instant::now() > until {
                break refused;
            }
        }
    });
    assert!(matches!(&refused, Err(ClientError::Problem(problem)) if problem.status == 403), "{refused:?}");
}
