//! What is missing here of what the files say: the commands of an import.

mod given;
mod members;
mod resources;
mod roles;

use std::collections::HashSet;

use chancery_aggregates::command::RoleCommand;
use chancery_aggregates::vocabulary::{AccountTypeKey, PermissionKey};
use chancery_aggregates::{AccessState, Command};

use self::resources::Resources;
use self::roles::Targets;
use super::error::{Findings, ImportError, Place};
use super::layout::{self, Layout};
use super::policy::Policy;

/// How an import meets what is here already.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Add permissions that the catalogue of a product's profile does not have.
    pub extend_catalogue: bool,
    /// Give out roles that are here already even if they permit more than the files say.
    pub join_roles: bool,
    /// Names of roles, in a Casbin policy, that nobody holds in it.
    pub roles: Vec<String>,
    /// Put before the name of every role.
    pub role_prefix: String,
    /// A role that gets all permissions of the files, so that its holders can give out the imported roles.
    pub governed_by: Option<String>,
    /// The level of new roles, where the profile has levels.
    pub level: Option<u16>,
    /// The account type of new members; absent, the profile's first.
    pub account_type: Option<AccountTypeKey>,
}

/// What an import adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// Permissions of the catalogue.
    pub permissions: usize,
    /// Scopes.
    pub scopes: usize,
    /// Roles.
    pub roles: usize,
    /// Permissions of roles, old and new ones.
    pub role_permissions: usize,
    /// Parents of roles, old and new ones.
    pub parents: usize,
    /// Members.
    pub members: usize,
    /// Assignments.
    pub assignments: usize,
}

/// Commands, each with the line that it comes from.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) commands: Vec<Command>,
    pub(super) places: Vec<Option<Place>>,
    pub(super) added: Added,
}

impl Plan {
    fn push(&mut self, command: Command, place: Option<Place>) {
        self.commands.push(command);
        self.places.push(place);
    }
}

/// What every step of planning looks at.
#[derive(Clone, Copy)]
struct Ground<'a> {
    policy: &'a Policy,
    state: &'a AccessState,
    options: &'a Options,
    /// The organisation grows by imports alone: its catalogue is theirs to extend.
    blank: bool,
}

/// Compares the files with the organisation. `parents_first` orders their hierarchy.
pub(super) fn plan(
    policy: &Policy,
    parents_first: &[u32],
    state: &AccessState,
    options: &Options,
    findings: &mut Findings,
) -> Result<Plan, ImportError> {
    let blank = state.profile().is_some_and(|profile| profile.document().name == "blank");
    let ground = Ground { policy, state, options, blank };
    let mut plan = Plan::default();
    let resources = resources::plan(ground, &mut plan, findings);
    let (layout, targets) = lay_out(ground, parents_first, &resources, findings)?;
    let mut given = roles::plan(ground, &layout, &targets, &mut plan, findings);
    govern(ground, &mut plan)?;
    members::plan(ground, &layout, &targets, &resources, &mut given, &mut plan, findings);
    given::check(ground, &layout, &targets, &given, findings);
    findings.none()?;
    Ok(plan)
}

/// Roles that are here, and held where the files do not use them, are not added to: they become a
/// role for each domain.
fn lay_out(
    ground: Ground<'_>,
    parents_first: &[u32],
    resources: &Resources,
    findings: &mut Findings,
) -> Result<(Layout, Targets), ImportError> {
    let mut split = HashSet::new();
    loop {
        let layout = layout::build(ground.policy, parents_first, &split)?;
        let targets = roles::resolve(ground, &layout, &mut Findings::default());
        let further = roles::used_elsewhere(ground, &layout, &targets, resources);
        if further.is_empty() {
            let targets = roles::resolve(ground, &layout, findings);
            return Ok((layout, targets));
        }
        // A role that is laid out for each domain is not among them again, so this comes to an end.
        split.extend(further);
    }
}

/// Gives one role everything that the files mention: grant-what-you-hold would otherwise leave
/// nobody who can give out what was imported.
fn govern(ground: Ground<'_>, plan: &mut Plan) -> Result<(), ImportError> {
    let Some(named) = &ground.options.governed_by else { return Ok(()) };
    let failed = |because| ImportError::Governing { role: named.clone(), because };
    let found = ground.state.role_ix(named).or_else(|| ground.state.role_named(named));
    let (Some(ix), Some(profile)) = (found, ground.state.profile()) else {
        return Err(failed("there is no such role"));
    };
    let Some(role) = ground.state.role(ix) else { return Err(failed("there is no such role")) };
    if role.locked || !roles::by_hand(role) {
        return Err(failed("it is locked, or not managed by hand"));
    }
    let permissions = &ground.policy.permissions;
    let missing: Vec<PermissionKey> = permissions
        .numbers()
        .map(|number| permissions.text(number))
        .filter(|key| !profile.permission_ix(key).is_some_and(|ix| role.own.contains(ix)))
        .map(PermissionKey::known)
        .collect();
    if !missing.is_empty() {
        plan.added.role_permissions += missing.len();
        plan.push(
            Command::Role(role.id.clone(), RoleCommand::TogglePermissions { allow: missing, deny: Vec::new() }),
            None,
        );
    }
    Ok(())
}
