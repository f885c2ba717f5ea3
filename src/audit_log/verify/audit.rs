//! What the entries give, gathered while they stream by and compared with the derived files.

use crate::model::{Entry, EntryKind};

use super::{
    super::{
        Checkpoint, Error, State,
        append::first_id,
        entry::parse,
        layout::{self, STATE, WIDTH},
        pulls::short_id,
    },
    LogFiles, Place, Problem, TakeEntry,
    bounded::Bounded,
    facts::{Fact, Facts},
    files::{PullEntry, Walked, is_compared},
};

pub(super) struct Audit<'a> {
    checkpoint: &'a Checkpoint,
    pub(super) problems: Bounded<Problem>,
    pub(super) state: State,
    /// Ids of entries.
    ids: Facts,
    /// Kinds by index.
    kinds: Vec<EntryKind>,
    /// Approvals that entries name.
    named: Facts,
    /// Blobs that entries name, with the first entry of each bundle that names them.
    blobs: Facts,
    /// The sealed entries of pull requests.
    pulls: Vec<PullEntry>,
}

impl<'a> Audit<'a> {
    pub(super) fn new(checkpoint: &'a Checkpoint) -> Self {
        let (problems, state, ids, kinds, named, blobs, pulls) = Default::default();
        Self { checkpoint, problems, state, ids, kinds, named, blobs, pulls }
    }

    fn file(&mut self, path: &str, what: impl Into<String>) {
        self.problem(Place::File(path.to_owned()), what.into());
    }

    fn entry(&mut self, index: u64, id: Option<&str>, what: impl Into<String>) {
        self.problem(Place::Entry(index, id.map(str::to_owned)), what.into());
    }

    fn problem(&mut self, place: Place, what: String) {
        self.problems.push(Problem { place, what });
    }

    /// Reads the state that the log begins with: the blob of its first entry.
    pub(super) fn begin(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        let path = layout::entries(self.checkpoint.size, 0);
        let bundle = read(files, &path)?.unwrap_or_default();
        let line = bundle.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let entry = std::str::from_utf8(line).ok().and_then(|line| parse(line).ok());
        // Whatever else is wrong with it comes up when it streams by.
        let Some(entry) = entry else { return Ok(()) };
        let id = Some(entry.id.as_str());
        let [blob] = entry.blobs[..] else {
            self.entry(0, id, "does not name one blob with the tips that the log begins at");
            return Ok(());
        };
        let begin = read(files, &layout::blob(self.checkpoint.size, 0, &blob))?.unwrap_or_default();
        match State::parse(&begin) {
            Ok(state) => self.state = state,
            Err(what) => self.entry(0, id, format!("does not say which tips the log begins at: {what}")),
        }
        Ok(())
    }

