use super::*;

fn canonical(text: &str) -> String {
    parse_type(text, 15).map_or_else(|error| error.to_string(), |found| found.canonical)
}

/// What `format_type` of PostgreSQL 15 prints for a column of the type.
#[test]
fn spellings_are_those_of_format_type() {
    for (written, spelled) in [
        ("int", "integer"),
        ("INT4", "integer"),
        ("int8", "bigint"),
        ("BigInt", "bigint"),
        ("int2", "smallint"),
        ("bool", "boolean"),
        ("text", "text"),
        ("TEXT[]", "text[]"),
        ("int[3]", "integer[]"),
        ("int[3][4]", "integer[]"),
        ("int array", "integer[]"),
        ("int array[4]", "integer[]"),
        ("varchar", "character varying"),
        ("\"varchar\"", "character varying"),
        ("varchar(40)", "character varying(40)"),
        ("character varying(40)", "character varying(40)"),
        ("national character varying(3)", "character varying(3)"),
        ("char varying", "character varying"),
        ("varchar(5)[]", "character varying(5)[]"),
        ("pg_catalog.varchar(3)", "character varying(3)"),
        ("char", "character(1)"),
        ("nchar(4)", "character(4)"),
        ("bpchar", "bpchar"),
        ("\"bpchar\"", "bpchar"),
        ("bpchar(3)", "character(3)"),
        ("\"char\"", "\"char\""),
        ("bit", "bit(1)"),
        ("\"bit\"", "\"bit\""),
        ("bit varying", "bit varying"),
        ("bit varying(5)", "bit varying(5)"),
        ("real", "real"),
        ("float", "double precision"),
        ("float(24)", "real"),
        ("float(25)", "double precision"),
        ("numeric", "numeric"),
        ("numeric(5)", "numeric(5,0)"),
        ("NUMERIC(10, 2)", "numeric(10,2)"),
        ("decimal(3,-2)", "numeric(3,-2)"),
        ("\"numeric\"(4,1)", "numeric(4,1)"),
        ("time", "time without time zone"),
        ("time with time zone", "time with time zone"),
        ("timetz(2)", "time(2) with time zone"),
        ("timestamp", "timestamp without time zone"),
        ("\"timestamp\"(2)", "timestamp(2) without time zone"),
        ("timestamptz", "timestamp with time zone"),
        ("timestamptz(3)", "timestamp(3) with time zone"),
        ("timestamp(9)", "timestamp(6) without time zone"),
        ("interval", "interval"),
        ("interval(2)", "interval(2)"),
        ("interval year", "interval year"),
        ("interval year to month", "interval year to month"),
        ("interval day to second(3)", "interval day to second(3)"),
        ("interval hour to second", "interval hour to second"),
        ("interval second(3)", "interval second(3)"),
        ("JSON", "json"),
        ("jsonb", "jsonb"),
        ("uuid", "uuid"),
        ("inet", "inet"),
        ("name", "name"),
        ("oidvector", "oidvector"),
        ("int4multirange", "int4multirange"),
        ("serial", "serial"),
        ("SERIAL4", "serial"),
        ("bigserial", "bigserial"),
        ("serial2", "smallserial"),
        ("citext", "citext"),
        ("Mood", "mood"),
        ("public.\"Mood\"[]", "public.\"Mood\"[]"),
        ("vector(3)", "vector(3)"),
        ("geometry(Point, 4326)", "geometry(point,4326)"),
    ] {
        assert_eq!(canonical(written), spelled, "{written}");
        assert_eq!(canonical(spelled), spelled, "{written} twice");
    }
}

#[test]
fn more_than_a_type_is_refused() {
    for text in [
        "varchar(10) REFERENCES messages(id)",
        "int; drop table x",
        "int;",
        "text) , (x",
        "int -- c",
        "int /* c */",
        "a, b",
        "int x",
        "int AS x",
        "int + 1",
        "int::text",
        "int FROM pg_authid",
        "int UNION SELECT 1",
        "text COLLATE \"C\"",
        "int NOT NULL",
        "int DEFAULT 1",
        "int LIMIT 1",
        "int ORDER BY 1",
        "int INTO x",
        "int FOR UPDATE",
        "int WHERE true",
        "SETOF int",
        "a.b%TYPE",
        "a.b.c.d",
        "varchar((SELECT 1))",
        "numeric(10, a || b)",
        "",
        " ",
        "int\0",
        "1",
        "*",
    ] {
        assert!(parse_type(text, 15).is_err(), "{text}");
    }
}

#[test]
fn modifiers_are_checked_as_postgresql_checks_them() {
    insta::assert_snapshot!(canonical("text(10)"), @"`text` does not take these modifiers: (10)");
    insta::assert_snapshot!(canonical("varchar(0)"), @"`character varying` takes a number from 1 to 10485760, not 0");
    insta::assert_snapshot!(canonical("numeric(2000)"), @"`numeric` takes a number from 1 to 1000, not 2000");
    insta::assert_snapshot!(canonical("numeric(x)"), @"`numeric` does not take these modifiers: (x)");
    insta::assert_snapshot!(canonical("serial[]"), @"`serial` takes neither brackets nor modifiers");
    insta::assert_snapshot!(canonical("pg_catalog.interval(3)"), @"`interval` does not take these modifiers: (3)");
}

#[test]
fn parts_are_told_apart() {
    let found = parse_type("NUMERIC(10,2)[][]", 15).unwrap();
    assert_eq!((found.base.as_str(), found.dimensions, found.serial), ("numeric", 2, false));
    assert_eq!(found.modifiers, ["10", "2"]);
    assert_eq!(parse_type("timestamptz(3)", 15).unwrap().base, "timestamp with time zone");
    assert_eq!(parse_type("public.\"Mood\"", 15).unwrap().base, "public.\"Mood\"");
    assert!(parse_type("bigserial", 15).unwrap().serial);
}

#[test]
fn built_in_depends_on_the_version() {
    let built_in = |text, version| parse_type(text, version).unwrap().built_in;
    assert!(built_in("uuid", 15) && built_in("pg_catalog.uuid", 15) && built_in("serial", 15));
    assert!(!built_in("citext", 15) && !built_in("public.uuid", 15) && !built_in("\"UUID\"", 15));
    assert!(built_in("int4multirange", 14) && !built_in("int4multirange", 13));
    assert!(!built_in("record", 15) && !built_in("void", 15) && !built_in("cstring", 15));
}

proptest::proptest! {
    /// Whatever is accepted is one type, spelled so that it is accepted again as itself.
    #[test]
    fn accepted_means_stable(text in r#"([a-z(),;'"$*.:\[\]0-9 \n\\]|int|numeric|varchar|SELECT |--|/\*|::|; DROP |FUNCTION f|RULE r ON t){0,10}"#) {
        if let Ok(found) = parse_type(&text, 15) {
            proptest::prop_assert_eq!(parse_type(&found.canonical, 15).map(|again| again.canonical), Ok(found.canonical));
        }
    }
}
