//! Forms about a role: a new one, a copy, and everything of one but its switches.

use axum::response::Response;
use chancery_aggregates::command::{NewRole, RoleCommand};
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::state::RoleEntry;
use chancery_aggregates::vocabulary::{LONGEST_ID, RoleId};
use maud::{Markup, html};

use super::{InRole, below, proposal};
use crate::api::body::InPath;
use crate::api::problem::Problem;
use crate::console::change::basis_fields;
use crate::console::form::{Deed, Fields};
use crate::console::fragments::dot;
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::naming::readable_role_id;

/// Colours that can be told apart, on light and on dark.
const PALETTE: [(&str, &str); 10] = [
    ("#d64545", "Red"),
    ("#d9772b", "Orange"),
    ("#b58900", "Amber"),
    ("#4f9d3a", "Green"),
    ("#1f9e89", "Teal"),
    ("#2f86c8", "Blue"),
    ("#5a62d6", "Indigo"),
    ("#9a4fc4", "Purple"),
    ("#c9478f", "Pink"),
    ("#7a7f8a", "Grey"),
];

pub(super) async fn new(visit: Visit) -> Result<Response, Oops> {
    visit.facts.reader()?.roles()?;
    let form = new_form(&visit, &Fields::default());
    Ok(visit.page(Section::Roles, "New role", &html! { h1 { "New role" } (form) }))
}

fn new_form(visit: &Visit, fields: &Fields) -> Markup {
    html! {
        form.stack method="post" action=(visit.present("/new-role")) {
            (visit.token())
            (name_field(fields)) (description_field(fields)) (colour_field(fields)) (level_field(visit, fields))
            (parents_field(visit, fields, None))
            p.quiet { "Every permission is off at first." }
            div.row { button.main { "Create role" } a.button href=(visit.present("/roles")) { "Cancel" } }
        }
    }
}

pub(super) async fn create(deed: Deed) -> Result<Response, Oops> {
    let (visit, fields) = (&deed.visit, &deed.fields);
    let id = readable_role_id(&visit.head.state, fields.text("name"), false);
    let new = NewRole {
        name: fields.text("name").into(),
        description: fields.text("description").to_owned(),
        colour: colour(fields).map(Into::into),
        level: level(fields)?,
        permissions: Vec::new(),
        inherits: parents(fields),
        built_in: None,
    };
    let command = RoleCommand::CreateRole(Box::new(new));
    let mut proposal = proposal(visit, &id, "New role".to_owned(), vec![command], "");
    proposal.action = visit.present("/new-role");
    proposal.notice = format!("{} is there. Every permission is off: switch on what it needs.", fields.text("name"));
    proposal.basis = None;
    proposal.asks = false;
    proposal.refill = Some(new_form(visit, fields));
    deed.propose(proposal).await
}

pub(super) async fn copy(visit: Visit, InPath(path): InPath<InRole>) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let (_, role) = reader.role(&path.role)?;
    let fields = Fields::default().with("name", &format!("{} (copy)", role.name));
    let title = format!("Duplicate {}", role.name);
    Ok(visit.page(Section::Roles, &title, &html! { h1 { (title) } (copy_form(&visit, role, &fields)) }))
}

fn copy_form(visit: &Visit, role: &RoleEntry, fields: &Fields) -> Markup {
    let page = visit.present(&below(role.id.as_str()));
    html! {
        form.stack method="post" action={ (page) "/duplicate" } {
            (visit.token()) (name_field(fields))
            p.quiet { "The copy has the description, colour, level, permissions and parents of " (role.name) ", and is not locked." }
            div.row { button.main { "Duplicate" } a.button href=(page) { "Cancel" } }
        }
    }
}

