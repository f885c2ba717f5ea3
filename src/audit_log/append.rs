//! Appending: which files change. Reads and writes grow with the logarithm of the log's size.

use std::collections::{BTreeMap, btree_map::Entry as Slot};

use chrono::{DateTime, Utc};
use tlog_tiles::{HASH_SIZE, Hash};

use crate::model::{Actor, Digest, ENTRY_VERSION, Entry, EntryKind, VerifierKey};

use super::{
    Addition, Checkpoint, Error, Origin, Read, Signer, State,
    entry::{leaf_hash, line},
    ids::Shard,
    layout::{self, CHECKPOINT, EDGE, STATE, WIDTH},
    pulls::Pulls,
    query::{read_checkpoint, read_file, read_shard, read_state},
    tree::{Edge, hashes},
};

/// Files of the log's branch that change: their new bytes, or `None` where a file or a folder goes away.
pub type Files = BTreeMap<String, Option<Vec<u8>>>;

/// What appending gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// What to commit on the tip that was read; empty where every entry was there already.
    pub files: Files,
    /// The new tree head, or the old one; not signed yet ([`sign`]).
    pub checkpoint: Checkpoint,
    /// The key that must sign it; `None` where the log is not signed.
    pub key: Option<VerifierKey>,
    /// How many entries are new.
    pub added: usize,
    /// How many were there already.
    pub skipped: usize,
}

impl Appended {
    /// How many of the additions this commit takes; it takes no more than 256 new ones. The rest goes into the next.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.added + self.skipped
    }
}

/// How a log begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialisation {
    /// Tips of the base branches by full ref name: what landed up to them is not recorded.
    pub tips: BTreeMap<String, String>,
    /// Who creates it.
    pub actor: Option<Actor>,
    /// When.
    pub at: DateTime<Utc>,
    /// Digest of the control files.
    pub policy: Option<Digest>,
    /// The key that signs its checkpoints, if any does.
    pub key: Option<VerifierKey>,
    /// `schema-registry <version>`.
    pub tool: String,
}

/// The files of a new log with its first entry, and its tree head. That the branch does not exist is for the lease to
/// prove.
pub fn initialise(origin: &Origin, with: &Initialisation) -> Result<(Files, Checkpoint), Error> {
    let state = State::new(&with.tips, with.key.as_ref());
    let only_tip = (with.tips.len() == 1).then(|| with.tips.values().next().cloned()).flatten();
    let entry = Entry {
        version: ENTRY_VERSION,
        id: first_id(origin),
        kind: EntryKind::Initialised,
        repo: origin.repo,
        at: with.at,
        actor: with.actor.clone(),
        pr: None,
        digest: None,
        policy: with.policy,
        tool: with.tool.clone(),
        before: None,
        after: only_tip,
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: Vec::new(),
    };
    let addition = Addition::new(entry, vec![state.bytes()]);
    let mut writer = Writer::empty(state);
    writer.push(&addition)?;
    Ok(writer.finish(origin))
}

/// Signs the checkpoint among `files`, where there is one.
pub fn sign(files: &mut Files, signer: &Signer) {
    if let Some(Some(bytes)) = files.get_mut(CHECKPOINT) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let signature = text.strip_suffix('\n').map(|text| signer.sign(text)).unwrap_or_default();
        bytes.extend(signature.into_bytes());
    }
}

/// Id of the first entry.
pub(super) fn first_id(origin: &Origin) -> String {
    format!("initialised:{origin}")
}

