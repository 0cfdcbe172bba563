//! `organisation found|list|show`.

use std::sync::Arc;

use chancery_aggregates::authority::Reader;
use chancery_aggregates::event::Details;
use chancery_aggregates::founding::{self, Founder};
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::Status;
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId, Personal};
use chancery_aggregates::{AccessState, Facts, Refusal};
use serde_json::json;

use super::options::At;
use super::output::{Table, Tone, stamp};
use super::{CliError, Done, Session, resolve, sentence};
use crate::engine::Request;
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

impl Found {
    /// The name of the profile, or of its file.
    pub(super) fn profile(&self) -> &str {
        &self.profile
    }
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
    let profile = super::profile::read_for(session, &args.profile)?;
    let clear = |text: &Option<String>| text.as_deref().map(|text| Personal::Clear(text.into()));
    let details = Details { name: clear(&args.owner_name), email: clear(&args.owner_email), ..Details::default() };
    let founder = Founder { id: owner, details };
    if let Some(Actor::Member(_) | Actor::System) = &session.options().actor {
        return Err(Refusal::OperatorOnly { command: "FoundOrganisation".into() }.into());
    }
    let request = Request {
        commands: founding::commands(&id, &args.name, &profile, &founder),
        organisation: id.clone(),
        actor: Actor::Operator,
        context: session.context(),
        idempotency_key: session.idempotency_key(),
    };
    let outcome = session.engine()?.execute(request).await?;
    let (outcome, _) = session.as_first(&id, outcome, Arc::default()).await?;
    session.output().show(&sentence::outcome_json(&outcome), |page| {
        if outcome.repeated {
            page.line(format!("`{id}` was founded already by an earlier request with this key"));
            return;
        }
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
    let mut table = Table::new(["id", "name", "profile", "roles", "members", "scopes", "position", "last change"])
        .right([3, 4, 5, 6]);
    let mut rows = Vec::new();
    for head in session.heads().await? {
        if session.is_of_operator() {
            // The operator of a service knows which organisations there are, and opens none.
            rows.push(json!({ "id": head.organisation, "position": head.position }));
            table.row([head.organisation.as_str(), "", "", "", "", "", &head.position.to_string(), ""]);
            continue;
        }
        let state = session.engine()?.state(&OrganisationId::known(head.organisation)).await?;
        let profile = profile_name(&state);
        let actor = session.options().actor.clone().unwrap_or(Actor::Operator);
        let facts = Facts { state: state.as_ref().clone(), actor, now: session.engine()?.now() };
        let reader = facts.reader()?;
        // What the reader may not see is not counted.
        let (roles, members) = (reader.roles().ok().map(|roles| roles.len()), taking_part(&reader));
        let scopes = reader.scopes().len();
        let number = |count: Option<usize>| count.map(|count| count.to_string()).unwrap_or_default();
        rows.push(json!({
            "id": state.organisation(),
            "name": state.name(),
            "profile": profile,
            "roles": roles,
            "members": members,
            "scopes": scopes,
            "position": state.position(),
            "time": state.time(),
        }));
        table.row([
            state.organisation().to_string(),
            state.name().to_owned(),
            profile,
            number(roles),
            number(members),
            scopes.to_string(),
            state.position().to_string(),
            state.time().map(stamp).unwrap_or_default(),
        ]);
    }
    session.output().show(&rows, |page| page.table(table, "no organisations to show"))?;
    Ok(Done::Shown)
}

async fn show(at: &At, session: &Session) -> Result<Done, CliError> {
    let view = session.view(at).await?;
    let (state, reader) = (&view.facts.state, view.facts.reader()?);
    // What the reader may not see is not counted, either.
    let roles = reader.roles().ok().map(|roles| roles.len());
    let members = reader.members().ok();
    let standing = |wanted| members.as_ref().map(|m| m.iter().filter(|(_, member)| member.status == wanted).count());
    let (active, suspended, left) = (standing(Status::Active), standing(Status::Suspended), standing(Status::Removed));
    let scopes = reader.scopes().len();
    let owner = owner(state);
    let value = json!({
        "id": state.organisation(),
        "name": state.name(),
        "profile": profile_name(state),
        "owner": owner,
        "roles": roles,
        "members": { "active": active, "suspended": suspended, "left": left },
        "scopes": scopes,
        "founded": state.founded().map(|founded| founded.time),
        "position": state.position(),
        "time": state.time(),
    });
    session.output().show(&value, |page| {
        page.spans(&[(Tone::Strong, state.name()), (Tone::Quiet, &format!("  {}", state.organisation()))]);
        let count = |number: Option<usize>, word: &str| number.filter(|n| *n > 0).map(|n| format!("{n} {word}"));
        let members: Vec<String> = [count(active, "active"), count(suspended, "suspended"), count(left, "left")]
            .into_iter()
            .flatten()
            .collect();
        page.fields(&[
            ("profile", Some(profile_name(state))),
            ("owner", owner),
            ("roles", roles.map(|roles| roles.to_string())),
            ("members", (!members.is_empty()).then(|| members.join(", "))),
            ("scopes", Some(scopes.to_string())),
            ("founded", state.founded().map(|founded| stamp(founded.time))),
            ("last change", state.time().map(|time| format!("{} (#{})", stamp(time), state.position()))),
        ]);
    })?;
    Ok(Done::Shown)
}

fn profile_name(state: &AccessState) -> String {
    state.profile().map(|profile| profile.document().name.to_string()).unwrap_or_default()
}

fn taking_part(reader: &Reader<'_>) -> Option<usize> {
    let members = reader.members().ok()?;
    Some(members.iter().filter(|(_, member)| member.status != Status::Removed).count())
}

/// The holder of the role with exactly one holder, where there is such a role.
fn owner(state: &AccessState) -> Option<String> {
    let role = state.roles().find(|(_, role)| role.assigned == AssignedBy::Transfer)?.1;
    let holder = state.member(*role.holders.iter().next()?)?;
    Some(holder.id.to_string())
}
