//! A role given to somebody, from the role's own page.

use axum::response::Response;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::profile::document::{AssignedBy, AssignmentScope};
use chancery_aggregates::state::{MemberEntry, RoleEntry, Status, fold_name};
use chancery_aggregates::vocabulary::{LONGEST_ID, MemberId, ScopeId, Window};
use chancery_aggregates::{Command, Refusal};
use maud::{Markup, html};

use super::{InRole, below, proposal};
use crate::api::body::InPath;
use crate::api::problem::Problem;
use crate::console::form::Deed;
use crate::console::fragments::{action, name_of};
use crate::console::members::{may, scope_options};
use crate::console::oops::Oops;
use crate::console::visit::Visit;

/// Members that the field suggests; others are named by who gives the role.
const SUGGESTED: usize = 200;
/// Members of whom it is asked whether the role could be given to them.
const ASKED: usize = 20;

/// The form, or the reason why there is none.
pub(super) fn form(visit: &Visit, role: &RoleEntry) -> Markup {
    let Ok(reader) = visit.facts.reader() else { return html! {} };
    let Ok(members) = reader.members() else { return html! {} };
    let others: Vec<&MemberEntry> = members
        .iter()
        .map(|(_, member)| *member)
        .filter(|member| member.status == Status::Active && member.id != visit.member)
        .take(SUGGESTED)
        .collect();
    if !visit.is_present() || role.assigned != AssignedBy::Hand || others.is_empty() {
        return html! {};
    }
    let allowed = possible(visit, role, &others);
    if allowed.is_err() {
        return action(&allowed, "Give this role", "");
    }
    let policy = visit.facts.state.profile().map(|profile| profile.policy().assignment_scope);
    html! {
        details.form {
            summary { "Give this role" }
            form.stack method="post" action={ (visit.present(&below(role.id.as_str()))) "/give" } {
                (visit.token())
                div.field {
                    label for="to" { "To " span.quiet { "(id or name of a member)" } }
                    input id="to" name="member" required maxlength="200" list="others" autocomplete="off";
                    datalist id="others" { @for member in &others {
                        option value=(member.id) { (name_of(&visit.facts.state, member)) }
                    } }
                }
                @if policy != Some(AssignmentScope::Never) { div.field {
                    label for="in" { "In" }
                    select id="in" name="scope" { option value="" { "the member’s own scope" } (scope_options(visit, None)) }
                } }
                div { button.main { "Preview" } }
            }
        }
    }
}

/// Whether the role could be given to anybody of these, somewhere: what is refused for other reasons than who
/// asks is for the form to find out.
fn possible(visit: &Visit, role: &RoleEntry, members: &[&MemberEntry]) -> Result<(), Refusal> {
    let give = MemberCommand::AssignRole { role: role.id.clone(), scope: None, window: Window::default() };
    let beyond = |member: &&MemberEntry| {
        may(visit, member, &give).err().filter(|refusal| {
            matches!(
                refusal,
                Refusal::MissingPermission { .. }
                    | Refusal::LevelCeiling { .. }
                    | Refusal::AssignedOnlyBy { .. }
                    | Refusal::Outranked { .. }
            )
        })
    };
    let refused: Option<Vec<Refusal>> = members.iter().take(ASKED).map(beyond).collect();
    refused.and_then(|refused| refused.into_iter().next()).map_or(Ok(()), Err)
}

pub(super) async fn give(InPath(path): InPath<InRole>, deed: Deed) -> Result<Response, Oops> {
    let (visit, fields) = (&deed.visit, &deed.fields);
    let reader = visit.head.reader()?;
    let (_, role) = reader.role(&path.role)?;
    let member = named(visit, fields.text("member"))?;
    let scope = fields.get("scope").map(|scope| ScopeId::known(scope.chars().take(LONGEST_ID).collect::<String>()));
    let assign = MemberCommand::AssignRole { role: role.id.clone(), scope, window: Window::default() };
    let name = reader.member(member.as_str()).map(|(_, member)| name_of(&visit.head.state, member))?;
    let mut proposal = proposal(visit, &role.id, format!("Give {} to {name}", role.name), Vec::new(), "give");
    proposal.commands = vec![Command::Member(member, assign)];
    (proposal.basis, proposal.notice) = (None, format!("{name} holds {} now.", role.name));
    drop(reader);
    deed.propose(proposal).await
}

/// The member with this id, or the only one with this name, of those whom the reader sees.
fn named(visit: &Visit, text: &str) -> Result<MemberId, Oops> {
    let reader = visit.head.reader()?;
    if let Ok((_, member)) = reader.member(text) {
        return Ok(member.id.clone());
    }
    let (wanted, state) = (fold_name(text), &visit.head.state);
    let members = reader.members()?;
    let mut called = members.iter().filter(|(_, member)| fold_name(&name_of(state, member)) == wanted);
    match (called.next(), called.next()) {
        (Some((_, member)), None) => Ok(member.id.clone()),
        (None, _) => Err(Problem::bad_request("unknown_member", format!("no member is called `{text}`")).into()),
        (Some(_), Some(_)) => {
            let detail = format!("more than one member is called `{text}`: write the id");
            Err(Problem::bad_request("ambiguous_member", detail).into())
        }
    }
}
