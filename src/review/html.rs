//! The evidence as a page to be printed. Every value is escaped.

use chancery_aggregates::vocabulary::Time;
use chancery_projections::review::{Deed, RecordLine};
use chancery_projections::words::{self, Person};
use maud::{DOCTYPE, Markup, html};

use super::Evidence;

const STYLE: &str = "body{font:10pt/1.4 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#111}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #999}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0}\
th{border-bottom:1px solid #999}dt{color:#555}dd{margin:0 0 .4rem}.quiet{color:#555}\
pre{white-space:pre-wrap;word-break:break-all;border:1px solid #999;padding:.6rem}\
@page{size:A4 landscape;margin:12mm}@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}";

/// A whole page, with nothing from outside.
pub(super) fn page(evidence: &Evidence) -> String {
    let title = evidence.record.review.review.as_ref().map(|review| review.name.to_string()).unwrap_or_default();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Access review: " (title) }
                style { (STYLE) }
            }
            body { main { (content(evidence)) } }
        }
    }
    .into_string()
}

/// What the page says, for other pages to show.
pub(crate) fn content(evidence: &Evidence) -> Markup {
    let review = &evidence.record.review;
    let state = &evidence.facts.state;
    let title = review.review.as_ref().map(|review| review.name.as_str()).unwrap_or_default();
    html! {
        h1 { "Access review: " (title) }
        dl {
            dt { "Organisation" } dd { (state.name()) " (" (state.organisation()) ")" }
            dt { "Access as of" } dd { (at(review.frozen.time)) ", position " (review.frozen.position) " of the log, root " code { (evidence.frozen_root) } }
            dt { "Opened" } dd { (deed(evidence, evidence.record.opened.as_ref())) }
            dt { "Deadline" } dd { (at(review.deadline)) }
            dt { "State" } dd { (review.stage.as_str()) " " (deed(evidence, evidence.record.closed.as_ref())) }
            dt { "Decisions" } dd { (review.kept) " kept, " (review.revoked) " revoked, " (evidence.record.lines.iter().filter(|line| line.decided.is_none()).count()) " undecided, of " (review.count) }
            dt { "Root of the decided lines" } dd { code { (evidence.record.root) } }
            dt { "Held against the log" } dd { @if evidence.holds() { "The lines are those of the log at that position, and the root is that of the decisions." } @else { strong { "This does not agree with the log." } } }
        }
        h2 { "Lines" }
        table {
            thead { tr { th scope="col" { "Line" } th scope="col" { "Member" } th scope="col" { "Access" } th scope="col" { "Given" } th scope="col" { "Decision" } th scope="col" { "What became of it" } } }
            tbody { @for line in &evidence.record.lines { (row(evidence, line)) } }
        }
        h2 { "What proves it" }
        @match &evidence.checkpoint {
            Some(checkpoint) => {
                p { "A checkpoint signed with the key " code { (checkpoint.verifier) } " covers the first " (checkpoint.size) " events of the log:" }
                pre tabindex="0" { (checkpoint.note) }
            }
            None => p { "No checkpoint covers this yet: " code { "chancery audit checkpoint" } " signs one." }
        }
        @if let Some(proof) = &evidence.proof {
            p { "The proof that the end of the review is in that log (C2SP " code { "tlog-proof" } "):" }
            pre tabindex="0" { (proof) }
        }
        p.quiet { "Put together " (at(evidence.made)) "." }
    }
}

fn row(evidence: &Evidence, line: &RecordLine) -> Markup {
    let state = &evidence.facts.state;
    html! {
        tr {
            td { (line.line.line) }
            td { (Person::known_as(state, line.line.member.as_str())) br; span.quiet { (line.line.member) } }
            td { (words::reviewed(&line.line.access)) }
            td { (deed(evidence, evidence.given.get(&line.line.since))) }
            td {
                @match &line.decided {
                    Some(decided) => {
                        strong { (decided.decision.verdict.as_str()) } " by " (Person::known_as(state, decided.by.as_str()))
                        @if let Some(made) = &line.decision { ", " (at(made.time)) " (#" (made.position) ")"
                            @if let Some(reason) = &made.reason { ": “" (reason) "”" }
                            @if made.time >= evidence.record.review.deadline { ", after the deadline" } }
                    }
                    None => "undecided",
                }
            }
            td {
                (line.standing.as_str())
                @if let Some(ended) = &line.ended { ": " (ended.kind) " " (deed(evidence, Some(ended))) }
            }
        }
    }
}

fn deed(evidence: &Evidence, deed: Option<&Deed>) -> Markup {
    let Some(deed) = deed else { return html! {} };
    html! {
        (at(deed.time)) " by " (words::actor(&evidence.facts.state, &deed.by)) " (#" (deed.position) ")"
        @if let Some(reason) = &deed.reason { ": “" (reason) "”" }
    }
}

fn at(time: Time) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
