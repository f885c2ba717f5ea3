use super::{super::blocks::filled, *};
use crate::{
    model::{Check, Column, Table},
    sql::{
        Definition,
        fixtures::{caricatures, column, hostile},
    },
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

/// What these would mean, or print, under another `DateStyle` must be pinned; all else would be noise.
#[test]
fn settings_matter_where_expressions_are_read_or_printed() {
    let check = |name: &str, expression: &str| Check { name: name.to_owned(), expression: expression.to_owned() };
    let mut table =
        Table { checks: vec![check("late", "at > DATE '2001-02-03'"), check("large", "n > 1")], ..caricatures() };
    table.columns.extend([column("at", "date"), column("n", "integer")]);
    table.columns.push(Column { default: Some("DATE '2001-02-03'".to_owned()), ..column("since", "date") });
    table.columns.push(Column { generated: Some("n || ''".to_owned()), ..column("text", "text") });
    let definition = Definition::new(&table).unwrap();
    let (column, constraint) = (|name| definition.column(name).unwrap(), |name| definition.constraint(name).unwrap());
    let name = || "late".to_owned();
    let actions = [
        (Action::AddColumn(column("n").clone()), false),
        (Action::AddColumn(column("since").clone()), true),
        (Action::AddColumn(column("text").clone()), true),
        (Action::Default(column("n")), false),
        (Action::Default(column("since")), true),
        (Action::Type(column("at")), true),
        (Action::TypeUsing(column("at")), true),
        (Action::AddConstraint(constraint("late")), true),
        (Action::AddNotValid(constraint("late")), true),
        (Action::AddNotValid(constraint("large")), false),
        (Action::AddNotNullCheck { name: name(), column: "n" }, false),
        (Action::Validate(name()), false),
        (Action::SetNotNull("n"), false),
        (Action::DropColumn("n"), false),
    ];
    let absent = || Condition::ConstraintAbsent(&table.name, name());
    for (action, expected) in actions {
        let inner = Statement::Alter(&table.name, action);
        assert_eq!(inner.depends_on_settings(), expected, "{inner}");
        let guarded = Statement::When(absent(), vec![inner]);
        assert_eq!(guarded.depends_on_settings(), expected, "{guarded}");
    }
    let other_type = Condition::OtherType(&table.name, column("at"));
    let drop = || Statement::Alter(&table.name, Action::DropDefault("at"));
    for (statement, expected) in [
        (Statement::When(other_type, vec![drop()]), true),
        (Statement::When(absent(), vec![drop()]), false),
        (Statement::AssertParts(&definition, Parts::default()), true),
        (Statement::AssertDefinition(&definition), true),
        (Statement::AssertUnchanged(&table.name, column("at"), column("n")), true),
        (Statement::AssertNoValues(&table.name, "n"), false),
        (Statement::Backfill(&table.name, "since"), true),
        (Statement::AssertValid(vec![table.name.clone()]), false),
    ] {
        assert_eq!(statement.depends_on_settings(), expected, "{statement}");
    }
}
