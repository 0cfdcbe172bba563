//! A replica in another process: `cargo run --example follower -- sqlite:access.db acme tom invoice.approve acacia`.
//!
//! Follows a store that others write to, and prints whether somebody may do something somewhere, each
//! time the answer changes. A check asks no database.

use std::time::Duration;

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::embed::{Chancery, Request};
use chancery::store::Access;

/// How long to wait for news before the clock alone is looked at: roles begin and end by time as well.
const PAUSE: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [store, organisation, subject, permission, scope] = words.as_slice() else {
        return Err("say which: STORE ORGANISATION MEMBER PERMISSION SCOPE".into());
    };
    let chancery = Chancery::open(store, Access::Read)?;
    let replica = chancery.organisation(organisation).await?;
    let follower = chancery.engine().follow(Duration::from_secs(5));
    let mut known = None;
    loop {
        // Known before the question is asked: what comes in between ends the wait at once.
        let seen = follower.seen();
        follower.state(&OrganisationId::parse(organisation)?).await?;
        let request = Request { subject, permission, scope: Some(scope), owner: None, at: chancery.now() };
        let access = replica.access();
        let decision = access.check(&request);
        if known.as_ref() != Some(&decision) {
            println!("at position {}: {decision:?}", access.position());
            known = Some(decision);
        }
        follower.beyond(seen, PAUSE).await;
    }
}
