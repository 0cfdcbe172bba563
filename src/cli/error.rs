//! Why a line was not carried out, and how people and programs are told.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use chancery_aggregates::Refusal;
use chancery_aggregates::profile::check::Mistake;
use chancery_aggregates::refusal::RefusalKind;
use serde_json::{Value, json};

use super::options::{Format, Options, When};
use super::output::plain;
use crate::engine::EngineError;
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
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A rule refuses a read, or what was named is not there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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

impl CliError {
    /// The rule that refused, if a rule did.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) | Self::Engine(EngineError::Refused { refusal, .. }) => Some(refusal),
            _ => None,
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
            | Self::Input { .. } => Exit::Invalid,
            Self::OwnAccessHidden { .. } => Exit::Refused,
            Self::RolesHidden
            | Self::NoOrganisation
            | Self::UnknownProfile { .. }
            | Self::Engine(EngineError::BeforeFounding { .. } | EngineError::BeyondHead { .. }) => Exit::NotFound,
            Self::Engine(EngineError::Store(StoreError::KeyReused { .. }))
            | Self::Store(StoreError::KeyReused { .. }) => Exit::Conflict,
            Self::Engine(_)
            | Self::Refused(_)
            | Self::Store(_)
            | Self::File { .. }
            | Self::Io(_)
            | Self::Unavailable { .. } => Exit::Failed,
        }
    }

    /// What to do, where the sentence does not say so already.
    pub fn hint(&self) -> Option<String> {
        if let Some(refusal) = self.refusal() {
            return refusal_hint(refusal);
        }
        let hint = match self {
            Self::ActorRequired => "every change has an author; `CHANCERY_AS` sets one for the session",
            Self::OwnAccessHidden { .. } => "somebody who manages members can look it up",
            Self::NoOrganisation => {
                "found one: `chancery organisation found ID --profile NAME --name TEXT --owner MEMBER`"
            }
            Self::WhichOrganisation { .. } => "`CHANCERY_ORGANISATION` sets one for the session",
            Self::UnknownStore { given } if !given.contains(':') => {
                return Some(format!("a file needs its scheme: `sqlite:{given}`"));
            }
            Self::UnknownProfile { .. } => "`chancery profile list` lists those that come with the program",
            Self::Store(StoreError::Foreign { reason, .. })
            | Self::Engine(EngineError::Store(StoreError::Foreign { reason, .. }))
                if reason.contains("no such file") =>
            {
                "name the store with `--store sqlite:FILE` or CHANCERY_STORE, or make one with \
                 `chancery organisation found …` or `chancery demo`"
            }
            Self::Store(StoreError::KeyReused { .. })
            | Self::Engine(EngineError::Store(StoreError::KeyReused { .. })) => {
                "a key stands for one request: choose another one"
            }
            Self::Store(StoreError::Busy { .. }) | Self::Engine(EngineError::Store(StoreError::Busy { .. })) => {
                "nothing was written; try again"
            }
            Self::Engine(EngineError::BeyondHead { .. }) => "`chancery status` shows the last position",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Tells standard error, and says how the program ends.
    pub fn report(&self, options: &Options) -> Exit {
        let exit = self.exit();
        if exit == Exit::Done {
            return exit;
        }
        match options.format {
            Format::Json => write_error(&format!("{:#}\n", self.json()), options.color),
            Format::Table => write_error(&self.text(), options.color),
        }
        exit
    }

    /// The error for programs.
    pub fn json(&self) -> Value {
        let mut error = json!({ "rule": self.rule(), "message": self.to_string(), "exit": self.exit() as u8 });
        if let (Some(refusal), Some(error)) = (self.refusal(), error.as_object_mut())
            && let Ok(Value::Object(details)) = serde_json::to_value(refusal)
        {
            let details: serde_json::Map<_, _> = details.into_iter().filter(|(key, _)| key != "rule").collect();
            if !details.is_empty() {
                error.insert("details".to_owned(), Value::Object(details));
            }
        }
        if let (Some(hint), Some(error)) = (self.hint(), error.as_object_mut()) {
            error.insert("hint".to_owned(), Value::String(hint));
        }
        if let (Self::BadProfile { mistakes, .. }, Some(error)) = (self, error.as_object_mut()) {
            error.insert("mistakes".to_owned(), mistakes.iter().map(mistake_json).collect());
        }
        json!({ "error": error })
    }

    fn text(&self) -> String {
        let red = AnsiColor::Red.on_default().bold();
        let dim = Style::new().dimmed();
        let message = self.to_string().lines().map(plain).collect::<Vec<_>>().join("\n");
        let mut text = format!("{red}error:{red:#} {message}\n");
        if let Some(hint) = self.hint() {
            text.push_str(&format!("{dim} hint: {hint}{dim:#}\n"));
        }
        if self.refusal().is_some() {
            text.push_str(&format!("{dim} rule: {}{dim:#}\n", self.rule()));
        }
        text
    }
}

fn write_error(text: &str, color: When) {
    let mut stderr = anstream::AutoStream::new(std::io::stderr(), color.choice(&std::io::stderr()));
    // There is nobody left to tell.
    let _ = stderr.write_all(text.as_bytes());
}

/// Tells about a line that does not fit the grammar; `--help` and `--version` come here too.
pub(super) fn report_usage(error: &clap::Error) -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let json = words.iter().any(|word| word == "--format=json")
        || words
            .windows(2)
            .any(|pair| pair.first().is_some_and(|w| w == "--format") && pair.last().is_some_and(|w| w == "json"));
    if json && error.use_stderr() {
        let message = error.render().to_string();
        // Without the usage that follows it.
        let message = message.split("\n\n").next().unwrap_or_default().trim().trim_start_matches("error: ");
        let value = json!({ "error": { "rule": "usage", "message": message, "exit": 2 } });
        write_error(&format!("{value:#}\n"), When::Never);
    } else {
        // There is nobody left to tell.
        let _ = error.print();
    }
    u8::try_from(error.exit_code()).unwrap_or(2).into()
}

