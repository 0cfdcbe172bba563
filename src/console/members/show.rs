//! The page of a member.

use axum::response::Response;
use chancery_aggregates::Refusal;
use chancery_aggregates::authority::Reader;
use chancery_aggregates::command::{MemberCommand, OrganisationCommand, ScopeChoice};
use chancery_aggregates::organisation::Organisation;
use chancery_aggregates::profile::document::{AssignedBy, AssignmentScope};
use chancery_aggregates::state::{Assignment, Coverage, DocumentStatus, MemberEntry, MemberIx, RoleEntry, Status};
use chancery_aggregates::vocabulary::{Field, MemberKind};
use chancery_projections::access::held_by_place;
use chancery_projections::activity::Filter;
use chancery_projections::words;
use maud::{Markup, html};

use super::list::{standing, type_label};
use super::{InMember, below, may, scope_options, scopes};
use crate::api::body::InPath;
use crate::console::change::basis_fields;
use crate::console::form::Fields;
use crate::console::fragments::{action, count, dot, name_of, time};
use crate::console::log;
use crate::console::oops::{Oops, sentence};
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::views::member::{Seen, readable, waits};

/// Entries of the member's history on the page.
const HISTORY: usize = 15;

pub(super) async fn show(visit: Visit, InPath(path): InPath<InMember>) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let (ix, member) = reader.member(&path.member)?;
    let seen = Seen::of(&reader, ix, member);
    let name = name_of(&visit.facts.state, member);
    let filter = Filter { member: Some(member.id.to_string()), ..Filter::default() };
    let history = log::entries(&visit, filter, u64::MAX, HISTORY).await.ok();
    let page = Page { visit: &visit, reader: &reader, ix, member, seen: &seen };
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/members")) { "Members" } }
        div.heading {
            h1 { (name) }
            span.badges {
                span.badge { (type_label(&visit, member)) }
                @if member.kind == MemberKind::Service { span.badge { "service account" } }
                (standing(&visit, ix, member))
            }
        }
        @if let Some(denial) = waits(&visit.facts.state, ix, visit.facts.now) {
            p.notice.warn { strong { "No access at present: " } (denial.to_string()) "." }
        }
        (page.facts())
        @if visit.is_present() { (page.standing_actions()) }
        @if seen.hidden {
            p.notice { "Members of this account type do not see their own roles and permissions." }
        } @else {
            (page.roles()) (page.scope()) (page.toggles()) (page.documents()) (page.effective())
        }
        @if let Some(history) = &history {
            section aria-labelledby="history" {
                h2 id="history" { "History" }
                @if history.is_empty() { p.empty { "Nothing that you may read." } }
                (log::show(&visit, history))
            }
        }
    };
    Ok(visit.page(Section::Members, &name, &content))
}

struct Page<'a> {
    visit: &'a Visit,
    reader: &'a Reader<'a>,
    ix: MemberIx,
    member: &'a MemberEntry,
    seen: &'a Seen<'a>,
}

