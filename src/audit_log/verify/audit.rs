//! What the entries give, gathered while they stream by and compared with the files.

use std::collections::{BTreeMap, BTreeSet};

use tlog_tiles::record_hash;

use crate::model::{Digest, Entry, EntryKind};

use super::{
    super::{
        Checkpoint, Error, Read, State,
        append::first_id,
        entry::parse,
        ids::Shard,
        layout::{self, STATE, WIDTH},
        query::read_file,
        tree::{Edge, Tile, hashes},
    },
    MAX_PROBLEMS, Place, Problem,
};

pub(super) struct Audit<'a, 'r> {
    read: &'a mut Read<'r>,
    checkpoint: Checkpoint,
    pub(super) problems: Vec<Problem>,
    edge: Edge,
    state: State,
    /// Hash of each id with its index.
    ids: Vec<([u8; 32], u64)>,
    /// Ids of `approved` entries.
    approved: BTreeSet<[u8; 32]>,
    /// Approvals that entries name, with the entry that names them.
    named: Vec<(String, u64)>,
    /// Blobs that entries name, with the entry that names them.
    blobs: Vec<(Digest, u64)>,
    /// Files that the log consists of, blobs aside.
    expected: BTreeSet<String>,
    /// Ids of the bundle that is being read.
    bundle_ids: Vec<Option<String>>,
    /// Entries whose hash is not the one in the tile of this path.
    suspects: Vec<(u64, Option<String>, String)>,
    /// Higher tiles that are not what the entries give.
    odd_tiles: Vec<String>,
}

