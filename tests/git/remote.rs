use std::{collections::BTreeMap, io::Read as _, net::TcpListener, os::unix::fs::PermissionsExt as _, thread};

use schema_registry::{
    git::{Fetch, Git, Identity, NewCommit, Pushed},
    model::Secret,
};

use crate::repo::Repo;

const BRANCH: &str = "refs/heads/schema-registry/audit";

fn commit(git: &Git, parent: Option<&str>, text: &str) -> String {
    let identity = Identity { name: "bot".into(), email: "bot@example.org".into() };
    let files = BTreeMap::from([("a".to_owned(), Some(text.as_bytes().to_vec()))]);
    git.commit_files(&NewCommit { parent, files: &files, message: "m", identity: &identity, time: 0 }).expect("written")
}

#[test]
fn a_push_with_a_stale_lease_is_lost_and_tells_so() {
    let (remote, local) = (Repo::bare(), Repo::bare());
    let (git, url) = (local.open(), remote.url());
    let push = |sha: &str, expected: Option<&str>| git.push(&url, sha, BRANCH, expected, None).expect("an answer");
    let [one, two] = ["one", "two"].map(|text| commit(&git, None, text));
    assert_eq!(git.ls_remote(&url, BRANCH, None).expect("an answer"), None);
    assert_eq!(push(&one, None), Pushed::Accepted);
    assert_eq!(push(&two, None), Pushed::Lost, "the ref exists");
    let three = commit(&git, Some(&one), "three");
    assert_eq!(push(&three, Some(&two)), Pushed::Lost, "it is another");
    assert_eq!(git.ls_remote(&url, BRANCH, None).expect("an answer"), Some(one.clone()));
    assert_eq!(push(&three, Some(&one)), Pushed::Accepted);
    assert_eq!(push(&three, Some(&one)), Pushed::Accepted, "the answer to the push before was lost");
    let four = commit(&git, Some(&three), "four");
    assert_eq!(push(&four, Some(&one)), Pushed::Lost);
    remote.git(&["update-ref", &format!("refs/heads/x/{BRANCH}"), &one]);
    assert_eq!(git.ls_remote(&url, BRANCH, None).expect("an answer"), Some(three));
    assert_eq!(git.ls_remote(&url, "refs/heads/audit", None).expect("an answer"), None);
}

#[test]
fn a_refused_push_is_a_failure_not_a_lost_race() {
    let (remote, local) = (Repo::bare(), Repo::bare());
    let hook = remote.write("hooks/pre-receive", "#!/bin/sh\necho protected branch >&2\nexit 1\n");
    std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).expect("its owner");
    let git = local.open();
    let one = commit(&git, None, "one");
    let error = git.push(&remote.url(), &one, BRANCH, None, None).expect_err("refused").to_string();
    assert!(error.contains("protected branch"), "{error}");
    assert!(error.contains("[remote rejected] (pre-receive hook declined)"), "{error}");
    assert!(git.push("file:///nowhere/at/all", &one, BRANCH, None, None).is_err());
}

#[test]
fn local_hooks_do_not_run() {
    let (remote, local) = (Repo::bare(), Repo::bare());
    for name in ["pre-push", "reference-transaction", "post-commit"] {
        let hook = local.write(&format!("hooks/{name}"), "#!/bin/sh\nexit 1\n");
        std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).expect("its owner");
    }
    let git = local.open();
    let one = commit(&git, None, "one");
    assert_eq!(git.push(&remote.url(), &one, BRANCH, None, None).expect("pushed"), Pushed::Accepted);
}

#[test]
fn a_depth_never_cuts_history_that_is_there() {
    let (origin, clone) = (Repo::new(), Repo::new());
    let first = origin.commit("first");
    let tip = origin.commit("second");
    let git = clone.open();
    let url = origin.url();
    let fetch = |refspec: &str, depth| git.fetch(&Fetch { remote: &url, refspecs: &[refspec], depth, token: None });
    fetch("refs/heads/main:refs/remotes/origin/main", None).expect("fetched");
    fetch(&tip, Some(1)).expect("fetched");
    assert!(git.is_ancestor(&first, &tip).expect("still here"));
    assert_eq!(git.default_branch_tip().expect("known"), Some(tip));
    assert!(!clone.path().join(".git/FETCH_HEAD").exists());
    let error = fetch(&"1".repeat(40), None).expect_err("no such commit").to_string();
    assert!(error.contains("not our ref") && error.contains("fetch again"), "{error}");
    assert!(git.fetch(&Fetch { remote: "--upload-pack=touch x", refspecs: &[], depth: None, token: None }).is_err());
}

/// One request to a server that refuses everything; what was sent, and the error.
fn refused(prepare: impl Fn(&Repo, &str)) -> (String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://user:hunter2@{}/o/r.git", listener.local_addr().expect("bound"));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("git connects");
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).expect("it speaks");
        let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        std::io::Write::write_all(&mut stream, answer).expect("it listens");
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let repo = Repo::new();
    repo.git(&["config", "remote.origin.url", &url]);
    prepare(&repo, &url);
    let token = Secret::new("ghs_secret");
    let fetch = Fetch { remote: "origin", refspecs: &["main"], depth: None, token: Some(&token) };
    let error = repo.open().fetch(&fetch).expect_err("refused");
    (server.join().expect("served"), format!("{error} {error:?}"))
}

#[test]
fn the_token_travels_in_a_header_once_and_is_in_no_error() {
    let (request, error) = refused(|repo, _| {
        repo.git(&["config", "http.http://127.0.0.1/.extraheader", "AUTHORIZATION: basic b3RoZXI="]);
        repo.git(&["config", "http.extraheader", "AUTHORIZATION: basic b3RoZXI="]);
    });
    let headers: Vec<_> = request.lines().filter(|line| line.to_lowercase().starts_with("authorization")).collect();
    assert_eq!(headers, ["AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46Z2hzX3NlY3JldA=="]);
    assert!(error.contains("give the token the permission `contents`"), "{error}");
    for secret in ["ghs_secret", "eC1hY2Nlc3MtdG9rZW46", "hunter2"] {
        assert!(!error.contains(secret), "{error}");
    }
}
