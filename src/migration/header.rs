//! The comment lines at the top of a migration.

use std::fmt::Write as _;

use crate::model::{
    ChangeKind, Digest, InvalidDigest, MAX_PHASES, MIGRATION_FORMAT, MigrationHeader, Phase, PhaseKind, Subject,
};

use super::name;

const TITLE: &str = "schema-registry migration, format ";
const TABLE: &str = "table: ";
const SQL: &str = "sql: ";
const RENAMED_FROM: &str = "renamed-from: ";
const PHASE: &str = "phase: ";

/// The header's lines, without the dashes of the comment.
pub(super) fn lines(header: &MigrationHeader) -> String {
    let state = |digest: Option<Digest>| digest.map_or_else(|| "-".to_owned(), |digest| digest.to_string());
    let mut text = format!(
        "{TITLE}{}\n{}\nchange: {}\nbefore: {}\nafter: {}",
        header.format,
        subject_line(&header.subject),
        header.kind.verb(),
        state(header.before),
        state(header.after),
    );
    if let Some(old) = &header.renamed_from {
        let _ = write!(text, "\n{RENAMED_FROM}{}", name::encode_table(old));
    }
    if let Some(Phase { number, of, kind }) = header.phase {
        let _ = write!(text, "\n{PHASE}{number} of {of}, {}", kind.as_str());
    }
    text
}

fn subject_line(subject: &Subject) -> String {
    match subject {
        Subject::Table(table) => format!("{TABLE}{}", name::encode_table(table)),
        Subject::Sql(sql) => format!("{SQL}{}", name::encode_sql(sql)),
    }
}

fn subject(line: &str) -> Option<Subject> {
    let table = line.strip_prefix(TABLE).map(|text| name::decode_table(text).map(Subject::Table));
    table.or_else(|| line.strip_prefix(SQL).map(|text| name::decode_sql(text).map(Subject::Sql)))?
}

/// Reads a header; `Err` says what is wrong with it.
pub(super) fn parse(bytes: &[u8]) -> Result<MigrationHeader, String> {
    // Each line is short, and so is the header; what follows it may be as long as it wants.
    let mut lines =
        bytes.split(|byte| *byte == b'\n').map(|line| str::from_utf8(line.trim_ascii_end()).unwrap_or_default());
    let mut value = |key: &str| lines.next()?.strip_prefix("-- ")?.strip_prefix(key).map(str::to_owned);
    let format = value(TITLE).and_then(|format| format.parse::<u32>().ok()).ok_or("has no schema-registry header")?;
    if format > MIGRATION_FORMAT {
        return Err(format!("has format {format}, which a newer version of schema-registry wrote"));
    }
    let subject = value("").and_then(|line| subject(&line)).ok_or("has a header without a table")?;
    let kind = value("change: ").and_then(|verb| kind(&verb)).ok_or("has a header without a change")?;
    if subject.table().is_some() == (kind == ChangeKind::Run) {
        return Err("has a header whose change is of something else".to_owned());
    }
    let before = value("before: ").and_then(|text| state(&text).ok()).ok_or("has a header without the state before")?;
    let after = value("after: ").and_then(|text| state(&text).ok()).ok_or("has a header without the state after")?;
    let mut rest = lines.map_while(|line| line.strip_prefix("-- ")).take(2).peekable();
    let old = rest.next_if(|line| line.starts_with(RENAMED_FROM)).and_then(|line| line.strip_prefix(RENAMED_FROM));
    let renamed_from =
        old.map(|text| name::decode_table(text).ok_or("has a header with an odd old name")).transpose()?;
    let phase = rest.next().and_then(|line| line.strip_prefix(PHASE));
    let phase = phase.map(|text| phase_of(text).ok_or("has a header with an odd phase")).transpose()?;
    Ok(MigrationHeader { format, subject, kind, before, after, phase, renamed_from })
}

/// Reads `2 of 5, build`.
fn phase_of(text: &str) -> Option<Phase> {
    let (number, rest) = text.split_once(" of ")?;
    let (of, word) = rest.split_once(", ")?;
    let kind = PhaseKind::ALL.into_iter().find(|kind| kind.as_str() == word)?;
    let phase = Phase { number: number.parse().ok()?, of: of.parse().ok()?, kind };
    (1 <= phase.number && phase.number <= phase.of && phase.of <= MAX_PHASES).then_some(phase)
}

fn kind(verb: &str) -> Option<ChangeKind> {
    [ChangeKind::Create, ChangeKind::Alter, ChangeKind::Drop, ChangeKind::Rename, ChangeKind::Run]
        .into_iter()
        .find(|kind| kind.verb() == verb)
}

/// `Err` when it is neither a digest nor the dash of a table that does not exist.
fn state(text: &str) -> Result<Option<Digest>, InvalidDigest> {
    if text == "-" { Ok(None) } else { text.parse().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TableName;

    fn header() -> MigrationHeader {
        MigrationHeader {
            format: MIGRATION_FORMAT,
            subject: TableName::new("My Schema", "a\n-- b.c").into(),
            kind: ChangeKind::Create,
            before: None,
            after: Some(Digest::of("x")),
            phase: None,
            renamed_from: None,
        }
    }

    fn text(header: &MigrationHeader) -> String {
        format!("-- {}\nBEGIN;\n", lines(header).replace('\n', "\n-- "))
    }

    #[test]
    fn headers_are_read_back() {
        let text = text(&header());
        assert_eq!(text.lines().count(), 6, "{text}");
        assert_eq!(parse(text.as_bytes()), Ok(header()));
        assert_eq!(parse(text.replace('\n', "\r\n").as_bytes()), Ok(header()));
        let old = Some(TableName::public("was"));
        let phases = [None, Some(Phase { number: 2, of: 12, kind: PhaseKind::Build })];
        for (phase, renamed_from) in phases.into_iter().flat_map(|phase| [(phase, None), (phase, old.clone())]) {
            let header = MigrationHeader { phase, renamed_from, ..header() };
            assert_eq!(parse(self::text(&header).as_bytes()), Ok(header));
        }
    }

    #[test]
    fn what_is_no_header_says_why() {
        let good = text(&header());
        let broken = |from: &str, to: &str| parse(good.replace(from, to).as_bytes()).unwrap_err();
        assert_eq!(parse(b""), Err("has no schema-registry header".to_owned()));
        assert_eq!(parse(b"\xFF\xFE"), Err("has no schema-registry header".to_owned()));
        assert_eq!(broken("format 1", "format 2"), "has format 2, which a newer version of schema-registry wrote");
        assert_eq!(broken("%20", " "), "has a header without a table");
        assert_eq!(broken("change: create", "change: none"), "has a header without a change");
        assert_eq!(broken("before: -", "before:"), "has a header without the state before");
        assert_eq!(broken("after: 2", "after: "), "has a header without the state after");
        for phase in ["0 of 2, build", "3 of 2, build", "1 of 2, what", "1 of 100, build", "1", "-1 of 2, drop"] {
            let text = good.replace("\nBEGIN", &format!("\n-- phase: {phase}\nBEGIN"));
            assert_eq!(parse(text.as_bytes()), Err("has a header with an odd phase".to_owned()), "{phase}");
        }
        let text = good.replace("\nBEGIN", "\n-- renamed-from: x\nBEGIN");
        assert_eq!(parse(text.as_bytes()), Err("has a header with an odd old name".to_owned()));
    }
}
