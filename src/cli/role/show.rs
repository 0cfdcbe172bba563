//! `role show`: a role, its permissions by category, and which of its switches the reader may touch.

use chancery_aggregates::command::RoleCommand;
use chancery_aggregates::profile::Permission;
use chancery_aggregates::role::Role;
use chancery_aggregates::state::{RoleEntry, RoleIx};
use chancery_aggregates::vocabulary::{Actor, PermissionKey};
use chancery_aggregates::{Facts, Refusal};
use serde_json::{Map, Value, json};

use super::list::{kind, role_json};
use crate::cli::options::At;
use crate::cli::output::{Page, Tone, stamp};
use crate::cli::{CliError, Done, Session, resolve};

/// Which role, and how much of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The role, by id or name
    role: String,
    /// List the permissions that are off, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    at: At,
}

/// The role's switches of one category.
struct Category {
    label: String,
    on: usize,
    switches: Vec<Switch>,
}

/// One permission on the role.
struct Switch {
    key: PermissionKey,
    label: String,
    restriction: bool,
    on: bool,
    /// The parents that it comes from, when it is not the role's own.
    inherited_from: Vec<String>,
    /// Why the reader may not move it.
    fixed: Option<Refusal>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let facts = &view.facts;
    let (_, role) = resolve::role(&facts.reader()?, &args.role)?;
    // Only somebody who is named, and only today, has switches to move.
    let moves = matches!(facts.actor, Actor::Member(_)) && args.at.at.is_none();
    let fixed = moves.then(|| refused(facts, role, Vec::new(), Vec::new())).flatten();
    let categories = categories(facts, role, moves && fixed.is_none());
    let value = show_json(facts, role, &categories, moves, fixed.as_ref());
    session.output().show(&value, |page| {
        head(page, facts, role);
        if let Some(refusal) = &fixed {
            page.gap();
            page.toned(Tone::Warning, format!("`{}` cannot change this role: {refusal}", facts.actor));
        }
        let mut listed = true;
        for category in &categories {
            let lists = category.switches.iter().any(|switch| shown(switch, args.all));
            if lists || listed {
                page.gap();
            }
            category_lines(page, category, args.all);
            listed = lists;
        }
    })?;
    Ok(Done::Shown)
}

/// The refusal that a change of switches would meet.
fn refused(facts: &Facts, role: &RoleEntry, allow: Vec<PermissionKey>, deny: Vec<PermissionKey>) -> Option<Refusal> {
    let aggregate = Role::of(&facts.state, role);
    aggregate.decide(&role.id, &RoleCommand::TogglePermissions { allow, deny }, facts).err()
}

fn categories(facts: &Facts, role: &RoleEntry, try_switches: bool) -> Vec<Category> {
    let Some(profile) = facts.state.profile() else { return Vec::new() };
    let mut categories: Vec<Category> = Vec::new();
    for (number, category) in profile.document().categories.iter().enumerate() {
        let own = profile.permissions().iter().filter(|permission| permission.category == number);
        let switches: Vec<Switch> = own.map(|permission| switch(facts, role, permission, try_switches)).collect();
        let on = switches.iter().filter(|switch| switch.on).count();
        // A catalogue may grow by permissions in a category that it has already.
        match categories.iter_mut().find(|known| known.label == category.label) {
            Some(known) => {
                known.on += on;
                known.switches.extend(switches);
            }
            None => categories.push(Category { label: category.label.clone(), on, switches }),
        }
    }
    categories
}

fn switch(facts: &Facts, role: &RoleEntry, permission: &Permission, try_it: bool) -> Switch {
    let ix = facts.state.profile().and_then(|profile| profile.permission_ix(permission.key.as_str()));
    let (own, on) = ix.map_or((false, false), |ix| (role.own.contains(ix), role.effective.contains(ix)));
    let gives = |parent: &&RoleIx| {
        let parent = facts.state.role(**parent);
        parent.zip(ix).is_some_and(|(parent, ix)| parent.effective.contains(ix))
    };
    let parents = role.inherits.iter().filter(gives).map(|parent| facts.state.cite_role(*parent).name.to_string());
    let fixed = try_it.then(|| {
        let key = vec![permission.key.clone()];
        let (allow, deny) = if own { (Vec::new(), key) } else { (key, Vec::new()) };
        refused(facts, role, allow, deny)
    });
    Switch {
        key: permission.key.clone(),
        label: permission.label.to_string(),
        restriction: permission.narrows.is_some(),
        on,
        inherited_from: if own { Vec::new() } else { parents.collect() },
        fixed: fixed.flatten(),
    }
}

