//! A list whose copies share what they have in common, made for reading: an element is two loads
//! away, and a change copies one page and the list of pages.

use std::sync::Arc;

/// A list in pages of `SIZE` elements, a power of two.
#[derive(Debug, Clone)]
pub(super) struct Pages<T, const SIZE: usize> {
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
    pub(super) fn filled(len: usize) -> Self {
        let page = |start: usize| std::iter::repeat_with(T::default).take(SIZE.min(len - start)).collect();
        Self { pages: (0..len).step_by(SIZE).map(page).collect(), len }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        // What fills up the last page is read only by whoever asks beyond the end.
        self.pages.get(at / SIZE)?.get(at % SIZE)
    }

    /// Neighbours of one page.
    #[inline]
    pub(super) fn slice(&self, at: usize, len: usize) -> Option<&[T]> {
        let start = at % SIZE;
        self.pages.get(at / SIZE)?.get(start..start + len)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let page = Arc::make_mut(&mut self.pages).get_mut(at / SIZE)?;
        Arc::make_mut(page).get_mut(at % SIZE)
    }

    pub(super) fn push(&mut self, element: T) {
        let at = self.len;
        self.make_room(at, 1);
        if let Some(slot) = self.get_mut(at) {
            *slot = element;
        }
        self.len = at + 1;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|page| page.iter()).take(self.len)
    }

    /// Makes the page of `at` reach `count` elements further; pages grow by doubling up to their size.
    fn make_room(&mut self, at: usize, count: usize) {
        let needed = at % SIZE + count;
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

impl<const SIZE: usize> Pages<u8, SIZE> {
    /// Adds bytes that lie in one page, and says where. At most `SIZE` of them.
    pub(super) fn push_bytes(&mut self, bytes: &[u8]) -> usize {
        let at = if self.len % SIZE + bytes.len() > SIZE { self.len.next_multiple_of(SIZE) } else { self.len };
        self.make_room(at, bytes.len());
        let pages = Arc::make_mut(&mut self.pages);
        if let Some(page) = pages.get_mut(at / SIZE)
            && let Some(slot) = Arc::make_mut(page).get_mut(at % SIZE..at % SIZE + bytes.len())
        {
            slot.copy_from_slice(bytes);
        }
        self.len = at + bytes.len();
        at
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

    #[test]
    fn bytes_never_cross_a_page() {
        let mut pages = Pages::<u8, 16>::default();
        for text in ["one", "twelve bytes", "", "exactly 16 bytes", "five5"] {
            let at = pages.push_bytes(text.as_bytes());
            assert_eq!(pages.slice(at, text.len()), Some(text.as_bytes()), "{text}");
        }
    }
}
