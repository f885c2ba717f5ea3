//! What is wrong, up to a bound: a log with very much wrong does not fill the memory with it.

use std::ops::Deref;

/// How much of a kind is told.
const MAX: usize = 1_000;

/// The first [`MAX`] items; those after them are dropped.
#[derive(Debug)]
pub(super) struct Bounded<T>(Vec<T>);

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Bounded<T> {
    pub(super) fn push(&mut self, item: T) {
        self.extend([item]);
    }

    pub(super) fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> Deref for Bounded<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> Extend<T> for Bounded<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        let room = MAX - self.0.len();
        self.0.extend(items.into_iter().take(room));
    }
}

impl<T> FromIterator<T> for Bounded<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut bounded = Self::default();
        bounded.extend(items);
        bounded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_told_and_no_more() {
        let mut told: Bounded<_> = (0..900).collect();
        told.extend(900..999);
        for n in 999..1_100 {
            told.push(n);
        }
        told.extend(2_000..);
        assert!(!told.is_empty() && Bounded::<u8>::default().is_empty());
        assert_eq!(told.into_vec(), (0..1_000).collect::<Vec<_>>());
        assert_eq!((0..).collect::<Bounded<_>>().into_vec().len(), 1_000);
    }
}
