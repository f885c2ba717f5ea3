//! What a long audit log costs, as ratios within one run:
//!
//! - an append to a log of a million entries against one to a log of ten, over `git fetch` and `git push`;
//! - the one append in 256 that seals a segment, likewise;
//! - `audit verify` of a million entries against `git cat-file --batch | sha256sum` of the same blobs, and its memory.
//!
//! `cargo bench --bench audit_log`; `AUDIT_LOG_ENTRIES=20000` is a quick look. Exits with 1 where a limit does not hold.
#![expect(clippy::disallowed_methods, reason = "benchmarks build repositories with git itself")]
#![expect(clippy::expect_used, reason = "there is nobody to handle it")]
#![expect(clippy::print_stdout, reason = "this is its output")]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    ops::Range,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use schema_registry::{
    audit_log::{Addition, Files, Initialisation, Origin, ReadError, Signer, append, initialise, sign},
    cli::log::Log,
    git::Git,
    model::{Actor, Digest, ENTRY_VERSION, Entry, EntryKind, EntryTable, KeyType},
};

const BRANCH: &str = "schema-registry/audit";

/// Entries of the short log.
const FEW: u64 = 10;

/// How often each append is measured.
const APPENDS: usize = 9;

/// How often an append that seals is measured.
const SEALS: usize = 3;

/// How often verifying and its baseline are measured.
const VERIFICATIONS: usize = 3;

/// How many entries a commit takes at most, and a segment.
const BATCH: u64 = 256;

/// Limits.
const MOST_APPEND: f64 = 1.3;
const MOST_VERIFY: f64 = 2.0;
const MOST_MEMORY: u64 = 200 << 20;

fn origin() -> Origin {
    Origin { host: "github.com".into(), repo: 1, database: "default".into() }
}

/// When entry `n` is written: one a minute. Git tells by their dates which commits to look at.
fn at(n: u64) -> DateTime<Utc> {
    i64::try_from(n * 60)
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(1_600_000_000 + seconds, 0))
        .expect("in range")
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
        at: at(n),
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
        overflow: None,
    };
    let lines = format!("schema-registry/approval/v1\nrepo 1\npr {}\nbase refs/heads/main\npolicy {digest}\n", n / 4);
    Addition::new(entry, vec![lines.into_bytes()])
}

fn git(dir: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(dir).status().expect("git is installed");
    assert!(status.success(), "git {arguments:?}");
}

/// A repository with a signed log of `size` entries on its branch, and the policy that pins it. The log has a commit for
/// each [`BATCH`] entries.
fn repository(size: u64, signer: &Signer) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    git(dir.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    // As GitHub has it.
    git(dir.path(), &["config", "uploadpack.allowFilter", "true"]);
    git(dir.path(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let policy = format!("[audit]\norigin = \"{}\"\nkeys = [\"{}\"]\n", origin(), signer.key());
    fs::write(dir.path().join("schema-registry.toml"), policy).expect("writable");
    let mut import = Import::start(dir.path());
    let with = Initialisation {
        tips: BTreeMap::from([("refs/heads/main".to_owned(), "1".repeat(40))]),
        actor: None,
        at: at(0),
        policy: None,
        key: Some(signer.key().clone()),
        tool: "schema-registry 0.1.0".into(),
    };
    import.commit(initialise(&origin(), &with).expect("short").0, signer, at(0));
    let mut next = 1;
    while next < size {
        let additions: Vec<_> = (next..size.min(next + BATCH)).map(addition).collect();
        let mut read = |path: &str| -> Result<Option<Vec<u8>>, ReadError> { Ok(import.read(path)) };
        let appended = append(&origin(), &mut read, &additions).expect("appendable");
        next += appended.added as u64;
        import.commit(appended.files, signer, at(next));
    }
    import.end();
    index(dir.path());
    dir
}

/// Writes the reverse index of each pack, as pushes and repacking do, and `fast-import` does not.
/// Source: <https://git-scm.com/docs/git-config#Documentation/git-config.txt-packwriteReverseIndex>
fn index(repository: &Path) {
    for entry in fs::read_dir(repository.join(".git/objects/pack")).into_iter().flatten() {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|extension| extension == "pack") {
            output(repository, &["index-pack", "--rev-index", path.to_str().expect("text")]);
        }
    }
}

/// Writes the commits of a log through one `git fast-import`, where each append would start its own.
struct Import {
    child: Child,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What an append may read again.
    files: BTreeMap<String, Vec<u8>>,
}

impl Import {
    fn start(dir: &Path) -> Self {
        let mut child = Command::new("git")
            .args(["fast-import", "--quiet", "--date-format=raw", "--done"])
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("git is installed");
        let input = BufWriter::new(child.stdin.take().expect("piped"));
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, input, output, files: BTreeMap::new() }
    }

    fn read(&mut self, path: &str) -> Option<Vec<u8>> {
        let Some(folder) = path.strip_suffix('/') else { return self.files.get(path).cloned() };
        writeln!(self.input, "ls :1 {folder}").expect("it listens");
        self.input.flush().expect("it listens");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("it answers");
        let id = answer.strip_prefix("040000 tree ")?.split('\t').next()?;
        let prefix = format!("{folder}/");
        let names = self.files.keys().filter_map(|path| path.strip_prefix(&prefix));
        Some([id].into_iter().chain(names).map(|line| format!("{line}\n")).collect::<Vec<_>>().concat().into_bytes())
    }

    fn commit(&mut self, mut files: Files, signer: &Signer, at: DateTime<Utc>) {
        sign(&mut files, signer);
        let stamp = format!("schema-registry <bot@example.org> {} +0000", at.timestamp());
        write!(self.input, "commit refs/heads/{BRANCH}\nmark :1\ncommitter {stamp}\ndata 4\nlog\n\n")
            .expect("it listens");
        for (path, bytes) in files {
            match bytes {
                None => {
                    writeln!(self.input, "D {path}").expect("it listens");
                    self.files.retain(|file, _| !file.starts_with(&format!("{path}/")));
                }
                Some(bytes) => {
                    let length = bytes.len();
                    write!(self.input, "M 100644 inline {path}\ndata {length}\n").expect("it listens");
                    self.input.write_all(&bytes).expect("it listens");
                    writeln!(self.input).expect("it listens");
                    self.files.insert(path, bytes);
                }
            }
        }
        // The end of the commit: what is asked next is not asked of the one before.
        writeln!(self.input).expect("it listens");
    }

    fn end(mut self) {
        self.input.write_all(b"done\n").expect("it listens");
        drop(self.input);
        assert!(self.child.wait().expect("our own child").success());
    }
}

