//! The right edge of the Merkle tree: all that appending needs to know of what is there.

use tlog_tiles::{EMPTY_HASH, HASH_SIZE, Hash, node_hash};

use super::layout::WIDTH;

/// Per level, the hashes of the last tile while it is not full. Level `L` holds roots of full tiles of level `L - 1`.
#[derive(Debug, Clone, Default)]
pub(super) struct Edge {
    levels: Vec<Vec<Hash>>,
    size: u64,
}

/// A tile: level, number in its level, hashes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tile {
    pub(super) level: usize,
    pub(super) n: u64,
    pub(super) hashes: Vec<Hash>,
}

impl Tile {
    /// Its hashes, one after the other.
    /// Source: <https://c2sp.org/tlog-tiles#merkle-tree>
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }
}

/// The hashes of a tile's bytes; `None` where the length is not `width` hashes.
pub(super) fn hashes(bytes: &[u8], width: usize) -> Option<Vec<Hash>> {
    let (chunks, rest) = bytes.as_chunks::<HASH_SIZE>();
    (chunks.len() == width && rest.is_empty()).then(|| chunks.iter().map(|chunk| Hash(*chunk)).collect())
}

/// How many hashes the last tile of each level has that a tree of `size` entries reaches.
fn widths(size: u64) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(size), |count| Some(count / WIDTH))
        .take_while(|count| *count > 0)
        .map(|count| usize::try_from(count % WIDTH).unwrap_or_default())
}

impl Edge {
    /// The edge of a tree of `size` entries from the hashes of its last partial tiles, one after the other from the
    /// lowest; `None` where they are more or fewer than that.
    pub(super) fn new(size: u64, hashes: &[Hash]) -> Option<Self> {
        let (mut levels, mut rest) = (Vec::new(), hashes);
        for width in widths(size) {
            let (level, above) = rest.split_at_checked(width)?;
            levels.push(level.to_vec());
            rest = above;
        }
        rest.is_empty().then_some(Self { levels, size })
    }

    /// The bytes of the partial tiles above the lowest.
    pub(super) fn upper(&self) -> Vec<u8> {
        self.levels.iter().skip(1).flatten().flat_map(|hash| hash.0).collect()
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The partial tiles.
    pub(super) fn tiles(&self) -> impl Iterator<Item = Tile> {
        let mut count = self.size;
        self.levels.iter().enumerate().filter_map(move |(level, hashes)| {
            count /= WIDTH;
            (!hashes.is_empty()).then(|| Tile { level, n: count, hashes: hashes.clone() })
        })
    }

    /// Appends the hash of an entry; the tiles that it fills, if any, leave the edge.
    pub(super) fn push(&mut self, leaf: Hash) -> Vec<Tile> {
        self.size += 1;
        let (mut filled, mut hash, mut level, mut count) = (Vec::new(), leaf, 0, self.size);
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            if (hashes.len() as u64) < WIDTH {
                return filled;
            }
            count /= WIDTH;
            let hashes = std::mem::take(hashes);
            hash = perfect(&hashes);
            filled.push(Tile { level, n: count - 1, hashes });
            level += 1;
        }
    }

    /// The root of the tree.
    /// Source: <https://www.rfc-editor.org/rfc/rfc6962#section-2.1>
    pub(super) fn root(&self) -> Hash {
        let mut root = None;
        for hashes in &self.levels {
            let mut left = hashes.as_slice();
            while !left.is_empty() {
                // The rightmost complete subtree; what is to its right is already in `root`.
                let (rest, subtree) = left.split_at(left.len() & (left.len() - 1));
                let subtree = perfect(subtree);
                root = Some(root.map_or(subtree, |right| node_hash(subtree, right)));
                left = rest;
            }
        }
        root.unwrap_or(EMPTY_HASH)
    }
}

