use std::cell::RefCell;

use proptest::prelude::*;

use super::{
    fixture::{Store, approved, entry, landing, origin, problems_with},
    *,
};
use crate::model::{Digest, Entry, EntryKind, EntryViolation, Severity};

fn addition(n: usize) -> Addition {
    Addition::new(approved(&format!("LE_{n}"), 7), vec![format!("blob {}", n % 5).into_bytes()])
}

fn additions(range: std::ops::Range<usize>) -> Vec<Addition> {
    range.map(addition).collect()
}

fn problems(store: &Store) -> Vec<String> {
    problems_with(&Pinned { origin: Some(origin()), ..Pinned::default() }, store)
}

/// A log with one entry of each kind.
fn small() -> Store {
    let main = "refs/heads/main";
    let merged = Entry { approvals: vec!["LE_1".into()], ..landing(EntryKind::Merged, main, "t0", "t1", 0) };
    let entries = [
        approved("LE_1", 7),
        merged,
        entry("LE_2", EntryKind::Revoked),
        landing(EntryKind::HistoryRewritten, main, "t1", "t0", 0),
        landing(EntryKind::DirectPush, main, "t0", "t1", 1),
    ];
    let mut store = Store::new();
    for (n, entry) in entries.into_iter().enumerate() {
        store.append(&[Addition::new(entry, vec![format!("blob {n}").into_bytes()])]);
    }
    store
}

