//! In which order the changes of several tables run.

use chrono::TimeZone as _;
use proptest::prelude::*;

use super::*;
use crate::model::{Activity, File};

/// A request for a table; `columns` come after the key.
fn request(table: &str, head: &str, columns: &[&str]) -> String {
    let columns = columns.iter().fold(String::new(), |text, column| text + "    - {" + column + "}\n");
    format!(
        "tableName: {table}\n{head}schemaJson:\n  columns:\n    - {{name: id, type: UUID, primaryKey: true}}\n{columns}\
         requestMetadata: {{justification: It is needed, requestedAt: 2026-01-05T09:00:00Z}}\n"
    )
}

fn tree(requests: &[(&str, String)]) -> Tree {
    let path = |table: &str| format!("schema-requests/{table}.yaml");
    requests.iter().map(|(table, text)| (path(table), File::regular(text.as_str()))).collect()
}

fn revision(base: &Tree, merged: &Tree) -> Snapshot {
    let changed = base.keys().chain(merged.keys()).filter(|path| base.get(*path) != merged.get(*path));
    Snapshot {
        policy: Policy::default(),
        now: Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap(),
        base: base.clone(),
        merged: merged.clone(),
        scope: Scope::Changed(changed.cloned().collect()),
        activity: Activity::default(),
    }
}

/// Writes the stamps that `merged` lacks.
fn stamp(base: &Tree, merged: &mut Tree) {
    for stamp in assign_stamps(&revision(base, merged)) {
        let file = merged.get_mut(&stamp.path).unwrap();
        file.bytes = crate::parse::set_requested_at(&file.bytes, stamp.at).unwrap();
    }
}

/// The tables of the changes, in the order of their stamps once `generate` has written them.
fn order(base: &[(&str, String)], merged: &[(&str, String)]) -> String {
    let base = tree(base);
    let mut merged = tree(merged);
    stamp(&base, &mut merged);
    assert_eq!(assign_stamps(&revision(&base, &merged)), [], "a second run has nothing to do");
    let snapshot = revision(&base, &merged);
    let empty = Tree::new();
    let order = order::Order::read(&changes::Sides::read(&snapshot, &empty));
    let mut tables: Vec<_> = order.waiting.values().collect();
    tables.sort_by_key(|waiting| waiting.requested_at);
    let names: Vec<String> = tables.into_iter().map(|waiting| waiting.change.table.short()).collect();
    names.join(" ")
}

const TO_B: &str = "name: b_id, type: UUID, references: {table: b, column: id}";
const TO_A: &str = "name: a_id, type: UUID, references: {table: a, column: id}";
const A_CODE: &str = "name: a_code, type: TEXT";
const TO_A_CODE: &str = "name: a_code, type: TEXT, references: {table: a, column: code}";
const CODE: &str = "name: code, type: TEXT";
const UNIQUE_CODE: &str = "name: code, type: TEXT, unique: true";
const TO_CODE: &str = "name: b_code, type: TEXT, references: {table: b, column: code}";
const NOTE: &str = "name: note, type: TEXT";

