//! Why a line was not carried out, and how the program ends.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use chancery_aggregates::Refusal;
use chancery_aggregates::profile::check::Mistake;
use chancery_aggregates::refusal::RefusalKind;

use crate::api::lines::LineAnswer;
use crate::client::ClientError;
use crate::engine::EngineError;
use crate::projector::ProjectorError;
use crate::store::StoreError;

/// How the program ends. The numbers are an interface, written in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or allowed.
    Done = 0,
    /// The store or the program failed.
    Failed = 1,
    /// The command line or the input makes no sense.
    Invalid = 2,
    /// Refused, or denied.
    Refused = 3,
    /// What was named is not there.
    NotFound = 4,
    /// It does not fit what is there now.
    Conflict = 5,
}

impl Exit {
    /// The end that a number means.
    pub(super) fn of(number: u8) -> Self {
        let all = [Self::Done, Self::Invalid, Self::Refused, Self::NotFound, Self::Conflict];
        all.into_iter().find(|exit| *exit as u8 == number).unwrap_or(Self::Failed)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a line was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line does not fit the grammar.
    #[error("{0}")]
    Usage(clap::Error),
    /// The engine refused a command, or failed.
    #[error(transparent)]
    Engine(Box<EngineError>),
    /// A rule refuses a read, or what was named is not there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A copy was not made, or not finished.
    #[error(transparent)]
    Copy(Box<crate::copy::CopyError>),
    /// The tables for SQL cannot be kept, or cannot be looked at.
    #[error(transparent)]
    Projector(Box<ProjectorError>),
    /// A change needs somebody who makes it.
    #[error("say who acts: `--as MEMBER`")]
    ActorRequired,
    /// Members of this account type do not see their own roles and permissions.
    #[error("members of account type `{account_type}` do not see their own roles and permissions")]
    OwnAccessHidden {
        /// The account type.
        account_type: String,
    },
    /// Roles are not there for the reader, not even in part.
    #[error("there are no roles to see here")]
    RolesHidden,
    /// The store has no organisation at all.
    #[error("the store has no organisation yet")]
    NoOrganisation,
    /// The store has several organisations, and the line names none.
    #[error("say which organisation: `--organisation ORG`, one of {}", quoted(.known))]
    WhichOrganisation {
        /// Those that there are.
        known: Vec<String>,
    },
    /// A store is named in a way that is not known.
    #[error("`{given}` is not a store: write it as `sqlite:FILE` or `postgres://USER@HOST/DATABASE`")]
    UnknownStore {
        /// As it was written.
        given: String,
    },
    /// A store that ends with the process cannot be used from the command line.
    #[error("a store in memory is gone when the command ends: use `sqlite:FILE`")]
    MemoryStore,
    /// The demonstration is played into a file.
    #[error("the demonstration is played into a file: use `sqlite:FILE`")]
    DemoNeedsFile,
    /// Neither a profile of the program nor a file.
    #[error("there is no profile and no file `{given}`{}", nearest_hint(.nearest))]
    UnknownProfile {
        /// As it was written.
        given: String,
        /// The most similar one that there is.
        nearest: Option<String>,
    },
    /// A profile with mistakes.
    #[error("{}", mistakes_text(.file, .mistakes))]
    BadProfile {
        /// The file.
        file: String,
        /// Everything that is wrong with it.
        mistakes: Vec<Mistake>,
    },
    /// Input that cannot be used; `rule` names why, for programs.
    #[error("{message}")]
    Input {
        /// Stable name.
        rule: &'static str,
        /// One sentence.
        message: String,
    },
    /// A file could not be read or written.
    #[error("`{}` cannot be used: {source}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A command that has to have the store itself.
    #[error("`chancery {command}` works on a store itself, and not over HTTP: name one with `--store`")]
    NeedsStore {
        /// The subcommand.
        command: &'static str,
    },
    /// The line names somebody else than the key does.
    #[error("the key acts as `{own}`, and the line says `{named}`: leave `--as` out, or use a key of `{named}`")]
    OtherActor {
        /// Whose key it is.
        own: String,
        /// Whom the line names.
        named: String,
    },
    /// The operator of a service opens no organisation.
    #[error("the operator's key founds and lists organisations, and opens none: use the key of a member")]
    NotForOperator,
    /// No key was given.
    #[error("say with which key: set CHANCERY_KEY, or name a file with `--key-file`")]
    KeyRequired,
    /// The service could not be asked, or did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The service ran the line, and this is why it was not carried out.
    #[error("{}", said(.0))]
    Served(Box<LineAnswer>),
    /// The output could not be written.
    #[error("the output cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// A subcommand that this build does not have.
    #[error("`{command}` is not available in this build")]
    Unavailable {
        /// The subcommand.
        command: &'static str,
    },
}

impl From<EngineError> for CliError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => Self::Store(error),
            other => Self::Engine(Box::new(other)),
        }
    }
}

