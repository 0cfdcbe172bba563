//! The tree of scopes, as far as a reader sees it.

use std::collections::BTreeSet;

use chancery_aggregates::authority::Reader;
use chancery_aggregates::state::{AccessState, ScopeEntry, ScopeIx, fold_name};
use serde_json::{Value, json};

/// A scope in the tree that is shown.
pub(crate) struct Node<'a> {
    pub(crate) ix: ScopeIx,
    pub(crate) entry: &'a ScopeEntry,
    pub(crate) depth: usize,
}

/// The scopes to show: those found, and the visible ones above them.
pub(crate) fn selected(reader: &Reader<'_>, search: Option<&str>) -> BTreeSet<ScopeIx> {
    let state = &reader.facts().state;
    let visible: BTreeSet<ScopeIx> = reader.scopes().into_iter().map(|(ix, _)| ix).collect();
    let Some(wanted) = search.map(fold_name) else { return visible };
    let has = |text: &str| fold_name(text).contains(wanted.as_str());
    let found =
        visible.iter().filter(|ix| state.scope(**ix).is_some_and(|scope| has(&scope.name) || has(scope.id.as_str())));
    found.flat_map(|ix| state.ancestry(*ix)).filter(|ix| visible.contains(ix)).collect()
}

/// The scopes in the order of the tree, siblings by name. What stands below something that is not
/// shown stands at the top.
pub(crate) fn tree<'a>(state: &'a AccessState, shown: &BTreeSet<ScopeIx>) -> Vec<Node<'a>> {
    let mut pending: Vec<(ScopeIx, usize)> = shown
        .iter()
        .filter(|ix| state.scope(**ix).is_some_and(|scope| scope.parent.is_none_or(|above| !shown.contains(&above))))
        .map(|ix| (*ix, 0))
        .collect();
    let by_name = |pending: &mut [(ScopeIx, usize)]| {
        pending.sort_by_cached_key(|(ix, _)| state.scope(*ix).map(|scope| fold_name(&scope.name)));
        // The next one is taken from the end.
        pending.reverse();
    };
    by_name(&mut pending);
    let mut nodes = Vec::new();
    while let Some((ix, depth)) = pending.pop() {
        let Some(entry) = state.scope(ix) else { continue };
        nodes.push(Node { ix, entry, depth });
        let children = entry.children.iter().filter(|child| shown.contains(child));
        let mut children: Vec<(ScopeIx, usize)> = children.map(|child| (*child, depth + 1)).collect();
        by_name(&mut children);
        pending.extend(children);
    }
    nodes
}

/// The names of the scopes that one is shared with.
pub(crate) fn shared_with(reader: &Reader<'_>, scope: &ScopeEntry) -> Vec<String> {
    let seen = scope.shared_with.iter().filter(|(with, _)| reader.sees_scope(*with));
    seen.map(|(with, _)| reader.facts().state.cite_scope(*with).name.to_string()).collect()
}

/// A scope, for programs.
pub(crate) fn node_json(reader: &Reader<'_>, node: &Node<'_>) -> Value {
    let state = &reader.facts().state;
    let cite = |ix: &ScopeIx| state.cite_scope(*ix).id;
    let entry = node.entry;
    let shared: Vec<_> =
        entry.shared_with.iter().map(|(with, _)| with).filter(|with| reader.sees_scope(**with)).map(cite).collect();
    json!({
        "id": entry.id,
        "name": entry.name,
        "kind": entry.kind,
        "parent": entry.parent.filter(|above| reader.sees_scope(*above)).as_ref().map(cite),
        "depth": node.depth,
        "shared_with": shared,
        "archived_position": entry.archived,
        "in_use": chancery_aggregates::access::in_use(state, node.ix),
    })
}
