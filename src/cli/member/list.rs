//! `member list`.

use chancery_aggregates::authority::Reader;
use chancery_aggregates::refusal::{Refusal, Thing};
use chancery_aggregates::state::{AccessState, MemberEntry, MemberIx, Status, fold_name};
use chancery_aggregates::vocabulary::MemberKind;
use serde_json::Value;

use super::expiring;
use crate::cli::options::At;
use crate::cli::output::{Table, Tone};
use crate::cli::{CliError, Done, Session, resolve};
use crate::views::member::{Filter, Seen, Standing, account_type, row_json};

/// Which members.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only members with this in their id, name or e-mail address
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only holders of this role
    #[arg(long)]
    role: Option<String>,
    /// Only members of this account type
    #[arg(long, value_name = "TYPE")]
    account_type: Option<String>,
    /// Only members with some access there
    #[arg(long, value_name = "SCOPE")]
    on: Option<String>,
    /// Only members who stand so; without it, those who have not left
    #[arg(long, value_enum)]
    status: Option<Standing>,
    /// Their documents and roles whose time is over within so many days; without a number, as many
    /// as the profile reminds ahead
    #[arg(long, value_name = "DAYS", num_args = 0..=1, require_equals = true)]
    expiring: Option<Option<u32>>,
    #[command(flatten)]
    at: At,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let reader = view.facts.reader()?;
    let filter = filter(args, &reader)?;
    let mut members = reader.members()?;
    members.retain(|(ix, member)| filter.takes(&reader, *ix, member));
    if let Some(days) = args.expiring {
        return expiring::show(&reader, &members, days, session.output());
    }
    let state = &view.facts.state;
    let rows: Vec<Value> = members.iter().map(|(ix, member)| row_json(&reader, *ix, member)).collect();
    session.output().show(&rows, |page| {
        let mut table = Table::new(["id", "name", "account type", "roles", "scope", "status"]);
        for (ix, member) in &members {
            table.toned_row(row(&reader, state, *ix, member));
        }
        page.table(table, "no members to show");
    })?;
    Ok(Done::Shown)
}

/// The filters, looked up.
fn filter(args: &Args, reader: &Reader<'_>) -> Result<Filter, CliError> {
    let profile = reader.facts().profile()?;
    let account_type = |key: &String| {
        let known = profile.account_types().iter().map(|account_type| account_type.key.as_str());
        profile.account_type_ix(key).ok_or_else(|| Refusal::unknown(Thing::AccountType, key, known))
    };
    Ok(Filter {
        search: args.search.as_deref().map(|search| fold_name(search).to_string()),
        role: args.role.as_deref().map(|role| resolve::role(reader, role)).transpose()?.map(|(ix, _)| ix),
        account_type: args.account_type.as_ref().map(account_type).transpose()?,
        on: args.on.as_deref().map(|scope| reader.scope(scope)).transpose()?.map(|(ix, _)| ix),
        status: args.status,
    })
}

fn row(reader: &Reader<'_>, state: &AccessState, ix: MemberIx, member: &MemberEntry) -> [(Tone, String); 6] {
    let seen = Seen::of(reader, ix, member);
    let name = state.name_of(member).unwrap_or_default();
    let (tone, status) = match member.status {
        Status::Active => (Tone::Plain, "active"),
        Status::Suspended => (Tone::Warning, "suspended"),
        Status::Removed => (Tone::Quiet, "left"),
    };
    let kind = if member.kind == MemberKind::Service { " (service)" } else { "" };
    [
        (Tone::Strong, member.id.to_string()),
        (Tone::Plain, name),
        (Tone::Plain, format!("{}{kind}", account_type(state, member))),
        (Tone::Plain, seen.role_names().join(", ")),
        (Tone::Plain, seen.scope_words(state)),
        (tone, status.to_owned()),
    ]
}
