//! What an implementation that is not ours, and not the one that ours builds on, says of our tiles, checkpoints and proofs.
//! Everything that is written is read here by hand; the trees are those of `ct_merkle`.
//! Sources: <https://www.rfc-editor.org/rfc/rfc6962#section-2.1>, <https://c2sp.org/tlog-tiles>, <https://c2sp.org/tlog-proof>

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use schema_registry::{
    audit_log::{Addition, Files, ReadError, append, initialise, prove, prove_growth},
    model::Entry,
};
use sha2::{Digest as _, Sha256};

use crate::{addition, initialisation, origin};

type Tree = MemoryBackedTree<Sha256, String>;
type Root = RootHash<Sha256>;

/// Sizes on both sides of every border of tiles up to the third level.
const SIZES: [usize; 8] = [1, 2, 255, 256, 257, 65_535, 65_536, 65_537];

type Folder = BTreeMap<String, Vec<u8>>;

/// The branch: its files, and the folders that it had, whose ids are their places here.
#[derive(Default)]
struct Store(Folder, Vec<Folder>);

impl Store {
    fn write(&mut self, files: Files) {
        for (path, bytes) in files {
            let Some(bytes) = bytes else {
                assert_eq!(path, "open");
                let open = self.open();
                self.0.retain(|path, _| !path.starts_with("open/"));
                self.1.push(open);
                continue;
            };
            self.0.insert(path, bytes);
        }
    }

    fn open(&self) -> Folder {
        let name = |path: &str| Some(path.strip_prefix("open/")?.to_owned());
        self.0.iter().filter_map(|(path, bytes)| Some((name(path)?, bytes.clone()))).collect()
    }

    /// The folder that a line of a list of trees names.
    fn sealed(&self, path: &str) -> Option<&Folder> {
        let (seals, n) = path.rsplit_once('/')?;
        let ids = std::str::from_utf8(self.0.get(seals)?).expect("text");
        self.1.get(ids.lines().nth(n.parse().ok()?)?.parse::<usize>().expect("its own id"))
    }

    fn reader(&self) -> impl FnMut(&str) -> Result<Option<Vec<u8>>, ReadError> + '_ {
        |path| {
            if path == "open/" {
                let id = self.1.len().to_string();
                let lines: Vec<String> = std::iter::once(id).chain(self.open().into_keys()).collect();
                return Ok(Some(lines.join("\n").into_bytes()));
            }
            let sealed = || path.rsplit_once('/').and_then(|(folder, name)| self.sealed(folder)?.get(name));
            Ok(self.0.get(path).or_else(sealed).cloned())
        }
    }

    /// The segments in order, as the lists and the open one give them.
    fn segments(&self) -> Vec<Folder> {
        let lists = self.0.iter().filter(|(path, _)| path.starts_with("sealed/"));
        let sealed = lists.flat_map(|(path, ids)| {
            let count = ids.split(|byte| *byte == b'\n').count() - 1;
            (0..count).map(move |n| self.sealed(&format!("{path}/{n:03}")).expect("a folder").clone())
        });
        sealed.chain([self.open()]).collect()
    }

    /// The tiles as their C2SP paths name them, without the partial ones above the lowest.
    fn tiles(&self, segments: &[Folder]) -> Folder {
        let above = self.0.iter().filter(|(path, _)| path.starts_with("tile/"));
        let mut tiles: Folder = above.map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
        for (n, segment) in segments.iter().enumerate() {
            let tile = segment["tile"].clone();
            let partial = if tile.len() < 8_192 { format!(".p/{}", tile.len() / 32) } else { String::new() };
            tiles.insert(format!("tile/0/{n:03}{partial}"), tile);
        }
        tiles
    }
}

/// The lines of all segments.
fn lines(segments: &[Folder]) -> Vec<String> {
    let text: String =
        segments.iter().map(|files| std::str::from_utf8(&files["entries.jsonl"]).expect("text")).collect();
    text.lines().map(str::to_owned).collect()
}

/// Whether this is the path of a partial tile above the lowest.
fn is_partial_above(path: &str) -> bool {
    path.contains(".p/") && !path.starts_with("tile/0/")
}

fn tree(lines: &[String]) -> Tree {
    let mut tree = Tree::new();
    for line in lines {
        tree.push(line.clone());
    }
    tree
}

/// Roots of whole subtrees by level and number; a log that only grows does not change them.
type Known = BTreeMap<(u32, usize), Vec<u8>>;

/// The hash of the subtree that a hash of this level stands for.
fn subtree(level: u32, n: usize, lines: &[String], known: &mut Known) -> Vec<u8> {
    let width = 256_usize.pow(level);
    let root = || tree(&lines[n * width..(n + 1) * width]).root().as_bytes().to_vec();
    known.entry((level, n)).or_insert_with(root).clone()
}

/// Every tile that a tree of these lines has, by path.
fn tiles(lines: &[String], known: &mut Known) -> BTreeMap<String, Vec<u8>> {
    let (mut tiles, mut level) = (BTreeMap::new(), 0);
    while lines.len() >= 256_usize.pow(level) {
        let hashes: Vec<_> = (0..lines.len() / 256_usize.pow(level)).map(|n| subtree(level, n, lines, known)).collect();
        for (n, tile) in hashes.chunks(256).enumerate() {
            assert!(n < 1_000, "one part of a path");
            let partial = if tile.len() < 256 { format!(".p/{}", tile.len()) } else { String::new() };
            tiles.insert(format!("tile/{level}/{n:03}{partial}"), tile.concat());
        }
        level += 1;
    }
    tiles
}

fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<u8> {
    lines.flat_map(|line| BASE64_STANDARD.decode(line).expect("base64")).collect()
}

/// The root that a checkpoint gives, read by hand.
fn root(checkpoint: &str) -> Root {
    let mut lines = checkpoint.lines();
    assert_eq!(lines.next(), Some("schema-registry/github.com/1"));
    let size = lines.next().expect("a size").parse().expect("a number");
    let hash: [u8; 32] = hashes(lines.next().into_iter()).try_into().expect("32 bytes");
    Root::new(hash.into(), size)
}

/// Checks an inclusion proof; with it goes that the same proof proves no other line and no other place.
fn included(text: &str, index: usize, expected: &Tree, line: &str) {
    let (head, checkpoint) = text.split_once("\n\n").expect("two parts");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let extra = lines.next().and_then(|line| line.strip_prefix("extra ")).expect("the entry");
    assert_eq!(BASE64_STANDARD.decode(extra).expect("base64"), line.as_bytes());
    assert_eq!(lines.next(), Some(format!("index {index}").as_str()));
    let proof = InclusionProof::<Sha256>::try_from_bytes(hashes(lines)).expect("whole hashes");
    let root = root(checkpoint);
    assert_eq!(root, expected.root());
    assert_eq!(proof.as_bytes(), expected.prove_inclusion(index).as_bytes(), "the one proof of {index}");
    root.verify_inclusion(&line, index as u64, &proof).expect("included");
    assert!(root.verify_inclusion(&format!("{line} "), index as u64, &proof).is_err());
    if root.num_leaves() > 1 {
        assert!(root.verify_inclusion(&line, index as u64 ^ 1, &proof).is_err());
    }
}

/// Checks that the log grew from `old`; with it goes that it did not grow from another log of that size.
fn grown(text: &str, old: &Root, expected: &Tree) {
    let (head, checkpoint) = text.split_once("\n\n").expect("two parts");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some(format!("old {}", old.num_leaves()).as_str()));
    let (bytes, root) = (hashes(lines), root(checkpoint));
    assert_eq!(root, expected.root());
    if old.num_leaves() == 0 || old.num_leaves() == root.num_leaves() {
        assert!(bytes.is_empty(), "there is nothing to prove");
        return;
    }
    let proof = ConsistencyProof::<Sha256>::try_from_bytes(bytes).expect("whole hashes");
    root.verify_consistency(old, &proof).expect("consistent");
    let other = Root::new(Sha256::digest("another log"), old.num_leaves());
    assert!(root.verify_consistency(&other, &proof).is_err());
}

#[test]
fn another_implementation_agrees_at_every_border() {
    let mut store = Store::default();
    store.write(initialise(&origin(), &initialisation()).expect("short").0);
    let (mut expected, mut known) = (Tree::new(), Known::new());
    let mut roots = vec![expected.root()];
    for size in SIZES {
        let from = usize::try_from(roots.last().expect("one").num_leaves()).expect("small").max(1);
        let entry = |n: usize| Entry { pr: Some(n as u64), ..addition(&format!("LE_{n}")).entry().clone() };
        let additions: Vec<_> = (from..size).map(|n| Addition::new(entry(n), Vec::new())).collect();
        let mut rest = additions.as_slice();
        while !rest.is_empty() {
            let appended = append(&origin(), &mut store.reader(), rest).expect("appendable");
            rest = &rest[appended.taken()..];
            store.write(appended.files);
        }
        let segments = store.segments();
        let (lines, checkpoint) = (lines(&segments), store.0["checkpoint"].clone());
        assert_eq!(lines.len(), size);
        assert!(lines.starts_with(expected.items()), "it only grew");
        for line in &lines[expected.items().len()..] {
            expected.push(line.clone());
        }
        assert_eq!(root(std::str::from_utf8(&checkpoint).expect("text")), expected.root(), "{size}");
        let (found, mut all) = (store.tiles(&segments), tiles(&lines, &mut known));
        all.retain(|path, _| !is_partial_above(path));
        assert!(found == all, "{size}: {:?}", found.keys());
        let sealed = tiles(&lines[..(segments.len() - 1) * 256], &mut known);
        let above = sealed.into_iter().filter(|(path, _)| is_partial_above(path)).flat_map(|(_, tile)| tile);
        assert_eq!(store.0.get("edge").cloned().unwrap_or_default(), above.collect::<Vec<_>>(), "{size}");
        for index in [0, 1, 254, 255, 256, 257, size / 2, size - 1].into_iter().filter(|index| *index < size) {
            let text = prove(&checkpoint, index as u64, &mut store.reader()).expect("in the log");
            included(&text, index, &expected, &lines[index]);
        }
        roots.push(expected.root());
        for old in &roots {
            let text = prove_growth(&checkpoint, old.num_leaves(), &mut store.reader()).expect("an earlier size");
            grown(&text, old, &expected);
        }
    }
    assert_eq!(store.0["edge"].len(), 32, "one hash, of the third level");
}
