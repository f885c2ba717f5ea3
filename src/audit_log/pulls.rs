//! Which entries pull requests have: `pulls/<N>`, sorted lines `<number of a pull request> <index> <id>`; derived.
//!
//! A file is brought up to date when a segment is sealed: an append reads the entries of the last one anyway.

use std::collections::BTreeMap;

use crate::model::Entry;

use super::layout;

/// First half of the SHA-256 of an entry's id: enough that nobody finds a second id for it.
pub(super) type ShortId = [u8; 16];

/// The first half of the SHA-256 of an id.
pub(super) fn short_id(id: &str) -> ShortId {
    let mut short = ShortId::default();
    short.copy_from_slice(&layout::id_hash(id)[..16]);
    short
}

/// The sealed entries of 256 pull requests: by number of the pull request and index of the entry, its id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pulls(pub(super) BTreeMap<(u64, u64), ShortId>);

impl Pulls {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let line = |line: &str| {
            let (pr, rest) = line.split_once(' ')?;
            let (index, id) = rest.split_once(' ')?;
            Some(((pr.parse().ok()?, index.parse().ok()?), hex::decode(id).ok()?.try_into().ok()?))
        };
        let pulls = Self(text.lines().map(line).collect::<Option<_>>()?);
        (pulls.bytes() == bytes).then_some(pulls)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|((pr, index), id)| format!("{pr} {index} {}\n", hex::encode(id)).into_bytes()).collect()
    }

    /// Takes an entry of a pull request in.
    pub(super) fn insert(&mut self, pr: u64, index: u64, entry: &Entry) {
        self.0.insert((pr, index), short_id(&entry.id));
    }

    /// The entries of one of them, in order.
    pub(super) fn of(&self, pr: u64) -> impl Iterator<Item = (u64, ShortId)> {
        self.0.range((pr, 0)..=(pr, u64::MAX)).map(|((_, index), id)| (*index, *id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_nothing_else() {
        let pulls = Pulls([((7, 12), [1; 16]), ((7, 3), [2; 16]), ((8, 4), [3; 16]), ((10, 1), [4; 16])].into());
        let bytes = pulls.bytes();
        let text =
            ["7 3 02", "7 12 01", "8 4 03", "10 1 04"].map(|line| line.to_owned() + &line[line.len() - 2..].repeat(15));
        assert_eq!(String::from_utf8_lossy(&bytes), text.join("\n") + "\n");
        let of = |pr| pulls.of(pr).map(|(index, id)| (index, id[0])).collect::<Vec<_>>();
        assert_eq!((of(7), of(8), of(9)), (vec![(3, 2), (12, 1)], vec![(4, 3)], vec![]));
        assert_eq!(Pulls::parse(&bytes), Some(pulls.clone()));
        let id = "02".repeat(16);
        for bad in [
            format!("7 3 {id}\n7 12 {id}"),
            format!("7 12 {id}\n7 3 {id}\n"),
            format!("8 3 {id}\n7 4 {id}\n"),
            format!("7 3 {id}\n7 3 {id}\n"),
            format!("7 03 {id}\n"),
            format!("07 3 {id}\n"),
            format!("7 +3 {id}\n"),
            format!("7 3 {}\n", "AB".repeat(16)),
            format!("7 3 {id}02\n"),
            format!("7 3 {}\n", &id[2..]),
            "7 3\n".to_owned(),
            format!("7 3 {id}\r\n"),
        ] {
            assert_eq!(Pulls::parse(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(short_id("abc")[..], layout::id_hash("abc")[..16]);
    }
}