/// Appends entries that are not there yet, in order, until 256 are new: what is left over goes into another commit on
/// top ([`Appended::taken`]), so that each folder of blobs lies in the tree of one commit whole.
///
/// # Errors
/// [`Error::NotInitialised`], [`Error::Foreign`], [`Error::Damaged`] where what is read does not fit together,
/// [`Error::TooLong`], [`Error::Stale`] for a landing that does not follow the recorded tip. Nothing is appended then.
pub fn append(origin: &Origin, read: &mut Read, additions: &[Addition]) -> Result<Appended, Error> {
    let checkpoint = read_checkpoint(origin, read)?;
    let mut writer = Writer::load(&checkpoint, read)?;
    let mut skipped = 0;
    for addition in additions {
        if writer.edge.size() - checkpoint.size == WIDTH {
            break;
        }
        let entry = &addition.entry;
        let hash = layout::id_hash(&entry.id);
        if writer.shard(layout::shard_of(&hash), read)?.0.contains_key(&hash) {
            skipped += 1;
            continue;
        }
        if let Some(pr) = entry.pr {
            writer.read_pulls(pr, read)?;
        }
        if entry.kind == EntryKind::Initialised || entry.repo != origin.repo {
            return Err(Error::Foreign { found: entry.id.clone(), expected: origin.to_string() });
        }
        let applied = writer.state.apply(&origin.database, entry);
        applied.map_err(|what| Error::Stale { id: entry.id.clone(), what })?;
        writer.push(addition)?;
    }
    let added = usize::try_from(writer.edge.size() - checkpoint.size).unwrap_or(usize::MAX);
    if added == 0 {
        return Ok(Appended { files: Files::new(), checkpoint, key: None, added, skipped });
    }
    let key = writer.state.key.as_deref().and_then(|key| key.parse().ok());
    writer.seal(checkpoint.size, read)?;
    let (files, checkpoint) = writer.finish(origin);
    Ok(Appended { files, checkpoint, key, added, skipped })
}

/// Files of the branch that appending these entries reads or replaces, whether they exist or not, and folders with a `/`
/// at the end, of which only what they are in is read: for those who read from afar, and would rather ask once. However
/// long the log is, none of it is deeper than a file of ids.
#[must_use]
pub fn paths_to_append(checkpoint: &Checkpoint, additions: &[Addition]) -> Vec<String> {
    let size = checkpoint.size;
    let mut paths = vec![STATE.to_owned(), EDGE.to_owned(), layout::bundle(size / WIDTH)];
    let (mut level, mut count) = (0, size);
    while count > 0 {
        count /= WIDTH;
        // A full tile goes into the same folder.
        paths.push(layout::partial(level, count) + "/");
        level += 1;
    }
    paths.extend((size / WIDTH).checked_sub(1).map(|bundle| layout::folder(bundle) + "/"));
    for (addition, index) in additions.iter().zip(size..) {
        paths.push(layout::shard(layout::shard_of(&layout::id_hash(&addition.entry.id))));
        paths.extend(addition.entry.pr.map(layout::pulls));
        paths.extend(addition.entry.blobs.iter().map(|blob| layout::blob(size, index, blob) + "/"));
    }
    paths
}

/// The end of the log, and what has been added to it.
struct Writer {
    edge: Edge,
    /// The last bundle, while it is not full.
    bundle: String,
    state: State,
    shards: BTreeMap<u16, Shard>,
    /// By their path.
    pulls: BTreeMap<String, Pulls>,
    /// What there was of the tree.
    old: Edge,
    files: Files,
}

impl Writer {
    fn empty(state: State) -> Self {
        let (edge, bundle, shards, pulls, old, files) = Default::default();
        Self { edge, bundle, state, shards, pulls, old, files }
    }

    /// A file of ids, read where that has not happened yet.
    fn shard(&mut self, n: u16, read: &mut Read) -> Result<&Shard, Error> {
        match self.shards.entry(n) {
            Slot::Occupied(there) => Ok(there.into_mut()),
            Slot::Vacant(slot) => Ok(slot.insert(read_shard(n, read)?)),
        }
    }

    fn read_pulls(&mut self, pr: u64, read: &mut Read) -> Result<(), Error> {
        if let Slot::Vacant(slot) = self.pulls.entry(layout::pulls(pr)) {
            slot.insert(super::query::read_pulls(pr, read)?);
        }
        Ok(())
    }

    /// Seals the last folder of blobs that was full at `size`, where another one is by now.
    fn seal(&mut self, size: u64, read: &mut Read) -> Result<(), Error> {
        let full = (size / WIDTH).checked_sub(1).filter(|bundle| layout::is_sealed(self.edge.size(), *bundle));
        let Some(bundle) = full else { return Ok(()) };
        let folder = layout::folder(bundle);
        // Where no entry of the bundle names a blob there is none.
        if let Some(id) = read_file(read, &format!("{folder}/"))? {
            self.files.insert(layout::seal(bundle), Some(id));
            self.files.insert(folder, None);
        }
        Ok(())
    }

