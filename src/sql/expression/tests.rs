use ExpressionUse::{Check, Default, Generated, IndexKey, Predicate};

use super::*;

fn sql(text: &str, place: ExpressionUse) -> String {
    parse_expression(text, place).map_or_else(|error| format!("refused: {error}"), |found| found.sql)
}

/// Message and suggestion of what must be refused.
fn refusal(text: &str, place: ExpressionUse) -> String {
    match parse_expression(text, place) {
        Ok(found) => format!("accepted: {}", found.sql),
        Err(SyntaxError { message, suggestion: None }) => message,
        Err(SyntaxError { message, suggestion: Some(suggestion) }) => format!("{message} | {suggestion}"),
    }
}

#[test]
fn expressions_come_back_in_the_deparsers_spelling() {
    for (place, text, spelled) in [
        (Default, "0", "0"),
        (Default, "-1", "-1"),
        (Default, "false", "false"),
        (Default, "NULL", "NULL"),
        (Default, "'it''s'", "'it''s'"),
        (Default, "E'a\\\\b'", "E'a\\\\b'"),
        (Default, "NOW()", "now()"),
        (Default, "CURRENT_TIMESTAMP", "current_timestamp"),
        (Default, "gen_random_uuid()", "gen_random_uuid()"),
        (Default, "'{}'::jsonb", "'{}'::jsonb"),
        (Default, "CAST('x' AS text)", "'x'::text"),
        (Default, "now() + interval '1 day'", "now() + '1 day'::interval"),
        (Default, "nextval('s.q'::regclass)", "nextval('s.q'::regclass)"),
        (Default, "nextval('q')", "nextval('q')"),
        (Default, "current_setting('app.tenant', true)::uuid", "current_setting('app.tenant', true)::uuid"),
        (Default, "'2020-01-01T00:00:00Z'::timestamptz", "'2020-01-01T00:00:00Z'::timestamptz"),
        (Default, "'infinity'::timestamptz", "'infinity'::timestamptz"),
        (Default, "ARRAY[]::text[]", "ARRAY[]::text[]"),
        (Default, "public.f(x => 1)", "public.f(x := 1)"),
        (Check, "amount >= 0 -- never negative", "amount >= 0"),
        (Check, "lower(email) ~* '^x'", "lower(email) ~* '^x'"),
        (Check, "(a + b) * c > a + b * c", "(a + b) * c > a + b * c"),
        (Check, "a = ANY(ARRAY['x','y'])", "a = ANY(ARRAY['x', 'y'])"),
        (Check, "a IN ('x', 'y') AND NOT (b OR c)", "a IN ('x', 'y') AND NOT (b OR c)"),
        (Check, "x COLLATE \"C\" <> ''", "x COLLATE \"C\" <> ''"),
        (Check, "\"User\" IS NOT NULL", "\"User\" IS NOT NULL"),
        (Check, "CASE WHEN a THEN 1 ELSE 2 END = 1", "CASE WHEN a THEN 1 ELSE 2 END = 1"),
        (Check, "extract(year from born) > 1900", "extract ('year' FROM born) > 1900"),
        (Check, "a BETWEEN 1 AND 2", "a BETWEEN 1 AND 2"),
        (Check, "name LIKE 'a%' ESCAPE '!'", "name LIKE pg_catalog.like_escape('a%', '!')"),
        (Check, "(a, b) IS DISTINCT FROM (1, 2)", "(a, b) IS DISTINCT FROM (1, 2)"),
        (Check, "(a).b[1] = 'x'", "(a).b[1] = 'x'"),
        (Check, "made <= now()", "made <= now()"),
        (Generated, "lower(title)", "lower(title)"),
        (Generated, "to_tsvector('english', coalesce(title, ''))", "to_tsvector('english', COALESCE(title, ''))"),
        (IndexKey, "(data ->> 'kind')", "data ->> 'kind'"),
        (IndexKey, "made AT TIME ZONE 'UTC'", "made AT TIME ZONE 'UTC'"),
        (Predicate, "deleted_at IS NULL", "deleted_at IS NULL"),
    ] {
        assert_eq!(sql(text, place), spelled, "{text}");
        assert_eq!(sql(spelled, place), spelled, "{text} twice");
    }
}

