use std::collections::BTreeMap;

use crate::repo::Repo;

type Seen = BTreeMap<String, (bool, Option<String>)>;

fn walk(repo: &Repo, tree: &str) -> Seen {
    let (mut seen, git) = (Seen::new(), repo.open());
    let mut files = git.files(tree).expect("started");
    let walked = files.walk(&|path| path.starts_with("in/"), &mut |path, regular, bytes| {
        let bytes = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert_eq!(seen.insert(path.to_owned(), (regular, bytes)), None, "{path} twice");
    });
    walked.expect("all of it is here");
    seen
}

#[test]
fn a_walk_comes_by_every_file_once_and_reads_those_that_are_wanted() {
    let repo = Repo::new();
    let deep = format!("in/{}x", "d/".repeat(40));
    let commit: &[u8] = b"1111111111111111111111111111111111111111";
    let mut files: Vec<(&str, &[u8], &[u8])> = vec![
        ("100644", b"out", b"not read"),
        ("100755", b"in/run", b"run"),
        ("120000", b"in/link", b"../out"),
        ("160000", b"in/sub", commit),
        ("100644", b"in/\xff/x", b"a folder that is not UTF-8"),
        ("100644", deep.as_bytes(), b"deep"),
    ];
    // More files and folders than are asked for at once.
    let many: Vec<String> = (0..900).map(|n| format!("in/{}/{n}", n / 3)).collect();
    files.extend(many.iter().map(|path| ("100644", path.as_bytes(), path.as_bytes())));
    let seen = walk(&repo, &repo.tree(&files));

    let some = |text: &str| Some(text.to_owned());
    assert_eq!(seen["out"], (true, None));
    assert_eq!(seen["in/run"], (false, some("run")));
    assert_eq!(seen["in/link"], (false, some("../out")));
    assert_eq!(seen["in/sub"], (false, None));
    assert_eq!(seen["in/%FF/"], (false, None), "a folder stands for what is in it");
    let cut: Vec<_> = seen.keys().filter(|path| path.starts_with("in/d")).collect();
    assert_eq!((cut.len(), &seen[cut[0]]), (1, &(false, None)), "so does one that is too deep");
    assert!(many.iter().all(|path| seen[path] == (true, some(path))));
    assert_eq!(seen.len(), files.len());
}

#[test]
fn a_walk_does_not_pass_over_an_object_that_is_not_here() {
    let repo = Repo::new();
    let tree = repo.tree(&[("100644", b"in/a", b"a"), ("100644", b"in/b", b"b")]);
    let id = repo.git(&["rev-parse", &format!("{tree}:in/b")]);
    std::fs::remove_file(repo.path().join(".git/objects").join(&id[..2]).join(&id[2..])).expect("a loose object");
    let git = repo.open();
    let walked = git.files(&tree).expect("started").walk(&|_| true, &mut |_, _, _| {});
    let error = walked.expect_err("b is gone").to_string();
    assert!(error.contains(&id) && error.contains("fetch it first"), "{error}");
}
