//! The hashes of an append: what the log's Merkle tree gains with it.
//!
//! They are worked out before a request is queued, from the tree's right edge at the head that the request
//! expects. That is safe because an append at another head is a conflict, and the events up to a head never
//! change: a right edge, once known, stays true.

use std::collections::HashMap;
use std::ops::Deref;

use parking_lot::Mutex;

use super::{Append, Appended, Store, StoreError};
use crate::log::line::Line;
use crate::log::{Frontier, Hashes, Node};

/// Right edges that are kept, some 3 kB each at most.
const KEPT: usize = 8_192;

/// A request with the hashes that its events bring, in their order.
#[derive(Debug)]
pub(super) struct Hashed {
    append: Append,
    pub(super) hashes: Vec<Vec<u8>>,
}

impl Deref for Hashed {
    type Target = Append;

    fn deref(&self) -> &Append {
        &self.append
    }
}

/// The right edges of the organisations that were last appended to.
#[derive(Debug, Default)]
pub(super) struct Frontiers(Mutex<HashMap<String, Frontier>>);

/// What a request is before it is queued.
pub(super) enum Prepared {
    /// To be written, and the right edge after it.
    New(Hashed, Frontier),
    /// An earlier request with its idempotency key did the work.
    Repeated(Appended),
}

impl Frontiers {
    /// Works the hashes of a request out, reading the right edge where it is not known.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the log does not reach to where the request expects it, and when the
    /// store cannot be read.
    pub(super) async fn prepare(&self, store: &dyn Store, append: Append) -> Result<Prepared, StoreError> {
        let mut frontier = match self.known(&append) {
            Some(frontier) => frontier,
            None => match read(store, &append).await? {
                Ok(frontier) => frontier,
                Err(appended) => return Ok(Prepared::Repeated(appended)),
            },
        };
        let mut line = Line::default();
        let mut hashes = Vec::with_capacity(append.events.len());
        for (position, event) in (append.expected_head + 1..).zip(&append.events) {
            hashes.push(frontier.push(line.hash_at(&append.organisation, position, event)));
        }
        Ok(Prepared::New(Hashed { append, hashes }, frontier))
    }

    fn known(&self, append: &Append) -> Option<Frontier> {
        if append.expected_head == 0 {
            return Some(Frontier::default());
        }
        let kept = self.0.lock();
        kept.get(&append.organisation).filter(|frontier| frontier.size() == append.expected_head).cloned()
    }

    /// Keeps the right edge for the next request.
    pub(super) fn keep(&self, organisation: String, frontier: Frontier) {
        let mut kept = self.0.lock();
        if kept.len() >= KEPT && !kept.contains_key(&organisation) {
            kept.clear();
        }
        kept.insert(organisation, frontier);
    }
}

/// The right edge at the head that a request expects; or what the request did before.
async fn read(store: &dyn Store, append: &Append) -> Result<Result<Frontier, Appended>, StoreError> {
    let (organisation, expected) = (append.organisation.as_str(), append.expected_head);
    // Twice, because events may come between two questions.
    for _ in 0..2 {
        if let Some(frontier) = frontier(expected, &store.nodes(organisation, &Frontier::edge(expected)).await?) {
            return Ok(Ok(frontier));
        }
        if let Some(idempotency) = &append.idempotency
            && let Some(appended) = store.earlier(organisation, idempotency).await?
        {
            return Ok(Err(appended));
        }
        let head = store.head(organisation).await?.map_or(0, |head| head.position);
        if head < expected {
            return Err(StoreError::Conflict { organisation: organisation.to_owned(), expected, head });
        }
    }
    let reason = format!("hashes of its events up to position {expected} are missing");
    Err(StoreError::Foreign { location: organisation.to_owned(), reason })
}

/// The right edge of a tree of this size from the hashes of [`Frontier::edge`], when all are there.
pub(super) fn frontier(size: u64, hashes: &Hashes) -> Option<Frontier> {
    Frontier::of_edge(size, |node| hashes.get(node).copied())
}

/// The positions of the rows that have these nodes, each once.
pub(super) fn positions(nodes: &[Node]) -> Vec<u64> {
    let mut positions: Vec<u64> = nodes.iter().map(|node| node.position()).collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// The hashes of events taken over, from the right edges of their organisations, which move along.
#[derive(Debug, Default)]
pub(super) struct Adopting {
    frontiers: HashMap<String, Frontier>,
    line: Line,
}

impl Adopting {
    /// Tells where an organisation's tree ends.
    pub(super) fn start(&mut self, organisation: &str, frontier: Frontier) {
        self.frontiers.insert(organisation.to_owned(), frontier);
    }

    /// The hashes of the next event.
    pub(super) fn push(&mut self, adopted: &super::Adopted) -> Vec<u8> {
        let leaf = self.line.hash_at(&adopted.organisation, adopted.position, &adopted.event);
        match self.frontiers.get_mut(&adopted.organisation) {
            Some(frontier) => frontier.push(leaf),
            None => self.frontiers.entry(adopted.organisation.clone()).or_default().push(leaf),
        }
    }
}
