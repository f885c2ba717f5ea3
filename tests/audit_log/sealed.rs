//! A log that is long enough to seal what its first entries name: the tree of its branch stays small.

use std::{error::Error as _, path::Path, thread};

use chrono::DateTime;
use schema_registry::{audit_log::verify, cli::log::Log, git::Git};

use crate::{addition, bare, git, log, origin, pinned, verified};

fn output(dir: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git").args(arguments).current_dir(dir).output();
    String::from_utf8(output.expect("git is installed").stdout).expect("text")
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
            let blobs = output(remote.path(), &["ls-tree", "--name-only", commit, "blob/"]);
            let size: u64 = checkpoint.lines().nth(1).expect("three lines").parse().expect("a number");
            (size, blobs.replace("blob/", "").replace('\n', " ").trim_end().to_owned())
        })
        .collect();
    let sizes: Vec<_> = sizes.iter().map(|(size, blobs)| (*size, blobs.as_str())).collect();
    assert_eq!(
        sizes,
        [
            (1, "000"),
            (257, "000 001"),
            (301, "000 001"),
            (557, "000.tree 001 002"),
            (801, "000.tree 001.tree 002 003"),
            (802, "000.tree 001.tree 002 003"),
        ]
    );
    assert_eq!(verified(&reader).len(), 802);
    // Who has the tip alone cannot tell, which is not the same as damage.
    let shallow = bare();
    git(shallow.path(), &["fetch", "--quiet", "--depth=1", &url, "schema-registry/audit"]);
    let verify = || {
        let tip = reader.tip().expect("the log exists");
        let clone = Git::open(shallow.path()).expect("git is installed");
        verify(&pinned(), &mut clone.files(&tip).expect("started"), &mut |_, _| {}).map(|report| report.problems)
    };
    let error = verify().expect_err("the folders are not here");
    let why = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(why.contains("git fetch --unshallow"), "{error}: {why}");
    git(shallow.path(), &["fetch", "--quiet", "--unshallow", &url, "schema-registry/audit"]);
    assert_eq!(verify().expect("all of it is here"), []);
}
