//! Reading the log.

use std::collections::VecDeque;

use crate::model::{Digest, Entry, EntryKind, VerifierKey};

use super::{
    Checkpoint, Error, Note, Origin, Read, State,
    entry::{leaf_hash, parse},
    ids::Shard,
    layout::{self, CHECKPOINT, STATE, WIDTH},
    proof::leaves,
    pulls::Pulls,
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
        let (index, path) = (self.next, layout::bundle(self.next / WIDTH));
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

/// The entry with this id, found through the index of ids.
pub fn find(checkpoint: &Checkpoint, id: &str, read: &mut Read) -> Result<Option<Recorded>, Error> {
    let hash = layout::id_hash(id);
    let n = layout::shard_of(&hash);
    let shard = read_shard(n, read)?;
    let Some(index) = shard.0.get(&hash) else { return Ok(None) };
    let found = Entries::new(checkpoint, *index, read).next().transpose()?;
    let found = found.filter(|found| found.entry.id == id);
    let what = || Error::damaged(layout::shard(n), format!("entry {index} does not have the id that it lists"));
    found.map(Some).ok_or_else(what)
}

pub(super) fn read_shard(n: u16, read: &mut Read) -> Result<Shard, Error> {
    let path = layout::shard(n);
    match read_file(read, &path)? {
        None => Ok(Shard::default()),
        Some(bytes) => Shard::parse(&bytes).ok_or_else(|| Error::damaged(path, "it is not a sorted list of ids")),
    }
}

/// The entries of 256 pull requests, `pr` among them.
pub(super) fn read_pulls(pr: u64, read: &mut Read) -> Result<Pulls, Error> {
    let path = layout::pulls(pr);
    match read_file(read, &path)? {
        None => Ok(Pulls::default()),
        Some(bytes) => Pulls::parse(&bytes).ok_or_else(|| Error::damaged(path, "it is not a sorted list of entries")),
    }
}

/// Files that [`entries_of`] reads.
pub fn paths_of(checkpoint: &Checkpoint, pr: u64, read: &mut Read) -> Result<Vec<String>, Error> {
    let mut bundles: Vec<u64> = read_pulls(pr, read)?.of(pr).into_iter().map(|index| index / WIDTH).collect();
    bundles.dedup();
    let mut paths: Vec<String> = bundles.iter().copied().map(layout::bundle).collect();
    for bundle in bundles {
        let (mut level, mut n) = (0, bundle);
        while n < checkpoint.size.checked_shr(8 * (level + 1)).unwrap_or(0) {
            paths.push(layout::tile(usize::try_from(level).unwrap_or_default(), n, 256));
            (level, n) = (level + 1, n / WIDTH);
        }
    }
    let (mut level, mut count) = (0, checkpoint.size);
    while count > 0 {
        let width = usize::try_from(count % WIDTH).unwrap_or_default();
        count /= WIDTH;
        if width > 0 {
            paths.push(layout::tile(level, count, width));
        }
        level += 1;
    }
    Ok(paths)
}

/// Whose signature the log rests on: that of the key that its state names, which must be among those that the policy
/// pins. Where the policy pins none and the log names none, nobody's.
pub fn vouched(checkpoint: &[u8], state: &State, pinned: &[VerifierKey]) -> Result<Option<VerifierKey>, Error> {
    let untrusted = |what: String| Error::Untrusted { what };
    let named = state.key.as_deref().map(str::parse::<VerifierKey>).transpose();
    let Some(key) = named.map_err(|error| Error::damaged(STATE, error.to_string()))? else {
        return match pinned.first() {
            None => Ok(None),
            Some(key) => Err(untrusted(format!("is not signed, and the policy names {key}"))),
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
    let indexes = read_pulls(pr, read)?.of(pr);
    let hashes = leaves(checkpoint, &indexes, read)?;
    let mut found = Vec::new();
    for (index, hash) in indexes.into_iter().zip(hashes) {
        let recorded = Entries::new(checkpoint, index, read).next().transpose()?;
        let same = |recorded: &Recorded| recorded.entry.pr == Some(pr) && leaf_hash(&recorded.line) == hash;
        found.push(recorded.filter(same).ok_or_else(|| {
            let bundle = layout::bundle(index / WIDTH);
            Error::damaged(bundle, format!("entry {index} is not what was recorded of pull request {pr}"))
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
            Addition,
            fixture::{Store, approved},
        },
        *,
    };

    #[test]
    fn what_the_entries_of_a_pull_request_are_read_from_can_be_asked_for_at_once() {
        let mut store = Store::new();
        let pr = |n| if [5, 6, 300, 590].contains(&n) { 7 } else { 9 };
        let additions = (1..=600).map(|n| Addition::new(approved(&format!("LE_{n}"), pr(n)), Vec::new()));
        store.append(&additions.collect::<Vec<_>>());
        let checkpoint = Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid");
        let told = paths_of(&checkpoint, 7, &mut store.reader()).expect("readable");
        let bundles = ["entries/000.jsonl", "entries/001.jsonl", "entries/002.jsonl"];
        let tiles = ["tile/0/000", "tile/0/001", "tile/0/002.p/89", "tile/1/000.p/2"];
        assert_eq!(told, [&bundles[..], &tiles[..]].concat());
        let asked = RefCell::new(BTreeSet::new());
        let mut read = |path: &str| {
            asked.borrow_mut().insert(path.to_owned());
            Ok(store.0.get(path).cloned())
        };
        let entries = entries_of(&checkpoint, 7, &mut read).expect("readable");
        assert_eq!(entries.iter().map(|recorded| recorded.index).collect::<Vec<_>>(), [5, 6, 300, 590]);
        let told = told.into_iter().chain([layout::pulls(7)]).collect();
        assert_eq!(asked.take(), told);
    }

    #[test]
    fn a_blob_with_other_bytes_is_no_blob() {
        let mut store = Store::new();
        store.append(&[Addition::new(approved("LE_1", 7), vec![b"lines".to_vec()])]);
        let checkpoint = Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid");
        let digest = Digest::of("lines");
        let found = |store: &Store| read_blob(&checkpoint, 1, &digest, &mut store.reader()).map_err(|e| e.to_string());
        assert_eq!(found(&store), Ok(Some(b"lines".to_vec())));
        let path = format!("blob/000/{digest}");
        store.0.insert(path.clone(), b"lanes".to_vec());
        let error = found(&store).expect_err("damaged");
        assert!(error.contains(&path) && error.contains("its bytes are not those of its name"), "{error}");
        store.0.remove(&path);
        assert_eq!(found(&store), Ok(None));
    }
}