#[test]
fn more_than_an_expression_is_refused() {
    for text in [
        "1) AS x, (2",
        "1) UNION (SELECT 2",
        "1) FROM pg_authid --",
        "1); DROP TABLE x; --",
        "1;",
        "1) x --",
        "1) WHERE (true",
        "1) ORDER BY (1",
        "1) LIMIT (1",
        "1) INTO x FROM (y",
        "1 /* c",
        "1 \n)--\n;(",
        "a, b",
        "ROW(a, b)",
        "",
        " \n",
        "*",
        "t.*",
        "(t).*",
        "1\0",
    ] {
        for place in [Default, Check, Generated, IndexKey, Predicate] {
            assert!(parse_expression(text, place).is_err(), "{text}");
        }
    }
}

#[test]
fn kinds_that_may_stand_nowhere_are_named() {
    for (text, message) in [
        ("(SELECT 1)", "A check cannot hold a subquery"),
        ("a IN (SELECT 1)", "A check cannot hold a subquery"),
        ("EXISTS (SELECT 1)", "A check cannot hold a subquery"),
        ("a = $1", "A check cannot hold a parameter"),
        ("count(*) > 1", "A check cannot hold an aggregate"),
        ("sum(a) > 1", "A check cannot hold an aggregate, `sum()`"),
        ("f(DISTINCT a)", "A check cannot hold an aggregate"),
        ("f(a ORDER BY b)", "A check cannot hold an aggregate"),
        ("f(a) FILTER (WHERE b)", "A check cannot hold an aggregate"),
        ("f(a) WITHIN GROUP (ORDER BY b)", "A check cannot hold an aggregate"),
        ("row_number() OVER () > 1", "A check cannot hold a window function"),
        ("rank() > 1", "A check cannot hold a window function, `rank()`"),
        ("unnest(a) > 1", "A check cannot hold a set-returning function, `unnest()`"),
        ("pg_catalog.generate_series(1, 2) > 1", "A check cannot hold a set-returning function, `generate_series()`"),
        ("nextval('s') > 1", "A check cannot hold a sequence function, `nextval()`"),
        ("pg_sleep(10) IS NULL", "`pg_sleep()` reaches outside of the row and is not allowed"),
        ("PG_READ_FILE('x') = ''", "`pg_read_file()` reaches outside of the row and is not allowed"),
        ("lo_import('x') = 1", "`lo_import()` reaches outside of the row and is not allowed"),
        ("query_to_xml('x', true, true, '') IS NULL", "`query_to_xml()` reaches outside of the row and is not allowed"),
        ("set_config('a', 'b', true) = ''", "`set_config()` reaches outside of the row and is not allowed"),
        ("a IS JSON", "A check cannot hold IS JSON"),
        ("JSON_EXISTS(a, '$')", "A check cannot hold a SQL/JSON function"),
        ("xmlparse(document a) IS NULL", "A check cannot hold an XML constructor"),
        ("a = DEFAULT", "A check cannot hold DEFAULT"),
        ("a.b.c.d() = 1", "A check cannot hold a name of three parts"),
        (
            "'users'::regclass = a",
            "A cast to `regclass` looks up an object by name | Only the argument of nextval() may have it",
        ),
        ("users.age > 1", "`users.age` names a column of a table | Write the column alone: `age`"),
    ] {
        assert_eq!(refusal(text, Check), message, "{text}");
    }
}

#[test]
fn what_must_be_immutable_is() {
    for text in [
        "now()",
        "random()",
        "gen_random_uuid()",
        "CURRENT_TIMESTAMP",
        "current_user",
        "concat(a, b)",
        "to_char(a, 'x')",
    ] {
        for place in [Generated, IndexKey, Predicate] {
            assert!(refusal(text, place).contains("is not immutable"), "{text}");
        }
        assert!(parse_expression(text, Check).is_ok(), "{text}");
    }
}

