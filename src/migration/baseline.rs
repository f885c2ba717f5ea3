//! Baselines: the states in which tables were when the registry took them over.
//!
//! A baseline is a file of the migrations folder, `<YYYYMMDD>_<HHMMSS>_baseline.txt`: a title, then a line for each table
//! with its state digest, sorted. It starts the chains of these tables, which no migration created.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::{DateTime, Utc};

use crate::{
    model::{Digest, TableName, Tree},
    rules::BaselineProblem,
};

use super::name;

/// Version of the format.
const FORMAT: u32 = 1;
const TITLE: &str = "schema-registry baseline, format ";

/// Where a table's chain starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// Path of the file.
    pub path: String,
    /// Stamp in its name.
    pub stamp: DateTime<Utc>,
    /// State digest of the table.
    pub state: Digest,
}

/// The baselines of a tree, by table.
#[derive(Debug, Clone, Default)]
pub struct Baselines {
    /// By table.
    pub tables: BTreeMap<TableName, Baseline>,
    /// In order of path.
    pub problems: Vec<BaselineProblem>,
}

/// The name and the text of the file that starts `tables` at `stamp`.
#[must_use]
pub fn write_baseline(stamp: DateTime<Utc>, tables: &BTreeMap<TableName, Digest>) -> (String, String) {
    let mut text = format!("{TITLE}{FORMAT}\n");
    for (table, state) in tables {
        let _ = writeln!(text, "{} {state}", name::encode_table(table));
    }
    (name::baseline(stamp), text)
}

impl Baselines {
    /// Reads the baseline files of a tree's migrations folder.
    #[must_use]
    pub fn read(tree: &Tree, migrations_dir: &str) -> Self {
        let mut baselines = Self::default();
        let folder = format!("{}/", migrations_dir.trim_end_matches('/'));
        let named = tree.iter().filter_map(|(path, file)| {
            let name = path.strip_prefix(&folder)?;
            Some((path, file, name::parse_baseline(name)?))
        });
        for (path, file, stamp) in named {
            match read(&file.bytes) {
                Ok(tables) => baselines.add(path, stamp, tables),
                Err(reason) => baselines.problem(path, format!("The baseline {reason}")),
            }
        }
        baselines
    }

    fn add(&mut self, path: &str, stamp: DateTime<Utc>, tables: BTreeMap<TableName, Digest>) {
        for (table, state) in tables {
            if let Some(first) = self.tables.get(&table) {
                let message = format!("The baseline lists table `{}`, and {} does", table.short(), first.path);
                self.problem(path, message);
            } else {
                self.tables.insert(table, Baseline { path: path.to_owned(), stamp, state });
            }
        }
    }

    fn problem(&mut self, path: &str, message: String) {
        let suggestion = "Restore it as it was written".to_owned();
        self.problems.push(BaselineProblem { path: path.to_owned(), message, suggestion });
    }
}

/// Reads the text of a baseline; `Err` says what is wrong, as the end of a sentence.
fn read(bytes: &[u8]) -> Result<BTreeMap<TableName, Digest>, String> {
    let text = str::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
    let mut lines = text.strip_suffix('\n').ok_or("does not end with a line break")?.split('\n');
    let format = lines.next().and_then(|line| line.strip_prefix(TITLE)).ok_or("has no title")?;
    if format != FORMAT.to_string() {
        return Err(format!("has format {format:?}, which this version of schema-registry does not know"));
    }
    let mut tables = BTreeMap::new();
    for (number, line) in lines.enumerate() {
        let odd = || format!("has an odd line {}: a table and its state digest are expected", number + 2);
        let (table, state) = line.split_once(' ').ok_or_else(odd)?;
        let table = name::decode_table(table).ok_or_else(odd)?;
        if tables.last_key_value().is_some_and(|(last, _)| *last >= table) {
            return Err(format!("is not sorted at line {}", number + 2));
        }
        tables.insert(table, state.parse().map_err(|_| odd())?);
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;
    use crate::model::File;

    fn stamp() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 1, 5, 9, 0, 0).unwrap()
    }

    fn read_texts(texts: &[(&str, &str)]) -> Baselines {
        let tree = texts.iter().map(|(name, text)| (format!("migrations/{name}"), File::regular(*text)));
        Baselines::read(&tree.collect(), "migrations")
    }

    #[test]
    fn what_is_written_is_read_back() {
        let tables = [TableName::public("users"), TableName::new("My Schema", "a b.c"), TableName::public("a")];
        let tables: BTreeMap<_, _> = tables.into_iter().map(|table| (table.clone(), Digest::of(table.name))).collect();
        let (name, text) = write_baseline(stamp(), &tables);
        insta::assert_snapshot!(format!("{name}\n{text}"), @r"
        20260105_090000_baseline.txt
        schema-registry baseline, format 1
        %4Dy%20%53chema.a%20b%2Ec 7509d20a34adc66d26dd18aa06c0d19efa07223a9fc360557815279378039a03
        public.a ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb
        public.users 7dfb4cf67742cb0660305e56ef816c53fcec892cae7f6ee39b75f34e659d672c
        ");
        let read = read_texts(&[(&name, &text)]);
        assert_eq!(read.problems, []);
        let states = read.tables.into_iter().map(|(table, baseline)| (table, baseline.state));
        assert_eq!(states.collect::<BTreeMap<_, _>>(), tables);
    }

    #[test]
    fn what_is_no_baseline_says_why() {
        let digest = Digest::of("x");
        let line = |table: &str| format!("{table} {digest}\n");
        let title = "schema-registry baseline, format 1\n";
        let bad = [
            String::new(),
            "x\n".to_owned(),
            title.replace('1', "2"),
            title.trim_end().to_owned(),
            format!("{title}users\n"),
            format!("{title}users {digest}\n"),
            format!("{title}public.users abc\n"),
            format!("{title}{}{}", line("public.b"), line("public.a")),
            format!("{title}{}{}", line("public.a"), line("public.a")),
            format!("{title}\n"),
            format!("{title}{}", line("public.a").replace('\n', "\r\n")),
        ];
        let shown: Vec<_> = bad
            .iter()
            .map(|text| {
                let read = read_texts(&[("20260105_090000_baseline.txt", text)]);
                assert!(read.tables.is_empty(), "{text}");
                read.problems.into_iter().map(|problem| problem.message).collect::<String>()
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        The baseline does not end with a line break
        The baseline has no title
        The baseline has format "2", which this version of schema-registry does not know
        The baseline does not end with a line break
        The baseline has an odd line 2: a table and its state digest are expected
        The baseline has an odd line 2: a table and its state digest are expected
        The baseline has an odd line 2: a table and its state digest are expected
        The baseline is not sorted at line 3
        The baseline is not sorted at line 3
        The baseline has an odd line 2: a table and its state digest are expected
        The baseline has an odd line 2: a table and its state digest are expected
        "#);
    }

    #[test]
    fn a_table_starts_once() {
        let text = format!("schema-registry baseline, format 1\npublic.a {}\n", Digest::of("x"));
        let read = read_texts(&[("20260105_090000_baseline.txt", &text), ("20260106_090000_baseline.txt", &text)]);
        assert_eq!(read.tables.len(), 1);
        insta::assert_snapshot!(read.problems[0].message, @"The baseline lists table `a`, and migrations/20260105_090000_baseline.txt does");
    }
}
