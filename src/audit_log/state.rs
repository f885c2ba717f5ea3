//! The last recorded tip of each base branch, and the key that signs; derived from the entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Entry, EntryKind, VerifierKey};

use super::landing::LandingId;

/// `state.json`, RFC 8785 JSON and an LF.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// By full ref name, `refs/heads/main`.
    pub branches: BTreeMap<String, Branch>,
    /// The public key that signs checkpoints, as `<name>+<id>+<base64>`; left out where they are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The keys that were given up for another one, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<String>,
}

/// What the id of a `key-rotated` entry begins with; the new public key follows.
const KEY_ID: &str = "key:";

/// The id of the entry that says that `key` signs from here on. A key that was given up is never taken up again.
#[must_use]
pub fn key_id(key: &VerifierKey) -> String {
    format!("{KEY_ID}{key}")
}

/// What is recorded of a base branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Its last recorded tip: everything up to it is accounted for.
    pub tip: String,
    /// How often its history was rewritten.
    pub rewrites: u64,
}

impl State {
    /// The state of a log that begins at `tips`, and whose checkpoints `key` signs.
    #[must_use]
    pub fn new(tips: &BTreeMap<String, String>, key: Option<&VerifierKey>) -> Self {
        let branch = |tip: &String| Branch { tip: tip.clone(), rewrites: 0 };
        let branches = tips.iter().map(|(name, tip)| (name.clone(), branch(tip))).collect();
        Self { branches, key: key.map(ToString::to_string), retired: Vec::new() }
    }

