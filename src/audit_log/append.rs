//! Appending: which files change. Reads and writes grow with the logarithm of the log's size.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry as Slot};

use chrono::{DateTime, Utc};

use crate::model::{Actor, Digest, ENTRY_VERSION, Entry, EntryKind, VerifierKey};

use super::{
    Addition, Checkpoint, Error, Origin, Read, Signer, State,
    entry::{leaf_hash, line},
    layout::{self, CHECKPOINT, EDGE, OPEN, STATE, WIDTH},
    pulls::{Pulls, ShortId, short_id},
    query::{read_checkpoint, read_file, read_pulls, read_state},
    tail::Tail,
    tree::Edge,
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
    /// How many of the additions this commit takes; it takes those that the last segment has room for. The rest goes into
    /// the next.
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
        overflow: None,
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

/// Appends entries that are not there yet, in order, until the segment is full: what is left over goes into another
/// commit on top ([`Appended::taken`]), so that each segment lies in the tree of one commit whole.
///
/// # Errors
/// [`Error::NotInitialised`], [`Error::Foreign`], [`Error::Damaged`] where what is read does not fit together,
/// [`Error::TooLong`], [`Error::Stale`] for a landing that does not follow the recorded tip. Nothing is appended then.
pub fn append(origin: &Origin, read: &mut Read, additions: &[Addition]) -> Result<Appended, Error> {
    let checkpoint = read_checkpoint(origin, read)?;
    let mut writer = Writer::load(&checkpoint, read)?;
    let (room, mut skipped) = (WIDTH - checkpoint.size % WIDTH, 0);
    for addition in additions {
        if writer.edge.size() - checkpoint.size == room {
            break;
        }
        let entry = &addition.entry;
        if writer.has(entry, read)? {
            skipped += 1;
            continue;
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
    if let Some(lines) = writer.full.take() {
        writer.seal(checkpoint.size, &lines, read)?;
    }
    let (files, checkpoint) = writer.finish(origin);
    Ok(Appended { files, checkpoint, key, added, skipped })
}

/// Whether the last segment is full, and the next append seals it.
fn is_full(checkpoint: &Checkpoint) -> bool {
    checkpoint.size.is_multiple_of(WIDTH)
}

/// Files of the branch that appending these entries reads or replaces, whether they exist or not, and folders with a `/`
/// at the end, of which only what they are in is read: for those who read from afar, and would rather ask once. However
/// long the log is, none of it is in a folder within a folder, but for a tile that is filled. What is replaced is needed
/// for the push: git looks there for what the new file differs little from.
/// Source: <https://git-scm.com/docs/git-push#Documentation/git-push.txt---thin>
#[must_use]
pub fn paths_to_append(checkpoint: &Checkpoint, additions: &[Addition]) -> Vec<String> {
    let size = checkpoint.size;
    let last = layout::sealed(size);
    let mut paths = vec![STATE.to_owned(), EDGE.to_owned(), layout::entries(size, last), layout::tile(size, 0, last)];
    paths.extend(additions.iter().filter_map(|addition| addition.entry.pr).map(layout::pulls));
    if is_full(checkpoint) {
        paths.push(layout::seals(last));
    }
    let (mut level, mut n) = (1, size / WIDTH);
    while (n + 1).is_multiple_of(WIDTH) {
        n /= WIDTH;
        paths.push(layout::tile(size, level, n) + "/");
        level += 1;
    }
    paths.sort();
    paths.dedup();
    paths
}

/// What an append reads in addition to [`paths_to_append`] where it seals a segment, which is then read to tell.
pub fn paths_to_seal(checkpoint: &Checkpoint, read: &mut Read) -> Result<Vec<String>, Error> {
    if !is_full(checkpoint) {
        return Ok(Vec::new());
    }
    let entries = Tail::read(checkpoint, read)?.entries()?;
    let pulls = entries.iter().filter_map(|entry| entry.pr).map(layout::pulls);
    let mut paths: Vec<_> = pulls.chain(blobs_of(&entries).map(|(path, _)| path)).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// The blobs that entries of the last segment name, by their path.
fn blobs_of(entries: &[Entry]) -> impl Iterator<Item = (String, Digest)> {
    entries.iter().flat_map(|entry| &entry.blobs).map(|blob| (format!("{OPEN}/{blob}"), *blob))
}

/// The tile of a segment with these lines.
fn tile_of(lines: &str) -> Vec<u8> {
    lines.split_terminator('\n').flat_map(|line| leaf_hash(line).0).collect()
}

/// The end of the log, and what has been added to it.
struct Writer {
    edge: Edge,
    /// The lines of the last segment where it is full.
    full: Option<String>,
    /// The lines of the segment that grows, with those that are added.
    lines: String,
    state: State,
    /// The entries of the last segment that were there.
    there: Vec<Entry>,
    /// Ids of entries of the last segment, and of those that are added.
    ids: BTreeSet<ShortId>,
    /// By their path.
    pulls: BTreeMap<String, Pulls>,
    /// The partial tiles above the lowest that there were.
    upper: Vec<u8>,
    files: Files,
}

impl Writer {
    fn empty(state: State) -> Self {
        let (edge, full, lines, there, ids, pulls, upper, files) = Default::default();
        Self { edge, full, lines, state, there, ids, pulls, upper, files }
    }

    /// Reads the end of the log, which must be what the checkpoint says.
    fn load(checkpoint: &Checkpoint, read: &mut Read) -> Result<Self, Error> {
        let tail = Tail::read(checkpoint, read)?;
        let there = tail.entries()?;
        let Tail { edge, mut lines, .. } = tail;
        Ok(Self {
            ids: there.iter().map(|entry| short_id(&entry.id)).collect(),
            there,
            upper: edge.upper(),
            edge,
            full: is_full(checkpoint).then(|| std::mem::take(&mut lines)),
            lines,
            ..Self::empty(read_state(read)?)
        })
    }

    fn pulls(&mut self, pr: u64, read: &mut Read) -> Result<&mut Pulls, Error> {
        match self.pulls.entry(layout::pulls(pr)) {
            Slot::Occupied(there) => Ok(there.into_mut()),
            Slot::Vacant(slot) => Ok(slot.insert(read_pulls(pr, read)?)),
        }
    }

    /// Whether the log has an entry with this id. An older landing of no pull request is not told: it does not follow the
    /// recorded tip, which is an error.
    fn has(&mut self, entry: &Entry, read: &mut Read) -> Result<bool, Error> {
        let id = short_id(&entry.id);
        if self.ids.contains(&id) || self.state.is_signed_with_key_of(entry) {
            return Ok(true);
        }
        let Some(pr) = entry.pr else { return Ok(false) };
        Ok(self.pulls(pr, read)?.of(pr).any(|(_, other)| other == id))
    }

    /// The line of the last segment in a list of sealed ones. What is wrong with its files could not be repaired by a commit
    /// on top any more once it is in there.
    fn open(&self, size: u64, lines: &str, read: &mut Read) -> Result<String, Error> {
        let folder = read_file(read, &format!("{OPEN}/"))?.ok_or_else(|| Error::damaged(OPEN, "it is missing"))?;
        let folder = String::from_utf8_lossy(&folder).into_owned();
        let mut names = folder.split_terminator('\n');
        let id = names.next().unwrap_or_default();
        let found: BTreeSet<String> = names.map(|name| format!("{OPEN}/{name}")).collect();
        let blobs: BTreeMap<String, Digest> = blobs_of(&self.there).collect();
        let expected = blobs.keys().cloned().chain(layout::always_open()).collect();
        if let Some(path) = found.symmetric_difference(&expected).next() {
            let missing = "it is missing, or no regular file: put it back from an earlier commit";
            let stray = "no entry names it: take it out with a commit on top";
            return Err(Error::damaged(path, if expected.contains(path) { missing } else { stray }));
        }
        for (path, digest) in blobs {
            if read_file(read, &path)?.is_none_or(|bytes| Digest::of(&bytes) != digest) {
                let what = "its bytes are not those of its name: put it back from an earlier commit";
                return Err(Error::damaged(path, what));
            }
        }
        let tile = layout::tile(size, 0, layout::sealed(size));
        if read_file(read, &tile)?.is_none_or(|bytes| bytes != tile_of(lines)) {
            return Err(Error::damaged(tile, "it is not that of the entries: put it back from an earlier commit"));
        }
        Ok(format!("{id}\n"))
    }

    /// Seals the last segment of a log of `size` entries, which is full and has these lines.
    fn seal(&mut self, size: u64, lines: &str, read: &mut Read) -> Result<(), Error> {
        let first = size - WIDTH;
        let id = self.open(size, lines, read)?;
        let seals = layout::seals(first / WIDTH);
        let mut ids = read_file(read, &seals)?.unwrap_or_default();
        let count = first / WIDTH % WIDTH;
        if ids.split(|byte| *byte == b'\n').count() as u64 != count + 1 {
            return Err(Error::damaged(seals, format!("it does not list {count} trees")));
        }
        ids.extend(id.as_bytes());
        self.files.insert(seals, Some(ids));
        self.files.insert(OPEN.to_owned(), None);
        self.files.insert(EDGE.to_owned(), Some(std::mem::take(&mut self.upper)));
        let mut changed = BTreeSet::new();
        for (entry, index) in std::mem::take(&mut self.there).iter().zip(first..) {
            let Some(pr) = entry.pr else { continue };
            self.pulls(pr, read)?.insert(pr, index, entry);
            changed.insert(layout::pulls(pr));
        }
        let changed = self.pulls.iter().filter(|(path, _)| changed.contains(*path));
        self.files.extend(changed.map(|(path, pulls)| (path.clone(), Some(pulls.bytes()))));
        Ok(())
    }

    fn push(&mut self, addition: &Addition) -> Result<(), Error> {
        let line = line(&addition.entry)?;
        self.ids.insert(short_id(&addition.entry.id));
        let blobs = addition.blobs.iter().map(|blob| (format!("{OPEN}/{}", Digest::of(blob)), Some(blob.clone())));
        self.files.extend(blobs);
        self.lines.push_str(&line);
        self.lines.push('\n');
        let filled = self.edge.push(leaf_hash(&line));
        let size = self.edge.size();
        // The lowest one is written with the lines, full or not.
        let upper = filled.iter().skip(1);
        self.files.extend(upper.map(|tile| (layout::tile(size, tile.level, tile.n), Some(tile.bytes()))));
        Ok(())
    }

    fn finish(self, origin: &Origin) -> (Files, Checkpoint) {
        let Self { edge, lines, state, mut files, .. } = self;
        let size = edge.size();
        let checkpoint = Checkpoint { origin: origin.clone(), size, root: edge.root() };
        let last = layout::sealed(size);
        files.insert(layout::tile(size, 0, last), Some(tile_of(&lines)));
        files.insert(layout::entries(size, last), Some(lines.into_bytes()));
        files.insert(STATE.to_owned(), Some(state.bytes()));
        files.insert(CHECKPOINT.to_owned(), Some(checkpoint.to_string().into_bytes()));
        (files, checkpoint)
    }
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
        for n in 1..600 {
            let pr = n * 300;
            let additions = [Addition::new(approved(&format!("LE_{n}"), pr), vec![b"lines".to_vec()])];
            let mut told = paths_to_append(&checkpoint(&store), &additions);
            let to_seal = paths_to_seal(&checkpoint(&store), &mut store.reader()).expect("readable");
            assert_eq!(!to_seal.is_empty(), n % 256 == 0, "{n}: {to_seal:?}");
            told.extend(to_seal);
            let asked = RefCell::new(Vec::new());
            let mut read = |path: &str| {
                asked.borrow_mut().push(path.to_owned());
                store.reader()(path)
            };
            let files = append(&origin(), &mut read, &additions).expect("appendable").files;
            let read_at_first = |path: &str| path == CHECKPOINT || path == "open/";
            let asked = asked.take();
            let missed: Vec<_> = asked.iter().filter(|path| !told.contains(path) && !read_at_first(path)).collect();
            assert!(missed.is_empty(), "{n}: {missed:?}");
            store.write(files);
        }
    }

    #[test]
    fn a_commit_fills_a_segment_and_the_next_one_takes_the_rest() {
        let mut store = Store::new();
        store.append(&[addition(0), addition(1)]);
        let additions: Vec<_> = (0..400).map(addition).collect();
        let appended = append(&origin(), &mut store.reader(), &additions).expect("appendable");
        assert_eq!((appended.added, appended.skipped, appended.taken()), (253, 2, 255));
        assert_eq!(store.append(&additions), (398, 2));
        assert_eq!(checkpoint(&store).size, 401);
        let full: Vec<_> = (400..511).map(addition).collect();
        store.append(&full);
        let appended = append(&origin(), &mut store.reader(), &[addition(511)]).expect("appendable");
        assert_eq!((checkpoint(&store).size, appended.added, appended.checkpoint.size), (512, 1, 513));
    }

    #[test]
    fn a_segment_is_sealed_only_with_the_files_of_its_entries() {
        let mut store = Store::new();
        store.append(&(0..255).map(addition).collect::<Vec<_>>());
        let error = |damage: &dyn Fn(&mut Store)| {
            let mut store = store.clone();
            damage(&mut store);
            append(&origin(), &mut store.reader(), &[addition(255)]).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(error(&|_| ()), Ok(()));
        let blob = store.0.keys().find(|path| path.len() > 64).expect("one").clone();
        let what = error(&|store| drop(store.0.remove(&blob))).expect_err("damaged");
        assert!(what.contains(&blob) && what.contains("it is missing, or no regular file"), "{what}");
        // A name that ends in CR is not the one without.
        for stray in ["open/x", "open/tile\r", &format!("{blob}\r")] {
            let what = error(&|store| drop(store.0.insert(stray.into(), Vec::new()))).expect_err("damaged");
            assert!(what.contains(stray) && what.contains("no entry names it"), "{what}");
        }
        let renamed = |store: &mut Store| {
            let bytes = store.0.remove(&blob).expect("there");
            store.0.insert(format!("{blob}\r"), bytes);
        };
        assert!(error(&renamed).expect_err("damaged").contains(&blob));
        let what = error(&|store| store.edit(&blob, |bytes| bytes[0] ^= 1)).expect_err("damaged");
        assert!(what.contains(&blob) && what.contains("its bytes are not those of its name"), "{what}");
        let what = error(&|store| store.edit("open/tile", |bytes| bytes[40] ^= 1)).expect_err("damaged");
        assert!(what.contains("`open/tile`") && what.contains("it is not that of the entries"), "{what}");
    }

    #[test]
    fn what_a_segment_is_sealed_with_must_be_there() {
        let mut store = Store::new();
        store.append(&(0..511).map(addition).collect::<Vec<_>>());
        let seals = "sealed/000.trees";
        let refused = |edit: &dyn Fn(&mut Store)| {
            let mut damaged = store.clone();
            edit(&mut damaged);
            append(&origin(), &mut damaged.reader(), &[addition(511)]).expect_err("damaged").to_string()
        };
        let error = refused(&|store| drop(store.0.remove(seals)));
        assert!(error.contains("`sealed/000.trees`") && error.contains("it does not list 1 trees"), "{error}");
        let twice = |store: &mut Store| store.edit(seals, |ids| ids.extend(ids.clone()));
        assert!(refused(&twice).contains("it does not list 1 trees"));
        let mut read = |path: &str| if path == "open/" { Ok(None) } else { store.reader()(path) };
        let error = append(&origin(), &mut read, &[addition(511)]).expect_err("damaged").to_string();
        assert!(error.contains("`open`") && error.contains("it is missing"), "{error}");
    }

    #[test]
    fn the_end_of_a_log_is_its_open_segment_and_what_sealing_it_changes() {
        for (size, expected) in [
            (1, vec!["edge", "open/entries.jsonl", "open/tile", "state.json"]),
            (255, vec!["edge", "open/entries.jsonl", "open/tile", "state.json"]),
            (256, vec!["edge", "open/entries.jsonl", "open/tile", "sealed/000.trees", "state.json"]),
            (600, vec!["edge", "open/entries.jsonl", "open/tile", "state.json"]),
            (
                65_536 - 256,
                vec!["edge", "open/entries.jsonl", "open/tile", "sealed/000.trees", "state.json", "tile/1/000/"],
            ),
            (65_536 - 7, vec!["edge", "open/entries.jsonl", "open/tile", "state.json", "tile/1/000/"]),
            (65_536, vec!["edge", "open/entries.jsonl", "open/tile", "sealed/000.trees", "state.json"]),
            (65_537, vec!["edge", "open/entries.jsonl", "open/tile", "state.json"]),
            (16_777_215, vec!["edge", "open/entries.jsonl", "open/tile", "state.json", "tile/1/255/", "tile/2/000/"]),
        ] {
            let checkpoint = Checkpoint { size, ..checkpoint(&Store::new()) };
            assert_eq!(paths_to_append(&checkpoint, &[]), expected, "{size}");
        }
    }

    #[test]
    fn a_long_log_asks_a_remote_as_often_as_a_short_one() {
        for size in [1, 255, 257, 65_537, 1_000_000, 100_000_001] {
            let checkpoint = Checkpoint { size, ..checkpoint(&Store::new()) };
            // What is in a folder comes with the id of the commit, what is in that with the next question.
            let deep = |path: &String| path.matches('/').count() > 1;
            let paths = paths_to_append(&checkpoint, &[addition(1)]);
            assert!(!paths.iter().any(deep), "{size}: {paths:?}");
        }
    }
}
