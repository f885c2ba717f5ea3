//! Entries and tiles, as they stream by.

use std::collections::VecDeque;

use tlog_tiles::{Hash, record_hash};

use super::{
    super::{
        Checkpoint, Error,
        layout::{self, EDGE, OPEN, WIDTH},
        tree::{Edge, Tile, hashes},
    },
    Earlier, LogFiles, Place, Problem,
    audit::read,
    bounded::Bounded,
};

/// Bundles and tiles in the order in which the entries give them.
pub(super) struct Streamed<'a> {
    checkpoint: &'a Checkpoint,
    earlier: &'a [Earlier],
    pub(super) problems: Bounded<Problem>,
    pub(super) edge: Edge,
    /// The partial tiles above the lowest, without the last segment.
    upper: Vec<u8>,
    /// Tiles that the entries so far give and that were not compared yet.
    due: VecDeque<Tile>,
    /// Ids of the segment that was read last.
    ids: Vec<Option<String>>,
    /// Entries whose hash is not the one in the tile of this path.
    suspects: Bounded<(u64, Option<String>, String)>,
    /// Higher tiles that are not what the entries give.
    odd_tiles: Bounded<String>,
    /// Leaf hash of the first entry.
    pub(super) first: Option<Hash>,
}

/// Paths of the entries and tiles of a log of `size` entries: after the lines of each segment the tiles that they give.
fn paths(size: u64) -> impl Iterator<Item = String> {
    (0..size.div_ceil(WIDTH)).flat_map(move |segment| {
        let mut paths = vec![layout::entries(size, segment), layout::tile(size, 0, segment)];
        let (mut level, mut n) = (0, segment);
        while layout::has_full_tile(size, level, n) && (n + 1).is_multiple_of(WIDTH) {
            (level, n) = (level + 1, n / WIDTH);
            paths.push(layout::tile(size, level, n));
        }
        paths
    })
}

impl<'a> Streamed<'a> {
    pub(super) fn new(checkpoint: &'a Checkpoint, earlier: &'a [Earlier]) -> Self {
        let (problems, edge, upper, due, ids, suspects, odd_tiles, first) = Default::default();
        Self { checkpoint, earlier, problems, edge, upper, due, ids, suspects, odd_tiles, first }
    }

    /// Streams every entry, and with them the tiles; `line` takes an entry's index and line and gives its id.
    pub(super) fn run(
        &mut self,
        files: &mut dyn LogFiles,
        line: &mut dyn FnMut(u64, &[u8]) -> Option<String>,
    ) -> Result<(), Error> {
        let size = self.checkpoint.size;
        let streamed = files.read_each(&mut paths(size), &mut |path, bytes| {
            if let Some(tile) = self.due.pop_front() {
                self.tile(&tile, path, bytes);
                return true;
            }
            self.segment(path, bytes, line)
        });
        streamed.map_err(|source| Error::Read { path: OPEN.to_owned(), source })?;
        if self.edge.size() < size {
            let at = self.edge.size();
            let what = format!("is missing, and with it all up to the {size} that the checkpoint counts");
            self.problem(Place::Entry(at, None), what);
        } else {
            self.upper(files)?;
            self.root();
        }
        Ok(())
    }

    /// Compares what an append reads of the tiles; [`Self::root`] decides later who is wrong.
    fn upper(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        match read(files, EDGE)? {
            Some(recorded) if recorded != self.upper => self.odd_tiles.push(EDGE.to_owned()),
            None if !self.upper.is_empty() => self.file(EDGE, "is missing"),
            _ => {}
        }
        Ok(())
    }

    fn file(&mut self, path: &str, what: impl Into<String>) {
        self.problem(Place::File(path.to_owned()), what.into());
    }

    fn problem(&mut self, place: Place, what: String) {
        self.problems.push(Problem { place, what });
    }

