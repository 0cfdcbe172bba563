//! `member show`: a member, as far as the reader sees it.

use chancery_aggregates::access::{Decision, Denial, Ownership, Place, Question, evaluate_question};
use chancery_aggregates::authority::Reader;
use chancery_aggregates::state::{
    AccessState, Assignment, Coverage, DocumentStatus, MemberEntry, MemberIx, ScopeIx, Status, Toggle,
};
use chancery_aggregates::vocabulary::{MemberKind, Personal, Time};
use chancery_projections::words;
use serde_json::{Value, json};

use super::list::status_word;
use crate::cli::options::At;
use crate::cli::output::{Page, Table, Tone, stamp};
use crate::cli::{CliError, Done, Session};

/// Which member.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The member's id
    member: String,
    #[command(flatten)]
    at: At,
}

/// What the reader sees of a member's access.
pub(super) struct Seen<'a> {
    state: &'a AccessState,
    /// Hidden altogether from members who do not see their own.
    hidden: bool,
    pub(super) assignments: Vec<Assignment>,
    scope: Coverage,
    toggles: &'a [Toggle],
}

impl<'a> Seen<'a> {
    pub(super) fn of(reader: &Reader<'a>, ix: MemberIx, member: &'a MemberEntry) -> Self {
        let state = &reader.facts().state;
        let hidden = !reader.sees_access_of(ix);
        let seen = |scope: &ScopeIx| reader.sees_scope(*scope);
        let scope = match &member.scope {
            Coverage::Nodes { by_group, nodes } => {
                Coverage::Nodes { by_group: *by_group, nodes: nodes.iter().copied().filter(seen).collect() }
            }
            whole => whole.clone(),
        };
        let assignments = member.assignments.iter().filter(|held| !hidden && held.scope.as_ref().is_none_or(seen));
        let toggles = if hidden { [].as_slice() } else { &member.toggles };
        Self { state, hidden, assignments: assignments.copied().collect(), scope, toggles }
    }

    /// The names of the roles, each once.
    pub(super) fn role_names(&self) -> Vec<String> {
        if self.hidden {
            return vec!["(hidden)".to_owned()];
        }
        let mut names: Vec<String> = Vec::new();
        for held in &self.assignments {
            let name = self.state.cite_role(held.role).name.to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Where roles work; those held in a scope of their own name it.
    pub(super) fn scope_words(&self, state: &AccessState) -> String {
        let mut own: Vec<ScopeIx> = self.assignments.iter().filter_map(|held| held.scope).collect();
        own.sort();
        own.dedup();
        if self.scope == Coverage::None && !own.is_empty() {
            return words::coverage(state, &Coverage::Nodes { by_group: false, nodes: own });
        }
        words::coverage(state, &self.scope)
    }

    /// For programs.
    pub(super) fn json(&self, state: &AccessState) -> Value {
        if self.hidden {
            return json!({ "roles": null, "scope": state.cite_coverage(&self.scope), "toggles": null });
        }
        let role = |held: &Assignment| {
            json!({
                "role": state.cite_role(held.role),
                "scope": held.scope.map(|scope| state.cite_scope(scope)),
                "from": held.window.from,
                "until": held.window.until,
                "position": held.at,
            })
        };
        let toggle = |toggle: &Toggle| {
            let permission = state.profile().map(|profile| profile.cite(toggle.permission).id);
            json!({ "permission": permission, "allowed": toggle.allowed, "position": toggle.at })
        };
        json!({
            "roles": self.assignments.iter().map(role).collect::<Vec<_>>(),
            "scope": state.cite_coverage(&self.scope),
            "toggles": self.toggles.iter().map(toggle).collect::<Vec<_>>(),
        })
    }
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

/// What keeps the member from any access now.
fn waits(state: &AccessState, member: MemberIx, now: Time) -> Option<Denial> {
    let permission = state.profile()?.grants().iter().next()?;
    let ownership = Ownership::Unnamed;
    let question = Question { subject: member, permission, place: Place::Organisation, ownership, at: now };
    match evaluate_question(state, &question) {
        Decision::Denied(
            denial @ (Denial::Suspended { .. }
            | Denial::Removed { .. }
            | Denial::EmailUnverified
            | Denial::DocumentMissing { .. }),
        ) => Some(denial),
        _ => None,
    }
}

fn head(page: &mut Page, state: &AccessState, member: &MemberEntry, seen: &Seen<'_>) {
    let name = readable(&member.details.name).map_or_else(String::new, |name| format!("  {name}"));
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
        ("e-mail", readable(&member.details.email).map(|email| format!("{email}{verified}"))),
        ("phone", readable(&member.details.phone)),
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

fn member_json(state: &AccessState, member: &MemberEntry, seen: &Seen<'_>, waits: Option<&Denial>) -> Value {
    let documents = member.documents.iter().map(|document| {
        let (status, expires) = match document.status {
            DocumentStatus::Submitted => ("submitted", None),
            DocumentStatus::Approved(expires) => ("approved", expires),
            DocumentStatus::Rejected => ("rejected", None),
            DocumentStatus::Expired => ("expired", None),
        };
        json!({ "kind": document.kind, "status": status, "expires": expires, "position": document.at })
    });
    let mut value = json!({
        "id": member.id,
        "kind": member.kind,
        "name": readable(&member.details.name),
        "email": email(member),
        "email_verified": member.email_verified.is_some(),
        "phone": readable(&member.details.phone),
        "account_type": account_type(state, member),
        "status": status_word(member.status),
        "no_access_because": waits.map(|denial| json!({ "code": denial.code(), "message": denial.to_string() })),
        "documents": documents.collect::<Vec<_>>(),
        "added": member.added.time,
        "added_position": member.added.position,
    });
    if let (Some(value), Value::Object(seen)) = (value.as_object_mut(), seen.json(state)) {
        value.extend(seen);
    }
    value
}

fn readable(personal: &Option<Personal>) -> Option<String> {
    match personal.as_ref()? {
        Personal::Clear(text) => Some(text.to_string()),
        Personal::Sealed(_) => Some("(sealed)".to_owned()),
        Personal::Erased => Some("(erased)".to_owned()),
    }
}

/// The e-mail address, as far as it is readable.
pub(super) fn email(member: &MemberEntry) -> Option<String> {
    readable(&member.details.email)
}

/// The key of a member's account type.
pub(super) fn account_type(state: &AccessState, member: &MemberEntry) -> String {
    let account_type = state.profile().and_then(|profile| profile.account_type(member.account_type));
    account_type.map(|account_type| account_type.key.to_string()).unwrap_or_default()
}
