//! A script as `psql` reads it: one statement after the other.

/// One statement of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    /// Byte of the script at which it begins: its first token, not the comments before it.
    pub(super) start: usize,
    /// Its text without the semicolon.
    pub(super) sql: &'a str,
}

impl Statement<'_> {
    /// Whether it commits what the statements before it have done.
    pub(super) fn ends_transaction(&self) -> bool {
        let word = self.sql.split_whitespace().next().unwrap_or_default();
        ["COMMIT", "END"].iter().any(|end| word.eq_ignore_ascii_case(end))
    }

    /// Whether it is one of those that commit in their midst and wait there for other transactions:
    /// `CREATE [UNIQUE] INDEX CONCURRENTLY`, `DROP INDEX CONCURRENTLY`, `REINDEX INDEX CONCURRENTLY`.
    /// Source: <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
    pub(super) fn is_concurrent(&self) -> bool {
        self.sql.split_whitespace().take(4).any(|word| word.eq_ignore_ascii_case("CONCURRENTLY"))
    }

    /// The line of `script` on which it begins, from 1.
    pub(super) fn line(&self, script: &str) -> usize {
        script.bytes().take(self.start).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// The statements of a script, split at semicolons outside of quotes, comments and parentheses.
///
/// Statements are sent one by one, because a query string of several is one transaction, in which `CREATE INDEX
/// CONCURRENTLY` is refused, and because an error without a position must still be given a line. The body of a routine stays
/// whole, whether it is dollar-quoted or `BEGIN ATOMIC .. END`.
/// Source: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>
pub(super) fn statements(script: &str) -> Vec<Statement<'_>> {
    let bytes = script.as_bytes();
    let mut statements = Vec::new();
    let (mut at, mut start, mut depth, mut body) = (0, None, 0_usize, Body::default());
    while at < bytes.len() {
        let rest = &script[at..];
        if let Some(length) = blank(rest) {
            at += length;
            continue;
        }
        match bytes[at] {
            b';' if depth == 0 && body.depth == 0 => {
                body = Body::default();
                statements.extend(start.take().map(|start| Statement { start, sql: script[start..at].trim_end() }));
                at += 1;
                continue;
            }
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        start.get_or_insert(at);
        let length = token(rest);
        if depth == 0 && rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            body.read(&rest[..length]);
        }
        at += length;
    }
    statements.extend(start.map(|start| Statement { start, sql: script[start..].trim_end() }));
    statements
}

/// Where in a statement the reading is: the first letters of its first four words, the word before, and how deep inside
/// `BEGIN ATOMIC .. END`, which only the body of a routine is; `CASE` ends with `END`, too.
/// Source: <https://github.com/postgres/postgres/blob/REL_18_STABLE/src/fe_utils/psqlscan.l>
#[derive(Default)]
struct Body<'a> {
    letters: Vec<u8>,
    before: &'a str,
    depth: usize,
}

impl<'a> Body<'a> {
    fn read(&mut self, word: &'a str) {
        if self.letters.len() < 4 {
            self.letters.extend(word.bytes().next().map(|letter| letter.to_ascii_lowercase()));
        }
        let is = |wanted: &str| word.eq_ignore_ascii_case(wanted);
        let begins = is("ATOMIC") && self.before.eq_ignore_ascii_case("BEGIN") && self.is_routine();
        if begins || (self.depth > 0 && is("CASE")) {
            self.depth += 1;
        } else if is("END") {
            self.depth = self.depth.saturating_sub(1);
        }
        self.before = word;
    }

    /// `CREATE [OR REPLACE] {FUNCTION | PROCEDURE}`.
    fn is_routine(&self) -> bool {
        matches!(self.letters.as_slice(), [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p'])
    }
}

/// Length of the white space or comment at the start of `text`.
fn blank(text: &str) -> Option<usize> {
    if text.starts_with("--") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment(text));
    }
    text.starts_with(|c: char| c.is_ascii_whitespace()).then_some(1)
}

/// Length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => (at, depth) = (at + 2, depth + 1),
            Some(b"*/") => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Length of the token at the start of `text`, which is not empty: a quoted thing whole, a word whole, else one character.
