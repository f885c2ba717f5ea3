//! The PostgreSQL adapter against the server that is installed. Without one these tests fail: none is skipped.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at once and start processes")]

mod cluster;
mod scripts;
mod verification;

use std::path::{Path, PathBuf};

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

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn connect(cluster: &TemporaryCluster) -> Connection {
    Connection::connect(&cluster.server(), "postgres").await.expect("the cluster answers")
}
