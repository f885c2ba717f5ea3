//! `verify` puts rows into the tables that a change touches, so that what only rows can show is found.

use schema_registry::postgres::{ChangeScripts, Pair, Standing, TemporaryCluster, Verification, Wanted, verify};

use crate::{on_each, with_database};

/// A down that refuses to lose rows of `t`.
const GUARDED: &str = "DO $$ BEGIN
  IF current_setting('schema_registry.allow_data_loss', true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM t) THEN
    RAISE 'no' USING HINT = 'SET schema_registry.allow_data_loss = on';
  END IF;
END $$;\n";

fn change<'a>(name: &'a str, up: &'a str, down: &'a str) -> ChangeScripts<'a> {
    let migrations = vec![Pair { name, up, down, operations: None }];
    ChangeScripts { name, migrations, wanted: Wanted::Unknown, standing: Standing::New }
}

async fn verified(cluster: &TemporaryCluster, changes: &[ChangeScripts<'_>]) -> Verification {
    verify(&cluster.server(), None, changes, &|_, _| {}, std::future::pending()).await.expect("the server works")
}

/// What a change of tables that are there before it fails by.
async fn failure(cluster: &TemporaryCluster, before: &str, up: &str, down: &str) -> String {
    let merged = ChangeScripts { standing: Standing::Merged, ..change("before", before, "") };
    let verification = verified(cluster, &[merged, change("m", up, down)]).await;
    verification.changes[1].result.as_ref().expect_err("it must fail").to_string()
}

#[test]
fn what_only_rows_can_show_is_found() {
    with_database("rows", async |cluster, _| {
        let base = "CREATE TABLE t (id int PRIMARY KEY, n text);";
        let drop_m = format!("{GUARDED}ALTER TABLE t DROP COLUMN IF EXISTS m;");

        let demands = "ALTER TABLE t ADD COLUMN IF NOT EXISTS m int NOT NULL;";
        insta::assert_snapshot!(failure(cluster, base, demands, &drop_m).await, @r#"up, with rows: m.up.sql, line 1: ERROR 23502: column "m" of relation "t" contains null values"#);

        let changes = "ALTER TABLE t ADD COLUMN IF NOT EXISTS m int; UPDATE t SET n = 'other' WHERE id = 2;";
        insta::assert_snapshot!(failure(cluster, base, changes, &drop_m).await, @r"
        up, with rows: rows that were there before have other values
        - public.t.n: 1, 2, 3
        + public.t.n: 1, 3, other
        ");

        let adds = "ALTER TABLE t ADD COLUMN IF NOT EXISTS m int;";
        let loses = "ALTER TABLE t DROP COLUMN IF EXISTS m;";
        insta::assert_snapshot!(failure(cluster, base, adds, loses).await, @r"
        down, with rows: it does not refuse to lose values that have come since
        - public.t.m: 1, 2, 3
        ");

        let late = format!("ALTER TABLE t ADD COLUMN IF NOT EXISTS m int; UPDATE t SET m = NULL; {drop_m}");
        insta::assert_snapshot!(failure(cluster, base, adds, &late).await, @r"
        down, with rows: it refuses to lose values, and has lost some
        - public.t.m: 1, 2, 3
        + public.t.m: null, null, null
        ");

        let stubborn = "DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN RAISE 'no' USING HINT = 'schema_registry.allow_data_loss'; END IF; END $$; ALTER TABLE t DROP COLUMN IF EXISTS m;";
        let text = failure(cluster, base, adds, stubborn).await;
        assert!(text.starts_with("down, allowed to lose rows: m.down.sql, line 1: ERROR P0001: no"), "{text}");
    });
}

#[test]
fn what_comes_later_is_demanded_of_rows_already() {
    with_database("later", async |cluster, _| {
        // None of the values that would come first satisfies these, and n may be null today.
        let base = "CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE t (n int, other text);";
        let up = "ALTER TABLE t ALTER n SET NOT NULL, DROP CONSTRAINT IF EXISTS c, ADD CONSTRAINT c CHECK (n > 10000),
                DROP CONSTRAINT IF EXISTS o, ADD CONSTRAINT o CHECK (other IN ('x', 'y')),
                DROP CONSTRAINT IF EXISTS p, ADD CONSTRAINT p FOREIGN KEY (other) REFERENCES t (other) DEFERRABLE;
            ";
        let up = format!("CREATE UNIQUE INDEX IF NOT EXISTS u ON t (other); {up}");
        let down = "ALTER TABLE t DROP CONSTRAINT p, DROP CONSTRAINT o, DROP CONSTRAINT c, ALTER n DROP NOT NULL; DROP INDEX u;";
        let merged = ChangeScripts { standing: Standing::Merged, ..change("before", base, "") };
        let verification = verified(cluster, &[merged, change("m", &up, down)]).await;
        assert_eq!(verification.changes[1].result, Ok(()));
        assert_eq!(verification.changes[1].unseeded, []);
    });
}

#[test]
fn tables_of_every_shape_get_rows_and_the_others_are_named() {
    on_each("shapes_of_rows", async |cluster, _| {
        let up = "BEGIN;
            CREATE TYPE mood AS ENUM ('calm', 'cross');
            CREATE DOMAIN word AS text CHECK (VALUE ~ '^[a-z]+$' AND length(VALUE) BETWEEN 3 AND 9);
            CREATE TABLE plain (
                a smallint UNIQUE, b bigint NOT NULL, c numeric(3,2), d double precision, e text UNIQUE, f varchar(2) UNIQUE,
                g char(3), h boolean, i uuid NOT NULL UNIQUE, j date, k timestamptz, l time, m interval, n jsonb, o json,
                p bytea, q inet, r cidr, s macaddr, t bit(3), u point, v polygon, w tsvector, x xml, y int4range,
                z daterange, aa int[] UNIQUE, ab mood[], ac mood NOT NULL, ad word NOT NULL, ae datemultirange, af money,
                ag int GENERATED ALWAYS AS IDENTITY, ah text GENERATED ALWAYS AS (e || 'x') STORED, ai serial);
            CREATE TABLE nothing ();
            CREATE TABLE checked (
                id int PRIMARY KEY CHECK (id > 500), low int NOT NULL, high int NOT NULL, state text NOT NULL,
                code char(5) NOT NULL CHECK (length(trim(code)) = 5), email text NOT NULL CHECK (email LIKE '%@%.%'),
                share numeric NOT NULL CHECK (share > 0 AND share < 1), body jsonb CHECK (jsonb_typeof(body) = 'object'),
                CHECK (low < high), CONSTRAINT states CHECK (state IN ('it''s open', 'closed')));
            CREATE TABLE single (id int PRIMARY KEY CHECK (id = 1), name text NOT NULL);
            CREATE TABLE books (
                room int NOT NULL, during int4range NOT NULL, EXCLUDE USING gist (during WITH &&));
            CREATE TABLE tenants (id uuid PRIMARY KEY, name text NOT NULL);
            CREATE UNIQUE INDEX tenants_name ON tenants (lower(name));
            CREATE TABLE users (tenant uuid REFERENCES tenants, id int, PRIMARY KEY (tenant, id));
            CREATE TABLE posts (id int PRIMARY KEY, tenant uuid NOT NULL, author int NOT NULL, parent int REFERENCES posts,
                FOREIGN KEY (tenant, author) REFERENCES users);
            CREATE TABLE profiles (tenant uuid, id int, PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, id) REFERENCES users);
            CREATE TABLE arcs (post int REFERENCES posts, single int REFERENCES single, CHECK (num_nonnulls(post, single) = 1));
            CREATE TABLE roots (id int PRIMARY KEY, root int NOT NULL REFERENCES roots);
            CREATE TABLE hens (id int PRIMARY KEY, egg int);
            CREATE TABLE eggs (id int PRIMARY KEY, hen int NOT NULL REFERENCES hens);
            ALTER TABLE hens ADD FOREIGN KEY (egg) REFERENCES eggs;
            CREATE TABLE chickens (id int PRIMARY KEY, egg int NOT NULL);
            CREATE TABLE shells (id int PRIMARY KEY, hen int NOT NULL REFERENCES chickens);
            ALTER TABLE chickens ADD FOREIGN KEY (egg) REFERENCES shells DEFERRABLE INITIALLY DEFERRED;
            CREATE TABLE parts (day date) PARTITION BY RANGE (day);
            CREATE TABLE parts_2001 PARTITION OF parts FOR VALUES FROM ('2001-01-01') TO ('2010-01-01');
            CREATE TABLE odd (a text NOT NULL CHECK (a ~ '^x[0-9]y$'));
            CREATE TABLE \"Odd \"\"one\" (\"A b\" int NOT NULL, FOREIGN KEY (\"A b\") REFERENCES single);
            COMMIT;";
        let touch = "DO $$ DECLARE t regclass; BEGIN
            FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
                EXECUTE format('LOCK TABLE %s', t);
            END LOOP; END $$;";
        let touch = format!("BEGIN; {touch} COMMIT;");
        let merged = ChangeScripts { standing: Standing::Merged, ..change("before", up, "") };
        let verification = verified(cluster, &[merged, change("m", &touch, "")]).await;
        assert_eq!(verification.changes[1].result, Ok(()));
        let unseeded = verification.changes[1].unseeded.iter();
        let lines = unseeded.map(|unseeded| format!("{}: {}", unseeded.table, unseeded.reason)).collect::<Vec<_>>();
        let expected = [
            "public.chickens: it refers to shells, which has no rows",
            "public.odd: new row for relation \"odd\" violates check constraint \"odd_a_check\"",
            "public.shells: it refers to chickens, which has no rows",
        ];
        assert_eq!(lines, expected);
    });
}
