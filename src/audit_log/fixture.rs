//! Values for the tests of this module.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::model::{Actor, Digest, ENTRY_VERSION, Entry, EntryKind, EntryTable, File, FileChange, FileState};

use super::{
    Addition, Files, Initialisation, LandingId, LogFiles, Origin, Pinned, Problem, ReadError, TakeFile, append,
    initialise, layout::SEALS, verify,
};

pub(super) fn origin() -> Origin {
    Origin { host: "github.com".into(), repo: 1, database: "default".into() }
}

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("in range")
}

pub(super) fn entry(id: &str, kind: EntryKind) -> Entry {
    Entry {
        version: ENTRY_VERSION,
        id: id.into(),
        kind,
        repo: 1,
        at: at(0),
        actor: None,
        pr: None,
        digest: None,
        policy: None,
        tool: "schema-registry 0".into(),
        before: None,
        after: None,
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: Vec::new(),
        overflow: None,
    }
}

pub(super) fn approved(id: &str, pr: u64) -> Entry {
    let actor = Some(Actor { id: 3, login: "ann".into() });
    Entry { actor, pr: Some(pr), digest: Some(Digest::of("lines")), ..entry(id, EntryKind::Approved) }
}

pub(super) fn landing(kind: EntryKind, reference: &str, before: &str, after: &str, rewrites: u64) -> Entry {
    let [database, reference, before, after] = ["default", reference, before, after].map(str::to_owned);
    let id = LandingId { database, reference, before, after, rewrites };
    Entry { before: Some(id.before.clone()), after: Some(id.after.clone()), ..entry(&id.to_string(), kind) }
}

pub(super) fn table(name: &str) -> EntryTable {
    EntryTable {
        table_name: name.into(),
        registry_id: None,
        action: "create".into(),
        status: "approved".into(),
        performed_by: Some("ann".into()),
        requested_by: Some("omega".into()),
        justification: Some("so that they are kept".into()),
        related_issue: None,
        sql: vec![Digest::of("sql")],
        success: true,
    }
}

pub(super) fn change(path: &str, before: Option<&str>, after: Option<&str>) -> FileChange {
    let state = |text: &str| FileState { mode: crate::model::FileMode::Regular, digest: File::regular(text).digest() };
    FileChange { path: path.into(), before: before.map(state), after: after.map(state) }
}

/// The preimage of an approval digest, as trust.md section 2 writes it.
pub(super) fn digest_lines(repo: u64, pr: u64, files: &[FileChange]) -> Vec<u8> {
    let landed = super::landed_lines(files);
    let (_, files) = landed.split_once('\n').expect("a header");
    let some = Digest::of("");
    format!(
        "schema-registry/approval/v1\nrepo {repo}\npr {pr}\nbase refs/heads/main\npolicy {some}\ncontext {some}\nviolations {some}\n{files}"
    )
    .into_bytes()
}

/// Files by name.
pub(super) type Folder = BTreeMap<String, Vec<u8>>;

/// The branch of a log, in memory: its files, and by their id the folders that were there once, as git keeps them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Store(pub(super) Folder, pub(super) BTreeMap<String, Folder>);

impl Store {
    /// A new log that begins with `refs/heads/main` at `t0`.
    pub(super) fn new() -> Self {
        let tips = BTreeMap::from([("refs/heads/main".to_owned(), "t0".to_owned())]);
        let with =
            Initialisation { tips, actor: None, at: at(0), policy: None, key: None, tool: "schema-registry 0".into() };
        let mut store = Self::default();
        store.write(initialise(&origin(), &with).expect("short").0);
        store
    }

    pub(super) fn write(&mut self, files: Files) {
        for (path, bytes) in files {
            if let Some(bytes) = bytes {
                self.0.insert(path, bytes);
            } else if self.0.remove(&path).is_none() {
                let folder = self.folder(&path);
                assert!(!folder.is_empty(), "{path} was not there");
                self.0.retain(|file, _| !file.starts_with(&format!("{path}/")));
                self.keep(folder);
            }
        }
    }

    /// What lies in a folder.
    pub(super) fn folder(&self, path: &str) -> Folder {
        let inner = |file: &str| Some(file.strip_prefix(path)?.strip_prefix('/')?.to_owned());
        self.0.iter().filter_map(|(file, bytes)| Some((inner(file)?, bytes.clone()))).collect()
    }

    /// Keeps a folder as git does; gives what names it.
    pub(super) fn keep(&mut self, folder: Folder) -> Vec<u8> {
        let id = id(&folder);
        self.1.insert(id.clone(), folder);
        format!("{id}\n").into_bytes()
    }

