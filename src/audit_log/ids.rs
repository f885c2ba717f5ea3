//! Which ids are in the log: `ids/<a>/<bc>`, sorted lines `<sha256 of the id> <index>`.

use std::collections::BTreeMap;

/// One file of the index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Shard(pub(super) BTreeMap<[u8; 32], u64>);

impl Shard {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let line = |line: &str| {
            let (hash, index) = line.split_once(' ')?;
            Some((<[u8; 32]>::try_from(hex::decode(hash).ok()?).ok()?, index.parse().ok()?))
        };
        let shard = Self(text.lines().map(line).collect::<Option<_>>()?);
        (shard.bytes() == bytes).then_some(shard)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(hash, index)| format!("{} {index}\n", hex::encode(hash)).into_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_sorted_and_reads_nothing_else() {
        let shard = Shard(BTreeMap::from([([9; 32], 1), ([8; 32], 12)]));
        let bytes = shard.bytes();
        let text = String::from_utf8(bytes.clone()).expect("text");
        assert_eq!(text, format!("{} 12\n{} 1\n", "08".repeat(32), "09".repeat(32)));
        assert_eq!(Shard::parse(&bytes), Some(shard));
        let reversed: String = text.split_inclusive('\n').rev().collect();
        for bad in [
            reversed,
            text.replace(" 12", " 012"),
            text.replace('\n', "\r\n"),
            text.trim_end().into(),
            text.replacen("08", "8", 1),
        ] {
            assert_eq!(Shard::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
