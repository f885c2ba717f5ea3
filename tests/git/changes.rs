use schema_registry::model::Tree;

use crate::repo::Repo;

/// Commits a tree on top of `parents`.
fn commit(repo: &Repo, tree: &str, parents: &[&str]) -> String {
    let mut arguments = vec!["commit-tree", "-m", "x"];
    arguments.extend(parents.iter().flat_map(|parent| ["-p", *parent]));
    arguments.push(tree);
    repo.git(&arguments)
}

fn without<'a>(tree: &'a Tree, other: &Tree) -> Vec<(&'a String, &'a schema_registry::model::File)> {
    tree.iter().filter(|(path, file)| other.get(*path) != Some(file)).collect()
}

#[test]
fn differences_are_what_reading_both_trees_gives() {
    let repo = Repo::new();
    // Neither may hide anything.
    repo.git(&["config", "diff.ignoreSubmodules", "all"]);
    repo.git(&["config", "diff.renames", "copies"]);
    let id = b"1111111111111111111111111111111111111111";
    let other = b"2222222222222222222222222222222222222222";
    let trees = [
        repo.tree(&[]),
        repo.tree(&[("100644", b"in/a", b"1"), ("100644", b"in/tab\tx\n:y", b"2"), ("160000", b"in/sub", id)]),
        repo.tree(&[("100755", b"in/a", b"1"), ("100644", b"in/moved", b"2"), ("160000", b"in/sub", other)]),
        repo.tree(&[
            ("120000", b"in/a", b"1"),
            ("100644", b"in/\xff", b"long, so that it is cut"),
            ("100644", b"b", b"1"),
        ]),
        repo.tree(&[("100644", b"in/a/b", b"1"), ("100644", b".gitattributes", b"* -diff\n")]),
    ];
    let commits: Vec<String> = trees.iter().map(|tree| commit(&repo, tree, &[])).collect();
    let git = repo.open();
    let mut changes = git.changes().expect("started");
    let wanted = |path: &str| path.starts_with("in/");
    for before in &commits {
        for after in &commits {
            let found = changes.between(before, after, &wanted, 9).expect("they are here");
            let [old, new] = [before, after].map(|commit| git.read_tree(commit, &wanted, 9).expect("it is here"));
            let (found_old, found_new) = (found.0.iter().collect::<Vec<_>>(), found.1.iter().collect::<Vec<_>>());
            assert_eq!((found_old, found_new), (without(&old, &new), without(&new, &old)), "{before} {after}");
        }
    }
    assert!(changes.has(&commits[0]).expect("asked"));
    assert!(!changes.has("1111111111111111111111111111111111111111").expect("asked"));
}

#[test]
fn what_is_not_here_is_an_error() {
    let repo = Repo::new();
    let (old, new) = (repo.tree(&[]), repo.tree(&[("100644", b"a", b"a"), ("100644", b"b", b"b")]));
    let [old, new] = [old, new].map(|tree| commit(&repo, &tree, &[]));
    let blob = repo.git(&["rev-parse", &format!("{new}:b")]);
    std::fs::remove_file(repo.path().join(".git/objects").join(&blob[..2]).join(&blob[2..])).expect("a loose object");
    let mut changes = repo.open().changes().expect("started");
    let error = changes.between(&old, &new, &|_| true, 9).expect_err("b is gone").to_string();
    assert!(error.contains(&blob) && error.contains("fetch it first"), "{error}");
    assert!(changes.between(&old, &new, &|path| path == "a", 9).is_ok(), "nobody asked for b");
    for odd in ["main", "", "1111111111111111111111111111111111111111"] {
        assert!(repo.open().changes().expect("started").between(&old, odd, &|_| true, 9).is_err(), "{odd}");
    }
}

#[test]
fn first_parents_lead_from_one_commit_to_the_other_or_not() {
    let repo = Repo::new();
    let tree = repo.tree(&[]);
    let root = commit(&repo, &tree, &[]);
    let first = repo.git(&["commit-tree", "-m", "first", "-p", &root, &tree]);
    let side = repo.git(&["commit-tree", "-m", "side", "-p", &root, &tree]);
    let merge = commit(&repo, &tree, &[&first, &side]);
    let last = repo.git(&["commit-tree", "-m", "last", "-p", &merge, &tree]);
    let git = repo.open();
    let lineage = git.lineage(&last, Some(&root)).expect("asked");
    let chain = |from: &str, to: &str| lineage.chain(from, to);
    assert_eq!(chain(&root, &last), Some(vec![first.clone(), merge.clone(), last.clone()]));
    assert_eq!(chain(&first, &merge), Some(vec![merge.clone()]));
    assert_eq!(chain(&side, &last), None, "a second parent is no way");
    assert_eq!(chain(&last, &first), None, "nor is the way back");
    assert_eq!(chain(&root, &side), Some(vec![side.clone()]), "but it is on a way of its own");
    assert_eq!(chain(&last, &last), Some(Vec::new()));
    assert!(lineage.contains(&side) && !lineage.contains(&root));
    assert!(lineage.is_merge(&merge) && !lineage.is_merge(&last));
    assert!(git.lineage(&root, None).expect("asked").contains(&root));
    assert!(!git.lineage(&root, Some(&root)).expect("asked").contains(&root));
}
