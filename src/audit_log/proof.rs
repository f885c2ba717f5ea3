//! Proofs: that an entry is in the log, and that the log only grew.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tlog_tiles::{Hash, HashReader as _, check_record, prove_record, prove_tree, stored_hash_index, tree_hash};

use super::{
    Checkpoint, Error, Note, Read,
    entry::leaf_hash,
    layout::{self, CHECKPOINT},
    query::Entries,
    tiles::authenticated,
};

/// First line of a proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The leaf hashes of these entries, proven to be those of the checkpoint's tree.
pub(super) fn leaves(checkpoint: &Checkpoint, indexes: &[u64], read: &mut Read) -> Result<Vec<Hash>, Error> {
    if indexes.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(index) = indexes.iter().find(|index| **index >= checkpoint.size) {
        return Err(no_entry(checkpoint, *index));
    }
    let stored: Vec<u64> = indexes.iter().map(|index| stored_hash_index(0, *index)).collect();
    authenticated(checkpoint, read, |hashes| hashes.read_hashes(&stored))
}

fn no_entry(checkpoint: &Checkpoint, index: u64) -> Error {
    Error::damaged(CHECKPOINT, format!("it counts {} entries, and none has index {index}", checkpoint.size))
}

/// A proof that entry `index` is in the log: checked with nothing but the log's public key. `bytes` is the checkpoint
/// as it is on the branch, with its signatures. The entry's line is its extra data.
/// Source: <https://c2sp.org/tlog-proof>
pub fn prove(bytes: &[u8], index: u64, read: &mut Read) -> Result<String, Error> {
    let checkpoint = Checkpoint::parse(bytes).map_err(|what| Error::damaged(CHECKPOINT, what))?;
    let entry = Entries::new(&checkpoint, index, read).next().ok_or_else(|| no_entry(&checkpoint, index))??;
    let path = authenticated(&checkpoint, read, |hashes| prove_record(checkpoint.size, index, hashes))?;
    if check_record(&path, checkpoint.size, checkpoint.root, index, leaf_hash(&entry.line)).is_err() {
        let path = layout::entries(checkpoint.size, index / layout::WIDTH);
        return Err(Error::damaged(path, format!("entry {index} is not what was recorded")));
    }
    let extra = BASE64_STANDARD.encode(&entry.line);
    Ok(format!("{HEADER}\nextra {extra}\nindex {index}\n{}\n{}", lines(&path), String::from_utf8_lossy(bytes)))
}

/// What a proof proves: that this line is entry `index` of the log of this checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Proven {
    /// Index of the entry.
    pub index: u64,
    /// Its line.
    pub line: String,
    /// The tree head that it is proven against.
    pub checkpoint: Checkpoint,
    /// The same with its signatures.
    pub note: Note,
}

/// Checks a proof that [`prove`] made. Whose signature its checkpoint has is for the caller to ask.
pub fn check_proof(text: &str) -> Result<Proven, String> {
    let (head, checkpoint) = text.split_once("\n\n").ok_or("it does not hold a checkpoint after an empty line")?;
    let (parsed, note) = (Checkpoint::parse(checkpoint.as_bytes())?, Note::parse(checkpoint.as_bytes())?);
    let mut lines = head.lines();
    if lines.next() != Some(HEADER) {
        return Err(format!("it does not begin with `{HEADER}`"));
    }
    let extra =
        lines.next().and_then(|line| line.strip_prefix("extra ")).and_then(|text| BASE64_STANDARD.decode(text).ok());
    let line =
        extra.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or("its second line is not `extra` and an entry")?;
    let number = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or("its third line is not an index")?;
    let index: u64 = number.parse().map_err(|_| "its index is not a number")?;
    let path: Result<Vec<Hash>, _> = lines.map(Hash::parse_hash).collect();
    let path = path.map_err(|_| "its path is not of SHA-256 hashes in base64")?;
    if index >= parsed.size || index.to_string() != number {
        return Err(format!("entry {number} is not in a log of {} entries", parsed.size));
    }
    check_record(&path, parsed.size, parsed.root, index, leaf_hash(&line))
        .map_err(|_| format!("entry {index} is not in the log that the checkpoint describes"))?;
    Ok(Proven { index, line, checkpoint: parsed, note })
}

/// A proof that the log with this checkpoint holds what it held at `old` entries: the body with which a witness is asked
/// to cosign.
/// Source: <https://c2sp.org/tlog-witness#add-checkpoint>
pub fn prove_growth(bytes: &[u8], old: u64, read: &mut Read) -> Result<String, Error> {
    let checkpoint = Checkpoint::parse(bytes).map_err(|what| Error::damaged(CHECKPOINT, what))?;
    if old > checkpoint.size {
        return Err(Error::damaged(CHECKPOINT, format!("it counts {} entries, fewer than {old}", checkpoint.size)));
    }
    let path = if old == 0 || old == checkpoint.size {
        Vec::new()
    } else {
        authenticated(&checkpoint, read, |hashes| prove_tree(checkpoint.size, old, hashes))?
    };
    Ok(format!("old {old}\n{}\n{}", lines(&path), String::from_utf8_lossy(bytes)))
}

/// The root that the tree had at `old` entries, proven to be the beginning of the checkpoint's tree.
pub fn root_at(checkpoint: &Checkpoint, old: u64, read: &mut Read) -> Result<Hash, Error> {
    if old > checkpoint.size {
        return Err(no_entry(checkpoint, old - 1));
    }
    authenticated(checkpoint, read, |hashes| tree_hash(old, hashes))
}