/// `a` comes before `b` unless something makes it wait.
#[test]
fn what_brings_goes_first_and_what_lets_go_goes_before_what_takes_away() {
    let plain = |table| (table, request(table, "", &[]));
    let a = |columns: &[&str]| ("a", request("a", "", columns));
    let b = |columns: &[&str]| ("b", request("b", "", columns));
    let dropped = |(table, text): (&'static str, String)| (table, text + "lifecycle: dropped\n");
    let c = || ("c", request("c", "renamedFrom: b\n", &[]));
    let to_c = "name: b_id, type: UUID, references: {table: c, column: id}";
    let renamed = "name: key, renamedFrom: code, type: TEXT, unique: true";
    let to_key = "name: b_code, type: TEXT, references: {table: b, column: key}";
    let cases: [(&str, Vec<_>, Vec<_>, &str); 10] = [
        ("nothing", vec![plain("a"), plain("b")], vec![a(&[NOTE]), b(&[NOTE])], "a b"),
        ("a created table", vec![], vec![a(&[TO_B]), b(&[])], "b a"),
        ("a key on an existing table", vec![plain("a")], vec![a(&[TO_B]), b(&[])], "b a"),
        ("the base has what is referred to", vec![plain("a"), plain("b")], vec![a(&[TO_B]), b(&[NOTE])], "a b"),
        ("a new unique key", vec![plain("a"), b(&[CODE])], vec![a(&[TO_CODE]), b(&[UNIQUE_CODE])], "b a"),
        ("a renamed table", vec![plain("a"), plain("b")], vec![a(&[to_c]), c()], "c a"),
        ("a renamed column", vec![a(&[TO_CODE]), b(&[UNIQUE_CODE])], vec![a(&[to_key, NOTE]), b(&[renamed])], "b a"),
        ("a dropped table", vec![plain("a"), b(&[TO_A])], vec![dropped(a(&[])), b(&["name: a_id, type: UUID"])], "b a"),
        ("a dropped key", vec![a(&[UNIQUE_CODE]), b(&[TO_A_CODE])], vec![a(&[CODE]), b(&[A_CODE])], "b a"),
        ("both dropped", vec![plain("a"), b(&[TO_A])], vec![dropped(a(&[])), dropped(b(&[TO_A]))], "b a"),
    ];
    for (case, base, merged, expected) in cases {
        assert_eq!(order(&base, &merged), expected, "{case}");
    }
}

/// A table of a random revision: whether it is there, to which tables it refers, when it was asked for, and which of
/// [`COLUMNS`] it has.
type Wish = (bool, Vec<usize>, u32, Vec<bool>);

const COLUMNS: [&str; 4] = [
    "name: extra_note, type: TEXT",
    "name: extra_memo, renamedFrom: extra_note, type: TEXT, nullable: false, defaultValue: \"''\"",
    "name: extra_code, type: TEXT, unique: true",
    "name: extra_size, type: BIGINT, check: extra_size > 0",
];

fn tables() -> impl Strategy<Value = Vec<Wish>> {
    let parents = prop::collection::vec(0..5_usize, 0..3);
    let columns = prop::collection::vec(any::<bool>(), COLUMNS.len());
    prop::collection::vec((any::<bool>(), parents, 0..4_u32, columns), 5)
}

/// Requests for the tables `t0` to `t4`: those that are off are dropped where the base has them, those that the base has
/// get other columns. References point to any table that is there, so that there are circles.
fn requests(base: &Tree, tables: &[Wish]) -> Tree {
    let path = |number: usize| format!("schema-requests/t{number}.yaml");
    let known = |number| base.get(&path(number)).map(|file| String::from_utf8(file.bytes.clone()).unwrap());
    let is_gone = |text: &String| text.contains("lifecycle: dropped");
    let mut merged = base.clone();
    for (number, (wanted, parents, second, columns)) in tables.iter().enumerate() {
        let columns =
            COLUMNS.iter().zip(columns).filter(|(_, wanted)| **wanted).map(|(column, _)| (*column).to_owned());
        let text = match (wanted, known(number)) {
            (true, None) => {
                let is_there = |parent: usize| tables[parent].0 && !known(parent).as_ref().is_some_and(is_gone);
                let parents: BTreeSet<_> = parents.iter().filter(|parent| is_there(**parent)).collect();
                let column = |parent: &usize| {
                    format!("name: t{parent}_id, type: UUID, references: {{table: t{parent}, column: id}}")
                };
                let columns: Vec<String> = parents.into_iter().map(column).chain(columns).collect();
                let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                request(&format!("t{number}"), "", &columns).replace("09:00:00", &format!("09:00:0{second}"))
            }
            (true, Some(text)) if !is_gone(&text) => {
                let kept: String = text.split_inclusive('\n').filter(|line| !line.contains("extra_")).collect();
                let columns = columns.fold(String::new(), |text, column| text + "    - {" + &column + "}\n");
                kept.replace("requestMetadata", &(columns + "requestMetadata"))
            }
            (false, Some(text)) if !is_gone(&text) => text + "lifecycle: dropped\n",
            _ => continue,
        };
        merged.insert(path(number), File::regular(text.as_str()));
    }
    merged
}

/// Writes what `generate` writes.
fn generate(base: &Tree, merged: &mut Tree) {
    stamp(base, merged);
    let outcome = evaluate(&revision(base, merged));
    for migration in outcome.requests.iter().flat_map(|request| &request.migrations) {
        for (name, text) in [(migration.name.up_file(), &migration.up), (migration.name.down_file(), &migration.down)] {
            merged.insert(format!("migrations/{name}"), File::regular(text.as_str()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Pull request after pull request: what `generate` writes is all that is missing, and nothing of it is stale.
    #[test]
    fn a_second_run_writes_nothing_and_the_check_finds_nothing_stale(rounds in prop::collection::vec(tables(), 1..4)) {
        let mut base = Tree::new();
        for tables in rounds {
            let mut merged = requests(&base, &tables);
            generate(&base, &mut merged);
            let once = merged.clone();
            generate(&base, &mut merged);
            prop_assert!(once == merged, "a second run writes nothing");
            let outcome = evaluate(&revision(&base, &merged));
            let rules = ["stale-migration", "edited-migration", "unrecognised-file", "unsupported-change"];
            let found: Vec<_> = outcome.all_violations().filter(|it| rules.contains(&it.rule)).map(|it| &it.message).collect();
            prop_assert_eq!(found, Vec::<&String>::new());
            base = merged;
        }
    }
}
