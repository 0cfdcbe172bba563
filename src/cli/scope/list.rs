//! `scope list`: the tree, as far as the reader sees it.

use serde_json::Value;

use crate::cli::options::At;
use crate::cli::output::{Table, Tone};
use crate::cli::{CliError, Done, Session};
use crate::views::scope::{node_json, selected, shared_with, tree};

/// Which scopes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only scopes with this in their name or id, and what they stand below
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    #[command(flatten)]
    at: At,
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
