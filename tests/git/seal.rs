//! A file `a.trees` that stands for folders which earlier commits had.

use std::collections::BTreeMap;

use schema_registry::git::{CommitFiles, Error, Git, Identity, NewCommit};

use crate::repo::Repo;

type Changes<'a> = &'a [(&'a str, Option<&'a [u8]>)];

fn commit(git: &Git, parent: Option<&str>, files: Changes) -> String {
    let identity = Identity { name: "bot".into(), email: "bot@example.org".into() };
    let files: BTreeMap<_, _> =
        files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.map(<[u8]>::to_vec))).collect();
    git.commit_files(&NewCommit { parent, files: &files, message: "m", identity: &identity, time: 0 }).expect("written")
}

/// A repository whose branch had a folder and sealed it; the folder's id and the commit that sealed it.
fn sealed() -> (Repo, String, String) {
    let repo = Repo::bare();
    let git = repo.open();
    let first = commit(&git, None, &[("b/one/x", Some(b"x")), ("b/one/deep/y", Some(b"y")), ("c", Some(b"c"))]);
    let folder = git.files(&first).expect("started").read("b/one/").expect("readable").expect("a folder");
    let id = repo.git(&["rev-parse", &format!("{first}:b/one")]);
    assert_eq!(String::from_utf8(folder).expect("text"), format!("{id}\ndeep/\nx\n"));
    let tip = commit(&git, Some(&first), &[("b/one", None), ("b.trees", Some(format!("{id}\n").as_bytes()))]);
    repo.git(&["update-ref", "refs/heads/main", &tip]);
    (repo, id, tip)
}

/// How files are opened.
type Open = fn(&Git, &str) -> Result<CommitFiles, Error>;

fn walk(git: &Git, commit: &str) -> Result<BTreeMap<String, String>, String> {
    walk_as(Git::files, git, commit)
}

fn walk_as(open: Open, git: &Git, commit: &str) -> Result<BTreeMap<String, String>, String> {
    let mut seen = BTreeMap::new();
    let walked = open(git, commit).expect("started").walk(&|_| true, &mut |path, _, bytes| {
        let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).trim().to_owned();
        assert_eq!(seen.insert(path.to_owned(), text), None, "{path} twice");
    });
    walked.map(|()| seen).map_err(|error| error.to_string())
}

#[test]
fn a_sealed_folder_is_read_and_walked_as_if_it_were_there() {
    let (repo, id, tip) = sealed();
    let git = repo.open();
    let mut files = git.files(&tip).expect("started");
    for (path, bytes) in [
        ("b.trees/000/x", Some("x")),
        ("b.trees/000/deep/y", Some("y")),
        ("b.trees/000/z", None),
        ("b/one/x", None),
        ("b/one/", None),
        ("b.trees/000/", Some("ID")),
        ("b.trees/", None),
        ("b.trees/001/x", None),
        ("b.trees/0/x", None),
        ("c.trees/000/x", None),
        ("c/x", None),
    ] {
        let read = files.read(path).expect("readable");
        let expected = bytes.map(|text| if text == "ID" { format!("{id}\ndeep/\nx\n") } else { text.to_owned() });
        assert_eq!(read.as_deref(), expected.as_deref().map(str::as_bytes), "{path}");
    }
    let seen = walk(&git, &tip).expect("all of it is here");
    let seen: Vec<_> = seen.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    // What is nested in it is not looked into.
    assert_eq!(seen, [("b.trees", &*id), ("b.trees/000/deep/", ""), ("b.trees/000/x", "x"), ("c", "c")]);
    // A tree that is named twice is looked into once.
    let twice = format!("{id}\n{id}\n");
    let tip = commit(&git, Some(&tip), &[("b.trees", Some(twice.as_bytes())), ("d.trees", Some(twice.as_bytes()))]);
    let seen = walk(&git, &tip).expect("all of it is here");
    assert_eq!(seen.keys().filter(|path| path.ends_with("/x")).collect::<Vec<_>>(), ["b.trees/000/x"]);
    assert_eq!(git.files(&tip).expect("started").read("d.trees/001/x").expect("readable").as_deref(), Some(&b"x"[..]));
}

