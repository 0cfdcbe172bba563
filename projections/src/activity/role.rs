//! What happened to roles, in words.

use chancery_aggregates::event::{RoleCreated, RoleEvent};

use crate::words;

pub(super) fn tell(event: &RoleEvent) -> String {
    match event {
        RoleEvent::RoleCreated(created) => tell_created(created),
        RoleEvent::RoleRenamed { before, after, .. } => format!("renamed the role {before} to {after}"),
        RoleEvent::RoleDescribed { role, before, after } => match (before.is_empty(), after.is_empty()) {
            (true, _) => format!("described the role {} as “{after}”", role.name),
            (false, true) => format!("removed the description of the role {}, which was “{before}”", role.name),
            (false, false) => {
                format!("changed the description of the role {} from “{before}” to “{after}”", role.name)
            }
        },
        RoleEvent::RoleRecoloured { role, before, after } => {
            let colour = |colour: &Option<_>| colour.as_ref().map_or("none".to_owned(), ToString::to_string);
            format!("changed the colour of the role {} from {} to {}", role.name, colour(before), colour(after))
        }
        RoleEvent::RoleLevelChanged { role, before, after } => {
            let level = |level: &Option<u16>| level.map_or("none".to_owned(), |level| level.to_string());
            format!("changed the level of the role {} from {} to {}", role.name, level(before), level(after))
        }
        RoleEvent::PermissionToggled { role, permission, after, .. } => {
            let switched = if *after { "switched on" } else { "switched off" };
            let permission = words::permission(permission.id.as_str(), &permission.name);
            format!("{switched} {permission} for the role {}", role.name)
        }
        RoleEvent::RoleInheritanceChanged { role, before, after } => match (before.is_empty(), after.is_empty()) {
            (true, _) => format!("let the role {} inherit from {}", role.name, words::roles(after)),
            (false, true) => format!("let the role {} no longer inherit from {}", role.name, words::roles(before)),
            (false, false) => {
                let (before, after) = (words::roles(before), words::roles(after));
                format!("let the role {} inherit from {after} instead of {before}", role.name)
            }
        },
        RoleEvent::RoleLocked { role } => format!("locked the role {}", role.name),
        RoleEvent::RoleUnlocked { role } => format!("unlocked the role {}", role.name),
        RoleEvent::RoleDeleted { role, holders: 0, .. } => format!("deleted the role {}", role.name),
        RoleEvent::RoleDeleted { role, holders, .. } => {
            format!("deleted the role {}, which {} held", role.name, words::count(*holders as usize, "member"))
        }
    }
}

fn tell_created(created: &RoleCreated) -> String {
    let kind = if created.built_in { "built-in role" } else { "role" };
    let permissions = match created.permissions.len() {
        0 => "no permissions".to_owned(),
        number => words::count(number, "permission"),
    };
    let mut told = format!("created the {kind} {} with {permissions}", created.role.name);
    if !created.inherits.is_empty() {
        told.push_str(&format!(", inheriting from {}", words::roles(&created.inherits)));
    }
    if let Some(level) = created.level {
        told.push_str(&format!(", at level {level}"));
    }
    if let Some(source) = &created.duplicate_of {
        told.push_str(&format!(", as a copy of {}", source.name));
    }
    told
}