    /// The folders that a file `a.trees` lists, by their paths `a.trees/000`.
    fn sealed(&self, path: &str) -> Vec<(String, &Folder)> {
        let bytes = self.0.get(path).filter(|_| path.ends_with(SEALS));
        let ids = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default().split('\n');
        ids.enumerate().filter_map(|(n, id)| Some((format!("{path}/{n:03}"), self.1.get(id)?))).collect()
    }

    /// The folder `a.trees/000`.
    pub(super) fn linked(&self, path: &str) -> Option<&Folder> {
        let (seals, _) = path.rsplit_once('/')?;
        self.sealed(seals).into_iter().find(|(folder, _)| folder == path).map(|(_, folder)| folder)
    }

    /// Lets a line of a file `a.trees` be the id of this folder.
    pub(super) fn relink(&mut self, path: &str, folder: Folder) {
        let (seals, n) = path.rsplit_once('/').expect("the path of a sealed folder");
        let id = self.keep(folder);
        let mut lines: Vec<_> = self.0[seals].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines[n.parse::<usize>().expect("a number")] = id;
        self.0.insert(seals.to_owned(), lines.concat());
    }

    /// Edits a file, sealed or not.
    pub(super) fn edit(&mut self, path: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        if let Some(bytes) = self.0.get_mut(path) {
            return edit(bytes);
        }
        let (folder, name) = path.rsplit_once('/').expect("the path of a sealed file");
        let mut files = self.linked(folder).expect("it is there").clone();
        edit(files.get_mut(name).expect("it is there"));
        self.relink(folder, files);
    }

    fn get(&self, path: &str) -> Option<Vec<u8>> {
        if let Some(path) = path.strip_suffix('/') {
            let folder = self.folder(path);
            let names = folder.keys().map(|name| format!("{name}\n"));
            let lines = || std::iter::once(format!("{}\n", id(&folder))).chain(names).collect::<String>();
            return (!folder.is_empty()).then(|| lines().into_bytes());
        }
        let linked = || path.rsplit_once('/').and_then(|(folder, name)| self.linked(folder)?.get(name));
        self.0.get(path).or_else(linked).cloned()
    }

    pub(super) fn reader(&self) -> impl FnMut(&str) -> Result<Option<Vec<u8>>, ReadError> + '_ {
        |path| Ok(self.get(path))
    }

    /// Appends, in as many commits as it takes; how many were new, and how many were there.
    pub(super) fn append(&mut self, additions: &[Addition]) -> (usize, usize) {
        self.append_signed(&origin(), additions, |_| ())
    }

    pub(super) fn append_signed(
        &mut self,
        origin: &Origin,
        mut additions: &[Addition],
        sign: impl Fn(&mut Files),
    ) -> (usize, usize) {
        let mut counts = (0, 0);
        while !additions.is_empty() {
            let mut appended = append(origin, &mut self.reader(), additions).expect("appendable");
            additions = &additions[appended.taken()..];
            counts = (counts.0 + appended.added, counts.1 + appended.skipped);
            sign(&mut appended.files);
            self.write(appended.files);
        }
        counts
    }
}

/// As good as git's.
fn id(folder: &Folder) -> String {
    let lines = folder.iter().map(|(name, bytes)| format!("{name} {}\n", Digest::of(bytes)));
    Digest::of(lines.collect::<String>()).to_string()
}

impl LogFiles for Store {
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.get(path))
    }

    fn read_each(
        &mut self,
        paths: &mut dyn Iterator<Item = String>,
        take: &mut dyn FnMut(&str, Option<Vec<u8>>) -> bool,
    ) -> Result<(), ReadError> {
        for path in paths {
            if !take(&path, self.get(&path)) {
                break;
            }
        }
        Ok(())
    }

    fn walk(&mut self, wanted: &dyn Fn(&str) -> bool, take: &mut TakeFile) -> Result<(), ReadError> {
        for (path, bytes) in &self.0 {
            take(path, true, wanted(path).then(|| bytes.clone()));
            for (folder, files) in self.sealed(path) {
                for (name, bytes) in files {
                    let path = format!("{folder}/{name}");
                    take(&path, true, wanted(&path).then(|| bytes.clone()));
                }
            }
        }
        Ok(())
    }

    fn kept(&mut self, _: &str, _: &str) -> Result<Option<BTreeSet<String>>, ReadError> {
        Ok(None)
    }
}

/// What verifying finds, as text.
pub(super) fn problems_with(pinned: &Pinned, store: &Store) -> Vec<String> {
    let report = verify(pinned, &mut store.clone(), &mut |_, _| {}).expect("readable");
    report.problems.iter().map(Problem::to_string).collect()
}
