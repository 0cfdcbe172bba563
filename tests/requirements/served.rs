//! A service before a store, and members who run their lines by it.

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use chancery::aggregates::vocabulary::{MemberId, OrganisationId};
use chancery::api::authentication::{Bearer, Identity, Keys};
use chancery::api::problem::Problem;
use chancery::api::server::Listener;
use chancery::api::service::Service;
use chancery::cli::ServedLines;
use chancery::config::Settings;
use chancery::engine::Engine;
use serde_json::{Value, json};
use tokio::task::{AbortHandle, block_in_place};

use super::world::Ended;

/// Whoever says who they are is let in: `ORGANISATION/MEMBER`.
#[derive(Debug)]
struct AnyMember;

#[async_trait]
impl Keys for AnyMember {
    fn known(&self, token: &str) -> Option<Arc<Identity>> {
        let (organisation, member) = token.split_once('/')?;
        let (organisation, member) = (OrganisationId::known(organisation), MemberId::known(member));
        Some(Arc::new(Identity::new(token, Bearer::Member { organisation, member })))
    }

    async fn find(&self, _: &str) -> Result<Option<Arc<Identity>>, Problem> {
        Ok(None)
    }
}

/// A service on a port of its own.
pub(super) struct Served {
    address: SocketAddr,
    task: AbortHandle,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Served {
    pub(super) async fn start(engine: Engine) -> Self {
        let service = Service::new(engine, Arc::new(AnyMember), Settings::default());
        let service = Arc::new(service.with_lines(Arc::new(ServedLines)));
        let (any, router) = (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), chancery::api::endpoints(service.clone()));
        let listener = Listener::bind(any, router, None, service).await.unwrap();
        let address = listener.address().unwrap();
        Self { address, task: tokio::spawn(listener.serve(pending())).abort_handle() }
    }

    /// Runs a line as a member.
    pub(super) async fn line(&self, organisation: &str, actor: &str, words: &[String]) -> Ended {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let request = ureq::Agent::new_with_config(config)
            .post(format!("http://{}/v1/lines", self.address))
            .header("authorization", format!("Bearer {organisation}/{actor}"));
        let answer: Value =
            block_in_place(|| request.send_json(json!({ "words": words })).unwrap().body_mut().read_json().unwrap());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let error = answer.get("error");
        let exit = answer["exit"].as_u64().unwrap_or_else(|| panic!("{words:?}: {answer}"));
        Ended {
            exit: exit.try_into().unwrap(),
            rule: error.map(|error| text(&error["rule"])),
            message: error.map(|error| text(&error["message"])).unwrap_or_default(),
            output: text(&answer["output"]),
        }
    }
}
