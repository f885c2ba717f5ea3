//! Reading the log.

use std::collections::VecDeque;

use crate::model::{Digest, Entry, EntryKind, VerifierKey};

use super::{
    Checkpoint, Error, Note, Origin, Read, State,
    entry::{leaf_hash, parse},
    layout::{self, CHECKPOINT, EDGE, STATE, WIDTH},
    proof::leaves,
    pulls::Pulls,
    tail::Tail,
};

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its index, from 0.
    pub index: u64,
    /// Its line, without the LF.
    pub line: String,
    /// What the line says.
    pub entry: Entry,
}

/// The checkpoint, which must be `origin`'s.
pub fn read_checkpoint(origin: &Origin, read: &mut Read) -> Result<Checkpoint, Error> {
    let bytes = read_file(read, CHECKPOINT)?.ok_or(Error::NotInitialised)?;
    let checkpoint = Checkpoint::parse(&bytes).map_err(|what| Error::damaged(CHECKPOINT, what))?;
    if checkpoint.origin == *origin {
        Ok(checkpoint)
    } else {
        Err(Error::Foreign { found: checkpoint.origin.to_string(), expected: origin.to_string() })
    }
}

/// The last recorded tips.
pub fn read_state(read: &mut Read) -> Result<State, Error> {
    let bytes = read_file(read, STATE)?.ok_or_else(|| Error::damaged(STATE, "it is missing"))?;
    State::parse(&bytes).map_err(|what| Error::damaged(STATE, what))
}

pub(super) fn read_file(read: &mut Read, path: &str) -> Result<Option<Vec<u8>>, Error> {
    read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// A blob that entry `index` names; `None` where the log lacks it.
///
/// # Errors
/// Also where its bytes are not those of its digest.
pub fn read_blob(
    checkpoint: &Checkpoint,
    index: u64,
    digest: &Digest,
    read: &mut Read,
) -> Result<Option<Vec<u8>>, Error> {
    let path = layout::blob(checkpoint.size, index, digest);
    match read_file(read, &path)? {
        Some(bytes) if Digest::of(&bytes) != *digest => {
            Err(Error::damaged(path, "its bytes are not those of its name"))
        }
        bytes => Ok(bytes),
    }
}

/// The entries in order, one bundle in memory at a time. Ends after the first error.
pub struct Entries<'a, 'r> {
    read: &'a mut Read<'r>,
    next: u64,
    size: u64,
    lines: VecDeque<String>,
}

impl<'a, 'r> Entries<'a, 'r> {
    /// The entries from index `from` up to the size of `checkpoint`.
    #[must_use]
    pub fn new(checkpoint: &Checkpoint, from: u64, read: &'a mut Read<'r>) -> Self {
        Self { read, next: from, size: checkpoint.size, lines: VecDeque::new() }
    }

    fn step(&mut self) -> Result<Recorded, Error> {
        let (index, path) = (self.next, layout::entries(self.size, self.next / WIDTH));
        if self.lines.is_empty() {
            let bytes = read_file(self.read, &path)?.ok_or_else(|| Error::damaged(&path, "it is missing"))?;
            let text = String::from_utf8(bytes).map_err(|_| Error::damaged(&path, "it is not UTF-8"))?;
            let skip = usize::try_from(index % WIDTH).unwrap_or_default();
            self.lines = text.lines().skip(skip).map(str::to_owned).collect();
        }
        let line = self.lines.pop_front().ok_or_else(|| Error::damaged(&path, format!("entry {index} is missing")))?;
        let entry = parse(&line).map_err(|what| Error::damaged(path, format!("entry {index}: {what}")))?;
        self.next += 1;
        if self.next.is_multiple_of(WIDTH) {
            self.lines.clear();
        }
        Ok(Recorded { index, line, entry })
    }
}

impl Iterator for Entries<'_, '_> {
    type Item = Result<Recorded, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.size {
            return None;
        }
        let item = self.step();
        if item.is_err() {
            self.next = self.size;
        }
        Some(item)
    }
}

