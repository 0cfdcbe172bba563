//! `organisation found|list|show`.

use chancery_aggregates::event::Details;
use chancery_aggregates::founding::Founder;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::Status;
use chancery_aggregates::vocabulary::{MemberId, OrganisationId, Personal};
use chrono::{DateTime, SecondsFormat};
use serde_json::json;

use super::options::At;
use super::output::Table;
use super::{CliError, Done, Session, resolve, sentence};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Found an organisation from a profile, with its first member
    Found(Found),
    /// List the organisations in the store
    List,
    /// Show an organisation in numbers
    Show(At),
}

/// Who is founded, by which rules, and for whom.
#[derive(Debug, clap::Args)]
pub struct Found {
    /// Its id, which never changes
    id: String,
    /// The rules it starts with: a profile that comes with the program, or a file
    #[arg(long, value_name = "NAME|FILE")]
    profile: String,
    /// What people call it
    #[arg(long)]
    name: String,
    /// Id of its first member, who gets the highest role
    #[arg(long, value_name = "MEMBER")]
    owner: String,
    /// The first member's name
    #[arg(long, value_name = "NAME")]
    owner_name: Option<String>,
    /// The first member's e-mail address
    #[arg(long, value_name = "EMAIL")]
    owner_email: Option<String>,
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            Self::Found(_) => Access::Create,
            Self::List | Self::Show(_) => Access::Read,
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::Found(args) => found(args, session).await,
            Self::List => list(session).await,
            Self::Show(at) => show(at, session).await,
        }
    }
}

async fn found(args: &Found, session: &Session) -> Result<Done, CliError> {
    let id = resolve::new_id(Thing::Organisation, &args.id, OrganisationId::parse)?;
    let owner = resolve::new_id(Thing::Member, &args.owner, MemberId::parse)?;
    let profile = super::profile::read(&args.profile)?;
    let clear = |text: &Option<String>| text.as_deref().map(|text| Personal::Clear(text.into()));
    let details = Details { name: clear(&args.owner_name), email: clear(&args.owner_email), ..Details::default() };
    let founder = Founder { id: owner, details };
    let outcome = session.engine()?.found(&id, &args.name, &profile, &founder, session.context()).await?;
    session.output().show(&sentence::outcome_json(&outcome), |page| {
        page.line(format!(
            "founded `{}` from profile `{}`: {} events, `{}` is its first member",
            id,
            profile.name,
            outcome.events.len(),
            founder.id
        ));
    })?;
    Ok(Done::Wrote(outcome))
}

async fn list(session: &Session) -> Result<Done, CliError> {
    let engine = session.engine()?;
    let mut table = Table::new(["id", "name", "profile", "roles", "members", "scopes", "position", "last change"])
        .right([3, 4, 5, 6]);
    let mut rows = Vec::new();
    for head in engine.store().heads().await? {
        let state = engine.state(&OrganisationId::known(head.organisation.as_str())).await?;
        let profile = state.profile().map(|profile| profile.document().name.to_string()).unwrap_or_default();
        let (roles, scopes) = (state.roles().count(), state.scopes().count());
        let members = state.members().filter(|(_, member)| member.status != Status::Removed).count();
        let changed = DateTime::from_timestamp_micros(head.time).unwrap_or_default();
        rows.push(json!({
            "id": head.organisation,
            "name": state.name(),
            "profile": profile,
            "roles": roles,
            "members": members,
            "scopes": scopes,
            "position": head.position,
            "time": changed,
        }));
        table.row([
            head.organisation.clone(),
            state.name().to_owned(),
            profile,
            roles.to_string(),
            members.to_string(),
            scopes.to_string(),
            head.position.to_string(),
            changed.to_rfc3339_opts(SecondsFormat::Secs, true),
        ]);
    }
    session.output().show(&rows, |page| page.table(table, "the store has no organisation yet"))?;
    Ok(Done::Shown)
}

async fn show(at: &At, session: &Session) -> Result<Done, CliError> {
    let view = session.view(at).await?;
    let state = &view.facts.state;
    let profile = state.profile().map(|profile| profile.document().name.to_string()).unwrap_or_default();
    let value = json!({ "id": state.organisation(), "name": state.name(), "profile": profile, "position": state.position() });
    session.output().show(&value, |page| {
        page.fields(&[("organisation", Some(state.organisation().to_string())), ("name", Some(state.name().to_owned()))]);
    })?;
    Ok(Done::Shown)
}
