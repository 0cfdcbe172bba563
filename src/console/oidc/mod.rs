//! Signing in by OpenID Connect: the authorization code flow with PKCE.
//!
//! The provider says who somebody is, and nothing else: it makes no members and gives no roles. What it says is
//! checked in full (`provider`), and has to mean exactly one active member of an organisation
//! (`directory`). What a sign-in has to remember is sealed in a cookie of its own (`attempt`), so that
//! nobody fills the memory by beginning many.

mod attempt;
mod directory;
mod pages;
mod provider;
mod transport;

use std::sync::Arc;

use chancery_aggregates::AccessState;
use chancery_aggregates::state::{MemberEntry, Status};
use chancery_aggregates::vocabulary::{MemberId, MemberKind, OrganisationId};

use self::attempt::Seal;
use self::directory::Directory;
use self::provider::{Known, Provider};
use crate::api::problem::Answer;
use crate::api::service::Service;
use crate::client::ClientError;
use crate::config::{Settings, SignOnClaim};
use crate::vault::VaultError;

pub(super) use self::pages::{button, routes};

/// Why nobody can be signed in by OpenID Connect.
#[derive(Debug, thiserror::Error)]
pub enum SignOnError {
    /// The authority of the issuer's certificate cannot be read.
    #[error(transparent)]
    Authority(#[from] ClientError),
    /// The system has no randomness to give.
    #[error(transparent)]
    Randomness(#[from] VaultError),
    /// An address of the settings is none.
    #[error("`{given}` is no address")]
    Address {
        /// What was given.
        given: String,
    },
}

/// What signs people in by OpenID Connect.
#[derive(Debug)]
pub(crate) struct SignOn {
    provider: Provider,
    seal: Seal,
    directory: Arc<Directory>,
    claim: SignOnClaim,
    label: String,
    only: Option<String>,
}

impl SignOn {
    /// As the settings say; nothing where they name no issuer.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Self>, SignOnError> {
        let (Some(issuer), Some(client)) = (&settings.oidc_issuer, &settings.oidc_client_id) else { return Ok(None) };
        let claim = settings.oidc_claim.unwrap_or_default();
        Ok(Some(Self {
            provider: Provider::new(issuer, client, claim, settings)?,
            seal: Seal::new()?,
            directory: Arc::new(Directory::new()?),
            claim,
            label: settings.oidc_label.clone().unwrap_or_else(|| "your organisation’s account".to_owned()),
            only: settings.oidc_organisation.clone(),
        }))
    }

    /// The members that somebody is: one an organisation, and only where nobody else could be meant.
    async fn members(&self, service: &Service, known: &Known) -> Answer<Vec<(OrganisationId, MemberId)>> {
        let heads = service.engine.store().heads().await.map_err(crate::engine::EngineError::from)?;
        let mut found = Vec::new();
        for head in heads {
            let organisation = OrganisationId::known(head.organisation.as_str());
            if self.only.as_deref().is_some_and(|only| only != organisation.as_str()) {
                continue;
            }
            let state = service.state(&organisation, None).await?;
            let member = match self.claim {
                SignOnClaim::Sub => by_subject(&state, &known.subject),
                SignOnClaim::Email => match &known.email {
                    Some(email) => self.directory.clone().find(state, email.clone()).await,
                    None => None,
                },
            };
            found.extend(member.map(|member| (organisation, member)));
        }
        Ok(found)
    }
}

fn by_subject(state: &AccessState, subject: &str) -> Option<MemberId> {
    state.member_by_id(subject).filter(|member| takes_part(member)).map(|member| member.id.clone())
}

/// Programs sign in nowhere.
fn takes_part(member: &MemberEntry) -> bool {
    member.status == Status::Active && member.kind == MemberKind::Person
}
