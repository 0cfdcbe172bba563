//! The present or the past, as a question's context asks for.

use std::sync::Arc;

use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId};
use chancery_aggregates::{AccessState, Facts};

use super::request::Context;
use super::sight::Sight;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Service;
use crate::api::time::time;
use crate::engine::Moment;

/// The views that one request asks about: most ask about the present only.
#[derive(Debug)]
pub(super) struct Views<'s> {
    service: &'s Service,
    organisation: &'s OrganisationId,
    member: &'s MemberId,
    state: Arc<AccessState>,
    present: Sight,
    /// The last other one, and what it was asked for as.
    other: Option<(Moment, Sight)>,
}

impl<'s> Views<'s> {
    /// The views on an organisation's present state.
    ///
    /// # Errors
    /// When the caller does not take part.
    pub(super) fn new(
        service: &'s Service,
        (organisation, member): (&'s OrganisationId, &'s MemberId),
        state: Arc<AccessState>,
    ) -> Answer<Self> {
        let present = Sight::of(state.clone(), service.now(&state), member)?;
        Ok(Self { service, organisation, member, state, present, other: None })
    }

    /// The position that the present is as of.
    pub(super) fn position(&self) -> u64 {
        self.state.position()
    }

    /// The view on the present, where a context asks for no other.
    pub(super) fn present(&self, context: Option<&Context<'_>>) -> Option<&Sight> {
        let asks = context.is_some_and(|context| context.time.is_some() || context.position.is_some());
        (!asks).then_some(&self.present)
    }

    /// The view that a context asks for.
    ///
    /// # Errors
    /// When the context makes no sense, or the caller may not look at the past.
    pub(super) async fn of(&mut self, context: Option<&Context<'_>>) -> Answer<&Sight> {
        let Some(moment) = context.map(moment).transpose()?.filter(|moment| *moment != Moment::Now) else {
            return Ok(&self.present);
        };
        let kept = self.other.take().filter(|(known, _)| *known == moment);
        let other = match kept {
            Some(kept) => kept,
            // In a box, so that whoever asks about the present carries no room for it.
            None => (moment, Box::pin(self.look(moment)).await?),
        };
        Ok(&self.other.insert(other).1)
    }

    async fn look(&self, moment: Moment) -> Answer<Sight> {
        // A time since the last event is the present state at another instant: no history is looked at.
        if let Moment::Time(at) = moment
            && self.state.time().is_some_and(|head| head <= at)
        {
            return Ok(Sight::of(self.state.clone(), at, self.member)?);
        }
        let actor = Actor::Member(self.member.clone());
        Facts { state: self.state.as_ref().clone(), actor, now: self.present.at }.may_replay()?;
        let replayed = self.service.engine.replay(self.organisation, moment).await?;
        Ok(Sight::whole(replayed.state, replayed.at))
    }
}

fn moment(context: &Context<'_>) -> Answer<Moment> {
    match (&context.time, context.position) {
        (None, None) => Ok(Moment::Now),
        (None, Some(position)) => Ok(Moment::Position(position)),
        (Some(text), None) => time(text.as_str()).map(Moment::Time).ok_or_else(|| {
            let detail = "write a time as 2026-03-03T14:30:00Z or 2026-03-03T14:30+01:00";
            Problem::bad_request("bad_time", detail).field("context.time")
        }),
        (Some(_), Some(_)) => {
            let detail = "`context` has a time and a position: name one of them";
            Err(Problem::bad_request("bad_time", detail).field("context"))
        }
    }
}
