//! The second opinion: folds a whole log from its JSON, with plain strings, and answers from that.
//! Slow, obvious, and without a line of the crate's own fold or evaluation.

mod answer;
mod fold;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

type Time = DateTime<Utc>;

/// What a member may do with a permission somewhere: nothing, on their own only, or on everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grip {
    No,
    Own,
    Full,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Organisation,
    Scope(String),
}

/// As it is, or as it would be with guards passed and suspensions ended, or with archived scopes in
/// use again as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Actual,
    Potential,
    Restored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Unnamed,
    Subject,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Allowed { only_own: bool },
    NotFound,
    Forbidden,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) colour: Option<String>,
    pub(crate) level: Option<u64>,
    pub(crate) locked: bool,
    pub(crate) everywhere: bool,
    pub(crate) assigned: String,
    pub(crate) assigned_only_by: BTreeSet<String>,
    pub(crate) account_types: BTreeSet<String>,
    pub(crate) own: BTreeSet<String>,
    pub(crate) inherits: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    Nothing,
    All,
    Nodes { by_group: bool, nodes: BTreeSet<String> },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Option<Time>,
    pub(crate) until: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) account_type: String,
    pub(crate) details: Value,
    pub(crate) status: &'static str,
    pub(crate) verified: bool,
    /// Status, and when an approval ends.
    pub(crate) documents: BTreeMap<String, (&'static str, Option<Time>)>,
    pub(crate) scope: Reach,
    pub(crate) assignments: BTreeMap<(String, Option<String>), Window>,
    pub(crate) toggles: BTreeMap<String, bool>,
    /// A program, and not a person.
    pub(crate) program: bool,
    /// When each key ends, and whether it was revoked.
    pub(crate) keys: BTreeMap<String, (Option<Time>, bool)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) parent: Option<String>,
    pub(crate) shared_with: BTreeSet<String>,
    pub(crate) archived: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Oracle {
    pub(crate) policy: Value,
    pub(crate) authority: Value,
    account_types: BTreeMap<String, Value>,
    /// The catalogue: each permission with the patterns that it narrows.
    pub(crate) permissions: BTreeMap<String, Vec<String>>,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) scopes: BTreeMap<String, Scope>,
    effective: BTreeMap<String, BTreeSet<String>>,
    restrictions: BTreeMap<String, Vec<String>>,
    bounds: RefCell<BTreeMap<(String, String), bool>>,
}

/// All that decides what a member holds at one place and instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hand<'a> {
    paths: Vec<&'a BTreeSet<String>>,
    toggles: &'a BTreeMap<String, bool>,
    toggles_reach: bool,
    account_type: &'a str,
}

/// `*` stands for any characters.
fn glob(pattern: &[u8], key: &[u8]) -> bool {
    match pattern.split_first() {
        None => key.is_empty(),
        Some((b'*', rest)) => (0..=key.len()).any(|skipped| glob(rest, &key[skipped..])),
        Some((letter, rest)) => key.first() == Some(letter) && glob(rest, &key[1..]),
    }
}

/// The last pattern that matches decides; a leading `!` takes away.
pub(crate) fn selects(patterns: &[String], key: &str) -> bool {
    for pattern in patterns.iter().rev() {
        let (adds, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (false, pattern),
            None => (true, pattern.as_str()),
        };
        if glob(pattern.as_bytes(), key.as_bytes()) {
            return adds;
        }
    }
    false
}

impl Window {
    pub(crate) fn holds(self, at: Time) -> bool {
        let begun = match self.from {
            Some(from) => at >= from,
            None => true,
        };
        let over = match self.until {
            Some(until) => at >= until,
            None => false,
        };
        begun && !over
    }
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}