/// How long one append of these entries takes, from an empty store as in a fresh runner.
fn append_to(repository: &Path, signer: &Signer, entries: Range<u64>) -> Duration {
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
    let decide = |_: &mut _| Ok(((), entries.clone().map(addition).collect()));
    let ((), _) = log.append_all(at(entries.start), decide, thread::sleep).expect("appended");
    start.elapsed()
}

/// How long appends take that seal a segment of a log of `size` entries, which knows none from number `next` on.
fn seals(repository: &Path, signer: &Signer, mut size: u64, mut next: u64) -> Vec<Duration> {
    let border = |_| {
        let rest = BATCH - size % BATCH;
        append_to(repository, signer, next..next + rest);
        let sealed = append_to(repository, signer, next + rest..next + rest + 1);
        (size, next) = (size + rest + 1, next + rest + 1);
        sealed
    };
    (0..SEALS).map(border).collect()
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

/// Lists the files of the log, those of sealed segments too; how many they are.
fn list(repository: &Path) -> usize {
    let listed = |treeish: &str| output(repository, &["ls-tree", "-r", treeish]);
    let mut ids = String::new();
    for line in listed(BRANCH).lines() {
        let (facts, path) = line.split_once('\t').expect("a path");
        let id = facts.split(' ').nth(2).expect("an id");
        ids.extend([id, "\n"]);
        if path.strip_suffix(".trees").is_some() {
            for segment in output(repository, &["cat-file", "blob", id]).lines().map(listed) {
                ids.extend(segment.lines().flat_map(|line| [line.split([' ', '\t']).nth(2).expect("an id"), "\n"]));
            }
        }
    }
    fs::write(repository.join(".git/ids"), &ids).expect("writable");
    ids.lines().count()
}

fn output(repository: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(repository).output().expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).expect("text")
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
    for n in (entries..).take(APPENDS) {
        to_short.push(append_to(short.path(), &signer, n..n + 1));
        to_long.push(append_to(long.path(), &signer, n..n + 1));
    }
    let (to_short, to_long) = (median(to_short), median(to_long));
    let append_ratio = to_long / to_short;
    println!("append to {FEW} entries: {to_short:.3} s; to {entries}: {to_long:.3} s");
    println!("ratio {append_ratio:.2} (at most {MOST_APPEND})");
    let [seals_short, seals_long] = [(&short, FEW), (&long, entries)].map(|(log, size)| {
        let size = size + APPENDS as u64;
        median(seals(log.path(), &signer, size, entries + APPENDS as u64))
    });
    println!("that seals a segment: {seals_short:.3} s; {seals_long:.3} s; ratio {:.2}", seals_long / seals_short);

    let holds = verify_ratio <= MOST_VERIFY && memory <= MOST_MEMORY && append_ratio <= MOST_APPEND;
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
