//! Everything that lies in the log's branch, in one walk: all that the entries give, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Digest;

use super::{
    super::{
        ids::Shard,
        layout::{self, CHECKPOINT, EDGE, SEAL, STATE, WIDTH},
        pulls::Pulls,
    },
    MAX_PROBLEMS,
    facts::Facts,
    tree::has_tile,
};

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
    /// By the first of the facts that are listed there.
    seen_pulls: Vec<bool>,
    /// Bundles whose folder of blobs is sealed.
    seen_seals: BTreeSet<u64>,
    /// Files, and what is wrong with them.
    pub(super) files: Vec<(String, String)>,
    /// Entries that name a blob, and what is wrong with it.
    pub(super) entries: Vec<(u64, String)>,
}

/// Files whose bytes are compared here. Entries and tiles have been by then, and what a seal holds shows in the files
/// that are found through it.
pub(super) fn is_compared(path: &str) -> bool {
    ["blob/", "ids/", "pulls/"].iter().any(|folder| path.starts_with(folder)) && !path.ends_with(SEAL)
}

impl<'a> Walked<'a> {
    /// `ids` and `pulls` (numbers of pull requests with the index of each of their entries) are sorted, of `blobs` the
    /// first entry of each bundle that names each.
    pub(super) fn new(size: u64, whole: bool, ids: &'a Facts, blobs: &'a Facts, pulls: &'a [(u64, u64)]) -> Self {
        Self {
            size,
            whole,
            ids,
            blobs,
            pulls,
            seen_ids: vec![false; usize::from(layout::SHARDS)],
            seen_blobs: vec![false; blobs.as_slice().len()],
            seen_pulls: vec![false; pulls.len()],
            seen_seals: BTreeSet::new(),
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
            None => path == CHECKPOINT || path == STATE || (path == EDGE && self.size >= WIDTH),
            Some(("blob", _)) => self.blob(path, bytes) || self.seal(path) || self.is_behind_odd_seal(path),
            Some(("ids", _)) => self.shard(path, bytes),
            Some(("pulls", number)) => self.pulls(path, number, bytes),
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
        let Some((bundle, digest)) = layout::parse_blob(self.size, path) else { return false };
        let Some(at) = self.blobs.position(*digest.as_bytes(), bundle) else { return false };
        self.seen_blobs[at] = true;
        if Digest::of(bytes) != digest {
            self.blob_of(self.blobs.as_slice()[at].index(), path, "whose bytes are not those of its name");
        }
        true
    }

    /// A seal; one that no entry gives is found in the end.
    fn seal(&mut self, path: &str) -> bool {
        let bundle = layout::parse_seal(self.size, path);
        self.seen_seals.extend(bundle);
        bundle.is_some()
    }

    /// What lies in a folder whose seal does not belong to the log; the seal does not itself, which is enough.
    fn is_behind_odd_seal(&self, path: &str) -> bool {
        let seal = path.rsplit_once('/').map(|(seal, _)| seal).filter(|seal| seal.ends_with(SEAL));
        seal.is_some_and(|seal| layout::parse_seal(self.size, seal).is_none())
    }

    /// A file of ids: the first entry of each.
    fn shard(&mut self, path: &str, bytes: &[u8]) -> bool {
        let Some(n) = layout::parse_shard(path) else { return false };
        let facts = self.ids.shard(n);
        if facts.is_empty() {
            return false;
        }
        self.seen_ids[usize::from(n)] = true;
        let firsts = facts.chunk_by(|a, b| a.hash() == b.hash()).filter_map(|same| same.first());
        let shard = Shard(firsts.map(|fact| (fact.hash(), fact.index())).collect());
        if shard.bytes() != bytes {
            self.file(path, "does not list the ids of the entries");
        }
        true
    }

    fn pulls(&mut self, path: &str, number: &str, bytes: &[u8]) -> bool {
        let Some(n) = layout::parse_number(number) else { return false };
        let first = self.pulls.partition_point(|(pr, _)| pr / WIDTH < n);
        let pulls = Pulls(self.pulls[first..].iter().take_while(|(pr, _)| pr / WIDTH == n).copied().collect());
        if pulls.0.is_empty() {
            return false;
        }
        self.seen_pulls[first] = true;
        if pulls.bytes() != bytes {
            self.file(path, "does not list the entries of its pull requests");
        }
        true
    }

    /// Finds what the walk did not come by.
    pub(super) fn missing(&mut self) {
        self.missing_blobs();
        for shard in self.ids.as_slice().chunk_by(|a, b| layout::shard_of(&a.hash()) == layout::shard_of(&b.hash())) {
            let n = layout::shard_of(&shard[0].hash());
            if !self.seen_ids[usize::from(n)] {
                self.file(&layout::shard(n), "is missing");
            }
        }
        let mut first = 0;
        for pulls in self.pulls.chunk_by(|a, b| a.0 / WIDTH == b.0 / WIDTH) {
            if !self.seen_pulls[first] {
                self.file(&layout::pulls(pulls[0].0), "is missing");
            }
            first += pulls.len();
        }
    }

    /// Blobs that are not there, in a line for each sealed folder of which nothing is.
    fn missing_blobs(&mut self) {
        let mut found: BTreeMap<u64, bool> = BTreeMap::new();
        for (fact, seen) in self.blobs.as_slice().iter().zip(&self.seen_blobs) {
            *found.entry(fact.index() / WIDTH).or_default() |= seen;
        }
        found.retain(|bundle, _| layout::is_sealed(self.size, *bundle));
        for bundle in self.seen_seals.iter().filter(|bundle| !found.contains_key(bundle)).copied().collect::<Vec<_>>() {
            self.file(&layout::seal(bundle), "does not belong to the log");
        }
        for (bundle, _) in found.iter().filter(|(_, found)| !**found) {
            let what =
                if self.seen_seals.contains(bundle) { "does not name the tree of its blobs" } else { "is missing" };
            self.file(&layout::seal(*bundle), what);
        }
        for (at, fact) in self.blobs.as_slice().iter().enumerate() {
            if !self.seen_blobs[at] && found.get(&(fact.index() / WIDTH)) != Some(&false) {
                let path = layout::blob(self.size, fact.index(), &Digest::from(fact.hash()));
                self.blob_of(fact.index(), &path, "which is missing");
            }
        }
    }
}