fn lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| hash.to_string() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use tlog_tiles::{EMPTY_HASH, check_tree};

    use super::super::{
        Addition,
        fixture::{Store, approved},
    };
    use super::*;

    /// A log, and its roots by size.
    fn grown() -> (Store, Vec<Hash>) {
        let mut store = Store::new();
        let mut roots = vec![EMPTY_HASH];
        let root = |store: &Store| Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid").root;
        roots.push(root(&store));
        for n in 0..300 {
            store.append(&[Addition::new(approved(&format!("LE_{n}"), 7), Vec::new())]);
            roots.push(root(&store));
        }
        (store, roots)
    }

    #[test]
    fn every_entry_has_a_proof_and_the_log_one_that_it_only_grew() {
        let (store, roots) = grown();
        let bytes = &store.0[CHECKPOINT];
        let checkpoint = Checkpoint::parse(bytes).expect("valid");
        for index in [0, 1, 254, 255, 256, 300] {
            let text = prove(bytes, index, &mut store.reader()).expect("in the log");
            let proven = check_proof(&text).expect("true");
            assert_eq!((proven.index, &proven.checkpoint), (index, &checkpoint));
            // The size is the signature's business.
            let root = (checkpoint.root.to_string(), roots[2].to_string());
            for (old, new) in [
                ("index ", "index 1"),
                ("index ", "index 0"),
                ("extra eyJ2", "extra eyJ3"),
                (root.0.as_str(), root.1.as_str()),
                ("@v1", "@v2"),
            ] {
                assert!(check_proof(&text.replacen(old, new, 1)).is_err(), "{index}: {new}");
            }
        }
        assert!(prove(bytes, 301, &mut store.reader()).is_err());
        for old in [0, 1, 2, 255, 256, 257, 301] {
            let text = prove_growth(bytes, old, &mut store.reader()).expect("an earlier size");
            let (head, after) = text.split_once("\n\n").expect("two parts");
            assert_eq!(after.as_bytes(), bytes);
            let path: Vec<Hash> = head.lines().skip(1).map(|line| Hash::parse_hash(line).expect("a hash")).collect();
            let root = roots[usize::try_from(old).expect("small")];
            assert_eq!(root_at(&checkpoint, old, &mut store.reader()).expect("an earlier size"), root);
            if old > 0 {
                check_tree(&path, 301, checkpoint.root, old, root).expect("consistent");
            }
        }
        assert!(prove_growth(bytes, 302, &mut store.reader()).is_err());
        for (old, index) in [(302, 301), (400, 399)] {
            let error = root_at(&checkpoint, old, &mut store.reader()).expect_err("it was never so long").to_string();
            assert!(error.contains(&format!("it counts 301 entries, and none has index {index}")), "{error}");
        }
    }

    #[test]
    fn leaves_are_those_of_the_entries_asked_for() {
        let (store, _) = grown();
        let checkpoint = Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid");
        let sealed = store.linked("sealed/000.trees/000").expect("sealed");
        let all = [&sealed["entries.jsonl"][..], &store.0["open/entries.jsonl"]].concat();
        let lines: Vec<&str> = std::str::from_utf8(&all).expect("UTF-8").lines().collect();
        for indexes in [vec![], vec![0], vec![7, 300, 256]] {
            let expected: Vec<Hash> = indexes.iter().map(|index| leaf_hash(lines[*index])).collect();
            let indexes: Vec<u64> = indexes.iter().map(|index| *index as u64).collect();
            assert_eq!(leaves(&checkpoint, &indexes, &mut store.reader()).expect("in the log"), expected);
        }
        let error = leaves(&checkpoint, &[0, 301], &mut store.reader()).expect_err("beyond its end").to_string();
        assert!(error.contains("none has index 301"), "{error}");
    }

    #[test]
    fn a_tile_or_an_entry_that_was_touched_proves_nothing() {
        let (store, _) = grown();
        let bytes = &store.0[CHECKPOINT];
        let sealed = ["sealed/000.trees/000/entries.jsonl", "sealed/000.trees/000/tile"];
        for path in [sealed[0], sealed[1], "open/entries.jsonl", "edge"] {
            let mut damaged = store.clone();
            damaged.edit(path, |bytes| bytes[0] ^= 1);
            let error = prove(bytes, 0, &mut damaged.reader()).expect_err(path).to_string();
            assert!(error.contains("is damaged") && error.contains(path), "{path}: {error}");
        }
        for path in [sealed[0], sealed[1], "open/entries.jsonl"] {
            let mut read = |asked: &str| if asked == path { Ok(None) } else { store.reader()(asked) };
            let error = prove(bytes, 0, &mut read).expect_err("gone").to_string();
            assert!(error.contains("it is missing") && error.contains(path), "{path}: {error}");
        }
        for (path, index) in [(sealed[0], 255), ("open/entries.jsonl", 256)] {
            let mut damaged = store.clone();
            damaged.edit(path, |bytes| {
                *bytes = String::from_utf8_lossy(bytes).replace("\"ann\"", "\"eve\"").into_bytes();
            });
            let error = prove(bytes, index, &mut damaged.reader()).expect_err(path).to_string();
            let expected = if index == 255 { "entry 255 is not what was recorded" } else { "its root is not that of" };
            assert!(error.contains(path) && error.contains(expected), "{path}: {error}");
        }
    }
}
