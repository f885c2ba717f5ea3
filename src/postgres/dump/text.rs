//! The bytes of a dump to the SQL in it.

use std::collections::BTreeSet;

use crate::postgres::PostgresError;

/// What archives and compressed files begin with, and how to make SQL of them.
const PACKED: [(&[u8], &str, &str); 5] = [
    (b"PGDMP", "an archive of pg_dump", "print it with `pg_restore --schema-only --file=-`"),
    (b"toc.dat\0", "an archive of pg_dump", "print it with `pg_restore --schema-only --file=-`"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it with `gunzip`"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it with `unzstd`"),
    (b"\xff\xfe", "UTF-16", "let pg_dump write the file itself, with `--file`; PowerShell's `>` writes UTF-16"),
];

/// The SQL of a dump. `psql`'s own commands are blanked, so that every line keeps its number.
pub(super) fn script(bytes: &[u8]) -> Result<String, PostgresError> {
    if let Some((_, what, advice)) = PACKED.iter().find(|(start, ..)| bytes.starts_with(start)) {
        return Err(PostgresError::Dump(format!("it is {what}; {advice}")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        PostgresError::Dump(format!("line {line} is not UTF-8; make it again with `pg_dump --encoding=UTF8`"))
    })?;
    without_meta_commands(text.trim_start_matches('\u{feff}'))
}

fn without_meta_commands(dump: &str) -> Result<String, PostgresError> {
    let mut script = String::with_capacity(dump.len());
    let mut databases = BTreeSet::new();
    for (index, line) in dump.split_inclusive('\n').enumerate() {
        if line.starts_with("COPY ") && line.trim_end().ends_with("FROM stdin;") {
            let advice = "make it again with `pg_dump --schema-only`";
            return Err(PostgresError::Dump(format!("line {} holds rows; {advice}", index + 1)));
        }
        let command = line.split_whitespace().next().unwrap_or_default();
        if matches!(command, "\\connect" | "\\c") {
            databases.extend(line.split_whitespace().last());
        }
        if matches!(command, "\\connect" | "\\c" | "\\restrict" | "\\unrestrict") {
            script.push('\n');
        } else {
            script.push_str(line);
        }
    }
    if databases.len() > 1 {
        let advice = "make one of a single database with `pg_dump --schema-only`";
        return Err(PostgresError::Dump(format!("it holds {} databases; {advice}", databases.len())));
    }
    Ok(script)
}

/// The major version of the server that a dump comes from, as its header says.
pub(super) fn dumped_from(script: &str) -> Option<u32> {
    let header = script.lines().take(20).find_map(|line| line.strip_prefix("-- Dumped from database version "))?;
    header.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// An extension that a dump asks for, with the schema that it is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Extension {
    /// Name, without quotes.
    pub(super) name: String,
    /// Schema, without quotes.
    pub(super) schema: String,
}

/// The extension of `CREATE EXTENSION IF NOT EXISTS name WITH SCHEMA schema`, which is all that `pg_dump` writes.
pub(super) fn extension(sql: &str) -> Option<Extension> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let ["CREATE", "EXTENSION", "IF", "NOT", "EXISTS", name, "WITH", "SCHEMA", schema] = words.as_slice() else {
        return None;
    };
    Some(Extension { name: bare(name)?, schema: bare(schema)? })
}

/// A plain or quoted identifier without its quotes; `None` for anything else.
fn bare(identifier: &str) -> Option<String> {
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let inner = identifier.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.is_empty() && !inner.contains('"') => Some(inner.to_owned()),
        None if plain(identifier) => Some(identifier.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_commands_are_blanked_and_every_line_keeps_its_number() {
        let script =
            script(b"\xef\xbb\xbf\\restrict abc\nSELECT 1;\n\\connect shop\n\\unrestrict abc\n").expect("is a dump");
        assert_eq!(script, "\nSELECT 1;\n\n\n");
    }

    #[test]
    fn what_is_no_dump_of_one_schema_is_refused_with_a_remedy() {
        let dumps: [&[u8]; 7] = [
            b"\nCOPY public.t (id) FROM stdin;\n1\n\\.\n",
            b"PGDMP\x01",
            b"toc.dat\0\0",
            b"\x1f\x8b\x08",
            b"\xff\xfeS\0",
            b"--\nCOMMENT ON TABLE t IS 'gr\xfcn';",
            b"\\connect template1\nSELECT 1;\n\\connect shop\n",
        ];
        let refused = dumps.map(|dump| script(dump).expect_err("is refused").to_string());
        insta::assert_snapshot!(refused.join("\n"), @"
        line 2 holds rows; make it again with `pg_dump --schema-only`
        it is an archive of pg_dump; print it with `pg_restore --schema-only --file=-`
        it is an archive of pg_dump; print it with `pg_restore --schema-only --file=-`
        it is compressed with gzip; unpack it with `gunzip`
        it is UTF-16; let pg_dump write the file itself, with `--file`; PowerShell's `>` writes UTF-16
        line 2 is not UTF-8; make it again with `pg_dump --encoding=UTF8`
        it holds 2 databases; make one of a single database with `pg_dump --schema-only`
        ");
    }

    #[test]
    fn the_header_tells_the_version() {
        let header = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 18.1 (Debian 18.1-1)\n";
        assert_eq!(dumped_from(header), Some(18));
        assert_eq!(dumped_from("-- Dumped from database version 19beta1\n"), Some(19));
        assert_eq!(dumped_from("SELECT 1;"), None);
    }

    #[test]
    fn extensions_are_read_as_pg_dump_writes_them_and_no_other_way() {
        let read =
            |what: &str| extension(&format!("CREATE EXTENSION IF NOT EXISTS {what}")).map(|it| (it.name, it.schema));
        let pair = |name: &str, schema: &str| Some((name.to_owned(), schema.to_owned()));
        assert_eq!(read("hstore WITH SCHEMA public"), pair("hstore", "public"));
        assert_eq!(read("\"uuid-ossp\" WITH SCHEMA \"My\""), pair("uuid-ossp", "My"));
        for other in
            ["hstore", "hstore WITH SCHEMA a;b", "\"a\"\"b\" WITH SCHEMA c", "hstore WITH SCHEMA public CASCADE"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
