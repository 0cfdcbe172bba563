//! A list for what nearly every answer reads. Its first page is one load away, so that a small organisation's
//! tables are read without going through a list of pages; a change copies one page.

use std::sync::Arc;

/// A table in pages of `SIZE` elements, a power of two. What was never put there is the default.
#[derive(Debug, Clone, Default)]
pub(super) struct Near<T, const SIZE: usize> {
    first: Arc<[T]>,
    /// All that is behind the first page. One pointer wide: three of these tables share a cache line.
    further: Arc<Vec<Arc<[T]>>>,
}

impl<T: Copy + Default, const SIZE: usize> Near<T, SIZE> {
    /// The element of this number; none, or the default, beyond the end.
    #[inline(always)]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        match self.first.get(at) {
            Some(element) => Some(element),
            None => self.further.get((at / SIZE).wrapping_sub(1))?.get(at % SIZE),
        }
    }

    /// Puts an element there; pages grow by doubling up to their size.
    pub(super) fn put(&mut self, at: usize, element: T) {
        let page = if at < SIZE {
            &mut self.first
        } else {
            let further = Arc::make_mut(&mut self.further);
            let number = at / SIZE - 1;
            if further.len() <= number {
                further.resize_with(number + 1, Arc::default);
            }
            // INVARIANT: it was made long enough.
            let Some(page) = further.get_mut(number) else { return };
            page
        };
        let needed = at % SIZE + 1;
        if page.len() < needed {
            let size = needed.max(4).next_power_of_two().min(SIZE);
            *page = page.iter().copied().chain(std::iter::repeat_with(T::default)).take(size).collect();
        }
        if let Some(slot) = Arc::make_mut(page).get_mut(at % SIZE) {
            *slot = element;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Near;

    #[test]
    fn copies_keep_what_they_had_and_gaps_are_the_default() {
        let mut table = Near::<u32, 8>::default();
        assert_eq!(table.get(0), None);
        table.put(0, 1);
        let copy = table.clone();
        for at in [3, 9, 7, 8, 31] {
            table.put(at, at as u32 * 10);
        }
        table.put(0, 5);
        let read = |table: &Near<u32, 8>, at| table.get(at).copied().unwrap_or_default();
        let all: Vec<u32> = (0..40).map(|at| read(&table, at)).collect();
        let mut expected = vec![0; 40];
        for (at, element) in [(0, 5), (3, 30), (7, 70), (8, 80), (9, 90), (31, 310)] {
            expected[at] = element;
        }
        assert_eq!(all, expected);
        assert_eq!((read(&copy, 0), read(&copy, 3), read(&copy, 9)), (1, 0, 0));
    }
}