fn token(text: &str) -> usize {
    let first = text.chars().next().unwrap_or_default();
    match first {
        '\'' => 1 + quoted(&text[1..], '\'', false),
        '"' => 1 + quoted(&text[1..], '"', false),
        'e' | 'E' if text[1..].starts_with('\'') => 2 + quoted(&text[2..], '\'', true),
        '$' => dollar_quoted(text).unwrap_or(1),
        _ if word(first) => text.find(|c| !word(c) && c != '$').unwrap_or(text.len()),
        _ => first.len_utf8(),
    }
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// Length of what follows an opening `quote`, up to and with the closing one. A doubled quote reads as the end of one
/// token and the start of the next, which comes to the same.
fn quoted(text: &str, quote: char, backslashes: bool) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if backslashes && c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Length of a `$tag$ ... $tag$`; `None` where the dollar begins none, as in `$1`.
fn dollar_quoted(text: &str) -> Option<usize> {
    let end = 1 + text[1..].find('$')?;
    let tag = &text[1..end];
    if tag.starts_with(|c: char| c.is_ascii_digit()) || !tag.chars().all(word) {
        return None;
    }
    let mark = &text[..=end];
    let body = &text[mark.len()..];
    Some(body.find(mark).map_or(text.len(), |close| close + 2 * mark.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        statements(script).into_iter().map(|statement| statement.sql).collect()
    }

    #[test]
    fn splits_where_psql_does() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (" ;; -- nothing\n/* ; */", &[]),
            ("BEGIN;\nSELECT 1;\nCOMMIT;\n", &["BEGIN", "SELECT 1", "COMMIT"]),
            ("SELECT ';' || \"a;b\" ; SELECT 2", &["SELECT ';' || \"a;b\"", "SELECT 2"]),
            ("SELECT 'it''s;'; SELECT 2", &["SELECT 'it''s;'", "SELECT 2"]),
            (r"SELECT E'\';', 'a\'; SELECT 2", &[r"SELECT E'\';', 'a\'", "SELECT 2"]),
            ("DO $$ BEGIN; END $$; SELECT 2", &["DO $$ BEGIN; END $$", "SELECT 2"]),
            ("DO $a$ ; $b$ ; $$ ; $a$; SELECT 2", &["DO $a$ ; $b$ ; $$ ; $a$", "SELECT 2"]),
            ("SELECT $1; SELECT a$b$c; SELECT 2", &["SELECT $1", "SELECT a$b$c", "SELECT 2"]),
            ("SELECT 1 /* a /* ; */ ; */ + 1; SELECT 2", &["SELECT 1 /* a /* ; */ ; */ + 1", "SELECT 2"]),
            ("SELECT 1 -- ;\n + 1; SELECT 2", &["SELECT 1 -- ;\n + 1", "SELECT 2"]),
            (
                "CREATE RULE r AS ON INSERT TO t DO (a; b); SELECT 2",
                &["CREATE RULE r AS ON INSERT TO t DO (a; b)", "SELECT 2"],
            ),
            (
                "create or replace function f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE 1 WHEN 1 THEN 2 END; end; SELECT 2",
                &[
                    "create or replace function f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE 1 WHEN 1 THEN 2 END; end",
                    "SELECT 2",
                ],
            ),
            (
                "CREATE PROCEDURE begin(atomic int) LANGUAGE sql BEGIN ATOMIC SELECT (1; 2); END; BEGIN; END",
                &["CREATE PROCEDURE begin(atomic int) LANGUAGE sql BEGIN ATOMIC SELECT (1; 2); END", "BEGIN", "END"],
            ),
            ("SELECT begin atomic; SELECT 2", &["SELECT begin atomic", "SELECT 2"]),
            ("SELECT 'open; SELECT 2", &["SELECT 'open; SELECT 2"]),
            ("/* open; SELECT 2", &[]),
        ];
        for (script, expected) in cases {
            assert_eq!(texts(script), *expected, "{script}");
        }
    }

    #[test]
    fn a_statement_begins_after_the_comments_before_it() {
        let script = "-- a header\n\n/* more */ SELECT 1;";
        assert_eq!(
            statements(script),
            [Statement { start: script.find("SELECT").expect("is there"), sql: "SELECT 1" }]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_split_without_panic_and_without_overlap(script in "[;'\"$ea(/*\\-\n)ä\\\\1 ]{0,40}") {
            let mut end = 0;
            for statement in statements(&script) {
                prop_assert!(statement.start >= end);
                prop_assert_eq!(&script[statement.start..][..statement.sql.len()], statement.sql);
                end = statement.start + statement.sql.len();
            }
        }
    }
}