    /// Reads the end of the log and checks that it is what the checkpoint says.
    fn load(checkpoint: &Checkpoint, read: &mut Read) -> Result<Self, Error> {
        let size = checkpoint.size;
        let bundle = if size.is_multiple_of(WIDTH) { String::new() } else { last_bundle(size, read)? };
        let upper = read_file(read, EDGE)?.unwrap_or_default();
        let hashes = hashes(&upper, upper.len() / HASH_SIZE).unwrap_or_default();
        let leaves = bundle.lines().map(leaf_hash);
        let edge = Edge::new(size, &leaves.chain(hashes).collect::<Vec<_>>());
        let edge = edge.ok_or_else(|| Error::damaged(EDGE, format!("it is not that of {size} entries")))?;
        if edge.root() != checkpoint.root {
            return Err(Error::damaged(
                CHECKPOINT,
                format!("its root is not that of the last entries and of `{EDGE}`"),
            ));
        }
        Ok(Self { old: edge.clone(), edge, bundle, ..Self::empty(read_state(read)?) })
    }

    fn push(&mut self, addition: &Addition) -> Result<(), Error> {
        let line = line(&addition.entry)?;
        let (index, hash) = (self.edge.size(), layout::id_hash(&addition.entry.id));
        self.shards.entry(layout::shard_of(&hash)).or_default().0.insert(hash, index);
        if let Some(pr) = addition.entry.pr {
            self.pulls.entry(layout::pulls(pr)).or_default().0.insert((pr, index));
        }
        let folder = layout::folder(index / WIDTH);
        let blobs = addition.blobs.iter().map(|blob| (format!("{folder}/{}", Digest::of(blob)), Some(blob.clone())));
        self.files.extend(blobs);
        self.bundle.push_str(&line);
        self.bundle.push('\n');
        let filled = self.edge.push(leaf_hash(&line));
        if !filled.is_empty() {
            let full = std::mem::take(&mut self.bundle);
            self.files.insert(layout::bundle(index / WIDTH), Some(full.into_bytes()));
        }
        self.files.extend(filled.iter().map(|tile| (tile.path(), Some(tile.bytes()))));
        Ok(())
    }

    fn finish(mut self, origin: &Origin) -> (Files, Checkpoint) {
        let checkpoint = Checkpoint { origin: origin.clone(), size: self.edge.size(), root: self.edge.root() };
        let (old, new): (Vec<_>, Vec<_>) = (self.old.tiles().collect(), self.edge.tiles().collect());
        let gone = old.iter().filter(|tile| !new.contains(tile));
        let mut files: Files = gone.map(|tile| (layout::partial(tile.level, tile.n), None)).collect();
        files.append(&mut self.files);
        let added = new.iter().filter(|tile| !old.contains(tile));
        files.extend(added.map(|tile| (tile.path(), Some(tile.bytes()))));
        let upper = self.edge.upper();
        if upper != self.old.upper() {
            files.insert(EDGE.to_owned(), Some(upper));
        }
        if !self.bundle.is_empty() {
            files.insert(layout::bundle(checkpoint.size / WIDTH), Some(self.bundle.into_bytes()));
        }
        files.extend(self.shards.into_iter().map(|(n, shard)| (layout::shard(n), Some(shard.bytes()))));
        files.extend(self.pulls.into_iter().map(|(path, pulls)| (path, Some(pulls.bytes()))));
        files.insert(STATE.to_owned(), Some(self.state.bytes()));
        files.insert(CHECKPOINT.to_owned(), Some(checkpoint.to_string().into_bytes()));
        (files, checkpoint)
    }
}

