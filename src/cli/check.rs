//! `check`: may this member do that, there, then?

use chancery_aggregates::access::{Decision, Denial, DenialKind, evaluate_question};
use serde_json::{Value, json};

use super::output::Tone;
pub(super) use super::question::Args;
use super::{CliError, Done, Session};

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let question = args.resolve(&view.facts.reader()?)?;
    let decision = evaluate_question(&view.facts.state, &question);
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
