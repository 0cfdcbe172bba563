//! Patterns that select permissions of a catalogue.
//!
//! A list of patterns is read from the first to the last. `*` stands for any characters, a leading
//! `!` takes away again: `["api.*", "!api.system.*", "api.system.status.view"]`.

use compact_str::CompactString;

/// Whether a key is selected by a list of patterns.
pub fn selects(patterns: &[CompactString], key: &str) -> bool {
    patterns.iter().fold(false, |selected, pattern| match pattern.strip_prefix('!') {
        Some(excluded) => selected && !matches(excluded, key),
        None => selected || matches(pattern, key),
    })
}

/// Whether one pattern, without a leading `!`, matches a key.
pub fn matches(pattern: &str, key: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == key;
    };
    let Some(mut remaining) = key.strip_prefix(head) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return remaining.ends_with(part);
        }
        match remaining.find(part).and_then(|at| remaining.get(at + part.len()..)) {
            Some(after) => remaining = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("api.*", "api.email.send.manage"));
        assert!(matches("*.view", "api.email.verify.view"));
        assert!(matches("api.*.view", "api.email.verify.view"));
        assert!(!matches("api.*.view", "api.view"));
        assert!(!matches("page.*", "api.email.send.manage"));
        assert!(matches("doc.passport.read", "doc.passport.read"));
        assert!(!matches("doc.passport", "doc.passport.read"));
    }

    #[test]
    fn a_later_pattern_overrules_an_earlier_one() {
        let patterns = ["api.*", "!api.system.*", "api.system.status.view"].map(CompactString::from);
        assert!(selects(&patterns, "api.jobs.view"));
        assert!(!selects(&patterns, "api.system.maintenance.manage"));
        assert!(selects(&patterns, "api.system.status.view"));
    }
}
