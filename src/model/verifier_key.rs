//! Public keys of signed notes, as people write them in a policy.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

/// What a key signs, by the byte that names its signature type.
/// Source: <https://c2sp.org/signed-note#signature-types>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyType {
    /// `0x01`: the text of a note.
    Ed25519,
    /// `0x04`: a checkpoint and the time at which a witness saw it.
    /// Source: <https://c2sp.org/tlog-cosignature>
    Cosignature,
}

impl KeyType {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Cosignature => 4,
        }
    }
}

/// A public key with its name: `<name>+<id>+<base64 of the type and the key>`.
///
/// ```text
/// schema-registry/github.com/1296269+6f1c0a52+AWZ8Y0...
/// ```
/// Source: <https://c2sp.org/signed-note#verifier-keys>
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifierKey {
    /// Its name; a log's key has the name of the log's origin.
    pub name: String,
    /// What it signs.
    pub kind: KeyType,
    /// The Ed25519 public key.
    pub public: [u8; 32],
}

/// A text that is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidKey(pub &'static str);

impl VerifierKey {
    /// Its id, which signature lines begin with.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', self.kind.byte()])
            .chain_update(self.public)
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

/// Whether a key may have this name: not empty, no spaces, no `+`.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|char| char.is_whitespace() || char.is_control() || char == '+')
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend(self.public);
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), BASE64_STANDARD.encode(bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: InvalidKey = InvalidKey("a public key is written `<name>+<8 hexadecimal digits>+<base64>`");
        // Base64 holds `+` too; the name and the id do not.
        let (name, rest) = text.split_once('+').ok_or(SHAPE)?;
        let (id, key) = rest.split_once('+').ok_or(SHAPE)?;
        let key = BASE64_STANDARD.decode(key).map_err(|_| SHAPE)?;
        let (kind, public) = key.split_first().ok_or(SHAPE)?;
        let kind = match kind {
            1 => KeyType::Ed25519,
            4 => KeyType::Cosignature,
            _ => return Err(InvalidKey("the key is of a type that is not known; Ed25519 keys begin with `A` or `B`")),
        };
        let public = public.try_into().map_err(|_| SHAPE)?;
        let key = Self { name: name.to_owned(), kind, public };
        if !is_key_name(name) {
            return Err(SHAPE);
        }
        if hex::encode(key.id()) != id {
            return Err(InvalidKey("the id is not that of the name and the key; copy the whole line again"));
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Of Go's checksum database: https://go.dev/ref/mod#checksum-database
    const SUMDB: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    #[test]
    fn a_published_key_is_read_and_printed() {
        let key: VerifierKey = SUMDB.parse().expect("valid");
        assert_eq!(
            (key.name.as_str(), key.kind, hex::encode(key.id())),
            ("sum.golang.org", KeyType::Ed25519, "033de0ae".into())
        );
        assert_eq!(key.to_string(), SUMDB);
        let witness = VerifierKey { kind: KeyType::Cosignature, ..key.clone() };
        assert_ne!(witness.id(), key.id());
        assert_eq!(witness.to_string().parse(), Ok(witness));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for (old, new) in [
            ("+033de0ae", ""),
            ("033de0ae", "033de0af"),
            ("Ac4z", "As4z"),
            ("Ac4z", "Ac4"),
            ("sum.", "sum "),
            ("sum.golang.org", ""),
        ] {
            assert!(SUMDB.replacen(old, new, 1).parse::<VerifierKey>().is_err(), "{new}");
        }
    }
}
