//! Which organisation a line is about, and what its reader sees of it.

use chancery_aggregates::Facts;
use chancery_aggregates::vocabulary::{Actor, OrganisationId};

use super::Session;
use crate::cli::error::CliError;
use crate::cli::options::At;
use crate::cli::served::Confined;
use crate::engine::{Moment, Replayed};
use crate::store::Head;

/// An organisation at a point of its history, as somebody may see it.
#[derive(Debug)]
pub struct View {
    /// The state, the instant, and the reader: the operator where nobody is named. In the past
    /// it is the operator too: whoever may replay the past sees all of it.
    pub facts: Facts,
}

impl Session {
    /// The organisation that the line is about: the named one, or the only one.
    ///
    /// # Errors
    /// When none is named and the store has none or several; when it does not reach the position of
    /// `--at-least` in time.
    pub async fn organisation(&self) -> Result<OrganisationId, CliError> {
        let organisation = self.named_organisation().await?;
        // Asking several times costs little: what was reached stays reached.
        if let Some(position) = self.options.at_least {
            self.engine()?.state_at_least(&organisation, position, self.options.wait).await?;
        }
        Ok(organisation)
    }

    async fn named_organisation(&self) -> Result<OrganisationId, CliError> {
        if let Some(organisation) = &self.organisation {
            return Ok(organisation.clone());
        }
        if self.is_of_operator() {
            return Err(CliError::NotForOperator);
        }
        let heads = self.engine()?.store().heads().await?;
        match heads.as_slice() {
            [] => Err(CliError::NoOrganisation),
            [only] => Ok(OrganisationId::known(only.organisation.as_str())),
            _ => Err(CliError::WhichOrganisation { known: heads.into_iter().map(|head| head.organisation).collect() }),
        }
    }

    /// The heads of the store's organisations, by id. A member who is named sees those only in which
    /// they take part; otherwise it is the operator who looks, and no log is read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::cli) async fn heads(&self) -> Result<Vec<Head>, CliError> {
        let engine = self.engine()?;
        let mut heads = engine.store().heads().await?;
        if let Some(own) = self.confined.as_ref().and_then(Confined::organisation) {
            heads.retain(|head| head.organisation == own.as_str());
        }
        let Some(actor @ (Actor::Member(_) | Actor::System)) = self.options.actor.clone() else { return Ok(heads) };
        let mut seen = Vec::new();
        for head in heads {
            let state = engine.state(&OrganisationId::known(head.organisation.as_str())).await?;
            let facts = Facts { state: state.as_ref().clone(), actor: actor.clone(), now: engine.now() };
            if facts.acting().is_ok() {
                seen.push(head);
            }
        }
        Ok(seen)
    }

    /// The organisation at its head, with whoever reads.
    ///
    /// # Errors
    /// When there is no such organisation, or the reader is not an active member of it.
    pub async fn head(&self) -> Result<View, CliError> {
        self.view_of(Moment::Now).await
    }

    /// The organisation at the point of history that `--at` names, with whoever reads.
    ///
    /// # Errors
    /// As [`Session::head`], and when the reader may not replay the past.
    pub async fn view(&self, at: &At) -> Result<View, CliError> {
        self.view_of(at.moment(self.engine()?.now())).await
    }

    /// The organisation at a moment, with whoever reads.
    ///
    /// # Errors
    /// As [`Session::view`].
    pub async fn view_of(&self, moment: Moment) -> Result<View, CliError> {
        let (engine, organisation) = (self.engine()?, self.organisation().await?);
        let actor = self.options.actor.clone().unwrap_or(Actor::Operator);
        let facts =
            |replayed: Replayed, actor| Facts { state: replayed.state.as_ref().clone(), actor, now: replayed.at };
        let head = facts(engine.replay(&organisation, Moment::Now).await?, actor.clone());
        head.acting()?;
        if moment == Moment::Now {
            return Ok(View { facts: head });
        }
        let replayed = engine.replay(&organisation, moment).await?;
        if replayed.at >= head.now {
            return Ok(View { facts: facts(replayed, actor) });
        }
        head.may_replay()?;
        Ok(View { facts: facts(replayed, Actor::Operator) })
    }

    /// The organisation at its head, with whoever makes a change. Whether they may act at all is
    /// left to the engine, which records a refusal.
    ///
    /// # Errors
    /// When nobody is named who acts, or there is no such organisation.
    pub(in crate::cli) async fn facts_for_change(&self) -> Result<Facts, CliError> {
        let actor = self.actor()?.clone();
        let (engine, organisation) = (self.engine()?, self.organisation().await?);
        let replayed = engine.replay(&organisation, Moment::Now).await?;
        Ok(Facts { state: replayed.state.as_ref().clone(), actor, now: replayed.at })
    }
}
