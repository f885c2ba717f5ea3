//! Entries as lines.

use std::collections::{BTreeMap, BTreeSet};

use chrono::SubsecRound as _;
use serde::Serialize;
use tlog_tiles::{Hash, record_hash};

use crate::model::{Digest, ENTRY_VERSION, Entry, EntryTable, EntryViolation, MAX_ENTRY_BYTES};

use super::Error;

/// First line of a blob that holds what did not fit into an entry: one line of JSON follows, `{violations, tables}`.
pub const OVERFLOW_HEADER: &str = "schema-registry/overflow/v1";

/// First line of a blob that holds others, since there were too many for an entry to name: for each of them, in the order
/// of their digests, `<sha256> <bytes>`, its bytes, and an LF.
const PACK_HEADER: &str = "schema-registry/pack/v1";

/// Longest claim that an entry repeats, in characters; the whole text is in the request's blob.
const MAX_CLAIM: usize = 500;

/// An entry to append, with the blobs that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    pub(super) entry: Entry,
    pub(super) blobs: Vec<Vec<u8>>,
}

impl Addition {
    /// An entry with its blobs, whose digests become `entry.blobs`.
    ///
    /// A request's author chooses how long its texts are and how many tables it brings, and must not keep the log from
    /// recording it: long claims are cut, and where the line still does not fit, tables and violations move to a blob, and
    /// then all blobs into one, but for the lines of the entry's digest and the last one, which says what landed.
    #[must_use]
    pub fn new(mut entry: Entry, mut blobs: Vec<Vec<u8>>) -> Self {
        let last = blobs.last().map(Digest::of);
        entry.at = entry.at.trunc_subsecs(0);
        entry.tables.iter_mut().for_each(shorten);
        name_blobs(&mut entry, &blobs);
        if json(&entry).len() > MAX_ENTRY_BYTES {
            let (violations, tables) = (std::mem::take(&mut entry.violations), std::mem::take(&mut entry.tables));
            let overflow = format!("{OVERFLOW_HEADER}\n{}\n", json(&Overflow { violations, tables }));
            entry.overflow = Some(Digest::of(&overflow));
            blobs.push(overflow.into_bytes());
            name_blobs(&mut entry, &blobs);
        }
        if json(&entry).len() > MAX_ENTRY_BYTES {
            blobs = packed(blobs, &[last, entry.overflow, entry.digest]);
            name_blobs(&mut entry, &blobs);
        }
        Self { entry, blobs }
    }

    /// The entry as it will be recorded.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }
}

#[derive(Serialize)]
struct Overflow {
    violations: Vec<EntryViolation>,
    tables: Vec<EntryTable>,
}

fn name_blobs(entry: &mut Entry, blobs: &[Vec<u8>]) {
    entry.blobs = blobs.iter().map(Digest::of).collect::<BTreeSet<_>>().into_iter().collect();
}

/// All blobs in one, but for those that are `kept`.
fn packed(blobs: Vec<Vec<u8>>, kept: &[Option<Digest>]) -> Vec<Vec<u8>> {
    let all: BTreeMap<Digest, Vec<u8>> = blobs.into_iter().map(|blob| (Digest::of(&blob), blob)).collect();
    let (kept, files): (Vec<_>, Vec<_>) = all.into_iter().partition(|(digest, _)| kept.contains(&Some(*digest)));
    let mut kept: Vec<Vec<u8>> = kept.into_iter().map(|(_, blob)| blob).collect();
    let mut pack = format!("{PACK_HEADER}\n").into_bytes();
    for (digest, file) in files {
        pack.extend(format!("{digest} {}\n", file.len()).into_bytes());
        pack.extend(file);
        pack.push(b'\n');
    }
    kept.push(pack);
    kept
}

fn shorten(table: &mut EntryTable) {
    for claim in [&mut table.requested_by, &mut table.justification, &mut table.related_issue].into_iter().flatten() {
        if let Some((at, _)) = claim.char_indices().nth(MAX_CLAIM) {
            claim.truncate(at);
            claim.push('…');
        }
    }
}

/// The entry as its line, without the LF.
///
/// # Errors
/// [`Error::TooLong`] beyond [`MAX_ENTRY_BYTES`].
pub fn line(entry: &Entry) -> Result<String, Error> {
    let line = json(entry);
    if line.len() > MAX_ENTRY_BYTES {
        return Err(Error::TooLong { id: entry.id.clone(), bytes: line.len() });
    }
    Ok(line)
}

/// Reads a line; it must be exactly the line that its entry prints as.
pub fn parse(line: &str) -> Result<Entry, String> {
    #[derive(serde::Deserialize)]
    struct Version {
        version: u32,
    }
    let entry = match serde_json::from_str::<Entry>(line) {
        Ok(entry) if entry.version == ENTRY_VERSION => entry,
        // What a later release writes need not be an entry as this one knows it.
        read => {
            let Version { version } = serde_json::from_str(line).map_err(|error| error.to_string())?;
            if version != ENTRY_VERSION {
                return Err(format!("it has version {version}, this release reads {ENTRY_VERSION}; use a newer one"));
            }
            read.map_err(|error| error.to_string())?
        }
    };
    if json(&entry) == line { Ok(entry) } else { Err("it is not written as entries are".to_owned()) }
}