#[test]
fn a_seal_leads_to_a_tree_or_nowhere() {
    let (repo, id, tip) = sealed();
    let git = repo.open();
    let blob = repo.git(&["rev-parse", &format!("{tip}:c")]);
    let nowhere = "1".repeat(40);
    let long = format!("{id}\n").repeat(1_001);
    let (upper, lines) = (id.to_uppercase(), [id.clone(), blob, tip.clone(), nowhere].map(|id| id + "\n"));
    let cases = [id.as_str(), &id[..39], &upper, "", "HEAD\n", "\n", &long, &lines[1], &lines[2], &lines[3]];
    for seal in cases {
        let tip = commit(&git, Some(&tip), &[("b.trees", Some(seal.as_bytes()))]);
        let seen = walk_as(Git::files_to_verify, &git, &tip).expect("all of the rest is here");
        let folders: &[&str] = if lines[1..].contains(&seal.to_owned()) { &["b.trees/000/"] } else { &[] };
        assert_eq!(seen.keys().collect::<Vec<_>>(), [&["b.trees"], folders, &["c"]].concat(), "{seal:?}");
        let read = |open: Open| open(&git, &tip).expect("started").read("b.trees/000/x");
        assert_eq!(read(Git::files_to_verify).expect("readable"), None, "{seal:?}");
        match read(Git::files) {
            Ok(read) => assert_eq!(read, None, "{seal:?}"),
            Err(error) => assert!(seal == lines[3] && error.to_string().contains("is missing"), "{error}"),
        }
    }
    // A seal in a sealed folder would let a small tree be an endless one.
    let inner = commit(&git, Some(&tip), &[("b/two/x.trees", Some(lines[0].as_bytes()))]);
    let seal = repo.git(&["rev-parse", &format!("{inner}:b/two")]) + "\n";
    let nested = commit(&git, Some(&inner), &[("b/two", None), ("b/two.trees", Some(seal.as_bytes()))]);
    let seen = walk(&git, &nested).expect("all of it is here");
    assert!(
        seen.contains_key("b/two.trees/000/x.trees") && !seen.contains_key("b/two.trees/000/x.trees/000/x"),
        "{seen:?}"
    );
}

/// The id of a tree as somebody writes it by hand: mode, name, id.
fn tree(repo: &Repo, nodes: &[(&str, &str, &str)]) -> String {
    let node = |(mode, name, id): &(&str, &str, &str)| {
        [format!("{mode} {name}\0").as_bytes(), &hex::decode(id).expect("hexadecimal")].concat()
    };
    repo.pipe(
        &["hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        &nodes.iter().flat_map(node).collect::<Vec<u8>>(),
    )
}

#[test]
fn a_tree_that_has_a_name_twice_or_a_path_is_refused() {
    let (repo, _, tip) = sealed();
    let [c, seals] = ["c", "b.trees"].map(|name| repo.git(&["rev-parse", &format!("{tip}:{name}")]));
    let folder = tree(&repo, &[("100644", "c", &c)]);
    let twice = tree(&repo, &[("100644", "c", &seals), ("100644", "c", &c)]);
    // Git itself reads `d/c` as the first of these two.
    let path = tree(&repo, &[("100644", "c", &c), ("100644", "d/c", &seals), ("40000", "d", &folder)]);
    let nameless = tree(&repo, &[("100644", "", &seals), ("100644", "c", &c)]);
    let git = repo.open();
    for odd in [&twice, &path, &nameless] {
        let commit = repo.git(&["commit-tree", "-m", "m", odd]);
        for error in [
            git.files(&commit).expect("started").read("c").expect_err("two of them").to_string(),
            walk(&git, &commit).expect_err("two of them"),
        ] {
            assert!(error.contains("has a name twice"), "{error}");
        }
    }
    // Whoever looks for what is wrong finds nothing in it.
    let root = tree(&repo, &[("100644", "a", &c), ("40000", "d", &twice)]);
    let commit = repo.git(&["commit-tree", "-m", "m", &root]);
    assert_eq!(git.files_to_verify(&commit).expect("started").read("d/c").expect("readable"), None);
    let seen = walk_as(Git::files_to_verify, &git, &commit).expect("readable");
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["a", "d/"]);
}

