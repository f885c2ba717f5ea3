//! What entries say that must hold of all of them together: 37 bytes for each id, approval and blob that they name.

use super::super::layout::WIDTH;

/// A SHA-256 and the index of an entry, sorted by both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fact([u8; 37]);

impl Fact {
    pub(super) fn new(hash: [u8; 32], index: u64) -> Self {
        let mut bytes = [0; 37];
        bytes[..32].copy_from_slice(&hash);
        // Sizes are below 2^40.
        bytes[32..].copy_from_slice(&index.to_be_bytes()[3..]);
        Self(bytes)
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(&self.0[..32]);
        hash
    }

    pub(super) fn index(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes[3..].copy_from_slice(&self.0[32..]);
        u64::from_be_bytes(bytes)
    }
}

/// Facts, sorted once all are there.
#[derive(Debug, Default)]
pub(super) struct Facts(Vec<Fact>);

impl Facts {
    pub(super) fn push(&mut self, hash: [u8; 32], index: u64) {
        self.0.push(Fact::new(hash, index));
    }

    /// Keeps the first fact of each hash and bundle, whenever the memory would have to grow.
    pub(super) fn push_once(&mut self, hash: [u8; 32], index: u64) {
        if self.0.len() == self.0.capacity() {
            self.keep_first();
            self.0.reserve_exact(self.0.len() / 2 + 1024);
        }
        self.push(hash, index);
    }

    pub(super) fn keep_first(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by_key(|fact| (fact.hash(), fact.index() / WIDTH));
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_unstable();
    }

    /// Where the first fact of a hash and a bundle is.
    pub(super) fn position(&self, hash: [u8; 32], bundle: u64) -> Option<usize> {
        let least = Fact::new(hash, bundle * WIDTH);
        let at = self.0.partition_point(|fact| *fact < least);
        let found = self.0.get(at)?;
        (found.hash() == hash && found.index() / WIDTH == bundle).then_some(at)
    }

    /// The first index of a hash.
    pub(super) fn first(&self, hash: &[u8; 32]) -> Option<u64> {
        let at = self.0.partition_point(|fact| fact.0[..32] < hash[..]);
        self.0.get(at).filter(|fact| fact.hash() == *hash).map(Fact::index)
    }

    pub(super) fn as_slice(&self) -> &[Fact] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_grows_by_half_of_what_is_kept() {
        let mut facts = Facts::default();
        for n in 0..14_000_u64 {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            facts.push_once(hash, 0);
        }
        assert_eq!(facts.0.capacity(), 21_280, "1,024, and then 1.5 times and 1,024 more, four times over");
    }

    #[test]
    fn facts_are_found_by_hash() {
        let mut facts = Facts::default();
        for index in (0..5_000).rev() {
            facts.push_once([u8::try_from(index % 7).expect("small"); 32], index);
        }
        facts.keep_first();
        assert_eq!(facts.as_slice().len(), 7 * 20, "one for each of the bundles");
        assert_eq!((facts.first(&[3; 32]), facts.first(&[7; 32])), (Some(3), None));
        let at = |hash, bundle| facts.position([hash; 32], bundle).map(|at| facts.as_slice()[at].index());
        assert_eq!((at(0, 0), at(3, 0), at(0, 1), at(6, 19)), (Some(0), Some(3), Some(259), Some(4_864)));
        assert_eq!((at(7, 0), at(0, 20)), (None, None));
        let fact = Fact::new([9; 32], (1 << 40) - 1);
        assert_eq!((fact.hash(), fact.index()), ([9; 32], (1 << 40) - 1));
    }
}
