//! A table is migrated under a reader that stays, while writers go on.

use std::{
    cell::Cell,
    env,
    time::{Duration, Instant},
};

use schema_registry::{
    model::Renames,
    postgres::{Connection, TemporaryCluster},
};

use crate::{
    bench::{alter, create, table},
    support::{Major, connect},
};

const BEFORE: &str = r"
tableName: orders
schemaJson:
  columns:
    - {name: id, type: BIGINT, primaryKey: true, nullable: false}
    - {name: customer, type: TEXT}
    - {name: status, type: VARCHAR(20), nullable: false}
";
const AFTER: &str = r#"
tableName: orders
schemaJson:
  columns:
    - {name: id, type: BIGINT, primaryKey: true, nullable: false}
    - {name: customer, type: TEXT, nullable: false}
    - {name: status, type: TEXT, nullable: false, check: "status <> ''"}
    - {name: token, type: UUID, nullable: false, defaultValue: gen_random_uuid()}
  indexes:
    - {name: idx_orders_customer, columns: [customer]}
    - {name: idx_orders_token, columns: [token], unique: true}
"#;

/// When the reader ends its transaction.
#[derive(Clone, Copy)]
enum Leaves {
    /// When the migration was refused so many times.
    Refused(u32),
    /// After this time.
    After(Duration),
}

/// What came of it.
#[derive(Debug)]
struct Report {
    refused: u32,
    writes: u32,
    longest_write: Duration,
    whole: Duration,
}

/// Reads the table in a transaction that stays open as long as another session holds the advisory lock.
const READ: &str = "BEGIN; SELECT count(*) FROM orders WHERE id < 10; SELECT pg_advisory_lock_shared(7); COMMIT;";

async fn write(connection: &Connection, done: &Cell<bool>) -> (u32, Duration) {
    let (mut writes, mut longest) = (0, Duration::ZERO);
    while !done.get() {
        let begun = Instant::now();
        let update = format!("UPDATE orders SET customer = customer || '' WHERE id = {};", writes % 1000 + 1);
        connection.execute_script(&update).await.expect("writers go on");
        (writes, longest) = (writes + 1, longest.max(begun.elapsed()));
    }
    (writes, longest)
}

async fn migrate(cluster: &TemporaryCluster, database: &str, rows: u32, leaves: Leaves) -> Report {
    let admin = connect(cluster, database).await;
    let (before, after) = (table(BEFORE), table(AFTER));
    admin.execute_script(&create(&before).up).await.expect("a new table");
    let fill = format!("INSERT INTO orders SELECT n, 'c' || n, 'open' FROM generate_series(1, {rows}) AS n;");
    admin.execute_script(&fill).await.expect("rows");
    let files = alter(&before, &after, &Renames::default()).expect("it can be carried out");

    let [reader, busy, migrating] = [(); 3].map(|()| connect(cluster, database));
    let (reader, busy, migrating) = (reader.await, busy.await, migrating.await);
    admin.execute_script("SELECT pg_advisory_lock(7);").await.expect("nobody holds it");
    let (done, refused, begun) = (Cell::new(false), Cell::new(0), Instant::now());
    let leave = async || admin.execute_script("SELECT pg_advisory_unlock(7);").await.expect("it is held");
    let run = async {
        let there =
            "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted) LOOP
                     END LOOP; END $$;";
        migrating.execute_script(there).await.expect("the reader is there");
        for file in &files {
            while let Err(error) = migrating.execute_script(&file.up).await {
                assert!(error.to_string().contains("lock timeout"), "{}: {error}", file.name);
                refused.set(refused.get() + 1);
                if matches!(leaves, Leaves::Refused(times) if times == refused.get()) {
                    leave().await;
                }
            }
        }
        done.set(true);
    };
    let timer = async {
        if let Leaves::After(time) = leaves {
            tokio::time::sleep(time).await;
            leave().await;
        }
    };
    let ((), (writes, longest_write), read, ()) =
        tokio::join!(run, write(&busy, &done), reader.execute_script(READ), timer);
    read.expect("nobody disturbs the reader");
    Report { refused: refused.get(), writes, longest_write, whole: begun.elapsed() }
}

#[test]
fn a_migration_gives_way_to_a_reader_and_succeeds_when_it_is_gone() {
    Major::Installed.with_database("reader", async |cluster, _| {
        let report = migrate(cluster, "reader", 2000, Leaves::Refused(2)).await;
        assert!(report.refused >= 2, "{report:?}");
        assert!(report.writes > report.refused, "writers come through between the attempts: {report:?}");
    });
}

#[test]
#[ignore = "takes more than a minute and measures time; scripts/stall runs it"]
fn writers_hardly_wait() {
    let number = |name: &str, usual: u32| env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (seconds, rows) = (number("SECONDS_OF_READER", 60), number("ROWS", 1_000_000));
    Major::Installed.with_database("stall", async |cluster, _| {
        let leaves = Leaves::After(Duration::from_secs(seconds.into()));
        let report = migrate(cluster, "stall", rows, leaves).await;
        println!("{rows} rows, a reader for {seconds} s, {} s in all: {report:?}", report.whole.as_secs());
        assert!(report.longest_write < Duration::from_millis(2500), "{report:?}");
    });
}
