//! Reading the log.

use std::collections::VecDeque;

use crate::model::{Digest, Entry, EntryKind};

use super::{
    Checkpoint, Error, Origin, Read, State,
    entry::parse,
    ids::Shard,
    layout::{self, CHECKPOINT, STATE, WIDTH},
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

/// A blob that an entry names; `None` where the log lacks it.
pub fn read_blob(digest: &Digest, read: &mut Read) -> Result<Option<Vec<u8>>, Error> {
    read_file(read, &layout::blob(digest))
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
    let path = layout::id_shard(&hash);
    let Some(bytes) = read_file(read, &path)? else { return Ok(None) };
    let shard = Shard::parse(&bytes).ok_or_else(|| Error::damaged(&path, "it is not a sorted list of ids"))?;
    let Some(index) = shard.0.get(&hash) else { return Ok(None) };
    let found = Entries::new(checkpoint, *index, read).next().transpose()?;
    let found = found.filter(|found| found.entry.id == id);
    found.map(Some).ok_or_else(|| Error::damaged(path, format!("entry {index} does not have the id that it lists")))
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
