//! Postconditions of changes: silent where all is well, whatever the session and the history of the database; loud where
//! one thing is not.

use schema_registry::{
    model::{Migration, Renames},
    postgres::Connection,
};

use crate::{
    bench::{alter, create, table},
    dump,
    support::{Major, connect, on_each},
};

const BEFORE: &str = r#"
tableName: players
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, nullable: false, defaultValue: gen_random_uuid()}
    - {name: name, type: VARCHAR(40), nullable: false, defaultValue: "'nobody'"}
    - {name: kind, type: VARCHAR(10), nullable: false, defaultValue: "'a'", check: "kind IN ('a', 'b')"}
    - {name: born, type: TIMESTAMP}
  indexes:
    - {name: idx_players_born, columns: [born]}
"#;

/// Retyped with a default and a list; new columns with values that settings could read or print otherwise; every kind of
/// constraint; partial indexes.
const AFTER: &str = r#"
tableName: players
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, nullable: false, defaultValue: gen_random_uuid()}
    - {name: name, type: TEXT, nullable: false, defaultValue: "'no\\body'", unique: true}
    - {name: kind, type: TEXT, nullable: false, defaultValue: "'a'", check: "kind IN ('a', 'b')"}
    - {name: born, type: TIMESTAMP, nullable: false}
    - {name: died, type: DATE, defaultValue: "DATE '2001-02-03'", check: "died > DATE '1000-02-01'"}
    - {name: seen, type: TIMESTAMPTZ, nullable: false, defaultValue: "TIMESTAMPTZ '2001-02-03 04:05:06+00'"}
    - {name: slept, type: INTERVAL, defaultValue: "INTERVAL '1 day 2 hours'"}
    - {name: "order", type: BYTEA, defaultValue: "'\\x00ff'::bytea"}
    - {name: team_id, type: UUID, references: {table: teams, column: id, onDelete: CASCADE}}
    - {name: twice, type: TEXT, generated: "kind || kind"}
  indexes:
    - {name: idx_players_born, columns: [{column: born, order: desc}]}
    - {name: idx_players_kind, columns: [kind], where: "kind IN ('a', 'b') AND seen > TIMESTAMPTZ '2001-02-03 04:05:06+00'"}
"#;

const HOSTILE: [(&str, &str); 9] = [
    ("datestyle", "'German, DMY'"),
    ("timezone", "'Asia/Kolkata'"),
    ("intervalstyle", "iso_8601"),
    ("search_path", "pg_temp, elsewhere"),
    ("quote_all_identifiers", "on"),
    ("standard_conforming_strings", "off"),
    ("bytea_output", "escape"),
    ("default_transaction_isolation", "serializable"),
    ("extra_float_digits", "-10"),
];

/// What a dump and its restoration do to a table: everything is written anew from the text that the catalog prints.
const REWRITTEN: &str = "DO $$
DECLARE
    step text;
BEGIN
    FOR step IN
        SELECT format('ALTER TABLE public.players ALTER %I SET DEFAULT %s', attname, pg_get_expr(adbin, adrelid))
          FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
         WHERE adrelid = 'public.players'::regclass AND attgenerated = ''
        UNION ALL
        SELECT format('ALTER TABLE public.players DROP CONSTRAINT %I, ADD CONSTRAINT %1$I %s', conname, pg_get_constraintdef(oid))
          FROM pg_constraint WHERE conrelid = 'public.players'::regclass AND contype IN ('c', 'f')
        UNION ALL
        SELECT format('DROP INDEX public.%I; %s', relname, pg_get_indexdef(indexrelid))
          FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
         WHERE indrelid = 'public.players'::regclass
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    LOOP
        EXECUTE step;
    END LOOP;
END $$;";

fn migrations() -> Vec<Migration> {
    alter(&table(BEFORE), &table(AFTER), &Renames::default()).expect("it can be carried out")
}

async fn silent(connection: &Connection, when: &str) {
    for migration in migrations() {
        let ran = connection.execute_script(&migration.up).await;
        assert!(ran.is_ok(), "{when}, {}: {}", migration.name, ran.expect_err("it is an error"));
    }
}