impl From<ProjectorError> for CliError {
    fn from(error: ProjectorError) -> Self {
        match error {
            ProjectorError::Store(error) => Self::Store(error),
            other => Self::Projector(Box::new(other)),
        }
    }
}

impl From<Box<EngineError>> for CliError {
    fn from(error: Box<EngineError>) -> Self {
        (*error).into()
    }
}

impl CliError {
    /// The rule that refused, if a rule did.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Engine(error) => match error.as_ref() {
                EngineError::Refused { refusal, .. } => Some(refusal),
                _ => None,
            },
            _ => None,
        }
    }

    /// Stable name of what went wrong, for programs, also where a service tells it.
    pub(super) fn told_rule(&self) -> &str {
        match self {
            Self::Client(error) => error.rule(),
            Self::Served(answer) => field(answer, "rule").unwrap_or("unknown"),
            other => other.rule(),
        }
    }

    /// Stable name of what went wrong, for programs.
    pub fn rule(&self) -> &'static str {
        if let Some(refusal) = self.refusal() {
            return refusal.rule();
        }
        match self {
            Self::Usage(_) => "usage",
            Self::Refused(refusal) => refusal.rule(),
            Self::Engine(error) => engine_rule(error),
            Self::Store(error) => store_rule(error),
            Self::Copy(error) => error.rule(),
            Self::Projector(error) => projector_rule(error),
            Self::ActorRequired => "actor_required",
            Self::OwnAccessHidden { .. } => "own_access_hidden",
            // As for a role that is named.
            Self::RolesHidden => "unknown",
            Self::NoOrganisation => "no_organisation",
            Self::WhichOrganisation { .. } => "organisation_required",
            Self::UnknownStore { .. } | Self::MemoryStore | Self::DemoNeedsFile => "bad_store",
            Self::UnknownProfile { .. } => "unknown_profile",
            Self::BadProfile { .. } => "bad_profile",
            Self::Input { rule, .. } => rule,
            Self::NeedsStore { .. } => "needs_store",
            Self::OtherActor { .. } => "other_actor",
            Self::NotForOperator => "not_for_operator",
            Self::KeyRequired => "key_required",
            Self::Client(_) => "no_service",
            Self::Served(_) => "refused_by_service",
            Self::File { .. } => "file",
            Self::Io(_) => "output",
            Self::Unavailable { .. } => "unavailable",
        }
    }

    /// How the program ends.
    pub fn exit(&self) -> Exit {
        if let Some(refusal) = self.refusal() {
            return match refusal.kind() {
                RefusalKind::NotFound => Exit::NotFound,
                RefusalKind::Forbidden => Exit::Refused,
                RefusalKind::Conflict => Exit::Conflict,
                RefusalKind::Invalid => Exit::Invalid,
            };
        }
        match self {
            // A reader that has seen enough is no failure.
            Self::Io(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Done,
            Self::Usage(error) if !error.use_stderr() => Exit::Done,
            Self::Usage(_)
            | Self::ActorRequired
            | Self::WhichOrganisation { .. }
            | Self::UnknownStore { .. }
            | Self::MemoryStore
            | Self::DemoNeedsFile
            | Self::BadProfile { .. }
            | Self::NeedsStore { .. }
            | Self::OtherActor { .. }
            | Self::KeyRequired
            | Self::Input { .. } => Exit::Invalid,
            Self::OwnAccessHidden { .. } | Self::NotForOperator => Exit::Refused,
            Self::Client(error) => client_exit(error),
            Self::Served(answer) => Exit::of(answer.exit),
            Self::RolesHidden | Self::NoOrganisation | Self::UnknownProfile { .. } => Exit::NotFound,
            Self::Engine(error) => match error.as_ref() {
                EngineError::BeforeFounding { .. } | EngineError::BeyondHead { .. } | EngineError::Behind { .. } => {
                    Exit::NotFound
                }
                _ => Exit::Failed,
            },
            Self::Copy(error) => error.exit(),
            Self::Store(StoreError::KeyReused { .. }) => Exit::Conflict,
            Self::Projector(error) => match error.as_ref() {
                ProjectorError::NoTables => Exit::NotFound,
                ProjectorError::OtherFormat | ProjectorError::AlreadyBuilding => Exit::Conflict,
                _ => Exit::Failed,
            },
            Self::Unavailable { .. } | Self::Refused(_) | Self::Store(_) | Self::File { .. } | Self::Io(_) => {
                Exit::Failed
            }
        }
    }
}

