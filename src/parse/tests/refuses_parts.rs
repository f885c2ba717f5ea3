//! Parts that contradict each other.

use super::{SMALLEST, refused, with_columns, with_schema};

#[test]
fn the_name_of_the_table() {
    insta::assert_snapshot!(refused(&with_schema("tableName: posts")), @r"
    5:14 `schemaJson.tableName` is `posts`, but `tableName` is `users` / Write `users`, or remove it
        posts -> users
    ");
    assert_eq!(refused(&with_schema("tableName: users")), "");
}

#[test]
fn settings_of_a_column() {
    insta::assert_snapshot!(refused(&with_columns(&[
        "name: a, type: INT, identity: always, defaultValue: 0",
        "name: b, type: INT, generated: a + 1, defaultValue: 0",
        "name: c, type: INT, generated: a + 1, identity: always",
        "name: d, type: INT, primaryKey: true, nullable: true",
        "name: e, type: INT, identity: byDefault, nullable: true",
        "name: f, type: INT, references: {table: t, column: a, columns: [a]}",
        "name: g, type: INT, references: {table: t, columns: [a, b]}",
    ])), @r"
    4:60 Column `a` has both `identity` and `defaultValue` / Remove `identity` or `defaultValue`
    5:60 Column `b` has both `generated` and `defaultValue` / Remove `generated` or `defaultValue`
    6:56 Column `c` has both `generated` and `identity` / Remove `generated` or `identity`
    7:56 Column `d` is nullable, which `primaryKey` rules out / Set `nullable: false`, or remove it
    8:59 Column `e` is nullable, which `identity` rules out / Set `nullable: false`, or remove it
    9:59 Both `column` and `columns` are given / Keep one of the two
    10:40 A column cannot reference several columns, `b` among them / Move it to `foreignKeys`
    ");
    insta::assert_snapshot!(refused(&(with_columns(&["name: a, type: INT, nullable: true"]) + "  primaryKey: [a]\n")), @"4:38 Column `a` is nullable, which `primaryKey` rules out / Set `nullable: false`, or remove it");
}

#[test]
fn names_given_twice() {
    insta::assert_snapshot!(refused(&with_columns(&["name: a, type: INT", "name: b, type: INT", "name: a, type: INT"])), @"6:14 Column `a` is given twice / Keep one of the two");
    let schema = |constraints: &str, indexes: &str| {
        refused(&with_schema(&format!(
            "primaryKey: {{name: k, columns: [id]}}\nuniques: [{{name: u, columns: [id]}}]\n{constraints}\nindexes: [{indexes}]"
        )))
    };
    insta::assert_snapshot!(schema("checks: [{name: u, expression: a}, {name: k, expression: a}]\nexcludes: [{name: users, elements: [{column: id, with: '='}]}]", "{name: k, columns: [id]}, {name: i, columns: [id]}, {name: i, columns: [id]}, {name: users, columns: [id]}"), @r"
    7:19 Name `u` is taken by another constraint / Choose another name
    7:45 Name `k` is taken by another constraint / Choose another name
    8:21 Name `users` is taken by the table / Choose another name
    9:20 Name `k` is taken by the index of a constraint / Choose another name
    9:72 Name `i` is taken by another index / Choose another name
    9:98 Name `users` is taken by the index of a constraint / Choose another name
    ");
    // Checks and foreign keys are no relations.
    assert_eq!(
        schema(
            "checks: [{name: users, expression: a}, {name: i, expression: a}]\nforeignKeys: [{name: f, columns: [id], references: {table: t, columns: [id]}}]",
            "{name: i, columns: [id]}, {name: f, columns: [id]}"
        ),
        ""
    );
}

#[test]
fn columns_that_are_not_there() {
    insta::assert_snapshot!(refused(&with_schema(
        "primaryKey: [idd]\nuniques: [{columns: [id, id]}]\nforeignKeys: [{columns: [team], references: {table: teams}}]\nexcludes: [{elements: [{column: ids, with: '='}]}]\nindexes:\n  - {columns: [x, {column: Id}], include: ['ID']}"
    )), @r"
    5:16 The table has no column `idd` / Did you mean `id`?
        idd -> id
    6:28 Column `id` is named twice / Name it once
    7:28 The table has no column `team` / Add the column, or name one that the table has
    8:35 The table has no column `ids` / Did you mean `id`?
        ids -> id
    10:18 The table has no column `x` / Add the column, or name one that the table has
    10:30 The table has no column `Id` / Did you mean `id`?
        Id -> id
    10:46 The table has no column `ID` / Did you mean `id`?
        'ID' -> 'id'
    ");
}

#[test]
fn foreign_keys() {
    insta::assert_snapshot!(refused(&with_schema(
        "foreignKeys:\n  - columns: [id]\n    references: {table: t, columns: [a, b]}\n  - {columns: [id], references: {table: t, onDelete: CASCADE}}"
    )), @r"
    6:7 Foreign key references 2 columns from 1 / Name as many columns on both sides
    8:46 Unknown key `onDelete` / Put `onDelete` and `onUpdate` beside `references`
    ");
}

#[test]
fn what_an_index_cannot_do() {
    insta::assert_snapshot!(refused(&with_schema(
        "indexes:\n  - {columns: [id], type: GIN, include: [id]}\n  - {columns: [id], type: HASH, unique: true}\n  - {columns: [id], nullsNotDistinct: true}\n  - {columns: [{column: id, order: desc}], type: gin}\n  - {columns: [{column: id, expression: lower(id)}]}\n  - {columns: [{order: desc}]}\nexcludes: [{using: gin, elements: [{column: id, with: '='}]}]"
    )), @r"
    6:43 A GIN index cannot include columns / Remove `include`, or use BTREE, GIST or SPGIST
    7:43 A HASH index cannot be unique / Use BTREE, or remove `unique`
    8:41 Only a unique index has `nullsNotDistinct` / Set `unique: true`, or remove it
    9:17 A GIN index has no order / Remove `order` and `nulls`, or use BTREE
    10:43 Both `column` and `expression` are given / Keep one of the two
    11:19 Neither `column` nor `expression` is given / Add one of the two
    12:22 An exclusion constraint cannot use GIN / Use GIST, or BTREE for equality alone
    ");
}

#[test]
fn more_than_postgresql_holds() {
    let columns: Vec<String> = (0..1601).map(|n| format!("name: c{n}, type: INT")).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    insta::assert_snapshot!(refused(&with_columns(&columns)), @"1604:7 The table has 1601 columns, and PostgreSQL allows 1600 / Split the table");
    let many = vec!["id"; 33].join(", ");
    insta::assert_snapshot!(refused(&with_schema(&format!("primaryKey: [{many}]\nindexes: [{{columns: [{many}]}}]"))), @r"
    5:15 33 columns are too many, PostgreSQL allows 32 / Name fewer columns
    6:23 The index has too many columns, PostgreSQL allows 32 / Name fewer columns
    ");
}

#[test]
fn one_file_gives_all_its_refusals_but_no_flood() {
    let text = format!("{SMALLEST}{}", (0..300).map(|n| format!("zzz{n}: 1\n")).collect::<String>());
    let shown = refused(&text);
    assert_eq!(shown.lines().count(), 200);
    insta::assert_snapshot!(shown.lines().last().unwrap_or_default(), @"204:1 101 more places of the file are refused / Fix those above first");
}
