//! The in-memory GitHub itself: its git repositories, its merges, its strictness.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Output},
};

use crate::support::github::{Access, Fault, Method, Permissions, RepoDriver, Role, Scope, Visibility, World};

/// A repository with one file on `main`, a writer `alice` and a maintainer `mia`.
fn repository(world: &World) -> RepoDriver {
    let repo = world.repository("octo/db", Visibility::Private);
    repo.role("alice", Role::Write);
    repo.role("mia", Role::Maintain);
    repo.commit("main", "mia", "start", &[("README.md", Some("one\ntwo\n"))]);
    repo
}

fn git(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(dir).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "alice").env(format!("GIT_{role}_EMAIL"), "alice@example.com");
    }
    command.output().unwrap()
}

#[test]
fn git_over_http_fetches_any_commit_and_pushes_with_a_lease() {
    let world = World::start();
    let repo = repository(&world);
    let first = repo.tip("main");
    let token = repo.token(Permissions::none().with(Scope::Contents, Access::Write));
    let dir = world.folder("checkout");
    repo.checkout(&dir, "refs/heads/main", &token, 1);
    let number = {
        repo.commit("feature", "alice", "more", &[("a.yaml", Some("a: 1\n"))]);
        repo.open_pull_request("alice", "feature", "main", "More")
    };
    let head = repo.head_sha(number);

    assert!(git(&dir, &["fetch", "-q", "origin", &head]).status.success(), "a commit by its id");
    assert!(git(&dir, &["fetch", "-q", "origin", "refs/pull/1/head", "refs/pull/1/merge"]).status.success());

    git(&dir, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    repo.commit("main", "mia", "race", &[("b", Some("b"))]);
    let lease = format!("--force-with-lease=refs/heads/main:{first}");
    let lost = git(&dir, &["push", "-q", &lease, "origin", "HEAD:refs/heads/main"]);
    assert!(!lost.status.success(), "the lease is on a tip that is gone");
    let lease = format!("--force-with-lease=refs/heads/main:{}", repo.tip("main"));
    assert!(git(&dir, &["push", "-q", &lease, "origin", "HEAD:refs/heads/main"]).status.success());
    assert_eq!(world.writes().len(), 1, "git found out about the lost lease before it wrote: {:?}", world.writes());

    let hidden = git(&dir, &["push", "-q", "-f", "origin", "HEAD:refs/pull/1/head"]);
    assert!(!hidden.status.success(), "refs of pull requests are GitHub's");
}

#[test]
fn a_push_over_http_moves_the_pull_request() {
    let world = World::start();
    let repo = repository(&world);
    repo.commit("feature", "alice", "more", &[("a.yaml", Some("a: 1\n"))]);
    let number = repo.open_pull_request("alice", "feature", "main", "More");
    let token = repo.token_of("alice", None, Permissions::all(Access::Write));
    let dir = world.folder("clone");
    repo.checkout(&dir, "refs/heads/feature", &token, 0);
    git(&dir, &["commit", "-q", "--allow-empty", "-m", "again"]);
    assert!(git(&dir, &["push", "-q", "origin", "HEAD:refs/heads/feature"]).status.success());
    assert_eq!(repo.head_sha(number), repo.tip("feature"));
    assert_eq!(repo.git(&["rev-parse", "refs/pull/1/head"]), repo.tip("feature"));
}

#[test]
fn git_over_http_asks_for_a_token_and_for_its_permission() {
    let world = World::start();
    let repo = repository(&world);
    let url = repo.clone_url();
    assert!(!git(world.home(), &["ls-remote", "-q", &url]).status.success(), "nobody may read what is private");

    let reader = repo.token(Permissions::none().with(Scope::Contents, Access::Read));
    let dir = world.folder("reader");
    repo.checkout(&dir, "refs/heads/main", &reader, 1);
    git(&dir, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    let push = git(&dir, &["push", "-q", "origin", "HEAD:refs/heads/main"]);
    let message = String::from_utf8_lossy(&push.stderr).into_owned();
    assert!(!push.status.success() && message.contains("403"), "{message}");
}

#[test]
fn merges_are_real() {
    for (method, parents, commits) in [(Method::Merge, 2, 4), (Method::Squash, 1, 2), (Method::Rebase, 1, 3)] {
        let world = World::start();
        let repo = repository(&world);
        repo.commit("feature", "alice", "one", &[("a", Some("1\n"))]);
        repo.commit("feature", "alice", "two", &[("b", Some("2\n"))]);
        let number = repo.open_pull_request("alice", "feature", "main", "Two files");
        let before = repo.tip("main");
        let base = repo.commit("main", "mia", "other", &[("c", Some("3\n"))]);
        let sha = repo.merge(number, "mia", method);
        assert_eq!(repo.tip("main"), sha);
        let found = repo.git(&["rev-list", "--parents", "--max-count=1", &sha]);
        assert_eq!(found.split(' ').count() - 1, parents, "{method:?}");
        assert_eq!(repo.git(&["ls-tree", "--name-only", &sha]), "README.md\na\nb\nc");
        let count = repo.git(&["rev-list", "--count", &format!("{before}..{sha}")]);
        assert_eq!(count, commits.to_string(), "{method:?}");
        assert_eq!(repo.git(&["merge-base", &base, &sha]), base);
    }
}

#[test]
fn a_rebase_moves_the_pull_request_by_force() {
    let world = World::start();
    let repo = repository(&world);
    repo.commit("feature", "alice", "one", &[("a", Some("1\n"))]);
    let number = repo.open_pull_request("alice", "feature", "main", "One file");
    let old = repo.head_sha(number);
    let base = repo.commit("main", "mia", "other", &[("c", Some("3\n"))]);
    let new = repo.rebase("feature", "main");
    assert_ne!(new, old);
    assert_eq!(repo.head_sha(number), new);
    assert_eq!(repo.git(&["rev-parse", &format!("{new}^")]), base);
    assert_eq!(repo.git(&["show", "--no-patch", "--format=%an %s", &new]), "alice one");
    assert_eq!(repo.git(&["diff", "--name-only", &base, &new]), "a");
}

#[test]
fn only_triage_and_above_may_label() {
    let world = World::start();
    let repo = repository(&world);
    repo.role("tess", Role::Triage);
    repo.role("rita", Role::Read);
    repo.commit("feature", "alice", "more", &[("a", Some("1\n"))]);
    let number = repo.open_pull_request("alice", "feature", "main", "More");
    assert!(repo.label(number, "rita", "ok").is_err());
    assert!(repo.label(number, "stranger", "ok").is_err());
    assert!(repo.label(number, "tess", "ok").is_ok());
    assert_eq!(repo.labels(number), ["ok"]);
}

#[test]
fn jobs_get_the_payload_and_the_environment() {
    let world = World::start();
    let repo = repository(&world);
    let before = repo.tip("main");
    repo.commit("feature", "alice", "more", &[("a", Some("1\n"))]);
    let number = repo.open_pull_request("alice", "feature", "main", "More");
    repo.label(number, "mia", "schema-approved").unwrap();
    let event = repo.label_event("pull_request_target", "labeled", number, "mia", "schema-approved");
    let payload: serde_json::Value = serde_json::from_slice(&std::fs::read(event.payload()).unwrap()).unwrap();
    assert_eq!(payload["label"]["name"], "schema-approved");
    assert_eq!(payload["pull_request"]["head"]["sha"], repo.head_sha(number));
    let env = repo.env_for(&event, Some("secret"), &world.folder("work"));
    let value = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(value("GITHUB_SHA"), Some(before.as_str()), "of the default branch");
    assert_eq!(value("GITHUB_REPOSITORY"), Some("octo/db"));
    assert_eq!(value("GITHUB_API_URL"), Some(format!("{}/api/v3", world.server_url()).as_str()));

    repo.merge(number, "mia", Method::Squash);
    let event = repo.push_event("main", &before, "mia");
    let payload: serde_json::Value = serde_json::from_slice(&std::fs::read(event.payload()).unwrap()).unwrap();
    assert_eq!(payload["commits"][0]["added"], serde_json::json!(["a"]));
    assert_eq!(event.sha, repo.tip("main"));
}

fn request(world: &World, text: &str) -> String {
    let url = world.server_url();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn what_it_does_not_know_and_what_nobody_reads_fails_the_test() {
    let world = World::start();
    let repo = repository(&world);
    repo.commit("feature", "alice", "more", &[("a", Some("1\n"))]);
    repo.open_pull_request("alice", "feature", "main", "More");
    let token = repo.token(Permissions::record());
    let send = |method: &str, path: &str, body: &str| {
        let length = body.len();
        request(
            &world,
            &format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
                 content-length: {length}\r\n\r\n{body}"
            ),
        )
    };
    assert!(send("GET", "/api/v3/repos/octo/db/traffic", "").starts_with("HTTP/1.1 501"));
    send("POST", "/api/graphql", r#"{"query": "{ repository(owner: \"octo\", name: \"db\") { stars } }"}"#);
    let created = send("POST", "/api/v3/repos/octo/db/issues/1/comments", r#"{"body": "hello"}"#);
    assert!(created.starts_with("HTTP/1.1 201"), "{created}");
    world.fail_next("/repos/{owner}/{repo}", Fault::Reset);

    let problems = world.take_problems().join("\n");
    for expected in ["/traffic", "'stars' doesn't exist", "nothing called /repos/{owner}/{repo} for", "hello"] {
        assert!(problems.contains(expected), "{expected}: {problems}");
    }
}
