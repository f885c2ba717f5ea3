//! A log that is long enough to seal its first segments: the tree of its branch stays small.

use std::{error::Error as _, path::Path, thread};

use chrono::DateTime;
use schema_registry::{audit_log::verify, cli::log::Log, git::Git};

use crate::{addition, bare, git, log, origin, pinned, verified};

fn output(dir: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git").args(arguments).current_dir(dir).output();
    String::from_utf8(output.expect("git is installed").stdout).expect("text")
}

/// The same tip without its history: the sealed segments are there until a git cleans up.
fn squashed_away(remote: &Path) {
    let clone = bare();
    let url = format!("file://{}", remote.display());
    git(clone.path(), &["fetch", "--quiet", &url, "schema-registry/audit:refs/heads/honest"]);
    let found = |commit: &str| {
        let own = Git::open(clone.path()).expect("git is installed");
        let mut files = own.files_to_verify(commit).expect("started");
        let report = verify(&pinned(), &mut files, &mut |_, _| {}).expect("readable");
        report.problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let commit = |parents: &[&str]| {
        let identity = ["-c", "user.name=Eve", "-c", "user.email=eve@example.com", "commit-tree", "-m", "x"];
        output(clone.path(), &[&identity, parents, &["honest^{tree}"]].concat()).trim().to_owned()
    };
    let squashed = commit(&[]);
    let problems = found(&squashed);
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems[0].starts_with("`sealed/000.trees/000` is the tree ")
            && problems[0].contains("in no commit of the branch"),
        "{problems:?}"
    );
    // What brings the history back.
    assert_eq!(found(&commit(&["-p", &squashed, "-p", "honest"])), [""; 0]);
    git(clone.path(), &["update-ref", "refs/heads/honest", &squashed]);
    git(clone.path(), &["-c", "gc.reflogExpire=now", "gc", "--quiet", "--prune=now"]);
    let problems = found(&squashed);
    assert!(
        problems.iter().any(|problem| problem == "`sealed/000.trees/000/entries.jsonl` is missing"),
        "{problems:?}"
    );
}

#[test]
fn more_than_a_commit_takes_is_pushed_as_several_at_once() {
    let remote = bare();
    git(remote.path(), &["config", "uploadpack.allowFilter", "true"]);
    let (reader, url) = (log(remote.path()), format!("file://{}", remote.path().display()));
    let store = bare();
    let own = Git::open(store.path()).expect("git is installed");
    let log = Log {
        git: &own,
        remote: &url,
        token: None,
        branch: "schema-registry/audit",
        origin: origin(),
        keys: &[],
        signer: None,
    };
    let now = DateTime::from_timestamp(1_700_000_000, 0).expect("in range");
    let append = |count: usize| {
        let additions: Vec<_> = (0..count).map(|n| addition(&format!("LE_{n}"))).collect();
        log.append_all(now, |_| Ok(((), additions.clone())), thread::sleep).expect("appended").1.size
    };
    assert_eq!((append(300), append(300), append(800), append(801)), (301, 301, 801, 802));
    let sizes: Vec<_> = output(remote.path(), &["rev-list", "--reverse", "schema-registry/audit"])
        .lines()
        .map(|commit| {
            let checkpoint = output(remote.path(), &["show", &format!("{commit}:checkpoint")]);
            let files = output(remote.path(), &["ls-tree", "-r", "--name-only", commit]);
            let seals = output(remote.path(), &["show", &format!("{commit}:sealed/000.trees")]);
            let size: u64 = checkpoint.lines().nth(1).expect("three lines").parse().expect("a number");
            let open = files.lines().filter(|path| path.starts_with("open/")).count();
            (size, seals.lines().count(), files.lines().count() - open)
        })
        .collect();
    // Checkpoint and state; later the list of trees, the edge and an index, too.
    let expected = [(1, 0, 2), (256, 0, 2), (301, 1, 5), (512, 1, 5), (768, 2, 5), (801, 3, 5), (802, 3, 5)];
    assert_eq!(sizes, expected);
    let segments = output(remote.path(), &["show", "schema-registry/audit:sealed/000.trees"]);
    let lines = segments.lines().map(|id| output(remote.path(), &["show", &format!("{id}:entries.jsonl")]));
    assert_eq!(lines.map(|lines| lines.lines().count()).collect::<Vec<_>>(), [256; 3]);
    assert_eq!(verified(&reader).len(), 802);
    squashed_away(remote.path());
    // Who has the tip alone cannot tell, which is not the same as damage.
    let shallow = bare();
    git(shallow.path(), &["fetch", "--quiet", "--depth=1", &url, "schema-registry/audit"]);
    let verify = || {
        let tip = reader.tip().expect("the log exists");
        let clone = Git::open(shallow.path()).expect("git is installed");
        verify(&pinned(), &mut clone.files_to_verify(&tip).expect("started"), &mut |_, _| {})
            .map(|report| report.problems)
    };
    let error = verify().expect_err("the folders are not here");
    let why = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(why.contains("git fetch --unshallow"), "{error}: {why}");
    git(shallow.path(), &["fetch", "--quiet", "--unshallow", &url, "schema-registry/audit"]);
    assert_eq!(verify().expect("all of it is here"), []);
}
