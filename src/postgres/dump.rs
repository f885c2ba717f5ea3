//! Loads what `pg_dump --schema-only` wrote into a scratch database.

mod text;

use std::{collections::BTreeSet, fmt::Write as _};

use super::{
    Connection, PostgresError, TemporaryCluster,
    script::{Statement, statements},
};
use crate::model::LeftOut;
use text::Extension;

/// Statements that a scratch database cannot or need not take, by the words they begin with, and what is left out with
/// them. Roles of the other server do not exist here, and neither does what takes a superuser.
const SKIPPED: [(&str, Option<&str>); 17] = [
    ("GRANT ", Some("grant")),
    ("REVOKE ", Some("grant")),
    ("ALTER DEFAULT PRIVILEGES ", Some("default privileges")),
    ("CREATE EVENT TRIGGER ", Some("event trigger")),
    ("CREATE PUBLICATION ", Some("publication")),
    ("ALTER PUBLICATION ", Some("publication")),
    ("CREATE SUBSCRIPTION ", Some("subscription")),
    ("COMMENT ON EVENT TRIGGER ", None),
    ("COMMENT ON PUBLICATION ", None),
    ("COMMENT ON SUBSCRIPTION ", None),
    ("COMMENT ON EXTENSION ", None),
    // The database itself, which `pg_dump --create` makes.
    ("CREATE DATABASE ", None),
    ("ALTER DATABASE ", None),
    ("COMMENT ON DATABASE ", None),
    // What `pg_dump --clean` removes first.
    ("DROP ", None),
    ("SET default_tablespace ", None),
    // The text has been decoded.
    ("SET client_encoding ", None),
];

/// Statements that name roles, and what is left out where such a role is not here.
const OF_ROLES: [(&str, &str); 2] = [("CREATE POLICY ", "policy"), ("CREATE USER MAPPING ", "user mapping")];

/// Runs the statements of a dump in a new database of a temporary cluster. Owners and privileges are passed over, and what
/// is lost with that is returned. Extensions come first, made by the superuser while nothing of the dump is there yet;
/// the dump itself runs as a role that reaches nothing outside of its database.
/// Source: <https://www.postgresql.org/docs/current/app-pgdump.html>
pub async fn load_dump(cluster: &TemporaryCluster, database: &str, dump: &[u8]) -> Result<Vec<LeftOut>, PostgresError> {
    let script = text::script(dump)?;
    let server = cluster.server();
    Connection::connect(&server, server.maintenance_database()).await?.create_database(database).await?;
    let connection = Connection::connect(&server, database).await?;
    let statements = statements(&script);
    let mut left_out = extensions(cluster, database, &statements).await?;
    let lacking: Vec<String> = left_out.iter().map(|left| left.object.clone()).collect();
    for statement in statements {
        match run(&connection, &script, statement).await {
            Ok(left) => left_out.extend(left),
            Err(PostgresError::Statement(error)) => {
                let advice = advice(text::dumped_from(&script), connection.server_version().await?, &lacking);
                return Err(PostgresError::Dump(format!("{error}\n{advice}")));
            }
            Err(other) => return Err(other),
        }
    }
    Ok(left_out.into_iter().collect())
}

/// What may be the cause where a dump of the version `from` does not load into the version `here`, and what to do.
fn advice(from: Option<u32>, here: u32, lacking: &[String]) -> String {
    let mut advice = String::new();
    if !lacking.is_empty() {
        let _ = writeln!(advice, "It uses extensions that cannot be created here: {}.", lacking.join(", "));
    }
    if let Some(from) = from.filter(|from| *from > here) {
        let _ = writeln!(advice, "It comes from PostgreSQL {from}; to load it into a newer server, use --pg-bin.");
    }
    advice + "To read the database itself, use --database-url."
}

