//! What a long audit log costs, as ratios within one run:
//!
//! - an append to a log of a million entries against one to a log of ten, over `git fetch` and `git push`;
//! - `audit verify` of a million entries against `git cat-file --batch | sha256sum` of the same blobs, and its memory.
//!
//! `cargo bench --bench audit_log`; `AUDIT_LOG_ENTRIES=20000` is a quick look. Exits with 1 where a limit does not hold.
#![expect(clippy::disallowed_methods, reason = "benchmarks build repositories with git itself")]
#![expect(clippy::expect_used, reason = "there is nobody to handle it")]
#![expect(clippy::print_stdout, reason = "this is its output")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use schema_registry::{
    audit_log::{Addition, Files, Initialisation, Origin, ReadError, Signer, append, initialise, sign},
    cli::log::Log,
    git::{Git, Identity, NewCommit},
    model::{Actor, Digest, ENTRY_VERSION, Entry, EntryKind, EntryTable, KeyType},
};

const BRANCH: &str = "schema-registry/audit";

/// Entries of the short log.
const FEW: u64 = 10;

/// How often each append is measured.
const APPENDS: usize = 9;

/// How often verifying and its baseline are measured.
const VERIFICATIONS: usize = 3;

/// How many entries are made at once, so that not all of them are in memory.
const BATCH: u64 = 100_000;

/// Limits, which the README states.
const MOST_APPEND: f64 = 1.3;
const MOST_VERIFY: f64 = 2.0;
const MOST_MEMORY: u64 = 200 << 20;

fn origin() -> Origin {
    Origin { host: "github.com".into(), repo: 1, database: "default".into() }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("in range")
}

/// An approval as the Action records it: who, which pull request, one table, and a blob of its own.
fn addition(n: u64) -> Addition {
    let digest = Digest::of(n.to_be_bytes());
    let table = EntryTable {
        table_name: format!("public.table_{n}"),
        registry_id: None,
        action: "create".into(),
        status: "approved".into(),
        performed_by: Some("ann".into()),
        requested_by: Some("omega".into()),
        justification: Some("Each team keeps its own notes, and finds them again.".into()),
        related_issue: None,
        sql: vec![digest],
        success: true,
    };
    let entry = Entry {
        version: ENTRY_VERSION,
        id: format!("LE_lADOABCDEF{n:012}"),
        kind: EntryKind::Approved,
        repo: 1,
        at: now(),
        actor: Some(Actor { id: 1_000 + n % 50, login: format!("user-{}", n % 50) }),
        pr: Some(n / 4),
        digest: Some(digest),
        policy: Some(Digest::of("policy")),
        tool: "schema-registry 0.1.0".into(),
        before: None,
        after: None,
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: vec![table],
    };
    let lines = format!("schema-registry/approval/v1\nrepo 1\npr {}\nbase refs/heads/main\npolicy {digest}\n", n / 4);
    Addition::new(entry, vec![lines.into_bytes()])
}

fn git(dir: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(dir).status().expect("git is installed");
    assert!(status.success(), "git {arguments:?}");
}

