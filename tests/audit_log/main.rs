//! The log on a real bare repository: what the shell does, many times at once.
#![expect(clippy::disallowed_methods, reason = "tests build repositories with git itself")]
#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod independent;
mod processes;
mod sealed;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    thread,
};

use chrono::DateTime;
use schema_registry::{
    audit_log::{
        Addition, Entries, Files, Initialisation, Origin, Pinned, Problem, append, find, initialise, read_checkpoint,
        verify,
    },
    git::{Fetch, Git, Identity, NewCommit, Pushed},
    model::{ENTRY_VERSION, Entry, EntryKind},
};

const BRANCH: &str = "refs/heads/schema-registry/audit";

fn git(dir: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(dir).status().expect("git is installed");
    assert!(status.success(), "git {arguments:?}");
}

fn bare() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    git(dir.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "."]);
    dir
}

fn origin() -> Origin {
    Origin { host: "github.com".into(), repo: 1, database: "default".into() }
}

fn pinned() -> Pinned {
    Pinned { origin: Some(origin()), ..Pinned::default() }
}

fn addition(id: &str) -> Addition {
    let entry = Entry {
        version: ENTRY_VERSION,
        id: id.into(),
        kind: EntryKind::Approved,
        repo: 1,
        at: DateTime::from_timestamp(1_700_000_000, 0).expect("in range"),
        actor: None,
        pr: Some(7),
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
    };
    Addition::new(entry, vec![format!("digest lines of {id}\n").into_bytes(), b"the same SQL\n".to_vec()])
}

/// A clone that only appends, as the shell does.
struct Writer {
    dir: tempfile::TempDir,
    remote: String,
}

impl Writer {
    fn new(remote: &Path) -> Self {
        Self { dir: bare(), remote: format!("file://{}", remote.display()) }
    }

    fn open(&self) -> Git {
        Git::open(self.dir.path()).expect("git is installed")
    }

    /// The tip of the log, with its objects here.
    fn tip(&self) -> Option<String> {
        let git = self.open();
        let tip = git.ls_remote(&self.remote, BRANCH, None).expect("reachable")?;
        let fetch = Fetch { remote: &self.remote, refspecs: &[&tip], depth: None, token: None };
        git.fetch(&fetch).expect("reachable");
        Some(tip)
    }

    fn commit(&self, parent: Option<&str>, files: &Files) -> String {
        let identity = Identity { name: "schema-registry".into(), email: "bot@example.org".into() };
        let commit = NewCommit { parent, files, message: "Append", identity: &identity, time: 1_700_000_000 };
        self.open().commit_files(&commit).expect("written")
    }

    fn push(&self, parent: Option<&str>, files: &Files) -> Pushed {
        let commit = self.commit(parent, files);
        self.open().push(&self.remote, &commit, BRANCH, parent, None).expect("an answer")
    }

    /// Appends until the push is accepted; how often it was lost.
    fn append(&self, additions: &[Addition]) -> usize {
        for lost in 0..200 {
            let tip = self.tip().expect("the log exists");
            let (mut head, mut rest) = (tip.clone(), additions);
            while !rest.is_empty() {
                let mut files = self.open().files(&head).expect("started");
                let appended = append(&origin(), &mut |path| Ok(files.read(path)?), rest).expect("appendable");
                rest = &rest[appended.taken()..];
                if !appended.files.is_empty() {
                    head = self.commit(Some(&head), &appended.files);
                }
            }
            let push = || self.open().push(&self.remote, &head, BRANCH, Some(&tip), None).expect("an answer");
            if head == tip || push() == Pushed::Accepted {
                return lost;
            }
        }
        unreachable!("somebody wins every race")
    }
}

fn initialisation() -> Initialisation {
    Initialisation {
        tips: BTreeMap::from([("refs/heads/main".to_owned(), "1".repeat(40))]),
        actor: None,
        at: DateTime::from_timestamp(1_700_000_000, 0).expect("in range"),
        policy: None,
        key: None,
        tool: "schema-registry 0".into(),
    }
}

fn log(remote: &Path) -> Writer {
    let (writer, with) = (Writer::new(remote), initialisation());
    let (files, _) = initialise(&origin(), &with).expect("short");
    assert_eq!(writer.push(None, &files), Pushed::Accepted);
    assert_eq!(
        Writer::new(remote).push(None, &initialise(&Origin { repo: 2, ..origin() }, &with).expect("short").0),
        Pushed::Lost
    );
    writer
}

