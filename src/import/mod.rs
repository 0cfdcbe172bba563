//! Import of members, roles and permissions from other systems.
//!
//! - `casbin`: the policy of an RBAC model, with or without domains.
//! - `pairs`: two CSV files, member and role, role and permission.
//!
//! The files are read and compared with the organisation as a whole first; any bad line means that nothing
//! happens. What is missing is then added by one request of the operator's: all of it, or, whatever
//! happens in between, nothing.
//!
//! - An import only adds. What is here and not in the files stays, so that the same files again change
//!   nothing, and grown files add what is new.
//! - Nobody gets more than the files say. A role that differs between domains becomes a role for each
//!   domain (see `layout.rs`); a role that is here and permits more than the files say is not given out
//!   unless [`Options::join_roles`] says so; a role that is held for a time is not held for longer.
//! - What Casbin grants to a user directly becomes a role of that member's own, which can be held in a domain
//!   as well, and cannot undo a permission that somebody withheld here by a direct toggle.
//! - Matching functions are not evaluated: `/users/*` is a permission of that name.

mod casbin;
mod error;
mod hierarchy;
mod key;
mod layout;
mod lines;
mod pairs;
mod plan;
mod policy;
mod progress;

use std::path::PathBuf;
use std::sync::Arc;

use chancery_aggregates::founding::{self, Founder};
use chancery_aggregates::profile::document::ProfileDocument;
use chancery_aggregates::vocabulary::{Actor, OrganisationId};
use chancery_aggregates::{AccessState, Command};

pub use self::error::{BadLine, ImportError, LINES_TOLD, Reason};
use self::error::{Findings, Place};
pub use self::plan::{Added, Options};
use self::policy::Policy;
pub use self::progress::{Phase, Progress, Unwatched};
use crate::engine::{Context, Engine, EngineError, Request, Step};

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The policy of a Casbin RBAC model.
    Casbin(PathBuf),
    /// Two CSV files.
    Pairs {
        /// Member and role.
        members: PathBuf,
        /// Role and permission.
        roles: PathBuf,
    },
}

/// An organisation that is founded with the import, unless it is there already.
#[derive(Debug, Clone)]
pub struct Founding {
    /// What people call it.
    pub name: String,
    /// The rules it starts with.
    pub profile: ProfileDocument,
    /// Who governs it.
    pub founder: Founder,
}

/// Where the import goes.
#[derive(Debug, Clone)]
pub struct Target {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Set when it is to be founded.
    pub founding: Option<Founding>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Whether it was founded.
    pub founded: bool,
    /// What was added.
    pub added: Added,
    /// How many events that took.
    pub events: usize,
    /// Position of the organisation's log now.
    pub position: u64,
}

impl Source {
    fn files(&self) -> Vec<String> {
        match self {
            Self::Casbin(file) => vec![file.display().to_string()],
            Self::Pairs { members, roles } => vec![members.display().to_string(), roles.display().to_string()],
        }
    }
}

/// Carries out an import.
///
/// # Errors
/// [`ImportError::BadLines`] with every line that cannot be imported. Whatever the error: nothing was imported.
pub async fn run(
    engine: &Engine,
    source: &Source,
    target: &Target,
    options: &Options,
    context: Context,
    progress: &Arc<dyn Progress>,
) -> Result<Summary, ImportError> {
    let (state, mut commands) = ground(engine, target).await?;
    let founding = commands.len();
    let mut findings = Findings::new(source.files());
    let policy = read(source, &state, options, &mut findings, progress.as_ref())?;
    findings.none()?;
    let parents_first = hierarchy::check(&policy, &mut findings);
    findings.none()?;
    let plan = plan::plan(&policy, &parents_first, &state, options, &mut findings)?;
    drop(policy);
    commands.extend(plan.commands);
    let summary = Summary {
        organisation: target.organisation.clone(),
        founded: founding > 0,
        added: plan.added,
        events: 0,
        position: state.position(),
    };
    drop(state);
    if commands.is_empty() {
        return Ok(summary);
    }
    match execute(engine, target, commands, context, progress).await {
        Ok((events, position)) => Ok(Summary { events, position, ..summary }),
        Err(error) => Err(placed(error, founding, &plan.places, findings)),
    }
}

/// The organisation to compare with, and the commands that found it.
async fn ground(engine: &Engine, target: &Target) -> Result<(Arc<AccessState>, Vec<Command>), ImportError> {
    let Some(founding) = &target.founding else {
        return Ok((engine.state(&target.organisation).await?, Vec::new()));
    };
    if engine.store().head(target.organisation.as_str()).await.map_err(EngineError::from)?.is_some() {
        let state = engine.state(&target.organisation).await?;
        let same = state.profile().is_some_and(|profile| profile.document().name == founding.profile.name)
            && state.name() == founding.name.trim()
            && state.member_ix(founding.founder.id.as_str()).is_some();
        return match same {
            true => Ok((state, Vec::new())),
            false => Err(ImportError::OtherOrganisation { organisation: target.organisation.to_string() }),
        };
    }
    let commands = founding::commands(&target.organisation, &founding.name, &founding.profile, &founding.founder);
    let request = request(target, commands.clone(), Context::default());
    let (_, after, _) = engine.rehearse(&request).await?;
    Ok((Arc::new(after), commands))
}

fn read(
    source: &Source,
    state: &AccessState,
    options: &Options,
    findings: &mut Findings,
    progress: &dyn Progress,
) -> Result<Policy, ImportError> {
    let prefix = options.role_prefix.as_str();
    match source {
        Source::Casbin(file) => {
            let known_role = |name: &str| {
                let unprefixed = name.strip_prefix(prefix).unwrap_or(name);
                options.roles.iter().any(|role| role == unprefixed) || state.role_ix(&key::name(name)).is_some()
            };
            casbin::read(file, prefix, &known_role, findings, progress)
        }
        Source::Pairs { members, roles } => pairs::read(members, roles, prefix, findings, progress),
    }
}

fn request(target: &Target, commands: Vec<Command>, context: Context) -> Request {
    Request {
        organisation: target.organisation.clone(),
        commands,
        actor: Actor::Operator,
        context,
        idempotency_key: None,
    }
}

async fn execute(
    engine: &Engine,
    target: &Target,
    commands: Vec<Command>,
    context: Context,
    progress: &Arc<dyn Progress>,
) -> Result<(usize, u64), EngineError> {
    progress.begin(Phase::Deciding, commands.len() as u64);
    let watcher = progress.clone();
    let watch = move |step: Step| match step {
        Step::Decided(commands) => watcher.advance(commands as u64),
        Step::Writing(events) => watcher.begin(Phase::Writing, events as u64),
    };
    let outcome = engine.execute_watched(request(target, commands, context), Arc::new(watch)).await?;
    progress.advance(outcome.events.len() as u64);
    Ok((outcome.events.len(), outcome.position))
}

/// A refusal of a command that a line asked for is told with the line.
fn placed(error: EngineError, founding: usize, places: &[Option<Place>], mut findings: Findings) -> ImportError {
    if let EngineError::Refused { command, refusal } = &error
        && let Some(Some(place)) = command.checked_sub(founding).and_then(|command| places.get(command))
    {
        findings.add(*place, Reason::Refused(refusal.as_ref().clone()));
        if let Err(told) = findings.none() {
            return told;
        }
    }
    error.into()
}
