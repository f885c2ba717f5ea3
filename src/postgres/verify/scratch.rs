//! Databases that exist for one verification.

use super::super::{CatalogText, Connection, PostgresError, Server, catalog::catalog_text};

/// How long one statement may take on a database with next to no rows; a script that sets its own has it so.
const STATEMENT_TIMEOUT: &str = "60s";

/// Names of our databases begin so.
const PREFIX: &str = "schema_registry_verify_";

/// Databases that exist for one verification. Beside the names of [`Db`] there are none.
pub(super) struct Scratch<'a> {
    server: &'a Server,
    /// Its name tells other verifications, whatever database they begin in, that these databases are in use.
    admin: Connection,
    id: String,
}

/// One of the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Db {
    /// The schema before the change that is being proved.
    Base,
    /// The same with rows.
    Seeded,
    /// After the files that run undisturbed before the one that is interrupted.
    Stage,
    /// Where things are tried.
    Work,
}

impl Db {
    const ALL: [Self; 4] = [Self::Base, Self::Seeded, Self::Stage, Self::Work];

    fn suffix(self) -> &'static str {
        match self {
            Self::Base => "",
            Self::Seeded => "_seeded",
            Self::Stage => "_stage",
            Self::Work => "_work",
        }
    }
}

impl<'a> Scratch<'a> {
    /// Creates [`Db::Base`], empty. What verifications that were killed have left on the server is dropped first.
    pub(super) async fn create(server: &'a Server, admin: Connection) -> Result<Self, PostgresError> {
        let scratch = Self { server, admin, id: uuid::Uuid::new_v4().simple().to_string() };
        scratch.drop_abandoned().await?;
        scratch.admin.run(&format!("SET application_name = '{PREFIX}{}'", scratch.id)).await?;
        scratch.admin.create_database(&scratch.name(Db::Base)).await?;
        Ok(scratch)
    }

    /// Drops databases of ours whose verification is gone, and its session with it.
    async fn drop_abandoned(&self) -> Result<(), PostgresError> {
        let names = format!("SELECT datname FROM pg_database WHERE starts_with(datname, '{PREFIX}')");
        for name in self.admin.column(&names).await? {
            let id = name[PREFIX.len()..].split('_').next().unwrap_or_default();
            let ours = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            let session = format!("SELECT pid FROM pg_stat_activity WHERE application_name = '{PREFIX}{id}'");
            if ours && self.admin.column(&session).await?.is_empty() {
                // Somebody else's role may have made it: then it is not ours to drop.
                if let Err(error @ PostgresError::Connection { .. }) = self.admin.drop_database(&name).await {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn name(&self, db: Db) -> String {
        format!("{PREFIX}{}{}", self.id, db.suffix())
    }

    /// Makes `to` a copy of `from`, in which nobody may be.
    pub(super) async fn copy(&self, from: Db, to: Db) -> Result<(), PostgresError> {
        self.admin.drop_database(&self.name(to)).await?;
        self.admin.copy_database(&self.name(from), &self.name(to)).await
    }

    /// Opens a session as a runner would.
    pub(super) async fn connect(&self, db: Db) -> Result<Connection, PostgresError> {
        let connection = Connection::connect(self.server, &self.name(db)).await?;
        connection.run(&format!("SET statement_timeout = '{STATEMENT_TIMEOUT}'")).await?;
        Ok(connection)
    }

    /// Drops all databases.
    pub(super) async fn drop_all(self) -> Result<(), PostgresError> {
        let mut result = Ok(());
        for db in Db::ALL {
            result = result.and(self.admin.drop_database(&self.name(db)).await);
        }
        result
    }
}

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) catalog: CatalogText,
}

impl State {
    pub(super) async fn read(connection: &Connection) -> Result<Self, PostgresError> {
        Ok(Self { catalog: catalog_text(connection).await? })
    }
}
