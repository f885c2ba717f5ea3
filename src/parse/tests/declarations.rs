//! Files of opaque objects.

use proptest::prelude::*;

use super::super::{ParsedDeclarations, ParsedFile, parse_file};
use crate::model::{File, LineIndex};

const EVERYTHING: &str = "\
opaqueObjects:
  - {kind: enum, name: mood, labels: [sad, 'no', \"1\"]}
  - {kind: domain, schema: billing, name: Amount, type: 'NUMERIC(10,2)', owner: billing, reason: Shared with the ledger}
  - kind: table
    name: measurements
    columns:
      - {name: id, type: int8}
      - {name: day, type: DATE}
    primaryKey: [id, day]
    uniques: [[day]]
  - {kind: view, name: totals, columns: [{name: total, type: numeric}]}
  - {kind: extension, name: citext, types: [citext]}
  - {kind: materializedView, name: m}
  - {kind: sequence, name: s}
  - {kind: composite, name: c}
  - {kind: range, name: r}
  - {kind: function, name: f}
  - {kind: procedure, name: p}
owner: platform
reason: Older than the registry
";

fn read(text: &str) -> ParsedDeclarations {
    match parse_file("schema-requests/opaque.yaml", &File::regular(text)) {
        ParsedFile::Declarations(parsed) => parsed,
        ParsedFile::Request(parsed) => panic!("read as a request: {:?}", parsed.refusals),
        ParsedFile::Sql(parsed) => panic!("read as SQL: {:?}", parsed.refusals),
    }
}

fn refused(text: &str) -> String {
    let parsed = read(text);
    let index = LineIndex::new(&parsed.text);
    let line = |refusal: &crate::model::Refusal| {
        let at = index.position(&parsed.text, refusal.span.start);
        let suggestion = refusal.suggestion.as_deref().unwrap_or_default();
        format!("{}:{} {} / {suggestion}", at.line, at.column, refusal.message)
    };
    parsed.refusals.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_kind_is_read() {
    let parsed = read(EVERYTHING);
    assert_eq!(refused(EVERYTHING), "");
    let objects = parsed.declarations.expect("accepted").objects;
    let shown = objects.iter().map(|object| {
        let columns = object.table.columns.iter().map(|column| format!(" {} {}", column.name, column.type_name));
        let keys = object.table.primary_key.iter().map(|key| &key.columns);
        let keys: Vec<_> = keys.chain(object.table.uniques.iter().map(|unique| &unique.columns)).collect();
        format!(
            "{} {}{} {keys:?} {:?} {:?} {:?} ({}: {})\n",
            object.kind.as_str(),
            object.name,
            columns.collect::<String>(),
            object.labels,
            object.base_type,
            object.types,
            object.owner,
            object.reason
        )
    });
    insta::assert_snapshot!(shown.collect::<String>());
}

#[test]
fn what_is_refused_says_where_and_why() {
    let file = |objects: &str| format!("opaqueObjects:\n{objects}\nowner: platform\nreason: Old\n");
    insta::assert_snapshot!(refused("opaqueObjects: []\n"), @"1:16 `opaqueObjects` is an empty list / Name at least one");
    insta::assert_snapshot!(refused("opaque_objects: [{kind: enum, name: x}]\n"), @r"
    1:1 Unknown key `opaque_objects` / Did you mean `opaqueObjects`?
    1:1 `opaqueObjects` is missing / Add `opaqueObjects`
    ");
    insta::assert_snapshot!(refused("opaqueObjects: [{kind: enum, name: x}, {kind: view, name: y, owner: me}]\n"), @r"
    1:18 `opaqueObjects[x]` has no `owner` / Add `owner`, here or at the top of the file
    1:18 `opaqueObjects[x]` has no `reason` / Add `reason`, here or at the top of the file
    1:41 `opaqueObjects[y]` has no `reason` / Add `reason`, here or at the top of the file
    ");
    insta::assert_snapshot!(refused(&file("  - {kind: enumeration, name: x}\n  - {kind: veiw, name: y}\n  - {kind: trigger, name: z}\n  - {name: w}")), @r"
    2:12 `kind` must be `table`, `view`, `materializedView`, `sequence`, `enum`, `domain`, `composite`, `range`, `function`, `procedure` or `extension`, not `enumeration` / Write `table`, `view`, `materializedView`, `sequence`, `enum`, `domain`, `composite`, `range`, `function`, `procedure` or `extension`
    3:12 `kind` must be `table`, `view`, `materializedView`, `sequence`, `enum`, `domain`, `composite`, `range`, `function`, `procedure` or `extension`, not `veiw` / Did you mean `view`?
    4:12 `kind` must be `table`, `view`, `materializedView`, `sequence`, `enum`, `domain`, `composite`, `range`, `function`, `procedure` or `extension`, not `trigger` / Write `table`, `view`, `materializedView`, `sequence`, `enum`, `domain`, `composite`, `range`, `function`, `procedure` or `extension`
    5:6 `opaqueObjects[w]` has no `kind` / Add `kind`
    ");
    insta::assert_snapshot!(refused(&file("  - {kind: enum, name: x, columns: [], type: text, lables: [a]}")), @r"
    2:36 `columns` says nothing about an object of kind `enum` / Remove it; it belongs to `table`, `view`, `materializedView` or `composite`
    2:46 `type` says nothing about an object of kind `enum` / Remove it; it belongs to `domain`
    2:52 Unknown key `lables` / Did you mean `labels`?
    ");
    insta::assert_snapshot!(refused(&file("  - {kind: table, name: t, columns: [{name: id, type: 'int; drop'}], primaryKey: [i], uniques: [id, [x]]}")), @r"
    2:55 `type` is not a type: Syntax error at end of input / Write one PostgreSQL type, such as `text` or `numeric(10,2)`
    2:82 `primaryKey` names column `i`, which is not declared / Add it to `columns`, or correct the name
    2:96 `uniques` names column `x`, which is not declared / Add it to `columns`, or correct the name
    2:97 `uniques[id]` must be a list, not `id` / Write `[id]`
    ");
    insta::assert_snapshot!(refused(&file("  - {kind: enum, name: tücke, labels: [no, 1]}\n  - just text")), @r"
    2:24 `name` holds `ü` (U+00FC), which is not ASCII / Use ASCII letters, digits and `_`
    3:5 `opaqueObjects[just text]` must be a mapping, not `just text` / Give it keys: `kind`, `name`, `schema`, `columns`, `primaryKey`, `uniques`, `labels`, `type`, `types`, `owner` or `reason`
    ");
}

#[test]
fn a_file_with_a_table_name_is_a_request_whatever_else_it_says() {
    let text = "tableName: users\nopaqueObjects: []\nschemaJson: {columns: [{name: id, type: UUID}]}\n";
    assert!(matches!(parse_file("schema-requests/users.yaml", &File::regular(text)), ParsedFile::Request(_)));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic_and_every_place_is_in_the_text(
        cut in 0..EVERYTHING.len(),
        junk in "[\\[\\]{}:,'\"\n a-z0-9&*!|>%@`#-]{0,30}",
        keep in 0..EVERYTHING.len(),
    ) {
        let text = format!("{}{junk}{}", &EVERYTHING[..cut], &EVERYTHING[keep..]);
        let refusals = match parse_file("schema-requests/opaque.yaml", &File::regular(text.as_str())) {
            ParsedFile::Declarations(parsed) => parsed.refusals,
            ParsedFile::Request(parsed) => parsed.refusals,
            ParsedFile::Sql(parsed) => parsed.refusals,
        };
        for refusal in refusals {
            prop_assert!(text.get(refusal.span.range()).is_some_and(|shown| !shown.is_empty()), "{:?}", refusal);
        }
    }
}