    /// Takes the lines of a segment into account; whether it makes sense to go on.
    fn segment(
        &mut self,
        path: &str,
        bytes: Option<Vec<u8>>,
        line: &mut dyn FnMut(u64, &[u8]) -> Option<String>,
    ) -> bool {
        let start = self.edge.size();
        if start == layout::sealed(self.checkpoint.size) * WIDTH {
            self.upper = self.edge.upper();
        }
        let wanted = usize::try_from(WIDTH.min(self.checkpoint.size - start)).unwrap_or_default();
        let Some(bytes) = bytes else {
            self.file(path, "is missing");
            return false;
        };
        if !bytes.ends_with(b"\n") {
            self.file(path, "does not end in a line end");
        }
        let lines: Vec<&[u8]> = bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|byte| *byte == b'\n').collect();
        if lines.len() != wanted {
            self.file(path, format!("has {} lines where the checkpoint counts {wanted} entries", lines.len()));
        }
        self.ids.clear();
        for text in lines.iter().take(wanted) {
            let index = self.edge.size();
            self.ids.push(line(index, text));
            let hash = record_hash(text);
            self.first.get_or_insert(hash);
            self.due.extend(self.edge.push(hash));
            self.compare_earlier();
        }
        if self.edge.size() == self.checkpoint.size {
            self.due.extend(self.edge.tiles().filter(|tile| tile.level == 0));
        }
        lines.len() >= wanted
    }

    /// Compares the root so far with those of earlier checkpoints of this size.
    fn compare_earlier(&mut self) {
        let size = self.edge.size();
        let mut earlier = self.earlier.iter().filter(|earlier| earlier.checkpoint.size == size).peekable();
        if earlier.peek().is_none() {
            return;
        }
        let root = self.edge.root();
        for other in earlier.filter(|earlier| earlier.checkpoint.root != root) {
            let what = format!("contradicts {}: the first {size} entries are not those of then", other.name);
            self.problem(Place::File(layout::CHECKPOINT.to_owned()), what);
        }
    }

    /// Compares a tile; [`Self::root`] decides later who is wrong, the tile or the entries.
    fn tile(&mut self, tile: &Tile, path: &str, bytes: Option<Vec<u8>>) {
        let Some(bytes) = bytes else { return self.file(path, "is missing") };
        match hashes(&bytes, tile.hashes.len()) {
            None => self.file(path, "has the wrong length"),
            Some(recorded) if recorded == tile.hashes => {}
            Some(recorded) if tile.level == 0 => {
                let pairs = tile.hashes.iter().zip(&recorded).zip(&self.ids).zip(tile.n * WIDTH..);
                let differ = pairs.filter(|(((own, recorded), _), _)| own != recorded);
                let suspects = differ.map(|((_, id), index)| (index, id.clone(), path.to_owned()));
                self.suspects.extend(suspects);
            }
            Some(_) => self.odd_tiles.push(path.to_owned()),
        }
    }

    /// Compares the root: where the entries give it, tiles that differ are wrong; else the entries are.
    fn root(&mut self) {
        let whole = self.edge.root() == self.checkpoint.root;
        let suspects = std::mem::take(&mut self.suspects);
        if !whole && suspects.is_empty() {
            let what = format!("has another root than the {} entries give", self.checkpoint.size);
            self.file(layout::CHECKPOINT, what);
        }
        // Above an altered entry every hash is another; that says nothing new.
        if whole || suspects.is_empty() {
            for path in std::mem::take(&mut self.odd_tiles).into_vec() {
                self.file(&path, "has a hash that the tiles below do not give");
            }
        }
        for (index, id, path) in suspects.into_vec() {
            if whole {
                self.file(&path, format!("has another hash than entry {index}"));
            } else {
                let what = format!("is not what was recorded: `{path}` has another hash for it");
                self.problem(Place::Entry(index, id), what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::{
        Addition, Pinned,
        fixture::{Store, approved, problems_with},
    };

    #[test]
    fn every_tile_of_a_log_is_asked_for_after_the_entries_that_give_it() {
        for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 65_536 + 256] {
            let (mut edge, mut expected) = (Edge::default(), Vec::new());
            let path = |tile: &Tile| layout::tile(size, tile.level, tile.n);
            for n in 0..size {
                if n % WIDTH == 0 {
                    expected.push(layout::entries(size, n / WIDTH));
                }
                expected.extend(edge.push(record_hash(b"")).iter().map(path));
            }
            expected.extend(edge.tiles().filter(|tile| tile.level == 0).map(|tile| path(&tile)));
            assert!(paths(size).eq(expected), "{size}");
        }
    }

    #[test]
    fn a_higher_tile_is_odd_where_it_is_not_what_the_entries_give() {
        let origin = "schema-registry/github.com/1".parse().expect("an origin");
        let checkpoint = Checkpoint { origin, size: 1, root: Edge::default().root() };
        let mut streamed = Streamed::new(&checkpoint, &[]);
        let tile = Tile { level: 1, n: 0, hashes: vec![record_hash(b"")] };
        streamed.tile(&tile, "tile/1/000", Some(record_hash(b"").0.to_vec()));
        assert!(streamed.odd_tiles.is_empty() && streamed.problems.is_empty());
        streamed.ids.push(Some("LE_1".to_owned()));
        streamed.tile(&tile, "tile/1/000", Some(record_hash(b"other").0.to_vec()));
        assert!(streamed.odd_tiles[..] == ["tile/1/000"] && streamed.suspects.is_empty());
    }

    #[test]
    fn each_tile_that_was_touched_is_told_with_what_contradicts_it() {
        let mut store = Store::new();
        let additions = (0..299).map(|n| Addition::new(approved(&format!("LE_{n}"), 7), Vec::new()));
        store.append(&additions.collect::<Vec<_>>());
        store.edit("sealed/000.trees/000/tile", |tile| tile[7 * 32] ^= 1);
        store.edit("open/tile", |tile| tile[2 * 32] ^= 1);
        store.edit(EDGE, |edge| edge[0] ^= 1);
        assert_eq!(
            problems_with(&Pinned::default(), &store),
            [
                "`edge` has a hash that the tiles below do not give",
                "`open/tile` has another hash than entry 258",
                "`sealed/000.trees/000/tile` has another hash than entry 7",
            ]
        );
    }

    #[test]
    fn what_an_append_reads_of_the_tiles_is_compared_with_them() {
        let mut store = Store::new();
        let problems = |store: &Store| problems_with(&Pinned::default(), store);
        store.0.insert(EDGE.into(), Vec::new());
        assert_eq!(problems(&store), ["`edge` does not belong to the log"]);
        store.0.remove(EDGE);
        let additions = (0..299).map(|n| Addition::new(approved(&format!("LE_{n}"), 7), Vec::new()));
        store.append(&additions.collect::<Vec<_>>());
        assert_eq!(problems(&store), [""; 0]);
        store.0.remove(EDGE);
        assert_eq!(problems(&store), ["`edge` is missing"]);
    }
}
