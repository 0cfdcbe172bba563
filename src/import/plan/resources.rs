//! The catalogue and the scopes that the files need.

use std::collections::{HashMap, HashSet};

use chancery_aggregates::Command;
use chancery_aggregates::access::in_use;
use chancery_aggregates::command::{OrganisationCommand, ScopeCommand};
use chancery_aggregates::profile::document::{CategoryDocument, PermissionDocument};
use chancery_aggregates::refusal::nearest;
use chancery_aggregates::state::ScopeIx;
use chancery_aggregates::vocabulary::{LONGEST_NAME, PermissionKey, ScopeId};

use super::{Ground, Plan};
use crate::import::error::{Findings, Reason};
use crate::import::key;

/// The key of the category that imported permissions are in.
const CATEGORY: &str = "imported";
/// The kind of scope that a domain becomes.
const DOMAIN: &str = "domain";

/// Where the domains of the files are here.
#[derive(Debug, Default)]
pub(super) struct Resources {
    /// By number of the domain. `None` is new.
    scopes: Vec<(ScopeId, Option<ScopeIx>)>,
}

impl Resources {
    /// The id of a domain's scope.
    pub(super) fn scope(&self, domain: u32) -> Option<&ScopeId> {
        self.scopes.get(domain as usize).map(|(id, _)| id)
    }

    /// The scope of a domain, if it is here already.
    pub(super) fn existing(&self, domain: u32) -> Option<ScopeIx> {
        self.scopes.get(domain as usize).and_then(|(_, ix)| *ix)
    }
}

pub(super) fn plan(ground: Ground<'_>, plan: &mut Plan, findings: &mut Findings) -> Resources {
    catalogue(ground, plan, findings);
    let mut resources = Resources::default();
    for domain in ground.policy.domains.numbers() {
        let scope = scope(ground, domain, plan, findings);
        resources.scopes.push(scope);
    }
    check_nesting(ground, &resources, findings);
    resources
}

fn catalogue(ground: Ground<'_>, plan: &mut Plan, findings: &mut Findings) {
    let Some(profile) = ground.state.profile() else { return };
    let permissions = &ground.policy.permissions;
    let mut added = Vec::new();
    for number in permissions.numbers() {
        let (key, place) = (permissions.text(number), permissions.place(number));
        if profile.permission_ix(key).is_some() {
            continue;
        }
        if let Err(because) = PermissionKey::parse(key) {
            findings.add(place, Reason::NotAnId { thing: "permission", text: key.to_owned(), because });
        } else if ground.blank || ground.options.extend_catalogue {
            let label = ground.policy.labels.get(number as usize).cloned().unwrap_or_default();
            let (key, description, narrows) = (key.into(), String::new(), Vec::new());
            added.push(PermissionDocument { key, label: shortened(&label), description, narrows, sensitive: false });
        } else {
            let known = profile.permissions().iter().map(|permission| permission.key.as_str());
            let nearest = nearest(key, known).map(String::from);
            findings.add(place, Reason::UnknownPermission { permission: key.to_owned(), nearest });
        }
    }
    if added.is_empty() {
        return;
    }
    plan.added.permissions = added.len();
    let categories = &profile.document().categories;
    let earlier = categories.iter().filter(|category| category.key.starts_with(CATEGORY)).count();
    let (key, label) = match earlier {
        0 => (CATEGORY.to_owned(), "Imported".to_owned()),
        _ => (format!("{CATEGORY}-{}", earlier + 1), format!("Imported ({})", earlier + 1)),
    };
    let category = CategoryDocument { key: key.into(), label, administration: false, permissions: added };
    plan.push(Command::Organisation(OrganisationCommand::ReviseCatalogue { added: vec![category] }), None);
}

/// A label is a name, with the same bound on its length.
fn shortened(label: &str) -> String {
    let end = (0..=LONGEST_NAME).rev().find(|end| label.is_char_boundary(*end)).unwrap_or(0);
    label.get(..end).unwrap_or(label).to_owned()
}

fn scope(ground: Ground<'_>, domain: u32, plan: &mut Plan, findings: &mut Findings) -> (ScopeId, Option<ScopeIx>) {
    let (text, place) = (ground.policy.domains.text(domain), ground.policy.domains.place(domain));
    let id = key::name(text);
    let existing = ground.state.scope_ix(&id);
    match (existing, ScopeId::parse(&id)) {
        (Some(ix), _) => {
            if !in_use(ground.state, ix) {
                findings.add(place, Reason::ArchivedDomain { domain: text.to_owned() });
            }
        }
        (None, Err(because)) => {
            findings.add(place, Reason::NotAnId { thing: "scope", text: text.to_owned(), because });
        }
        (None, Ok(id)) if ground.state.profile().is_some_and(|profile| profile.scope_kind(DOMAIN).is_some()) => {
            plan.added.scopes += 1;
            let create = ScopeCommand::CreateScope { name: text.into(), kind: Some(DOMAIN.into()), parent: None };
            plan.push(Command::Scope(id, create), Some(place));
        }
        (None, Ok(_)) => findings.add(place, Reason::UnknownDomain { domain: text.to_owned() }),
    }
    (ScopeId::known(id), existing)
}

/// Domains are apart from each other: scopes that reach into one another would widen what is held.
fn check_nesting(ground: Ground<'_>, resources: &Resources, findings: &mut Findings) {
    let of_scope: HashMap<ScopeIx, u32> =
        (0u32..).zip(&resources.scopes).filter_map(|(domain, (_, ix))| Some(((*ix)?, domain))).collect();
    for (scope, domain) in &of_scope {
        // What covers this scope: what is above it, and what any of that is shared with, and above that.
        let mut covering: HashSet<ScopeIx> = HashSet::new();
        for above in ground.state.ancestry(*scope) {
            covering.insert(above);
            for (with, _) in ground.state.scope(above).into_iter().flat_map(|scope| &scope.shared_with) {
                covering.extend(ground.state.ancestry(*with));
            }
        }
        covering.remove(scope);
        if let Some(other) = covering.iter().filter_map(|ix| of_scope.get(ix)).min() {
            let name = |domain: u32| ground.policy.domains.text(domain).to_owned();
            let reason = Reason::NestedDomain { domain: name(*domain), other: name(*other) };
            findings.add(ground.policy.domains.place(*domain), reason);
        }
    }
}
