//! What the entries give, gathered while they stream by and compared with the derived files.

use crate::model::{Digest, Entry, EntryKind};

use super::{
    super::{
        Checkpoint, Error, State,
        append::first_id,
        entry::parse,
        ids::Shard,
        layout::{self, CHECKPOINT, STATE, WIDTH},
        pulls::Pull,
    },
    LogFiles, MAX_PROBLEMS, Place, Problem,
    facts::{self, Fact, Facts},
    tree::has_tile,
};

pub(super) struct Audit<'a> {
    checkpoint: &'a Checkpoint,
    pub(super) problems: Vec<Problem>,
    pub(super) state: State,
    /// Ids of entries.
    ids: Facts,
    /// Kinds by index.
    kinds: Vec<EntryKind>,
    /// Approvals that entries name.
    named: Facts,
    /// Blobs that entries name, with the first entry that names them.
    blobs: Facts,
    /// Numbers of pull requests with the index of each of their entries.
    pulls: Vec<(u64, u64)>,
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
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { place, what });
        }
    }

    /// Reads the state that the log begins with: the blob of its first entry.
    pub(super) fn begin(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        let path = layout::bundle(0);
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
        let begin = read(files, &layout::blob(&blob))?.unwrap_or_default();
        match State::parse(&begin) {
            Ok(state) => self.state = state,
            Err(what) => self.entry(0, id, format!("does not say which tips the log begins at: {what}")),
        }
        Ok(())
    }

    /// Takes one line into account; gives its id where that can be read.
    pub(super) fn line(&mut self, index: u64, line: &[u8]) -> Option<String> {
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
            Ok(entry) => self.facts(index, &entry),
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
        for approval in &entry.approvals {
            self.named.push(layout::id_hash(approval), index);
        }
        for blob in &entry.blobs {
            self.blobs.push_once(*blob.as_bytes(), index);
        }
        self.pulls.extend(entry.pr.map(|pr| (pr, index)));
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

    /// Compares the index of ids, and finds doubles.
    pub(super) fn ids(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        self.ids.sort();
        let ids = std::mem::take(&mut self.ids);
        let doubles = ids.as_slice().windows(2).filter(|pair| pair[0].hash() == pair[1].hash());
        for pair in doubles.take(MAX_PROBLEMS) {
            let id = id_of(files, pair[1].index())?;
            self.entry(pair[1].index(), id.as_deref(), format!("has the id of entry {}", pair[0].index()));
        }
        let shards = || ids.as_slice().chunk_by(|a, b| a.hash()[..2] == b.hash()[..2]);
        let mut paths = shards().map(|shard| layout::id_shard(&shard[0].hash()));
        let mut expected = shards();
        each(files, &mut paths, &mut |path, bytes| {
            let Some(facts) = expected.next() else { return };
            let shard = Shard(facts.iter().rev().map(|fact| (fact.hash(), fact.index())).collect());
            match bytes {
                None => self.file(path, "is missing"),
                Some(bytes) if bytes != shard.bytes() => self.file(path, "does not list the ids of the entries"),
                Some(_) => {}
            }
        })?;
        self.ids = ids;
        Ok(())
    }

    /// Compares the index of pull requests.
    pub(super) fn pulls(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        self.pulls.sort_unstable();
        let pulls = std::mem::take(&mut self.pulls);
        let of_one = || pulls.chunk_by(|a, b| a.0 == b.0);
        let mut paths = of_one().map(|pull| layout::pull(pull[0].0));
        let mut expected = of_one();
        each(files, &mut paths, &mut |path, bytes| {
            let Some(facts) = expected.next() else { return };
            let pull = Pull(facts.iter().map(|(_, index)| *index).collect());
            match bytes {
                None => self.file(path, "is missing"),
                Some(bytes) if bytes != pull.bytes() => {
                    self.file(path, format!("does not list the entries of pull request {}", facts[0].0));
                }
                Some(_) => {}
            }
        })?;
        self.pulls = pulls;
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
        let wrong: Vec<Fact> =
            named.as_slice().iter().filter(|fact| !approved(fact)).take(MAX_PROBLEMS).copied().collect();
        for fact in wrong {
            let entry = entry_at(files, fact.index())?;
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

    /// Every blob that an entry names is there and has the bytes that its name says.
    pub(super) fn blobs(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        self.blobs.keep_first();
        let digests = self.blobs.as_slice().iter().filter_map(facts::digest);
        let (mut expected, mut wrong) = (self.blobs.as_slice().iter(), Vec::new());
        each(files, &mut digests.map(|digest| layout::blob(&digest)), &mut |path, bytes| {
            let Some(fact) = expected.next() else { return };
            let what = match bytes {
                None => "which is missing",
                Some(bytes) if *Digest::of(&bytes).as_bytes() != fact.hash() => "whose bytes are not those of its name",
                Some(_) => return,
            };
            if wrong.len() < MAX_PROBLEMS {
                wrong.push((fact.index(), format!("names `{path}`, {what}")));
            }
        })?;
        for (index, what) in wrong {
            let id = id_of(files, index)?;
            self.entry(index, id.as_deref(), what);
        }
        Ok(())
    }

    /// Finds files that do not belong to the log.
    pub(super) fn unknown(&mut self, files: &mut dyn LogFiles) -> Result<(), Error> {
        let mut unknown = Vec::new();
        let walked = files.paths(&mut |path, regular| {
            if unknown.len() < MAX_PROBLEMS && !(regular && self.belongs(path)) {
                unknown.push(path.to_owned());
            }
        });
        walked.map_err(|source| Error::Read { path: ".".to_owned(), source })?;
        for path in unknown {
            self.file(&path, "does not belong to the log");
        }
        Ok(())
    }

    fn belongs(&self, path: &str) -> bool {
        let Some((folder, rest)) = path.split_once('/') else { return path == CHECKPOINT || path == STATE };
        let size = self.checkpoint.size;
        let byte = |hex: &str| u8::from_str_radix(hex, 16).ok();
        match folder {
            "blob" => {
                let digest = rest.rsplit('/').next().and_then(|hex| hex.parse::<Digest>().ok());
                digest.is_some_and(|digest| {
                    path == layout::blob(&digest) && self.blobs.first(digest.as_bytes()).is_some()
                })
            }
            "entries" => {
                let bundle = rest.strip_suffix(".jsonl").and_then(layout::parse_number);
                bundle.is_some_and(|bundle| bundle < size.div_ceil(WIDTH))
            }
            "tile" => layout::parse_tile(path).is_some_and(|(level, n, width)| has_tile(size, level, n, width)),
            "ids" => rest.split_once('/').and_then(|(a, b)| Some([byte(a)?, byte(b)?])).is_some_and(|prefix| {
                path == format!("ids/{:02x}/{:02x}", prefix[0], prefix[1]) && self.ids.begins(prefix)
            }),
            "pulls" => layout::parse_number(rest)
                .is_some_and(|pr| self.pulls.binary_search_by_key(&pr, |(number, _)| *number).is_ok()),
            _ => false,
        }
    }
}

pub(super) fn read(files: &mut dyn LogFiles, path: &str) -> Result<Option<Vec<u8>>, Error> {
    files.read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn each(
    files: &mut dyn LogFiles,
    paths: &mut dyn Iterator<Item = String>,
    take: &mut dyn FnMut(&str, Option<Vec<u8>>),
) -> Result<(), Error> {
    let result = files.read_each(paths, &mut |path, bytes| {
        take(path, bytes);
        true
    });
    result.map_err(|source| Error::Read { path: ".".to_owned(), source })
}

fn line_at(files: &mut dyn LogFiles, index: u64) -> Result<Vec<u8>, Error> {
    let bytes = read(files, &layout::bundle(index / WIDTH))?.unwrap_or_default();
    let line = usize::try_from(index % WIDTH).unwrap_or_default();
    Ok(bytes.split(|byte| *byte == b'\n').nth(line).unwrap_or_default().to_vec())
}

/// The id of an entry, read again: ids are not kept.
fn id_of(files: &mut dyn LogFiles, index: u64) -> Result<Option<String>, Error> {
    Ok(readable_id(&line_at(files, index)?))
}

fn entry_at(files: &mut dyn LogFiles, index: u64) -> Result<Option<Entry>, Error> {
    let line = line_at(files, index)?;
    Ok(std::str::from_utf8(&line).ok().and_then(|line| parse(line).ok()))
}

/// The id of a line that is no entry but still JSON.
fn readable_id(line: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    Some(value.get("id")?.as_str()?.to_owned())
}
