//! What somebody with push access to the log's branch could do, and what finds it.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{
    fixture::{Folder, Store, approved, at, entry, landing, origin, problems_with},
    *,
};
use crate::model::{Digest, Entry, EntryKind, KeyType, VerifierKey};

const MAIN: &str = "refs/heads/main";

/// Who writes the honest log, and who would like to.
struct World {
    owner: Signer,
    attacker: Signer,
    witness: Signer,
}

fn signer(name: &str, kind: KeyType) -> Signer {
    Signer::parse(&Signer::generate(name, kind).expect("random").1).expect("its own text")
}

/// A log of these entries after the first, every file of it as it should be, signed by `signer`.
fn log(origin: &Origin, begun: i64, entries: &[Entry], signer: &Signer) -> Store {
    let with = Initialisation {
        tips: [(MAIN.to_owned(), "t0".to_owned())].into(),
        actor: None,
        at: at(begun),
        policy: None,
        key: Some(signer.key().clone()),
        tool: "schema-registry 0".into(),
    };
    let mut store = Store::default();
    let mut files = initialise(origin, &with).expect("short").0;
    sign(&mut files, signer);
    store.write(files);
    add(&mut store, origin, entries, signer);
    store
}

/// Appends as the tool does, with this key.
fn add(store: &mut Store, origin: &Origin, entries: &[Entry], signer: &Signer) {
    let additions: Vec<_> =
        entries.iter().map(|entry| Addition::new(entry.clone(), vec![entry.id.clone().into_bytes()])).collect();
    store.append_signed(origin, &additions, |files| sign(files, signer));
}

fn entries() -> Vec<Entry> {
    let merged = Entry { approvals: vec!["LE_1".into()], ..landing(EntryKind::Merged, MAIN, "t0", "t1", 0) };
    vec![
        approved("LE_1", 7),
        merged,
        entry("LE_2", EntryKind::Revoked),
        approved("LE_3", 8),
        landing(EntryKind::DirectPush, MAIN, "t1", "t2", 0),
    ]
}

fn rotated(key: &VerifierKey) -> Entry {
    entry(&key_id(key), EntryKind::KeyRotated)
}

impl World {
    fn new() -> Self {
        let name = origin().to_string();
        let (owner, attacker) = (signer(&name, KeyType::Ed25519), signer(&name, KeyType::Ed25519));
        Self { owner, attacker, witness: signer("witness.example", KeyType::Cosignature) }
    }

    fn honest(&self) -> Store {
        log(&origin(), 0, &entries(), &self.owner)
    }

    /// The log as it was after this many of the entries.
    fn earlier(&self, count: usize) -> Store {
        log(&origin(), 0, &entries()[..count], &self.owner)
    }

    /// What the policy pins.
    fn policy(&self) -> Pinned {
        let first = verify(&Pinned::default(), &mut self.honest(), &mut |_, _| {}).expect("readable").first_entry;
        Pinned {
            origin: Some(origin()),
            first_entry: Some(first.expect("an entry")),
            keys: vec![self.owner.key().clone()],
            ..Pinned::default()
        }
    }

    /// What is found, with names for keys.
    fn found(&self, pinned: &Pinned, store: &Store) -> String {
        let text = problems_with(pinned, store).join("\n");
        let keys = [(&self.owner, "OWNER"), (&self.attacker, "ATTACKER"), (&self.witness, "WITNESS")];
        keys.iter().fold(text, |text, (signer, name)| text.replace(&signer.key().to_string(), name))
    }
}

/// What the policy pins, and a checkpoint that somebody kept.
fn with_witness(pinned: Pinned, of: &Store) -> Pinned {
    let (checkpoint, note) = (Checkpoint::parse(&of.0["checkpoint"]), Note::parse(&of.0["checkpoint"]));
    let (checkpoint, note) = (checkpoint.expect("valid"), note.expect("valid"));
    Pinned { earlier: vec![Earlier { name: "kept.txt".into(), checkpoint, note }], ..pinned }
}

/// The text of a checkpoint without signatures.
fn head(store: &Store) -> String {
    let text = String::from_utf8(store.0["checkpoint"].clone()).expect("text");
    text.split_once("\n\n").map(|(head, _)| format!("{head}\n")).expect("a checkpoint")
}

