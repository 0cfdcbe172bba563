//! Which entries somebody asks for, as it was written, and what that means in an organisation.

use std::collections::BTreeMap;

use chancery_aggregates::vocabulary::{Actor, OrganisationId};
use chancery_aggregates::{Facts, Refusal};
use chancery_projections::audit::{BadFilter, Filter};
use chrono::TimeDelta;

use crate::engine::{Engine, EngineError, Moment};

/// What entries are chosen by, besides the range. Of several values of a kind one must fit, and of several kinds all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) actors: Vec<String>,
    pub(crate) subjects: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) permissions: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) kinds: Vec<String>,
    pub(crate) outcomes: Vec<String>,
}

/// Why it cannot be said which entries are meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskedError {
    /// What was named is not there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A value is none of those that there are.
    #[error("{reason}")]
    Bad {
        /// The filter: `type` or `outcome`.
        field: &'static str,
        /// What is wrong with it.
        reason: BadFilter,
    },
}

impl Asked {
    /// What is asked for, by the name of the filter.
    pub(crate) fn named(&self) -> [(&'static str, &[String]); 7] {
        [
            ("actor", &self.actors),
            ("subject", &self.subjects),
            ("role", &self.roles),
            ("permission", &self.permissions),
            ("scope", &self.scopes),
            ("type", &self.kinds),
            ("outcome", &self.outcomes),
        ]
    }

    /// Whether everything is wanted.
    pub(crate) fn is_empty(&self) -> bool {
        self.named().iter().all(|(_, values)| values.is_empty())
    }

    /// As it is recorded with an export.
    pub(crate) fn recorded<Text: From<String> + Ord>(&self) -> BTreeMap<Text, Text> {
        self.told().into_iter().map(|(name, values)| (name.into(), values.into())).collect()
    }

    /// As an export says of itself.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        let given = self.named().into_iter().filter(|(_, values)| !values.is_empty());
        given.map(|(name, values)| (name.to_owned(), values.join(","))).collect()
    }

    /// The filter that it is in an organisation. Whoever reads the audit log reads all of it, so what was deleted is
    /// found, too.
    ///
    /// # Errors
    /// The first value that names nothing.
    pub(crate) fn filter(&self, facts: &Facts) -> Result<Filter, AskedError> {
        let whole = Facts { actor: Actor::Operator, ..facts.clone() };
        let reader = whole.reader()?;
        let member = |id: &String| reader.member(id).map(|_| id.clone());
        let actor = |id: &String| match Actor::parse(id) {
            Ok(Actor::System | Actor::Operator) => Ok(id.clone()),
            _ => member(id),
        };
        let role = |id: &String| match whole.state.role_by_id(id) {
            Some(_) => Ok(id.clone()),
            None => reader.role(id).map(|_| id.clone()),
        };
        let scope = |id: &String| match whole.state.scope_by_id(id) {
            Some(_) => Ok(id.clone()),
            None => reader.scope(id).map(|_| id.clone()),
        };
        let permission = |key: &String| whole.find_permission(key).map(|_| key.clone());
        let bad = |field| move |reason| AskedError::Bad { field, reason };
        Ok(Filter {
            actors: self.actors.iter().map(actor).collect::<Result<_, Refusal>>()?,
            subjects: self.subjects.iter().map(member).collect::<Result<_, Refusal>>()?,
            roles: self.roles.iter().map(role).collect::<Result<_, Refusal>>()?,
            permissions: self.permissions.iter().map(permission).collect::<Result<_, Refusal>>()?,
            scopes: self.scopes.iter().map(scope).collect::<Result<_, Refusal>>()?,
            kinds: self.kinds.iter().map(|kind| Filter::kind(kind)).collect::<Result<_, _>>().map_err(bad("type"))?,
            outcomes: self
                .outcomes
                .iter()
                .map(|outcome| Filter::outcome(outcome))
                .collect::<Result<_, _>>()
                .map_err(bad("outcome"))?,
            ..Filter::default()
        })
    }
}

/// First and last position of a range whose ends both belong to it; the first is behind the last where nothing is in it.
///
/// # Errors
/// A position is not reached yet, or the store fails.
pub(crate) async fn range(
    engine: &Engine,
    organisation: &OrganisationId,
    from: Option<Moment>,
    to: Option<Moment>,
) -> Result<(u64, u64), EngineError> {
    let from = match from {
        None => 1,
        Some(Moment::Position(position)) => position.max(1),
        Some(Moment::Now) => last_until(engine, organisation, Moment::Now).await? + 1,
        Some(Moment::Time(time)) => {
            let before = time.checked_sub_signed(TimeDelta::microseconds(1)).unwrap_or(time);
            last_until(engine, organisation, Moment::Time(before)).await? + 1
        }
    };
    let until = last_until(engine, organisation, to.unwrap_or(Moment::Now)).await?;
    Ok((from, until))
}

/// Position of the last event up to a moment; 0 before the first.
async fn last_until(engine: &Engine, organisation: &OrganisationId, moment: Moment) -> Result<u64, EngineError> {
    match engine.replay(organisation, moment).await {
        Ok(replayed) => Ok(replayed.state.position()),
        Err(EngineError::BeforeFounding { .. }) => Ok(0),
        Err(error) => Err(error),
    }
}