async fn old_table(connection: &Connection) {
    let teams = "CREATE SCHEMA elsewhere; CREATE TABLE public.teams (id uuid PRIMARY KEY);";
    let row = "INSERT INTO public.players (born) VALUES ('2001-02-03 04:05:06');";
    for script in [teams, &create(&table(BEFORE)).up, row] {
        connection.execute_script(script).await.expect("a new table");
    }
}

async fn hostile(connection: &Connection) {
    for (name, value) in HOSTILE {
        connection.execute_script(&format!("SET {name} = {value};")).await.expect("a setting");
    }
}

#[test]
fn no_setting_raises_a_false_alarm() {
    on_each("alarm_settings", async |_, connection| {
        old_table(&connection).await;
        hostile(&connection).await;
        silent(&connection, "under hostile settings").await;
        silent(&connection, "again").await;
        connection.execute_script("RESET ALL;").await.expect("settings");
        silent(&connection, "under other settings than those it was made with").await;
        connection.execute_script(REWRITTEN).await.expect("what the catalog prints is SQL");
        silent(&connection, "written anew").await;
        hostile(&connection).await;
        silent(&connection, "written anew, under hostile settings").await;
    });
}

#[test]
fn no_dump_raises_a_false_alarm() {
    for major in Major::ALL {
        major.with_database("alarm_dump", async |cluster, connection| {
            old_table(&connection).await;
            // Restored before the change, and after it.
            for (from, to) in [("alarm_dump", "alarm_restored"), ("alarm_restored", "alarm_again")] {
                let admin = connect(cluster, "postgres").await;
                admin.create_database(to).await.expect("it is new");
                dump::restore(major, from, to);
                let restored = connect(cluster, to).await;
                hostile(&restored).await;
                silent(&restored, to).await;
            }
            silent(&connection, "where nothing was restored").await;
            let [whole, again] = ["alarm_dump", "alarm_again"].map(|name| dump::schema(major, name));
            assert_eq!(whole, again);
        });
    }
}

#[test]
fn one_part_that_is_another_is_named() {
    let index = "CREATE INDEX idx_players_kind ON players (kind) WHERE kind IN ('a', 'b') AND seen >";
    // How somebody changed it, and what the last migration of the change says of it.
    let cases = [
        (
            format!("DROP INDEX idx_players_kind; {index} TIMESTAMPTZ '2001-02-03 04:05:07+00'"),
            "found  index idx_players_kind: btree WHERE",
        ),
        (
            "DROP INDEX idx_players_kind; CREATE INDEX idx_players_kind ON players (kind)".to_owned(),
            "found  index idx_players_kind: btree",
        ),
        ("DROP INDEX idx_players_kind".to_owned(), "wanted index idx_players_kind: btree WHERE"),
        ("ALTER TABLE players ALTER name DROP NOT NULL".to_owned(), "found  column name: text DEFAULT"),
        (
            "ALTER TABLE players ALTER kind SET DEFAULT 'b'".to_owned(),
            "found  column kind: text NOT NULL DEFAULT 'b'::text",
        ),
        (
            "ALTER TABLE players DROP CONSTRAINT players_kind_check, ADD CONSTRAINT players_kind_check \
             CHECK (kind IN ('a', 'c'))"
                .to_owned(),
            "found  constraint players_kind_check: CHECK",
        ),
        (
            "ALTER TABLE players DROP CONSTRAINT players_name_key, ADD CONSTRAINT players_name_key UNIQUE (name, id)"
                .to_owned(),
            "found  constraint players_name_key: UNIQUE (name, id)",
        ),
        ("ALTER TABLE players ALTER slept TYPE interval(2)".to_owned(), "found  column slept: interval(2)"),
    ];
    on_each("alarm_parts", async |_, connection| {
        old_table(&connection).await;
        silent(&connection, "at first").await;
        let last = migrations().pop().expect("there is one");
        for (edit, expected) in cases.clone() {
            // The edit is taken back with the transaction in which the postcondition fails.
            let script = last.up.replacen("\nBEGIN;\n", &format!("\nBEGIN;\n{edit};\n"), 1);
            let error = connection.execute_script(&script).await.expect_err(&edit).to_string();
            assert!(error.lines().any(|line| line.starts_with(expected)), "{edit}\n{error}");
            assert!(error.contains("run the migrations of this change again, from the first"), "{error}");
            silent(&connection, "with the edit taken back").await;
        }
    });
}