    /// Reads it; it must be exactly what it prints as.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let state: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if state.bytes() == bytes { Ok(state) } else { Err("it is not written as RFC 8785 JSON and an LF".to_owned()) }
    }

    /// Its bytes.
    ///
    /// # Panics
    /// Never: strings and small numbers always serialise.
    #[must_use]
    #[expect(clippy::expect_used, reason = "strings and small numbers always serialise")]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json_canonicalizer::to_vec(self).expect("a state is plain JSON");
        bytes.push(b'\n');
        bytes
    }

    /// What the recorded tip of a branch is; `None` where nothing of it is recorded.
    #[must_use]
    pub fn tip(&self, reference: &str) -> Option<&str> {
        self.branches.get(reference).map(|branch| branch.tip.as_str())
    }

    /// The id of the landing that takes a branch from its recorded tip to `after`; a branch of which nothing is
    /// recorded begins at `before`.
    #[must_use]
    pub fn landing_id(&self, database: &str, reference: &str, before: &str, after: &str) -> LandingId {
        let branch = self.branches.get(reference);
        LandingId {
            database: database.to_owned(),
            reference: reference.to_owned(),
            before: branch.map_or(before, |branch| &branch.tip).to_owned(),
            after: after.to_owned(),
            rewrites: branch.map_or(0, |branch| branch.rewrites),
        }
    }

    /// Takes an entry into account. Landings must follow each other without a gap, and a key signs once; entries of
    /// other kinds change nothing.
    pub fn apply(&mut self, database: &str, entry: &Entry) -> Result<(), String> {
        if entry.kind.is_landing() {
            return self.land(database, entry);
        }
        if entry.kind == EntryKind::KeyRotated {
            let key = entry.id.strip_prefix(KEY_ID).ok_or("its id is not `key:<public key>`")?;
            key.parse::<VerifierKey>().map_err(|error| error.to_string())?;
            if self.retired.iter().any(|retired| retired == key) {
                return Err("its key was given up before".to_owned());
            }
            self.retired.extend(self.key.replace(key.to_owned()));
            return Ok(());
        }
        // Ids of events come from GitHub; these two kinds of ids mean something.
        match ["landing:", KEY_ID].iter().find(|reserved| entry.id.starts_with(**reserved)) {
            Some(reserved) => Err(format!("its id begins with `{reserved}`, its kind is `{}`", entry.kind.as_str())),
            None => Ok(()),
        }
    }

    /// Whether an entry says what is so already: that its key signs.
    pub(super) fn is_signed_with_key_of(&self, entry: &Entry) -> bool {
        entry.kind == EntryKind::KeyRotated && self.key.as_deref() == entry.id.strip_prefix(KEY_ID)
    }

    fn land(&mut self, database: &str, entry: &Entry) -> Result<(), String> {
        let id: LandingId = entry.id.parse()?;
        if (entry.before.as_deref(), entry.after.as_deref()) != (Some(id.before.as_str()), Some(id.after.as_str())) {
            return Err("its commits are not those of its id".to_owned());
        }
        if id != self.landing_id(database, &id.reference, &id.before, &id.after) {
            let tip = self.tip(&id.reference).unwrap_or("nothing");
            return Err(format!("the recorded tip of `{}` is {tip}", id.reference));
        }
        let rewrites = id.rewrites + u64::from(entry.kind == EntryKind::HistoryRewritten);
        self.branches.insert(id.reference, Branch { tip: id.after, rewrites });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        Signer,
        fixture::{entry, landing},
    };
    use super::*;
    use crate::model::{
        EntryKind::{Approved, DirectPush, HistoryRewritten, KeyRotated, Merged},
        KeyType,
    };

    fn state() -> State {
        State::new(&BTreeMap::from([("refs/heads/main".to_owned(), "t0".to_owned())]), None)
    }

    #[test]
    fn prints_canonically_and_reads_nothing_else() {
        let bytes = state().bytes();
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r#"{"branches":{"refs/heads/main":{"rewrites":0,"tip":"t0"}}}"#);
        assert_eq!(State::parse(&bytes), Ok(state()));
        for (old, new) in [("\n", ""), (":", ": "), ("t0\"", "t0\",\"x\":1")] {
            assert!(State::parse(String::from_utf8_lossy(&bytes).replacen(old, new, 1).as_bytes()).is_err(), "{new:?}");
        }
    }

    #[test]
    fn landings_follow_each_other() {
        let mut state = state();
        let mut apply = |kind, before: &str, after: &str, rewrites| {
            state.apply("default", &landing(kind, "refs/heads/main", before, after, rewrites))
        };
        assert_eq!(apply(Merged, "t0", "t1", 0), Ok(()));
        assert_eq!(apply(Merged, "t0", "t1", 0), Err("the recorded tip of `refs/heads/main` is t1".into()));
        assert_eq!(apply(HistoryRewritten, "t1", "t0", 0), Ok(()));
        assert!(apply(DirectPush, "t0", "t1", 0).is_err(), "the same tips again need another id");
        assert_eq!(apply(DirectPush, "t0", "t1", 1), Ok(()));
        assert_eq!(state.branches["refs/heads/main"], Branch { tip: "t1".into(), rewrites: 1 });
    }

    #[test]
    fn an_entry_that_contradicts_itself_is_refused() {
        let mut state = state();
        let mut entry = landing(Merged, "refs/heads/main", "t0", "t1", 0);
        assert!(state.apply("other", &entry).is_err(), "another database");
        entry.after = Some("t2".into());
        assert!(state.apply("default", &entry).is_err());
        entry.kind = EntryKind::Approved;
        assert!(state.apply("default", &entry).is_err());
        assert_eq!(state, self::state());
    }

    #[test]
    fn a_key_is_what_the_last_rotation_says() {
        let (key, _) = Signer::generate("log.example", KeyType::Ed25519).expect("random");
        let mut state = state();
        let rotation = entry(&key_id(&key), KeyRotated);
        assert_eq!(state.apply("default", &rotation), Ok(()));
        assert_eq!(state.key, Some(key.to_string()));
        assert_eq!(State::parse(&state.bytes()), Ok(state.clone()));
        let (other, _) = Signer::generate("log.example", KeyType::Ed25519).expect("random");
        assert!(
            state.is_signed_with_key_of(&rotation) && !state.is_signed_with_key_of(&entry(&key_id(&other), KeyRotated))
        );
        assert_eq!(state.apply("default", &entry(&key_id(&other), KeyRotated)), Ok(()));
        assert_eq!((state.key.clone(), &state.retired), (Some(other.to_string()), &vec![key.to_string()]));
        assert_eq!(state.apply("default", &rotation), Err("its key was given up before".into()));
        assert!(!self::state().is_signed_with_key_of(&entry("LE_1", Approved)));
        for bad in [
            entry("LE_1", KeyRotated),
            entry("key:x", KeyRotated),
            entry(&key_id(&key), Merged),
            entry("key:x", Approved),
        ] {
            assert!(state.apply("default", &bad).is_err(), "{bad:?}");
        }
    }
}
