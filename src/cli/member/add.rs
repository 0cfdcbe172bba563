//! `member add` and `member details`.

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::event::Details as Personals;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::vocabulary::{AccountTypeKey, MemberId, MemberKind, Personal, Window};

use super::scope::Where;
use crate::cli::{CliError, Done, Session, resolve};

/// Who is added.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// The member's id, which never changes; not personal data: choose an opaque one
    id: String,
    #[command(flatten)]
    personals: Given,
    /// The account type; without it, the profile's first
    #[arg(long, value_name = "TYPE")]
    account_type: Option<String>,
    /// A program, not a person
    #[arg(long)]
    service: bool,
    #[command(flatten)]
    scope: Where,
    /// Roles to give at once, by id or name
    #[arg(long = "role", value_name = "ROLE", num_args = 1.., value_delimiter = ',')]
    roles: Vec<String>,
    /// The scope that these roles are given in, where roles are held in a scope
    #[arg(long = "in", value_name = "SCOPE", requires = "roles")]
    within: Option<String>,
}

/// Which member, and what changes.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("changes").args(["name", "email", "phone"]).required(true).multiple(true))]
pub struct Details {
    /// The member's id
    member: String,
    #[command(flatten)]
    personals: Given,
}

/// Personal data as it is given; what is absent stays as it is, what is empty goes.
#[derive(Debug, clap::Args)]
pub(super) struct Given {
    /// Name
    #[arg(long)]
    name: Option<String>,
    /// E-mail address; a new one is unverified
    #[arg(long)]
    email: Option<String>,
    /// Phone number
    #[arg(long)]
    phone: Option<String>,
}

impl Given {
    fn over(&self, before: &Personals) -> Personals {
        let over = |given: &Option<String>, before: &Option<Personal>| match given.as_deref() {
            None => before.clone(),
            Some("") => None,
            Some(text) => Some(Personal::Clear(text.into())),
        };
        Personals {
            name: over(&self.name, &before.name),
            email: over(&self.email, &before.email),
            phone: over(&self.phone, &before.phone),
        }
    }
}

pub(super) async fn add(args: &Add, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let id = resolve::new_id(Thing::Member, &args.id, MemberId::parse)?;
    let kind = if args.service { MemberKind::Service } else { MemberKind::Person };
    let account_type = args.account_type.as_deref().map(AccountTypeKey::known);
    let details = args.personals.over(&Personals::default());
    let scope = args.scope.choice();
    let add = MemberCommand::AddMember { kind, account_type, details, scope };
    let roles = args.roles.iter().map(|role| MemberCommand::AssignRole {
        role: resolve::role_for_command(&facts, role),
        scope: args.within.as_deref().map(resolve::scope),
        window: Window::default(),
    });
    let commands = std::iter::once(add).chain(roles).map(|command| AnyCommand::Member(id.clone(), command));
    session.execute(commands.collect()).await
}

pub(super) async fn details(args: &Details, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let member = resolve::member(&args.member);
    let before = facts.state.member_by_id(member.as_str()).map(|entry| entry.details.clone()).unwrap_or_default();
    let details = args.personals.over(&before);
    session.execute(vec![AnyCommand::Member(member, MemberCommand::ChangeDetails { details })]).await
}