#[test]
fn a_new_log_is_whole_and_its_files_are_those_of_the_format() {
    let store = Store::new();
    assert_eq!(problems(&store), [""; 0]);
    let blob = "open/9aced946fc98dda7a85be48151762fde7573d5b2bf2cc9da8d6e6d8351aab818";
    let paths: Vec<_> = store.0.keys().collect();
    assert_eq!(paths, ["checkpoint", blob, "open/entries.jsonl", "open/tile", "state.json"]);
    insta::assert_snapshot!(String::from_utf8_lossy(&store.0["checkpoint"]), @"
        schema-registry/github.com/1
        1
        KwfwBo9X7KoYX3mSClFMIttMizhGCLYFkcjf3U9qWsI=
        ");
    insta::assert_snapshot!(String::from_utf8_lossy(&store.0["open/entries.jsonl"]), @r#"{"version":1,"id":"initialised:schema-registry/github.com/1","kind":"initialised","repo":1,"at":"2023-11-14T22:13:20Z","actor":null,"pr":null,"digest":null,"policy":null,"tool":"schema-registry 0","before":null,"after":"t0","approvals":[],"violations":[],"blobs":["9aced946fc98dda7a85be48151762fde7573d5b2bf2cc9da8d6e6d8351aab818"],"tables":[]}"#);
}

#[test]
fn appending_one_by_one_or_in_batches_gives_the_same_files() {
    let (mut single, mut batch) = (Store::new(), Store::new());
    for n in 0..600 {
        single.append(&[addition(n)]);
    }
    assert_eq!(batch.append(&additions(0..600)), (600, 0));
    assert_eq!(single, batch);
    assert_eq!(problems(&batch), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn any_batches_give_the_same_files(mut cuts in proptest::collection::vec(0_usize..600, 0..5)) {
        cuts.extend([0, 600]);
        cuts.sort_unstable();
        let (mut whole, mut store) = (Store::new(), Store::new());
        whole.append(&additions(0..600));
        for pair in cuts.windows(2) {
            store.append(&additions(pair[0]..pair[1]));
        }
        prop_assert!(store == whole);
    }
}

#[test]
fn doubles_are_skipped_however_they_come() {
    let mut store = Store::new();
    assert_eq!(store.append(&[addition(0), addition(0), addition(1)]), (2, 1));
    let before = store.clone();
    assert_eq!(store.append(&additions(0..2)), (0, 2));
    assert_eq!(store, before, "nothing to commit");
    assert_eq!(store.append(&additions(1..4)), (2, 1));
    assert_eq!(problems(&store), [""; 0]);
}

/// A log of `size` entries of which only what an append reads is there.
fn right_edge_of(size: u64) -> Store {
    let mut store = Store::new();
    let open = layout::sealed(size) * 256;
    let lines: Vec<_> = (open..size).map(|n| line(&approved(&format!("LE_there_{n}"), 7)).expect("short")).collect();
    let (mut rest, mut upper) = (open / 256, Vec::new());
    while rest > 0 {
        upper.extend((0..rest % 256).map(|_| leaf_hash("below")));
        rest /= 256;
    }
    let mut edge = tree::Edge::new(open, &upper).expect("so many");
    store.0.insert(layout::EDGE.into(), edge.upper());
    for line in &lines {
        edge.push(leaf_hash(line));
    }
    let text = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    store.0.insert(layout::entries(size, layout::sealed(size)), text);
    let tile = lines.iter().flat_map(|line| leaf_hash(line).0).collect();
    store.0.insert(layout::tile(size, 0, layout::sealed(size)), tile);
    let checkpoint = Checkpoint { origin: origin(), size, root: edge.root() };
    store.0.insert("checkpoint".into(), checkpoint.to_string().into_bytes());
    store
}

#[test]
fn an_append_reads_and_writes_little_however_long_the_log_is() {
    for size in [112, 70_000, 999_999_000] {
        let (store, reads) = (right_edge_of(size), RefCell::new(Vec::new()));
        let mut read = |path: &str| {
            reads.borrow_mut().push(path.to_owned());
            Ok(store.0.get(path).cloned())
        };
        let appended = append(&origin(), &mut read, &[addition(0)]).expect("appendable");
        assert_eq!(*reads.borrow(), ["checkpoint", "open/entries.jsonl", "edge", "state.json", "pulls/000"]);
        let written: Vec<_> = appended.files.keys().filter(|path| !path.starts_with("open/a")).collect();
        assert_eq!(written, ["checkpoint", "open/entries.jsonl", "open/tile", "state.json"]);
        assert_eq!((appended.files.len(), appended.checkpoint.size), (5, size + 1));
    }
}

#[test]
fn a_segment_is_sealed_and_a_tile_filled_where_they_belong() {
    let appended = |size| {
        let store = right_edge_of(size);
        let listed = b"id\nentries.jsonl\ntile\n".to_vec();
        let mut read = |path: &str| Ok(if path == "open/" { Some(listed.clone()) } else { store.0.get(path).cloned() });
        append(&origin(), &mut read, &[addition(0)]).expect("appendable").files
    };
    let files = appended(65_536 + 256);
    assert_eq!((&files["sealed/001.trees"], &files["open"]), (&Some(b"id\n".to_vec()), &None));
    assert_eq!(files["edge"].as_ref().map(Vec::len), Some(64), "a hash of each of two levels");
    let tile = |files: &Files, path: &str| files.get(path).cloned().flatten().map(|tile| tile.len() / 32);
    let files = appended(65_535);
    assert_eq!((tile(&files, "tile/1/000"), tile(&files, "open/tile")), (Some(256), Some(256)));
    assert!(!files.contains_key("edge") && !appended(65_534).contains_key("tile/1/000"));
}

#[test]
fn entries_are_found_by_id_and_from_any_index() {
    let mut store = Store::new();
    store.append(&additions(0..300));
    let checkpoint = read_checkpoint(&origin(), &mut store.reader()).expect("there");
    let ids: Vec<_> =
        Entries::new(&checkpoint, 254, &mut store.reader()).map(|found| found.expect("whole").entry.id).collect();
    assert_eq!((ids.len(), ids[0].as_str(), ids[46].as_str()), (47, "LE_253", "LE_299"));
    let found = find(&checkpoint, "LE_299", &mut store.reader()).expect("readable").expect("there");
    assert_eq!((found.index, found.entry.id.as_str()), (300, "LE_299"));
    let found = find(&checkpoint, "LE_3", &mut store.reader()).expect("readable").expect("there");
    assert_eq!((found.index, found.entry.id.as_str()), (4, "LE_3"));
    assert_eq!(find(&checkpoint, "LE_300", &mut store.reader()).expect("readable"), None);
    assert_eq!(find(&checkpoint, "ann", &mut store.reader()).expect("readable"), None, "a name of something else");
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_is_appended() {
    let mut store = Store::new();
    let refused = |store: &Store, origin: &Origin, addition: Addition| {
        append(origin, &mut store.reader(), &[addition]).expect_err("refused").to_string()
    };
    let other = Origin { repo: 2, ..origin() };
    insta::assert_snapshot!(refused(&store, &other, addition(0)), @"the audit log is that of `schema-registry/github.com/1`, not of `schema-registry/github.com/2`; check the repository id and `[audit] branch`");
    insta::assert_snapshot!(refused(&Store::default(), &origin(), addition(0)), @"the branch holds no audit log; create it once with `schema-registry audit init`");
    let foreign = Addition::new(Entry { repo: 2, ..approved("LE_1", 7) }, Vec::new());
    assert!(refused(&store, &origin(), foreign).contains("not of `schema-registry/github.com/1`"));
    let gap = Addition::new(landing(EntryKind::Merged, "refs/heads/main", "t1", "t2", 0), Vec::new());
    insta::assert_snapshot!(refused(&store, &origin(), gap), @"the audit entry `landing:default:refs/heads/main:t1:t2` does not follow the recorded history: the recorded tip of `refs/heads/main` is t0; reconcile again");
    store.append(&additions(0..299));
    for (path, at) in [("state.json", 40), ("checkpoint", 40), ("open/entries.jsonl", 40), ("edge", 0)] {
        let mut damaged = store.clone();
        damaged.0.get_mut(path).expect("it is there")[at] ^= 1;
        let error = refused(&damaged, &origin(), addition(400));
        assert!(error.contains("is damaged") || error.contains("is that of"), "{path}: {error}");
    }
}

#[test]
fn approvals_stand_until_they_are_revoked_or_voided() {
    let other = |id: &str| Entry { digest: Some(Digest::of("other")), ..approved(id, 7) };
    let approvals = ["LE_1", "LE_4"].map(str::to_owned).into();
    let revoked = Entry { kind: EntryKind::Revoked, approvals, ..approved("LE_5", 7) };
    let log =
        [approved("LE_1", 7), other("LE_2"), approved("LE_3", 8), approved("LE_4", 7), revoked, approved("LE_6", 7)];
    let ids = |pr| standing_approvals(&log, pr).into_iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>();
    assert_eq!(ids(7), ["LE_2", "LE_6"]);
    assert_eq!(ids(8), ["LE_3"]);
}

#[test]
fn a_rejection_stands_until_it_is_lifted() {
    let vetoed = |id: &str| Entry { kind: EntryKind::Vetoed, ..approved(id, 7) };
    let lifted = |of: &str| Entry {
        kind: EntryKind::VetoLifted,
        approvals: vec![of.to_owned()],
        ..approved(&format!("{of} lifted"), 7)
    };
    let log = [approved("LE_1", 7), vetoed("LE_2"), vetoed("LE_3"), lifted("LE_2"), lifted("LE_3")];
    for (entries, expected) in [(1, false), (2, true), (3, true), (4, true), (5, false)] {
        assert_eq!(is_vetoed(&log[..entries], 7), expected, "{entries}");
        assert!(!is_vetoed(&log[..entries], 8));
    }
    assert!(is_vetoed(&[vetoed("LE_2"), lifted("LE_3")], 7));
}

#[test]
fn any_flipped_byte_is_found_and_in_an_entry_names_it() {
    let store = small();
    assert_eq!(problems(&store), [""; 0]);
    let mut damaged = store.clone();
    for (path, bytes) in &store.0 {
        for at in 0..bytes.len() {
            damaged.0.get_mut(path).expect("its own path")[at] ^= 1;
            let found = problems(&damaged);
            damaged.0.get_mut(path).expect("its own path")[at] ^= 1;
            assert!(!found.is_empty(), "{path} byte {at}");
            if path == "open/entries.jsonl" {
                let index = bytes[..at].split(|byte| *byte == b'\n').count() - 1;
                assert!(found[0].starts_with(&format!("entry {index}")), "{path} byte {at}: {found:?}");
            }
            if path.starts_with("open/") && path.len() > 64 {
                let named = found.iter().any(|problem| problem.starts_with("entry ") && problem.contains(path));
                assert!(named, "{path} byte {at}: {found:?}");
            }
        }
    }
}

#[test]
fn a_problem_says_where_and_what() {
    let store = small();
    let damage = |path: &str, edit: &dyn Fn(String) -> String| {
        let mut damaged = store.clone();
        let text = String::from_utf8(damaged.0[path].clone()).expect("text");
        damaged.0.insert(path.to_owned(), edit(text).into_bytes());
        problems(&damaged).join("\n")
    };
    insta::assert_snapshot!(damage("open/entries.jsonl", &|text| text.replacen("\"ann\"", "\"eve\"", 1)), @"entry 1 (LE_1) is not what was recorded: `open/tile` has another hash for it");
    insta::assert_snapshot!(damage("state.json", &|text| text.replace("t1", "t0")), @"`state.json` does not have the tips that the entries give");
    insta::assert_snapshot!(damage("checkpoint", &|text| text.replace("\n6\n", "\n5\n")), @"
    `checkpoint` has another root than the 5 entries give
    `open/dfa4cb22d9ed2cdee3e52925d2fe3b537532082b36556f929aa1d188a34c2e43` does not belong to the log
    `open/entries.jsonl` has 6 lines where the checkpoint counts 5 entries
    `open/tile` has the wrong length
    `state.json` does not have the tips that the entries give
    ");
    let tail = |text: String| text.split_inclusive('\n').take(5).collect();
    insta::assert_snapshot!(damage("open/entries.jsonl", &tail), @"
        entry 5 is missing, and with it all up to the 6 that the checkpoint counts
        `open/entries.jsonl` has 5 lines where the checkpoint counts 6 entries
        ");
}

#[test]
fn files_that_are_missing_or_too_many_are_found() {
    let store = small();
    for path in store.0.keys().filter(|path| *path != "checkpoint") {
        let mut damaged = store.clone();
        damaged.0.remove(path);
        assert!(problems(&damaged).iter().any(|problem| problem.contains("missing")), "{path}");
    }
    for path in [
        "open/x",
        "open/000/tile",
        "open/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "entries/000.jsonl",
        "sealed/000.trees",
        "tile/0/000",
        "tile/1/000",
        "edge",
        "pulls/000",
        "pulls/001",
        "README.md",
    ] {
        let mut damaged = store.clone();
        damaged.0.insert(path.to_owned(), Vec::new());
        assert_eq!(problems(&damaged), [format!("`{path}` does not belong to the log")]);
    }
}

/// Files of a log whose entries are these, whatever they say: what somebody with push access could write.
fn forged(entries: &[Entry]) -> Vec<String> {
    let mut store = small();
    let lines: Vec<_> = entries.iter().map(|entry| line(entry).expect("short")).collect();
    let mut edge = tree::Edge::default();
    for line in &lines {
        edge.push(leaf_hash(line));
    }
    store.0.extend(edge.tiles().map(|tile| ("open/tile".to_owned(), tile.bytes())));
    store
        .0
        .insert("open/entries.jsonl".into(), lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect());
    let checkpoint = Checkpoint { origin: origin(), size: edge.size(), root: edge.root() };
    store.0.insert("checkpoint".into(), checkpoint.to_string().into_bytes());
    problems(&store).into_iter().filter(|problem| problem.starts_with("entry")).collect()
}

fn violation() -> EntryViolation {
    let [rule, path, route] = ["S1", "schema-requests/a.yaml", "table.name"].map(str::to_owned);
    EntryViolation { rule, severity: Severity::Error, path, route, waived: false }
}

#[test]
fn entries_that_contradict_each_other_are_found_under_a_valid_tree() {
    let store = small();
    let checkpoint = read_checkpoint(&origin(), &mut store.reader()).expect("there");
    let log: Vec<_> =
        Entries::new(&checkpoint, 0, &mut store.reader()).map(|found| found.expect("whole").entry).collect();
    assert_eq!(forged(&log), [""; 0]);
    let edited = |edit: &dyn Fn(&mut Vec<Entry>)| {
        let mut log = log.clone();
        edit(&mut log);
        forged(&log).first().cloned().unwrap_or_default()
    };
    insta::assert_snapshot!(edited(&|log| log.swap(0, 1)), @"entry 0 (LE_1) does not initialise the log of `schema-registry/github.com/1`");
    insta::assert_snapshot!(edited(&|log| log.swap(1, 2)), @"entry 1 (landing:default:refs/heads/main:t0:t1) names the approval `LE_1`, which no earlier entry is");
    insta::assert_snapshot!(edited(&|log| log.push(log[1].clone())), @"entry 6 (LE_1) has the id of entry 1");
    insta::assert_snapshot!(edited(&|log| log.push(log[0].clone())), @"entry 6 (initialised:schema-registry/github.com/1) has the id of entry 0");
    insta::assert_snapshot!(edited(&|log| drop(log.remove(4))), @"entry 4 (landing:default:refs/heads/main:t0:t1:1) does not follow: the recorded tip of `refs/heads/main` is t1");
    insta::assert_snapshot!(edited(&|log| log[1].approvals.push("LE_1".into())), @"entry 1 (LE_1) names the approval `LE_1`, which no earlier entry is");
    insta::assert_snapshot!(edited(&|log| log[1].repo = 2), @"entry 1 (LE_1) is of repository 2");
    insta::assert_snapshot!(edited(&|log| log[1].kind = EntryKind::Voided), @"entry 2 (landing:default:refs/heads/main:t0:t1) names the approval `LE_1`, which no earlier entry is");
    insta::assert_snapshot!(edited(&|log| log[0].blobs.clear()), @"entry 0 (initialised:schema-registry/github.com/1) does not name one blob with the tips that the log begins at");
    insta::assert_snapshot!(edited(&|log| log[1].overflow = Some(log[0].blobs[0])), @"entry 1 (LE_1) has an `overflow` that is none of its blobs");
    let with_overflow = |edit: &dyn Fn(&mut Entry)| {
        edited(&|log| {
            log[1].overflow = Some(log[1].blobs[0]);
            edit(&mut log[1]);
        })
    };
    assert_eq!(with_overflow(&|_| ()), "");
    insta::assert_snapshot!(with_overflow(&|entry| entry.tables.push(fixture::table("public.notes"))), @"entry 1 (LE_1) has an `overflow`, and violations or tables beside it");
    insta::assert_snapshot!(with_overflow(&|entry| entry.violations.push(violation())), @"entry 1 (LE_1) has an `overflow`, and violations or tables beside it");
    insta::assert_snapshot!(edited(&|log| log[3].blobs = log[3].blobs.repeat(2)), @"entry 3 (LE_2) does not name its blobs in order");
    insta::assert_snapshot!(edited(&|log| log[3].blobs.insert(0, Digest::of("absent"))), @"entry 3 (LE_2) names `open/5ad38304b535c2987dbd24657c1a11b884984ff600d9f389deb0d4e634fee792`, which is missing");
}

#[test]
fn a_foreign_log_is_not_taken_for_this_one() {
    let store = small();
    let other = Origin { database: "sales".into(), ..origin() };
    let problems = problems_with(&Pinned { origin: Some(other), ..Pinned::default() }, &store);
    assert_eq!(
        problems,
        ["`checkpoint` is that of `schema-registry/github.com/1`, not of `schema-registry/github.com/1/sales`"]
    );
}
