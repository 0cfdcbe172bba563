//! `findings`: what a reviewer wants to know, with the evidence.

use std::collections::BTreeMap;

use chancery_projections::activity::Entry;
use chancery_projections::findings::{Finding, Kind, Options, Severity, findings};
use chancery_projections::words;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde_json::json;

use super::options::At;
use super::output::{Page, Tone, stamp};
use super::{CliError, Done, Session, resolve};
use crate::views::findings::{cited, last_acted};

/// Findings of a kind that a page shows before it counts the rest, unless kinds are chosen.
const EACH: usize = 5;

/// Pieces of evidence of a finding that a page shows before it counts the rest.
const EVIDENCE: usize = 6;

/// What to look for.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTE)]
pub struct Args {
    /// Only these kinds; then all of each are shown
    #[arg(long = "kind", value_name = "KIND", value_enum, value_delimiter = ',')]
    kinds: Vec<Wanted>,
    /// Only what is about this member
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// Only what is about this role
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// How many days ahead access is about to expire; without it, as many as the profile reminds ahead
    #[arg(long, value_name = "DAYS")]
    expiring: Option<u32>,
    /// After how many days without a command somebody who may govern is idle
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    idle: u32,
    /// From which share of common permissions roles are nearly equal, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100))]
    similar: u8,
    /// Everything, with the events behind it
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    at: At,
}

const NOTE: &str = "\
What members do in the product is not in this log. Whether a permission is used is known only of those by which
an organisation is governed here: `idle_manager` goes by the commands in the log, refused ones included.";

/// A kind as the command line has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted(Kind);

impl ValueEnum for Wanted {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Wanted; Kind::ALL.len()] = {
            let mut all = [Wanted(Kind::Separation); Kind::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                // INVARIANT: both have the same length; this runs at compile time.
                #[allow(clippy::indexing_slicing, reason = "at compile time")]
                {
                    all[at] = Wanted(Kind::ALL[at]);
                }
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(heading(self.0)))
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    // Findings are about everybody: for who may look at everything.
    session.head().await?.facts.may_replay()?;
    let view = session.view(&args.at).await?;
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let member = args.member.as_ref().map(|id| reader.member(id).map(|(_, entry)| entry.id.clone())).transpose()?;
    let role =
        args.role.as_ref().map(|text| resolve::role(&reader, text).map(|(_, role)| role.id.clone())).transpose()?;
    let kinds: Vec<Kind> = match args.kinds.as_slice() {
        [] => Kind::ALL.to_vec(),
        wanted => wanted.iter().map(|wanted| wanted.0).collect(),
    };
    let options =
        Options { expiring_days: args.expiring, idle_days: args.idle, similar: f64::from(args.similar) / 100.0 };
    let until = facts.state.position();
    let (engine, organisation) = (session.engine()?, facts.state.organisation());
    let last_acted = match kinds.contains(&Kind::IdleManager) {
        true => Some(last_acted(engine, organisation, until).await?),
        false => None,
    };
    let mut found = findings(&facts.state, facts.now, &kinds, &options, last_acted.as_ref());
    found.retain(|finding| {
        member.as_ref().is_none_or(|id| finding.members.iter().any(|member| member.id == *id))
            && role.as_ref().is_none_or(|id| finding.roles.iter().any(|role| role.id == *id))
    });
    let events = if args.all || session.output().is_json() {
        cited(engine, organisation, until, &found).await?
    } else {
        Vec::new()
    };
    let value = json!({
        "position": until, "at": facts.now, "findings": found, "events": events,
    });
    let each = if args.all || !args.kinds.is_empty() { usize::MAX } else { EACH };
    let at = format!("{} (#{until})", words::instant(facts.now));
    session
        .output()
        .show(&value, |page| Shown { found: &found, events: &events, each, all: args.all }.show(page, &at))?;
    Ok(Done::Shown)
}

struct Shown<'a> {
    found: &'a [Finding],
    events: &'a [Entry],
    each: usize,
    all: bool,
}

impl Shown<'_> {
    fn show(&self, page: &mut Page, at: &str) {
        page.toned(Tone::Quiet, format!("as of {at}"));
        if self.found.is_empty() {
            page.line("nothing found");
            return;
        }
        page.line(summary(self.found));
        let events: BTreeMap<u64, &Entry> = self.events.iter().map(|entry| (entry.position, entry)).collect();
        let mut cut = false;
        for kind in Kind::ALL {
            let of_kind: Vec<&Finding> = self.found.iter().filter(|finding| finding.kind == kind).collect();
            if of_kind.is_empty() {
                continue;
            }
            page.gap();
            let tone = tone(kind.severity());
            page.spans(&[
                (Tone::Strong, heading(kind)),
                (Tone::Plain, &format!(" ({})  ", of_kind.len())),
                (tone, severity(kind.severity())),
                (Tone::Quiet, &format!("  {}", kind.name())),
            ]);
            for finding in of_kind.iter().take(self.each) {
                self.show_finding(page, finding, &events);
            }
            if of_kind.len() > self.each {
                cut = true;
                page.toned(Tone::Quiet, format!("  and {} more", of_kind.len() - self.each));
            }
        }
        if cut {
            page.gap();
            page.toned(Tone::Quiet, "`--kind KIND` shows all of a kind, `--all` everything with its events");
        }
    }

    fn show_finding(&self, page: &mut Page, finding: &Finding, events: &BTreeMap<u64, &Entry>) {
        page.line(format!("  {}", finding.sentence));
        let most = if self.all { usize::MAX } else { EVIDENCE };
        for evidence in finding.evidence.iter().take(most) {
            let position = evidence.position.map(|position| format!("#{position}")).unwrap_or_default();
            page.toned(Tone::Quiet, format!("      {position:<5} {}", evidence.what));
            if let Some(entry) = evidence.position.and_then(|position| events.get(&position)) {
                page.toned(Tone::Quiet, format!("            {}  {}", stamp(entry.time), entry.sentence));
            }
        }
        if finding.evidence.len() > most {
            page.toned(Tone::Quiet, format!("      and {} more", finding.evidence.len() - most));
        }
    }
}

fn summary(found: &[Finding]) -> String {
    let count = |severity| found.iter().filter(|finding| finding.severity == severity).count();
    let parts: Vec<String> = [Severity::High, Severity::Medium, Severity::Low]
        .into_iter()
        .map(|level| (count(level), severity(level)))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    format!("{}: {}", words::count(found.len(), "finding"), parts.join(", "))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::High => Tone::Bad,
        Severity::Medium => Tone::Warning,
        Severity::Low => Tone::Quiet,
    }
}

fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Separation => "Duties that are kept apart, in one hand",
        Kind::LeftWithAccess => "Left, and still given something",
        Kind::SingleManager => "Only one member manages roles",
        Kind::Privileged => "Sensitive permissions: who, where, by which path",
        Kind::SuspendedWithRoles => "Suspended, with roles",
        Kind::IdleManager => "May govern, and has not done so for long",
        Kind::Expiring => "About to expire",
        Kind::JoiningRole => "Roles that join duties that are kept apart",
        Kind::UnassignableRole => "Roles that nobody can give",
        Kind::EqualRoles => "Roles with the same permissions",
        Kind::SimilarRoles => "Roles with nearly the same permissions",
        Kind::DormantGrant => "Given without effect",
        Kind::GuardPending => "Waiting at a guard",
        Kind::EmptyRole => "Roles without permissions",
        Kind::UnusedRole => "Roles that nobody holds",
        Kind::NoAccess => "Members who may do nothing",
    }
}
