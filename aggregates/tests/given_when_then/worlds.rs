//! The organisations that the tests begin with.

use chancery_aggregates::command::ScopeChoice;
use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::document::ProfileDocument;

use crate::commands::{add, add_in, assign, create, create_scope, member, new_role, role, scope};
use crate::fixture::World;

pub(crate) fn studio_profile() -> ProfileDocument {
    toml::from_str(include_str!("studio.toml")).expect("a profile")
}

fn product(name: &str) -> ProfileDocument {
    let (_, text) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name).expect("a built-in profile");
    toml::from_str(text).expect("a profile")
}

/// Ann alone, who holds Lead.
pub(crate) fn new_studio() -> World {
    World::founded(&studio_profile(), "ann")
}

/// Ann (Lead), Bob (Deputy), Tom (staff without a role); the houses North, with the room Attic, and
/// South, with the room Cellar.
pub(crate) fn studio() -> World {
    new_studio()
        .given("ann", member("bob", add("staff")))
        .given("ann", member("bob", assign("deputy")))
        .given("ann", member("tom", add("staff")))
        .given("ann", scope("north", create_scope("house", "North", None)))
        .given("ann", scope("south", create_scope("house", "South", None)))
        .given("ann", scope("attic", create_scope("room", "Attic", Some("north"))))
        .given("ann", scope("cellar", create_scope("room", "Cellar", Some("south"))))
}

/// PropLink: Priya (Organisation Owner), Anita (Administrator), Tom (no role), Rita (a portal user).
pub(crate) fn proplink() -> World {
    World::founded(&product("proplink"), "priya")
        .given("priya", member("anita", add_in("user", Some(ScopeChoice::All))))
        .given("priya", member("anita", assign("administrator")))
        .given("priya", member("tom", add("user")))
        .given("priya", member("rita", add("portal")))
}

/// PropOps: Sue (SysOps), Dan (Director), Fay (Finance), all of them staff.
pub(crate) fn propops() -> World {
    World::founded(&product("propops"), "sue")
        .given("sue", member("dan", add("staff")))
        .given("sue", member("dan", assign("director")))
        .given("sue", member("fay", add("staff")))
        .given("sue", member("fay", assign("finance")))
}

/// Workspace: Olga (Owner), Adam (Admin and Member), Max (Member).
pub(crate) fn workspace() -> World {
    World::founded(&product("workspace"), "olga")
        .given("olga", member("adam", add("member")))
        .given("olga", member("adam", assign("admin")))
        .given("olga", member("max", add("member")))
}

/// Buildings: Ada (Admin), Mia (a member), the building Tower, and a role Cleaner made by Ada.
pub(crate) fn buildings() -> World {
    World::founded(&product("buildings"), "ada")
        .given("ada", member("mia", add("member")))
        .given("ada", scope("tower", create_scope("building", "Tower", None)))
        .given("ada", role("cleaner", create(new_role("Cleaner", &["tasks.complete"]))))
}