impl Page<'_> {
    fn path(&self) -> String {
        self.visit.link(&below(self.member.id.as_str()))
    }

    fn may(&self, command: &MemberCommand) -> Result<(), Refusal> {
        may(self.visit, self.member, command)
    }

    /// The beginning of a form about this member.
    fn bound(&self) -> Markup {
        html! { (self.visit.token()) (basis_fields(self.member.sequence, &self.visit.head.state)) }
    }

    /// A button that asks for a change, or the reason why it cannot.
    fn ask(&self, deed: &str, label: &str, grave: bool, command: &MemberCommand) -> Markup {
        self.ask_if(&self.may(command), deed, label, grave)
    }

    fn ask_if(&self, allowed: &Result<(), Refusal>, deed: &str, label: &str, grave: bool) -> Markup {
        if allowed.is_err() {
            return action(allowed, label, "");
        }
        html! { form method="post" action={ (self.path()) "/do/" (deed) } { (self.bound()) button.grave[grave] { (label) "…" } } }
    }

    fn facts(&self) -> Markup {
        let (state, member) = (&self.visit.facts.state, self.member);
        let verified = if member.email_verified.is_some() { "verified" } else { "not verified" };
        html! {
            dl.facts {
                @if let Some(email) = readable(state, member, Field::Email) { div { dt { "E-mail" } dd { (email) " " span.badge { (verified) } } } }
                @if let Some(phone) = readable(state, member, Field::Phone) { div { dt { "Phone" } dd { (phone) } } }
                div { dt { "Works in" } dd { (self.seen.scope_words(&self.visit.facts.state)) } }
                div { dt { "Added" } dd { (time(member.added.time)) } }
                div { dt { "Id" } dd { code { (member.id) } } }
            }
        }
    }

    fn standing_actions(&self) -> Markup {
        let transfer = OrganisationCommand::TransferOwner { to: self.member.id.clone() };
        let head = &self.visit.head;
        let may_transfer = Organisation::of(&head.state).decide(&transfer, head).is_ok_and(|events| !events.is_empty());
        html! {
            div.actions {
                @match self.member.status {
                    Status::Active => (self.ask("suspend", "Suspend", false, &MemberCommand::SuspendMember)),
                    Status::Suspended => (self.ask("reactivate", "Reactivate", false, &MemberCommand::ReactivateMember)),
                    Status::Removed => {},
                }
                @if self.member.status != Status::Removed { (self.ask("remove", "Remove", true, &MemberCommand::RemoveMember)) }
                @if may_transfer { (self.ask_if(&Ok(()), "make-owner", "Hand the ownership over", true)) }
            }
        }
    }

    fn roles(&self) -> Markup {
        let state = &self.visit.facts.state;
        html! {
            section aria-labelledby="roles" {
                h2 id="roles" { "Roles" }
                @if self.seen.assignments.is_empty() { p.empty { "No role: a scope without a role can do nothing." } }
                ul.rows { @for held in &self.seen.assignments { @if let Some(role) = state.role(held.role) { li {
                    span { (dot(role.colour.as_deref())) " "
                        a href=(self.visit.link(&format!("/roles/{}", super::super::visit::segment(role.id.as_str())))) { (role.name) }
                        @if let Some(scope) = held.scope { " in " (state.cite_scope(scope).name) }
                        @if !held.window.is_open() { " " span.badge { (words::window(held.window)) } }
                    }
                    @if self.visit.is_present() { (self.take_away(role, held)) }
                } } } }
                @if self.visit.is_present() && self.member.status != Status::Removed { (self.give()) }
            }
        }
    }

    fn take_away(&self, role: &RoleEntry, held: &Assignment) -> Markup {
        let scope = held.scope.map(|scope| self.visit.head.state.cite_scope(scope).id);
        let command = MemberCommand::UnassignRole { role: role.id.clone(), scope: scope.clone() };
        let allowed = self.may(&command);
        html! {
            @if let Err(refusal) = &allowed { small { (sentence(&refusal.to_string())) } } @else {
                form method="post" action={ (self.path()) "/do/unassign" } {
                    (self.bound())
                    input type="hidden" name="role" value=(role.id);
                    @if let Some(scope) = &scope { input type="hidden" name="scope" value=(scope); }
                    button { "Take away…" span.hidden { " " (role.name) } }
                }
            }
        }
    }

    /// The form that gives a role; roles that this actor never gives are greyed out with the reason.
    fn give(&self) -> Markup {
        let Ok(roles) = self.reader.roles() else { return html! {} };
        let roles: Vec<&RoleEntry> =
            roles.into_iter().map(|(_, role)| role).filter(|role| role.assigned == AssignedBy::Hand).collect();
        let unable = roles.iter().map(|role| {
            let give = MemberCommand::AssignRole { role: role.id.clone(), scope: None, window: Default::default() };
            self.may(&give).err().filter(|refusal| matches!(refusal, Refusal::MissingPermission { .. }))
        });
        if let Some(refusal) = unable.collect::<Option<Vec<_>>>().and_then(|unable| unable.into_iter().next()) {
            return action(&Err(refusal), "Give a role", "");
        }
        let policy = self.visit.facts.state.profile().map(|profile| profile.policy().assignment_scope);
        let option = |role: &RoleEntry| {
            let give = MemberCommand::AssignRole { role: role.id.clone(), scope: None, window: Default::default() };
            let never = self.may(&give).err().filter(|refusal| {
                matches!(
                    refusal,
                    Refusal::LevelCeiling { .. }
                        | Refusal::AssignedOnlyBy { .. }
                        | Refusal::SelfChange { .. }
                        | Refusal::RoleForOtherAccountType { .. }
                        | Refusal::Outranked { .. }
                )
            });
            let reason = never.map(|refusal| format!(" (no: {refusal})")).unwrap_or_default();
            html! { option value=(role.id) disabled[!reason.is_empty()] { (role.name) (reason.replace('`', "")) } }
        };
        html! {
            details.form {
                summary { "Give a role" }
                form.stack method="post" action={ (self.path()) "/do/assign" } {
                    (self.bound())
                    div.field { label for="give" { "Role" } select id="give" name="role" required {
                        option value="" { "Choose…" }
                        @for role in &roles { (option(role)) }
                    } }
                    @if policy != Some(AssignmentScope::Never) { div.field { label for="in" { "In" } select id="in" name="scope" {
                        option value="" { "the member’s own scope" } (scope_options(self.visit, None))
                    } } }
                    div.row {
                        div.field { label for="from" { "From " span.quiet { "(UTC, optional)" } } input id="from" type="datetime-local" name="from"; }
                        div.field { label for="until" { "Until " span.quiet { "(UTC, optional)" } } input id="until" type="datetime-local" name="until"; }
                    }
                    div { button.main { "Preview" } }
                }
            }
        }
    }

    fn scope(&self) -> Markup {
        let state = &self.visit.facts.state;
        let allowed = self.may(&MemberCommand::ChangeScope { scope: self.choice() });
        html! {
            section aria-labelledby="scope" {
                h2 id="scope" { "Scope" }
                p { "Roles without a scope of their own work in " strong { (words::coverage(state, &self.seen.scope)) } "." }
                @if self.visit.is_present() && self.member.status != Status::Removed {
                    @match &allowed {
                        Ok(()) => (self.scope_form()),
                        Err(refusal) => p.quiet { (sentence(&refusal.to_string())) },
                    }
                }
            }
        }
    }

    /// The scope as it is, as a choice.
    fn choice(&self) -> ScopeChoice {
        let state = &self.visit.head.state;
        match &self.member.scope {
            Coverage::None => ScopeChoice::None,
            Coverage::All => ScopeChoice::All,
            Coverage::Nodes { by_group, nodes } => {
                let ids = nodes.iter().map(|node| state.cite_scope(*node).id).collect();
                if *by_group { ScopeChoice::ByGroup(ids) } else { ScopeChoice::Selected(ids) }
            }
        }
    }

    fn scope_form(&self) -> Markup {
        let (by_group, nodes) = match &self.seen.scope {
            Coverage::Nodes { by_group, nodes } => (*by_group, nodes.as_slice()),
            _ => (false, [].as_slice()),
        };
        let selected = matches!(self.seen.scope, Coverage::Nodes { .. });
        let profile = self.visit.facts.state.profile();
        let groups = profile.is_some_and(|profile| profile.document().scope_kinds.iter().any(|kind| kind.group));
        html! {
            details.form {
                summary { "Change the scope" }
                form.stack method="post" action={ (self.path()) "/do/scope" } {
                    (self.bound())
                    fieldset { legend { "Where roles work" }
                        label.check { input type="radio" name="kind" value="none" checked[self.seen.scope == Coverage::None]; "Nowhere" }
                        label.check { input type="radio" name="kind" value="all" checked[self.seen.scope == Coverage::All]; "The whole organisation" }
                        label.check { input type="radio" name="kind" value="selected" checked[selected && !by_group]; "The parts that are ticked below" }
                        @if groups { label.check { input type="radio" name="kind" value="by_group" checked[by_group]; "By group: everything in the groups that are ticked below, also what is added later" } }
                    }
                    fieldset.tree { legend { "Parts" }
                        @for (ix, entry, depth) in scopes(self.visit) {
                            label.check data-depth=(depth.min(8)) { input type="checkbox" name="node" value=(entry.id) checked[nodes.contains(&ix)];
                                (entry.name) span.badge { (entry.kind) } }
                        }
                    }
                    div { button.main { "Preview" } }
                }
            }
        }
    }

    fn toggles(&self) -> Markup {
        let profile = self.visit.facts.state.profile();
        let toggles: Vec<_> = self
            .seen
            .toggles
            .iter()
            .filter_map(|toggle| Some((toggle, profile?.permission(toggle.permission)?)))
            .collect();
        html! {
            section aria-labelledby="direct" {
                h2 id="direct" { "Direct toggles" }
                @if toggles.is_empty() { p.quiet { "None: what this member may do comes from roles alone." } }
                ul.rows { @for (toggle, permission) in &toggles { li {
                    span { @if toggle.allowed { span.badge.good { "allowed" } } @else { span.badge.bad { "withheld" } } " " (permission.label) " " code { (permission.key) } }
                } } }
                @if self.visit.is_present() && self.member.status != Status::Removed {
                    p { a.button href={ (self.path()) "/toggles" } { "Toggle directly" } }
                }
            }
        }
    }

    fn documents(&self) -> Markup {
        let of = self.visit.facts.state.profile().and_then(|profile| profile.account_type(self.member.account_type));
        let asked = of.map(|of| of.documents.as_slice()).unwrap_or_default();
        if asked.is_empty() {
            return html! {};
        }
        let status = |kind: &str| self.member.documents.iter().find(|document| document.kind.as_str() == kind);
        html! {
            section aria-labelledby="documents" {
                h2 id="documents" { "Documents" }
                ul.rows { @for kind in asked { @let document = status(kind); li {
                    span { (kind) " "
                        @match document.map(|document| document.status) {
                            None => span.badge.warn { "missing" },
                            Some(DocumentStatus::Submitted) => span.badge.warn { "waits for review" },
                            Some(DocumentStatus::Approved(None)) => span.badge.good { "approved" },
                            Some(DocumentStatus::Approved(Some(until))) => { span.badge.good { "approved" } " until " (time(until)) },
                            Some(DocumentStatus::Rejected) => span.badge.bad { "rejected" },
                            Some(DocumentStatus::Expired) => span.badge.bad { "expired" },
                        }
                    }
                    @if self.visit.is_present() && document.is_some_and(|document| document.status == DocumentStatus::Submitted) { (self.review(kind)) }
                } } }
            }
        }
    }

    fn review(&self, kind: &str) -> Markup {
        let reject =
            MemberCommand::RejectDocument { document: chancery_aggregates::vocabulary::DocumentKind::known(kind) };
        if let Err(refusal) = self.may(&reject) {
            return html! { small { (sentence(&refusal.to_string())) } };
        }
        let expires = format!("expires-{kind}");
        html! {
            form.row method="post" action={ (self.path()) "/do/approve" } {
                (self.bound()) input type="hidden" name="document" value=(kind);
                label for=(expires) { "Counts until" } input id=(expires) type="date" name="expires";
                button { "Approve…" }
                button formaction={ (self.path()) "/do/reject" } { "Reject…" }
            }
        }
    }

    /// What the member may do, where, and why.
    fn effective(&self) -> Markup {
        let facts = &self.visit.facts;
        let held = held_by_place(&facts.state, self.ix, facts.now);
        let sees = |scope: &str| self.reader.scope(scope).is_ok();
        html! {
            section aria-labelledby="effective" {
                h2 id="effective" { "What this member may do" }
                @if held.is_empty() { p.empty { "Nothing at present." } }
                @for at in &held {
                    @let scope = at.places.scopes.iter().find(|scope| sees(scope.id.as_str()));
                    @if at.places.organisation || scope.is_some() {
                        h3 { (at.places.summary) }
                        @for category in &at.categories { details.category {
                            summary { span.name { (category.label) } span.counter { (category.held.len()) "/" (category.size) } }
                            ul.permissions.held { @for permission in &category.held { li {
                                span.label { (permission.label) } " " code { (permission.key) }
                                @if permission.only_own { " " span.badge.warn { "own only" } }
                                " " a href=(self.why(permission.key.as_str(), scope.map(|scope| scope.id.as_str()).filter(|_| !at.places.organisation))) { "why?" span.hidden { " " (permission.label) } }
                            } } }
                        } }
                        p.quiet { (count(at.categories.iter().map(|category| category.held.len()).sum(), "permission")) }
                    }
                }
            }
        }
    }

    fn why(&self, permission: &str, scope: Option<&str>) -> String {
        let mut fields = Fields::default().with("member", self.member.id.as_str()).with("permission", permission);
        if let Some(scope) = scope {
            fields = fields.with("scope", scope);
        }
        if let Some(past) = &self.visit.past {
            fields = fields.with("at", &past.asked);
        }
        format!("{}?{}", self.visit.present("/ask"), fields.query())
    }
}
