//! Ids for things whose makers name none.

use chancery_aggregates::AccessState;
use chancery_aggregates::state::fold_name;
use chancery_aggregates::vocabulary::RoleId;

/// How many ids are tried for roles with alike names.
const LAST_NUMBER: u32 = 99;

/// An id for a new role that can be read. A request that is `repeatable`, under its idempotency key,
/// gets the id that it had the first time.
pub(crate) fn readable_role_id(state: &AccessState, name: &str, repeatable: bool) -> RoleId {
    let suits = |id: &RoleId| match state.role_by_id(id.as_str()) {
        Some(taken) => repeatable && fold_name(&taken.name) == fold_name(name),
        None => true,
    };
    let slug = slug(name);
    let numbered = (2..=LAST_NUMBER).map(|number| format!("{slug}_{number}"));
    let readable = std::iter::once(slug.clone()).chain(numbered).map_while(|id| RoleId::parse(&id).ok());
    readable.filter(|_| !slug.is_empty()).find(suits).unwrap_or_else(|| RoleId::known(uuid::Uuid::now_v7().to_string()))
}

/// `Site Manager (North)` as `site_manager_north`.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn an_id_is_made_from_the_name() {
        assert_eq!(slug("Site Manager (North)"), "site_manager_north");
        assert_eq!(slug("  Éclair / 7 "), "éclair_7");
        assert_eq!(slug("***"), "");
    }
}