/// A repository with a signed log of `size` entries on its branch, and the policy that pins it.
fn repository(size: u64, signer: &Signer) -> tempfile::TempDir {
    let mut files = BTreeMap::new();
    let with = Initialisation {
        tips: BTreeMap::from([("refs/heads/main".to_owned(), "1".repeat(40))]),
        actor: None,
        at: now(),
        policy: None,
        key: Some(signer.key().clone()),
        tool: "schema-registry 0.1.0".into(),
    };
    write(&mut files, initialise(&origin(), &with).expect("short").0, signer);
    let mut next = 1;
    while next < size {
        let end = size.min(next + BATCH);
        let additions: Vec<_> = (next..end).map(addition).collect();
        let mut read = |path: &str| -> Result<Option<Vec<u8>>, ReadError> { Ok(files.get(path).cloned().flatten()) };
        let appended = append(&origin(), &mut read, &additions).expect("appendable");
        write(&mut files, appended.files, signer);
        next = end;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    git(dir.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    // As GitHub has it.
    git(dir.path(), &["config", "uploadpack.allowFilter", "true"]);
    git(dir.path(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let policy = format!("[audit]\norigin = \"{}\"\nkeys = [\"{}\"]\n", origin(), signer.key());
    fs::write(dir.path().join("schema-registry.toml"), policy).expect("writable");
    let store = Git::open(dir.path()).expect("git is installed");
    let identity = Identity { name: "schema-registry".into(), email: "bot@example.org".into() };
    let commit = NewCommit { parent: None, files: &files, message: "log", identity: &identity, time: 1_700_000_000 };
    let sha = store.commit_files(&commit).expect("written");
    git(dir.path(), &["update-ref", &format!("refs/heads/{BRANCH}"), &sha]);
    dir
}

fn write(all: &mut Files, mut files: Files, signer: &Signer) {
    sign(&mut files, signer);
    for (path, bytes) in files {
        match bytes {
            Some(bytes) => drop(all.insert(path, Some(bytes))),
            None => drop(all.remove(&path)),
        }
    }
}

/// How long one append takes, from an empty store as in a fresh runner.
fn append_one(repository: &Path, signer: &Signer, n: u64) -> Duration {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = Git::init_bare(dir.path()).expect("git is installed");
    let remote = format!("file://{}", repository.display());
    let keys = [signer.key().clone()];
    let log = Log {
        git: &store,
        remote: &remote,
        token: None,
        branch: BRANCH,
        origin: origin(),
        keys: &keys,
        signer: Some(signer),
    };
    let start = Instant::now();
    let decide = |_: &mut _| Ok(((), vec![addition(n)]));
    let ((), _) = log.append_all(now(), decide, thread::sleep).expect("appended");
    start.elapsed()
}

/// `git cat-file --batch | sha256sum` of every blob of the log.
fn baseline(repository: &Path) -> Duration {
    let ids = repository.join(".git/ids");
    let start = Instant::now();
    let script = format!("git cat-file --batch < {} | sha256sum", ids.display());
    let status = Command::new("sh").args(["-c", &script]).current_dir(repository).stdout(Stdio::null()).status();
    assert!(status.expect("a shell").success());
    start.elapsed()
}

/// Lists the blobs of the log, in the order of their paths.
fn list(repository: &Path) -> usize {
    let output = Command::new("git").args(["ls-tree", "-r", BRANCH]).current_dir(repository).output();
    let output = String::from_utf8(output.expect("git is installed").stdout).expect("text");
    let mut ids = String::new();
    for line in output.lines() {
        let _ = writeln!(ids, "{}", line.split([' ', '\t']).nth(2).expect("an id"));
    }
    fs::write(repository.join(".git/ids"), &ids).expect("writable");
    ids.lines().count()
}

/// `audit verify`: how long, and the most memory that was resident, in bytes.
fn verify(repository: &Path) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_schema-registry"))
        .args(["audit", "verify"])
        .current_dir(repository)
        .stdout(Stdio::null())
        .spawn()
        .expect("built");
    let (status, mut memory) = (format!("/proc/{}/status", child.id()), 0);
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("our own child") {
            break ended;
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        memory = memory.max(peak.unwrap_or(0) << 10);
        thread::sleep(Duration::from_millis(5));
    };
    assert!(ended.success(), "the log is not intact");
    (start.elapsed(), memory)
}

/// The middle one.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

fn main() -> ExitCode {
    let entries = std::env::var("AUDIT_LOG_ENTRIES").map_or(1_000_000, |text| text.parse().expect("a number"));
    let secret = Signer::generate(&origin().to_string(), KeyType::Ed25519).expect("random").1;
    let signer = Signer::parse(&secret).expect("its own text");
    let (short, long) = (repository(FEW, &signer), repository(entries, &signer));
    let blobs = list(long.path());

    let (mut verified, mut read, mut memory) = (Vec::new(), Vec::new(), 0);
    for _ in 0..VERIFICATIONS {
        read.push(baseline(long.path()));
        let (took, peak) = verify(long.path());
        verified.push(took);
        memory = memory.max(peak);
    }
    let (verified, read) = (median(verified), median(read));
    let verify_ratio = verified / read;
    println!("audit verify of {entries} entries: {verified:.2} s and {} MiB", memory >> 20);
    println!("git cat-file --batch | sha256sum of its {blobs} blobs: {read:.2} s");
    println!("ratio {verify_ratio:.2} (at most {MOST_VERIFY}), memory at most {} MiB", MOST_MEMORY >> 20);

    let (mut to_short, mut to_long) = (Vec::new(), Vec::new());
    for n in 0..APPENDS as u64 {
        to_short.push(append_one(short.path(), &signer, entries + n));
        to_long.push(append_one(long.path(), &signer, entries + n));
    }
    let (to_short, to_long) = (median(to_short), median(to_long));
    let append_ratio = to_long / to_short;
    println!("append to {FEW} entries: {to_short:.3} s; to {entries}: {to_long:.3} s");
    println!("ratio {append_ratio:.2} (at most {MOST_APPEND})");

    let holds = verify_ratio <= MOST_VERIFY && memory <= MOST_MEMORY && append_ratio <= MOST_APPEND;
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
