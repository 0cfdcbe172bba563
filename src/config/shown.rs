//! Settings as a file that people read, without secrets.

use std::fmt::Write as _;

/// What stands for a secret.
pub(super) const NOT_SHOWN: &str = "***";

pub(super) fn display(value: &impl std::fmt::Display) -> String {
    value.to_string()
}

pub(super) fn line(text: &mut String, doc: &[&str], name: &str, value: Option<String>) {
    for doc in doc {
        let _ = writeln!(text, "#{doc}");
    }
    let _ = match value {
        Some(value) if value == NOT_SHOWN => writeln!(text, "# {name} is set and not shown\n"),
        Some(value) if value.bytes().all(|byte| byte.is_ascii_digit()) => writeln!(text, "{name} = {value}\n"),
        Some(value) => writeln!(text, "{name} = {}\n", toml::Value::String(value)),
        None => writeln!(text, "# {name} is not set\n"),
    };
}

/// The location of a store without its password.
pub fn masked(store: &str) -> String {
    let after_scheme = store.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = store.split_at(after_scheme);
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let place = match place.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => place.to_owned(),
        },
        None => place.to_owned(),
    };
    let secret = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        if name.contains("password") { format!("{name}=***") } else { pair.to_owned() }
    };
    let query = query.map(|query| query.split('&').map(secret).collect::<Vec<_>>().join("&"));
    query.map_or_else(|| format!("{scheme}{place}"), |query| format!("{scheme}{place}?{query}"))
}
