//! What happened to the resource tree, in words.

use chancery_aggregates::event::ScopeEvent;
use chancery_aggregates::vocabulary::ScopeRef;

pub(super) fn tell(event: &ScopeEvent) -> String {
    match event {
        ScopeEvent::ScopeCreated { scope, kind, parent } => {
            let below = parent.as_ref().map_or_else(String::new, |parent| format!(" in {}", parent.name));
            format!("created the {} {}{below}", kind.replace('_', " "), scope.name)
        }
        ScopeEvent::ScopeRenamed { before, after, .. } => format!("renamed {before} to {after}"),
        ScopeEvent::ScopeMoved { scope, before, after } => {
            let place = |parent: &Option<ScopeRef>| parent.as_ref().map_or("the top", |parent| &parent.name).to_owned();
            format!("moved {} from {} to {}", scope.name, place(before), place(after))
        }
        ScopeEvent::ScopeShared { scope, with } => {
            format!("shared {} with whoever works in {}", scope.name, with.name)
        }
        ScopeEvent::ScopeUnshared { scope, with } => {
            format!("no longer shared {} with whoever works in {}", scope.name, with.name)
        }
        ScopeEvent::ScopeArchived { scope } => format!("archived {}", scope.name),
        ScopeEvent::ScopeRestored { scope } => format!("restored {}", scope.name),
    }
}
