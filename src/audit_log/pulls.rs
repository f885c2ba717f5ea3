//! Which entries pull requests have: `pulls/<N>`, sorted lines `<number of a pull request> <index>`; derived.

use std::collections::BTreeSet;

/// The entries of 256 pull requests: numbers of pull requests, each with the index of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pulls(pub(super) BTreeSet<(u64, u64)>);

impl Pulls {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let line = |line: &str| {
            let (pr, index) = line.split_once(' ')?;
            Some((pr.parse().ok()?, index.parse().ok()?))
        };
        let pulls = Self(text.lines().map(line).collect::<Option<_>>()?);
        (pulls.bytes() == bytes).then_some(pulls)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(pr, index)| format!("{pr} {index}\n").into_bytes()).collect()
    }

    /// The entries of one of them, in order.
    pub(super) fn of(&self, pr: u64) -> Vec<u64> {
        self.0.range((pr, 0)..=(pr, u64::MAX)).map(|(_, index)| *index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_nothing_else() {
        let pulls = Pulls(BTreeSet::from([(7, 12), (7, 3), (8, 4), (10, 1)]));
        let bytes = pulls.bytes();
        assert_eq!(String::from_utf8_lossy(&bytes), "7 3\n7 12\n8 4\n10 1\n");
        assert_eq!((pulls.of(7), pulls.of(8), pulls.of(9)), (vec![3, 12], vec![4], vec![]));
        assert_eq!(Pulls::parse(&bytes), Some(pulls));
        for bad in
            ["7 3\n7 12", "7 12\n7 3\n", "8 3\n7 4\n", "7 3\n7 3\n", "7 03\n", "07 3\n", "7 +3\n", "7\n", "7 3\r\n"]
        {
            assert_eq!(Pulls::parse(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
