//! File names: tables of any name, in names that every file system keeps apart.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::model::{DEFAULT_SCHEMA, MigrationHeader, MigrationName, Subject, TableName};

/// Longest stem, in bytes: file systems keep 255, and `.down.sql` comes after it.
pub(super) const MAX_STEM_BYTES: usize = 240;

const STAMP: &str = "%Y%m%d_%H%M%S";
const BASELINE: &str = "baseline.txt";

/// What a file name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileName {
    pub(super) stem: String,
    pub(super) up: bool,
    pub(super) stamp: DateTime<Utc>,
}

/// `20231205_120000_create_caricatures`, `20231206_090000_alter_caricatures_02_build`, `20231207_090000_run_grants`; the table is `<schema>.<table>`
/// outside of `public`.
pub(super) fn stem(stamp: DateTime<Utc>, header: &MigrationHeader) -> MigrationName {
    let name = match &header.subject {
        Subject::Table(table) if table.schema == DEFAULT_SCHEMA => encode(&table.name),
        Subject::Table(table) => encode_table(table),
        Subject::Sql(name) => encode(name),
    };
    let phase = header.phase.map_or_else(String::new, |phase| format!("_{:02}_{}", phase.number, phase.kind.as_str()));
    MigrationName(format!("{}_{}_{name}{phase}", stamp.format(STAMP), header.kind.verb()))
}

/// Reads a file name; `Err` says why it is not a migration's.
pub(super) fn parse(file: &str) -> Result<FileName, String> {
    let (stem, up) = match (file.strip_suffix(".up.sql"), file.strip_suffix(".down.sql")) {
        (Some(stem), _) => (stem, true),
        (None, Some(stem)) => (stem, false),
        (None, None) => return Err("does not end in `.up.sql` or `.down.sql`".to_owned()),
    };
    match stamp(stem) {
        Some((stamp, _)) => Ok(FileName { stem: stem.to_owned(), up, stamp }),
        _ => Err("does not begin with a time such as `20231205_120000_`".to_owned()),
    }
}

/// The time at the beginning of a name, and what comes after `_`.
fn stamp(name: &str) -> Option<(DateTime<Utc>, &str)> {
    let (text, rest) = (name.get(..15)?, name.get(15..)?.strip_prefix('_')?);
    let digits = text.bytes().enumerate().all(|(index, byte)| byte.is_ascii_digit() != (index == 8));
    let stamp = NaiveDateTime::parse_from_str(text, STAMP).ok().filter(|_| digits)?;
    Some((stamp.and_utc(), rest))
}

/// `20260105_090000_baseline.txt`.
pub(super) fn baseline(stamp: DateTime<Utc>) -> String {
    format!("{}_{BASELINE}", stamp.format(STAMP))
}

/// The time of a baseline; `None` for any other file.
pub(super) fn parse_baseline(file: &str) -> Option<DateTime<Utc>> {
    stamp(file).filter(|(_, rest)| *rest == BASELINE).map(|(stamp, _)| stamp)
}

/// `schema.table`, each part encoded; no two tables share it.
pub(super) fn encode_table(table: &TableName) -> String {
    format!("{}.{}", encode(&table.schema), encode(&table.name))
}

/// The table that [`encode_table`] wrote so; `None` for any other text.
pub(super) fn decode_table(text: &str) -> Option<TableName> {
    let (schema, name) = text.split_once('.')?;
    let table = TableName::new(decode(schema)?, decode(name)?);
    (encode_table(&table) == text).then_some(table)
}

/// The name of a request that brings SQL.
pub(super) fn encode_sql(name: &str) -> String {
    encode(name)
}

/// The name that [`encode_sql`] wrote so; `None` for any other text.
pub(super) fn decode_sql(text: &str) -> Option<String> {
    decode(text).filter(|name| !name.is_empty() && encode(name) == text)
}

/// Percent-encodes every byte but lower-case letters, digits, `_` and `-`. Upper case is encoded as well, because some
/// file systems do not tell `Users` from `users`.
/// Source: <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>
fn encode(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    let byte = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(byte).collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    use super::*;
    use crate::model::{ChangeKind, Phase, PhaseKind};

    fn stamp() -> DateTime<Utc> {
        Utc.timestamp_opt(1_701_777_600, 0).unwrap()
    }

    #[test]
    fn stems_are_safe_file_names() {
        for (table, name) in [
            (TableName::public("caricatures"), "caricatures"),
            (TableName::new("billing", "invoices"), "billing.invoices"),
            (TableName::public("billing.invoices"), "billing%2Einvoices"),
            (TableName::public("Users"), "%55sers"),
            (TableName::public("../../etc/passwd"), "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd"),
            (TableName::public("a b%20"), "a%20b%2520"),
        ] {
            let header = MigrationHeader {
                format: 1,
                subject: table.into(),
                kind: ChangeKind::Create,
                before: None,
                after: None,
                phase: None,
                renamed_from: None,
            };
            assert_eq!(stem(stamp(), &header).0, format!("20231205_120000_create_{name}"));
            let phase = Some(Phase { number: 3, of: 12, kind: PhaseKind::Build });
            let header = MigrationHeader { kind: ChangeKind::Alter, phase, ..header };
            assert_eq!(stem(stamp(), &header).0, format!("20231205_120000_alter_{name}_03_build"));
        }
    }

    #[test]
    fn file_names_are_read_back() {
        let name = |stem: &str, up| Ok(FileName { stem: stem.to_owned(), up, stamp: stamp() });
        assert_eq!(parse("20231205_120000_create_t.up.sql"), name("20231205_120000_create_t", true));
        assert_eq!(parse("20231205_120000_drop_t.down.sql"), name("20231205_120000_drop_t", false));
        for file in [
            "20231205_120000_create_t.sql",
            "20231205120000_create_t.up.sql",
            "20231305_120000_create_t.up.sql",
            "20231205_120000.up.sql",
            "2023_1205120000_create_t.up.sql",
            "+0231205_120000_create_t.up.sql",
            "é0231205_120000_create_t.up.sql",
            ".up.sql",
            "",
        ] {
            assert!(parse(file).is_err(), "{file}");
        }
    }

    proptest! {
        #[test]
        fn tables_are_told_apart(schema in "[^\\x00]{1,9}", name in "[^\\x00]{1,9}") {
            let table = TableName::new(schema, name);
            let text = encode_table(&table);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"/\\:*?\"<>|'`$&;".contains(&byte)));
            prop_assert_eq!(decode_table(&text), Some(table));
        }
    }
}
