//! Many processes at once, over git's own server: none loses an entry, none doubles one, and whoever is killed leaves
//! either an entry or none.
//!
//! `AUDIT_LOG_WRITERS=50 AUDIT_LOG_KILLS=1000 cargo test --test audit_log processes -- --nocapture` is the whole of it.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use chrono::DateTime;
use schema_registry::{cli::log::Log, git::Git};

use crate::{Writer, addition, bare, git, log, origin, verified};

const BRANCH: &str = "schema-registry/audit";

/// How many writers, or kills: few where nobody says otherwise.
fn count(variable: &str, few: usize) -> usize {
    std::env::var(variable).map_or(few, |text| text.parse().expect("a number"))
}

/// `git daemon` over one bare repository. Its processes are not in the group of those that get killed, as GitHub's are not.
struct Server {
    dir: tempfile::TempDir,
    daemon: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let dir = bare();
        // As GitHub has it.
        git(dir.path(), &["config", "uploadpack.allowFilter", "true"]);
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let mut daemon = Command::new("git")
            .args(["daemon", "--verbose", "--export-all", "--enable=receive-pack", "--max-connections=0"])
            .args(["--listen=127.0.0.1", &format!("--port={port}")])
            .arg(format!("--base-path={}", dir.path().display()))
            .arg(dir.path())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("git is installed");
        let mut lines = BufReader::new(daemon.stderr.take().expect("piped")).lines();
        let ready = lines.by_ref().map(|line| line.expect("text")).find(|line| line.contains("Ready to rumble"));
        assert!(ready.is_some(), "git daemon did not start");
        // It stops where nobody reads what it tells.
        thread::spawn(move || lines.for_each(drop));
        Self { dir, daemon, url: format!("git://127.0.0.1:{port}/") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        kill(&mut self.daemon);
    }
}

/// Kills a process that we started, and those that it started.
fn kill(child: &mut Child) {
    let group = format!("-{}", child.id());
    // Where all have ended by now, there is no such group.
    Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status().expect("kill is installed");
    child.wait().expect("our own child");
}

/// Starts a process that appends one entry as the Action does, with all its git processes in a group of its own. What it
/// has to tell, it tells to `told`.
fn writer(server: &Server, id: &str, told: Stdio) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "processes::appends_one_entry", "--ignored", "--quiet"])
        .env("AUDIT_LOG_URL", &server.url)
        .env("AUDIT_LOG_ENTRY", id)
        .stdout(told)
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("this test")
}

#[test]
#[ignore = "the process that the tests below start many times"]
fn appends_one_entry() {
    let [remote, id] =
        ["AUDIT_LOG_URL", "AUDIT_LOG_ENTRY"].map(|name| std::env::var(name).expect("told by its parent"));
    let dir = bare();
    let git = Git::open(dir.path()).expect("git is installed");
    let log =
        Log { git: &git, remote: &remote, token: None, branch: BRANCH, origin: origin(), keys: &[], signer: None };
    let now = DateTime::from_timestamp(1_700_000_000, 0).expect("in range");
    let entries = [&id, "LE_shared"].map(addition).to_vec();
    log.append_all(now, |_| Ok(((), entries.clone())), thread::sleep).expect("appended");
}

#[test]
fn all_at_once_append_one_entry_each() {
    let server = Server::start();
    let reader = log(server.dir.path());
    let (writers, start) = (count("AUDIT_LOG_WRITERS", 8), Instant::now());
    let ids: BTreeSet<_> = (0..writers).map(|n| format!("LE_{n}")).collect();
    let children: Vec<_> = ids.iter().map(|id| (id, writer(&server, id, Stdio::piped()))).collect();
    for (id, child) in children {
        let ended = child.wait_with_output().expect("our own child");
        assert!(ended.status.success(), "{id}: {}", String::from_utf8_lossy(&ended.stdout));
    }
    let found = verified(&reader);
    println!("{writers} processes: {} entries in {:?}", found.len(), start.elapsed());
    // The first entry of the log, one of each, and the one that all of them report.
    assert_eq!(found.len(), writers + 2);
    assert_eq!(ids.iter().filter(|id| !found.contains(id)).count(), 0);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "none twice");
}

/// Four at a time get killed, each at a random moment of the time that an append takes when nobody kills it.
#[test]
fn whoever_is_killed_leaves_a_whole_log() {
    let server = Server::start();
    let reader = log(server.dir.path());
    let start = Instant::now();
    let whole = writer(&server, "LE_first", Stdio::null()).wait().expect("our own child");
    let (took, kills) = (start.elapsed(), count("AUDIT_LOG_KILLS", 16));
    assert!(whole.success());
    let (next, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= kills {
                        return;
                    }
                    let mut child = writer(&server, &format!("LE_{n}"), Stdio::null());
                    // Nothing is waited for here: the moment is what is being tested.
                    thread::sleep(took.mul_f64(random()));
                    ended.fetch_add(usize::from(child.try_wait().expect("our own child").is_some()), Ordering::Relaxed);
                    kill(&mut child);
                }
            });
        }
    });
    // A receiving process of the server may outlive those who began it, and its lock with it; an append waits for both.
    let survivors = verified(&reader);
    assert_eq!(survivors.iter().collect::<BTreeSet<_>>().len(), survivors.len(), "none twice");
    println!(
        "{kills} kills within {:?}: {} entries were pushed before, {} processes had ended; {:?}",
        took * 2,
        survivors.len() - 3,
        ended.into_inner(),
        start.elapsed()
    );
    // What was lost is appended by whoever reports it again, and what was not is not doubled.
    let ids: Vec<_> = (0..kills).map(|n| format!("LE_{n}")).collect();
    let again: Vec<_> = ids.iter().map(|id| addition(id)).collect();
    Writer::new(server.dir.path()).append(&again);
    let found = verified(&reader);
    assert_eq!(found.len(), kills + 3);
    assert!(found.starts_with(&survivors));
    assert_eq!(ids.iter().filter(|id| !found.contains(id)).count(), 0);
}

/// From 0 to 2: twice the usual time, for the others slow this one down.
fn random() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX) * 2.0
}
