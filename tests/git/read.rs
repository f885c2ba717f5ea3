use std::collections::BTreeSet;

use schema_registry::{
    git::{Git, Merge},
    model::FileMode,
};

use crate::repo::Repo;

const COMMIT: &[u8] = b"1111111111111111111111111111111111111111";

#[test]
fn a_tree_is_read_as_it_is_in_the_object_database() {
    let repo = Repo::new();
    let names: [&[u8]; 6] = [b"-rf", b"a\nb", b"d/\xc3\xa4 \"q\"\\", b"d/\xff", b"d/\xe2\x80\xae.yaml", b":(top)x"];
    let mut files: Vec<(&str, &[u8], &[u8])> = names.iter().map(|name| ("100644", *name, *name)).collect();
    files.extend([
        ("100755", &b"run"[..], &b"x"[..]),
        ("120000", b"link", b"../../etc/passwd"),
        ("160000", b"sub", COMMIT),
    ]);
    let tree = repo.tree(&files);

    let read = repo.open().read_tree(&tree, &|_| true, 1024).expect("readable");
    let facts: Vec<_> = read.iter().map(|(path, file)| (path.as_str(), file.mode, file.bytes.as_slice())).collect();
    assert_eq!(
        facts,
        [
            ("-rf", FileMode::Regular, &b"-rf"[..]),
            (":(top)x", FileMode::Regular, b":(top)x"),
            ("a\nb", FileMode::Regular, b"a\nb"),
            ("d/%FF", FileMode::Regular, b"d/\xff"),
            ("d/ä \"q\"\\", FileMode::Regular, b"d/\xc3\xa4 \"q\"\\"),
            ("d/\u{202e}.yaml", FileMode::Regular, b"d/\xe2\x80\xae.yaml"),
            ("link", FileMode::Symlink, b"../../etc/passwd"),
            ("run", FileMode::Executable, b"x"),
            ("sub", FileMode::Submodule, COMMIT),
        ]
    );
    let root = repo.git(&["commit-tree", "-m", "m", &tree]);
    let mut alone = repo.open().files(&root).expect("started");
    for (path, file) in &read {
        let bytes = alone.file(path, 1024).expect("readable");
        assert_eq!(bytes.as_ref(), Some(&file.bytes).filter(|_| path != "d/%FF"), "{path}");
    }
    assert_eq!(alone.file("link", 4).expect("readable").as_deref(), Some(&b"../.."[..]), "enough to refuse it");
    assert!(["d", "no", "link/x", "sub/x"].iter().all(|path| alone.file(path, 9).expect("readable").is_none()));

    let twins = repo.tree(&[("100644", b"d/%FF", b"1"), ("100644", b"d/\xff", b"2")]);
    let error = repo.open().read_tree(&twins, &|_| true, 9).expect_err("one would hide the other").to_string();
    assert!(error.contains("two paths read as \"d/%FF\""), "{error}");
}

#[test]
fn only_what_is_wanted_is_read_and_long_blobs_are_cut() {
    let repo = Repo::new();
    repo.write("in/long", vec![b'x'; 100_000]);
    repo.write("in/exact", b"12345678");
    repo.write("in/empty", b"");
    repo.write("out/a", b"a");
    let commit = repo.commit("files");
    let read = repo.open().read_tree(&commit, &|path| path.starts_with("in/"), 8).expect("readable");
    let sizes: Vec<_> = read.iter().map(|(path, file)| (path.as_str(), file.bytes.len())).collect();
    assert_eq!(sizes, [("in/empty", 0), ("in/exact", 8), ("in/long", 9)]);
}

#[test]
fn attributes_and_configuration_change_nothing() {
    let repo = Repo::new();
    repo.write("a.yaml", "one\r\ntwo\n");
    let first = repo.commit("first");
    repo.write(
        ".gitattributes",
        "*.yaml text eol=crlf filter=evil diff=evil ident export-ignore\n*.yaml -diff merge=union\n",
    );
    repo.write(".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = x\n\tignore = all\n");
    for (key, value) in [
        ("filter.evil.smudge", "tr a-z A-Z"),
        ("filter.evil.clean", "cat"),
        ("filter.evil.required", "true"),
        ("diff.evil.textconv", "tr a-z A-Z <"),
        ("diff.external", "false"),
        ("diff.noprefix", "true"),
        ("diff.context", "99"),
        ("diff.ignoreSubmodules", "all"),
        ("color.ui", "always"),
        ("core.fsmonitor", "false"),
    ] {
        repo.git(&["config", key, value]);
    }
    let blob = repo.pipe(&["hash-object", "-w", "--no-filters", "--stdin"], b"one\r\n$Id$ TWO\n");
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},a.yaml")]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},sub", "1".repeat(40))]);
    let tree = repo.git(&["write-tree"]);
    let git = repo.open();
    let read = git.read_tree(&tree, &|path| path == "a.yaml", 99).expect("readable");
    assert_eq!(read["a.yaml"].bytes, b"one\r\n$Id$ TWO\n");
    let changed = git.changed_paths(&first, &tree).expect("comparable");
    assert_eq!(changed.iter().map(String::as_str).collect::<Vec<_>>(), ["a.yaml", "sub"]);
    let lines = git.changed_lines(&first, &tree, &|path| path == "a.yaml").expect("comparable");
    assert_eq!(lines, [("a.yaml".to_owned(), vec![(1, 2)])].into());
}