    /// Takes one line into account; gives its id where that can be read.
    pub(super) fn line(&mut self, index: u64, line: &[u8], take: &mut TakeEntry) -> Option<String> {
        let parsed = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned()).and_then(parse);
        let id = match &parsed {
            Ok(entry) => Some(entry.id.clone()),
            Err(_) => readable_id(line),
        };
        if let Some(id) = &id {
            self.ids.push(layout::id_hash(id), index);
        }
        self.kinds.push(parsed.as_ref().map_or(EntryKind::Initialised, |entry| entry.kind));
        match parsed {
            Ok(entry) => {
                self.facts(index, &entry);
                take(index, &entry);
            }
            Err(what) => self.entry(index, id.as_deref(), format!("is no entry: {what}")),
        }
        id
    }

    fn facts(&mut self, index: u64, entry: &Entry) {
        let id = Some(entry.id.as_str());
        if entry.repo != self.checkpoint.origin.repo {
            self.entry(index, id, format!("is of repository {}", entry.repo));
        }
        if !entry.blobs.is_sorted_by(|a, b| a < b) {
            self.entry(index, id, "does not name its blobs in order");
        }
        if let Some(overflow) = entry.overflow {
            if !entry.blobs.contains(&overflow) {
                self.entry(index, id, "has an `overflow` that is none of its blobs");
            }
            if !(entry.violations.is_empty() && entry.tables.is_empty()) {
                self.entry(index, id, "has an `overflow`, and violations or tables beside it");
            }
        }
        for approval in &entry.approvals {
            self.named.push(layout::id_hash(approval), index);
        }
        for blob in &entry.blobs {
            self.blobs.push_once(*blob.as_bytes(), index);
        }
        if index / WIDTH < layout::sealed(self.checkpoint.size) {
            self.pulls.extend(entry.pr.map(|pr| (pr, index, short_id(&entry.id))));
        }
        if index == 0 {
            if entry.kind != EntryKind::Initialised || entry.id != first_id(&self.checkpoint.origin) {
                self.entry(0, id, format!("does not initialise the log of `{}`", self.checkpoint.origin));
            }
            return;
        }
        if entry.kind == EntryKind::Initialised {
            self.entry(index, id, "initialises the log a second time");
        }
        if let Err(what) = self.state.apply(&self.checkpoint.origin.database, entry) {
            self.entry(index, id, format!("does not follow: {what}"));
        }
    }

    /// Finds ids that two entries have.
    pub(super) fn doubles(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        let ids = std::mem::take(&mut self.ids);
        let doubles = ids.as_slice().windows(2).filter(|pair| pair[0].hash() == pair[1].hash());
        for pair in doubles.collect::<Bounded<_>>().into_vec() {
            let id = self.id_of(files, pair[1].index())?;
            self.entry(pair[1].index(), id.as_deref(), format!("has the id of entry {}", pair[0].index()));
        }
        self.ids = ids;
        Ok(())
    }

    /// Every approval that an entry names is an earlier `approved` entry.
    pub(super) fn approvals(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        let named = std::mem::take(&mut self.named);
        let approved = |fact: &Fact| {
            let first = self.ids.first(&fact.hash()).filter(|index| *index < fact.index());
            let kind = first.and_then(|index| self.kinds.get(usize::try_from(index).ok()?));
            matches!(kind, Some(EntryKind::Approved | EntryKind::Vetoed))
        };
        let wrong: Bounded<Fact> = named.as_slice().iter().filter(|fact| !approved(fact)).copied().collect();
        for fact in wrong.into_vec() {
            let entry = self.entry_at(files, fact.index())?;
            let name = |entry: &Entry| entry.approvals.iter().find(|id| layout::id_hash(id) == fact.hash()).cloned();
            let approval = entry.as_ref().and_then(name).unwrap_or_default();
            let what = format!("names the approval `{approval}`, which no earlier entry is");
            self.entry(fact.index(), entry.map(|entry| entry.id).as_deref(), what);
        }
        Ok(())
    }

    /// Compares the recorded tips.
    pub(super) fn state(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        match read(files, STATE)? {
            None => self.file(STATE, "is missing"),
            Some(bytes) if bytes != self.state.bytes() => {
                self.file(STATE, "does not have the tips that the entries give");
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Compares all that lies in the branch with what the entries give; where not every entry was read, only blobs.
    pub(super) fn files(&mut self, files: &mut dyn LogFiles, whole: bool) -> Result<(), Error> {
        let size = self.checkpoint.size;
        self.ids.sort();
        self.blobs.keep_first();
        self.pulls.sort_unstable();
        let mut walked = Walked::new(size, whole, &self.blobs, &self.pulls);
        let walk = files.walk(&|path| is_compared(size, path), &mut |path, regular, bytes| {
            walked.take(path, regular, bytes.as_deref());
        });
        walk.map_err(|source| Error::Read { path: ".".to_owned(), source })?;
        walked.missing();
        let Walked { files: wrong, entries, .. } = walked;
        for (path, what) in wrong.into_vec() {
            self.file(&path, what);
        }
        for (index, what) in entries.into_vec() {
            let id = self.id_of(files, index)?;
            self.entry(index, id.as_deref(), what);
        }
        Ok(())
    }

    fn line_at(&self, files: &mut dyn LogFiles, index: u64) -> Result<Vec<u8>, Error> {
        let bytes = read(files, &layout::entries(self.checkpoint.size, index / WIDTH))?.unwrap_or_default();
        let line = usize::try_from(index % WIDTH).unwrap_or_default();
        Ok(bytes.split(|byte| *byte == b'\n').nth(line).unwrap_or_default().to_vec())
    }

    /// The id of an entry, read again: ids are not kept.
    fn id_of(&self, files: &mut dyn LogFiles, index: u64) -> Result<Option<String>, Error> {
        Ok(readable_id(&self.line_at(files, index)?))
    }

    fn entry_at(&self, files: &mut dyn LogFiles, index: u64) -> Result<Option<Entry>, Error> {
        let line = self.line_at(files, index)?;
        Ok(std::str::from_utf8(&line).ok().and_then(|line| parse(line).ok()))
    }
}

pub(super) fn read(files: &mut dyn LogFiles, path: &str) -> Result<Option<Vec<u8>>, Error> {
    files.read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// The id of a line that is no entry but still JSON.
fn readable_id(line: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    Some(value.get("id")?.as_str()?.to_owned())
}
