//! `[audit]`: where the log is, and what pins it.

use super::{
    PolicyError,
    read::branch,
    section::{Section, Value},
};
use crate::model::{Digest, KeyType, VerifierKey};

/// `[audit]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPolicy {
    /// Branch of the log. `schema-registry/audit`.
    pub branch: String,
    /// Origin that the log must have; `None` where nothing is pinned.
    pub origin: Option<String>,
    /// Leaf hash that the first entry must have.
    pub first_entry: Option<Digest>,
    /// Keys that sign checkpoints, the present one first. Empty: the log is not signed.
    pub keys: Vec<VerifierKey>,
    /// Keys of witnesses that cosign checkpoints.
    pub witnesses: Vec<VerifierKey>,
    /// How many of the witnesses must have cosigned a checkpoint that `audit verify` is to accept. 0.
    pub cosignatures: usize,
}

impl Default for AuditPolicy {
    fn default() -> Self {
        Self {
            branch: "schema-registry/audit".to_owned(),
            origin: None,
            first_entry: None,
            keys: Vec::new(),
            witnesses: Vec::new(),
            cosignatures: 0,
        }
    }
}

const KEYS: [&str; 6] = ["branch", "origin", "first_entry", "keys", "witnesses", "cosignatures"];

pub(super) fn read(root: &Section<'_>) -> Result<AuditPolicy, PolicyError> {
    let mut audit = AuditPolicy::default();
    let Some(section) = root.section("audit", &KEYS)? else { return Ok(audit) };
    if let Some(value) = section.get("branch") {
        audit.branch = branch(&value)?;
    }
    if let Some(value) = section.get("origin") {
        audit.origin = Some(value.string()?.to_owned());
    }
    if let Some(value) = section.get("first_entry") {
        let digest = value.string()?.parse();
        let wanted = "64 lower-case hexadecimal digits, as `schema-registry audit verify` prints them";
        audit.first_entry = Some(digest.map_err(|_| value.error(format!("`first_entry` must be {wanted}")))?);
    }
    if let Some(value) = section.get("keys") {
        audit.keys = keys(&value, KeyType::Ed25519, "`schema-registry audit keygen` makes one")?;
    }
    if let (Some(origin), Some(value)) = (&audit.origin, section.get("keys"))
        && let Some(other) = audit.keys.iter().find(|key| key.name != *origin)
    {
        return Err(value.error(format!("the key {} is not named after the origin {origin}", other.name)));
    }
    if let Some(value) = section.get("witnesses") {
        audit.witnesses = keys(&value, KeyType::Cosignature, "ask whoever runs the witness for it")?;
    }
    if let Some(value) = section.get("cosignatures") {
        let most = u64::try_from(audit.witnesses.len()).unwrap_or(u64::MAX);
        audit.cosignatures = usize::try_from(value.number(0..=most, "of witnesses ")?).unwrap_or_default();
    }
    Ok(audit)
}

fn keys(value: &Value<'_>, kind: KeyType, hint: &str) -> Result<Vec<VerifierKey>, PolicyError> {
    let mut keys: Vec<VerifierKey> = Vec::new();
    for item in value.items()? {
        let key: VerifierKey = item.string()?.parse().map_err(|error| item.error(format!("{error}; {hint}")))?;
        if key.kind != kind {
            return Err(item.error(match kind {
                KeyType::Ed25519 => "this is the key of a witness; it belongs under `witnesses`",
                KeyType::Cosignature => "this is the key of a log; witnesses have keys for cosignatures",
            }));
        }
        if keys.contains(&key) {
            return Err(item.error("this key is named twice"));
        }
        keys.push(key);
    }
    Ok(keys)
}
