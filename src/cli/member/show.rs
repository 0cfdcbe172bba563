//! `member show`: a member, as far as the reader sees it.

use chancery_aggregates::state::{AccessState, Assignment, DocumentStatus, MemberEntry, Status, Toggle};
use chancery_aggregates::vocabulary::{Field, MemberKind, Time};
use chancery_projections::words;

use crate::cli::options::At;
use crate::cli::output::{Page, Table, Tone, stamp};
use crate::cli::{CliError, Done, Session};
use crate::views::member::{Seen, account_type, member_json, readable, status_word, waits};

/// Which member.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The member's id
    member: String,
    #[command(flatten)]
    at: At,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let (state, now) = (&view.facts.state, view.facts.now);
    let reader = view.facts.reader()?;
    let (ix, member) = reader.member(&args.member)?;
    let seen = Seen::of(&reader, ix, member);
    let waits = waits(state, ix, now);
    session.output().show(&member_json(state, member, &seen, waits.as_ref()), |page| {
        head(page, state, member, &seen);
        if let Some(denial) = &waits {
            page.toned(Tone::Warning, format!("no access: {denial}"));
        }
        page.gap();
        if seen.hidden {
            page.toned(Tone::Quiet, "members of this account type do not see their own roles and permissions");
            return;
        }
        page.table(roles(state, &seen.assignments, now), "holds no role");
        if !seen.toggles.is_empty() {
            page.gap();
            page.table(toggles(state, seen.toggles), "");
        }
        if !member.documents.is_empty() {
            page.gap();
            page.table(documents(member, now), "");
        }
    })?;
    Ok(Done::Shown)
}

fn head(page: &mut Page, state: &AccessState, member: &MemberEntry, seen: &Seen<'_>) {
    let name = readable(state, member, Field::Name).map_or_else(String::new, |name| format!("  {name}"));
    page.spans(&[(Tone::Strong, member.id.as_str()), (Tone::Plain, &name)]);
    let kind = if member.kind == MemberKind::Service { " (service account)" } else { "" };
    let verified = match (member.email_verified, &member.details.email) {
        (Some(at), _) => format!(" (verified, #{at})"),
        (None, Some(_)) => " (not verified)".to_owned(),
        (None, None) => String::new(),
    };
    let since = |position: u64| format!("since #{position}");
    let status = match member.status {
        Status::Active => "active".to_owned(),
        other => format!("{}, {}", status_word(other), since(member.status_at)),
    };
    page.fields(&[
        ("account type", Some(format!("{}{kind}", account_type(state, member)))),
        ("status", Some(status)),
        ("e-mail", readable(state, member, Field::Email).map(|email| format!("{email}{verified}"))),
        ("phone", readable(state, member, Field::Phone)),
        ("scope", Some(format!("{} ({})", words::coverage(state, &seen.scope), since(member.scope_at)))),
        ("added", Some(format!("{} (#{})", stamp(member.added.time), member.added.position))),
    ]);
}

fn roles(state: &AccessState, assignments: &[Assignment], now: Time) -> Table {
    let mut table = Table::new(["role", "in", "when", "counts", "since"]);
    for held in assignments {
        let within =
            held.scope.map_or_else(|| "own scope".to_owned(), |scope| state.cite_scope(scope).name.to_string());
        let everywhere = state.role(held.role).is_some_and(|role| role.everywhere);
        let counts = match held.window {
            window if window.holds(now) => (Tone::Good, "now"),
            window if window.from.is_some_and(|from| now < from) => (Tone::Warning, "later"),
            _ => (Tone::Quiet, "no longer"),
        };
        table.toned_row([
            (Tone::Strong, state.cite_role(held.role).name.to_string()),
            (Tone::Plain, if everywhere { "everywhere".to_owned() } else { within }),
            (Tone::Plain, words::window_or_always(held.window)),
            (counts.0, counts.1.to_owned()),
            (Tone::Quiet, format!("#{}", held.at)),
        ]);
    }
    table
}

fn toggles(state: &AccessState, toggles: &[Toggle]) -> Table {
    let mut table = Table::new(["directly", "permission", "since"]);
    for toggle in toggles {
        let permission = state.profile().map(|profile| profile.cite(toggle.permission).id.to_string());
        table.toned_row([
            if toggle.allowed { (Tone::Good, "allowed".to_owned()) } else { (Tone::Bad, "withheld".to_owned()) },
            (Tone::Plain, permission.unwrap_or_default()),
            (Tone::Quiet, format!("#{}", toggle.at)),
        ]);
    }
    table
}

fn documents(member: &MemberEntry, now: Time) -> Table {
    let mut table = Table::new(["document", "state", "since"]);
    for document in &member.documents {
        let (tone, status) = match document.status {
            DocumentStatus::Submitted => (Tone::Warning, "waits for review".to_owned()),
            DocumentStatus::Approved(None) => (Tone::Good, "approved".to_owned()),
            DocumentStatus::Approved(Some(end)) if now < end => {
                (Tone::Good, format!("approved until {}", words::until(end)))
            }
            DocumentStatus::Approved(Some(end)) => (Tone::Bad, format!("was approved until {}", words::until(end))),
            DocumentStatus::Rejected => (Tone::Bad, "rejected".to_owned()),
            DocumentStatus::Expired => (Tone::Bad, "expired".to_owned()),
        };
        let since = (Tone::Quiet, format!("#{}", document.at));
        table.toned_row([(Tone::Plain, document.kind.to_string()), (tone, status), since]);
    }
    table
}
