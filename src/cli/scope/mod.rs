//! `scope …`: the resource tree.

mod list;

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::ScopeCommand;

use super::{CliError, Done, Session, resolve};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the scopes as a tree
    List(list::Args),
    /// Make a scope
    Create(Create),
    /// Change a scope's name
    Rename(Rename),
    /// Put a scope, with all below it, elsewhere in the tree
    Move(Move),
    /// Open a scope to whoever works on another one
    Share(Shared),
    /// End a sharing
    Unshare(Shared),
    /// Take a scope, and what is below it, out of use
    Archive(Named),
    /// Take a scope into use again
    Restore(Named),
}

/// Which scope.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The scope's id
    scope: String,
}

/// What the new scope is.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Its id, which never changes
    id: String,
    /// What people call it
    name: String,
    /// Its kind; may be left out where the profile has one
    #[arg(long)]
    kind: Option<String>,
    /// What it stands below; without it, it stands at the top
    #[arg(long, value_name = "SCOPE")]
    below: Option<String>,
}

/// Which scope, and its new name.
#[derive(Debug, clap::Args)]
pub struct Rename {
    /// The scope's id
    scope: String,
    /// Its name from now on
    name: String,
}

/// Which scope, and where to.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("place").args(["below", "top"]).required(true))]
pub struct Move {
    /// The scope's id
    scope: String,
    /// What it stands below from now on
    #[arg(long, value_name = "SCOPE")]
    below: Option<String>,
    /// To the top
    #[arg(long)]
    top: bool,
}

/// Which scope, and to whom.
#[derive(Debug, clap::Args)]
pub struct Shared {
    /// The scope that is opened
    scope: String,
    /// The scope whose people work on it, too
    #[arg(long, value_name = "SCOPE")]
    with: String,
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            Self::List(_) => Access::Read,
            _ => Access::Write,
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        let (scope, command) = match self {
            Self::List(args) => return list::run(args, session).await,
            Self::Create(args) => (
                &args.id,
                ScopeCommand::CreateScope {
                    name: args.name.as_str().into(),
                    kind: args.kind.as_deref().map(Into::into),
                    parent: args.below.as_deref().map(resolve::scope),
                },
            ),
            Self::Rename(args) => (&args.scope, ScopeCommand::RenameScope { name: args.name.as_str().into() }),
            Self::Move(args) => {
                (&args.scope, ScopeCommand::MoveScope { parent: args.below.as_deref().map(resolve::scope) })
            }
            Self::Share(args) => (&args.scope, ScopeCommand::ShareScope { with: resolve::scope(&args.with) }),
            Self::Unshare(args) => (&args.scope, ScopeCommand::UnshareScope { with: resolve::scope(&args.with) }),
            Self::Archive(args) => (&args.scope, ScopeCommand::ArchiveScope),
            Self::Restore(args) => (&args.scope, ScopeCommand::RestoreScope),
        };
        session.execute(vec![AnyCommand::Scope(resolve::scope(scope), command)]).await
    }
}
