//! `gdpr register` and `gdpr due`.

use serde_json::json;

use crate::cli::output::{Table, Tone};
use crate::cli::{CliError, Done, Session};
use crate::gdpr::{self, Periods};

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
    let record = gdpr::record(state, args.periods());
    session.output().show(&record, |page| {
        let gdpr::Record { name, position, members, erased, legal_holds, in_clear, kinds, .. } = &record;
        page.line(format!("What {name} keeps about people, as of position {position}"));
        page.line(format!("{members} members, {erased} of them erased, {legal_holds} under a legal hold"));
        if *in_clear > 0 {
            let note = format!("{in_clear} members have details from before sealing, in clear in the log");
            page.toned(Tone::Warning, note);
        }
        for kind in kinds {
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
    let due = gdpr::due_now(session.engine()?, state, args.periods(), view.facts.now).await?;
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
