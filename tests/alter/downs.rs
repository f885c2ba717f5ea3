//! Downs that would lose something refuse, whatever hides the rows or brings them in at the last moment.

use schema_registry::{
    model::{Migration, Renames},
    postgres::{Connection, TemporaryCluster},
};

use crate::{
    bench::{alter, create, table},
    support::{connect, on_each},
};

const BEFORE: &str = "tableName: notes\nschemaJson:\n  columns:\n    \
                      - {name: id, type: BIGINT, primaryKey: true, nullable: false}\n    \
                      - {name: word, type: VARCHAR(5)}\n";

/// Changes whose downs lose something that [`ROW`] has: the table, a column's values, the end of a text.
fn losses() -> [(&'static str, Migration); 3] {
    let before = table(BEFORE);
    let only = |after: &str| {
        let migrations = alter(&before, &table(after), &Renames::default()).expect("it can be carried out");
        <[_; 1]>::try_from(migrations).map(|[only]| only).expect("it is one migration")
    };
    [
        ("table", create(&before)),
        ("column", only(&format!("{BEFORE}    - {{name: extra, type: TEXT}}\n"))),
        ("type", only(&BEFORE.replace("VARCHAR(5)", "TEXT"))),
    ]
}

fn row(loss: &str) -> &'static str {
    match loss {
        "column" => "INSERT INTO notes (id, extra) VALUES (1, 'kept');",
        _ => "INSERT INTO notes (id, word) VALUES (1, 'a long word');",
    }
}

const START: &str = "RESET ALL; DROP TABLE IF EXISTS notes;";
const KEPT: &str = "DO $$ BEGIN
    ASSERT (SELECT count(*) = 1 AND bool_and(to_jsonb(notes) @> '{\"id\": 1}' AND notes::text LIKE '%k%pt%' OR \
     notes::text LIKE '%a long word%') FROM notes);
END $$;";

async fn up(connection: &Connection, loss: &str, migration: &Migration) {
    let create = create(&table(BEFORE));
    connection.execute_script(&create.up).await.expect("a new table");
    connection.execute_script(&migration.up).await.expect("the change");
    if loss == "table" {
        connection.execute_script("ALTER TABLE notes ALTER word TYPE text;").await.expect("room for the row");
    }
}

#[test]
fn a_row_that_row_level_security_hides_is_not_lost() {
    on_each("hidden_rows", async |_, connection| {
        for (loss, migration) in losses() {
            connection.execute_script(START).await.expect("an empty schema");
            up(&connection, loss, &migration).await;
            connection.execute_script(row(loss)).await.expect("a row");
            let hide = "ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY;
                        DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM notes); END $$;";
            connection.execute_script(hide).await.expect("the row is hidden from its owner");
            let error = connection.execute_script(&migration.down).await.expect_err(loss).to_string();
            assert!(error.contains("42501") && error.contains("row-level security"), "{loss}: {error}");
            let show = "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY;";
            connection.execute_script(show).await.expect("its owner sees it again");
            connection.execute_script(KEPT).await.expect("the row is still there");
        }
    });
}

/// Runs the down while another session holds a new row back until it sees the down wait for it. Some databases take a
/// snapshot for the whole of a transaction, which must not be older than the row.
async fn race(
    cluster: &TemporaryCluster,
    database: &str,
    isolation: &str,
    loss: &str,
    migration: &Migration,
) -> String {
    let (migrating, inserting) = (connect(cluster, database).await, connect(cluster, database).await);
    migrating.execute_script(START).await.expect("an empty schema");
    up(&migrating, loss, migration).await;
    let isolate = format!("SET default_transaction_isolation = '{isolation}';");
    migrating.execute_script(&isolate).await.expect("a setting");
    // One script is one transaction here, so that the row stays uncommitted while the block looks on.
    let insert = format!(
        "BEGIN; {} DO $$ BEGIN
             WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'notes'::regclass AND NOT granted)
                   AND clock_timestamp() < now() + interval '1 minute' LOOP
             END LOOP;
         END $$; COMMIT;",
        row(loss)
    );
    let (down, inserted) = tokio::join!(
        async {
            // Not before the row is there.
            let there = "DO $$ BEGIN
                 WHILE NOT EXISTS (SELECT FROM pg_locks
                                    WHERE relation = 'notes'::regclass AND mode = 'RowExclusiveLock')
                       AND clock_timestamp() < now() + interval '1 minute' LOOP
                 END LOOP;
             END $$;";
            migrating.execute_script(there).await.expect("the row is there");
            migrating.execute_script(&migration.down).await
        },
        inserting.execute_script(&insert)
    );
    inserted.expect("the row is committed");
    let error = down.expect_err("the row would be lost").to_string();
    inserting.execute_script(KEPT).await.expect("the row is still there");
    error
}

#[test]
fn a_row_that_is_inserted_meanwhile_is_not_lost() {
    on_each("late_rows", async |cluster, _| {
        for isolation in ["read committed", "repeatable read", "serializable"] {
            for (loss, migration) in losses() {
                let error = race(cluster, "late_rows", isolation, loss, &migration).await;
                let refused = ["and they would be lost", "has values that", "lock timeout"];
                assert!(refused.iter().any(|words| error.contains(words)), "{isolation}, {loss}: {error}");
            }
        }
    });
}

#[test]
fn what_may_be_lost_is_lost() {
    on_each("allowed_loss", async |_, connection| {
        for (loss, migration) in losses() {
            connection.execute_script(START).await.expect("an empty schema");
            up(&connection, loss, &migration).await;
            connection.execute_script(row(loss)).await.expect("a row");
            let error = connection.execute_script(&migration.down).await.expect_err(loss).to_string();
            assert!(error.contains("SET schema_registry.allow_data_loss = on"), "{loss}: {error}");
            let allow = "SET schema_registry.allow_data_loss = on;";
            connection.execute_script(&format!("{allow}\n{}", migration.down)).await.expect("it was asked for");
        }
    });
}