#[test]
fn refusals_say_what_to_do() {
    insta::assert_snapshot!(refusal("active", Default), @"A default cannot refer to a column: `active` | If the text itself is meant, quote it: `'active'`");
    insta::assert_snapshot!(refusal("NOW", Default), @"A default cannot refer to a column: `now` | Write `now()` to call the function");
    insta::assert_snapshot!(refusal("a b", Default), @r#"Syntax error at or near "b" | If the text itself is meant, quote it: `'a b'`"#);
    insta::assert_snapshot!(refusal("{}", Default), @r#"Syntax error at or near "{" | If the text itself is meant, quote it: `'{}'`"#);
    insta::assert_snapshot!(refusal("current_timestamp()", Default), @r#"Syntax error at or near ")" | Write `current_timestamp` without parentheses"#);
    insta::assert_snapshot!(refusal("a +", Check), @"Syntax error at end of input");
    insta::assert_snapshot!(refusal("a)", Check), @r#"Syntax error at or near ")""#);
    insta::assert_snapshot!(refusal("'a", Check), @"Unterminated quoted string");
    insta::assert_snapshot!(refusal("a, b", Check), @"Exactly one expression is expected here, not a list");
    insta::assert_snapshot!(refusal("1) AS x, (2", Check), @"Exactly one expression is expected here");
    insta::assert_snapshot!(refusal("'now'::timestamptz", Default), @"`'now'` is read once, when the migration runs | Call now() instead");
    insta::assert_snapshot!(refusal("'2020-01-01'::timestamptz", Default), @"`'2020-01-01'` depends on the session's time zone | Write the offset as well, such as `+00`");
    insta::assert_snapshot!(refusal("lower(now()::text)", Generated), @"`now()` is not immutable and cannot be in a generated column | Use only functions whose result depends on nothing but their arguments");
}

#[test]
fn nesting_is_refused_before_it_hurts() {
    let deep = format!("{}1{}", "f(".repeat(200), ")".repeat(200));
    let long = vec!["1"; 1000].join(" + ");
    for text in [deep, long] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal(&text, Check), @"The expression is too complex: it is nested too deeply | Simplify it");
        }
    }
    assert!(parse_expression(&"(".repeat(100_000), Check).is_err());
}

#[test]
fn what_it_refers_to_is_collected() {
    let found = parse_expression("Lower(\"Name\") = f.g(b) AND c::int4 = 1 AND current_date > d", Check).unwrap();
    assert_eq!(found.columns.into_iter().collect::<Vec<_>>(), ["Name", "b", "c", "d"]);
    assert_eq!(found.functions.into_iter().collect::<Vec<_>>(), ["current_date", "f.g", "lower"]);
    assert_eq!(found.casts.into_iter().collect::<Vec<_>>(), ["integer"]);
}

#[test]
fn operands_are_told_from_what_needs_parentheses() {
    for text in ["now()", "1", "'x'::text", "CURRENT_DATE", "a", "ARRAY[1]", "coalesce(a, 1)"] {
        assert!(parse_expression(text, Check).unwrap().primary, "{text}");
    }
    for text in ["a + 1", "a AND b", "(-1)::int", "a AT TIME ZONE 'UTC'", "a IS NULL", "NOT a", "a COLLATE \"C\""] {
        assert!(!parse_expression(text, Check).unwrap().primary, "{text}");
    }
}

proptest::proptest! {
    /// Whatever is accepted is accepted again, as itself, and cannot leave the parentheses it is put in.
    #[test]
    fn accepted_means_stable(text in r#"([a-z(),;'"$*.:\[\]<>=+\- /\n\\]|now\(\)|SELECT |::int|--|/\*|\*/|\) AS x, \(|\) UNION \(SELECT ){0,12}"#) {
        if let Ok(found) = parse_expression(&text, Check) {
            proptest::prop_assert_eq!(parse_expression(&found.sql, Check).map(|again| again.sql), Ok(found.sql));
        }
    }
}
