//! `profile show`.

use chancery_aggregates::profile::Profile;
use chancery_aggregates::profile::document::{ProfileDocument, SeparationSwitch};
use chancery_aggregates::profile::table::Table as Counts;
use serde_json::{Value, json};

use super::read;
use crate::cli::options::At;
use crate::cli::output::{Page, Table, Tone};
use crate::cli::{CliError, Done, Session};

/// Which profile, and what of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One that comes with the program, or a file; without it, the organisation's own
    #[arg(value_name = "NAME|FILE")]
    profile: Option<String>,
    /// The catalogue instead: every permission by category
    #[arg(long)]
    permissions: bool,
    #[command(flatten)]
    at: At,
}

impl Args {
    pub(super) fn of_organisation(&self) -> bool {
        self.profile.is_none()
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let profile = match &args.profile {
        Some(_) if args.at.at.is_some() => {
            let message = "`--at` asks for the organisation's own rules of that time: leave the profile's name out";
            return Err(CliError::Input { rule: "at_without_organisation", message: message.to_owned() });
        }
        Some(named) => read(named)?,
        None => session.view(&args.at).await?.facts.profile()?.document().clone(),
    };
    if args.permissions {
        session.output().show(&profile.categories, |page| catalogue(page, &profile))?;
    } else {
        let counts = Counts::of(&profile);
        session.output().show(&profile_json(&profile, &counts), |page| summary(page, &profile, &counts))?;
    }
    Ok(Done::Shown)
}

fn summary(page: &mut Page, profile: &ProfileDocument, counts: &Counts) {
    page.spans(&[(Tone::Strong, &profile.title), (Tone::Quiet, &format!("  {}", profile.name))]);
    if !profile.description.is_empty() {
        page.line(&profile.description);
    }
    page.gap();
    page.table(roles(profile, counts), "no roles: each organisation makes its own");
    page.gap();
    let administration: usize =
        counts.categories.iter().filter(|row| row.administration).map(|row| row.permissions).sum();
    let catalogue = counts.columns.iter().zip(&counts.catalogue).map(|(column, count)| format!("{count} {column}"));
    let also = if administration == 0 {
        String::new()
    } else {
        format!("; and {administration} to govern the organisation itself, which are not counted")
    };
    page.fields(&[
        (
            "catalogue",
            Some(format!(
                "{} in {} categories{also}",
                catalogue.collect::<Vec<_>>().join(", "),
                counts.counted_categories()
            )),
        ),
        ("accounts", Some(accounts(profile).join(", "))),
        ("scopes", (!profile.scope_kinds.is_empty()).then(|| scopes(profile).join(", "))),
        ("kept apart", (!profile.separations.is_empty()).then(|| separations(profile))),
    ]);
}

fn roles(profile: &ProfileDocument, counts: &Counts) -> Table {
    let levels = profile.policy.levels;
    let level = levels.then(|| "level".to_owned());
    let columns = level.into_iter().chain(["role".to_owned()]).chain(counts.columns.iter().cloned());
    let first = if levels { 2 } else { 1 };
    let numbers = (first..first + counts.columns.len()).chain(levels.then_some(0));
    let mut table = Table::new(columns.chain(["locked".to_owned(), "id".to_owned()])).right(numbers);
    for role in &counts.roles {
        let level = levels.then(|| (Tone::Plain, role.level.map(|level| level.to_string()).unwrap_or_default()));
        let locked = if role.locked { "Yes" } else { "No" };
        let cells = level.into_iter().chain([(Tone::Strong, role.name.clone())]);
        let cells = cells.chain(role.counts.iter().map(|count| (Tone::Plain, count.to_string())));
        table.toned_row(cells.chain([(Tone::Plain, locked.to_owned()), (Tone::Quiet, role.key.clone())]));
    }
    table
}

fn accounts(profile: &ProfileDocument) -> Vec<String> {
    let note = |text: &str, on: bool| on.then(|| text.to_owned());
    let account = |account: &chancery_aggregates::profile::document::AccountTypeDocument| {
        let documents =
            (!account.documents.is_empty()).then(|| format!("documents {}", account.documents.join(" and ")));
        let guards: Vec<String> =
            note("verified e-mail", account.verified_email).into_iter().chain(documents).collect();
        if guards.is_empty() { account.key.to_string() } else { format!("{} ({})", account.key, guards.join(", ")) }
    };
    profile.account_types.iter().map(account).collect()
}

fn scopes(profile: &ProfileDocument) -> Vec<String> {
    let kind = |kind: &chancery_aggregates::profile::document::ScopeKindDocument| {
        if kind.below.is_empty() {
            return kind.key.to_string();
        }
        let top = if kind.top { ", or at the top" } else { "" };
        format!("{} (below {}{top})", kind.key, kind.below.join(" or "))
    };
    profile.scope_kinds.iter().map(kind).collect()
}

/// The duties that are kept apart, and what becomes of a change that would join them.
fn separations(profile: &ProfileDocument) -> String {
    let separations = profile.separations.iter();
    let told: Vec<String> = separations
        .map(|separation| {
            format!("{} ({} | {})", separation.label, separation.one.join(", "), separation.other.join(", "))
        })
        .collect();
    let then = match profile.policy.separation {
        SeparationSwitch::Report => "joining them is reported",
        SeparationSwitch::Refuse => "joining them is refused",
    };
    format!("{}; {then}", told.join("; "))
}

fn catalogue(page: &mut Page, profile: &ProfileDocument) {
    let counts = Counts::of(profile);
    let (permissions, categories) = (counts.catalogue.iter().sum::<usize>(), counts.counted_categories());
    page.line(format!("{permissions} permissions in {categories} categories"));
    let compiled = Profile::compile(profile.clone());
    let widest = |text: fn(&chancery_aggregates::profile::Permission) -> &str| {
        compiled.permissions().iter().map(|permission| text(permission).chars().count()).max().unwrap_or(0)
    };
    let (keys, labels) = (widest(|permission| permission.key.as_str()), widest(|permission| &permission.label));
    for category in &profile.categories {
        page.gap();
        let aside = if category.administration { "  (not counted in the catalogue)" } else { "" };
        let heading = format!("  {}{aside}", category.permissions.len());
        page.spans(&[(Tone::Strong, &category.label), (Tone::Plain, &heading)]);
        for permission in &category.permissions {
            let mut notes = Vec::new();
            if !permission.narrows.is_empty() {
                notes.push(format!("narrows {}", permission.narrows.join(", ")));
            }
            if permission.sensitive {
                notes.push("sensitive".to_owned());
            }
            let key = format!("  {:<keys$}  ", permission.key.as_str());
            let label =
                if notes.is_empty() { permission.label.clone() } else { format!("{:<labels$}  ", permission.label) };
            page.spans(&[(Tone::Plain, &key), (Tone::Quiet, &label), (Tone::Warning, &notes.join("; "))]);
        }
    }
}

fn profile_json(profile: &ProfileDocument, counts: &Counts) -> Value {
    let by_column = |numbers: &[usize]| {
        counts
            .columns
            .iter()
            .zip(numbers)
            .map(|(column, count)| (column.clone(), json!(count)))
            .collect::<serde_json::Map<_, _>>()
    };
    let roles: Vec<Value> = counts
        .roles
        .iter()
        .map(|role| {
            json!({
                "id": role.key,
                "name": role.name,
                "level": role.level,
                "locked": role.locked,
                "permissions": by_column(&role.counts),
            })
        })
        .collect();
    json!({
        "name": profile.name,
        "title": profile.title,
        "description": profile.description,
        "catalogue": by_column(&counts.catalogue),
        "categories": counts.counted_categories(),
        "roles": roles,
        "policy": profile.policy,
        "authority": profile.authority,
        "account_types": profile.account_types,
        "scope_kinds": profile.scope_kinds,
        "separation": profile.separations,
    })
}
