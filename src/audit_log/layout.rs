//! Where things are in the log's branch.

use sha2::{Digest as _, Sha256};

use crate::model::Digest;

pub(super) const CHECKPOINT: &str = "checkpoint";
pub(super) const STATE: &str = "state.json";

/// The hashes of the partial tiles above the lowest, where a log has any: what an append needs of them, however far down
/// their own files are.
pub(super) const EDGE: &str = "edge";

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
    if width as u64 == WIDTH { full } else { format!("{}/{width}", partial(level, n)) }
}

/// `tile/<L>/<N>.p`: the folder of a tile that is not full yet.
pub(super) fn partial(level: usize, n: u64) -> String {
    format!("tile/{level}/{}.p", number(n))
}

/// What the name of a file ends in that stands for a folder.
pub(super) const SEAL: &str = ".tree";

/// `blob/<N>`: the folder of what the entries of bundle `N` name, while it is open.
pub(super) fn folder(bundle: u64) -> String {
    format!("blob/{}", number(bundle))
}

/// `blob/<N>.tree`: what stands for the folder once it is sealed. It holds the id of the folder's git tree, which the
/// history of the branch keeps: a commit names few files however many blobs there are.
pub(super) fn seal(bundle: u64) -> String {
    folder(bundle) + SEAL
}

/// Whether a log of `size` entries has sealed the folder of a bundle. The last one that is full is still open, so that
/// as long as no commit adds more than [`WIDTH`] entries, each full folder is in the tree of one commit at least.
pub(super) fn is_sealed(size: u64, bundle: u64) -> bool {
    bundle + 1 < size / WIDTH
}

/// Where a log of `size` entries has a blob that entry `index` names: `blob/<N>/<sha256>`, or `blob/<N>.tree/<sha256>`.
pub(super) fn blob(size: u64, index: u64, digest: &Digest) -> String {
    let bundle = index / WIDTH;
    let folder = if is_sealed(size, bundle) { seal(bundle) } else { folder(bundle) };
    format!("{folder}/{digest}")
}

/// The bundle and the digest of a blob's path; `None` where it is not the one path.
pub(super) fn parse_blob(size: u64, path: &str) -> Option<(u64, Digest)> {
    let (folder, digest) = path.strip_prefix("blob/")?.rsplit_once('/')?;
    let bundle = parse_number(folder.strip_suffix(SEAL).unwrap_or(folder))?;
    let (first, digest) = (bundle.checked_mul(WIDTH)?, digest.parse().ok()?);
    (first < size && blob(size, first, &digest) == path).then_some((bundle, digest))
}

/// The bundle of a sealed folder; `None` where a log of `size` entries has not sealed it.
pub(super) fn parse_seal(size: u64, path: &str) -> Option<u64> {
    let bundle = parse_number(path.strip_prefix("blob/")?.strip_suffix(SEAL)?)?;
    is_sealed(size, bundle).then_some(bundle)
}

/// `pulls/<N>`: the entries of 256 pull requests.
pub(super) fn pulls(pr: u64) -> String {
    format!("pulls/{}", number(pr / WIDTH))
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

/// How many files of ids there can be.
pub(super) const SHARDS: u16 = 1 << 12;

/// Which file of ids a hash is in: its first twelve bits.
pub(super) fn shard_of(hash: &[u8; 32]) -> u16 {
    u16::from_be_bytes([hash[0], hash[1]]) >> 4
}

/// `ids/<a>/<bc>`: the ids whose hashes begin with these three hexadecimal digits.
pub(super) fn shard(n: u16) -> String {
    format!("ids/{:x}/{:02x}", n >> 8, n & 0xff)
}

/// The number of a file of ids; `None` where it is not the one spelling.
pub(super) fn parse_shard(path: &str) -> Option<u16> {
    let (first, rest) = path.strip_prefix("ids/")?.split_once('/')?;
    let n = u16::from_str_radix(&format!("{first}{rest}"), 16).ok()?;
    (n < SHARDS && shard(n) == path).then_some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_format() {
        assert_eq!(bundle(0), "entries/000.jsonl");
        assert_eq!(bundle(1_234_067), "entries/x001/x234/067.jsonl");
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
        for (level, n, width) in [(0, 255, 256), (2, 1000, 1)] {
            assert_eq!(parse_tile(&tile(level, n, width)), Some((level, n, width)));
        }
        for path in ["tile/0/255.p/256", "tile/00/255", "tile/0/255.p/01", "tile/0/255.p", "entries/000.jsonl"] {
            assert_eq!(parse_tile(path), None, "{path}");
        }
        assert_eq!(tile(0, 255, 256), "tile/0/255");
        assert_eq!(tile(2, 1000, 1), "tile/2/x001/000.p/1");
        let abc = shard_of(&id_hash("abc"));
        assert_eq!((abc, shard(abc), parse_shard("ids/b/a7")), (0xba7, "ids/b/a7".to_owned(), Some(abc)));
        assert_eq!((shard(5), parse_shard("ids/0/05")), ("ids/0/05".to_owned(), Some(5)));
        for path in [
            "ids/B/a7",
            "ids/ba/7",
            "ids/+b/a7",
            "ids/b/a7/9",
            "ids/b",
            "ids/b/0a7",
            "ids/1b/a7",
            "ids/10/00",
            "x/b/a7",
        ] {
            assert_eq!(parse_shard(path), None, "{path}");
        }
        // The crate's own encoding, which has the tile height in front.
        assert_eq!(
            tlog_tiles::Tile::new(8, 3, 1_234_067, 9, false).path(),
            format!("tile/8/{}", &tile(3, 1_234_067, 9)[5..])
        );
    }

    #[test]
    fn a_folder_of_blobs_is_open_until_the_next_one_is_full() {
        let digest = Digest::of("abc");
        for (size, index, folder) in [
            (1, 0, "blob/000"),
            (511, 255, "blob/000"),
            (512, 255, "blob/000.tree"),
            (512, 256, "blob/001"),
            (767, 511, "blob/001"),
            (768, 511, "blob/001.tree"),
            (300_000, 256_256, "blob/x001/001.tree"),
        ] {
            let path = blob(size, index, &digest);
            assert_eq!(path, format!("{folder}/{digest}"), "{size}");
            assert_eq!(parse_blob(size, &path), Some((index / WIDTH, digest)));
            let sealed = folder.strip_suffix(SEAL);
            let other = sealed.map_or(format!("{folder}{SEAL}"), str::to_owned);
            assert_eq!(parse_blob(size, &format!("{other}/{digest}")), None);
            assert_eq!(parse_seal(size, folder), sealed.map(|_| index / WIDTH));
        }
        for path in [
            "blob/",
            "blob/000/x",
            "blob/00",
            "blob/000/000",
            "x/000",
            "blob/000.tree.tree",
            "blob/001",
            "blob/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(parse_blob(1, &format!("{path}/{digest}")), None, "{path}");
        }
        assert_eq!(parse_blob(256, &format!("blob/001/{digest}")), None, "no entry is in that bundle yet");
        for path in ["blob/001.tree", "blob/000", "blob/0.tree", "000.tree", "blob/000.tree/", "blob/.tree"] {
            assert_eq!(parse_seal(512, path), None, "{path}");
        }
    }
}