/// The root over a power of two of hashes.
pub(super) fn perfect(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_HASH,
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(perfect(left), perfect(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::RefCell,
        collections::{BTreeMap, HashMap},
        ops::Range,
    };

    use sha2::{Digest as _, Sha256};
    use tlog_tiles::{HashReader, check_tree, prove_tree, record_hash, stored_hashes_for_record_hash};

    use super::*;

    fn leaf(n: u64) -> Hash {
        record_hash(&n.to_be_bytes())
    }

    /// RFC 6962 as it is written, with nothing of ours or of the crate's; `known` keeps the roots of ranges.
    fn naive(range: Range<u64>, known: &mut HashMap<Range<u64>, [u8; 32]>) -> [u8; 32] {
        if let Some(root) = known.get(&range) {
            return *root;
        }
        let root = match range.end - range.start {
            0 => Sha256::digest([]).into(),
            1 => Sha256::new().chain_update([0]).chain_update(range.start.to_be_bytes()).finalize().into(),
            n => {
                let middle = range.start + n.next_power_of_two() / 2;
                let (left, right) = (naive(range.start..middle, known), naive(middle..range.end, known));
                Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
            }
        };
        known.insert(range, root);
        root
    }

    /// Full tiles of a tree, by level and number.
    type Tiles = BTreeMap<(usize, u64), Vec<Hash>>;

    fn grown(edge: &mut Edge, store: &mut Tiles, to: u64) {
        let filled = (edge.size()..to).flat_map(|n| edge.push(leaf(n))).collect::<Vec<_>>();
        store.extend(filled.into_iter().map(|tile| ((tile.level, tile.n), tile.hashes)));
    }

    #[test]
    fn roots_are_those_of_the_rfc_at_every_border() {
        let (mut edge, mut known) = (Edge::default(), HashMap::new());
        assert_eq!(edge.root().0, naive(0..0, &mut known));
        for size in (1..=20).chain([255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537]) {
            (edge.size()..size).for_each(|n| drop(edge.push(leaf(n))));
            assert_eq!(edge.root().0, naive(0..size, &mut known), "{size}");
        }
        let tiles: Vec<_> = edge.tiles().map(|tile| (tile.level, tile.n, tile.hashes.len())).collect();
        assert_eq!(tiles, [(0, 256, 1), (2, 0, 1)]);
    }

    #[test]
    fn growing_in_any_steps_and_reloading_gives_the_same_files() {
        let sizes = [1, 3, 255, 256, 300, 512, 700];
        let (mut whole, mut expected) = (Edge::default(), Tiles::new());
        grown(&mut whole, &mut expected, 700);
        let (mut store, mut edge) = (Tiles::new(), Edge::default());
        for next in sizes {
            let last: Vec<Hash> = edge.tiles().flat_map(|tile| tile.hashes).collect();
            edge = Edge::new(edge.size(), &last).expect("its own tiles");
            grown(&mut edge, &mut store, next);
        }
        assert_eq!((&store, edge.root()), (&expected, whole.root()));
        assert_eq!((edge.upper().len(), edge.tiles().count()), (2 * HASH_SIZE, 2));
        for (size, count) in [(0, 1), (1, 0), (1, 2), (256, 0), (256, 2), (65_537, 1), (65_537, 3)] {
            assert!(Edge::new(size, &vec![leaf(0); count]).is_none(), "{size} {count}");
        }
    }

    struct Stored(RefCell<Vec<Hash>>);

    impl HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
            indexes
                .iter()
                .map(|at| {
                    self.0
                        .borrow()
                        .get(usize::try_from(*at).unwrap_or(usize::MAX))
                        .copied()
                        .ok_or(tlog_tiles::Error::BadMath)
                })
                .collect()
        }
    }

    #[test]
    fn every_size_is_consistent_with_every_earlier_one() {
        let (stored, mut edge, mut roots) = (Stored(RefCell::default()), Edge::default(), vec![EMPTY_HASH]);
        for n in 0..300 {
            let hashes = stored_hashes_for_record_hash(n, leaf(n), &stored).expect("its own hashes");
            stored.0.borrow_mut().extend(hashes);
            edge.push(leaf(n));
            roots.push(edge.root());
        }
        let at = |size: u64| roots[usize::try_from(size).expect("small")];
        for new in (1..=20).chain([255, 256, 257, 300]) {
            for old in (1..=new).filter(|old| new < 100 || old % 16 < 2) {
                let proof = prove_tree(new, old, &stored).expect("in the tree");
                check_tree(&proof, new, at(new), old, at(old)).expect("consistent");
            }
        }
    }

    #[test]
    fn nothing_has_the_root_of_nothing() {
        assert_eq!(perfect(&[]), EMPTY_HASH);
    }

    #[test]
    fn a_tile_of_another_length_is_no_tile() {
        assert!(hashes(&[0; 64], 2).is_some() && hashes(&[], 0).is_some());
        assert!(hashes(&[0; 64], 1).is_none() && hashes(&[0; 63], 2).is_none() && hashes(&[0; 65], 2).is_none());
    }
}
