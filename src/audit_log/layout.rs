//! Where things are in the log's branch.
//!
//! The log is cut into segments of 256 entries. The last one is a folder that grows with each append; the others are
//! sealed: files list the ids of their git trees, which the history of the branch keeps. So a commit names few files
//! however long the log is, and an append costs as much.

use sha2::{Digest as _, Sha256};

use crate::model::Digest;

pub(super) const CHECKPOINT: &str = "checkpoint";
pub(super) const STATE: &str = "state.json";

/// The hashes of the partial tiles above the lowest, where a log has any.
pub(super) const EDGE: &str = "edge";

/// The folder of the last segment.
pub(super) const OPEN: &str = "open";

/// The folder with the lists of the others.
pub(super) const SEALED: &str = "sealed";

/// Entries of a segment, hashes of a full tile, segments that a file of seals lists.
pub(super) const WIDTH: u64 = 256;

/// What the name of a file ends in that lists sealed folders.
pub(super) const SEALS: &str = ".trees";

/// What is in a segment beside blobs.
const ENTRIES: &str = "entries.jsonl";
const TILE: &str = "tile";

/// `N` in tlog encoding: 1234067 is `x001/x234/067`.
/// Source: <https://c2sp.org/tlog-tiles#merkle-tree>
pub(super) fn number(n: u64) -> String {
    let mut text = format!("{:03}", n % 1000);
    let mut rest = n / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    text
}

/// How many segments of a log of `size` entries are sealed: all before the last, which is open even when it is full, so
/// that each is in the tree of one commit whole.
pub(super) fn sealed(size: u64) -> u64 {
    size.saturating_sub(1) / WIDTH
}

/// `sealed/<M>.trees`: lists the git trees of the segments from `256 * M` on, that of segment `n` among them.
pub(super) fn seals(n: u64) -> String {
    format!("{SEALED}/{}{SEALS}", number(n / WIDTH))
}

/// How many segments a file of seals lists in a log of `size` entries; `None` where there is no such file.
pub(super) fn parse_seals(size: u64, path: &str) -> Option<u64> {
    let n = parse_number(path.strip_prefix("sealed/")?.strip_suffix(SEALS)?)?;
    let count = sealed(size).checked_sub(n.checked_mul(WIDTH)?)?;
    (count > 0).then_some(count.min(WIDTH))
}

/// The folder of segment `n` in a log of `size` entries: `open`, or `sealed/<M>.trees/<n mod 256>`.
fn segment(size: u64, n: u64) -> String {
    if n < sealed(size) { format!("{}/{:03}", seals(n), n % WIDTH) } else { OPEN.to_owned() }
}

/// `<segment>/entries.jsonl`: the lines of segment `n`.
pub(super) fn entries(size: u64, n: u64) -> String {
    format!("{}/{ENTRIES}", segment(size, n))
}

/// The lowest tile of a segment is in it, `<segment>/tile`; a full one above is `tile/<L>/<N>`.
pub(super) fn tile(size: u64, level: usize, n: u64) -> String {
    if level == 0 { format!("{}/{TILE}", segment(size, n)) } else { format!("tile/{level}/{}", number(n)) }
}

/// Where a log of `size` entries has a blob that entry `index` names: `<segment>/<sha256>`.
pub(super) fn blob(size: u64, index: u64, digest: &Digest) -> String {
    format!("{}/{digest}", segment(size, index / WIDTH))
}

/// What a file in a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Entries,
    Tile,
    Blob(Digest),
}

/// The segment of a file, and what it is in it; `None` where it is in none or is nothing.
pub(super) fn parse_part(size: u64, path: &str) -> Option<(u64, Part)> {
    let (folder, name) = path.rsplit_once('/')?;
    let n = match folder.rsplit_once('/') {
        None => sealed(size),
        Some((seals, n)) => {
            let group = parse_number(seals.strip_prefix("sealed/")?.strip_suffix(SEALS)?)?;
            group.checked_mul(WIDTH)?.checked_add(n.parse().ok()?)?
        }
    };
    let part = match name {
        ENTRIES => Part::Entries,
        TILE => Part::Tile,
        digest => Part::Blob(digest.parse().ok()?),
    };
    (n <= sealed(size) && segment(size, n) == folder).then_some((n, part))
}

