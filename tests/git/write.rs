use std::collections::BTreeMap;

use schema_registry::git::{Git, Identity, NewCommit};

use crate::repo::Repo;

fn commit(git: &Git, parent: Option<&str>, files: &[(&str, Option<&str>)]) -> String {
    let identity = Identity { name: "schema-registry\n<x>".into(), email: "bot@example.org".into() };
    let files: BTreeMap<_, _> =
        files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.map(|bytes| bytes.as_bytes().to_vec()))).collect();
    let commit =
        NewCommit { parent, files: &files, message: "Append\n\nD a\n", identity: &identity, time: 1_700_000_000 };
    git.commit_files(&commit).expect("written")
}

#[test]
fn a_commit_is_written_without_ref_index_or_work_tree() {
    for repo in [Repo::bare(), Repo::new()] {
        let git = repo.open();
        let names = ["-x", "a/b/c", "q\"\\\nnl", "ä", " lead"];
        let files: Vec<_> = names.iter().map(|name| (*name, Some(*name))).collect();
        let first = commit(&git, None, &files);
        let second = commit(&git, Some(&first), &[("a/b/c", None), ("a/new", Some("D x\n\0"))]);
        let tree = git.read_tree(&second, &|_| true, 99).expect("readable");
        let read: Vec<_> = tree.iter().map(|(path, file)| (path.as_str(), file.bytes.as_slice())).collect();
        let expected: [(&str, &[u8]); 5] = [
            (" lead", b" lead"),
            ("-x", b"-x"),
            ("a/new", b"D x\n\0"),
            ("q\"\\\nnl", b"q\"\\\nnl"),
            ("ä", "ä".as_bytes()),
        ];
        assert_eq!(read, expected);
        let commits = git.first_parent(None, &second).expect("history");
        assert_eq!(commits.iter().map(|c| c.sha.as_str()).collect::<Vec<_>>(), [&first, &second]);
        assert_eq!((commits[1].author.name.as_str(), commits[1].author.time), ("schema-registry  x", 1_700_000_000));
        assert_eq!(
            commit(&git, Some(&first), &[("a/b/c", None), ("a/new", Some("D x\n\0"))]),
            second,
            "same in, same out"
        );
        assert_eq!(repo.git(&["for-each-ref"]), "");
        assert_eq!(repo.git(&["ls-files"]), "");
        assert_eq!(repo.git(&["count-objects"]).split(' ').nth(1), Some("objects,"));
        assert!(
            git.commit_files(&NewCommit {
                parent: Some(&"1".repeat(40)),
                files: &BTreeMap::new(),
                message: "",
                identity: &Identity { name: String::new(), email: String::new() },
                time: 0
            })
            .is_err()
        );
    }
}

#[test]
fn files_are_read_one_by_one_from_one_process() {
    let repo = Repo::bare();
    let git = repo.open();
    let tip = commit(&git, None, &[("a/b", Some("x\n")), ("empty", Some(""))]);
    let mut blobs = git.blobs(&tip).expect("started");
    let mut read = |path: &str| blobs.read(path).expect("the process lives");
    assert_eq!(read("a/b"), Some(b"x\n".to_vec()));
    for absent in ["a", "missing", "a b c", "../a/b", "", "a/b 3"] {
        assert_eq!(read(absent), None, "{absent}");
    }
    assert_eq!(read("empty"), Some(Vec::new()));
    assert!(blobs.read("a\nb").is_err());
}