/// Makes the extensions that a dump asks for; returns those that are not to be had here.
async fn extensions(
    cluster: &TemporaryCluster,
    database: &str,
    statements: &[Statement<'_>],
) -> Result<BTreeSet<LeftOut>, PostgresError> {
    let mut left_out = BTreeSet::new();
    let superuser = Connection::connect(&cluster.superuser(), database).await?;
    for Extension { name, schema } in statements.iter().filter_map(|statement| text::extension(statement.sql)) {
        match superuser.create_extension(&name, &schema).await {
            Ok(()) => {}
            Err(PostgresError::Statement(error)) => {
                let why = format!("cannot be created here: {}", error.message);
                left_out.insert(LeftOut { kind: "extension".to_owned(), object: name, why: Some(why) });
            }
            Err(other) => return Err(other),
        }
    }
    Ok(left_out)
}

/// Runs one statement of a dump, or passes over it; returns what is left out with it.
async fn run(
    connection: &Connection,
    script: &str,
    statement: Statement<'_>,
) -> Result<Option<LeftOut>, PostgresError> {
    let sql = statement.sql;
    let left_out = |kind: &str| LeftOut { kind: kind.to_owned(), object: one_line(sql), why: None };
    if sql.starts_with('\\') {
        let command = sql.split_whitespace().next().unwrap_or_default();
        let line = statement.line(script);
        return Err(PostgresError::Dump(format!(
            "line {line} is a command of psql, `{command}`, which pg_dump does not write; run the script in a database, \
             and name that with --database-url"
        )));
    }
    if is_owner(sql) || is_removal(sql) || text::extension(sql).is_some() {
        return Ok(None);
    }
    if let Some((_, kind)) = SKIPPED.iter().find(|(words, _)| sql.starts_with(words)) {
        return Ok(kind.map(left_out));
    }
    let Err(error) = connection.run_at(script, statement).await else { return Ok(None) };
    let PostgresError::Statement(refused) = &error else { return Err(error) };
    let of_role = OF_ROLES.iter().find(|(words, _)| sql.starts_with(words));
    match refused.code.as_str() {
        // Settings that only newer servers have, such as transaction_timeout.
        "42704" if sql.starts_with("SET ") => Ok(None),
        "42704" if of_role.is_some() => Ok(of_role.map(|(_, kind)| LeftOut {
            why: Some(format!("cannot be made here: {}", refused.message)),
            ..left_out(kind)
        })),
        // `public` is there, and so are the schemas of extensions.
        "42P06" if sql.starts_with("CREATE SCHEMA ") => Ok(None),
        _ => Err(error),
    }
}

fn is_owner(sql: &str) -> bool {
    sql.starts_with("ALTER ") && sql.rsplit_once(" OWNER TO ").is_some_and(|(_, role)| !role.contains([' ', '\n']))
}

/// What `pg_dump --clean` takes off tables before it drops them.
fn is_removal(sql: &str) -> bool {
    let removes = |words: &str| {
        let name = sql.rsplit_once(words).map(|(_, name)| name.strip_prefix("IF EXISTS ").unwrap_or(name));
        name.is_some_and(|name| !name.contains([' ', '\n', '\'']))
    };
    sql.starts_with("ALTER ") && [" DROP CONSTRAINT ", " DROP DEFAULT", " DETACH PARTITION "].into_iter().any(removes)
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_told_from_other_changes() {
        assert!(is_owner("ALTER TABLE public.t OWNER TO ann"));
        assert!(!is_owner("ALTER TABLE public.t ADD COLUMN x text DEFAULT ' OWNER TO ann or so'"));
        assert!(!is_owner("COMMENT ON TABLE t IS 'x OWNER TO ann'"));
    }

    #[test]
    fn a_newer_dump_and_lacking_extensions_are_named_as_the_cause() {
        let lacking = ["postgis".to_owned(), "pg_cron".to_owned()];
        insta::assert_snapshot!(advice(Some(18), 15, &lacking), @"
        It uses extensions that cannot be created here: postgis, pg_cron.
        It comes from PostgreSQL 18; to load it into a newer server, use --pg-bin.
        To read the database itself, use --database-url.
        ");
        assert_eq!(advice(Some(15), 15, &[]), "To read the database itself, use --database-url.");
    }

    #[test]
    fn removals_are_told_from_other_changes() {
        assert!(is_removal("ALTER TABLE IF EXISTS ONLY public.t DROP CONSTRAINT IF EXISTS t_pkey"));
        assert!(is_removal("ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT"));
        assert!(is_removal("ALTER TABLE public.t DETACH PARTITION public.t_1"));
        assert!(!is_removal("ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT ' DROP CONSTRAINT x'::text"));
        assert!(!is_removal("ALTER TABLE ONLY public.t ADD CONSTRAINT c CHECK (a <> ' DROP DEFAULT')"));
    }
}