/// The signatures of a checkpoint.
fn signatures(store: &Store) -> String {
    let text = String::from_utf8(store.0["checkpoint"].clone()).expect("text");
    text.split_once("\n\n").map(|(_, signatures)| signatures.to_owned()).expect("a checkpoint")
}

fn with_signatures(mut store: Store, signatures: &str) -> Store {
    let bytes = format!("{}\n{signatures}", head(&store)).into_bytes();
    store.0.insert("checkpoint".into(), bytes);
    store
}

/// Everything is consistent with everything; only signatures, pins and witnesses can tell.
#[test]
fn a_consistent_forgery_is_found_by_signature_pin_or_witness() {
    let world = World::new();
    let (honest, policy) = (world.honest(), world.policy());
    assert_eq!(world.found(&policy, &honest), "");
    assert_eq!(world.found(&with_witness(policy.clone(), &world.earlier(2)), &honest), "");

    let mut other_entries = entries();
    other_entries[3] = approved("LE_forged", 8);
    let rewritten = log(&origin(), 0, &other_entries, &world.owner);
    insta::assert_snapshot!(world.found(&policy, &with_signatures(rewritten.clone(), &signatures(&honest))), @"`checkpoint` is forged: its signature by `schema-registry/github.com/1` is wrong");
    insta::assert_snapshot!(world.found(&policy, &with_signatures(rewritten.clone(), "")), @"`checkpoint` is not signed by OWNER, as it should be");
    // Whoever has the key as well is found by those who kept a head from before.
    insta::assert_snapshot!(world.found(&with_witness(policy.clone(), &honest), &rewritten), @"`checkpoint` contradicts kept.txt: the first 6 entries are not those of then");

    let mut appended = honest.clone();
    add(&mut appended, &origin(), &[approved("LE_by_hand", 9)], &world.attacker);
    insta::assert_snapshot!(world.found(&policy, &appended), @"`checkpoint` is not signed by OWNER, as it should be");
    insta::assert_snapshot!(world.found(&policy, &with_signatures(appended, &signatures(&honest))), @"`checkpoint` is forged: its signature by `schema-registry/github.com/1` is wrong");

    let mut taken = honest.clone();
    add(&mut taken, &origin(), &[rotated(world.attacker.key()), approved("LE_by_hand", 9)], &world.attacker);
    insta::assert_snapshot!(world.found(&policy, &taken), @"`checkpoint` is signed by ATTACKER, which is no key of the policy");
    let own = log(&origin(), 0, &entries(), &world.attacker);
    insta::assert_snapshot!(world.found(&policy, &own), @"
    entry 0 is not the first entry that the policy pins: this is another log
    `checkpoint` is signed by ATTACKER, which is no key of the policy
    ");
}

#[test]
fn an_old_head_is_found_by_whoever_kept_a_later_one() {
    let world = World::new();
    let (honest, policy, old) = (world.honest(), world.policy(), world.earlier(3));
    // An honest log was like this once: nothing else can tell.
    assert_eq!(world.found(&policy, &old), "");
    insta::assert_snapshot!(world.found(&with_witness(policy.clone(), &honest), &old), @"`checkpoint` counts 4 entries, kept.txt counted 6: the log was cut");
    let mut forked = old.clone();
    add(&mut forked, &origin(), &[approved("LE_4", 8), approved("LE_5", 8)], &world.owner);
    insta::assert_snapshot!(world.found(&with_witness(policy, &honest), &forked), @"`checkpoint` contradicts kept.txt: the first 6 entries are not those of then");
}

#[test]
fn a_branch_that_was_deleted_and_created_again_is_another_log() {
    let world = World::new();
    let again = log(&origin(), 60, &entries(), &world.owner);
    insta::assert_snapshot!(world.found(&world.policy(), &again), @"entry 0 is not the first entry that the policy pins: this is another log");
    let unpinned = Pinned { first_entry: None, ..world.policy() };
    insta::assert_snapshot!(world.found(&with_witness(unpinned, &world.earlier(2)), &again), @"`checkpoint` contradicts kept.txt: the first 3 entries are not those of then");
}

#[test]
fn a_head_of_another_log_is_refused() {
    let world = World::new();
    let other = Origin { repo: 2, ..origin() };
    let name = signer(&other.to_string(), KeyType::Ed25519);
    let foreign = log(&other, 0, &[], &name);
    let mut swapped = world.honest();
    swapped.0.insert("checkpoint".into(), foreign.0["checkpoint"].clone());
    let origins = |text: String| text.lines().filter(|line| line.contains("is that of")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(origins(world.found(&world.policy(), &swapped)), @"`checkpoint` is that of `schema-registry/github.com/2`, not of `schema-registry/github.com/1`");
    insta::assert_snapshot!(origins(world.found(&world.policy(), &foreign)), @"`checkpoint` is that of `schema-registry/github.com/2`, not of `schema-registry/github.com/1`");
    insta::assert_snapshot!(world.found(&with_witness(world.policy(), &foreign), &world.honest()), @"
    `checkpoint` contradicts kept.txt: the first 1 entries are not those of then
    `checkpoint` is that of `schema-registry/github.com/1`, kept.txt is that of `schema-registry/github.com/2`
    ");
    // A key of another log signs nothing here, even where the policy names it.
    let keys = vec![name.key().clone()];
    let stranger = log(&origin(), 0, &entries(), &name);
    let found = world.found(&Pinned { keys, first_entry: None, ..world.policy() }, &stranger);
    insta::assert_snapshot!(found, @"`checkpoint` is signed by `schema-registry/github.com/2`, which is not named after its origin");
}

#[test]
fn a_key_that_is_swapped_in_the_policy_does_not_vouch_for_the_log() {
    let world = World::new();
    let swapped = Pinned { keys: vec![world.attacker.key().clone()], ..world.policy() };
    insta::assert_snapshot!(world.found(&swapped, &world.honest()), @"`checkpoint` is signed by OWNER, which is no key of the policy");
    // The log goes with it; the first entry names the key that signs, so it is another one.
    let own = log(&origin(), 0, &entries(), &world.attacker);
    insta::assert_snapshot!(world.found(&swapped, &own), @"entry 0 is not the first entry that the policy pins: this is another log");
    // The whole policy goes with it: whoever kept a head can tell.
    let all = Pinned { first_entry: None, ..swapped };
    assert_eq!(world.found(&all, &own), "");
    insta::assert_snapshot!(world.found(&with_witness(all, &world.earlier(2)), &own), @"`checkpoint` contradicts kept.txt: the first 3 entries are not those of then");
}

#[test]
fn cosignatures_are_counted_and_a_forged_one_is_found() {
    let world = World::new();
    let honest = world.honest();
    let time = std::num::NonZero::new(1_700_000_000).expect("not zero");
    let asking = Pinned { witnesses: vec![world.witness.key().clone()], cosignatures: 1, ..world.policy() };
    insta::assert_snapshot!(world.found(&asking, &honest), @"`checkpoint` is cosigned by 0 of the 1 witnesses that the policy asks for; what they cosigned is given with --witness");
    let cosigned = |of: &Store| signatures(&honest) + &world.witness.cosign(&head(of), time);
    assert_eq!(world.found(&asking, &with_signatures(honest.clone(), &cosigned(&honest))), "");
    let forged = with_signatures(honest.clone(), &cosigned(&world.earlier(2)));
    insta::assert_snapshot!(world.found(&asking, &forged), @"
    `checkpoint` cannot be believed: checkpoint is forged, its signature by `witness.example` is wrong
    `checkpoint` is cosigned by 0 of the 1 witnesses that the policy asks for; what they cosigned is given with --witness
    ");
    // A witness may have seen an earlier head: the log has grown from it.
    let early = world.earlier(2);
    let seen = with_signatures(early.clone(), &world.witness.cosign(&head(&early), time));
    assert_eq!(world.found(&with_witness(asking, &seen), &honest), "");
}

/// Something that happens to a file.
#[derive(Debug, Clone)]
enum Damage {
    FlipBit(usize, u8),
    InsertByte(usize, u8),
    RemoveByte(usize),
    Truncate(usize),
    Delete,
    RemoveLine(usize),
    DoubleLine(usize),
    SwapLines(usize, usize),
    SwapWith(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<usize>;
    prop_oneof![
        (at(), 0_u8..8).prop_map(|(at, bit)| Damage::FlipBit(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::InsertByte(at, byte)),
        at().prop_map(Damage::RemoveByte),
        at().prop_map(Damage::Truncate),
        Just(Damage::Delete),
        at().prop_map(Damage::RemoveLine),
        at().prop_map(Damage::DoubleLine),
        (at(), at()).prop_map(|(a, b)| Damage::SwapLines(a, b)),
        at().prop_map(Damage::SwapWith),
    ]
}

/// Does it; numbers wrap around.
fn inflict(store: &mut Store, path: &str, damage: &Damage) {
    let bytes = store.0.get_mut(path).expect("its own path");
    let length = bytes.len();
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let count = lines.len();
    match *damage {
        Damage::FlipBit(at, bit) => bytes[at % length] ^= 1 << bit,
        Damage::InsertByte(at, byte) => bytes.insert(at % (length + 1), byte),
        Damage::RemoveByte(at) => drop(bytes.remove(at % length)),
        Damage::Truncate(to) => bytes.truncate(to % length),
        Damage::Delete => drop(store.0.remove(path)),
        Damage::RemoveLine(at) => {
            lines.remove(at % count);
            *bytes = lines.concat();
        }
        Damage::DoubleLine(at) => {
            lines.insert(at % count, lines[at % count].clone());
            *bytes = lines.concat();
        }
        Damage::SwapLines(a, b) => {
            lines.swap(a % count, b % count);
            *bytes = lines.concat();
        }
        Damage::SwapWith(other) => {
            let other = store.0.keys().nth(other % store.0.len()).expect("one of them").clone();
            let (a, b) = (store.0[path].clone(), store.0[&other].clone());
            store.0.extend([(path.to_owned(), b), (other, a)]);
        }
    }
}

/// Without a checkpoint there is no log, which is an error and no report.
fn is_whole(pinned: &Pinned, mut store: Store) -> bool {
    verify(pinned, &mut store, &mut |_, _| {}).is_ok_and(|report| report.problems.is_empty())
}

/// A signed log over two borders of tiles, so that a folder of blobs is sealed, with every kind of file, and what the policy pins of it.
static LONG: LazyLock<(Pinned, Store)> = LazyLock::new(|| {
    let world = World::new();
    let entries: Vec<_> = (0..520).map(|n| approved(&format!("LE_{n}"), n % 3)).collect();
    let mut store = log(&origin(), 0, &[], &world.owner);
    let blobs = |n: usize| vec![format!("blob {}", n % 20).into_bytes()];
    let additions: Vec<_> = entries.into_iter().enumerate().map(|(n, entry)| Addition::new(entry, blobs(n))).collect();
    store.append_signed(&origin(), &additions, |files| sign(files, &world.owner));
    (world.policy(), store)
});

#[test]
fn each_kind_of_damage_to_each_kind_of_file_is_found() {
    let (policy, store) = &*LONG;
    assert_eq!(problems_with(policy, store), [""; 0]);
    let kinds =
        ["checkpoint", "edge", "state.json", "open/0", "open/entries.jsonl", "open/tile", "sealed/000", "pulls"];
    for kind in kinds {
        let path = store.0.keys().find(|path| path.starts_with(kind)).expect("one of each").clone();
        for damage in [
            Damage::FlipBit(1, 0),
            Damage::InsertByte(2, b'x'),
            Damage::InsertByte(store.0[&path].len(), b'\n'),
            Damage::RemoveByte(1),
            Damage::Truncate(0),
            Damage::Truncate(store.0[&path].len() - 1),
            Damage::Delete,
            Damage::RemoveLine(0),
            Damage::DoubleLine(0),
            Damage::SwapWith(1),
        ] {
            let mut damaged = store.clone();
            inflict(&mut damaged, &path, &damage);
            assert!(damaged == *store || !is_whole(policy, damaged), "{path}: {damage:?}");
        }
    }
}

/// The tree of entries says nothing of git's: somebody may let a sealed folder be any other that git has.
#[test]
fn a_sealed_segment_holds_its_entries_and_what_they_name_and_nothing_else() {
    let (policy, store) = &*LONG;
    let found = |edit: &dyn Fn(&mut Store)| {
        let mut tampered = store.clone();
        edit(&mut tampered);
        problems_with(policy, &tampered).join("\n")
    };
    let (first, second) = ("sealed/000.trees/000", "sealed/000.trees/001");
    let folder = store.linked(first).expect("sealed").clone();
    let instead = |edit: &dyn Fn(&mut Folder)| {
        found(&|store| {
            let mut folder = folder.clone();
            edit(&mut folder);
            store.relink(first, folder);
        })
    };
    let name = &Digest::of("blob 3").to_string();
    let bytes = &folder[name];
    assert_eq!(instead(&|_| ()), "", "the same folder");
    insta::assert_snapshot!(instead(&|folder| drop(folder.remove(name))), @"entry 4 (LE_3) names `sealed/000.trees/000/dc383e6cb34a818fc2f8469077cd5ff3589f0a548d2717c67d536a7dab6d5515`, which is missing");
    insta::assert_snapshot!(instead(&|folder| drop(folder.insert(name.clone(), b"other".to_vec()))), @"entry 4 (LE_3) names `sealed/000.trees/000/dc383e6cb34a818fc2f8469077cd5ff3589f0a548d2717c67d536a7dab6d5515`, whose bytes are not those of its name");
    insta::assert_snapshot!(instead(&|folder| drop(folder.insert("more".into(), bytes.clone()))), @"`sealed/000.trees/000/more` does not belong to the log");
    insta::assert_snapshot!(instead(&|folder| drop(folder.insert(Digest::of("").to_string(), Vec::new()))), @"`sealed/000.trees/000/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855` does not belong to the log");
    insta::assert_snapshot!(instead(&|folder| drop(folder.remove("tile"))), @"`sealed/000.trees/000/tile` is missing");
    insta::assert_snapshot!(instead(&|folder| folder.get_mut("tile").expect("there")[32 * 7] ^= 1), @"`sealed/000.trees/000/tile` has another hash than entry 7");
    insta::assert_snapshot!(instead(&|folder| folder.get_mut("entries.jsonl").expect("there")[40] ^= 1), @"
    entry 0 is not the first entry that the policy pins: this is another log
    entry 0 (initialised:schema-refistry/github.com/1) does not initialise the log of `schema-registry/github.com/1`
    entry 0 (initialised:schema-refistry/github.com/1) is not what was recorded: `sealed/000.trees/000/tile` has another hash for it
    ");
    insta::assert_snapshot!(instead(&|folder| drop(folder.remove("entries.jsonl"))), @"
    entry 0 is missing, and with it all up to the 521 that the checkpoint counts
    entry 0 is not the first entry that the policy pins: this is another log
    `sealed/000.trees/000/entries.jsonl` is missing
    ");
    insta::assert_snapshot!(instead(&|folder| folder.clear()), @"
    entry 0 is missing, and with it all up to the 521 that the checkpoint counts
    entry 0 is not the first entry that the policy pins: this is another log
    `sealed/000.trees/000/entries.jsonl` is missing
    ");

    let seals = "sealed/000.trees";
    let lines = |store: &mut Store, edit: &dyn Fn(&mut Vec<String>)| {
        let text = String::from_utf8(store.0[seals].clone()).expect("text");
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        edit(&mut lines);
        store.0.insert(seals.into(), lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect());
    };
    insta::assert_snapshot!(found(&|store| drop(store.0.remove(seals))), @"
    entry 0 is missing, and with it all up to the 521 that the checkpoint counts
    entry 0 is not the first entry that the policy pins: this is another log
    `sealed/000.trees/000/entries.jsonl` is missing
    ");
    insta::assert_snapshot!(found(&|store| lines(store, &|lines| lines.push("0".repeat(64)))), @"`sealed/000.trees` does not list 2 trees");
    insta::assert_snapshot!(found(&|store| lines(store, &|lines| drop(lines.pop()))), @"
    entry 256 is missing, and with it all up to the 521 that the checkpoint counts
    `sealed/000.trees/001/entries.jsonl` is missing
    ");
    let swapped = found(&|store| lines(store, &|lines| lines.swap(0, 1)));
    assert!(swapped.contains("`checkpoint` has another root than the 521 entries give"), "{swapped}");
    let reopened = found(&|store| {
        let segment = store.linked(second).expect("sealed").clone();
        store.0.extend(segment.into_iter().map(|(name, bytes)| (format!("open/{name}"), bytes)));
    });
    assert!(!reopened.is_empty(), "{reopened}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_damage_to_any_file_is_found(cases in proptest::collection::vec((any::<usize>(), damage()), 8)) {
        let (policy, store) = &*LONG;
        for (file, damage) in cases {
            let path = store.0.keys().nth(file % store.0.len()).expect("one of them").clone();
            let mut damaged = store.clone();
            inflict(&mut damaged, &path, &damage);
            prop_assert!(damaged == *store || !is_whole(policy, damaged), "{path}: {damage:?}");
        }
    }
}
