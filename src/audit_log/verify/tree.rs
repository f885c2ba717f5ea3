//! Entries and tiles, as they stream by.

use std::collections::VecDeque;

use tlog_tiles::{Hash, record_hash};

use super::{
    super::{
        Checkpoint, Error,
        layout::{self, EDGE, WIDTH},
        tree::{Edge, Tile, hashes},
    },
    Earlier, LogFiles, MAX_PROBLEMS, Place, Problem,
    audit::read,
};

/// Bundles and tiles in the order in which the entries give them.
pub(super) struct Streamed<'a> {
    checkpoint: &'a Checkpoint,
    earlier: &'a [Earlier],
    pub(super) problems: Vec<Problem>,
    pub(super) edge: Edge,
    /// Tiles that the entries so far give and that were not compared yet.
    due: VecDeque<Tile>,
    /// Ids of the bundle that was read last.
    ids: Vec<Option<String>>,
    /// Entries whose hash is not the one in the tile of this path.
    suspects: Vec<(u64, Option<String>, String)>,
    /// Higher tiles that are not what the entries give.
    odd_tiles: Vec<String>,
    /// Leaf hash of the first entry.
    pub(super) first: Option<Hash>,
}

/// Paths of all bundles and tiles of a log of `size` entries: after each bundle the tiles that it fills.
fn paths(size: u64) -> impl Iterator<Item = String> {
    let full = (0..size / WIDTH).flat_map(|bundle| {
        let mut paths = vec![layout::bundle(bundle)];
        let (mut level, mut count) = (0, bundle + 1);
        loop {
            paths.push(layout::tile(level, count - 1, 256));
            if !count.is_multiple_of(WIDTH) {
                return paths;
            }
            (level, count) = (level + 1, count / WIDTH);
        }
    });
    let rest = (!size.is_multiple_of(WIDTH)).then(|| layout::bundle(size / WIDTH));
    let (mut level, mut count) = (0, size);
    let partial = std::iter::from_fn(move || {
        while count > 0 {
            let (at, width, n) = (level, count % WIDTH, count / WIDTH);
            (level, count) = (level + 1, n);
            if width > 0 {
                return Some(layout::tile(at, n, usize::try_from(width).unwrap_or_default()));
            }
        }
        None
    });
    full.chain(rest).chain(partial)
}

/// Whether a log of `size` entries has this tile.
pub(super) fn has_tile(size: u64, level: usize, n: u64, width: usize) -> bool {
    let count = u32::try_from(level).ok().and_then(|level| size.checked_shr(8 * level)).unwrap_or(0);
    let (width, full) = (width as u64, count / WIDTH);
    (width == WIDTH && n < full) || (width > 0 && n == full && width == count % WIDTH)
}

impl<'a> Streamed<'a> {
    pub(super) fn new(checkpoint: &'a Checkpoint, earlier: &'a [Earlier]) -> Self {
        let (problems, edge, due, ids, suspects, odd_tiles, first) = Default::default();
        Self { checkpoint, earlier, problems, edge, due, ids, suspects, odd_tiles, first }
    }

    /// Streams every entry, and with them the tiles; `line` takes an entry's index and line and gives its id.
    pub(super) fn run(
        &mut self,
        files: &mut dyn LogFiles,
        line: &mut dyn FnMut(u64, &[u8]) -> Option<String>,
    ) -> Result<(), Error> {
        let size = self.checkpoint.size;
        let streamed = files.read_each(&mut paths(size), &mut |path, bytes| {
            if path.starts_with("entries/") {
                return self.bundle(path, bytes, line);
            }
            if let Some(tile) = self.due.pop_front() {
                self.tile(&tile, path, bytes);
            }
            true
        });
        streamed.map_err(|source| Error::Read { path: "entries".to_owned(), source })?;
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
        let upper = self.edge.upper();
        match read(files, EDGE)? {
            Some(recorded) if recorded != upper => self.odd_tiles.push(EDGE.to_owned()),
            None if !upper.is_empty() => self.file(EDGE, "is missing"),
            _ => {}
        }
        Ok(())
    }

    fn file(&mut self, path: &str, what: impl Into<String>) {
        self.problem(Place::File(path.to_owned()), what.into());
    }

