use std::collections::BTreeMap;

use super::*;
use crate::{
    model::{Check, Deferrable, ForeignKey, IndexKey, PrimaryKey, ReferentialAction, TableName, Unique},
    sql::fixtures::{caricatures, column, hostile},
};

fn shown(before: &Table, after: &Table, renames: &Renames) -> String {
    differences(before, after, renames).iter().map(|difference| difference.to_string() + "\n").collect()
}

/// Columns of `table` renamed, as pairs of old and new names.
fn columns(table: &TableName, pairs: &[(&str, &str)]) -> BTreeMap<TableName, BTreeMap<String, String>> {
    let columns = pairs.iter().map(|(old, new)| ((*new).to_owned(), (*old).to_owned())).collect();
    [(table.clone(), columns)].into()
}

fn check(name: &str, expression: &str) -> Check {
    Check { name: name.to_owned(), expression: expression.to_owned() }
}

#[test]
fn a_table_does_not_differ_from_itself_however_its_expressions_are_written() {
    assert_eq!(shown(&hostile(), &hostile(), &Renames::default()), "");
    let mut written = caricatures();
    written.columns[5].default = Some("CURRENT_TIMESTAMP -- now".to_owned());
    written.columns[0].default = Some("GEN_RANDOM_UUID( )".to_owned());
    written.checks = vec![check("c", "(image_url) <> ''")];
    let mut other = caricatures();
    other.checks = vec![check("c", "IMAGE_URL   <>   ''")];
    assert_eq!(shown(&written, &other, &Renames::default()), "");
    other.checks[0].expression = "image_url <> 'x'".to_owned();
    assert_eq!(shown(&written, &other, &Renames::default()), "check c changed\n");
}

#[test]
fn every_part_of_a_column() {
    let before = caricatures();
    let mut after = caricatures();
    after.comment = None;
    after.columns.swap(1, 3);
    after.columns.remove(4);
    after.columns.push(column("slug", "text"));
    let user = &mut after.columns[3];
    user.type_name = "character varying(40)".to_owned();
    user.collation = Some("C".to_owned());
    user.nullable = true;
    user.default = Some("'x'".to_owned());
    after.columns[0].default = None;
    after.columns[0].identity = Some(crate::model::Identity::Always);
    after.columns[2].generated = Some("lower(user_id)".to_owned());
    after.columns[2].comment = Some("Another".to_owned());
    insta::assert_snapshot!(shown(&before, &after, &Renames::default()), @r"
    comment removed
    column id: default removed
    column id: identity added
    column username: generation expression added
    column username: comment changed
    column user_id: type text to character varying(40)
    column user_id: collation added
    column user_id: NULL allowed
    column user_id: default added
    column slug added
    column description dropped
    ");
}

#[test]
fn constraints_and_indexes_are_told_apart_by_name_then_by_definition() {
    let mut before = caricatures();
    before.checks = vec![check("a", "user_id <> ''"), check("b", "image_url <> ''"), check("c", "true")];
    let mut after = before.clone();
    after.checks = vec![check("a", "user_id <> 'x'"), check("d", "(image_url) <> ''"), check("e", "1 > 0")];
    after.primary_key =
        Some(PrimaryKey { name: "pk".to_owned(), columns: vec!["id".to_owned(), "user_id".to_owned()] });
    let unique = Unique {
        name: "c".to_owned(),
        columns: vec!["image_url".to_owned()],
        nulls_not_distinct: false,
        deferrable: Deferrable::No,
    };
    after.uniques = vec![unique];
    after.indexes[0].name = "idx_user".to_owned();
    after.indexes[1].unique = true;
    after.indexes.push(Index { name: "more".to_owned(), ..before.indexes[0].clone() });
    insta::assert_snapshot!(shown(&before, &after, &Renames::default()), @r"
    primary key caricatures_pkey changed
    check c changed
    check a changed
    check b renamed to d
    check e added
    index idx_caricatures_user_id renamed to idx_user
    index idx_caricatures_created_at changed
    index more added
    ");
}

#[test]
fn what_postgresql_follows_by_itself_is_no_difference() {
    let mut before = caricatures();
    before.name = TableName::public("pictures");
    before.checks = vec![check("c", "user_id <> '' AND \"user_id\" <> username")];
    before.indexes[0].predicate = Some("user_id > 'a'".to_owned());
    before.indexes[1].include = vec!["user_id".to_owned()];
    before.columns[2].generated = Some("lower(user_id)".to_owned());
    let key = |columns: &[&str], references: &str, referenced: &[&str]| ForeignKey {
        name: format!("fk_{references}"),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        references: TableName::public(references.trim_start_matches("new_")),
        referenced_columns: referenced.iter().map(|name| (*name).to_owned()).collect(),
        on_delete: ReferentialAction::Cascade,
        on_update: ReferentialAction::NoAction,
        deferrable: Deferrable::No,
    };
    before.foreign_keys = vec![key(&["user_id"], "pictures", &["user_id"]), key(&["user_id"], "users", &["key", "x"])];
    let mut after = before.clone();
    after.name = TableName::new("art", "caricatures");
    after.columns[1].name = "Owner".to_owned();
    after.columns[2].generated = Some("lower(\"Owner\")".to_owned());
    after.checks = vec![check("c", "\"Owner\" <> '' AND \"Owner\" <> username")];
    after.indexes[0].predicate = Some("\"Owner\" > 'a'".to_owned());
    after.indexes[0].elements[0].key = IndexKey::Column("Owner".to_owned());
    after.indexes[1].include = vec!["Owner".to_owned()];
    after.foreign_keys = vec![key(&["Owner"], "pictures", &["Owner"]), key(&["Owner"], "users", &["id", "x"])];
    after.foreign_keys[0].references = after.name.clone();
    after.foreign_keys[1].references = TableName::public("accounts");
    let mut columns = columns(&after.name, &[("user_id", "Owner")]);
    columns.extend(self::columns(&TableName::public("accounts"), &[("key", "id")]));
    let tables =
        [(after.name.clone(), before.name.clone()), (TableName::public("accounts"), TableName::public("users"))].into();
    let renames = Renames { tables, columns };
    insta::assert_snapshot!(shown(&before, &after, &renames), @r"
    table pictures renamed to art.caricatures
    column user_id renamed to Owner
    ");
    let without = shown(&before, &after, &Renames::default());
    assert!(without.contains("foreign key fk_users changed") && without.contains("column Owner added"), "{without}");
}
