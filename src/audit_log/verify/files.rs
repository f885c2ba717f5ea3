//! Everything that lies in the log's branch, in one walk: all that the entries give, and nothing else.

use crate::model::Digest;

use super::{
    super::{
        ids::Shard,
        layout::{self, CHECKPOINT, STATE, WIDTH},
        pulls::Pull,
    },
    MAX_PROBLEMS,
    facts::Facts,
    tree::has_tile,
};

/// How many folders of ids there can be, by their first two bytes.
const SHARDS: usize = 1 << 16;

/// What the entries give, and what of it was seen.
pub(super) struct Walked<'a> {
    size: u64,
    /// Whether every entry was read, so that what is derived from all of them can be compared.
    whole: bool,
    ids: &'a Facts,
    blobs: &'a Facts,
    pulls: &'a [(u64, u64)],
    seen_ids: Vec<bool>,
    seen_blobs: Vec<bool>,
    seen_pulls: Vec<bool>,
    /// Files, and what is wrong with them.
    pub(super) files: Vec<(String, String)>,
    /// Entries that name a blob, and what is wrong with it.
    pub(super) entries: Vec<(u64, String)>,
}

/// Files whose bytes are compared here; entries and tiles have been by then.
pub(super) fn is_compared(path: &str) -> bool {
    ["blob/", "ids/", "pulls/"].iter().any(|folder| path.starts_with(folder))
}

impl<'a> Walked<'a> {
    /// `ids` and `pulls` (numbers of pull requests with the index of each of their entries) are sorted, of `blobs` the
    /// first entry that names each.
    pub(super) fn new(size: u64, whole: bool, ids: &'a Facts, blobs: &'a Facts, pulls: &'a [(u64, u64)]) -> Self {
        Self {
            size,
            whole,
            ids,
            blobs,
            pulls,
            seen_ids: vec![false; SHARDS],
            seen_blobs: vec![false; blobs.as_slice().len()],
            seen_pulls: vec![false; pulls.len()],
            files: Vec::new(),
            entries: Vec::new(),
        }
    }

    fn file(&mut self, path: &str, what: impl Into<String>) {
        // Where entries are missing, what follows from all of them says nothing.
        if self.whole && self.files.len() < MAX_PROBLEMS {
            self.files.push((path.to_owned(), what.into()));
        }
    }

    fn blob_of(&mut self, index: u64, path: &str, what: &str) {
        if self.entries.len() < MAX_PROBLEMS {
            self.entries.push((index, format!("names `{path}`, {what}")));
        }
    }

    /// Takes a file into account.
    pub(super) fn take(&mut self, path: &str, regular: bool, bytes: Option<&[u8]>) {
        let bytes = bytes.unwrap_or_default();
        let known = match path.split_once('/') {
            None => path == CHECKPOINT || path == STATE,
            Some(("blob", _)) => self.blob(path, bytes),
            Some(("ids", _)) => self.shard(path, bytes),
            Some(("pulls", number)) => self.pull(path, number, bytes),
            Some(("entries", name)) => {
                let bundle = name.strip_suffix(".jsonl").and_then(layout::parse_number);
                bundle.is_some_and(|bundle| bundle < self.size.div_ceil(WIDTH))
            }
            Some(("tile", _)) => {
                layout::parse_tile(path).is_some_and(|(level, n, width)| has_tile(self.size, level, n, width))
            }
            Some(_) => false,
        };
        if !(known && regular) {
            self.file(path, "does not belong to the log");
        }
    }

    fn blob(&mut self, path: &str, bytes: &[u8]) -> bool {
        let Some(digest) = layout::parse_blob(path) else { return false };
        let Some(at) = self.blobs.position(digest.as_bytes()) else { return false };
        self.seen_blobs[at] = true;
        if Digest::of(bytes) != digest {
            self.blob_of(self.blobs.as_slice()[at].index(), path, "whose bytes are not those of its name");
        }
        true
    }

    /// The index of ids under two bytes: the first entry of each.
    fn shard(&mut self, path: &str, bytes: &[u8]) -> bool {
        let Some(prefix) = layout::parse_shard(path) else { return false };
        let facts = self.ids.beginning_with(prefix);
        if facts.is_empty() {
            return false;
        }
        self.seen_ids[usize::from(u16::from_be_bytes(prefix))] = true;
        let firsts = facts.chunk_by(|a, b| a.hash() == b.hash()).filter_map(|same| same.first());
        let shard = Shard(firsts.map(|fact| (fact.hash(), fact.index())).collect());
        if shard.bytes() != bytes {
            self.file(path, "does not list the ids of the entries");
        }
        true
    }

    fn pull(&mut self, path: &str, number: &str, bytes: &[u8]) -> bool {
        let Some(pr) = layout::parse_number(number) else { return false };
        let first = self.pulls.partition_point(|(number, _)| *number < pr);
        let entries = self.pulls[first..].iter().take_while(|(number, _)| *number == pr);
        let pull = Pull(entries.map(|(_, index)| *index).collect());
        if pull.0.is_empty() {
            return false;
        }
        self.seen_pulls[first] = true;
        if pull.bytes() != bytes {
            self.file(path, format!("does not list the entries of pull request {pr}"));
        }
        true
    }

    /// Finds what the walk did not come by.
    pub(super) fn missing(&mut self) {
        for (at, fact) in self.blobs.as_slice().iter().enumerate() {
            if !self.seen_blobs[at] {
                let path = layout::blob(&Digest::from(fact.hash()));
                self.blob_of(fact.index(), &path, "which is missing");
            }
        }
        for shard in self.ids.as_slice().chunk_by(|a, b| a.hash()[..2] == b.hash()[..2]) {
            let hash = shard[0].hash();
            if !self.seen_ids[usize::from(u16::from_be_bytes([hash[0], hash[1]]))] {
                self.file(&layout::id_shard(&hash), "is missing");
            }
        }
        for (at, (pr, _)) in self.pulls.iter().enumerate() {
            let first = at == 0 || self.pulls[at - 1].0 != *pr;
            if first && !self.seen_pulls[at] {
                self.file(&layout::pull(*pr), "is missing");
            }
        }
    }
}
