use super::{super::blocks::filled, *};
use crate::sql::{
    Definition,
    fixtures::{caricatures, hostile},
};

#[test]
fn every_statement_is_sql_and_one_statement() {
    for table in [caricatures(), hostile()] {
        let definition = Definition::new(&table).unwrap();
        let mut statements = vec![
            Statement::Begin,
            Statement::Commit,
            Statement::TakeTurns(&table.name),
            Statement::CreateSchema("My \"{schema}\" $schema$"),
            Statement::CreateTable(&definition),
            Statement::AssertDefinition(&definition),
            Statement::AssertEmpty(&table.name),
            Statement::DropTable(&table.name),
        ];
        let settings = [
            Setting::LockTimeout,
            Setting::RowSecurityOff,
            Setting::ReadCommitted,
            Setting::TimeZone,
            Setting::DateStyle,
            Setting::IntervalStyle,
        ];
        statements.extend(settings.map(Statement::SetLocal));
        statements.extend(definition.create_indexes());
        statements.extend(definition.comments());
        for statement in statements {
            let text = statement.to_string();
            let count = pg_query::parse(&text, 0).map(|result| result.protobuf.stmts.len());
            assert_eq!(count, Ok(1), "{text}");
            if text.starts_with("DO ") {
                let parsed = pg_query::parse_plpgsql(&text.replacen(
                    "DO ",
                    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS ",
                    1,
                ));
                assert!(parsed.is_ok(), "{parsed:?}\n{text}");
            }
        }
    }
}

#[test]
fn a_note_stays_a_comment() {
    let text = Statement::Note("a\nDROP TABLE x;\r\nDROP TABLE y;\u{85}\u{2028}z".to_owned()).to_string();
    assert_eq!(text, "-- a\n-- DROP TABLE x;\u{FFFD}\n-- DROP TABLE y;\u{FFFD}\u{2028}z");
    assert!(pg_query::parse(&text, 0).unwrap().protobuf.stmts.is_empty());
}

#[test]
fn a_template_is_filled_once() {
    let values = [("a", "{b}".to_owned()), ("b", "{a}".to_owned())];
    assert_eq!(filled("{a} {} {c} {b} '{'", &values), "\n{b} {} {c} {a} '{'");
}
