//! Where things are in the log's branch.

use sha2::{Digest as _, Sha256};

use crate::model::Digest;

pub(super) const CHECKPOINT: &str = "checkpoint";
pub(super) const STATE: &str = "state.json";

/// Hashes of a full tile, and entries of a full bundle.
pub(super) const WIDTH: u64 = 256;

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

/// `entries/<N>.jsonl`.
pub(super) fn bundle(n: u64) -> String {
    format!("entries/{}.jsonl", number(n))
}

/// `tile/<L>/<N>`, or `tile/<L>/<N>.p/<W>` for fewer than 256 hashes.
pub(super) fn tile(level: usize, n: u64, width: usize) -> String {
    let full = format!("tile/{level}/{}", number(n));
    if width as u64 == WIDTH { full } else { format!("{full}.p/{width}") }
}

/// `blob/<aa>/<bb>/<sha256>`.
pub(super) fn blob(digest: &Digest) -> String {
    let hex = digest.to_string();
    format!("blob/{}/{}/{hex}", &hex[..2], &hex[2..4])
}

/// The digest of a blob's path; `None` where it is not the one path.
pub(super) fn parse_blob(path: &str) -> Option<Digest> {
    let digest = path.rsplit('/').next()?.parse().ok()?;
    (blob(&digest) == path).then_some(digest)
}

/// `pulls/<N>`: the entries of a pull request.
pub(super) fn pull(n: u64) -> String {
    format!("pulls/{}", number(n))
}

/// The `N` of a tlog encoding; `None` where it is not the one spelling.
pub(super) fn parse_number(text: &str) -> Option<u64> {
    let digits: String = text.split('/').map(|part| part.strip_prefix('x').unwrap_or(part)).collect();
    let n = digits.parse().ok()?;
    (number(n) == text).then_some(n)
}

/// The level and the number of a tile's path, with its width.
pub(super) fn parse_tile(path: &str) -> Option<(usize, u64, usize)> {
    let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let (n, width) = rest.split_once(".p/").unwrap_or((rest, "256"));
    let (level, n, width) = (level.parse().ok()?, parse_number(n)?, width.parse().ok()?);
    (tile(level, n, width) == path).then_some((level, n, width))
}

/// SHA-256 of an entry's id.
pub(super) fn id_hash(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

/// `ids/<aa>/<bb>` of an id's hash.
pub(super) fn id_shard(hash: &[u8; 32]) -> String {
    format!("ids/{:02x}/{:02x}", hash[0], hash[1])
}

/// The first two bytes of the hashes in `ids/<aa>/<bb>`; `None` where it is not the one spelling.
pub(super) fn parse_shard(path: &str) -> Option<[u8; 2]> {
    let (first, second) = path.strip_prefix("ids/")?.split_once('/')?;
    let byte = |hex: &str| u8::from_str_radix(hex, 16).ok();
    let prefix = [byte(first)?, byte(second)?];
    (path == format!("ids/{:02x}/{:02x}", prefix[0], prefix[1])).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_format() {
        assert_eq!(bundle(0), "entries/000.jsonl");
        assert_eq!(bundle(1_234_067), "entries/x001/x234/067.jsonl");
        assert_eq!(pull(1_234_067), "pulls/x001/x234/067");
        for n in [0, 7, 999, 1000, 1_234_067, u64::MAX] {
            assert_eq!(parse_number(&number(n)), Some(n));
        }
        for text in ["", "7", "0007", "x000/007", "x007", "001/007", "x001/7", "x001//007", "-01", "+01"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
        for (level, n, width) in [(0, 255, 256), (2, 1000, 1)] {
            assert_eq!(parse_tile(&tile(level, n, width)), Some((level, n, width)));
        }
        for path in ["tile/0/255.p/256", "tile/00/255", "tile/0/255.p/01", "tile/0/255.p", "entries/000.jsonl"] {
            assert_eq!(parse_tile(path), None, "{path}");
        }
        assert_eq!(tile(0, 255, 256), "tile/0/255");
        assert_eq!(tile(2, 1000, 1), "tile/2/x001/000.p/1");
        let digest = Digest::of("abc");
        assert_eq!(blob(&digest), format!("blob/ba/78/{digest}"));
        assert_eq!(id_shard(&id_hash("abc")), "ids/ba/78");
        assert_eq!((parse_blob(&blob(&digest)), parse_shard("ids/ba/78")), (Some(digest), Some([0xba, 0x78])));
        for path in ["blob/ba/79/", "blob/ba/", "blob/78/ba/", "x/ba/78/"] {
            assert_eq!(parse_blob(&format!("{path}{digest}")), None, "{path}");
        }
        for path in ["ids/BA/78", "ids/ba/+8", "ids/ba/78/9", "ids/ba", "ids/ba/078", "x/ba/78"] {
            assert_eq!(parse_shard(path), None, "{path}");
        }
        // The crate's own encoding, which has the tile height in front.
        assert_eq!(
            tlog_tiles::Tile::new(8, 3, 1_234_067, 9, false).path(),
            format!("tile/8/{}", &tile(3, 1_234_067, 9)[5..])
        );
    }
}
