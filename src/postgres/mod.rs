//! PostgreSQL: temporary clusters, connections, catalogs, and the proof that migrations do what they say.

#![expect(clippy::disallowed_methods, reason = "an adapter: it starts the server and reads its files")]

mod binaries;
mod catalog;
mod cluster;
mod connection;
mod dump;
mod error;
mod inventory;
mod script;
mod verify;

pub use binaries::find_binaries;
pub use catalog::{CatalogText, catalog_text, table_diff};
pub use cluster::TemporaryCluster;
pub use connection::{Connection, Server};
pub use dump::load_dump;
pub use error::{PostgresError, StatementError};
pub use inventory::inventory;
pub use verify::{
    ChangeResult, ChangeScripts, Failure, ObservedLock, ObservedRewrite, Pair, Prelude, Standing, Step, Unseeded,
    Verification, Wanted, verify,
};
