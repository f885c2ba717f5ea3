//! Servers and connections to them.

use std::{fmt::Write as _, path::Path, str::FromStr, time::Duration};

use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, NoTls,
    config::Host,
    error::{DbError, ErrorPosition},
};

use super::{
    PostgresError, StatementError,
    cluster::ROLE,
    error::chain,
    script::{Statement, statements},
};

/// How long a server may take to answer a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a server is, and as whom to connect.
#[derive(Debug, Clone)]
pub struct Server {
    config: Config,
}

impl Server {
    /// The server of a URL, `postgresql://user:password@host:port/database`, or of a `key=value` string. Connections are
    /// not encrypted: `sslmode=require` is refused by the server's answer.
    /// Source: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>
    pub fn from_url(url: &str) -> Result<Self, PostgresError> {
        let mut config = Config::from_str(url).map_err(|error| PostgresError::Url(chain(&error)))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        config.application_name("schema-registry");
        Ok(Self { config })
    }

    /// The server whose unix socket is in `folder`.
    pub(super) fn on_socket(folder: &Path, user: &str) -> Self {
        let mut config = Config::new();
        config.host_path(folder).user(user).application_name("schema-registry").connect_timeout(CONNECT_TIMEOUT);
        Self { config }
    }

    /// The database that connections go to where none is named: that of the URL, else `postgres`.
    #[must_use]
    pub fn maintenance_database(&self) -> &str {
        self.config.get_dbname().unwrap_or("postgres")
    }

    /// Host, port and database, for messages; no user, no password.
    fn describe(&self, database: &str) -> String {
        let mut text = String::new();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let port = self.config.get_ports().get(index).or(self.config.get_ports().first());
            let _ = match host {
                Host::Tcp(name) => write!(text, "{name}:{}/", port.unwrap_or(&5432)),
                Host::Unix(folder) => write!(text, "{}/", folder.display()),
            };
        }
        text + database
    }
}

/// One session.
pub struct Connection {
    client: Client,
    driver: JoinHandle<()>,
    place: String,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Opens a session. Must be called inside a tokio runtime, which drives the connection.
    pub async fn connect(server: &Server, database: &str) -> Result<Self, PostgresError> {
        let place = server.describe(database);
        let mut config = server.config.clone();
        let (client, connection) = config.dbname(database).connect(NoTls).await.map_err(|error| {
            let reason = error.as_db_error().map_or_else(|| chain(&error), |refused| refused.message().to_owned());
            PostgresError::Connection { server: place.clone(), reason }
        })?;
        // An error of the connection reaches the caller through the client's next call.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { client, driver, place })
    }

    /// Runs a script as `psql -f` does, statement by statement in this session, and stops at the first that is refused:
    /// the error names its line, and the transaction it was in is rolled back. A script that leaves a transaction open is
    /// rolled back and refused too.
    pub async fn execute_script(&self, script: &str) -> Result<(), PostgresError> {
        for statement in statements(script) {
            self.execute(script, statement).await?;
        }
        self.finish(script).await
    }

    /// Runs one statement of a script; where it is refused, the transaction it was in is rolled back.
    pub(super) async fn execute(&self, script: &str, statement: Statement<'_>) -> Result<(), PostgresError> {
        let Err(error) = self.client.batch_execute(statement.sql).await else { return Ok(()) };
        // Outside of a transaction this is a warning; on a lost connection the first error says more.
        let _ = self.client.batch_execute("ROLLBACK").await;
        Err(self.refused(&error, script, statement))
    }

    /// Refuses and rolls back what a script left open.
    pub(super) async fn finish(&self, script: &str) -> Result<(), PostgresError> {
        // In a transaction block the first stays put while the second goes on.
        let row = self.query("SELECT transaction_timestamp() = statement_timestamp()").await?;
        if row.first().and_then(|row| row.first()).and_then(Option::as_deref) == Some("t") {
            return Ok(());
        }
        self.client.batch_execute("ROLLBACK").await.map_err(|error| self.lost(&error))?;
        Err(PostgresError::Statement(Box::new(StatementError {
            line: script.lines().count().max(1),
            severity: "ERROR".to_owned(),
            code: "25001".to_owned(),
            message: "the script ends inside a transaction".to_owned(),
            detail: None,
            hint: Some("End it with COMMIT.".to_owned()),
            context: None,
            constraint: None,
        })))
    }