    fn problem(&mut self, place: Place, what: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { place, what });
        }
    }

    /// Takes a bundle into account; whether it makes sense to go on.
    fn bundle(
        &mut self,
        path: &str,
        bytes: Option<Vec<u8>>,
        line: &mut dyn FnMut(u64, &[u8]) -> Option<String>,
    ) -> bool {
        let start = self.edge.size();
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
            self.due.extend(self.edge.tiles());
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
                let room = MAX_PROBLEMS.saturating_sub(self.suspects.len());
                self.suspects.extend(suspects.take(room));
            }
            Some(_) if self.odd_tiles.len() < MAX_PROBLEMS => self.odd_tiles.push(path.to_owned()),
            Some(_) => {}
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
            for path in std::mem::take(&mut self.odd_tiles) {
                self.file(&path, "has a hash that the tiles below do not give");
            }
        }
        for (index, id, path) in suspects {
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
    use std::collections::BTreeSet;

    use super::*;
    use crate::audit_log::{
        Addition, Pinned,
        fixture::{Store, approved, problems_with},
    };

    #[test]
    fn every_tile_of_a_log_is_asked_for_after_the_entries_that_give_it() {
        for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 65_536 + 256] {
            let (mut edge, mut expected) = (Edge::default(), Vec::new());
            for n in 0..size {
                if n % WIDTH == 0 {
                    expected.push(layout::bundle(n / WIDTH));
                }
                expected.extend(edge.push(record_hash(b"")).iter().map(Tile::path));
            }
            // The bundle comes first, then what it fills.
            let mut asked: Vec<_> = paths(size).collect();
            let last = asked.iter().rposition(|path| path.starts_with("entries/")).unwrap_or_default();
            assert!(asked[last..].iter().skip(1).all(|path| path.starts_with("tile/")));
            expected.extend(edge.tiles().map(|tile| tile.path()));
            expected.sort();
            asked.sort();
            assert_eq!(asked, expected, "{size}");
        }
    }

    #[test]
    fn so_many_problems_are_told_and_no_more() {
        let origin = "schema-registry/github.com/1".parse().expect("an origin");
        let checkpoint = Checkpoint { origin, size: 1, root: Edge::default().root() };
        let mut streamed = Streamed::new(&checkpoint, &[]);
        for n in 0..=MAX_PROBLEMS {
            streamed.file(&n.to_string(), "is missing");
        }
        assert_eq!(streamed.problems.len(), MAX_PROBLEMS);
        let tile = Tile { level: 1, n: 0, hashes: vec![record_hash(b"")] };
        for n in 0..=MAX_PROBLEMS {
            streamed.tile(&tile, &n.to_string(), Some(record_hash(b"other").0.to_vec()));
        }
        assert_eq!(streamed.odd_tiles.len(), MAX_PROBLEMS);
    }

    #[test]
    fn each_tile_that_was_touched_is_told_with_what_contradicts_it() {
        let mut store = Store::new();
        let additions = (0..299).map(|n| Addition::new(approved(&format!("LE_{n}"), 7), Vec::new()));
        store.append(&additions.collect::<Vec<_>>());
        for (path, at) in [("tile/0/000", 7), ("tile/0/001.p/44", 2), ("tile/1/000.p/1", 0)] {
            store.0.get_mut(path).expect("it is there")[at * 32] ^= 1;
        }
        assert_eq!(
            problems_with(&Pinned::default(), &store),
            [
                "`tile/0/000` has another hash than entry 7",
                "`tile/0/001.p/44` has another hash than entry 258",
                "`tile/1/000.p/1` has a hash that the tiles below do not give",
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
        store.0.get_mut(EDGE).expect("it is there")[0] ^= 1;
        assert_eq!(problems(&store), ["`edge` has a hash that the tiles below do not give"]);
        store.0.remove(EDGE);
        assert_eq!(problems(&store), ["`edge` is missing"]);
    }

    #[test]
    fn a_log_has_the_tiles_that_it_has() {
        for size in [1, 256, 257, 70_000] {
            let tiles: BTreeSet<_> = paths(size).filter_map(|path| layout::parse_tile(&path)).collect();
            for level in 0..4 {
                for n in [0, 1, 2, 272, 273, 274] {
                    for width in [0, 1, 17, 112, 255, 256, 257] {
                        assert_eq!(
                            has_tile(size, level, n, width),
                            tiles.contains(&(level, n, width)),
                            "{size} {level} {n} {width}"
                        );
                    }
                }
            }
        }
    }
}
