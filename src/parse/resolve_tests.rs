use super::*;
use crate::{model::File, parse::parse_request};

/// A grammar that upper-cases types and takes the words of an expression for columns.
fn resolved(text: &str) -> Table {
    let parsed = parse_request("schema-requests/users.yaml", &File::regular(text));
    assert_eq!(parsed.refusals, []);
    let grammar = Grammar {
        canonical_type: &|text| text.trim().to_lowercase(),
        columns: &|text| text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect(),
    };
    resolve_with(&parsed.request.expect("the request is complete"), &grammar)
}

fn table(schema: &str) -> Table {
    let lines: String = schema.lines().map(|line| format!("  {line}\n")).collect();
    resolved(&format!("tableName: users\nschemaJson:\n{lines}"))
}

#[test]
fn columns_get_their_defaults() {
    let table = table(
        "comment: |\n  People\ncolumns:\n- {name: id, type: UUID, primaryKey: true, defaultValue: ' gen_random_uuid() '}\n\
         - {name: n, type: BIGSERIAL}\n- {name: s, type: BIGINT, identity: byDefault}\n- {name: a, type: TEXT}\n\
         - {name: b, type: TEXT, nullable: false, collation: C, comment: ''}\n- {name: g, type: TEXT, generated: lower(a)}",
    );
    let shown = table.columns.iter().map(|column| serde_json::to_string(column).unwrap()).collect::<Vec<_>>();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    {"name":"id","type":"uuid","nullable":false,"default":"gen_random_uuid()","identity":null,"generated":null,"collation":null,"comment":null}
    {"name":"n","type":"bigserial","nullable":false,"default":null,"identity":null,"generated":null,"collation":null,"comment":null}
    {"name":"s","type":"bigint","nullable":false,"default":null,"identity":"byDefault","generated":null,"collation":null,"comment":null}
    {"name":"a","type":"text","nullable":true,"default":null,"identity":null,"generated":null,"collation":null,"comment":null}
    {"name":"b","type":"text","nullable":false,"default":null,"identity":null,"generated":null,"collation":"C","comment":null}
    {"name":"g","type":"text","nullable":true,"default":null,"identity":null,"generated":"lower(a)","collation":null,"comment":null}
    "#);
    assert_eq!(table.comment.as_deref(), Some("People"));
}

#[test]
fn names_are_made_explicit() {
    let table = table(
        "columns:\n\
         - {name: id, type: UUID, primaryKey: true}\n\
         - {name: email, type: TEXT, unique: true, check: email <> ''}\n\
         - {name: age, type: INT, check: age > 0}\n\
         - {name: team, type: UUID, references: {table: teams, onDelete: cascade}}\n\
         uniques: [{columns: [team, email]}, {columns: [email]}, {name: mine, columns: [id]}]\n\
         checks: [{expression: age < 200}, {expression: age > 0 OR email <> ''}]\n\
         foreignKeys: [{columns: [team, id], references: {schema: hr, table: members, columns: [t, u]}}, {columns: [team], references: {table: t}}]\n\
         excludes: [{elements: [{column: email, with: '='}, {expression: lower(email), with: '='}]}]\n\
         indexes: [{columns: [team]}, {columns: [{expression: lower(email)}, {column: age, order: desc}]}, {name: mine2, columns: [team]}, {columns: [team], where: ' age > 0 '}]",
    );
    let mut names: Vec<&str> = vec![&table.primary_key.as_ref().unwrap().name];
    names.extend(table.uniques.iter().map(|unique| unique.name.as_str()));
    names.extend(table.checks.iter().map(|check| check.name.as_str()));
    names.extend(table.foreign_keys.iter().map(|key| key.name.as_str()));
    names.extend(table.excludes.iter().map(|exclude| exclude.name.as_str()));
    names.extend(table.indexes.iter().map(|index| index.name.as_str()));
    insta::assert_snapshot!(names.join("\n"), @r"
    users_pkey
    users_email_key
    users_team_email_key
    users_email_key1
    mine
    users_email_check
    users_age_check
    users_age_check1
    users_check
    users_team_fkey
    users_team_id_fkey
    users_team_fkey1
    users_email_lower_excl
    idx_users_team
    idx_users_lower_age
    mine2
    idx_users_team1
    ");
    assert_eq!(table.foreign_keys[0].referenced_columns, Vec::<String>::new(), "the referenced primary key");
    assert_eq!(table.foreign_keys[1].references.to_string(), "hr.members");
    assert_eq!(table.indexes[1].elements[1].nulls, NullsOrder::First);
    assert_eq!(table.indexes[0].elements[0].nulls, NullsOrder::Last);
    assert_eq!(table.indexes[3].predicate.as_deref(), Some("age > 0"));
}

#[test]
fn a_composite_key_makes_its_columns_not_null() {
    let table =
        table("columns: [{name: a, type: INT}, {name: b, type: INT}, {name: c, type: INT}]\nprimaryKey: [b, a]");
    assert_eq!(
        table.primary_key,
        Some(PrimaryKey { name: "users_pkey".to_owned(), columns: vec!["b".into(), "a".into()] })
    );
    assert_eq!(table.columns.iter().map(|column| column.nullable).collect::<Vec<_>>(), [false, false, true]);
    let none = resolved("tableName: users\nschemaJson: {columns: [{name: a, type: INT}]}\n");
    assert_eq!(none.primary_key, None);
}

#[test]
fn many_nameless_parts_take_no_time() {
    let uniques = vec!["{columns: [a]}"; 4_000].join(", ");
    let table = table(&format!("columns: [{{name: a, type: INT}}]\nuniques: [{uniques}]"));
    assert_eq!(table.uniques[3_999].name, "users_a_key3999");
}

#[test]
fn notation_does_not_matter() {
    let a = table(
        "columns: [{name: a, type: INT, primaryKey: true, unique: false}]\nindexes: [{columns: [a], type: BTREE}]",
    );
    let b = table(
        "schemaName: public\ncolumns:\n- name: a\n  type: ' int '\nprimaryKey: {name: users_pkey, columns: [a]}\nindexes:\n- columns: [{column: a, order: ASC, nulls: LAST}]",
    );
    assert_eq!(a.state_digest(), b.state_digest());
}