/// What the service said.
fn said(answer: &LineAnswer) -> &str {
    field(answer, "message").unwrap_or("the service does not say why")
}

fn field<'a>(answer: &'a LineAnswer, name: &str) -> Option<&'a str> {
    answer.error.as_ref()?.get(name)?.as_str()
}

fn client_exit(error: &ClientError) -> Exit {
    match error {
        ClientError::BadUrl { .. } | ClientError::BadKey | ClientError::Authority { .. } => Exit::Invalid,
        ClientError::Problem(problem) => match problem.status {
            400 | 413 | 415 | 422 => Exit::Invalid,
            401 | 403 => Exit::Refused,
            404 => Exit::NotFound,
            409 | 412 => Exit::Conflict,
            _ => Exit::Failed,
        },
        _ => Exit::Failed,
    }
}

fn engine_rule(error: &EngineError) -> &'static str {
    match error {
        EngineError::Refused { refusal, .. } => refusal.rule(),
        EngineError::Store(error) => store_rule(error),
        EngineError::Unreadable { .. } => "unreadable",
        EngineError::Contended { .. } => "contended",
        EngineError::BeforeFounding { .. } => "before_founding",
        EngineError::BeyondHead { .. } => "beyond_head",
        EngineError::Changed { .. } => "changed",
        EngineError::Behind { .. } => "behind",
        EngineError::Internal(_) => "internal",
    }
}

fn projector_rule(error: &ProjectorError) -> &'static str {
    match error {
        ProjectorError::Poison(_) => "unprojectable",
        ProjectorError::OtherFormat => "other_tables",
        ProjectorError::AlreadyBuilding => "already_building",
        ProjectorError::NoTables => "no_tables",
        ProjectorError::TooFast => "too_fast",
        ProjectorError::Unsupported => "no_projections",
        ProjectorError::Stopped => "stopped",
        ProjectorError::Overtaken => "overtaken",
        ProjectorError::Misfit(_) => "misfit",
        ProjectorError::Store(error) => store_rule(error),
    }
}

fn store_rule(error: &StoreError) -> &'static str {
    match error {
        StoreError::Conflict { .. } | StoreError::SequenceTaken { .. } | StoreError::Moved { .. } => "store_conflict",
        StoreError::KeyReused { .. } => "key_reused",
        StoreError::Invalid(_) => "store_invalid",
        StoreError::Foreign { .. } => "store_unusable",
        StoreError::Full { .. } => "store_full",
        StoreError::ReadOnly { .. } => "store_read_only",
        StoreError::Busy { .. } => "store_busy",
        StoreError::Closed => "store_closed",
        StoreError::Failed { .. } => "store_failed",
    }
}

fn mistakes_text(file: &str, mistakes: &[Mistake]) -> String {
    let count = if mistakes.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", mistakes.len()) };
    let lines: Vec<String> = mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect();
    format!("profile `{file}` has {count}:{}", lines.concat())
}

fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |nearest| format!(": did you mean `{nearest}`?"))
}
