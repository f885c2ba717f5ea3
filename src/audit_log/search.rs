//! Which entries an auditor asks for.

use serde::Deserialize;

use crate::model::{Entry, EntryTable, EntryViolation};

use super::{Checkpoint, Error, OVERFLOW_HEADER, Read, Recorded, layout, read_blob};

/// What is asked for, as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// `#7` or `7`: a pull request.
    Pull(u64),
    /// At least seven hexadecimal digits: the beginning of a commit id or of a digest.
    Hex(String),
    /// The name of a table, with `public` where it names no schema; its registry id; the id of an entry.
    Name(String),
}

/// Fewest digits that are taken for the beginning of a commit id or a digest, as git abbreviates them.
const FEWEST_DIGITS: usize = 7;

impl Search {
    /// Reads what is asked for. Never fails: what is nothing else is a name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let number = text.strip_prefix('#').or(Some(text).filter(|text| text.len() < FEWEST_DIGITS));
        let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(Ok(number)) = number.map(str::parse) {
            return Self::Pull(number);
        }
        if text.len() >= FEWEST_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Self::Hex(text.to_ascii_lowercase());
        }
        Self::Name(text.to_owned())
    }

    /// Whether an entry is about it.
    #[must_use]
    pub fn finds(&self, entry: &Entry) -> bool {
        match self {
            Self::Pull(pr) => entry.pr == Some(*pr),
            Self::Hex(digits) => {
                let begins = |text: &str| text.starts_with(digits.as_str());
                let commits = [&entry.before, &entry.after];
                let digests = [entry.digest, entry.policy].into_iter().flatten().chain(entry.blobs.iter().copied());
                commits.into_iter().flatten().any(|sha| begins(sha))
                    || digests
                        .chain(entry.tables.iter().flat_map(|table| table.sql.iter().copied()))
                        .any(|digest| begins(&digest.to_string()))
            }
            Self::Name(name) => entry.id == *name || entry.tables.iter().any(|table| self.names(table)),
        }
    }

    /// Whether it names this table.
    #[must_use]
    pub fn names(&self, table: &EntryTable) -> bool {
        let Self::Name(name) = self else { return false };
        table.table_name == *name
            || table.table_name.strip_prefix("public.") == Some(name)
            || table.registry_id.is_some_and(|id| id.to_string() == name.to_ascii_lowercase())
    }
}

#[derive(Deserialize)]
struct Overflow {
    violations: Vec<EntryViolation>,
    tables: Vec<EntryTable>,
}

/// Puts back what did not fit into the entry's line; the line itself stays as it is recorded.
pub fn with_overflow(checkpoint: &Checkpoint, mut recorded: Recorded, read: &mut Read) -> Result<Recorded, Error> {
    let Some(digest) = recorded.entry.overflow else { return Ok(recorded) };
    let damaged = |what| Error::damaged(layout::blob(checkpoint.size, recorded.index, &digest), what);
    let blob = read_blob(checkpoint, recorded.index, &digest, read)?.ok_or_else(|| damaged("it is missing"))?;
    let rest = blob.strip_prefix(OVERFLOW_HEADER.as_bytes()).and_then(|rest| serde_json::from_slice(rest).ok());
    let Overflow { violations, tables } =
        rest.ok_or_else(|| damaged("it does not hold the violations and tables of its entry"))?;
    (recorded.entry.violations, recorded.entry.tables) = (violations, tables);
    Ok(recorded)
}

#[cfg(test)]
mod tests {
    use super::super::{
        Addition, Entries,
        fixture::{Store, approved, origin, table},
        read_checkpoint,
    };
    use super::*;
    use crate::model::Digest;

