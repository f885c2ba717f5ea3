//! Keys and values.

use super::{SMALLEST, refused, with_columns, with_schema};

#[test]
fn unknown_keys() {
    insta::assert_snapshot!(refused(&format!("{SMALLEST}ower: x\nfoo: 1\nTableName: x\n")), @r"
    5:1 Unknown key `ower` / Did you mean `owner`?
        ower -> owner
    6:1 Unknown key `foo` / Remove it, or write `tableName`, `owner`, `registryId`, `schemaJson`, `renamedFrom`, `lifecycle`, `waivers` or `requestMetadata`
    7:1 Unknown key `TableName` / Remove it; `tableName` is given already
    ");
    insta::assert_snapshot!(refused(&with_columns(&["name: id, type: UUID, nulable: false, \"default\": x, primary_key: true"])), @r#"
    4:30 Unknown key `nulable` / Did you mean `nullable`?
        nulable -> nullable
    4:46 Unknown key `default` / Did you mean `defaultValue`?
        "default" -> "defaultValue"
    4:60 Unknown key `primary_key` / Did you mean `primaryKey`?
        primary_key -> primaryKey
    "#);
    insta::assert_snapshot!(refused(&with_schema("indexs: []\nrequestMetadata: {}")), @r"
    5:3 Unknown key `indexs` / Did you mean `indexes`?
        indexs -> indexes
    6:3 Unknown key `requestMetadata` / Remove it, or write `tableName`, `schemaName`, `comment`, `columns`, `primaryKey`, `uniques`, `checks`, `foreignKeys`, `excludes` or `indexes`
    ");
    insta::assert_snapshot!(refused(&with_columns(&["name: id, Name: x, type: UUID"])), @"4:18 Unknown key `Name` / Remove it; `name` is given already");
    let long = "k".repeat(500);
    insta::assert_snapshot!(refused(&format!("{SMALLEST}{long}: 1\n")), @"5:1 Unknown key `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…` / Remove it, or write `tableName`, `owner`, `registryId`, `schemaJson`, `renamedFrom`, `lifecycle`, `waivers` or `requestMetadata`");
}

#[test]
fn values_that_a_comma_ends() {
    let columns = [
        "name: amount, type: NUMERIC(10,2), nullable: false",
        "name: kind, type: TEXT, check: kind IN ('a', 'b', lower('C')), nulable: true",
        "name: open, type: NUMERIC(10, nullable: true",
    ];
    insta::assert_snapshot!(refused(&with_columns(&columns)), @r"
    4:28 The comma ends the value: inside braces, `NUMERIC(10,2)` needs quotes / Write `'NUMERIC(10,2)'`
        NUMERIC(10,2) -> 'NUMERIC(10,2)'
    5:39 The comma ends the value: inside braces, `kind IN ('a', 'b', lower('C'))` needs quotes / Write `'kind IN (''a'', ''b'', lower(''C''))'`
        kind IN ('a', 'b', lower('C')) -> 'kind IN (''a'', ''b'', lower(''C''))'
    5:71 Unknown key `nulable` / Did you mean `nullable`?
        nulable -> nullable
    ");
}

#[test]
fn missing_keys() {
    insta::assert_snapshot!(refused("owner: x\n"), @r"
    1:1 `tableName` is missing / Add `tableName`
    1:1 `schemaJson` is missing / Add `schemaJson`
    ");
    insta::assert_snapshot!(refused("tableName: users\nschemaJson: {}\n"), @"2:13 `schemaJson` has no `columns` / Add `columns`");
    insta::assert_snapshot!(refused(&with_columns(&["name: id", "type: UUID", ""])), @r"
    4:8 `columns[id]` has no `type` / Add `type`
    5:8 `columns[#2]` has no `name` / Add `name`
    6:7 `columns[#3]` has no `name` / Add `name`
    6:7 `columns[#3]` has no `type` / Add `type`
    ");
    insta::assert_snapshot!(refused(&with_schema("primaryKey: {}\nuniques: [{}]\nchecks: [{}]\nforeignKeys: [{}, {columns: [id], references: {}}]\nexcludes: [{}, {elements: [{}]}]\nindexes: [{}, {columns: [{}]}]")), @r"
    5:15 `primaryKey` has no `columns` / Add `columns`
    6:13 `uniques[#1]` has no `columns` / Add `columns`
    7:12 `checks[#1]` has no `expression` / Add `expression`
    8:17 `foreignKeys[#1]` has no `columns` / Add `columns`
    8:17 `foreignKeys[#1]` has no `references` / Add `references`
    8:49 `references` has no `table` / Add `table`
    9:14 `excludes[#1]` has no `elements` / Add `elements`
    9:30 Neither `column` nor `expression` is given / Add one of the two
    9:30 `elements[#1]` has no `with` / Add `with`
    10:13 `indexes[#1]` has no `columns` / Add `columns`
    10:28 Neither `column` nor `expression` is given / Add one of the two
    ");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}waivers: [{{}}]\n")), @r"
    5:11 `waivers[#1]` has no `rule` / Add `rule`
    5:11 `waivers[#1]` has no `reason` / Add `reason`
    5:11 `waivers[#1]` has no `expires` / Add `expires`
    ");
}

#[test]
fn truth_values() {
    insta::assert_snapshot!(refused(&with_columns(&[
        "name: a, type: INT, nullable: no",
        "name: b, type: INT, nullable: \"true\"",
        "name: c, type: INT, unique: 1",
        "name: d, type: INT, unique: maybe",
        "name: e, type: INT, primaryKey: ",
        "name: f, type: INT, primaryKey: [true]",
    ])), @r#"
    4:38 `nullable` must be `true` or `false`, not `no` / Write `false`, without quotes
        no -> false
    5:38 `nullable` must be `true` or `false`, not the text "true" / Write `true`, without quotes
        "true" -> true
    6:36 `unique` must be `true` or `false`, not the number `1` / Write `true`, without quotes
        1 -> true
    7:36 `unique` must be `true` or `false`, not `maybe` / Write `true` or `false`, without quotes
    8:28 `primaryKey` has no value / Give it a value, or remove it
    9:40 `primaryKey` must be `true` or `false`, not a list / Write `true` or `false`
    "#);
    assert_eq!(refused(&with_columns(&["name: a, type: INT, nullable: False, unique: TRUE"])), "");
}

#[test]
fn text() {
    insta::assert_snapshot!(refused(&with_columns(&[
        "name: 1, type: 2",
        "name: true, type: [INT]",
        "name: null, type: ~",
        "name: '', type: ' '",
        "name: a, type: INT, comment: 7, defaultValue: ~, check: , generated: {}",
    ])), @r"
    4:14 `name` must be text, not the number `1` / Write `'1'`, with quotes
        1 -> '1'
    4:23 `type` must be text, not the number `2` / Write `'2'`, with quotes
        2 -> '2'
    5:14 `name` must be text, not the truth value `true` / Write `'true'`, with quotes
        true -> 'true'
    5:26 `type` must be text, not a list / Write one line of text, in single quotes if in doubt
    6:14 `name` has no value / Give it a value, or remove it
    6:26 `type` has no value / Give it a value, or remove it
    7:14 `name` is empty / Give it a value, or remove it
    7:24 `type` is empty / Give it a value, or remove it
    8:37 `comment` must be text, not the number `7` / Write `'7'`, with quotes
        7 -> '7'
    8:54 `defaultValue` has no value / Give it a value, or remove it
    8:57 `check` has no value / Give it a value, or remove it
    8:77 `generated` must be text, not a mapping / Write one line of text, in single quotes if in doubt
    ");
}

#[test]
fn names() {
    let long = "x".repeat(64);
    insta::assert_snapshot!(refused(&with_columns(&[
        "name: größe, type: INT",
        "name: usеr_id, type: INT",
        &format!("name: {long}, type: INT"),
        "name: \"a\\nb\", type: INT",
        "name: a, type: INT, collation: Ç, renamedFrom: é",
    ])), @r"
    4:14 `name` holds `ö` (U+00F6), which is not ASCII / Use ASCII letters, digits and `_`
    5:14 `name` holds `е` (U+0435), which is not ASCII / Use ASCII letters, digits and `_`
    6:14 Name `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 64 bytes, and PostgreSQL keeps 63 / Shorten it
    7:14 `name` holds a line break or tab / Use ASCII letters, digits and `_`
    8:39 `collation` holds `Ç` (U+00C7), which is not ASCII / Use ASCII letters, digits and `_`
    8:55 `renamedFrom` holds `é` (U+00E9), which is not ASCII / Use ASCII letters, digits and `_`
    ");
    let longest = "x".repeat(63);
    assert_eq!(refused(&with_columns(&[&format!("name: {longest}, type: INT"), "name: 'a \"b\" c', type: INT"])), "");
}

#[test]
fn words_out_of_a_few() {
    insta::assert_snapshot!(refused(&with_columns(&[
        "name: a, type: INT, identity: sometimes",
        "name: b, type: INT, identity: by-defualt",
        "name: c, type: INT, references: {table: t, onDelete: CASCADES, onUpdate: [x]}",
    ])), @r"
    4:38 `identity` must be `always` or `byDefault`, not `sometimes` / Write `always` or `byDefault`
    5:38 `identity` must be `always` or `byDefault`, not `by-defualt` / Did you mean `byDefault`?
        by-defualt -> byDefault
    6:61 `onDelete` must be `NO ACTION`, `RESTRICT`, `CASCADE`, `SET NULL` or `SET DEFAULT`, not `CASCADES` / Did you mean `CASCADE`?
        CASCADES -> CASCADE
    6:81 `onUpdate` must be `NO ACTION`, `RESTRICT`, `CASCADE`, `SET NULL` or `SET DEFAULT`, not a list / Write one of these words
    ");
    insta::assert_snapshot!(refused(&with_schema("uniques: [{columns: [id], deferrable: true}]\nindexes: [{columns: [{column: id, order: up, nulls: frist}], type: btre}]")), @r"
    5:41 `deferrable` must be `initiallyDeferred` or `initiallyImmediate`, not `true` / Write `initiallyDeferred` or `initiallyImmediate`
    6:44 `order` must be `asc` or `desc`, not `up` / Write `asc` or `desc`
    6:55 `nulls` must be `first` or `last`, not `frist` / Did you mean `first`?
        frist -> first
    6:70 `type` must be `BTREE`, `GIN`, `GIST`, `HASH`, `BRIN` or `SPGIST`, not `btre` / Did you mean `BTREE`?
        btre -> BTREE
    ");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}lifecycle: drop\n")), @r"
    5:12 `lifecycle` must be `active` or `dropped`, not `drop` / Did you mean `dropped`?
        drop -> dropped
    ");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}lifecycle: deleted\n")), @"5:12 `lifecycle` must be `active` or `dropped`, not `deleted` / Write `active` or `dropped`");
}

#[test]
fn lists() {
    insta::assert_snapshot!(refused(&with_schema("primaryKey: id\nuniques: {columns: [id]}\nindexes: [{columns: id}, {columns: []}, {columns: [1]}, id]")), @r"
    5:15 `primaryKey` must be a list, not `id` / Write `[id]`
        id -> [id]
    6:12 `uniques` must be a list, not a mapping / Write a list
    7:23 `columns` must be a list, not `id` / Write `[id]`
        id -> [id]
    7:38 `columns` is an empty list / Name at least one
    7:54 `columns[#1]` must be text, not the number `1` / Write `'1'`, with quotes
        1 -> '1'
    7:59 `indexes[id]` must be a mapping, not `id` / Give it keys: `name`, `columns`, `type`, `unique`, `include`, `where` or `nullsNotDistinct`
    ");
    insta::assert_snapshot!(refused("tableName: users\nschemaJson:\n  columns: []\n"), @"3:12 `columns` is an empty list / Name at least one");
    insta::assert_snapshot!(refused("tableName: users\nschemaJson:\n  columns: [id]\n"), @"3:13 `columns[id]` must be a mapping, not `id` / Give it keys: `name`, `type`, `primaryKey`, `nullable`, `defaultValue`, `identity`, `generated`, `collation`, `check`, `unique`, `references`, `comment`, `classification` or `renamedFrom`");
}

#[test]
fn metadata() {
    let refused = |at: &str| refused(&format!("{SMALLEST}requestMetadata: {{requestedAt: {at}}}\n"));
    insta::assert_snapshot!(refused("yesterday"), @"5:32 `requestedAt` is neither Unix seconds nor an RFC 3339 time: `yesterday` / Write it as `2026-11-24T03:00:00Z`, or let `generate` fill it in");
    insta::assert_snapshot!(refused("2026-11-24"), @"5:32 `requestedAt` is neither Unix seconds nor an RFC 3339 time: `2026-11-24` / Write it as `2026-11-24T03:00:00Z`, or let `generate` fill it in");
    insta::assert_snapshot!(refused("1701792000000"), @r"
    5:32 `requestedAt` is neither Unix seconds nor an RFC 3339 time: `1701792000000` / Write seconds, not milliseconds: `1701792000`
        1701792000000 -> 1701792000
    ");
    insta::assert_snapshot!(refused("-1"), @"5:32 `requestedAt` is neither Unix seconds nor an RFC 3339 time: `-1` / Write it as `2026-11-24T03:00:00Z`, or let `generate` fill it in");
    insta::assert_snapshot!(refused("1e300"), @"5:32 `requestedAt` is neither Unix seconds nor an RFC 3339 time: `1e300` / Write it as `2026-11-24T03:00:00Z`, or let `generate` fill it in");
    insta::assert_snapshot!(refused(".nan"), @"5:32 `requestedAt` is neither Unix seconds nor an RFC 3339 time: `.nan` / Write it as `2026-11-24T03:00:00Z`, or let `generate` fill it in");
    insta::assert_snapshot!(refused("\"1701792000\""), @"5:32 `requestedAt` is neither Unix seconds nor an RFC 3339 time: `1701792000` / Write it as `2026-11-24T03:00:00Z`, or let `generate` fill it in");
    insta::assert_snapshot!(refused("2026-02-30T00:00:00Z"), @"5:32 `requestedAt` is neither Unix seconds nor an RFC 3339 time: `2026-02-30T00:00:00Z` / Write it as `2026-11-24T03:00:00Z`, or let `generate` fill it in");
    insta::assert_snapshot!(refused("[1]"), @"5:32 `requestedAt` must be text, not a list / Write one line of text, in single quotes if in doubt");
}

#[test]
fn ids_dates_and_operators() {
    insta::assert_snapshot!(refused(&format!("{SMALLEST}registryId: '550e8400'\n")), @"5:13 `registryId` is not a UUID: `550e8400` / Remove it, or copy the id from the audit log");
    insta::assert_snapshot!(refused(&format!("{SMALLEST}waivers: [{{rule: a, reason: b, expires: 2027-1-1}}, {{rule: a, reason: '', expires: 2027-02-29}}]\n")), @r"
    5:41 `expires` is not a date: `2027-1-1` / Write it as `2027-01-01`
    5:70 `reason` is empty / Give it a value, or remove it
    5:83 `expires` is not a date: `2027-02-29` / Write it as `2027-01-01`
    ");
    insta::assert_snapshot!(refused(&with_schema("excludes: [{elements: [{column: id, with: '= ) ,'}, {column: id, with: '--'}]}]")), @r"
    5:45 `= ) ,` is not an operator / Write an operator such as `=` or `&&`, in quotes
    5:74 `--` is not an operator / Write an operator such as `=` or `&&`, in quotes
    ");
}