/// The entry with this id. Reads the log from its end on until it comes by.
pub fn find(checkpoint: &Checkpoint, id: &str, read: &mut Read) -> Result<Option<Recorded>, Error> {
    let needle = serde_json::Value::from(id).to_string();
    for segment in (0..checkpoint.size.div_ceil(WIDTH)).rev() {
        let path = layout::entries(checkpoint.size, segment);
        let bytes = read_file(read, &path)?.ok_or_else(|| Error::damaged(&path, "it is missing"))?;
        let text = String::from_utf8(bytes).map_err(|_| Error::damaged(&path, "it is not UTF-8"))?;
        for (line, index) in text.lines().zip(segment * WIDTH..).filter(|(line, _)| line.contains(&needle)) {
            let entry = parse(line).map_err(|what| Error::damaged(&path, format!("entry {index}: {what}")))?;
            if entry.id == id {
                return Ok(Some(Recorded { index, line: line.to_owned(), entry }));
            }
        }
    }
    Ok(None)
}

/// The entries of 256 pull requests, `pr` among them.
pub(super) fn read_pulls(pr: u64, read: &mut Read) -> Result<Pulls, Error> {
    let path = layout::pulls(pr);
    match read_file(read, &path)? {
        None => Ok(Pulls::default()),
        Some(bytes) => Pulls::parse(&bytes).ok_or_else(|| Error::damaged(path, "it is not a sorted list of entries")),
    }
}

/// The indexes of the entries of a pull request: the sealed ones and those of the last segment.
fn indexes_of(checkpoint: &Checkpoint, pr: u64, read: &mut Read) -> Result<Vec<u64>, Error> {
    let sealed = read_pulls(pr, read)?;
    let sealed = sealed.of(pr).map(|(index, _)| index);
    let last = Tail::read(checkpoint, read)?.entries()?.into_iter().zip(layout::sealed(checkpoint.size) * WIDTH..);
    let last = last.filter(|(entry, _)| entry.pr == Some(pr)).map(|(_, index)| index);
    Ok(sealed.chain(last).collect())
}

/// Files that tell which ones [`entries_of`] reads.
#[must_use]
pub fn paths_to_find(checkpoint: &Checkpoint, pr: u64) -> Vec<String> {
    let last = layout::sealed(checkpoint.size);
    vec![EDGE.to_owned(), layout::entries(checkpoint.size, last), layout::pulls(pr)]
}

/// Files that [`entries_of`] reads in addition to [`paths_to_find`], which are read to tell.
pub fn paths_of(checkpoint: &Checkpoint, pr: u64, read: &mut Read) -> Result<Vec<String>, Error> {
    let size = checkpoint.size;
    let mut segments: Vec<u64> = indexes_of(checkpoint, pr, read)?.into_iter().map(|index| index / WIDTH).collect();
    segments.dedup();
    let sealed = segments.into_iter().filter(|segment| *segment < layout::sealed(size));
    let paths = |segment| [vec![layout::entries(size, segment)], layout::full_tiles_of(size, segment)].concat();
    Ok(sealed.flat_map(paths).collect())
}

/// Whose signature the log rests on: that of the key that its state names, which must be among those that the policy
/// pins. Where the policy pins none and the log names none, nobody's.
pub fn vouched(checkpoint: &[u8], state: &State, pinned: &[VerifierKey]) -> Result<Option<VerifierKey>, Error> {
    let untrusted = |what: String| Error::Untrusted { what };
    let named = state.key.as_deref().map(str::parse::<VerifierKey>).transpose();
    let Some(key) = named.map_err(|error| Error::damaged(STATE, error.to_string()))? else {
        return match pinned.first() {
            None => Ok(None),
            Some(key) => Err(untrusted(format!(
                "is not signed, and the policy names {key}, from `schema-registry audit rotate` on"
            ))),
        };
    };
    if !pinned.is_empty() && !pinned.contains(&key) {
        return Err(untrusted(format!("is signed with {key}, which is no key of the policy")));
    }
    let note = Note::parse(checkpoint).map_err(|what| Error::damaged(CHECKPOINT, what))?;
    match note.signed_by(&key) {
        Ok(Some(_)) => Ok(Some(key)),
        Ok(None) => Err(untrusted(format!("is not signed with {key}, as it should be"))),
        Err(what) => Err(untrusted(format!("is forged: {what}"))),
    }
}

