//! Hashes of the tree, each proven to be the checkpoint's before it is used.
//!
//! `tlog_tiles::TileHashReader` does not prove all that it reads: of the tiles below the right edge it passes over the
//! first ones where an edge tile holds more than one of the subtrees that the root is made of.

use std::{cell::RefCell, collections::BTreeMap};

use tlog_tiles::{Hash, HashReader, split_stored_hash_index};

use super::{
    Checkpoint, Error, Read,
    layout::{self, CHECKPOINT, WIDTH},
    query::read_file,
    tail::Tail,
    tree::{hashes, perfect},
};

/// Tiles by level and number; what is in the map is proven.
type Known = BTreeMap<(usize, u64), Vec<Hash>>;

/// A reader of proven hashes.
pub(super) struct Tiles<'a, 'r> {
    size: u64,
    read: RefCell<&'a mut Read<'r>>,
    known: RefCell<Known>,
    /// Why a hash could not be read; the crate's own error has no room for it.
    error: RefCell<Option<Error>>,
}

/// Gives `use_` a reader of hashes, which are all proven to be those of the checkpoint's tree.
pub(super) fn authenticated<T>(
    checkpoint: &Checkpoint,
    read: &mut Read,
    use_: impl FnOnce(&Tiles<'_, '_>) -> Result<T, tlog_tiles::Error>,
) -> Result<T, Error> {
    let edge = Tail::read(checkpoint, read)?.edge;
    let known = edge.tiles().map(|tile| ((tile.level, tile.n), tile.hashes)).collect();
    let tiles = Tiles {
        size: checkpoint.size,
        read: RefCell::new(read),
        known: RefCell::new(known),
        error: RefCell::default(),
    };
    use_(&tiles).map_err(|error| {
        let own = tiles.error.take();
        own.unwrap_or_else(|| Error::damaged(CHECKPOINT, format!("its tiles do not give its root ({error})")))
    })
}

impl HashReader for Tiles<'_, '_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        indexes.iter().map(|index| self.hash(*index)).collect::<Result<_, _>>().map_err(|error| {
            *self.error.borrow_mut() = Some(error);
            tlog_tiles::Error::BadMath
        })
    }
}

impl Tiles<'_, '_> {
    fn hash(&self, index: u64) -> Result<Hash, Error> {
        let (level, n) = split_stored_hash_index(index);
        let (height, inside) = (usize::from(level) / 8, u32::from(level) % 8);
        let (first, count) = (n << inside, 1 << inside);
        let hashes = self.tile(height, first / WIDTH)?;
        let start = usize::try_from(first % WIDTH).unwrap_or(usize::MAX);
        let subtree = hashes.get(start..).and_then(|hashes| hashes.get(..count));
        subtree.map(perfect).ok_or_else(|| Error::damaged(CHECKPOINT, format!("it has no hash {index}")))
    }

    /// A tile, proven from its parent; those of the right edge are known from the start.
    fn tile(&self, level: usize, n: u64) -> Result<Vec<Hash>, Error> {
        if let Some(known) = self.known.borrow().get(&(level, n)) {
            return Ok(known.clone());
        }
        if !layout::has_full_tile(self.size, level, n) {
            return Err(Error::damaged(CHECKPOINT, format!("it has no tile {n} at level {level}")));
        }
        let parent = self.tile(level + 1, n / WIDTH)?;
        let expected = parent.get(usize::try_from(n % WIDTH).unwrap_or(usize::MAX));
        let path = layout::tile(self.size, level, n);
        let bytes = read_file(*self.read.borrow_mut(), &path)?.ok_or_else(|| Error::damaged(&path, "it is missing"))?;
        let found = hashes(&bytes, 256).ok_or_else(|| Error::damaged(&path, "its length is wrong"))?;
        if expected != Some(&perfect(&found)) {
            return Err(Error::damaged(path, "its hashes do not give the one above them"));
        }
        self.known.borrow_mut().insert((level, n), found.clone());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use tlog_tiles::stored_hash_index;

    use super::{
        super::{entry::leaf_hash, layout::EDGE, tree::Edge},
        *,
    };

    /// A log of so many entries whose lines are their indexes: its tiles by path, and its end.
    fn grown(size: u64) -> (Checkpoint, BTreeMap<String, Vec<u8>>) {
        let (mut edge, mut stored) = (Edge::default(), BTreeMap::new());
        let open = layout::sealed(size) * WIDTH;
        for n in 0..size {
            if n == open {
                stored.insert(EDGE.to_owned(), edge.upper());
            }
            let filled = edge.push(leaf(n));
            stored.extend(filled.iter().map(|tile| (layout::tile(size, tile.level, tile.n), tile.bytes())));
        }
        let lines = (open..size).flat_map(|n| format!("{n}\n").into_bytes()).collect();
        stored.insert(layout::entries(size, layout::sealed(size)), lines);
        let origin = "schema-registry/github.com/1".parse().expect("an origin");
        (Checkpoint { origin, size, root: edge.root() }, stored)
    }

    fn leaf(n: u64) -> Hash {
        leaf_hash(&n.to_string())
    }

    #[test]
    fn a_tile_is_proven_by_those_above_it_on_every_level() {
        let (checkpoint, mut stored) = grown(65_536 + 513);
        let hash = |stored: &BTreeMap<String, Vec<u8>>, n| {
            let mut read = |path: &str| Ok(stored.get(path).cloned());
            authenticated(&checkpoint, &mut read, |tiles| tiles.read_hashes(&[stored_hash_index(0, n)]))
        };
        for n in [0, 255, 256, 3 * 256 + 7, 65_535, 65_536, 65_536 + 256, 65_536 + 512] {
            assert_eq!(hash(&stored, n).expect("in the tree"), [leaf(n)], "{n}");
        }
        for path in ["sealed/000.trees/003/tile", "tile/1/000"] {
            stored.get_mut(path).expect("it is there")[0] ^= 1;
            let error = hash(&stored, 3 * 256 + 7).expect_err("touched").to_string();
            assert!(error.contains(path) && error.contains("do not give the one above them"), "{error}");
            stored.get_mut(path).expect("it is there")[0] ^= 1;
        }
    }

    #[test]
    fn beyond_its_end_a_tree_has_no_tile_and_none_is_read() {
        let (checkpoint, stored) = grown(301);
        for (level, n, tile, at) in [(0, 512, 2, 0), (0, 256 * 300, 300, 0), (8, 300, 1, 1)] {
            let index = stored_hash_index(level, n);
            let mut read = |path: &str| Ok(stored.get(path).cloned());
            let read = authenticated(&checkpoint, &mut read, |tiles| tiles.read_hashes(&[index]));
            let error = read.expect_err("beyond its end").to_string();
            assert!(error.contains(&format!("it has no tile {tile} at level {at}")), "{error}");
        }
    }
}
