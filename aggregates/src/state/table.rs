//! Rows numbered in order of arrival and found by id; copies share what they have in common.

use std::borrow::Borrow;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::FixedState;
use imbl::shared_ptr::DefaultSharedPtr;

/// A map that copies in constant time.
pub(crate) type SharedMap<K, V> = imbl::GenericHashMap<K, V, FixedState, DefaultSharedPtr>;

/// A table of entities. Cloning it is cheap; a change copies a few nodes only, and none while
/// nobody else holds a copy.
#[derive(Debug, Clone)]
pub(crate) struct Table<K: Clone, T: Clone> {
    index: SharedMap<K, u32>,
    rows: imbl::Vector<Arc<T>>,
    /// Rows that were added or may have been changed, while somebody wants to know.
    touched: Option<Vec<u32>>,
}

impl<K: Clone, T: Clone> Default for Table<K, T> {
    fn default() -> Self {
        Self { index: SharedMap::with_hasher(FixedState::default()), rows: imbl::Vector::new(), touched: None }
    }
}

impl<K: Clone + Eq + Hash, T: Clone> Table<K, T> {
    pub(crate) fn find<Q>(&self, id: &Q) -> Option<u32>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        self.index.get(id).copied()
    }

    pub(crate) fn get(&self, ix: u32) -> Option<&T> {
        self.rows.get(ix as usize).map(AsRef::as_ref)
    }

    pub(crate) fn get_mut(&mut self, ix: u32) -> Option<&mut T> {
        self.touch(ix);
        self.rows.get_mut(ix as usize).map(Arc::make_mut)
    }

    /// Adds a row, or replaces the one that has its id.
    pub(crate) fn insert(&mut self, id: K, row: T) -> u32 {
        if let Some(ix) = self.index.get(&id).copied() {
            if let Some(slot) = self.get_mut(ix) {
                *slot = row;
            }
            return ix;
        }
        let ix = self.rows.len() as u32;
        self.touch(ix);
        self.index.insert(id, ix);
        self.rows.push_back(Arc::new(row));
        ix
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0u32..).zip(self.rows.iter().map(AsRef::as_ref))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Begins to note which rows change, or forgets those that did.
    pub(crate) fn watch(&mut self) {
        self.touched.get_or_insert_default().clear();
    }

    /// No longer notes which rows change.
    pub(crate) fn unwatch(&mut self) {
        self.touched = None;
    }

    /// What changed since [`Table::watch`], perhaps more than once.
    pub(crate) fn touched(&self) -> &[u32] {
        self.touched.as_deref().unwrap_or_default()
    }

    fn touch(&mut self, ix: u32) {
        if let Some(touched) = &mut self.touched
            && touched.last() != Some(&ix)
        {
            touched.push(ix);
        }
    }

    /// Whether two tables keep the very same row at a place, without comparing it.
    pub(crate) fn same_row(&self, other: &Self, ix: u32) -> bool {
        match (self.rows.get(ix as usize), other.rows.get(ix as usize)) {
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
            (None, None) => true,
            _ => false,
        }
    }
}
