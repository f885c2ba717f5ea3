//! Loads what `pg_dump --schema-only` wrote into a scratch database.

use std::collections::BTreeSet;

use super::{Connection, PostgresError, script::statements};
use crate::model::LeftOut;

/// Statements that a scratch database cannot or need not take, by the words they begin with, and what is left out with
/// them. Roles of the other server do not exist here, and neither does what takes a superuser.
const SKIPPED: [(&str, Option<&str>); 13] = [
    ("GRANT ", Some("grant")),
    ("REVOKE ", Some("grant")),
    ("ALTER DEFAULT PRIVILEGES ", Some("default privileges")),
    ("CREATE EVENT TRIGGER ", Some("event trigger")),
    ("CREATE PUBLICATION ", Some("publication")),
    ("ALTER PUBLICATION ", Some("publication")),
    ("CREATE SUBSCRIPTION ", Some("subscription")),
    ("COMMENT ON EVENT TRIGGER ", None),
    ("COMMENT ON PUBLICATION ", None),
    ("COMMENT ON EXTENSION ", None),
    // Settings of newer servers.
    ("SET transaction_timeout ", None),
    ("SET default_tablespace ", None),
    ("CREATE EXTENSION IF NOT EXISTS plpgsql ", None),
];

/// Runs the statements of a dump; owners and privileges are passed over, and what is lost with that is returned.
/// Source: <https://www.postgresql.org/docs/current/app-pgdump.html>
pub async fn load_dump(connection: &Connection, dump: &str) -> Result<Vec<LeftOut>, PostgresError> {
    let script = without_meta_commands(dump)?;
    let mut left_out = BTreeSet::new();
    for statement in statements(&script) {
        if is_owner(statement.sql) {
            continue;
        }
        match SKIPPED.iter().find(|(words, _)| statement.sql.starts_with(words)) {
            Some((_, None)) => {}
            Some((_, Some(kind))) => {
                let left = LeftOut { kind: (*kind).to_owned(), object: one_line(statement.sql), why: None };
                left_out.insert(left);
            }
            None => connection.run_at(&script, statement).await?,
        }
    }
    // The dump empties the search path for its own sake.
    connection.run("RESET ALL").await?;
    Ok(left_out.into_iter().collect())
}

/// `psql`'s own commands are blanked, so that every line keeps its number.
fn without_meta_commands(dump: &str) -> Result<String, PostgresError> {
    let mut script = String::with_capacity(dump.len());
    for (index, line) in dump.split_inclusive('\n').enumerate() {
        if line.starts_with("COPY ") && line.trim_end().ends_with("FROM stdin;") {
            let advice = "make it again with `pg_dump --schema-only`";
            return Err(PostgresError::Dump(format!("line {} of the dump holds rows; {advice}", index + 1)));
        }
        if ["\\restrict", "\\unrestrict", "\\connect", "\\c "].iter().any(|command| line.starts_with(command)) {
            script.push('\n');
        } else {
            script.push_str(line);
        }
    }
    if script.starts_with("PGDMP") {
        let advice = "print it with `pg_restore --schema-only --file=-`";
        return Err(PostgresError::Dump(format!("the dump is in an archive format; {advice}")));
    }
    Ok(script)
}

fn is_owner(sql: &str) -> bool {
    sql.starts_with("ALTER ") && sql.rsplit_once(" OWNER TO ").is_some_and(|(_, role)| !role.contains([' ', '\n']))
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_commands_are_blanked_and_rows_refused() {
        let script = without_meta_commands("\\restrict abc\nSELECT 1;\n\\unrestrict abc\n").expect("is a dump");
        assert_eq!(script, "\nSELECT 1;\n\n");
        let refused = |dump: &str| without_meta_commands(dump).expect_err("is refused").to_string();
        insta::assert_snapshot!(refused("\nCOPY public.t (id) FROM stdin;\n1\n\\.\n"), @"line 2 of the dump holds rows; make it again with `pg_dump --schema-only`");
        insta::assert_snapshot!(refused("PGDMP\u{1}"), @"the dump is in an archive format; print it with `pg_restore --schema-only --file=-`");
    }

    #[test]
    fn owners_are_told_from_other_changes() {
        assert!(is_owner("ALTER TABLE public.t OWNER TO ann"));
        assert!(!is_owner("ALTER TABLE public.t ADD COLUMN x text DEFAULT ' OWNER TO ann or so'"));
        assert!(!is_owner("COMMENT ON TABLE t IS 'x OWNER TO ann'"));
    }
}