/// What the last segment always has.
pub(super) fn always_open() -> [String; 2] {
    [ENTRIES, TILE].map(|name| format!("{OPEN}/{name}"))
}

/// `pulls/<N>`: the sealed entries of 256 pull requests.
pub(super) fn pulls(pr: u64) -> String {
    format!("pulls/{}", number(pr / WIDTH))
}

/// The `N` of a tlog encoding; `None` where it is not the one spelling.
pub(super) fn parse_number(text: &str) -> Option<u64> {
    let digits: String = text.split('/').map(|part| part.strip_prefix('x').unwrap_or(part)).collect();
    let n = digits.parse().ok()?;
    (number(n) == text).then_some(n)
}

/// The level and the number of the path of a full tile above the lowest.
pub(super) fn parse_tile(path: &str) -> Option<(usize, u64)> {
    let (level, n) = path.strip_prefix("tile/")?.split_once('/')?;
    let (level, n) = (level.parse().ok()?, parse_number(n)?);
    (tile(0, level, n) == path).then_some((level, n))
}

/// Whether a log of `size` entries has this tile in full.
pub(super) fn has_full_tile(size: u64, level: usize, n: u64) -> bool {
    let bits = u32::try_from(level).ok().and_then(|level| level.checked_add(1)?.checked_mul(8));
    n < bits.and_then(|bits| size.checked_shr(bits)).unwrap_or(0)
}

/// The full tiles that the hash of a segment's entries is in: its own and those above.
pub(super) fn full_tiles_of(size: u64, segment: u64) -> Vec<String> {
    let levels = (0..).zip(std::iter::successors(Some(segment), |n| Some(n / WIDTH)));
    levels.take_while(|(level, n)| has_full_tile(size, *level, *n)).map(|(level, n)| tile(size, level, n)).collect()
}

