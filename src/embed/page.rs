//! Pages of a listing.

/// Where the next page starts. It may be used with any version from the one it came from on: what was there
/// all the time is neither missed nor repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub(super) from: u64,
    pub(super) organisation: u32,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What was found, in order of arrival. Full, unless it is the last page.
    pub items: Vec<T>,
    /// The way to the next page; none after the last.
    pub next: Option<Cursor>,
}

/// Why a page cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// A page of nothing would never end.
    #[error("a page has at least one item")]
    Empty,
    /// A handle or cursor from elsewhere.
    #[error(transparent)]
    Foreign(#[from] super::ForeignHandle),
}
