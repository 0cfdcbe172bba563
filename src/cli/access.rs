//! `access`: who holds what, where, now or then.

use chancery_aggregates::Facts;
use chancery_aggregates::access::Place;
use chancery_aggregates::authority::Reader;
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::{Time, Window};
use chancery_projections::access::{
    AccessTable, Category, Filter, Held, HeldAt, MemberAccess, access_table, held_by_place, permissions_of,
};
use chancery_projections::places::Places;
use chancery_projections::words;
use serde_json::{Value, json};

use super::options::At;
use super::output::{Page, Table, Tone};
use super::{CliError, Done, Session, resolve};

/// Whose access, and how much of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this member, with what they may do in effect
    member: Option<String>,
    /// Only what reaches this scope
    #[arg(long, value_name = "SCOPE")]
    on: Option<String>,
    /// Only holders of this role
    #[arg(long, value_name = "ROLE", conflicts_with = "member")]
    role: Option<String>,
    /// Every single permission, with its key
    #[arg(long)]
    permissions: bool,
    /// Also members who have left
    #[arg(long)]
    removed: bool,
    #[command(flatten)]
    at: At,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let member = args.member.as_ref().map(|id| seen_member(facts, &reader, id)).transpose()?;
    let filter = Filter {
        member,
        role: args.role.as_ref().map(|text| resolve::role(&reader, text)).transpose()?.map(|(_, r)| r.id.to_string()),
        scope: args.on.as_ref().map(|id| reader.scope(id)).transpose()?.map(|(ix, _)| ix),
        removed: args.removed,
    };
    let mut table = access_table(&facts.state, facts.now, &filter);
    let hidden = hide(&reader, &mut table, member.is_some())?;
    let effective = |ix| held(facts, ix, filter.scope.map(Place::Scope));
    let shown: Vec<(&MemberAccess, Vec<HeldAt>)> = table
        .members
        .iter()
        .map(|row| {
            let ix = facts.state.member_ix(row.member.id.as_str());
            let wanted = member.is_some() || args.permissions;
            (row, ix.filter(|_| wanted).map(effective).unwrap_or_default())
        })
        .collect();
    session.output().show(&table_json(&table, &shown, member.is_some() || args.permissions), |page| {
        page.toned(
            Tone::Quiet,
            format!("{}, as of {} (#{})", facts.state.name(), words::instant(facts.now), table.position),
        );
        match (&shown[..], member) {
            ([(row, held)], Some(_)) => show_member(page, (row, held), facts.now, args.permissions),
            _ => show_table(page, &table, &shown, args.permissions),
        }
        if let Some(account_type) = hidden {
            page.gap();
            page.toned(
                Tone::Warning,
                format!("not shown: yourself, as members of account type `{account_type}` do not see their own access"),
            );
        }
    })?;
    Ok(Done::Shown)
}

/// The member that is named, if the reader sees their access.
pub(super) fn seen_member(facts: &Facts, reader: &Reader<'_>, id: &str) -> Result<MemberIx, CliError> {
    let (ix, entry) = reader.member(id)?;
    if reader.sees_access_of(ix) {
        return Ok(ix);
    }
    let account_type = facts.profile()?.account_type(entry.account_type);
    Err(CliError::OwnAccessHidden { account_type: account_type.map(|t| t.key.to_string()).unwrap_or_default() })
}

/// Takes out whom the reader does not see. Answers the account type of a reader who does not see their own access.
fn hide(reader: &Reader<'_>, table: &mut AccessTable, named: bool) -> Result<Option<String>, CliError> {
    if named {
        return Ok(None);
    }
    let members = reader.members()?;
    let mut hidden = None;
    let mut seen = std::collections::HashSet::new();
    for (ix, entry) in members {
        if reader.sees_access_of(ix) {
            seen.insert(entry.id.as_str());
        } else {
            let account_type = reader.facts().profile()?.account_type(entry.account_type);
            hidden = account_type.map(|account_type| account_type.key.to_string());
        }
    }
    table.members.retain(|row| seen.contains(row.member.id.as_str()));
    Ok(hidden)
}

/// What a member may do: at one place, or wherever there is something.
fn held(facts: &Facts, member: MemberIx, place: Option<Place>) -> Vec<HeldAt> {
    let Some(place) = place else { return held_by_place(&facts.state, member, facts.now) };
    let categories = permissions_of(&facts.state, member, place, facts.now);
    vec![HeldAt { places: Places::of(&facts.state, &[place]), categories }]
}

fn table_json(table: &AccessTable, shown: &[(&MemberAccess, Vec<HeldAt>)], with_permissions: bool) -> Value {
    let members = shown.iter().map(|(row, held)| {
        let mut row = json!(row);
        if let Some(fields) = row.as_object_mut().filter(|_| with_permissions) {
            fields.insert("effective".to_owned(), json!(held));
        }
        row
    });
    json!({ "position": table.position, "at": table.at, "members": members.collect::<Vec<Value>>() })
}