/// SHA-256 of an entry's id.
pub(super) fn id_hash(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tlog_tiles::record_hash;

    use super::{super::tree::Edge, *};

    #[test]
    fn a_log_has_the_tiles_that_it_has() {
        for size in [1, 256, 257, 70_000] {
            let mut edge = Edge::default();
            let tiles: BTreeSet<_> =
                (0..size).flat_map(|_| edge.push(record_hash(b""))).map(|tile| (tile.level, tile.n)).collect();
            for level in 0..4 {
                for n in [0, 1, 2, 272, 273, 274] {
                    assert_eq!(has_full_tile(size, level, n), tiles.contains(&(level, n)), "{size} {level} {n}");
                }
            }
        }
        let huge = |level, n| has_full_tile(u64::MAX, level, n);
        assert!(!huge(usize::MAX, 0) && !huge(7, 0) && huge(6, 254));
    }

    #[test]
    fn a_segment_is_in_the_full_tiles_above_it() {
        for (size, segment, full) in [
            (255, 0, vec![]),
            (256, 0, vec!["open/tile"]),
            (257, 1, vec![]),
            (65_535, 1, vec!["sealed/000.trees/001/tile"]),
            (65_536, 1, vec!["sealed/000.trees/001/tile", "tile/1/000"]),
            (1 << 24, 65_535, vec!["open/tile", "tile/1/255", "tile/2/000"]),
            (1 << 24, 300, vec!["sealed/001.trees/044/tile", "tile/1/001", "tile/2/000"]),
        ] {
            assert_eq!(full_tiles_of(size, segment), full, "{size} {segment}");
        }
    }

    #[test]
    fn paths_are_those_of_the_format() {
        assert_eq!(entries(1, 0), "open/entries.jsonl");
        assert_eq!(
            (pulls(255), pulls(256), pulls(256_256)),
            ("pulls/000".into(), "pulls/001".into(), "pulls/x001/001".into())
        );
        for n in [0, 7, 999, 1000, 1_234_067, u64::MAX] {
            assert_eq!(parse_number(&number(n)), Some(n));
        }
        for text in ["", "7", "0007", "x000/007", "x007", "001/007", "x001/7", "x001//007", "-01", "+01"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
        for (level, n) in [(1, 255), (2, 1000)] {
            assert_eq!(parse_tile(&tile(1, level, n)), Some((level, n)));
        }
        for path in ["tile/0/255", "tile/01/255", "tile/1/255.p/01", "tile/1", "entries/000.jsonl", "tile/1/0255"] {
            assert_eq!(parse_tile(path), None, "{path}");
        }
        // The crate's own encoding, which has the tile height in front.
        assert_eq!(
            tlog_tiles::Tile::new(8, 3, 1_234_067, 256, false).path(),
            format!("tile/8/{}", &tile(1, 3, 1_234_067)[5..])
        );
    }

    #[test]
    fn a_segment_is_open_until_the_first_entry_of_the_next() {
        let digest = Digest::of("abc");
        for (size, index, folder) in [
            (1, 0, "open"),
            (256, 0, "open"),
            (257, 255, "sealed/000.trees/000"),
            (257, 256, "open"),
            (512, 511, "open"),
            (513, 511, "sealed/000.trees/001"),
            (17_000_000_000, 256_256 * 65_536, "sealed/x256/256.trees/000"),
            (17_000_000_000, 256_256 * 65_536 + 65_535, "sealed/x256/256.trees/255"),
        ] {
            let n = index / WIDTH;
            assert_eq!(entries(size, n), format!("{folder}/entries.jsonl"), "{size}");
            for (path, part) in [
                (entries(size, n), Part::Entries),
                (tile(size, 0, n), Part::Tile),
                (blob(size, index, &digest), Part::Blob(digest)),
            ] {
                assert_eq!(parse_part(size, &path), Some((n, part)), "{path}");
                let later = if folder == "open" { n + 1 } else { n };
                assert_eq!(parse_part(size + WIDTH, &path), Some((later, part)), "{path}");
            }
        }
        for path in [
            "open",
            "open/x",
            "open/000/tile",
            "sealed/000.trees/tile",
            "sealed/000.trees/0/tile",
            "sealed/000.trees/001/tile",
            "sealed/000.trees/256/tile",
            "sealed/00.trees/000/tile",
            "sealed/x018/x446/x744/x073/x709/x551/615.trees/000/tile",
            "sealed/000/000/tile",
            "other/000.trees/000/tile",
            "sealed/000.trees/000/more",
        ] {
            assert_eq!(parse_part(257, path), None, "{path}");
        }
    }

    #[test]
    fn a_file_of_seals_lists_256_segments() {
        for (size, path, count) in [
            (256, "sealed/000.trees", None),
            (257, "sealed/000.trees", Some(1)),
            (65_536, "sealed/000.trees", Some(255)),
            (65_537, "sealed/000.trees", Some(256)),
            (65_537, "sealed/001.trees", None),
            (65_793, "sealed/001.trees", Some(1)),
            (200_000, "sealed/001.trees", Some(256)),
        ] {
            assert_eq!(parse_seals(size, path), count, "{size} {path}");
        }
        assert_eq!((seals(255), seals(256)), ("sealed/000.trees".into(), "sealed/001.trees".into()));
        let huge = "sealed/x018/x446/x744/x073/x709/x551/615.trees";
        for path in ["sealed/0.trees", "sealed/000", "000.trees", "sealed/000.trees/", huge] {
            assert_eq!(parse_seals(600, path), None, "{path}");
        }
    }
}
