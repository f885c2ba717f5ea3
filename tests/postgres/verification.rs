//! `verify` passes what does what it says and names the step of what does not.

use std::collections::BTreeMap;

use schema_registry::{
    model::{Column, Table, TableName},
    postgres::{
        ChangeScripts, Connection, Pair, Server, Standing, Step, TemporaryCluster, Verification, Wanted, catalog_text,
        verify,
    },
};

use crate::{connect, on_each, runtime, with_cluster, with_database};

const UP: &str = "BEGIN;
CREATE TABLE IF NOT EXISTS public.teams (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    seq bigserial NOT NULL,
    name text,
    CONSTRAINT teams_pkey PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS idx_teams_name ON public.teams (name);
COMMENT ON TABLE public.teams IS 'Who plays';
COMMIT;
";
const DOWN: &str = "BEGIN;
DO $$ BEGIN
    IF to_regclass('public.teams') IS NOT NULL AND current_setting('schema_registry.allow_data_loss', true) IS DISTINCT FROM 'on'
        AND EXISTS (SELECT FROM public.teams) THEN
        RAISE 'it has rows' USING HINT = 'SET schema_registry.allow_data_loss = on';
    END IF;
END $$;
DROP TABLE IF EXISTS public.teams;
COMMIT;
";

fn column(name: &str, type_name: &str, nullable: bool) -> Column {
    Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        nullable,
        default: None,
        identity: None,
        generated: None,
        collation: None,
        comment: None,
    }
}

fn teams() -> Table {
    Table {
        name: TableName::public("teams"),
        comment: None,
        columns: vec![column("id", "uuid", false), column("seq", "bigserial", false), column("name", "text", true)],
        primary_key: None,
        uniques: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        excludes: Vec::new(),
        indexes: Vec::new(),
    }
}

/// A change of one migration, without a plan.
fn single<'a>(name: &'a str, up: &'a str, down: &'a str, wanted: Wanted<'a>) -> ChangeScripts<'a> {
    ChangeScripts { name, migrations: vec![Pair { name, up, down, operations: None }], wanted, standing: Standing::New }
}

async fn verified(cluster: &TemporaryCluster, changes: &[ChangeScripts<'_>]) -> Verification {
    let verification =
        verify(&cluster.server(), None, changes, &|_, _| {}, std::future::pending()).await.expect("the server works");
    assert_eq!(verification.passes(), verification.changes.iter().all(|change| change.result.is_ok()));
    verification
}

/// The only failure of the only migration, as a person reads it.
async fn failure(cluster: &TemporaryCluster, up: &str, down: &str, wanted: Wanted<'_>) -> String {
    let verification = verified(cluster, &[single("m", up, down, wanted)]).await;
    verification.changes[0].result.as_ref().expect_err("it must fail").to_string()
}

#[test]
fn a_good_chain_passes_and_the_scratch_database_is_gone() {
    with_cluster(async |cluster| {
        let teams = teams();
        let members = "CREATE TABLE IF NOT EXISTS public.members (team_id uuid REFERENCES public.teams (id));";
        let (name, dropped) = (TableName::public("members"), "DROP TABLE IF EXISTS public.members;");
        let guarded = &DOWN.replace("public.teams", "public.members");
        let chain = [
            single("1_create_teams", UP, DOWN, Wanted::Table(&teams)),
            single("2_create_members", members, guarded, Wanted::Unknown),
            single("3_drop_members", dropped, members, Wanted::Absent(&name)),
        ];
        let verification = verified(cluster, &chain).await;
        assert!(verification.passes(), "{:?}", verification.changes);
        assert_eq!(verification.changes.len(), 3);

        let admin = connect(cluster, "postgres").await;
        let left = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_database WHERE datname LIKE 'schema\\_registry\\_verify\\_%') THEN RAISE 'left behind'; END IF; END $$";
        admin.execute_script(left).await.expect("no scratch database is left");
    });
}

#[test]
fn a_database_url_serves_as_well_and_its_own_database_is_left_alone() {
    with_database("shop", async |cluster, connection| {
        connection.execute_script("CREATE TABLE teams (other int);").await.expect("it is ours");
        let url = format!("postgresql:///shop?host={}&user=schema_registry", cluster.folder().display());
        let server = Server::from_url(&url).expect("a URL");
        let teams = teams();
        let pair = single("1_create_teams", UP, DOWN, Wanted::Table(&teams));
        assert!(
            verify(&server, None, &[pair], &|_, _| {}, std::future::pending())
                .await
                .expect("the server works")
                .passes()
        );
        let catalog = catalog_text(&connection).await.expect("it answers");
        assert_eq!(catalog.get("column public.teams.other").map(String::as_str), Some("#1 integer"));
    });
}

