//! A set of permissions of one catalogue, as bits.

use smallvec::SmallVec;

/// Number of a permission in its catalogue. Catalogues only grow, so it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionIx(pub(crate) u32);

impl PermissionIx {
    /// The number.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    fn word(self) -> usize {
        self.index() / 64
    }

    fn bit(self) -> u64 {
        1 << (self.0 % 64)
    }
}

/// A set of permissions. Trailing words that are empty are never kept, so that equal sets are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet {
    words: SmallVec<[u64; 4]>,
}

impl PermissionSet {
    /// Whether the permission is in the set.
    pub fn contains(&self, permission: PermissionIx) -> bool {
        self.words.get(permission.word()).is_some_and(|word| word & permission.bit() != 0)
    }

    /// Adds one permission.
    pub fn insert(&mut self, permission: PermissionIx) {
        if self.words.len() <= permission.word() {
            self.words.resize(permission.word() + 1, 0);
        }
        if let Some(word) = self.words.get_mut(permission.word()) {
            *word |= permission.bit();
        }
    }

    /// Takes one permission out.
    pub fn remove(&mut self, permission: PermissionIx) {
        if let Some(word) = self.words.get_mut(permission.word()) {
            *word &= !permission.bit();
            self.trim();
        }
    }

    /// Puts one permission in or takes it out.
    pub fn set(&mut self, permission: PermissionIx, present: bool) {
        if present { self.insert(permission) } else { self.remove(permission) }
    }

    /// Adds all permissions of another set.
    pub fn union_with(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    /// Keeps only what is in another set as well.
    pub fn intersect_with(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= theirs;
        }
        self.trim();
    }

    /// Takes out all permissions of another set.
    pub fn subtract(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= !theirs;
        }
        self.trim();
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest.subtract(other);
        rest
    }

    /// What is in both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.intersect_with(other);
        both
    }

    /// How many permissions are in both sets.
    pub fn common(&self, other: &Self) -> usize {
        self.words.iter().zip(&other.words).map(|(mine, theirs)| (mine & theirs).count_ones() as usize).sum()
    }

    /// Whether nothing of this set is missing from the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.words.iter().enumerate().all(|(at, word)| word & !other.words.get(at).copied().unwrap_or(0) == 0)
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many permissions are in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The permissions in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = PermissionIx> + '_ {
        self.words.iter().zip(0u32..).flat_map(|(word, at)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| PermissionIx(at * 64 + bit))
        })
    }

    /// The bits, 64 permissions a word, the lowest first.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// The set with these bits.
    pub(crate) fn of_words(words: &[u64]) -> Self {
        let mut set = Self { words: SmallVec::from_slice(words) };
        set.trim();
        set
    }

    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

impl FromIterator<PermissionIx> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = PermissionIx>>(permissions: I) -> Self {
        let mut set = Self::default();
        for permission in permissions {
            set.insert(permission);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u32]) -> PermissionSet {
        numbers.iter().copied().map(PermissionIx).collect()
    }

    #[test]
    fn sets_of_different_length_compare_and_combine() {
        let mut low = set(&[1, 63]);
        let high = set(&[63, 64, 549]);
        assert_eq!(low.and(&high), set(&[63]));
        assert_eq!(high.minus(&low), set(&[64, 549]));
        assert!(set(&[63]).is_subset(&low) && !high.is_subset(&low));
        low.union_with(&high);
        assert_eq!(low.iter().map(PermissionIx::index).collect::<Vec<_>>(), [1, 63, 64, 549]);
        assert_eq!(low.len(), 4);
    }

    #[test]
    fn a_set_emptied_again_equals_an_empty_one() {
        let mut set = set(&[500]);
        set.remove(PermissionIx(500));
        assert_eq!(set, PermissionSet::default());
        assert!(set.is_empty());
    }
}
