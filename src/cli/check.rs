//! `check`: may this member do that, there, then?

use chancery_aggregates::access::{Decision, Denial, DenialKind, Request, evaluate};
use serde_json::{Value, json};

use super::options::At;
use super::output::Tone;
use super::{CliError, Done, Session};

/// The question.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Who
    member: String,
    /// What
    permission: String,
    /// Where the resource is; without it, the organisation as a whole
    #[arg(long, value_name = "SCOPE")]
    on: Option<String>,
    /// Whose own the resource is, for permissions that are limited to one's own
    #[arg(long, value_name = "MEMBER")]
    owner: Option<String>,
    #[command(flatten)]
    at: At,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let (member, _) = reader.member(&args.member)?;
    view.refuse_hidden(&reader, member)?;
    facts.find_permission(&args.permission)?;
    if let Some(scope) = &args.on {
        reader.scope(scope)?;
    }
    if let Some(owner) = &args.owner {
        reader.member(owner)?;
    }
    let request = Request {
        subject: &args.member,
        permission: &args.permission,
        scope: args.on.as_deref(),
        owner: args.owner.as_deref(),
        at: facts.now,
    };
    let decision = evaluate(&facts.state, &request);
    session.output().show(&decision_json(&decision), |page| match &decision {
        Decision::Allowed { only_own: false } => page.toned(Tone::Good, "allowed"),
        Decision::Allowed { only_own: true } => {
            page.spans(&[(Tone::Good, "allowed"), (Tone::Plain, ", for what is the member's own only")]);
        }
        Decision::Denied(denial) => page.spans(&[(Tone::Bad, "denied"), (Tone::Plain, &format!(": {denial}"))]),
    })?;
    Ok(Done::Decided(decision))
}

/// A decision, for programs.
pub(super) fn decision_json(decision: &Decision) -> Value {
    match decision {
        Decision::Allowed { only_own } => json!({ "allowed": true, "only_own": only_own }),
        Decision::Denied(denial) => {
            json!({ "allowed": false, "code": denial.code(), "kind": kind(denial), "message": denial.to_string() })
        }
    }
}

fn kind(denial: &Denial) -> &'static str {
    match denial.kind() {
        DenialKind::NotFound => "not_found",
        DenialKind::Forbidden => "forbidden",
    }
}