/// The bundle that is not full yet of a log of `size` entries.
fn last_bundle(size: u64, read: &mut Read) -> Result<String, Error> {
    let path = layout::bundle(size / WIDTH);
    let bytes = read_file(read, &path)?.unwrap_or_default();
    let text = String::from_utf8(bytes).map_err(|_| Error::damaged(&path, "it is not UTF-8"))?;
    if text.ends_with('\n') && text.lines().count() as u64 == size % WIDTH {
        return Ok(text);
    }
    Err(Error::damaged(path, format!("it does not have {} lines", size % WIDTH)))
}

pub(super) fn tile(read: &mut Read, level: usize, n: u64, width: usize) -> Result<Vec<Hash>, Error> {
    let path = layout::tile(level, n, width);
    let bytes = read_file(read, &path)?.ok_or_else(|| Error::damaged(&path, "it is missing"))?;
    hashes(&bytes, width).ok_or_else(|| Error::damaged(path, "its length is wrong"))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::{
        super::{
            fixture::{Store, approved, origin},
            layout::CHECKPOINT,
        },
        *,
    };

    fn addition(n: usize) -> Addition {
        Addition::new(approved(&format!("LE_{n}"), 7), vec![b"lines".to_vec()])
    }

    fn checkpoint(store: &Store) -> Checkpoint {
        Checkpoint::parse(&store.0[CHECKPOINT]).expect("valid")
    }

    #[test]
    fn what_appending_reads_can_be_asked_for_at_once() {
        let mut store = Store::new();
        for n in 1..300 {
            let additions = [addition(n)];
            let told = paths_to_append(&checkpoint(&store), &additions);
            let asked = RefCell::new(Vec::new());
            let mut read = |path: &str| {
                asked.borrow_mut().push(path.to_owned());
                Ok(store.0.get(path).cloned())
            };
            let files = append(&origin(), &mut read, &additions).expect("appendable").files;
            let missed: Vec<String> = asked.take().into_iter().filter(|path| !told.contains(path)).collect();
            assert!(missed.iter().all(|path| path == CHECKPOINT), "{n}: {missed:?}");
            store.write(files);
        }
    }

    #[test]
    fn a_commit_takes_256_new_entries_and_the_next_one_the_rest() {
        let mut store = Store::new();
        store.append(&[addition(0), addition(1)]);
        let additions: Vec<_> = (0..400).map(addition).collect();
        let appended = append(&origin(), &mut store.reader(), &additions).expect("appendable");
        assert_eq!((appended.added, appended.skipped, appended.taken()), (256, 2, 258));
        assert_eq!(store.append(&additions), (398, 2));
        assert_eq!(checkpoint(&store).size, 401);
    }

    #[test]
    fn the_end_of_a_log_is_a_bundle_a_tile_of_each_level_and_the_folder_to_seal_next() {
        for (size, expected) in [
            (0, vec!["entries/000.jsonl"]),
            (255, vec!["entries/000.jsonl", "tile/0/000.p/"]),
            (256, vec!["entries/001.jsonl", "tile/0/001.p/", "tile/1/000.p/", "blob/000/"]),
            (600, vec!["entries/002.jsonl", "tile/0/002.p/", "tile/1/000.p/", "blob/001/"]),
            (
                65_536 * 3 + 257,
                vec!["entries/769.jsonl", "tile/0/769.p/", "tile/1/003.p/", "tile/2/000.p/", "blob/768/"],
            ),
        ] {
            let checkpoint = Checkpoint { size, ..checkpoint(&Store::new()) };
            let paths = paths_to_append(&checkpoint, &[]);
            assert_eq!(
                paths.iter().filter(|path| ![STATE, EDGE].contains(&path.as_str())).collect::<Vec<_>>(),
                expected.iter().collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn a_long_log_asks_a_remote_as_often_as_a_short_one() {
        for size in [1, 255, 256, 65_537, 1_000_000, 255_999_999] {
            let checkpoint = Checkpoint { size, ..checkpoint(&Store::new()) };
            let paths = paths_to_append(&checkpoint, &[addition(1)]);
            // Each level of folders is asked for once, and with the last what is in it.
            let levels =
                |path: &String| path.trim_end_matches('/').split('/').count() - usize::from(path.ends_with('/'));
            assert_eq!(paths.iter().map(levels).max(), Some(3), "{size}: {paths:?}");
        }
    }
}