/// The entries of a pull request in order, each proven to be in the checkpoint's tree. Reads as much as the pull
/// request has entries, however long the log is.
pub fn entries_of(checkpoint: &Checkpoint, pr: u64, read: &mut Read) -> Result<Vec<Recorded>, Error> {
    let indexes = indexes_of(checkpoint, pr, read)?;
    let hashes = leaves(checkpoint, &indexes, read)?;
    let mut found = Vec::new();
    for (index, hash) in indexes.into_iter().zip(hashes) {
        let recorded = Entries::new(checkpoint, index, read).next().transpose()?;
        let same = |recorded: &Recorded| recorded.entry.pr == Some(pr) && leaf_hash(&recorded.line) == hash;
        found.push(recorded.filter(same).ok_or_else(|| {
            let path = layout::entries(checkpoint.size, index / WIDTH);
            Error::damaged(path, format!("entry {index} is not what was recorded of pull request {pr}"))
        })?);
    }
    Ok(found)
}

/// The `approved` entries of a pull request that still stand: `revoked` and `voided` take back those that they name.
/// The entries must be in order.
pub fn standing_approvals<'a>(entries: impl IntoIterator<Item = &'a Entry>, pr: u64) -> Vec<&'a Entry> {
    let mut standing: Vec<&Entry> = Vec::new();
    for entry in entries.into_iter().filter(|entry| entry.pr == Some(pr)) {
        match entry.kind {
            EntryKind::Approved => standing.push(entry),
            EntryKind::Revoked | EntryKind::Voided => {
                standing.retain(|approval| !entry.approvals.contains(&approval.id));
            }
            _ => {}
        }
    }
    standing
}