/// Verifies the branch of the remote; the ids in order.
fn verified(writer: &Writer) -> Vec<String> {
    let (git, tip) = (writer.open(), writer.tip().expect("the log exists"));
    let mut files = git.files(&tip).expect("started");
    let mut read = |path: &str| Ok(files.read(path)?);
    let report = verify(&pinned(), &mut git.files_to_verify(&tip).expect("started"), &mut |_, _| {}).expect("readable");
    assert_eq!(report.problems.iter().map(Problem::to_string).collect::<Vec<_>>(), [""; 0]);
    let checkpoint = read_checkpoint(&origin(), &mut read).expect("there");
    assert_eq!(report.size, checkpoint.size);
    let ids: Vec<_> = Entries::new(&checkpoint, 0, &mut read).map(|found| found.expect("whole").entry.id).collect();
    for (index, id) in ids.iter().enumerate() {
        let found = find(&checkpoint, id, &mut read).expect("readable").expect("there");
        assert_eq!(found.index, index as u64);
    }
    ids
}

#[test]
fn eight_writers_at_once_lose_nothing_and_double_nothing() {
    let remote = bare();
    let reader = log(remote.path());
    thread::scope(|scope| {
        for writer in 0..8 {
            let remote = remote.path();
            scope.spawn(move || {
                let clone = Writer::new(remote);
                for n in 0..3 {
                    // Everybody also reports one event that is the same for all.
                    clone.append(&[addition(&format!("LE_{writer}_{n}")), addition("LE_shared")]);
                }
            });
        }
    });
    let ids = verified(&reader);
    let expected: BTreeSet<_> = (0..8).flat_map(|writer| (0..3).map(move |n| format!("LE_{writer}_{n}"))).collect();
    assert_eq!(ids.len(), 2 + 24, "{ids:?}");
    assert!(expected.is_subset(&ids.iter().cloned().collect()), "{ids:?}");
    assert_eq!(ids.iter().filter(|id| *id == "LE_shared").count(), 1);
}

#[test]
fn a_lost_race_leaves_the_leaf_as_it_is() {
    let remote = bare();
    let reader = log(remote.path());
    let (slow, fast) = (Writer::new(remote.path()), Writer::new(remote.path()));
    let tip = slow.tip().expect("the log exists");
    let mut files = slow.open().files(&tip).expect("started");
    let prepared = append(&origin(), &mut |path| Ok(files.read(path)?), &[addition("LE_slow")]).expect("appendable");
    assert_eq!(fast.append(&[addition("LE_fast")]), 0);
    assert_eq!(slow.push(Some(&tip), &prepared.files), Pushed::Lost);
    assert_eq!(slow.append(&[addition("LE_slow")]), 0);
    let ids = verified(&reader);
    assert_eq!(ids[1..], ["LE_fast", "LE_slow"]);
    let line = |files: &Files| {
        let bytes = files["open/entries.jsonl"].clone().expect("written");
        String::from_utf8(bytes).expect("text").lines().last().expect("an entry").to_owned()
    };
    let tip = reader.tip().expect("the log exists");
    let bytes = reader.open().files(&tip).expect("started").read("open/entries.jsonl").expect("readable");
    assert_eq!(line(&prepared.files), line(&BTreeMap::from([("open/entries.jsonl".to_owned(), bytes)])));
}

#[test]
fn a_file_that_somebody_pushes_is_found() {
    let remote = bare();
    let writer = log(remote.path());
    writer.append(&[addition("LE_1")]);
    let tip = writer.tip().expect("the log exists");
    let git = writer.open();
    let mut files = git.files(&tip).expect("started");
    let forged = files.read("open/entries.jsonl").expect("readable").expect("there");
    let forged = String::from_utf8(forged).expect("text").replace("\"pr\":7", "\"pr\":8").into_bytes();
    let files = Files::from([("open/entries.jsonl".to_owned(), Some(forged)), ("note".to_owned(), Some(Vec::new()))]);
    assert_eq!(writer.push(Some(&tip), &files), Pushed::Accepted);
    let tip = writer.tip().expect("the log exists");
    let mut files = git.files(&tip).expect("started");
    let mut read = |path: &str| Ok(files.read(path)?);
    let report = verify(&pinned(), &mut git.files_to_verify(&tip).expect("started"), &mut |_, _| {}).expect("readable");
    let problems: Vec<_> = report.problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        problems,
        [
            "entry 1 (LE_1) is not what was recorded: `open/tile` has another hash for it",
            "`note` does not belong to the log"
        ]
    );
    let error = append(&origin(), &mut read, &[addition("LE_2")]).expect_err("on a damaged log").to_string();
    assert!(error.contains("`schema-registry audit verify` tells more"), "{error}");
}
