//! Everything that the format has.

use chrono::{TimeZone, Utc};

use super::{SMALLEST, parse, refused};
use crate::{
    model::*,
    parse::{parse_request, registry_id},
};

/// The example of the documentation, with every key there is.
const EVERYTHING: &str = include_str!("everything.yaml");

fn request(text: &str) -> Request {
    let parsed = parse(text);
    assert_eq!(parsed.refusals, [], "{text}");
    parsed.request.expect("nothing is refused")
}

/// `{:?}` without the routes, which every value repeats.
fn brief(value: impl std::fmt::Debug) -> String {
    let mut text = format!("{value:?}");
    while let Some(start) = text.find("route: Route([") {
        let end = start + text[start..].find("]), ").expect("a route is never the last field") + 4;
        text.replace_range(start..end, "");
    }
    text
}

#[test]
fn the_whole_format() {
    let parsed = parse_request("schema-requests/audit.users.yaml", &File::regular(EVERYTHING));
    assert_eq!(parsed.refusals, []);
    let request = parsed.request.expect("nothing is refused");
    let schema = &request.schema;
    let mut lines = vec![brief((&request.table, &request.owner, &request.registry_id, &request.renamed_from))];
    lines.push(brief((request.lifecycle, &request.waivers, &request.metadata)));
    lines.push(brief((&schema.comment, &schema.primary_key)));
    lines.extend(schema.columns.iter().map(brief));
    lines.extend(schema.uniques.iter().map(brief));
    lines.extend(schema.checks.iter().map(brief));
    lines.extend(schema.foreign_keys.iter().map(brief));
    lines.extend(schema.excludes.iter().map(brief));
    lines.extend(schema.indexes.iter().map(brief));
    insta::assert_snapshot!(lines.join("\n"), @r#"
    (TableName { schema: "audit", name: "users" }, Some(Field { value: "omega-bot" }), Some(Field { value: 550e8400-e29b-41d4-a716-446655440000 }), Some(Field { value: "people" }))
    (Dropped, [Waiver { rule: "bigint-precision", reason: "Counted in the database alone", expires: 2027-01-01 }], RequestMetadata { requested_by: Some(Field { value: "omega" }), requested_by_username: Some(Field { value: "omega-bot" }), justification: Some(Field { value: "Because" }), related_issue: Some(Field { value: "676" }), feature_id: Some(Field { value: "F-1" }), requested_at: Some(Field { value: 2026-11-24T03:00:00Z }) })
    (Some(Field { value: "People.\nAll of them.\n" }), Some(RequestedKey { name: Some("users_key"), columns: ["id", "team_id"] }))
    RequestedColumn { name: "id", type_text: "UUID", primary_key: true, nullable: Some(false), default: Some("gen_random_uuid()"), identity: None, generated: None, collation: None, check: None, unique: false, references: None, comment: None, classification: None, renamed_from: None }
    RequestedColumn { name: "seq", type_text: "BIGINT", primary_key: false, nullable: None, default: None, identity: Some(Always), generated: None, collation: None, check: None, unique: false, references: None, comment: None, classification: None, renamed_from: None }
    RequestedColumn { name: "team_id", type_text: "UUID", primary_key: false, nullable: None, default: None, identity: None, generated: None, collation: None, check: None, unique: false, references: Some(RequestedReference { table: TableName { schema: "audit", name: "teams" }, columns: ["id"], on_delete: Cascade, on_update: Restrict }), comment: None, classification: None, renamed_from: None }
    RequestedColumn { name: "slug", type_text: "TEXT", primary_key: false, nullable: None, default: None, identity: None, generated: Some("lower(title)"), collation: Some("C"), check: Some("slug <> ''"), unique: true, references: None, comment: None, classification: None, renamed_from: Some("path") }
    RequestedColumn { name: "title", type_text: "NUMERIC(10,2)", primary_key: false, nullable: None, default: None, identity: None, generated: None, collation: None, check: None, unique: false, references: None, comment: Some("Its title"), classification: Some("pii"), renamed_from: None }
    RequestedColumn { name: "during", type_text: "TSTZRANGE", primary_key: false, nullable: None, default: None, identity: None, generated: None, collation: None, check: None, unique: false, references: None, comment: None, classification: None, renamed_from: None }
    RequestedUnique { name: Some("users_unique"), columns: ["team_id", "slug"], nulls_not_distinct: true, deferrable: InitiallyDeferred }
    RequestedUnique { name: None, columns: ["seq"], nulls_not_distinct: false, deferrable: InitiallyImmediate }
    RequestedCheck { name: Some("users_check"), expression: "seq > 0" }
    RequestedForeignKey { name: Some("users_team"), columns: ["team_id", "slug"], references: RequestedReference { table: TableName { schema: "public", name: "teams" }, columns: ["id", "slug"], on_delete: SetNull, on_update: NoAction }, deferrable: InitiallyDeferred }
    RequestedExclude { name: Some("users_once"), using: Gist, elements: [RequestedExcludeElement { key: Column("team_id"), operator: "=" }, RequestedExcludeElement { key: Expression("during"), operator: "&&" }], predicate: Some("seq > 1") }
    RequestedExclude { name: None, using: Spgist, elements: [RequestedExcludeElement { key: Column("during"), operator: "&&" }], predicate: None }
    RequestedIndex { name: Some("users_search"), elements: [RequestedIndexElement { key: Column("slug"), order: Asc, nulls: None, opclass: None, collation: None }, RequestedIndexElement { key: Expression("lower(slug)"), order: Asc, nulls: None, opclass: Some("text_pattern_ops"), collation: Some("C") }, RequestedIndexElement { key: Column("seq"), order: Desc, nulls: Some(Last), opclass: None, collation: None }], method: Btree, unique: true, include: ["title"], predicate: Some("seq IS NOT NULL"), nulls_not_distinct: true }
    RequestedIndex { name: None, elements: [RequestedIndexElement { key: Column("during"), order: Asc, nulls: None, opclass: None, collation: None }], method: Gist, unique: false, include: [], predicate: None, nulls_not_distinct: false }
    "#);
}

#[test]
fn the_bodies_of_the_seed_as_they_stand() {
    for (file, text) in
        [("caricatures", include_str!("caricatures.json")), ("generated_images", include_str!("generated_images.json"))]
    {
        let path = format!("schema-requests/{file}.yaml");
        let parsed = parse_request(&path, &File::regular(text));
        assert_eq!(parsed.refusals, []);
        let request = parsed.request.expect("nothing is refused");
        assert_eq!(request.table, TableName::public(file));
        let at = request.metadata.requested_at.expect("it is given").value;
        assert_eq!(at, Utc.timestamp_opt(1_701_792_000, 0).unwrap());
    }
}

#[test]
fn scalars_of_sql_stay_verbatim() {
    for written in
        ["010", "1.10", "no", "0", "false", "0x1F", "1_000", "12:30:45", "1e3", "NULL", "null", "yes", "-1", ".5"]
    {
        let request =
            request(&super::with_columns(&[&format!("name: a, type: INT, defaultValue: {written}, check: {written}")]));
        assert_eq!(request.schema.columns[0].default.as_deref(), Some(written));
        assert_eq!(request.schema.columns[0].check.as_deref(), Some(written));
    }
    let quoted =
        request(&super::with_columns(&["name: a, type: TEXT, defaultValue: \"'it''s'::text\", comment: 'no'"]));
    assert_eq!(quoted.schema.columns[0].default.as_deref(), Some("'it''s'::text"));
}

#[test]
fn norwegian_columns_are_text() {
    let request = request(&super::with_columns(&["name: no, type: yes", "name: on, type: y", "name: off, type: n"]));
    assert_eq!(
        request.schema.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(),
        ["no", "on", "off"]
    );
}

#[test]
fn times() {
    let at = |written: &str| {
        let text =
            format!("{SMALLEST}requestMetadata: {{requestedAt: {written}, relatedIssue: 676, featureId: F-1}}\n");
        let metadata = request(&text).metadata;
        assert_eq!(metadata.related_issue.expect("given").value, "676");
        metadata.requested_at.expect("given").value
    };
    let expected = Utc.with_ymd_and_hms(2023, 12, 5, 16, 0, 0).unwrap();
    for written in [
        "1701792000",
        "1701792000.987",
        "1.701792e9",
        "2023-12-05T16:00:00Z",
        "'2023-12-05T16:00:00Z'",
        "\"2023-12-05T17:00:00.5+01:00\"",
    ] {
        assert_eq!(at(written), expected, "{written}");
    }
    assert_eq!(at("0"), Utc.timestamp_opt(0, 0).unwrap());
    let missing = request(SMALLEST).metadata;
    assert_eq!((missing.requested_at, missing.route.to_string()), (None, "requestMetadata".to_owned()));
}

#[test]
fn words_in_any_case() {
    for (written, action) in [
        ("cascade", ReferentialAction::Cascade),
        ("SET NULL", ReferentialAction::SetNull),
        ("set null", ReferentialAction::SetNull),
        ("setNull", ReferentialAction::SetNull),
        ("no_action", ReferentialAction::NoAction),
        ("Restrict", ReferentialAction::Restrict),
        ("SET-DEFAULT", ReferentialAction::SetDefault),
    ] {
        let request = request(&super::with_columns(&[&format!(
            "name: a, type: INT, references: {{table: t, onDelete: {written}}}"
        )]));
        assert_eq!(request.schema.columns[0].references.as_ref().unwrap().on_delete, action, "{written}");
    }
}

#[test]
fn what_rules_judge_is_not_refused() {
    for text in [
        super::with_columns(&[
            "name: Id, type: wibble, primaryKey: true",
            "name: userID, type: INT(, primaryKey: true",
        ]),
        super::with_columns(&["name: a, type: INT, defaultValue: '1); DROP TABLE x; --', check: 'a >'"]),
        super::with_columns(&["name: a, type: INT, primaryKey: true"]) + "  primaryKey: [a]\n",
        super::with_schema("uniques: []\nchecks: []\nforeignKeys: []\nexcludes: []\nindexes: []"),
        format!("{SMALLEST}waivers: []\nrequestMetadata: {{}}\n"),
    ] {
        assert_eq!(refused(&text), "", "{text}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_move_no_span() {
    let windows = format!("\u{feff}{}", EVERYTHING.replace('\n', "\r\n"));
    let (unix, windows) = [EVERYTHING, &windows]
        .map(|text| parse_request("schema-requests/audit.users.yaml", &File::regular(text)).request.expect("fine"))
        .into();
    assert_eq!((unix.bom, windows.bom), (0, 3));
    assert_eq!(unix.schema, windows.schema);
    assert_eq!(unix.spans.len(), windows.spans.len());
    let places = |request: &Request| {
        let index = LineIndex::new(&request.text);
        let at = |span: Span| (index.position(&request.text, span.start), index.position(&request.text, span.end));
        request.spans.iter().map(|(route, span)| (route.clone(), span.key.map(at), at(span.value))).collect::<Vec<_>>()
    };
    assert_eq!(places(&unix), places(&windows));
}

#[test]
fn every_field_has_a_place_that_is_not_empty() {
    let request = parse_request("schema-requests/audit.users.yaml", &File::regular(EVERYTHING)).request.expect("fine");
    assert!(request.spans.len() > 100);
    for (route, span) in &request.spans {
        assert!(span.value.start < span.value.end && span.value.end <= request.text.len(), "{route}");
        assert!(span.key.is_none_or(|key| key.start < key.end && key.end < span.value.end), "{route}");
    }
    let at = |route: Route| &request.text[request.spans[&route].value.range()];
    let schema = Route::root().key("schemaJson");
    assert_eq!(at(schema.key("columns").item("slug").key("type")), "TEXT");
    assert_eq!(
        at(schema.key("indexes").item("users_search").key("columns").item("#2").key("expression")),
        "lower(slug)"
    );
    for route in request.schema.columns.iter().map(|column| &column.route).chain([&request.metadata.route]) {
        assert!(request.spans.contains_key(route), "{route}");
    }
}

#[test]
fn registry_ids_are_stable() {
    let id = registry_id("default", &TableName::public("caricatures"));
    insta::assert_snapshot!(id, @"7f944dad-2ff8-553a-83d5-a6690a8e77ae");
    assert_eq!(id.get_version_num(), 5);
    assert_ne!(id, registry_id("analytics", &TableName::public("caricatures")));
}
