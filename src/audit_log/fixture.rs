//! Values for the tests of this module.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::model::{Actor, Digest, ENTRY_VERSION, Entry, EntryKind, EntryTable, File, FileChange, FileState};

use super::{
    Addition, Files, Initialisation, LandingId, LogFiles, Origin, Pinned, Problem, ReadError, TakeFile, append,
    initialise, verify,
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

/// The branch of a log, in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Store(pub(super) BTreeMap<String, Vec<u8>>);

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
            match bytes {
                Some(bytes) => drop(self.0.insert(path, bytes)),
                None => assert!(self.0.remove(&path).is_some(), "{path} was not there"),
            }
        }
    }

    pub(super) fn reader(&self) -> impl FnMut(&str) -> Result<Option<Vec<u8>>, ReadError> + '_ {
        |path| Ok(self.0.get(path).cloned())
    }

    pub(super) fn append(&mut self, additions: &[Addition]) -> (usize, usize) {
        let appended = append(&origin(), &mut self.reader(), additions).expect("appendable");
        let counts = (appended.added, appended.skipped);
        self.write(appended.files);
        counts
    }
}

impl LogFiles for Store {
    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.0.get(path).cloned())
    }

    fn read_each(
        &mut self,
        paths: &mut dyn Iterator<Item = String>,
        take: &mut dyn FnMut(&str, Option<Vec<u8>>) -> bool,
    ) -> Result<(), ReadError> {
        for path in paths {
            if !take(&path, self.0.get(&path).cloned()) {
                break;
            }
        }
        Ok(())
    }

    fn walk(&mut self, wanted: &dyn Fn(&str) -> bool, take: &mut TakeFile) -> Result<(), ReadError> {
        self.0.iter().for_each(|(path, bytes)| take(path, true, wanted(path).then(|| bytes.clone())));
        Ok(())
    }
}

/// What verifying finds, as text.
pub(super) fn problems_with(pinned: &Pinned, store: &Store) -> Vec<String> {
    let report = verify(pinned, &mut store.clone(), &mut |_, _| {}).expect("readable");
    report.problems.iter().map(Problem::to_string).collect()
}
