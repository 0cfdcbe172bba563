//! A list whose copies share what they have in common, made for reading: an element is two loads
//! away, and a change copies one page and the list of pages.

use std::sync::Arc;

/// A list in pages of `SIZE` elements, a power of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pages<T, const SIZE: usize> {
    /// All are full but the last, which is filled up with default elements.
    pages: Arc<[Arc<[T]>]>,
    len: usize,
}

impl<T, const SIZE: usize> Default for Pages<T, SIZE> {
    fn default() -> Self {
        Self { pages: Arc::new([]), len: 0 }
    }
}

impl<T: Clone + Default, const SIZE: usize> Pages<T, SIZE> {
    /// So many default elements.
    pub(crate) fn filled(len: usize) -> Self {
        let page = |start: usize| std::iter::repeat_with(T::default).take(SIZE.min(len - start)).collect();
        Self { pages: (0..len).step_by(SIZE).map(page).collect(), len }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        // What fills up the last page is read only by whoever asks beyond the end.
        self.pages.get(at / SIZE)?.get(at % SIZE)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let page = Arc::make_mut(&mut self.pages).get_mut(at / SIZE)?;
        Arc::make_mut(page).get_mut(at % SIZE)
    }

    pub(crate) fn push(&mut self, element: T) {
        let at = self.len;
        self.make_room(at);
        if let Some(slot) = self.get_mut(at) {
            *slot = element;
        }
        self.len = at + 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|page| page.iter()).take(self.len)
    }

    /// Makes the page of `at` reach one element further; pages grow by doubling up to their size.
    fn make_room(&mut self, at: usize) {
        let needed = at % SIZE + 1;
        match self.pages.get(at / SIZE) {
            Some(page) if page.len() >= needed => {}
            Some(page) => {
                let spare = std::iter::repeat_with(T::default);
                let grown = page.iter().cloned().chain(spare).take(needed.next_power_of_two().min(SIZE)).collect();
                if let Some(page) = Arc::make_mut(&mut self.pages).get_mut(at / SIZE) {
                    *page = grown;
                }
            }
            None => {
                let size = needed.max(4).next_power_of_two().min(SIZE);
                let fresh: Arc<[T]> = std::iter::repeat_with(T::default).take(size).collect();
                self.pages = self.pages.iter().cloned().chain([fresh]).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pages;

    #[test]
    fn copies_keep_what_they_had() {
        let mut pages = Pages::<u32, 8>::default();
        let mut copies = Vec::new();
        for number in 0..100 {
            pages.push(number);
            copies.push(pages.clone());
        }
        *pages.get_mut(50).unwrap() = 7;
        for (copy, last) in copies.iter().zip(0..) {
            assert_eq!(copy.iter().copied().collect::<Vec<_>>(), (0..=last).collect::<Vec<_>>());
        }
        assert_eq!(pages.get(50), Some(&7));
    }
}