pub(super) async fn duplicate(InPath(path): InPath<InRole>, deed: Deed) -> Result<Response, Oops> {
    let (visit, name) = (&deed.visit, deed.fields.text("name"));
    let reader = visit.head.reader()?;
    let (_, role) = reader.role(&path.role)?;
    let id = readable_role_id(&visit.head.state, name, false);
    let command = RoleCommand::DuplicateRole { source: role.id.clone(), name: name.into() };
    let mut proposal = proposal(visit, &id, format!("Duplicate {}", role.name), vec![command], "");
    proposal.action = format!("{}/duplicate", visit.present(&below(role.id.as_str())));
    proposal.notice = format!("{name} is there, a copy of {}.", role.name);
    proposal.basis = None;
    proposal.asks = false;
    proposal.refill = Some(copy_form(visit, role, &deed.fields));
    drop(reader);
    deed.propose(proposal).await
}

pub(super) async fn edit(visit: Visit, InPath(path): InPath<InRole>) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let (_, role) = reader.role(&path.role)?;
    let fields = as_is(&visit, role);
    let title = format!("Details of {}", role.name);
    Ok(visit.page(Section::Roles, &title, &html! { h1 { (title) } (details_form(&visit, role, &fields)) }))
}

/// A role as the form has it; what it was is in the form too, so that only what was touched is asked for.
fn as_is(visit: &Visit, role: &RoleEntry) -> Fields {
    let parents: Vec<String> =
        role.inherits.iter().map(|parent| visit.head.state.cite_role(*parent).id.to_string()).collect();
    let level = role.level.map(|level| level.to_string()).unwrap_or_default();
    let mut fields = Fields::default().with("version", &role.sequence.to_string());
    let values = [
        ("name", role.name.as_str()),
        ("description", &role.description),
        ("colour", role.colour.as_deref().unwrap_or_default()),
        ("level", &level),
        ("parents", &parents.join(" ")),
    ];
    for (name, value) in values {
        fields = fields.with(name, value).with(&format!("was_{name}"), value);
    }
    fields.with("position", &visit.head.state.position().to_string())
}

fn details_form(visit: &Visit, role: &RoleEntry, fields: &Fields) -> Markup {
    let page = visit.present(&below(role.id.as_str()));
    let number = |name: &str| fields.text(name).parse::<u64>().unwrap_or_default();
    html! {
        form.stack method="post" action={ (page) "/details" } {
            (visit.token())
            @if number("version") > 0 {
                input type="hidden" name="version" value=(fields.text("version"));
                input type="hidden" name="position" value=(fields.text("position"));
            } @else { (basis_fields(role.sequence, &visit.head.state)) }
            @for name in ["name", "description", "colour", "level", "parents"] {
                @let name = format!("was_{name}");
                input type="hidden" name=(name) value=(fields.text(&name));
            }
            (name_field(fields)) (description_field(fields)) (colour_field(fields)) (level_field(visit, fields))
            (parents_field(visit, fields, Some(role)))
            div.row { button.main { "Preview changes" } a.button href=(page) { "Cancel" } }
        }
    }
}

pub(super) async fn change(InPath(path): InPath<InRole>, deed: Deed) -> Result<Response, Oops> {
    let (visit, fields) = (&deed.visit, &deed.fields);
    let reader = visit.head.reader()?;
    let (_, role) = reader.role(&path.role)?;
    let touched = |name: &str, now: &str| fields.text(&format!("was_{name}")) != now;
    let wanted = parents(fields);
    let listed: Vec<&str> = wanted.iter().map(RoleId::as_str).collect();
    let colour = colour(fields);
    let level_text = fields.text("level");
    let commands = [
        touched("name", fields.text("name")).then(|| RoleCommand::RenameRole { name: fields.text("name").into() }),
        touched("description", fields.text("description"))
            .then(|| RoleCommand::DescribeRole { description: fields.text("description").to_owned() }),
        touched("colour", colour.as_deref().unwrap_or_default())
            .then(|| RoleCommand::RecolourRole { colour: colour.clone().map(Into::into) }),
        level(fields)?.filter(|_| touched("level", level_text)).map(|level| RoleCommand::ChangeRoleLevel { level }),
        differs(fields.text("was_parents"), &listed).then(|| RoleCommand::InheritFrom { parents: wanted.clone() }),
    ];
    let harmless = commands.iter().flatten().all(|command| {
        matches!(
            command,
            RoleCommand::RenameRole { .. } | RoleCommand::DescribeRole { .. } | RoleCommand::RecolourRole { .. }
        )
    });
    let commands: Vec<RoleCommand> = commands.into_iter().flatten().collect();
    let mut proposal = proposal(visit, &role.id, format!("Details of {}", role.name), commands, "details");
    // A name and a colour give nobody anything: there is nothing to be shown beforehand.
    proposal.asks = !harmless;
    proposal.refill = Some(details_form(visit, role, fields));
    drop(reader);
    deed.propose(proposal).await
}

