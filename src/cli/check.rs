//! `check`: may this member do that, there, then?

use chancery_aggregates::access::{Decision, evaluate_question};

use super::output::Tone;
pub(super) use super::question::Args;
use super::{CliError, Done, Session};
use crate::views::explain::decision_json;

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
