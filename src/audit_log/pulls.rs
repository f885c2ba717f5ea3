//! Which entries a pull request has: `pulls/<N>`, sorted lines `<index>`; derived.

/// The entries of one pull request, by index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pull(pub(super) Vec<u64>);

impl Pull {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let pull = Self(text.lines().map(str::parse).collect::<Result<_, _>>().ok()?);
        (pull.bytes() == bytes && pull.0.is_sorted_by(|a, b| a < b)).then_some(pull)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|index| format!("{index}\n").into_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_nothing_else() {
        let pull = Pull(vec![3, 12]);
        assert_eq!(Pull::parse(&pull.bytes()), Some(pull));
        for bad in ["3\n12", "12\n3\n", "3\n3\n", "03\n", "+3\n", "x\n", "3\r\n"] {
            assert_eq!(Pull::parse(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