/// A mistake in a profile, for programs.
pub(super) fn mistake_json(mistake: &Mistake) -> Value {
    json!({
        "line": mistake.line,
        "column": mistake.column,
        "place": mistake.place,
        "reason": mistake.reason.to_string(),
    })
}

fn engine_rule(error: &EngineError) -> &'static str {
    match error {
        EngineError::Refused { refusal, .. } => refusal.rule(),
        EngineError::Store(error) => store_rule(error),
        EngineError::Unreadable { .. } => "unreadable",
        EngineError::Contended { .. } => "contended",
        EngineError::BeforeFounding { .. } => "before_founding",
        EngineError::BeyondHead { .. } => "beyond_head",
        EngineError::Internal(_) => "internal",
    }
}

fn store_rule(error: &StoreError) -> &'static str {
    match error {
        StoreError::Conflict { .. } | StoreError::SequenceTaken { .. } => "store_conflict",
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

fn refusal_hint(refusal: &Refusal) -> Option<String> {
    let hint = match refusal {
        Refusal::MissingPermission { permission, .. } => {
            return Some(format!("`chancery who-can {permission}` lists who could do it"));
        }
        Refusal::Escalation { .. } | Refusal::RoleBeyondActor { .. } => {
            "nobody can give what they do not hold there: ask somebody who holds it"
        }
        Refusal::LevelCeiling { .. } | Refusal::Outranked { .. } => {
            "a smaller number outranks a greater one: ask somebody of that level or above"
        }
        Refusal::RoleInUse { .. } => "take the role from them first: `chancery member unassign MEMBER ROLE`",
        Refusal::OwnerRole { .. } => "`chancery owner transfer MEMBER` hands it over",
        Refusal::MisplacedScope { .. } | Refusal::KindRequired { .. } => {
            "`chancery profile show` lists the kinds of scope and where they stand"
        }
        Refusal::NotAssigned { .. } => "`chancery member show MEMBER` shows what is held, and where",
        Refusal::UnknownActor { .. } => "`--as` takes a member's id",
        _ => return None,
    };
    Some(hint.to_owned())
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