fn head(page: &mut Page, facts: &Facts, role: &RoleEntry) {
    let state = &facts.state;
    page.spans(&[(Tone::Strong, &role.name), (Tone::Quiet, &format!("  {}", role.id))]);
    if !role.description.is_empty() {
        page.line(&role.description);
    }
    let names = |ids: Vec<String>| (!ids.is_empty()).then(|| ids.join(", "));
    let inherits = role.inherits.iter().map(|parent| state.cite_role(*parent).name.to_string()).collect();
    let by = role.assigned_only_by.iter().map(ToString::to_string).collect();
    let types = role.account_types.iter().map(ToString::to_string).collect();
    page.fields(&[
        ("kind", Some(if role.locked { format!("{}, locked", kind(role)) } else { kind(role).to_owned() })),
        ("level", role.level.map(|level| level.to_string())),
        ("colour", role.colour.as_ref().map(ToString::to_string)),
        ("reaches", role.everywhere.then(|| "everywhere, whatever the holder's scope".to_owned())),
        ("inherits from", names(inherits)),
        ("given only by", names(by)),
        ("held only by", names(types).map(|types| format!("account types {types}"))),
        ("users", Some(role.holders.len().to_string())),
        ("permissions", Some(role.effective.len().to_string())),
        ("created", Some(format!("{} (#{})", stamp(role.created.time), role.created.position))),
        ("modified", Some(format!("{} (#{})", stamp(role.modified.time), role.modified.position))),
    ]);
}

/// What is on, and what the reader may not switch on.
fn shown(switch: &Switch, all: bool) -> bool {
    all || switch.on || switch.fixed.is_some()
}

fn category_lines(page: &mut Page, category: &Category, all: bool) {
    let counter = format!("  {}/{}", category.on, category.switches.len());
    page.spans(&[(Tone::Strong, &category.label), (Tone::Plain, &counter)]);
    let listed = || category.switches.iter().filter(|switch| shown(switch, all));
    let width = |text: fn(&Switch) -> &str| listed().map(|switch| text(switch).chars().count()).max().unwrap_or(0);
    let (labels, keys) = (width(|switch| &switch.label), width(|switch| switch.key.as_str()));
    for switch in listed() {
        let mark = if switch.on { "  [x] " } else { "  [ ] " };
        let tone = if switch.on { Tone::Good } else { Tone::Quiet };
        let label = format!("{:<labels$}  ", switch.label);
        let notes = notes(switch).join("; ");
        let key = if notes.is_empty() { switch.key.to_string() } else { format!("{:<keys$}  ", switch.key.as_str()) };
        page.spans(&[(tone, mark), (Tone::Plain, &label), (Tone::Quiet, &key), (Tone::Warning, &notes)]);
    }
}

fn notes(switch: &Switch) -> Vec<String> {
    let mut notes = Vec::new();
    if switch.restriction {
        notes.push("narrows".to_owned());
    }
    if switch.on && !switch.inherited_from.is_empty() {
        notes.push(format!("inherited from {}", switch.inherited_from.join(", ")));
    }
    match &switch.fixed {
        Some(Refusal::ToggleNotHeld { actor, permission }) => {
            notes.push(format!("fixed: `{actor}` does not hold `{permission}`"));
        }
        Some(refusal) => notes.push(format!("fixed: {refusal}")),
        None => {}
    }
    notes
}

fn show_json(facts: &Facts, role: &RoleEntry, categories: &[Category], moves: bool, fixed: Option<&Refusal>) -> Value {
    let refusal = |refusal: &Refusal| json!({ "rule": refusal.rule(), "message": refusal.to_string() });
    let switch = |switch: &Switch| {
        let mut value = Map::new();
        value.insert("key".into(), json!(switch.key));
        value.insert("label".into(), json!(switch.label));
        value.insert("kind".into(), json!(if switch.restriction { "restriction" } else { "grant" }));
        value.insert("on".into(), json!(switch.on));
        value.insert("inherited_from".into(), json!(switch.inherited_from));
        if moves {
            let why = fixed.or(switch.fixed.as_ref());
            value.insert("may_switch".into(), json!(why.is_none()));
            value.insert("because".into(), why.map_or(Value::Null, refusal));
        }
        Value::Object(value)
    };
    let category = |category: &Category| {
        let switches: Vec<Value> = category.switches.iter().map(switch).collect();
        json!({ "label": category.label, "on": category.on, "of": switches.len(), "permissions": switches })
    };
    let categories: Vec<Value> = categories.iter().map(category).collect();
    let mut value = role_json(&facts.state, role);
    if let Some(value) = value.as_object_mut() {
        value.insert("categories".into(), Value::Array(categories));
    }
    value
}
