//! Defaults and expressions.

use super::support::{of_new, ok};

const ID: &str = "{name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}";

#[test]
fn defaults_are_one_expression_of_the_right_type() {
    let rule = "invalid-default";
    for column in [
        "{name: n, type: INTEGER, defaultValue: 0}",
        "{name: b, type: BOOLEAN, defaultValue: false}",
        "{name: t, type: TEXT, defaultValue: \"'open'\"}",
        "{name: j, type: JSONB, defaultValue: \"'{}'\"}",
        "{name: j, type: JSONB, defaultValue: \"'{}'::jsonb\"}",
        "{name: a, type: 'TEXT[]', defaultValue: \"'{}'\"}",
        "{name: at, type: TIMESTAMPTZ, defaultValue: CURRENT_TIMESTAMP}",
        "{name: n, type: 'NUMERIC(10,2)', defaultValue: -1.5}",
    ] {
        ok(rule, "orders", &[ID, column], "");
    }
    for (column, expected) in [
        ("{name: n, type: INTEGER, defaultValue: true}", "Column `n` is integer and cannot default to true"),
        ("{name: b, type: BOOLEAN, defaultValue: 0}", "Column `b` is boolean and cannot default to 0"),
        ("{name: u, type: UUID, defaultValue: \"''\"}", "Column `u` is uuid and cannot default to ''"),
        ("{name: s, type: SERIAL, defaultValue: 1}", "Column `s` is serial and has `defaultValue` too"),
        ("{name: i, type: TEXT, identity: always}", "Identity column `i` is text"),
        ("{name: t, type: TEXT, defaultValue: open}", "The default of column `t` is not valid: "),
        ("{name: t, type: TEXT, defaultValue: \"1) AS x, (2\"}", "The default of column `t` is not valid: "),
        ("{name: t, type: TEXT, defaultValue: (SELECT 1)}", "The default of column `t` is not valid: "),
    ] {
        let found = of_new(rule, "orders", &[ID, column], "");
        assert!(found.len() == 1 && found[0].starts_with("5:"), "{column}: {found:?}");
        assert!(found[0].contains(&format!("error: {expected}")), "{column}: {found:?}");
        assert_eq!(of_new("unsupported-change", "orders", &[ID, column], ""), [""; 0], "one cause, one violation");
    }
}

#[test]
fn expressions_use_the_columns_of_their_table() {
    let rule = "invalid-expression";
    let columns = [ID, "{name: total, type: INTEGER, check: total > 0}", "{name: title, type: TEXT}"];
    for rest in [
        "  checks: [{name: c, expression: total < 10 AND title <> ''}]\n",
        "  indexes: [{name: i, columns: [{expression: lower(title)}], where: total > 0}]\n",
        "  excludes: [{name: e, using: gist, elements: [{expression: lower(title), with: '='}], where: total > 0}]\n",
    ] {
        ok(rule, "orders", &columns, rest);
    }
    for (rest, expected) in [
        (
            "  checks: [{name: c, expression: totl > 0}]\n",
            "7:34 error: Check `c` uses column `totl`, which the table does not have -> Did you mean `total`?",
        ),
        (
            "  indexes: [{name: i, columns: [{expression: lower(name)}]}]\n",
            "7:46 error: An expression of index `i` uses column `name`, which the table does not have -> Use columns of this table \
             only",
        ),
        (
            "  indexes: [{name: i, columns: [title], where: deleted_at IS NULL}]\n",
            "7:48 error: The predicate of index `i` uses column `deleted_at`, which the table does not have -> Use columns of \
             this table only",
        ),
    ] {
        assert_eq!(of_new(rule, "orders", &columns, rest), [expected]);
    }
    for (rest, start) in [
        ("  checks: [{name: c, expression: \"1) UNION (SELECT 2\"}]\n", "7:34 error: Check `c` is not valid: "),
        (
            "  indexes: [{name: i, columns: [title], where: total > random()}]\n",
            "7:48 error: The predicate of index `i` is not valid: ",
        ),
    ] {
        let found = of_new(rule, "orders", &columns, rest);
        assert!(found.len() == 1 && found[0].starts_with(start), "{found:?}");
    }
    let generated = "{name: slug, type: TEXT, generated: lower(titel)}";
    let found = of_new(rule, "orders", &[columns[0], columns[2], generated], "");
    assert_eq!(
        found,
        [
            "6:43 error: The expression of generated column `slug` uses column `titel`, which the table does not have -> Did you \
          mean `title`?"
        ]
    );
}