fn show_table(page: &mut Page, table: &AccessTable, shown: &[(&MemberAccess, Vec<HeldAt>)], permissions: bool) {
    let mut rows =
        Table::new(["member", "id", "account type", "role", "where", "when", "permissions", "since"]).right([6]);
    for member in &table.members {
        let (tone, barred) = match &member.barrier {
            Some(_) => (Tone::Quiet, " (no access)"),
            None => (Tone::Plain, ""),
        };
        let mut first = [
            (tone, format!("{}{barred}", member.member)),
            (Tone::Quiet, member.member.id.to_string()),
            (tone, member.account_type.clone()),
        ];
        for cells in cells(member, table.at) {
            rows.toned_row(first.iter().cloned().chain(cells));
            first = Default::default();
        }
    }
    page.gap();
    page.table(rows, "nobody holds anything");
    let barred: Vec<&MemberAccess> = table.members.iter().filter(|member| member.barrier.is_some()).collect();
    if !barred.is_empty() {
        page.gap();
        for member in barred {
            let why = member.barrier.as_deref().unwrap_or_default();
            page.toned(Tone::Warning, format!("no access: {} – {why}", member.member));
        }
    }
    if permissions {
        for (member, held) in shown {
            page.gap();
            page.toned(Tone::Strong, format!("{} may", member.member));
            show_held(page, held, true);
        }
    }
}

/// A window, and whether the instant is before or after it.
fn when(window: Window, at: Time) -> String {
    let words = words::window(window);
    match (window.holds(at), window.from.is_some_and(|from| at < from)) {
        (true, _) => words,
        (false, true) => format!("{words} (to come)"),
        (false, false) => format!("{words} (over)"),
    }
}

/// Role, where, when, permissions and position of everything that a member was given.
fn cells(member: &MemberAccess, at: Time) -> Vec<[(Tone, String); 5]> {
    let nothing = || (Tone::Quiet, String::new());
    let mut rows: Vec<_> = member
        .roles
        .iter()
        .map(|role| {
            let tone = if role.permissions == 0 { Tone::Quiet } else { Tone::Plain };
            [
                (tone, role.role.name.to_string()),
                (tone, words::member_scope(&role.reach)),
                (tone, when(role.window, at)),
                (tone, role.permissions.to_string()),
                (Tone::Quiet, format!("#{}", role.given_at)),
            ]
        })
        .collect();
    rows.extend(member.toggles.iter().map(|toggle| {
        let (tone, how) = if toggle.allowed { (Tone::Good, "allowed") } else { (Tone::Bad, "withheld") };
        let what = format!("{how} directly: {}", toggle.permission.id);
        let place = if toggle.allowed { words::member_scope(&member.scope) } else { "everywhere".to_owned() };
        [(tone, what), (Tone::Plain, place), nothing(), nothing(), (Tone::Quiet, format!("#{}", toggle.given_at))]
    }));
    if rows.is_empty() {
        rows.push([(Tone::Quiet, "no role".to_owned()), nothing(), nothing(), nothing(), nothing()]);
    }
    rows
}

fn show_member(page: &mut Page, (member, held): (&MemberAccess, &[HeldAt]), at: Time, permissions: bool) {
    page.gap();
    page.spans(&[(Tone::Strong, &member.member.to_string()), (Tone::Quiet, &format!("  {}", member.member.id))]);
    page.fields(&[
        ("account type", Some(member.account_type.clone())),
        ("scope", Some(words::member_scope(&member.scope))),
        ("no access", member.barrier.clone()),
    ]);
    page.gap();
    let mut table = Table::new(["role", "where", "when", "permissions", "since"]).right([3]);
    for cells in cells(member, at) {
        table.toned_row(cells);
    }
    page.table(table, "no role");
    show_held(page, held, permissions);
    if held.iter().all(|held| held.categories.is_empty()) {
        page.gap();
        page.line("may do nothing");
    }
}

fn show_held(page: &mut Page, held: &[HeldAt], permissions: bool) {
    for HeldAt { places, categories } in held.iter().filter(|held| !held.categories.is_empty()) {
        page.gap();
        let number: usize = categories.iter().map(|category| category.held.len()).sum();
        page.toned(Tone::Strong, format!("{} in {}", words::count(number, "permission"), places.summary));
        let mut table = if permissions {
            Table::new(["category", "permission", "label", "for"])
        } else {
            Table::new(["category", "held", "permissions"]).right([1])
        };
        for category in categories {
            if permissions {
                every_permission(&mut table, category);
            } else {
                let counter = format!("{}/{}", category.held.len(), category.size);
                table.row([category.label.clone(), counter, in_short(category)]);
            }
        }
        page.table(table, "");
    }
}

fn every_permission(table: &mut Table, category: &Category) {
    for held in &category.held {
        let own = if held.only_own { (Tone::Warning, "own only") } else { (Tone::Plain, "all") };
        table.toned_row([
            (Tone::Quiet, category.label.clone()),
            (Tone::Plain, held.key.to_string()),
            (Tone::Plain, held.label.clone()),
            (own.0, own.1.to_owned()),
        ]);
    }
}

/// The labels of what is held of a category; those for own things only come last.
fn in_short(category: &Category) -> String {
    let labels = |own: bool| -> Vec<&str> {
        category.held.iter().filter(|held| held.only_own == own).map(|held: &Held| held.label.as_str()).collect()
    };
    let (all, own) = (labels(false), labels(true));
    match (all.is_empty(), own.is_empty()) {
        (_, true) => all.join(", "),
        (true, false) => format!("own only: {}", own.join(", ")),
        (false, false) => format!("{}; own only: {}", all.join(", "), own.join(", ")),
    }
}
