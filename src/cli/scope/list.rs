//! `scope list`: the tree, as far as the reader sees it.

use std::collections::BTreeSet;

use chancery_aggregates::authority::Reader;
use chancery_aggregates::state::{AccessState, ScopeEntry, ScopeIx, fold_name};
use serde_json::{Value, json};

use crate::cli::options::At;
use crate::cli::output::{Table, Tone};
use crate::cli::{CliError, Done, Session};

/// Which scopes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only scopes with this in their name or id, and what they stand below
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    #[command(flatten)]
    at: At,
}

/// A scope in the tree that is shown.
struct Node<'a> {
    ix: ScopeIx,
    entry: &'a ScopeEntry,
    depth: usize,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let state = &view.facts.state;
    let reader = view.facts.reader()?;
    let shown = selected(&reader, args.search.as_deref());
    let nodes = tree(state, &shown);
    let rows: Vec<Value> = nodes.iter().map(|node| node_json(&reader, node)).collect();
    session.output().show(&rows, |page| {
        let mut table = Table::new(["scope", "id", "kind", "shared with", "state"]);
        for node in &nodes {
            let archived = node.entry.archived.map(|at| format!("archived (#{at})"));
            let tone = if archived.is_some() { Tone::Quiet } else { Tone::Plain };
            table.toned_row([
                (tone, format!("{}{}", "  ".repeat(node.depth), node.entry.name)),
                (tone, node.entry.id.to_string()),
                (tone, node.entry.kind.to_string()),
                (tone, shared_with(&reader, node.entry).join(", ")),
                (Tone::Warning, archived.unwrap_or_default()),
            ]);
        }
        page.table(table, "no scopes to show");
    })?;
    Ok(Done::Shown)
}

/// The scopes to show: those found, and the visible ones above them.
fn selected(reader: &Reader<'_>, search: Option<&str>) -> BTreeSet<ScopeIx> {
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
fn tree<'a>(state: &'a AccessState, shown: &BTreeSet<ScopeIx>) -> Vec<Node<'a>> {
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

fn shared_with(reader: &Reader<'_>, scope: &ScopeEntry) -> Vec<String> {
    let seen = scope.shared_with.iter().filter(|(with, _)| reader.sees_scope(*with));
    seen.map(|(with, _)| reader.facts().state.cite_scope(*with).name.to_string()).collect()
}

fn node_json(reader: &Reader<'_>, node: &Node<'_>) -> Value {
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
