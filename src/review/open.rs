//! Opening a review: access as it was, line by line, each with somebody who decides.

use chancery_aggregates::Facts;
use chancery_aggregates::Refusal;
use chancery_aggregates::command::NewReview;
use chancery_aggregates::event::{Frozen, ReviewAbout, ReviewLine, ReviewedAccess};
use chancery_aggregates::review::lines;
use chancery_aggregates::vocabulary::{MemberId, OrganisationId, RoleId, RoleRef, ScopeId, ScopeRef, Time};

use crate::engine::{Engine, EngineError, Moment};

/// What a review is to be.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// What people call it.
    pub(crate) title: String,
    /// Which access.
    pub(crate) about: About,
    /// Access as it was then.
    pub(crate) moment: Moment,
    /// When it should be done.
    pub(crate) deadline: Time,
    /// Who decides.
    pub(crate) reviewer: MemberId,
    /// Who decides what is about the reviewer.
    pub(crate) fallback: Option<MemberId>,
    /// Who decides some lines instead; of several that fit, the last.
    pub(crate) others: Vec<(Chosen, MemberId)>,
}

/// Which access, as somebody names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    All,
    Role(String),
    Sensitive,
    Scope(String),
}

/// Lines that somebody else decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chosen {
    Member(String),
    Role(String),
    Scope(String),
}

impl Chosen {
    /// Reads `member:ID`, `role:ID` or `scope:ID`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':').filter(|(_, id)| !id.is_empty())?;
        let id = id.to_owned();
        match kind {
            "member" => Some(Self::Member(id)),
            "role" => Some(Self::Role(id)),
            "scope" => Some(Self::Scope(id)),
            _ => None,
        }
    }

    fn has(&self, line: &ReviewLine) -> bool {
        match (self, &line.access) {
            (Self::Member(id), _) => line.member.as_str() == id,
            (Self::Role(id), ReviewedAccess::Role { role, .. } | ReviewedAccess::Ownership { role }) => {
                role.id.as_str() == id
            }
            (Self::Scope(id), ReviewedAccess::Role { scope: Some(scope), .. }) => scope.id.as_str() == id,
            _ => false,
        }
    }
}

/// Which access, by `all`, `sensitive`, `role:ID` or `scope:ID`.
pub(crate) fn about(text: &str) -> Option<About> {
    match (text, text.split_once(':')) {
        ("all", _) => Some(About::All),
        ("sensitive", _) => Some(About::Sensitive),
        (_, Some(("role", id))) if !id.is_empty() => Some(About::Role(id.to_owned())),
        (_, Some(("scope", id))) if !id.is_empty() => Some(About::Scope(id.to_owned())),
        _ => None,
    }
}

impl Opening {
    /// The command. Whoever may not open a review is told nothing of the access that it would have: the rules refuse
    /// what comes of this, and record it.
    ///
    /// # Errors
    /// When the position is not there, or what is to be reviewed was not there at it.
    pub(crate) async fn command(
        self,
        engine: &Engine,
        organisation: &OrganisationId,
        facts: &Facts,
    ) -> Result<NewReview, EngineError> {
        let head = Frozen { position: facts.state.position(), time: facts.state.time().unwrap_or_default() };
        let (title, deadline) = (self.title.as_str().into(), self.deadline);
        let past = self.moment != Moment::Now;
        if facts.may_review().is_err() || (past && facts.may_replay().is_err()) {
            let frozen = if past { Frozen { position: 0, ..head } } else { head };
            return Ok(NewReview { title, about: ReviewAbout::All, frozen, deadline, lines: Vec::new() });
        }
        let replayed = engine.replay(organisation, self.moment).await?;
        let state = replayed.state.as_ref();
        let seen = Facts { state: state.clone(), ..facts.clone() };
        let refused = |refusal: Refusal| EngineError::Refused { command: 0, refusal: refusal.into() };
        let about = self.about(&seen).map_err(refused)?;
        let frozen = Frozen { position: state.position(), time: state.time().unwrap_or_default() };
        let mut lines = lines(state, &about);
        for line in &mut lines {
            line.reviewer = self.reviewer_of(line);
        }
        Ok(NewReview { title, about, frozen, deadline, lines })
    }

    fn about(&self, facts: &Facts) -> Result<ReviewAbout, Refusal> {
        Ok(match &self.about {
            About::All => ReviewAbout::All,
            About::Sensitive => ReviewAbout::Sensitive,
            About::Role(text) => {
                let named = facts.state.role_named(text).and_then(|ix| facts.state.role(ix));
                let id = named.map_or(text.as_str(), |role| role.id.as_str());
                let (_, role) = facts.find_role(id)?;
                ReviewAbout::Role(RoleRef { id: RoleId::known(role.id.as_str()), name: role.name.clone() })
            }
            About::Scope(id) => {
                let scope = facts.state.cite_scope(facts.find_scope(id)?);
                ReviewAbout::Scope(ScopeRef { id: ScopeId::known(scope.id.as_str()), name: scope.name })
            }
        })
    }

    fn reviewer_of(&self, line: &ReviewLine) -> MemberId {
        let chosen = self.others.iter().rev().find(|(chosen, _)| chosen.has(line)).map(|(_, reviewer)| reviewer);
        let reviewer = chosen.unwrap_or(&self.reviewer);
        match &self.fallback {
            Some(fallback) if *reviewer == line.member => fallback.clone(),
            _ => reviewer.clone(),
        }
    }
}
