//! The PostgreSQL adapter against real servers. Without them these tests fail: none is skipped.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at once and start processes")]

mod cluster;
mod killed;
mod postcondition;
mod rows;
mod scripts;
#[path = "../support/postgres.rs"]
mod support;
mod verification;
mod versions;

use schema_registry::postgres::{Connection, TemporaryCluster};
use support::{Major, connect, on_each, runtime};

/// Runs a test on a cluster of its own.
fn with_cluster<T>(test: impl AsyncFnOnce(&TemporaryCluster) -> T) -> T {
    runtime().block_on(async {
        let cluster = TemporaryCluster::start(&Major::Installed.binaries()).await.expect("the cluster starts");
        test(&cluster).await
    })
}

/// Runs a test on the installed server, with a session in a database called `name`, which no other test may use.
fn with_database<T>(name: &str, test: impl AsyncFnOnce(&TemporaryCluster, Connection) -> T) -> T {
    Major::Installed.with_database(name, test)
}