#[test]
fn verifications_on_one_server_leave_each_other_alone_and_drop_what_dead_ones_left() {
    with_database("neighbour", async |cluster, connection| {
        let abandoned = "schema_registry_verify_00000000000000000000000000000000_work";
        connection.create_database(abandoned).await.expect("nobody has it");
        let change = [single("1_create_teams", UP, DOWN, Wanted::Unknown)];
        let url = format!("postgresql:///neighbour?host={}&user=schema_registry", cluster.folder().display());
        let nested = std::cell::Cell::new(false);
        // In the midst of the first one, a second one begins and ends in another database.
        let tell = |_: usize, step: &Step| {
            if *step == Step::Down && !nested.replace(true) {
                std::thread::scope(|scope| {
                    let second = || async {
                        let server = Server::from_url(&url).expect("a URL");
                        let change = [single("1_create_teams", UP, DOWN, Wanted::Unknown)];
                        assert!(
                            verify(&server, None, &change, &|_, _| {}, std::future::pending())
                                .await
                                .expect("the server works")
                                .passes()
                        );
                    };
                    scope.spawn(move || runtime().block_on(second())).join().expect("it passes");
                });
            }
        };
        assert!(
            verify(&cluster.server(), None, &change, &tell, std::future::pending())
                .await
                .expect("the server works")
                .passes()
        );
        assert!(nested.get());
        Connection::connect(&cluster.server(), abandoned).await.map(drop).expect_err("it was abandoned");
    });
}

