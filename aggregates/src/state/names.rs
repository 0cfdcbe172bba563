//! Role names are unique whatever their case.

use compact_str::CompactString;

/// The form in which two names are the same: trimmed, white space runs made one space, case folded.
///
/// By way of upper case, since some letters have several lower-case forms: `ς` and `σ`, `ß` and `ss`.
pub fn fold_name(name: &str) -> CompactString {
    let mut folded = CompactString::default();
    for word in name.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::fold_name;

    #[test]
    fn case_and_white_space_make_no_difference() {
        assert_eq!(fold_name("  Site   Manager "), fold_name("site manager"));
        assert_eq!(fold_name("ÉCLAIR"), fold_name("éclair"));
        assert_eq!(fold_name("ΟΔΟΣ"), fold_name("οδος"));
        assert_eq!(fold_name("STRASSE"), fold_name("Straße"));
        assert_ne!(fold_name("Site Manager"), fold_name("SiteManager"));
    }
}
