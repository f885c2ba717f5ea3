//! What a migration says of a table that is there already: nothing where it is the wanted one, everything where it is not.

use chrono::{DateTime, Utc};
use schema_registry::{
    migration,
    model::{Change, ChangeKind, File, Renames},
    parse::{parse_request, resolve},
    postgres::Connection,
};

use crate::support::on_each;

const REQUEST: &str = r#"
tableName: players
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, nullable: false, defaultValue: gen_random_uuid()}
    - {name: name, type: VARCHAR(40), nullable: false, defaultValue: "'nobody'", unique: true}
    - {name: kind, type: TEXT, check: "kind IN ('a', 'b')"}
    - {name: born, type: DATE, defaultValue: "DATE '2001-02-03'"}
    - {name: slept, type: INTERVAL, defaultValue: "INTERVAL '1 day 2 hours'"}
    - {name: team_id, type: UUID, references: {table: teams, column: id, onDelete: CASCADE}}
  indexes:
    - {name: idx_players_kind, columns: [kind], where: "born > DATE '2001-02-03'"}
    - {name: idx_players_born, columns: [{column: born, order: desc}]}
requestMetadata: {justification: Test, requestedAt: 1701792000}
"#;

fn up() -> String {
    up_of(REQUEST)
}

fn up_of(request: &str) -> String {
    let parsed = parse_request("schema-requests/players.yaml", &File::regular(request));
    assert_eq!(parsed.refusals, []);
    let table = resolve(&parsed.request.expect("it was accepted"));
    let change = Change {
        table: table.name.clone(),
        kind: ChangeKind::Create,
        before: None,
        after: Some(table),
        renames: Renames::default(),
    };
    let (_, migrations) =
        migration::generate(&change, DateTime::<Utc>::UNIX_EPOCH, None, false).expect("it can be written");
    migrations.into_iter().map(|migration| migration.up).collect()
}

/// The differences that the migration reports; none where it runs.
async fn complaint(connection: &Connection, up: &str) -> String {
    let Err(error) = connection.execute_script(up).await else { return String::new() };
    connection.execute_script("ROLLBACK;").await.expect("the transaction is still open");
    let text = error.to_string();
    let differences = text.lines().filter(|line| line.starts_with("wanted ") || line.starts_with("found "));
    let differences = differences.collect::<Vec<_>>().join("\n");
    assert_ne!(differences, "", "{text}");
    differences
}

#[test]
fn another_shape_is_named_part_by_part() {
    // Part, how somebody changed it, what the migration says of it.
    let cases = [
        ("ALTER TABLE players DROP COLUMN slept", "wanted column slept: interval DEFAULT '1 day 02:00:00'::interval"),
        ("ALTER TABLE players ADD COLUMN extra int", "found  column extra: integer"),
        ("ALTER TABLE players ALTER name DROP NOT NULL", "found  column name: character varying(40) DEFAULT"),
        ("ALTER TABLE players ALTER name TYPE varchar(50)", "found  column name: character varying(50)"),
        (
            "ALTER TABLE players ALTER born SET DEFAULT DATE '2001-03-02'",
            "found  column born: date DEFAULT '2001-03-02'::date",
        ),
        ("ALTER TABLE players ALTER kind TYPE text COLLATE \"C\"", "found  column kind: text COLLATE"),
        ("ALTER TABLE players DROP CONSTRAINT players_kind_check", "wanted constraint players_kind_check: CHECK"),
        ("ALTER TABLE players DROP CONSTRAINT players_pkey", "wanted constraint players_pkey: PRIMARY KEY (id)"),
        ("ALTER TABLE players DROP CONSTRAINT players_name_key", "wanted constraint players_name_key: UNIQUE (name)"),
        (
            "ALTER TABLE players DROP CONSTRAINT players_team_id_fkey, \
             ADD CONSTRAINT players_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE SET NULL",
            "found  constraint players_team_id_fkey: FOREIGN KEY (team_id) REFERENCES public.teams(id) ON DELETE SET NULL",
        ),
        (
            "DROP INDEX idx_players_kind; CREATE INDEX idx_players_kind ON players (kind) WHERE born > DATE '2001-02-04'",
            "found  index idx_players_kind: btree WHERE (born > '2001-02-04'::date)",
        ),
        (
            "DROP INDEX idx_players_born; CREATE INDEX idx_players_born ON players (born)",
            "wanted index idx_players_born: KEY 1 date_ops DESC born",
        ),
        ("ALTER TABLE players SET UNLOGGED", "found  table: unlogged"),
    ];
    on_each("another_shape", async |_, connection| {
        connection.execute_script("CREATE TABLE teams (id uuid PRIMARY KEY);").await.expect("it is new");
        let up = up();
        for (edit, expected) in cases {
            connection.execute_script("DROP TABLE IF EXISTS players;").await.expect("nothing refers to it");
            assert_eq!(complaint(&connection, &up).await, "", "before {edit}");
            assert_eq!(complaint(&connection, &up).await, "", "a second time, before {edit}");
            connection.execute_script(&format!("{edit};")).await.expect("an edit");
            let said = complaint(&connection, &up).await;
            assert!(said.lines().any(|line| line.starts_with(expected)), "{edit}\n{said}");
        }
    });
}