/// `SHA-256(0x00 || line)`.
/// Source: <https://www.rfc-editor.org/rfc/rfc6962#section-2.1>
#[must_use]
pub fn leaf_hash(line: &str) -> Hash {
    record_hash(line.as_bytes())
}

#[expect(clippy::expect_used, reason = "entries hold no map and no non-finite number")]
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("an entry is plain JSON")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{approved, table};
    use super::*;

    #[test]
    fn the_line_is_fixed() {
        let mut addition = Addition::new(approved("LE_1", 7), vec![b"lines".to_vec(), b"lines".to_vec()]);
        addition.entry.tables = vec![table("public.notes")];
        insta::assert_snapshot!(line(&addition.entry).expect("short"), @r#"{"version":1,"id":"LE_1","kind":"approved","repo":1,"at":"2023-11-14T22:13:20Z","actor":{"id":3,"login":"ann"},"pr":7,"digest":"5ea44c3961f16643e614435496b16115aa6d75458b5cc3fd5398aae291f3126b","policy":null,"tool":"schema-registry 0","before":null,"after":null,"approvals":[],"violations":[],"blobs":["5ea44c3961f16643e614435496b16115aa6d75458b5cc3fd5398aae291f3126b"],"tables":[{"tableName":"public.notes","registryId":null,"action":"create","status":"approved","performedBy":"ann","requestedBy":"omega","justification":"so that they are kept","relatedIssue":null,"sql":["4ec7c53222c8a758c722e2111541035ce700d5ae7bd0898c5f1b1a743e6450fd"],"success":true}]}"#);
    }

    #[test]
    fn only_its_own_line_is_an_entry() {
        let text = line(&approved("LE_\n\u{2028}\"1", 7)).expect("short");
        assert!(!text.contains('\n'));
        assert_eq!(parse(&text), Ok(approved("LE_\n\u{2028}\"1", 7)));
        for (old, new) in [
            ("{\"version\":1,", "{\"version\": 1,"),
            ("\"pr\":7", "\"pr\":7,\"more\":1"),
            ("T", "t"),
            ("1", "2"),
            ("\"tables\":[]", "\"tables\":[],\"overflow\":null"),
        ] {
            assert!(parse(&text.replacen(old, new, 1)).is_err(), "{new}");
        }
        let error =
            parse(&text.replacen("\"version\":1", "\"version\":2,\"new\":[]", 1)).expect_err("of another release");
        assert_eq!(error, "it has version 2, this release reads 1; use a newer one");
    }

    #[test]
    fn a_line_may_be_as_long_as_the_format_allows_and_no_longer() {
        let mut entry = approved("LE_1", 7);
        let rest = line(&entry).expect("short").len() - entry.tool.len();
        entry.tool = "x".repeat(MAX_ENTRY_BYTES - rest);
        assert_eq!(line(&entry).map(|line| line.len()).ok(), Some(MAX_ENTRY_BYTES));
        entry.tool.push('x');
        assert!(line(&entry).is_err());
    }

    #[test]
    fn no_request_is_too_long_to_be_recorded() {
        let mut entry = approved("LE_1", 7);
        entry.tables = vec![table("public.notes")];
        entry.tables[0].justification = Some("ä".repeat(300_000));
        let addition = Addition::new(entry.clone(), Vec::new());
        assert_eq!(addition.entry.tables[0].justification.as_ref().map(|text| text.chars().count()), Some(501));
        entry.tables = (0..2_000).map(|n| table(&format!("public.notes_{n}"))).collect();
        let addition = Addition::new(entry.clone(), vec![b"lines".to_vec()]);
        assert!(line(&addition.entry).is_ok());
        assert_eq!((addition.entry.tables.len(), addition.entry.blobs.len()), (0, 2));
        let text = String::from_utf8_lossy(&addition.blobs[1]);
        assert!(
            text.starts_with("schema-registry/overflow/v1\n{\"violations\":[],\"tables\":[{")
                && text.contains("notes_1999")
        );
        let files = (0..2_000).map(|n| format!("file {n}").into_bytes());
        let many = Addition::new(entry.clone(), files.chain([b"what landed".to_vec()]).collect());
        assert!(line(&many.entry).is_ok());
        let (kept, pack): (Vec<_>, Vec<_>) =
            many.blobs.iter().partition(|blob| !blob.starts_with(b"schema-registry/pack/v1\n"));
        assert!(
            kept.contains(&&b"what landed".to_vec())
                && kept.iter().any(|blob| blob.starts_with(b"schema-registry/overflow"))
        );
        let text = String::from_utf8_lossy(pack[0]);
        assert_eq!((kept.len(), pack.len(), text.lines().count()), (2, 1, 4_001));
        assert!(text.contains(&format!("{} 9\nfile 1999\n", Digest::of("file 1999"))));
        let error = line(&entry).expect_err("far too long").to_string();
        assert!(error.starts_with("the audit entry `LE_1` has ") && error.ends_with("shorten its texts"), "{error}");
    }
}
