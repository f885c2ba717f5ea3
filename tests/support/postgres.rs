//! The servers that tests run on: the one that is installed, and PostgreSQL 18 from `scripts/setup`. Without them tests
//! fail: none is skipped.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    unreachable_pub,
    reason = "every test target compiles all of it and uses a part; a broken test set-up panics"
)]

use std::{
    env,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use schema_registry::postgres::{Connection, TemporaryCluster, find_binaries};

/// A PostgreSQL that tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Major {
    /// `PG_BIN`, or the one that `schema-registry verify` finds.
    Installed,
    /// `PG18_BIN`, or the one that `scripts/setup postgresql18` installs.
    Eighteen,
}

impl Major {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Installed, Self::Eighteen];

    /// The folder of its programs.
    pub fn binaries(self) -> PathBuf {
        match self {
            Self::Installed => {
                find_binaries(env::var_os("PG_BIN").as_deref().map(Path::new)).expect("these tests need PostgreSQL")
            }
            Self::Eighteen => {
                let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/postgresql-18/bin");
                let folder = env::var_os("PG18_BIN").map_or(pinned, PathBuf::from);
                let folder = folder.canonicalize().unwrap_or(folder);
                find_binaries(Some(&folder)).expect("PostgreSQL 18 is missing: run scripts/setup postgresql18")
            }
        }
    }

    /// The cluster of this major version that the tests of this process share. It ends with the process.
    pub fn cluster(self) -> &'static TemporaryCluster {
        static CLUSTERS: [OnceLock<TemporaryCluster>; 2] = [const { OnceLock::new() }; 2];
        let start = || runtime().block_on(TemporaryCluster::start(&self.binaries())).expect("the cluster starts");
        CLUSTERS[self as usize].get_or_init(start)
    }

    /// Runs a test with a session in a new database called `name`, which no other test may use.
    pub fn with_database<T>(self, name: &str, test: impl AsyncFnOnce(&TemporaryCluster, Connection) -> T) -> T {
        let cluster = self.cluster();
        runtime().block_on(async {
            connect(cluster, "postgres").await.create_database(name).await.expect("nobody else uses it");
            test(cluster, connect(cluster, name).await).await
        })
    }
}

/// Runs a test on both, with a session in a new database called `name`, which no other test may use.
pub fn on_each(name: &str, test: impl AsyncFn(&TemporaryCluster, Connection)) {
    for major in Major::ALL {
        major.with_database(name, &test);
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub async fn connect(cluster: &TemporaryCluster, database: &str) -> Connection {
    Connection::connect(&cluster.server(), database).await.expect("the cluster answers")
}
