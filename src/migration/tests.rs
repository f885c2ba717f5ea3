use chrono::TimeZone as _;

use super::*;
use crate::{
    model::{Check, Column, Exclude, ExcludeElement, IndexKey, IndexMethod, LockMode, Renames, TableName},
    sql::fixtures::{caricatures, column, hostile},
};

pub(super) fn create(table: Table) -> Change {
    Change {
        table: table.name.clone(),
        kind: ChangeKind::Create,
        before: None,
        after: Some(table),
        renames: Renames::default(),
    }
}

fn drop(table: Table) -> Change {
    Change {
        table: table.name.clone(),
        kind: ChangeKind::Drop,
        before: Some(table),
        after: None,
        renames: Renames::default(),
    }
}

fn stamp() -> DateTime<Utc> {
    Utc.timestamp_opt(1_701_777_600, 0).unwrap()
}

fn only(change: &Change, before: Option<Digest>) -> (Plan, Migration) {
    let (plan, migrations) = generate(change, stamp(), before, false).unwrap();
    let [migration] = <[_; 1]>::try_from(migrations).unwrap();
    (plan, migration)
}

fn shown(plan: &Plan) -> String {
    let lock = |lock: &crate::model::Lock| format!("{} {}", lock.table, lock.mode.as_str());
    let line = |operation: &crate::model::Operation| {
        let locks = operation.locks.iter().map(lock).collect::<Vec<_>>().join(", ");
        let loses = operation.data_loss.as_deref().unwrap_or("nothing");
        let reversible = if operation.reversible { "reversible" } else { "irreversible" };
        format!("{}: locks [{locks}], loses {loses}, {reversible}\n", operation.summary)
    };
    plan.operations.iter().map(line).collect()
}