/// Whether a pull request was rejected, and nobody has lifted all of it. The entries must be in order.
#[must_use]
pub fn is_vetoed<'a>(entries: impl IntoIterator<Item = &'a Entry>, pr: u64) -> bool {
    let mut standing: Vec<&str> = Vec::new();
    for entry in entries.into_iter().filter(|entry| entry.pr == Some(pr)) {
        match entry.kind {
            EntryKind::Vetoed => standing.push(&entry.id),
            EntryKind::VetoLifted => standing.retain(|veto| entry.approvals.iter().all(|lifted| lifted != veto)),
            _ => {}
        }
    }
    !standing.is_empty()
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use super::{
        super::{
            Addition, Signer,
            fixture::{Store, approved, origin},
        },
        *,
    };
    use crate::model::KeyType;

    #[test]
    fn what_the_entries_of_a_pull_request_are_read_from_can_be_asked_for_at_once() {
        let mut store = Store::new();
        let pr = |n| if [5, 6, 300, 590].contains(&n) { 7 } else { 9 };
        let additions = (1..=600).map(|n| Addition::new(approved(&format!("LE_{n}"), pr(n)), Vec::new()));
        store.append(&additions.collect::<Vec<_>>());
        let checkpoint = Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid");
        let told = paths_of(&checkpoint, 7, &mut store.reader()).expect("readable");
        let segment = |n| ["entries.jsonl", "tile"].map(|name| format!("sealed/000.trees/00{n}/{name}"));
        assert_eq!(told, [segment(0), segment(1)].concat());
        let asked = RefCell::new(BTreeSet::new());
        let mut read = |path: &str| {
            asked.borrow_mut().insert(path.to_owned());
            store.reader()(path)
        };
        let entries = entries_of(&checkpoint, 7, &mut read).expect("readable");
        assert_eq!(entries.iter().map(|recorded| recorded.index).collect::<Vec<_>>(), [5, 6, 300, 590]);
        let told: BTreeSet<_> = told.into_iter().chain(paths_to_find(&checkpoint, 7)).collect();
        assert!(asked.take().is_subset(&told));
    }

    #[test]
    fn an_entry_of_another_pull_request_is_not_given_as_one_of_this() {
        let mut store = Store::new();
        let additions = (1..=300).map(|n| Addition::new(approved(&format!("LE_{n}"), n % 2), Vec::new()));
        store.append(&additions.collect::<Vec<_>>());
        let checkpoint = Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid");
        store.edit("pulls/000", |list| *list = String::from_utf8_lossy(list).replace("1 255 ", "1 254 ").into_bytes());
        let error = entries_of(&checkpoint, 1, &mut store.reader()).expect_err("damaged").to_string();
        let what = "entry 254 is not what was recorded of pull request 1";
        assert!(error.contains("sealed/000.trees/000/entries.jsonl") && error.contains(what), "{error}");
    }

    #[test]
    fn a_log_rests_on_the_key_that_it_names_and_the_policy_pins() {
        let signer = |name: &str| {
            Signer::parse(&Signer::generate(name, KeyType::Ed25519).expect("random").1).expect("its own text")
        };
        let (owner, other) = (signer("owner"), signer("other"));
        let text = format!("{}\n1\n{}\n", origin(), "A".repeat(43) + "=");
        let unsigned = format!("{text}\n— nobody AAAAAAAA\n");
        let by = |signer: &Signer| format!("{text}\n{}", signer.sign(&text));
        let forged = by(&owner).replacen("\n1\n", "\n2\n", 1);
        let vouched = |checkpoint: &str, named: Option<&Signer>, pinned: &[&Signer]| {
            let state = State { key: named.map(|signer| signer.key().to_string()), ..State::default() };
            let pinned: Vec<_> = pinned.iter().map(|signer| signer.key().clone()).collect();
            let found = vouched(checkpoint.as_bytes(), &state, &pinned).map_err(|error| error.to_string());
            let name = |text: String| text.replace(&owner.key().to_string(), "OWNER");
            found.map(|key| key.map(|key| name(key.to_string()))).map_err(name)
        };
        assert_eq!(vouched(&unsigned, None, &[]), Ok(None));
        let key = Ok(Some("OWNER".to_owned()));
        for pinned in [&[][..], &[&owner], &[&other, &owner]] {
            assert_eq!(vouched(&by(&owner), Some(&owner), pinned), key);
        }
        for (checkpoint, named, pinned, what) in [
            (&by(&owner), None, &[&owner][..], "is not signed, and the policy names OWNER"),
            (&by(&owner), Some(&owner), &[&other], "is signed with OWNER, which is no key of the policy"),
            (&by(&other), Some(&owner), &[&owner], "is not signed with OWNER, as it should be"),
            (&forged, Some(&owner), &[&owner], "is forged"),
        ] {
            let error = vouched(checkpoint, named, pinned).expect_err(what);
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn a_blob_with_other_bytes_is_no_blob() {
        let mut store = Store::new();
        store.append(&[Addition::new(approved("LE_1", 7), vec![b"lines".to_vec()])]);
        let checkpoint = Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid");
        let digest = Digest::of("lines");
        let found = |store: &Store| read_blob(&checkpoint, 1, &digest, &mut store.reader()).map_err(|e| e.to_string());
        assert_eq!(found(&store), Ok(Some(b"lines".to_vec())));
        let path = format!("open/{digest}");
        store.0.insert(path.clone(), b"lanes".to_vec());
        let error = found(&store).expect_err("damaged");
        assert!(error.contains(&path) && error.contains("its bytes are not those of its name"), "{error}");
        store.0.remove(&path);
        assert_eq!(found(&store), Ok(None));
    }
}