impl<'a, 'r> Audit<'a, 'r> {
    pub(super) fn new(checkpoint: Checkpoint, read: &'a mut Read<'r>) -> Self {
        let (problems, edge, state, ids, approved, named) = Default::default();
        let (blobs, bundle_ids, suspects, odd_tiles) = Default::default();
        let expected = [layout::CHECKPOINT, STATE].map(str::to_owned).into();
        Self {
            read,
            checkpoint,
            problems,
            edge,
            state,
            ids,
            approved,
            named,
            blobs,
            expected,
            bundle_ids,
            suspects,
            odd_tiles,
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.edge.size()
    }

    pub(super) fn file(&mut self, path: &str, what: impl Into<String>) {
        self.problem(Place::File(path.to_owned()), what.into());
    }

    fn entry(&mut self, index: u64, id: Option<&str>, what: impl Into<String>) {
        self.problem(Place::Entry(index, id.map(str::to_owned)), what.into());
    }

    fn problem(&mut self, place: Place, what: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { place, what });
        }
    }

    /// Reads a file that the log must have.
    fn required(&mut self, path: String) -> Result<Option<Vec<u8>>, Error> {
        let bytes = read_file(self.read, &path)?;
        if bytes.is_none() {
            self.file(&path, "is missing");
        }
        self.expected.insert(path);
        Ok(bytes)
    }

    /// Streams every entry, and with them the tiles.
    pub(super) fn entries(&mut self) -> Result<(), Error> {
        while self.edge.size() < self.checkpoint.size {
            let start = self.edge.size();
            let path = layout::bundle(start / WIDTH);
            let wanted = usize::try_from(WIDTH.min(self.checkpoint.size - start)).unwrap_or_default();
            let Some(bytes) = self.required(path.clone())? else { break };
            if !bytes.ends_with(b"\n") {
                self.file(&path, "does not end in a line end");
            }
            let lines: Vec<&[u8]> = bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|byte| *byte == b'\n').collect();
            if lines.len() != wanted {
                self.file(&path, format!("has {} lines where the checkpoint counts {wanted} entries", lines.len()));
            }
            self.bundle_ids.clear();
            let mut filled = Vec::new();
            for line in lines.iter().take(wanted) {
                let id = self.line(line)?;
                self.bundle_ids.push(id);
                filled.extend(self.edge.push(record_hash(line)));
            }
            filled.iter().try_for_each(|tile| self.tile(tile))?;
            if lines.len() < wanted {
                break;
            }
        }
        let (size, counted) = (self.edge.size(), self.checkpoint.size);
        if size < counted {
            self.entry(
                size,
                None,
                format!("is missing, and with it all up to the {counted} that the checkpoint counts"),
            );
            return Ok(());
        }
        self.edge.tiles().collect::<Vec<_>>().iter().try_for_each(|tile| self.tile(tile))?;
        self.root();
        Ok(())
    }

    /// Compares a tile; [`Self::root`] decides later who is wrong, the tile or the entries.
    fn tile(&mut self, tile: &Tile) -> Result<(), Error> {
        let path = tile.path();
        let Some(bytes) = self.required(path.clone())? else { return Ok(()) };
        match hashes(&bytes, tile.hashes.len()) {
            None => self.file(&path, "has the wrong length"),
            Some(recorded) if tile.level == 0 => {
                let pairs = tile.hashes.iter().zip(&recorded).zip(&self.bundle_ids).zip(tile.n * WIDTH..);
                let differ = pairs.filter(|(((own, recorded), _), _)| own != recorded);
                let suspects = differ.map(|((_, id), index)| (index, id.clone(), path.clone()));
                let room = MAX_PROBLEMS.saturating_sub(self.suspects.len());
                self.suspects.extend(suspects.take(room));
            }
            Some(recorded) if recorded != tile.hashes => self.odd_tiles.push(path),
            Some(_) => {}
        }
        Ok(())
    }

    /// Compares the root: where the entries give it, tiles that differ are wrong; else the entries are.
    fn root(&mut self) {
        let whole = self.edge.root() == self.checkpoint.root;
        let suspects = std::mem::take(&mut self.suspects);
        if !whole && suspects.is_empty() {
            let what = format!("has another root than the {} entries give", self.checkpoint.size);
            self.file(layout::CHECKPOINT, what);
        }
        // Above an altered entry every hash is another; that says nothing new.
        if whole || suspects.is_empty() {
            for path in std::mem::take(&mut self.odd_tiles) {
                self.file(&path, "has a hash that the tiles below do not give");
            }
        }
        for (index, id, path) in suspects {
            if whole {
                self.file(&path, format!("has another hash than entry {index}"));
            } else {
                let what = format!("is not what was recorded: `{path}` has another hash for it");
                self.entry(index, id.as_deref(), what);
            }
        }
    }

    /// Takes one line into account; gives its id where that can be read.
    fn line(&mut self, line: &[u8]) -> Result<Option<String>, Error> {
        let index = self.edge.size();
        let parsed = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned()).and_then(parse);
        let id = match &parsed {
            Ok(entry) => Some(entry.id.clone()),
            Err(_) => readable_id(line),
        };
        if let Some(id) = &id {
            self.ids.push((layout::id_hash(id), index));
        }
        match parsed {
            Ok(entry) => self.facts(index, &entry)?,
            Err(what) => self.entry(index, id.as_deref(), format!("is no entry: {what}")),
        }
        Ok(id)
    }

    fn facts(&mut self, index: u64, entry: &Entry) -> Result<(), Error> {
        let id = Some(entry.id.as_str());
        if entry.repo != self.checkpoint.origin.repo {
            self.entry(index, id, format!("is of repository {}", entry.repo));
        }
        if !entry.blobs.is_sorted_by(|a, b| a < b) {
            self.entry(index, id, "does not name its blobs in order");
        }
        if matches!(entry.kind, EntryKind::Approved | EntryKind::Vetoed) {
            self.approved.insert(layout::id_hash(&entry.id));
        }
        self.named.extend(entry.approvals.iter().map(|approval| (approval.clone(), index)));
        self.blobs.extend(entry.blobs.iter().map(|blob| (*blob, index)));
        if index == 0 {
            return self.first(entry);
        }
        if entry.kind == EntryKind::Initialised {
            self.entry(index, id, "initialises the log a second time");
        }
        if let Err(what) = self.state.apply(&self.checkpoint.origin.database, entry) {
            self.entry(index, id, format!("does not follow: {what}"));
        }
        Ok(())
    }

    /// The first entry says of what the log is and where it begins.
    fn first(&mut self, entry: &Entry) -> Result<(), Error> {
        let id = Some(entry.id.as_str());
        if entry.kind != EntryKind::Initialised || entry.id != first_id(&self.checkpoint.origin) {
            self.entry(0, id, format!("does not initialise the log of `{}`", self.checkpoint.origin));
        }
        let [blob] = entry.blobs[..] else {
            self.entry(0, id, "does not name one blob with the tips that the log begins at");
            return Ok(());
        };
        let begin = read_file(self.read, &layout::blob(&blob))?.unwrap_or_default();
        match State::parse(&begin) {
            Ok(state) => self.state = state,
            Err(what) => self.entry(0, id, format!("does not say which tips the log begins at: {what}")),
        }
        Ok(())
    }

    /// Compares the index of ids, and finds doubles.
    pub(super) fn ids(&mut self) -> Result<(), Error> {
        self.ids.sort_unstable();
        let doubles: Vec<_> =
            self.ids.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| (pair[0].1, pair[1].1)).collect();
        for (first, second) in doubles {
            let id = self.id_of(second)?;
            self.entry(second, id.as_deref(), format!("has the id of entry {first}"));
        }
        let ids = std::mem::take(&mut self.ids);
        for shard in ids.chunk_by(|a, b| a.0[..2] == b.0[..2]) {
            let path = layout::id_shard(&shard[0].0);
            let shard = Shard(shard.iter().rev().copied().collect::<BTreeMap<_, _>>());
            if self.required(path.clone())?.is_some_and(|bytes| bytes != shard.bytes()) {
                self.file(&path, "does not list the ids of the entries");
            }
        }
        self.ids = ids;
        Ok(())
    }

    /// Every approval that an entry names is an earlier `approved` entry.
    pub(super) fn approvals(&mut self) -> Result<(), Error> {
        for (id, index) in std::mem::take(&mut self.named) {
            let hash = layout::id_hash(&id);
            let place = self.ids.partition_point(|(other, _)| *other < hash);
            let earlier = self.ids.get(place).is_some_and(|(other, at)| *other == hash && *at < index);
            if !earlier || !self.approved.contains(&hash) {
                let own = self.id_of(index)?;
                self.entry(index, own.as_deref(), format!("names the approval `{id}`, which no earlier entry is"));
            }
        }
        Ok(())
    }

    /// Compares the recorded tips.
    pub(super) fn state(&mut self) -> Result<(), Error> {
        if self.required(STATE.to_owned())?.is_some_and(|bytes| bytes != self.state.bytes()) {
            self.file(STATE, "does not have the tips that the entries give");
        }
        Ok(())
    }

    /// Every blob that an entry names is there and has the bytes that its name says.
    pub(super) fn blobs(&mut self) -> Result<(), Error> {
        self.blobs.sort_unstable();
        self.blobs.dedup_by_key(|(digest, _)| *digest);
        let blobs = std::mem::take(&mut self.blobs);
        for (digest, index) in &blobs {
            let path = layout::blob(digest);
            let what = match read_file(self.read, &path)? {
                None => "which is missing",
                Some(bytes) if Digest::of(&bytes) != *digest => "whose bytes are not those of its name",
                Some(_) => continue,
            };
            let id = self.id_of(*index)?;
            self.entry(*index, id.as_deref(), format!("names `{path}`, {what}"));
        }
        self.blobs = blobs;
        Ok(())
    }

    /// The id of an entry, read again: ids are not kept.
    fn id_of(&mut self, index: u64) -> Result<Option<String>, Error> {
        let bytes = read_file(self.read, &layout::bundle(index / WIDTH))?.unwrap_or_default();
        let line = usize::try_from(index % WIDTH).unwrap_or_default();
        Ok(bytes.split(|byte| *byte == b'\n').nth(line).and_then(readable_id))
    }

    /// Finds files that do not belong to the log.
    pub(super) fn unknown(&mut self, paths: impl IntoIterator<Item = String>) {
        for path in paths {
            let blob =
                path.strip_prefix("blob/").and_then(|rest| rest.rsplit('/').next()).and_then(|hex| hex.parse().ok());
            let known = blob.is_some_and(|blob: Digest| {
                path == layout::blob(&blob) && self.blobs.binary_search_by_key(&blob, |(digest, _)| *digest).is_ok()
            });
            if !known && !self.expected.contains(&path) {
                self.file(&path, "does not belong to the log");
            }
        }
    }
}

/// The id of a line that is no entry but still JSON.
fn readable_id(line: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    Some(value.get("id")?.as_str()?.to_owned())
}