/// What git was asked ahead is more than a pipe holds: nobody may wait for it to be read.
#[test]
fn a_missing_file_ends_the_reading_of_many() {
    let repo = Repo::bare();
    let git = repo.open();
    let names: Vec<String> = (0..150).map(|n| format!("{n:03}")).collect();
    let blobs: Vec<_> = names.iter().map(|name| name.repeat(1_000)).collect();
    let files: Vec<_> = names.iter().map(String::as_str).zip(blobs.iter().map(|blob| Some(blob.as_bytes()))).collect();
    let whole = commit(&git, None, &files);
    let there = repo.git(&["rev-parse", &format!("{whole}:002")]);
    let nowhere = "1".repeat(40);
    let ids: Vec<_> = names.iter().map(|name| if name == "001" { &nowhere } else { &there }).collect();
    let nodes: Vec<_> = names.iter().zip(&ids).map(|(name, id)| ("100644", name.as_str(), id.as_str())).collect();
    let commit = repo.git(&["commit-tree", "-m", "m", &tree(&repo, &nodes)]);
    let read = |open: Open| {
        let mut seen = Vec::new();
        let take = &mut |path: &str, bytes: Option<Vec<u8>>| {
            seen.push((path.to_owned(), bytes.is_some()));
            true
        };
        let read = open(&git, &commit).expect("started").read_each(&mut names.clone().into_iter(), take);
        read.map(|()| seen).map_err(|error| error.to_string())
    };
    let error = read(Git::files).expect_err("not here");
    assert!(error.contains(&nowhere) && error.contains("is missing"), "{error}");
    let error = walk(&git, &commit).expect_err("not here");
    assert!(error.contains(&nowhere) && error.contains("is missing"), "{error}");
    let seen = read(Git::files_to_verify).expect("readable");
    assert!(seen.len() == 150 && seen.iter().all(|(name, found)| *found == (name != "001")), "{seen:?}");
    assert_eq!(walk_as(Git::files_to_verify, &git, &commit).expect("readable")["001"], "");
}

#[test]
fn a_name_with_a_line_end_is_one_name() {
    let (repo, _, tip) = sealed();
    let c = repo.git(&["rev-parse", &format!("{tip}:c")]);
    let folder = tree(&repo, &[("100644", "a\nb", &c)]);
    let commit = repo.git(&["commit-tree", "-m", "m", &tree(&repo, &[("40000", "d", &folder)])]);
    let listed = repo.open().files(&commit).expect("started").read("d/").expect("readable").expect("a folder");
    assert_eq!(String::from_utf8(listed).expect("text"), format!("{folder}\na%0Ab\n"));
}

#[test]
fn an_empty_folder_is_walked_by() {
    let (repo, _, tip) = sealed();
    let [c, empty] = [repo.git(&["rev-parse", &format!("{tip}:c")]), tree(&repo, &[])];
    let root = tree(&repo, &[("100644", "c", &c), ("40000", "d", &empty)]);
    let commit = repo.git(&["commit-tree", "-m", "m", &root]);
    let git = repo.open();
    let mut seen = Vec::new();
    let take = &mut |path: &str, regular, _: Option<Vec<u8>>| seen.push((path.to_owned(), regular));
    git.files(&commit).expect("started").walk(&|_| true, take).expect("all of it is here");
    seen.sort();
    assert_eq!(seen, [("c".to_owned(), true), ("d/".to_owned(), false)]);
}

#[test]
fn a_clone_that_lacks_the_history_cannot_tell_what_is_in_a_sealed_folder() {
    let (repo, id, tip) = sealed();
    let shallow = Repo::bare();
    shallow.git(&["fetch", "--quiet", "--depth=1", &repo.url(), "main"]);
    for error in [
        walk_as(Git::files_to_verify, &shallow.open(), &tip).expect_err("not here"),
        shallow.open().files(&tip).expect("started").read("b.trees/000/x").expect_err("not here").to_string(),
    ] {
        assert!(error.contains(&id) && error.contains("git fetch --unshallow"), "{error}");
    }
    shallow.git(&["fetch", "--quiet", "--unshallow", &repo.url(), "main"]);
    assert!(walk(&shallow.open(), &tip).expect("all of it is here").contains_key("b.trees/000/x"));
    let partial = Repo::bare();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    partial.git(&["remote", "add", "origin", &repo.url()]);
    partial.git(&["fetch", "--quiet", "--filter=tree:0", "origin", "main"]);
    assert!(walk_as(Git::files_to_verify, &partial.open(), &tip).is_err());
}