fn differs(was: &str, now: &[&str]) -> bool {
    let (mut was, mut now): (Vec<&str>, Vec<&str>) = (was.split_whitespace().collect(), now.to_vec());
    was.sort_unstable();
    now.sort_unstable();
    was != now
}

fn colour(fields: &Fields) -> Option<String> {
    match fields.get("colour") {
        Some("other") => fields.get("other").map(str::to_owned),
        chosen => chosen.map(str::to_owned),
    }
}

fn level(fields: &Fields) -> Result<Option<u16>, Oops> {
    let bad = |_| Problem::bad_request("bad_level", "a level is a number from 0 to 65535");
    Ok(fields.get("level").map(str::parse).transpose().map_err(bad)?)
}

fn parents(fields: &Fields) -> Vec<RoleId> {
    let named = fields.all("parents").flat_map(str::split_whitespace);
    named.map(|id| RoleId::known(id.chars().take(LONGEST_ID).collect::<String>())).collect()
}

fn name_field(fields: &Fields) -> Markup {
    html! { div.field {
        label for="name" { "Name" }
        input id="name" name="name" value=(fields.text("name")) required maxlength="200" autocomplete="off";
    } }
}

fn description_field(fields: &Fields) -> Markup {
    html! { div.field {
        label for="description" { "Description " span.quiet { "(optional)" } }
        textarea id="description" name="description" rows="3" maxlength="2000" { (fields.text("description")) }
    } }
}

fn level_field(visit: &Visit, fields: &Fields) -> Markup {
    html! {
        @if visit.head.profile().is_ok_and(|profile| profile.policy().levels) { div.field {
            label for="level" { "Level" }
            input id="level" name="level" type="number" min="0" max="65535" required value=(fields.text("level")) aria-describedby="level-hint";
            small id="level-hint" { "A smaller number outranks a greater one." }
        } }
    }
}

fn colour_field(fields: &Fields) -> Markup {
    let chosen = colour(fields).unwrap_or_default();
    let known = chosen.is_empty() || PALETTE.iter().any(|(colour, _)| *colour == chosen);
    html! {
        fieldset.colours {
            legend { "Colour" }
            label { input type="radio" name="colour" value="" checked[chosen.is_empty()]; (dot(None)) "None" }
            @for (colour, label) in PALETTE {
                label { input type="radio" name="colour" value=(colour) checked[colour == chosen]; (dot(Some(colour))) (label) }
            }
            span {
                label { input type="radio" name="colour" value="other" checked[!known]; @if !known { (dot(Some(&chosen))) } "Other" }
                input name="other" value=(if known { "" } else { chosen.as_str() }) placeholder="#rrggbb" maxlength="7" aria-label="Other colour, as #rrggbb";
            }
        }
    }
}

/// The roles that can be inherited from.
fn parents_field(visit: &Visit, fields: &Fields, role: Option<&RoleEntry>) -> Markup {
    let chosen = parents(fields);
    let other = |entry: &RoleEntry| entry.assigned == AssignedBy::Hand && role.is_none_or(|role| role.id != entry.id);
    let others: Vec<&RoleEntry> =
        visit.head.state.roles().map(|(_, entry)| entry).filter(|entry| other(entry)).collect();
    html! {
        @if !others.is_empty() { fieldset.parents {
            legend { "Inherits the permissions of" }
            @for entry in others { label.check {
                input type="checkbox" name="parents" value=(entry.id) checked[chosen.contains(&entry.id)];
                (dot(entry.colour.as_deref())) (entry.name)
            } }
        } }
    }
}
