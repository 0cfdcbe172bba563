//! A replica of an organisation of a service:
//! `CHANCERY_KEY=… cargo run --example follower_http -- http://127.0.0.1:7171 acme tom invoice.approve acacia`.
//!
//! Follows the event feed over HTTP, across breaks and restarts of the service, and prints whether somebody may do
//! something somewhere, each time the answer changes. A check asks nobody. The key is of a member who may read the
//! whole audit log.

use std::ops::ControlFlow;
use std::time::Duration;

use chancery::aggregates::access::Decision;
use chancery::client::{Client, Connecting, Secret};
use chancery::embed::Request;
use chrono::Utc;

/// How long to wait for news before the clock alone is looked at: roles begin and end by time as well.
const PAUSE: Duration = Duration::from_secs(1);

/// What is asked, and of which organisation.
#[derive(Debug)]
pub struct Question {
    /// Whose rules.
    pub organisation: String,
    /// Who.
    pub subject: String,
    /// What.
    pub permission: String,
    /// Where.
    pub scope: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, organisation, subject, permission, scope] = words.as_slice() else {
        return Err("say which: URL ORGANISATION MEMBER PERMISSION SCOPE".into());
    };
    let [organisation, subject, permission, scope] = [organisation, subject, permission, scope].map(String::clone);
    let question = Question { organisation, subject, permission, scope };
    let client = Client::new(url, Secret::new(&std::env::var("CHANCERY_KEY")?)?, Connecting::default())?;
    follow(&client, &question, |position, decision| {
        println!("at position {position}: {decision:?}");
        ControlFlow::Continue(())
    })
    .await?;
    Ok(())
}

/// Tells the answer, and each change of it with the position of the log, for as long as that is wanted.
///
/// # Errors
/// When the service refuses to go on.
pub async fn follow(
    client: &Client,
    question: &Question,
    mut told: impl FnMut(u64, &Decision) -> ControlFlow<()>,
) -> Result<(), chancery::client::ClientError> {
    let Question { organisation, subject, permission, scope } = question;
    let mut replica = client.replica(organisation);
    let checked = replica.organisation();
    let mut known = None;
    loop {
        // Dropped when the pause is over, which loses nothing.
        if let Ok(advanced) = tokio::time::timeout(PAUSE, replica.advance()).await {
            advanced?;
        }
        let request = Request { subject, permission, scope: Some(scope), owner: None, at: Utc::now() };
        let access = checked.access();
        let decision = access.check(&request);
        if known.as_ref() != Some(&decision) {
            if told(access.position(), &decision).is_break() {
                return Ok(());
            }
            known = Some(decision);
        }
    }
}