#[test]
fn the_history_tells_which_folders_it_keeps() {
    let (repo, id, tip) = sealed();
    let kept = |repo: &Repo| repo.open().files(&tip).expect("started").kept("b.trees", "b/one");
    assert_eq!(kept(&repo).expect("readable").into_iter().collect::<Vec<_>>(), [id.as_str()]);
    let shallow = Repo::bare();
    shallow.git(&["fetch", "--quiet", "--depth=1", &repo.url(), "main"]);
    let error = kept(&shallow).expect_err("cut off").to_string();
    assert!(error.contains("git fetch --unshallow"), "{error}");
    // It is another branch that is cut off.
    let (other, git) = (Repo::bare(), repo.open());
    let root = commit(&git, None, &[("x", Some(b"x"))]);
    let second = commit(&git, Some(&root), &[("x", Some(b"y"))]);
    repo.git(&["update-ref", "refs/heads/other", &second]);
    other.git(&["fetch", "--quiet", "--depth=1", &repo.url(), "other:other"]);
    other.git(&["fetch", "--quiet", &repo.url(), "main:main"]);
    assert_eq!(other.git(&["rev-parse", "--is-shallow-repository"]), "true");
    assert_eq!(kept(&other).expect("readable").into_iter().collect::<Vec<_>>(), [id.as_str()]);
    // A clone that was partial stays marked as one, also with everything in it.
    let partial = Repo::bare();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    partial.git(&["remote", "add", "origin", &repo.url()]);
    partial.git(&["fetch", "--quiet", "--filter=tree:0", "origin", "main"]);
    partial.git(&["fetch", "--quiet", "--refetch", "--no-filter", "origin", "main"]);
    assert_eq!(kept(&partial).expect("readable").into_iter().collect::<Vec<_>>(), [id.as_str()]);
}

#[test]
fn a_sealed_folder_is_fetched_when_it_is_read() {
    let (repo, id, tip) = sealed();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let local = Repo::bare();
    let git = local.open();
    let mut files = git.remote_files(&repo.url(), &tip, None).expect("fetched");
    assert_eq!(files.read("c").expect("readable").as_deref(), Some(&b"c"[..]));
    let has = || local.git(&["cat-file", "--batch-all-objects", "--batch-check"]).contains(&id);
    assert!(!has(), "not before it is read");
    assert_eq!(files.read("b.trees/000/deep/y").expect("readable").as_deref(), Some(&b"y"[..]));
    assert!(has());
    // Another commit on top, of which the remote knows nothing.
    files.go_to(commit(&git, Some(&tip), &[("d", Some(b"d"))]));
    for (path, bytes) in [("d", "d"), ("b.trees/000/x", "x")] {
        assert_eq!(files.read(path).expect("readable").as_deref(), Some(bytes.as_bytes()), "{path}");
    }
}

#[test]
fn as_many_files_are_fetched_at_once_as_there_are() {
    let (repo, local) = (Repo::bare(), Repo::bare());
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    // More than the ids that fit in a command line.
    let paths: Vec<String> = (0..45_000).map(|n| format!("a/{n}")).collect();
    let files: Vec<_> = paths.iter().map(|path| (path.as_str(), Some(path.as_bytes()))).collect();
    let tip = commit(&repo.open(), None, &files);
    repo.git(&["update-ref", "refs/heads/main", &tip]);
    let mut files = local.open().remote_files(&repo.url(), &tip, None).expect("fetched");
    files.fetch(&paths.iter().map(String::as_str).collect::<Vec<_>>()).expect("fetched");
    let count = local.git(&["cat-file", "--batch-all-objects", "--batch-check", "--unordered"]).lines().count();
    assert_eq!(count, 45_000 + 3, "with a commit and two trees");
}

#[test]
fn what_stands_for_a_submodule_is_not_fetched() {
    let repo = Repo::bare();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let root = repo.tree(&[("160000", b"a/module", "1".repeat(40).as_bytes())]);
    let tip = repo.git(&["commit-tree", "-m", "m", &root]);
    repo.git(&["update-ref", "refs/heads/main", &tip]);
    let local = Repo::bare();
    let mut files = local.open().remote_files(&repo.url(), &tip, None).expect("fetched");
    files.fetch(&["a/module"]).expect("nothing to fetch");
    let names = files.read("a/").expect("readable").expect("a folder");
    assert!(String::from_utf8_lossy(&names).ends_with("\nmodule/\n"));
}