#[test]
fn each_way_to_fail_names_its_step() {
    with_database("failures", async |cluster, _| {
        let text = failure(cluster, "CREATE TABLE teams (id int);", DOWN, Wanted::Unknown).await;
        insta::assert_snapshot!(text, @r#"up, run again: m.up.sql, line 1: ERROR 42P07: relation "teams" already exists"#);

        let grows = "CREATE TABLE IF NOT EXISTS teams (id int);\nDO $$ BEGIN EXECUTE format('ALTER TABLE teams ADD COLUMN c%s int', (SELECT count(*) FROM pg_attribute WHERE attrelid = 'teams'::regclass AND attnum > 0)); END $$;";
        let text = failure(cluster, grows, DOWN, Wanted::Unknown).await;
        insta::assert_snapshot!(text, @r"
        up, run again: a second run changes the schema
        + column public.teams.c2: #3 integer
        ");

        let text = failure(cluster, UP, "ALTER TABLE teams DROP COLUMN name, DROP COLUMN seq;", Wanted::Unknown).await;
        insta::assert_snapshot!(text, @r"
        down: what was there before the up is not restored
        + column public.teams.id: #1 uuid not null default gen_random_uuid()
        + constraint public.teams.teams_pkey: PRIMARY KEY (id)
        + index public.teams_pkey: CREATE UNIQUE INDEX teams_pkey ON public.teams USING btree (id)
        + table public.teams: ordinary comment 'Who plays'
        ");

        let text = failure(cluster, UP, "BEGIN;\nDROP TABLE team;\nCOMMIT;", Wanted::Unknown).await;
        insta::assert_snapshot!(text, @r#"down: m.down.sql, line 2: ERROR 42P01: table "team" does not exist"#);

        let text = failure(cluster, "BEGIN;\nCREATE TABEL teams (id int);\nCOMMIT;", DOWN, Wanted::Unknown).await;
        insta::assert_snapshot!(text, @r#"up: m.up.sql, line 2: ERROR 42601: syntax error at or near "TABEL""#);

        // What would wait for ever is ended.
        let endless = "DO $$ BEGIN RAISE '%', current_setting('statement_timeout'); END $$;";
        let text = failure(cluster, endless, DOWN, Wanted::Unknown).await;
        assert!(text.starts_with("up: m.up.sql, line 1: ERROR P0001: 1min"), "{text}");
    });
}

#[test]
fn an_up_that_depends_on_what_the_down_left_behind_is_found() {
    with_database("redone", async |cluster, _| {
        // A sequence's value is data: the catalog is restored, the second first run still differs.
        let setup = "CREATE SEQUENCE IF NOT EXISTS runs;";
        let up = "DO $$ BEGIN IF to_regclass('t') IS NULL THEN EXECUTE format('CREATE TABLE t (c%s int)', nextval('runs')); END IF; END $$;";
        let chain = [
            single("1", setup, "DROP SEQUENCE runs;", Wanted::Unknown),
            single("2", up, "DROP TABLE t;", Wanted::Unknown),
            single("3", "", "", Wanted::Unknown),
        ];
        let results = verified(cluster, &chain).await.changes;
        assert_eq!(results[0].result, Ok(()));
        insta::assert_snapshot!(results[1].result.as_ref().expect_err("it differs"), @r"
        up, after the down: the schema is not the one of the first run
        - column public.t.c1: #1 integer
        + column public.t.c2: #1 integer
        ");
        insta::assert_snapshot!(results[2].result.as_ref().expect_err("nothing to run it on"), @"not run: 2 failed");
    });
}

#[test]
fn a_shape_other_than_wanted_is_found() {
    with_database("shapes", async |cluster, _| {
        let mut wanted = teams();
        wanted.columns[2] = column("name", "character varying(40)", false);
        wanted.columns.push(column("slug", "text", true));
        insta::assert_snapshot!(failure(cluster, UP, DOWN, Wanted::Table(&wanted)).await, @r"
        up: the table is not the one that the request describes
        - name: character varying(40) not null
        + name: text
        - slug: text
        ");
        wanted.name = TableName::new("other", "teams");
        wanted.columns.clear();
        insta::assert_snapshot!(failure(cluster, UP, DOWN, Wanted::Table(&wanted)).await, @"up: the table is not there");
        let name = TableName::public("teams");
        insta::assert_snapshot!(failure(cluster, UP, DOWN, Wanted::Absent(&name)).await, @r"
        up: the table is still there
        + id: uuid not null
        + name: text
        + seq: bigint not null
        ");
    });
}

#[test]
fn the_catalog_tells_apart_what_a_migration_can_change() {
    on_each("catalog", async |cluster, connection| {
        let admin = connect(cluster, "postgres").await;
        let base = "CREATE TYPE mood AS ENUM ('calm');
            CREATE TABLE t (id int PRIMARY KEY, n text DEFAULT 'x', s serial, m mood, CONSTRAINT c CHECK (n <> ''));
            CREATE TABLE u (t_id int); CREATE INDEX t_n ON t (n);";
        connection.execute_script(base).await.expect("it is valid");
        let before = catalog_text(&connection).await.expect("it answers");
        let changes = [
            "ALTER TABLE t ALTER n TYPE varchar(9)",
            "ALTER TABLE t ALTER n SET NOT NULL",
            "ALTER TABLE t ALTER n SET DEFAULT 'y'",
            "ALTER TABLE t ALTER n TYPE text COLLATE \"C\"",
            "ALTER TABLE t ADD g int GENERATED ALWAYS AS (id + 1) STORED",
            "ALTER TABLE t ADD i int GENERATED BY DEFAULT AS IDENTITY",
            "ALTER TABLE t DROP CONSTRAINT c",
            "ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t",
            "ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t NOT VALID",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE t SET (fillfactor = 50)",
            "ALTER TABLE t REPLICA IDENTITY FULL",
            "ALTER TABLE t SET UNLOGGED",
            "COMMENT ON COLUMN t.n IS 'n'",
            "COMMENT ON INDEX t_n IS 'n'",
            "DROP INDEX t_n",
            "CREATE UNIQUE INDEX t_m ON t (m) WHERE n > ''",
            "ALTER SEQUENCE t_s_seq OWNED BY NONE",
            "ALTER SEQUENCE t_s_seq CACHE 7",
            "ALTER TYPE mood ADD VALUE 'cross'",
            "CREATE DOMAIN d AS int CHECK (value > 0)",
            "CREATE VIEW v AS SELECT 1 AS a",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE POLICY p ON t USING (true)",
            "CREATE STATISTICS x ON id, n FROM t",
        ];
        let mut seen = BTreeMap::from([(before, "nothing")]);
        for change in changes {
            admin.drop_database("catalog").await.expect("it is ours");
            admin.create_database("catalog").await.expect("it is gone");
            let connection = connect(cluster, "catalog").await;
            connection.execute_script(base).await.expect("it is valid");
            connection.execute_script(change).await.expect(change);
            let after = catalog_text(&connection).await.expect("it answers");
            if let Some(same) = seen.insert(after, change) {
                panic!("{change} looks like {same}");
            }
        }
    });
}
