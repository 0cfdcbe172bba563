//! A list for what nearly every answer reads. Where it fits into a page, as a small organisation's tables do, an element
//! is one load away; where it does not, it is two, for the first page as for every other, so that no processor has to
//! foresee which. A change copies one page.

use std::sync::Arc;

/// A table in pages of `SIZE` elements, a power of two. What was never put there is the default.
#[derive(Debug, Clone, Default)]
pub(super) struct Near<T, const SIZE: usize> {
    /// All of it, or nothing.
    one: Arc<[T]>,
    /// Its pages, where it has more than one. One pointer wide: three of these tables share a cache line.
    pages: Arc<Vec<Arc<[T]>>>,
}

impl<T: Copy + Default, const SIZE: usize> Near<T, SIZE> {
    /// The element of this number; none, or the default, beyond the end.
    #[inline(always)]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        match self.one.get(at) {
            Some(element) => Some(element),
            None => self.pages.get(at / SIZE)?.get(at % SIZE),
        }
    }

    /// The same where all of it is one page; elsewhere none.
    #[inline(always)]
    pub(super) fn get_near(&self, at: usize) -> Option<&T> {
        self.one.get(at)
    }

    /// Puts an element there.
    pub(super) fn put(&mut self, at: usize, element: T) {
        if at < SIZE && self.pages.is_empty() {
            return put_into::<T, SIZE>(&mut self.one, at, element);
        }
        let pages = Arc::make_mut(&mut self.pages);
        if pages.is_empty() {
            pages.push(std::mem::take(&mut self.one));
        }
        if pages.len() <= at / SIZE {
            pages.resize_with(at / SIZE + 1, Arc::default);
        }
        if let Some(page) = pages.get_mut(at / SIZE) {
            put_into::<T, SIZE>(page, at % SIZE, element);
        }
    }
}

/// Puts an element into a page, which grows by doubling up to its size.
fn put_into<T: Copy + Default, const SIZE: usize>(page: &mut Arc<[T]>, at: usize, element: T) {
    if page.len() <= at {
        let size = (at + 1).max(4).next_power_of_two().min(SIZE);
        *page = page.iter().copied().chain(std::iter::repeat_with(T::default)).take(size).collect();
    }
    if let Some(slot) = Arc::make_mut(page).get_mut(at) {
        *slot = element;
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
        assert_eq!((copy.get_near(0), table.get_near(0)), (Some(&1), None));
    }
}