#[test]
fn the_caller_environment_does_not_redirect_git() {
    let (repo, other) = (Repo::new(), Repo::new());
    repo.write("a", "a");
    let commit = repo.commit("here");
    let output = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "read::child_reads_the_commit_of_its_directory", "--include-ignored", "--nocapture"])
        .env("GIT_DIR", other.path().join(".git"))
        .env("GIT_OBJECT_DIRECTORY", other.path().join(".git/objects"))
        .env("GIT_TRACE", "1")
        .env("SUBJECT", repo.path())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(&format!("resolved {commit}")), "{text}");
}

/// The other half of the test above: an environment cannot be changed inside a threaded process.
#[test]
fn child_reads_the_commit_of_its_directory() {
    let Some(subject) = std::env::var_os("SUBJECT") else { return };
    let tip = Git::open(subject).and_then(|git| git.resolve("HEAD"));
    println!("resolved {}", tip.expect("a repository").expect("a commit"));
}

#[test]
fn revisions_are_resolved_or_absent() {
    let repo = Repo::new();
    let git = repo.open();
    assert_eq!(git.resolve("HEAD").expect("a repository"), None);
    assert_eq!(git.default_branch_tip().expect("a repository"), None);
    repo.write("a", "a");
    let commit = repo.commit("a");
    repo.git(&["tag", "-a", "-m", "x", "v1"]);
    for rev in ["HEAD", "main", "v1", &commit, "refs/heads/main"] {
        assert_eq!(git.resolve(rev).expect("a repository").as_ref(), Some(&commit), "{rev}");
    }
    let absent = "1".repeat(40);
    for rev in ["nope", &absent, "--all", "-x", "", "HEAD:a", "a..b", "HEAD\nx", "HEAD^{tree}"] {
        assert_eq!(git.resolve(rev).expect("a repository"), None, "{rev}");
    }
    assert_eq!(git.default_branch_tip().expect("a repository"), Some(commit.clone()));
    // What a branch of the remote called `HEAD` is fetched as.
    let other = repo.git(&["commit-tree", "-m", "other", &format!("{commit}^{{tree}}")]);
    repo.git(&["update-ref", "refs/remotes/origin/HEAD", &other]);
    assert_eq!(git.default_branch_tip().expect("a repository"), Some(commit));
    assert!(!git.is_shallow().expect("a repository"));
    assert!(Git::open(std::env::temp_dir()).expect("git is installed").resolve("HEAD").is_err());
}

#[test]
fn the_work_tree_is_found_from_below() {
    let repo = Repo::new();
    let file = repo.write("a/b/c", "c");
    let git = Git::discover(file.parent().expect("a folder")).expect("git works").expect("a work tree");
    let same = |a: &std::path::Path, b: &std::path::Path| {
        a.canonicalize().expect("exists") == b.canonicalize().expect("exists")
    };
    assert!(same(git.dir(), repo.path()));
    let outside = tempfile::tempdir().expect("a temporary directory");
    assert!(Git::discover(outside.path()).expect("git works").is_none());
    assert!(Git::discover(Repo::bare().path()).expect("git works").is_none());
}

#[test]
fn inline_comments_fit_where_github_takes_them() {
    let repo = Repo::new();
    let lines = |skip: &[usize], marks: &[usize]| -> String {
        (1..=40)
            .filter(|n| !skip.contains(n))
            .map(|n| if marks.contains(&n) { format!("line {n}!\n") } else { format!("line {n}\n") })
            .collect()
    };
    repo.write("edited", lines(&[], &[]));
    repo.write("moved", lines(&[], &[]));
    repo.write("gone", "x\n");
    repo.write("-same", "x\n");
    let before = repo.commit("before");
    repo.write("edited", lines(&[30], &[1, 12]));
    repo.git(&["mv", "moved", "there"]);
    repo.write("there", lines(&[], &[20]));
    std::fs::remove_file(repo.path().join("gone")).expect("removable");
    repo.write("-new", "a\nb\nc");
    repo.write("empty", "");
    let after = repo.commit("after");
    let git = repo.open();
    let all = [("-new", vec![(1, 3)]), ("edited", vec![(1, 4), (9, 15), (27, 32)]), ("there", vec![(17, 23)])];
    let all = all.map(|(path, lines)| (path.to_owned(), lines));
    assert_eq!(git.changed_lines(&before, &after, &|_| true).expect("comparable"), all.clone().into());
    let one = git.changed_lines(&before, &after, &|path| path == "there").expect("comparable");
    assert_eq!(one, [all[2].clone()].into());
    let changed = git.changed_paths(&before, &after).expect("comparable");
    let expected = ["-new", "edited", "empty", "gone", "moved", "there"];
    assert_eq!(changed, expected.map(str::to_owned).into());
}