#[test]
fn a_created_table() {
    let (plan, migration) = only(&create(caricatures()), None);
    assert_eq!(migration.name.0, "20231205_120000_create_caricatures");
    insta::assert_snapshot!("create_caricatures_up", migration.up);
    insta::assert_snapshot!("create_caricatures_down", migration.down);
    insta::assert_snapshot!(shown(&plan), @r"
    create table caricatures: locks [], loses nothing, reversible
    create index idx_caricatures_user_id on caricatures: locks [], loses nothing, reversible
    create index idx_caricatures_created_at on caricatures: locks [], loses nothing, reversible
    ");
}

#[test]
fn a_schema_of_its_own_is_created_where_there_is_none() {
    let table = Table { name: TableName::new("Billing", "caricatures"), ..caricatures() };
    let (plan, migration) = only(&create(table), None);
    assert_eq!(plan.operations[0].summary, "create schema Billing where there is none");
    let expected = "IF to_regnamespace('\"Billing\"') IS NULL THEN\n    CREATE SCHEMA \"Billing\";";
    assert!(migration.up.contains(expected), "{}", migration.up);
    assert!(!migration.down.contains("SCHEMA"), "other tables may be there: {}", migration.down);
}

#[test]
fn a_dropped_table() {
    let table = caricatures();
    let before = table.state_digest();
    let (plan, migration) = only(&drop(table), Some(before));
    assert_eq!(migration.name.0, "20231205_120000_drop_caricatures");
    insta::assert_snapshot!("drop_caricatures_up", migration.up);
    insta::assert_snapshot!(shown(&plan), @"drop table caricatures: locks [public.caricatures ACCESS EXCLUSIVE], loses all rows of caricatures, irreversible");
    let created = only(&create(caricatures()), None).1.up;
    let (_, body) = created.split_once("BEGIN;").unwrap();
    assert!(migration.down.ends_with(body), "{}", migration.down);
}

#[test]
fn one_of_everything_under_hostile_names() {
    let (plan, migration) = only(&create(hostile()), None);
    insta::assert_snapshot!("create_hostile_up", migration.up);
    insta::assert_snapshot!("create_hostile_down", migration.down);
    let [_, created, ..] = plan.operations.as_slice() else { panic!("{plan:?}") };
    let locks: Vec<_> = created.locks.iter().map(|lock| (lock.table.to_string(), lock.mode)).collect();
    assert_eq!(locks, [("public.json".to_owned(), LockMode::ShareRowExclusive)]);
    let (plan, _) = only(&drop(hostile()), None);
    assert_eq!(plan.operations[0].locks.len(), 2);
    assert!(plan.operations[0].locks.iter().all(|lock| lock.mode == LockMode::AccessExclusive));
}

#[test]
fn the_same_change_gives_the_same_bytes_and_another_digest_other_ones() {
    assert_eq!(only(&create(hostile()), None), only(&create(hostile()), None));
    assert_ne!(only(&create(hostile()), None), only(&create(hostile()), Some(Digest::of("x"))));
}

#[test]
fn files_are_read_back() {
    for table in [caricatures(), hostile()] {
        let migration = only(&create(table), None).1;
        let path = format!("migrations/{}", migration.name.up_file());
        let file = read_file(&path, migration.up.as_bytes()).unwrap();
        assert_eq!(file.header, migration.header);
        assert_eq!((file.stem.as_str(), file.up, file.stamp), (migration.name.0.as_str(), true, stamp()));
        let other = format!("migrations/{}", migration.name.up_file().replace("create_", "create_x"));
        assert!(read_file(&other, migration.up.as_bytes()).unwrap_err().starts_with("has a name that disagrees"));
    }
}

#[test]
fn ups_come_in_order_and_only_from_the_folder_itself() {
    let file = |year: i32, table: &str| {
        let table = Table { name: TableName::public(table), ..caricatures() };
        let stamp = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap();
        let migration = generate(&create(table), stamp, None, false).unwrap().1.remove(0);
        (migration.name.up_file(), crate::model::File::regular(migration.up))
    };
    let mut tree = Tree::new();
    for (folder, (name, file)) in
        [("db", file(2024, "b")), ("db", file(2023, "c")), ("db/old", file(2022, "a")), ("db2", file(2021, "d"))]
    {
        tree.insert(format!("{folder}/{name}"), file);
    }
    tree.insert("db/README.md".to_owned(), crate::model::File::regular("x"));
    let tables: Vec<_> = ups(&tree, "db").into_iter().map(|file| file.header.subject.short()).collect();
    assert_eq!(tables, ["c", "b"]);
    assert_eq!(Chains::read(&tree, "db/").iter().count(), 2);
}

fn refusals(change: &Change) -> String {
    let refusals = generate(change, stamp(), None, false).unwrap_err();
    refusals
        .into_iter()
        .map(|refusal| format!("{}: {} | {}", refusal.route, refusal.message, refusal.suggestion))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_would_block_or_lose_is_refused_with_the_way_out() {
    let mut wanted = caricatures();
    wanted.columns[0].type_name = "bigint".to_owned();
    wanted.columns[2].type_name = "character varying(40)".to_owned();
    wanted.columns[4].generated = Some("lower(user_id)".to_owned());
    wanted.columns[5].type_name = "timestamp without time zone".to_owned();
    wanted.columns.push(Column { nullable: false, ..column("slug", "text") });
    let alter = Change {
        table: wanted.name.clone(),
        kind: ChangeKind::Alter,
        before: Some(caricatures()),
        after: Some(wanted),
        renames: Renames::default(),
    };
    insta::assert_snapshot!(refusals(&alter), @r"
    schemaJson.columns[id].type: Changing column id from uuid to bigint would write every row anew while all wait, or refuse values | Expand and contract: (1) request a new column beside id; (2) write both and fill the old rows; (3) read the new one; (4) drop id in a later request
    schemaJson.columns[username].type: Changing column username from text to character varying(40) would write every row anew while all wait, or refuse values | Expand and contract: (1) request a new column beside username; (2) write both and fill the old rows; (3) read the new one; (4) drop username in a later request
    schemaJson.columns[description].generated: Changing how column description is generated would write every row anew while all wait | Expand and contract: (1) request a new column beside description; (2) write both and fill the old rows; (3) read the new one; (4) drop description in a later request
    schemaJson.columns[created_at].type: Changing column created_at from timestamp with time zone to timestamp without time zone would build index idx_caricatures_created_at anew while all wait | Expand and contract: (1) request a new column beside created_at; (2) write both and fill the old rows; (3) read the new one; (4) drop created_at in a later request
    schemaJson.columns[slug]: Column slug is new and NOT NULL, and rows that exist have no value for it | Give it a default; or request it nullable first, fill it, and make it NOT NULL in a later request
    ");
}

#[test]
fn what_cannot_be_written_is_refused_and_never_pasted() {
    let mut table = caricatures();
    table.columns[0].default = Some("1) AS x, (2".to_owned());
    table.columns[1].type_name = "text REFERENCES users (id)".to_owned();
    table.columns[2].name = "a\nb".to_owned();
    table.checks = vec![Check { name: "c".to_owned(), expression: "(SELECT 1) = 1".to_owned() }];
    table.indexes[1].name = "i".repeat(64);
    table.indexes[0].predicate = Some("made > now()".to_owned());
    table.excludes = vec![Exclude {
        name: "x".to_owned(),
        using: IndexMethod::Gist,
        elements: vec![ExcludeElement { key: IndexKey::Column("id".to_owned()), operator: "=) --".to_owned() }],
        predicate: None,
    }];
    insta::assert_snapshot!(refusals(&create(table)), @r#"
    schemaJson: The name "a\nb" cannot be written as SQL: A name must not be empty or hold control characters | Correct it
    schemaJson: The name "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii" cannot be written as SQL: A name has at most 63 bytes, not 64 | Correct it
    schemaJson.columns[id].defaultValue: The default of column id cannot be written as SQL: Exactly one expression is expected here | Correct it
    schemaJson.columns[user_id].type: The type of column user_id cannot be written as SQL: Syntax error at or near "users" | Write the type alone; `REFERENCES` has a field of its own
    schemaJson.checks[c].expression: The check c cannot be written as SQL: A check cannot hold a subquery | Correct it
    schemaJson.excludes[x].elements: The exclusion constraint x cannot be written as SQL: `=) --` is not an operator | Correct it
    schemaJson.indexes[idx_caricatures_user_id].where: The predicate of idx_caricatures_user_id cannot be written as SQL: `now()` is not immutable and cannot be in a predicate | Use only functions whose result depends on nothing but their arguments
    "#);
    let far = Utc.with_ymd_and_hms(12_023, 1, 1, 0, 0, 0).unwrap();
    assert!(generate(&create(caricatures()), far, None, false).is_err());
    let long = Table { name: TableName::new("S".repeat(63), "T".repeat(63)), ..caricatures() };
    assert!(generate(&create(long), stamp(), None, false).is_err());
}

#[test]
fn nothing_to_do_gives_nothing() {
    let change = Change { kind: ChangeKind::None, ..create(caricatures()) };
    assert_eq!(generate(&change, stamp(), None, false), Ok((Plan::default(), Vec::new())));
}