#[test]
fn what_is_not_the_migrations_business_may_stay() {
    on_each("left_alone", async |_, connection| {
        let up = up();
        connection.execute_script("CREATE TABLE teams (id uuid PRIMARY KEY);").await.expect("it is new");
        assert_eq!(complaint(&connection, &up).await, "");
        let hotfix = "CREATE INDEX hotfix ON players (lower(name)); ALTER TABLE players ENABLE ROW LEVEL SECURITY;";
        connection.execute_script(hotfix).await.expect("an edit");
        assert_eq!(complaint(&connection, &up).await, "");
    });
}

#[test]
fn no_setting_of_the_session_raises_a_false_alarm() {
    let settings = [
        ("datestyle", "'German, DMY'"),
        ("timezone", "'Asia/Kolkata'"),
        ("intervalstyle", "iso_8601"),
        ("search_path", "pg_temp, elsewhere"),
        ("quote_all_identifiers", "on"),
        ("standard_conforming_strings", "off"),
        ("bytea_output", "escape"),
        ("default_transaction_isolation", "serializable"),
    ];
    on_each("hostile_settings", async |_, connection| {
        let up = up();
        connection
            .execute_script("CREATE SCHEMA elsewhere; CREATE TABLE public.teams (id uuid PRIMARY KEY);")
            .await
            .expect("it is new");
        for (name, value) in settings {
            connection.execute_script(&format!("SET {name} = {value};")).await.expect("a setting");
        }
        assert_eq!(complaint(&connection, &up).await, "");
        assert_eq!(complaint(&connection, &up).await, "");
        connection.execute_script("RESET ALL;").await.expect("settings");
        assert_eq!(complaint(&connection, &up).await, "");
    });
}

/// Functions of SQL whose bodies rely on the search path: PostgreSQL reads a body when it plans an expression that calls it.
const FUNCTIONS: &str = r"
CREATE TABLE settings (name text PRIMARY KEY, next bigint NOT NULL);
INSERT INTO settings VALUES ('player', 7);
CREATE FUNCTION next_number(wanted text) RETURNS bigint LANGUAGE sql AS
    $$ UPDATE settings SET next = next + 1 WHERE name = wanted RETURNING next $$;
CREATE FUNCTION is_setting(wanted text) RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT EXISTS (SELECT FROM settings WHERE name = wanted) $$;
CREATE FUNCTION shout(wanted text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(wanted) $$;
CREATE FUNCTION shouted(wanted text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT public.shout(wanted) $$;
";

const LEANS_ON_FUNCTIONS: &str = r#"
tableName: players
schemaJson:
  columns:
    - {name: id, type: BIGINT, primaryKey: true, nullable: false, defaultValue: "next_number('player')"}
    - {name: kind, type: TEXT, check: "is_setting(kind)"}
    - {name: loud, type: TEXT, generated: "shouted(kind)"}
  indexes:
    - {name: idx_players_loud, columns: [{expression: "shouted(kind)"}], where: "shouted(kind) <> 'X'"}
requestMetadata: {justification: Test, requestedAt: 1701792000}
"#;

#[test]
fn functions_that_rely_on_the_search_path_are_compared_unplanned() {
    on_each("search_path_functions", async |_, connection| {
        connection.execute_script(FUNCTIONS).await.expect("functions");
        let up = up_of(LEANS_ON_FUNCTIONS);
        assert_eq!(complaint(&connection, &up).await, "");
        connection.execute_script("INSERT INTO players (kind) VALUES ('player');").await.expect("a row");
        assert_eq!(complaint(&connection, &up).await, "", "a second time");
        let edit = "ALTER TABLE players DROP CONSTRAINT players_kind_check,
                        ADD CONSTRAINT players_kind_check CHECK (is_setting(kind || ''));";
        connection.execute_script(edit).await.expect("an edit");
        let said = complaint(&connection, &up).await;
        assert!(
            said.contains("found  constraint players_kind_check: CHECK public.is_setting((kind || ''::text))"),
            "{said}"
        );
    });
}
