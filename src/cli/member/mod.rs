//! `member …`: people and programs, and what they hold.

mod add;
mod assignment;
mod document;
mod expiring;
mod list;
mod scope;
mod show;

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::vocabulary::{AccountTypeKey, PermissionKey};

use super::{CliError, Done, Session, resolve};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the members
    List(list::Args),
    /// Show a member: account, roles, scope, direct toggles, documents
    Show(show::Args),
    /// Add a person or a program, with scope and roles as one change
    Add(add::Add),
    /// Change a member's name, e-mail address or phone number
    Details(add::Details),
    /// Move a member to another account type
    AccountType {
        /// The member's id
        member: String,
        /// The account type from now on
        account_type: String,
    },
    /// Record that the e-mail address is the member's
    VerifyEmail(Named),
    /// Submit, approve, reject or expire a document that an account type asks for
    #[command(subcommand)]
    Document(document::Command),
    /// Give a role, or change from when until when it counts
    Assign(assignment::Assign),
    /// Take a role away
    Unassign(assignment::Unassign),
    /// Change where a member's roles work
    Scope(scope::Args),
    /// Allow one permission directly
    Allow(Toggle),
    /// Withhold one permission directly: it wins over every role
    Withhold(Toggle),
    /// Take a direct toggle back
    Clear(Toggle),
    /// Stop all access for now
    Suspend(Named),
    /// End a suspension
    Reactivate(Named),
    /// End the membership for good
    Remove(Named),
}

/// Which member.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The member's id
    member: String,
}

/// Which member, and which permission.
#[derive(Debug, clap::Args)]
pub struct Toggle {
    /// The member's id
    member: String,
    /// The permission's key
    permission: String,
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            Self::List(_) | Self::Show(_) => Access::Read,
            _ => Access::Write,
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        let permission = |toggle: &Toggle| PermissionKey::known(toggle.permission.as_str());
        let toggled = |toggle: &Toggle, allowed| {
            let permission = permission(toggle);
            (toggle.member.clone(), MemberCommand::ToggleMemberPermission { permission, allowed })
        };
        let (member, command) = match self {
            Self::List(args) => return list::run(args, session).await,
            Self::Show(args) => return show::run(args, session).await,
            Self::Add(args) => return add::add(args, session).await,
            Self::Details(args) => return add::details(args, session).await,
            Self::Document(command) => command.parts(session)?,
            Self::Assign(args) => return assignment::assign(args, session).await,
            Self::Unassign(args) => return assignment::unassign(args, session).await,
            Self::Scope(args) => args.parts(),
            Self::AccountType { member, account_type } => {
                let account_type = AccountTypeKey::known(account_type.as_str());
                (member.clone(), MemberCommand::ChangeAccountType { account_type })
            }
            Self::Allow(toggle) => toggled(toggle, true),
            Self::Withhold(toggle) => toggled(toggle, false),
            Self::Clear(toggle) => {
                (toggle.member.clone(), MemberCommand::ClearMemberPermission { permission: permission(toggle) })
            }
            Self::VerifyEmail(named) => (named.member.clone(), MemberCommand::VerifyEmail),
            Self::Suspend(named) => (named.member.clone(), MemberCommand::SuspendMember),
            Self::Reactivate(named) => (named.member.clone(), MemberCommand::ReactivateMember),
            Self::Remove(named) => (named.member.clone(), MemberCommand::RemoveMember),
        };
        session.execute(vec![AnyCommand::Member(resolve::member(&member), command)]).await
    }
}