#[test]
fn a_merge_is_made_without_touching_anything() {
    let repo = Repo::new();
    repo.write("a", "a\n");
    repo.write("x\ny", "1\n2\n3\n");
    let base = repo.commit("base");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("b", "b\n");
    let clean = repo.commit("side");
    repo.write("x\ny", "1\nside\n3\n");
    let clash = repo.commit("clash");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("c", "c\n");
    repo.write(".gitattributes", "* merge=union\n");
    repo.write("x\ny", "1\nmain\n3\n");
    let main = repo.commit("main");
    let git = repo.open();
    let Merge::Clean(tree) = git.merge_tree(None, &main, &clean).expect("mergeable") else { panic!("it conflicts") };
    assert_eq!(git.paths(&tree).expect("a tree"), [".gitattributes", "a", "b", "c", "x\ny"]);
    let conflict = Merge::Conflict(BTreeSet::from(["x\ny".to_owned()]));
    assert_eq!(git.merge_tree(Some(&base), &main, &clash).expect("mergeable"), conflict);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(git.merge_base(&main, &clean).expect("known"), Some(base.clone()));
    assert!(git.is_ancestor(&base, &main).expect("known") && !git.is_ancestor(&main, &base).expect("known"));
}

#[test]
fn branches_that_were_merged_crosswise_have_two_merge_bases() {
    let repo = Repo::new();
    repo.write("a", "a\n");
    let base = repo.commit("base");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("b", "b\n");
    let side = repo.commit("side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["mv", "a", "c"]);
    let main = repo.commit("main");
    let git = repo.open();
    assert_eq!(git.merge_bases(&main, &side).expect("known"), [base.as_str()]);
    assert_eq!(git.deleted_paths(&base, &main).expect("known"), BTreeSet::from(["a".to_owned()]));
    assert!(!git.has_merges(&base, &main).expect("known"));
    repo.git(&["merge", "--quiet", "--no-edit", "side"]);
    let ours = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    repo.git(&["checkout", "--quiet", "side"]);
    repo.git(&["merge", "--quiet", "--no-edit", &main]);
    let theirs = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let bases = BTreeSet::from_iter(git.merge_bases(&ours, &theirs).expect("known"));
    assert_eq!(bases, BTreeSet::from([main.clone(), side]));
    assert!(git.has_merges(&main, &ours).expect("known"));
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    let other = repo.commit("other");
    assert_eq!(git.merge_bases(&main, &other).expect("asked"), [""; 0]);
}

#[test]
fn a_shallow_clone_merges_with_the_base_it_is_given() {
    let (origin, clone) = (Repo::new(), Repo::new());
    origin.write("a", "a\n");
    let base = origin.commit("base");
    origin.git(&["checkout", "--quiet", "-b", "side"]);
    origin.write("b", "b\n");
    let side = origin.commit("side");
    origin.git(&["checkout", "--quiet", "main"]);
    origin.write("c", "c\n");
    let main = origin.commit("main");
    let git = clone.open();
    for sha in [&main, &side, &base] {
        let fetch = schema_registry::git::Fetch {
            remote: &origin.url(),
            refspecs: &[sha.as_str()],
            depth: Some(1),
            token: None,
        };
        git.fetch(&fetch).expect("fetched by id");
    }
    assert!(git.is_shallow().expect("a repository"));
    assert_eq!(git.merge_base(&main, &side).expect("asked"), None);
    let error = git.merge_tree(None, &main, &side).expect_err("the history is not here").to_string();
    assert!(error.contains("give the merge base"), "{error}");
    let Merge::Clean(tree) = git.merge_tree(Some(&base), &main, &side).expect("mergeable") else {
        panic!("it conflicts")
    };
    assert_eq!(git.paths(&tree).expect("a tree"), ["a", "b", "c"]);
    assert_eq!(clone.git(&["for-each-ref"]), "", "no ref is made");
}

#[test]
fn history_follows_first_parents_oldest_first() {
    let repo = Repo::new();
    repo.write("a", "a");
    let first = repo.commit("first\n\nbody");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("b", "b");
    repo.commit("side");
    repo.git(&["checkout", "--quiet", "main"]);
    let second = repo.commit("second %H $(x) \u{fffd}");
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
    let merge = repo.head();
    let git = repo.open();
    let commits = git.first_parent(None, &merge).expect("history");
    let facts: Vec<_> = commits.iter().map(|c| (c.sha.as_str(), c.parent.as_deref(), c.subject.as_str())).collect();
    assert_eq!(
        facts,
        [
            (first.as_str(), None, "first"),
            (&second, Some(first.as_str()), "second %H $(x) \u{fffd}"),
            (&merge, Some(&second), "merge")
        ]
    );
    let person = &commits[0].author;
    assert_eq!((person.name.as_str(), person.email.as_str(), person.time), ("Ann", "ann@example.org", 1_700_000_000));
    assert_eq!(commits[0].committer.time, 1_700_000_001);
    assert_eq!(git.first_parent(Some(&second), &merge).expect("history").len(), 1);
    assert_eq!(git.first_parent(Some(&merge), &merge).expect("history"), []);
}