    /// Creates a database as a copy of another one, which nobody may be connected to.
    pub(super) async fn copy_database(&self, template: &str, name: &str) -> Result<(), PostgresError> {
        // Copying files is several times faster than logging every page.
        self.run(&format!("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", quote(name), quote(template))).await
    }

    /// Creates an empty database, a copy of `template0`.
    pub async fn create_database(&self, name: &str) -> Result<(), PostgresError> {
        self.copy_database("template0", name).await
    }

    /// Drops a database with the sessions that are still in it; harmless where it does not exist.
    pub async fn drop_database(&self, name: &str) -> Result<(), PostgresError> {
        self.run(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote(name))).await
    }

    /// Creates an extension and, for [`ROLE`], the schema that it is in; lets that role use its foreign-data wrappers.
    /// Takes a superuser.
    pub(super) async fn create_extension(&self, name: &str, schema: &str) -> Result<(), PostgresError> {
        if schema != "pg_catalog" {
            self.run(&format!("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {ROLE}", quote(schema))).await?;
        }
        self.run(&format!("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}", quote(name), quote(schema))).await?;
        let wrappers = self.column("SELECT quote_ident(fdwname) FROM pg_foreign_data_wrapper").await?;
        for wrapper in wrappers {
            self.run(&format!("GRANT USAGE ON FOREIGN DATA WRAPPER {wrapper} TO {ROLE}")).await?;
        }
        Ok(())
    }

    /// Major version of the server.
    pub async fn server_version(&self) -> Result<u32, PostgresError> {
        let rows = self.query("SELECT current_setting('server_version_num')::int / 10000").await?;
        let version = rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok());
        let reason = "the server does not tell its version".to_owned();
        version.ok_or_else(|| PostgresError::Connection { server: self.place.clone(), reason })
    }

    /// Runs one statement of a script; an error names its line.
    pub(super) async fn run_at(&self, script: &str, statement: Statement<'_>) -> Result<(), PostgresError> {
        let done = self.client.batch_execute(statement.sql).await;
        done.map_err(|error| self.refused(&error, script, statement))
    }

    /// Process id of the session on the server.
    pub(super) async fn process(&self) -> Result<i32, PostgresError> {
        let rows = self.query("SELECT pg_backend_pid()").await?;
        let id = rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok());
        let reason = "the server does not tell the session's process id".to_owned();
        id.ok_or_else(|| PostgresError::Connection { server: self.place.clone(), reason })
    }

    /// Runs one statement of ours.
    pub(super) async fn run(&self, sql: &str) -> Result<(), PostgresError> {
        self.query(sql).await.map(drop)
    }

    /// The first column of the rows of a query of ours, nulls left out.
    pub(super) async fn column(&self, sql: &str) -> Result<Vec<String>, PostgresError> {
        Ok(self.query(sql).await?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
    }

    /// Runs statements of ours; the rows of all of them, in PostgreSQL's own text.
    pub(super) async fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, PostgresError> {
        let whole = Statement { start: 0, sql };
        let messages = self.client.simple_query(sql).await.map_err(|error| self.refused(&error, sql, whole))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    fn refused(&self, error: &tokio_postgres::Error, script: &str, statement: Statement<'_>) -> PostgresError {
        match error.as_db_error() {
            Some(refused) => PostgresError::Statement(Box::new(statement_error(refused, script, statement))),
            None => self.lost(error),
        }
    }

    fn lost(&self, error: &tokio_postgres::Error) -> PostgresError {
        PostgresError::Connection { server: self.place.clone(), reason: chain(error) }
    }
}

/// An identifier, quoted.
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn statement_error(refused: &DbError, script: &str, statement: Statement<'_>) -> StatementError {
    let inside = match refused.position() {
        Some(ErrorPosition::Original(position)) => {
            let before = usize::try_from(*position).unwrap_or(1).saturating_sub(1);
            statement.sql.char_indices().nth(before).map_or(0, |(offset, _)| offset)
        }
        _ => 0,
    };
    let newlines = script.bytes().take(statement.start + inside).filter(|byte| *byte == b'\n').count();
    StatementError {
        line: newlines + 1,
        severity: refused.severity().to_owned(),
        code: refused.code().code().to_owned(),
        message: refused.message().to_owned(),
        detail: refused.detail().map(str::to_owned),
        hint: refused.hint().map(str::to_owned),
        context: refused.where_().map(str::to_owned),
        constraint: refused.constraint().map(str::to_owned),
    }
}