    #[test]
    fn what_is_asked_for_is_told_by_its_shape() {
        for (text, search) in [
            ("7", Search::Pull(7)),
            ("#1234567", Search::Pull(1_234_567)),
            ("5EA44C3", Search::Hex("5ea44c3".into())),
            ("1234567", Search::Hex("1234567".into())),
            ("facade", Search::Name("facade".into())),
            ("notes", Search::Name("notes".into())),
            ("#x", Search::Name("#x".into())),
            ("99999999999999999999999", Search::Hex("99999999999999999999999".into())),
            ("", Search::Name(String::new())),
        ] {
            assert_eq!(Search::parse(text), search, "{text}");
        }
    }

    #[test]
    fn an_entry_is_found_by_everything_that_it_names() {
        let mut entry = Addition::new(approved("LE_1", 7), vec![b"lines".to_vec()]).entry().clone();
        entry.tables = vec![table("public.notes")];
        entry.tables[0].registry_id = Some(uuid::Uuid::nil());
        entry.after = Some("abcdef0123".into());
        for text in [
            "7",
            "5ea44c3961f1",
            "abcdef0",
            "4ec7c53222c8",
            "notes",
            "public.notes",
            "LE_1",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(Search::parse(text).finds(&entry), "{text}");
        }
        for text in ["8", "5ea44c3961f2", "note", "ublic.notes", "LE_", "other.notes"] {
            assert!(!Search::parse(text).finds(&entry), "{text}");
        }
    }

    #[test]
    fn what_did_not_fit_is_put_back() {
        let mut entry = approved("LE_1", 7);
        entry.tables = (0..2_000).map(|n| table(&format!("public.notes_{n}"))).collect();
        let mut store = Store::new();
        store.append(&[Addition::new(entry, vec![b"lines".to_vec()])]);
        let checkpoint = read_checkpoint(&origin(), &mut store.reader()).expect("there");
        let recorded = Entries::new(&checkpoint, 1, &mut store.reader()).next().expect("one").expect("whole");
        assert!(!Search::parse("notes_1999").finds(&recorded.entry));
        let whole = with_overflow(&checkpoint, recorded, &mut store.reader()).expect("readable");
        assert!(Search::parse("notes_1999").finds(&whole.entry));
    }

    #[test]
    fn a_file_that_looks_like_what_did_not_fit_says_nothing_of_its_entry() {
        let mut entry = approved("LE_1", 7);
        entry.tables = (0..2_000).map(|n| table(&format!("public.notes_{n}"))).collect();
        let looks_alike = Addition::new(entry, vec![b"lines".to_vec()]).blobs.pop().expect("what did not fit");
        let mut store = Store::new();
        store.append(&[Addition::new(approved("LE_2", 8), vec![looks_alike])]);
        let checkpoint = read_checkpoint(&origin(), &mut store.reader()).expect("there");
        let recorded = Entries::new(&checkpoint, 1, &mut store.reader()).next().expect("one").expect("whole");
        let whole = with_overflow(&checkpoint, recorded.clone(), &mut store.reader()).expect("readable");
        assert_eq!(whole, recorded);
    }

    #[test]
    fn what_did_not_fit_and_is_gone_or_is_something_else_is_told() {
        let mut store = Store::new();
        let blob = b"schema-registry/overflow/v1\n{}\n".to_vec();
        let digest = Digest::of(&blob);
        let entry = Entry { overflow: Some(digest), ..approved("LE_1", 7) };
        store.append(&[Addition::new(entry, vec![blob])]);
        let checkpoint = read_checkpoint(&origin(), &mut store.reader()).expect("there");
        let recorded = Entries::new(&checkpoint, 1, &mut store.reader()).next().expect("one").expect("whole");
        let error = |store: &Store| {
            let whole = with_overflow(&checkpoint, recorded.clone(), &mut store.reader());
            whole.expect_err("damaged").to_string()
        };
        let what = error(&store);
        assert!(what.contains(&format!("open/{digest}")) && what.contains("it does not hold"), "{what}");
        store.0.remove(&format!("open/{digest}"));
        let what = error(&store);
        assert!(what.contains(&format!("open/{digest}")) && what.contains("it is missing"), "{what}");
    }
}
