//! Role × permission as text, one permission a line: to be kept in a file and reviewed as a difference.

use chancery_aggregates::AccessState;
use chancery_aggregates::profile::{Permission, Profile};
use chancery_aggregates::state::RoleEntry;
use chancery_aggregates::state::permission_set::PermissionIx;

/// What the marks mean.
const LEGEND: &str = "x permits, o permits for the holder's own only, > narrows other permissions, . does not permit";

/// The matrix of the roles that an organisation has: permissions by category, a column for each role.
/// Inherited permissions count.
pub fn matrix(state: &AccessState) -> String {
    let Some(profile) = state.profile() else { return String::new() };
    let roles: Vec<&RoleEntry> = state.roles().map(|(_, role)| role).collect();
    let width = profile.permissions().iter().map(|permission| permission.key.as_str().len()).max().unwrap_or(0);
    let ids: Vec<&str> = roles.iter().map(|role| role.id.as_str()).collect();
    let mut text = format!("# {}: what each role permits\n# {LEGEND}\n\n", profile.document().name);
    text.push_str(&format!("{:width$}  {}\n", "", ids.join("  ")));
    let mut category = None;
    let catalogue = profile.permissions().iter().filter_map(|permission| {
        let ix = profile.permission_ix(permission.key.as_str())?;
        Some((ix, permission))
    });
    for (ix, permission) in catalogue {
        if category != Some(permission.category) {
            category = Some(permission.category);
            text.push_str(&heading(profile, permission.category));
        }
        let marks: Vec<String> = roles
            .iter()
            .map(|role| format!("{:w$}", mark(profile, role, ix, permission), w = role.id.as_str().len()))
            .collect();
        let line = format!("{:width$}  {}", permission.key.as_str(), marks.join("  "));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&totals(&roles, profile, width));
    text
}

fn heading(profile: &Profile, category: usize) -> String {
    let category = profile.document().categories.get(category);
    category.map_or_else(String::new, |category| format!("\n[{}] {}\n", category.key, category.label))
}

fn totals(roles: &[&RoleEntry], profile: &Profile, width: usize) -> String {
    let counts: Vec<String> = roles
        .iter()
        .map(|role| format!("{:w$}", role.effective.and(profile.grants()).len(), w = role.id.as_str().len()))
        .collect();
    // Numbers are flush right, as they are added up; so nothing is to be trimmed.
    format!("\n{:width$}  {}\n", "permissions", counts.join("  "))
}

fn mark(profile: &Profile, role: &RoleEntry, ix: PermissionIx, permission: &Permission) -> char {
    let narrowed = profile
        .restrictions()
        .iter()
        .any(|(restriction, narrows)| role.effective.contains(*restriction) && narrows.contains(ix));
    match (role.effective.contains(ix), &permission.narrows, narrowed) {
        (false, ..) => '.',
        (true, Some(_), _) => '>',
        (true, None, true) => 'o',
        (true, None, false) => 'x',
    }
}

#[cfg(test)]
mod tests {
    use super::matrix;
    use crate::sample::History;

    #[test]
    fn a_matrix_shows_grants_inherited_ones_and_narrowed_ones() {
        let mut history = History::founded("buildings");
        history.add_role("porter", "Porter", &["assets.view", "tasks.complete"], &[]);
        history.add_role("night", "Night Porter", &["tasks.manage_own_only"], &["porter"]);
        let text = matrix(&history.state);
        let row =
            |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().split_whitespace().collect::<Vec<_>>();
        let marks: Vec<[&str; 3]> = ["assets.view", "tasks.complete", "tasks.manage_own_only", "assets.update"]
            .map(|key| <[&str; 3]>::try_from(row(key)).unwrap())
            .to_vec();
        let expected = [
            ["assets.view", "x", "x"],
            ["tasks.complete", "x", "o"],
            ["tasks.manage_own_only", ".", ">"],
            ["assets.update", ".", "."],
        ];
        assert_eq!(marks, expected);
        assert!(text.contains("[assets] Assets"));
    }
}
