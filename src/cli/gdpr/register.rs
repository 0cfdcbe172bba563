//! `gdpr register` and `gdpr due`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use chancery_aggregates::vocabulary::Time;
use serde_json::json;

use crate::cli::output::{Table, Tone};
use crate::cli::{CliError, Done, Session};
use crate::gdpr::{self, Periods};
use crate::views::log::read;

/// How long personal data is kept.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Days after which the personal data of members who left is due
    #[arg(long, value_name = "DAYS", env = "CHANCERY_KEEP_LEFT", default_value_t = 365)]
    left: u32,
    /// Days after which the personal data of suspended members is due
    #[arg(long, value_name = "DAYS", env = "CHANCERY_KEEP_SUSPENDED", default_value_t = 730)]
    suspended: u32,
}

impl Args {
    fn periods(&self) -> Periods {
        Periods { left: self.left, suspended: self.suspended }
    }
}

pub(super) async fn show(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    view.facts.may_see_personal_data()?;
    let state = &view.facts.state;
    let kinds = gdpr::register(args.periods());
    let members = state.members().count();
    let erased = state.members().filter(|(_, member)| member.erased.is_some()).count();
    let held = state.members().filter(|(_, member)| member.legal_hold.is_some()).count();
    let clear = state.members().filter(|(_, member)| member.details.is_clear()).count();
    let value = json!({
        "organisation": state.organisation(),
        "name": state.name(),
        "position": state.position(),
        "members": members,
        "erased": erased,
        "legal_holds": held,
        "in_clear": clear,
        "periods": args.periods(),
        "kinds": kinds,
    });
    session.output().show(&value, |page| {
        page.line(format!("What {} keeps about people, as of position {}", state.name(), state.position()));
        page.line(format!("{members} members, {erased} of them erased, {held} under a legal hold"));
        if clear > 0 {
            let note = format!("{clear} members have details from before sealing, in clear in the log");
            page.toned(Tone::Warning, note);
        }
        for kind in &kinds {
            page.gap();
            page.spans(&[(Tone::Strong, kind.data)]);
            page.fields(&[
                ("about", Some(kind.about.to_owned())),
                ("for", Some(kind.purpose.to_owned())),
                ("kept", Some(kind.form.to_owned())),
                ("how long", Some(kind.period.clone())),
                ("seen by", Some(kind.seen_by.to_owned())),
            ]);
        }
    })?;
    Ok(Done::Shown)
}

pub(super) async fn due(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    view.facts.may_see_personal_data()?;
    let state = &view.facts.state;
    let times = times(session, state.members().map(|(_, member)| member.status_at).collect()).await?;
    let due = gdpr::due(state, args.periods(), view.facts.now, |position| times.get(&position).copied());
    let value = json!({ "position": state.position(), "periods": args.periods(), "due": due });
    session.output().show(&value, |page| {
        let mut table = Table::new(["member", "because", "since", "due", ""]);
        for one in &due {
            let held = if one.held { "under a legal hold" } else { "" };
            let because = if one.because == "left" { "has left" } else { "suspended" };
            let (since, day) = (format!("#{}", one.position), one.due.format("%Y-%m-%d").to_string());
            table.row([one.member.clone(), because.to_owned(), since, day, held.to_owned()]);
        }
        page.table(table, "no personal data is due to be erased");
    })?;
    Ok(Done::Shown)
}

/// The times of some events.
async fn times(session: &Session, wanted: BTreeSet<u64>) -> Result<BTreeMap<u64, Time>, CliError> {
    let Some(last) = wanted.last().copied() else { return Ok(BTreeMap::new()) };
    let (engine, organisation) = (session.engine()?, session.organisation().await?);
    let start = BTreeMap::new();
    let times = read(engine, &organisation, 0, last, start, move |times, recorded| {
        if wanted.contains(&recorded.stamp.position) {
            times.insert(recorded.stamp.position, recorded.stamp.time);
        }
        ControlFlow::Continue(())
    });
    Ok(times.await?)
}
