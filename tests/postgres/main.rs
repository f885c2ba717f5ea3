//! The PostgreSQL adapter against the server that is installed. Without one these tests fail: none is skipped.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at once and start processes")]

mod cluster;
mod postcondition;
mod scripts;
mod verification;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use schema_registry::postgres::{Connection, TemporaryCluster, find_binaries};

fn binaries() -> PathBuf {
    find_binaries(std::env::var_os("PG_BIN").as_deref().map(Path::new)).expect("these tests need PostgreSQL")
}

/// Runs a test on a cluster of its own.
fn with_cluster<T>(test: impl AsyncFnOnce(&TemporaryCluster) -> T) -> T {
    runtime().block_on(async {
        let cluster = TemporaryCluster::start(&binaries()).await.expect("the cluster starts");
        test(&cluster).await
    })
}

/// Runs a test on the cluster that the tests of this process share, with a session in a database called `name`, which no
/// other test may use. The cluster ends with the process.
fn with_database<T>(name: &str, test: impl AsyncFnOnce(&TemporaryCluster, Connection) -> T) -> T {
    static CLUSTER: OnceLock<TemporaryCluster> = OnceLock::new();
    let start = || runtime().block_on(TemporaryCluster::start(&binaries())).expect("the cluster starts");
    let cluster = CLUSTER.get_or_init(start);
    runtime().block_on(async {
        connect(cluster, "postgres").await.create_database(name).await.expect("nobody else uses it");
        test(cluster, connect(cluster, name).await).await
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn connect(cluster: &TemporaryCluster, database: &str) -> Connection {
    Connection::connect(&cluster.server(), database).await.expect("the cluster answers")
}
