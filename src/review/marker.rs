//! Hidden first lines of our comments: what a comment is about, and whether it still says what we wrote.

use chrono::{DateTime, Utc};

use crate::model::{Digest, Violation};

const SUMMARY: &str = "<!-- schema-registry:summary v1 ";
const VIOLATION: &str = "<!-- schema-registry:violation v1 key=";
const END: &str = " -->";

/// Marker of the sticky summary.
///
/// ```text
/// <!-- schema-registry:summary v1 digest=<64 hex|-> head=<sha> since=<RFC 3339> body=<64 hex> -->
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SummaryMarker {
    /// The approval digest that it shows; `None`, written `-`, where there is nothing to approve.
    pub(super) digest: Option<Digest>,
    /// Tip of the head branch when it was written.
    pub(super) head: String,
    /// Since when it has shown this digest, to the second.
    pub(super) since: DateTime<Utc>,
    /// SHA-256 of the text after the marker, see [`text_digest`].
    pub(super) body: Digest,
}

impl SummaryMarker {
    /// The comment: marker, empty line, text.
    pub(super) fn comment(&self, text: &str) -> String {
        let digest = self.digest.map_or_else(|| "-".to_owned(), |digest| digest.to_string());
        let since = self.since.format("%Y-%m-%dT%H:%M:%SZ");
        format!("{SUMMARY}digest={digest} head={} since={since} body={}{END}\n\n{text}", self.head, self.body)
    }

    /// Reads the marker of a comment and returns it with the text after it.
    pub(super) fn parse(comment: &str) -> Option<(Self, &str)> {
        let (first, text) = comment.split_once('\n')?;
        let mut items = first.trim_end().strip_prefix(SUMMARY)?.strip_suffix(END)?.split(' ');
        let mut item = |key: &str| items.next()?.strip_prefix(key)?.strip_prefix('=');
        let digest = match item("digest")? {
            "-" => None,
            digest => Some(digest.parse().ok()?),
        };
        let head = item("head")?.to_owned();
        let since = DateTime::parse_from_rfc3339(item("since")?).ok()?.to_utc();
        let body = item("body")?.parse().ok()?;
        items.next().is_none().then_some((Self { digest, head, since, body }, text))
    }
}

/// SHA-256 of a summary's text without what GitHub may change on the way: carriage returns, and white space around it.
pub(super) fn text_digest(text: &str) -> Digest {
    Digest::of(text.replace('\r', "").trim())
}

/// Whether two texts are the same but for what GitHub may change on the way.
pub(super) fn same(a: &str, b: &str) -> bool {
    text_digest(a) == text_digest(b)
}

/// Longest value that tells violations of one field apart, in bytes; what is longer is known by its field alone.
const MAX_VALUE: usize = 200;

/// Identity of a violation in `text`: its rule, its file, the field, and the field's value without its white space where
/// that is on one line. It holds no line number and no wording, so it survives whatever moves the line and newer words of
/// this tool. 32 hexadecimal digits.
pub(super) fn violation_key(violation: &Violation, text: &str) -> String {
    let place = &violation.location;
    let value = text.get(place.span.range()).unwrap_or_default().trim();
    let value = if value.len() > MAX_VALUE || value.contains('\n') { "" } else { value };
    let value: Vec<&str> = value.split_whitespace().collect();
    let identity =
        serde_json::json!([violation.rule, place.file, place.route.to_string(), value.join(" ")]).to_string();
    Digest::of(identity).to_string().chars().take(32).collect()
}

/// The inline comment: marker, empty line, text.
pub(super) fn violation_comment(key: &str, text: &str) -> String {
    format!("{VIOLATION}{key}{END}\n\n{text}")
}

/// The key in the marker of an inline comment.
pub(super) fn parse_violation(comment: &str) -> Option<&str> {
    let key = comment.lines().next()?.trim_end().strip_prefix(VIOLATION)?.strip_suffix(END)?;
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (key.len() == 32 && key.bytes().all(hex)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Span, review::tests::violation};

    #[test]
    fn a_summary_marker_reads_back_and_nothing_like_it_does() {
        let since = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        for digest in [None, Some(Digest::of("x"))] {
            let marker = SummaryMarker { digest, head: "0123abc".to_owned(), since, body: text_digest("text\n") };
            let comment = marker.comment("text\n");
            let (read, text) = SummaryMarker::parse(&comment).expect("our own marker");
            assert_eq!((&read, text_digest(text)), (&marker, marker.body));
            let edited = comment.replace('\n', "\r\n");
            let (read, text) = SummaryMarker::parse(&edited).expect("line ends do not matter");
            assert_eq!((read, text_digest(text)), (marker, text_digest("text")));
            for broken in [
                comment.replace("v1", "v2"),
                comment.replace(" -->", " x=1 -->"),
                comment.replace("since=2", "since=x"),
                comment.replace("head=", "tail="),
                format!("> {comment}"),
                format!("\n{comment}"),
                String::new(),
            ] {
                assert_eq!(SummaryMarker::parse(&broken), None, "{broken}");
            }
        }
    }

    #[test]
    fn a_violation_is_known_by_its_field_and_value() {
        let key = |text: &str, start: usize, end: usize, message: &str, rule: &'static str| {
            let mut violation = violation(rule, message);
            violation.location.span = Span::new(start, end);
            (violation.location.start.line, violation.location.end.line) = (start, end);
            violation_key(&violation, text)
        };
        let first = key("type: varchar (4)", 6, 17, "Use text", "rule");
        assert_eq!(first, key("# moved\ntype: varchar   (4)", 14, 27, "Say it otherwise", "rule"));
        assert_ne!(first, key("type: varchar (5)", 6, 17, "Use text", "rule"));
        assert_ne!(first, key("type: varchar (4)", 6, 17, "Use text", "other-rule"));
        let block = key("- a\n- b\n", 0, 8, "x", "rule");
        assert_eq!(block, key("- a\n- c\n", 0, 8, "x", "rule"), "a block is known by its field");
        assert_eq!(block, key("", 7, 9, "x", "rule"));
    }

    #[test]
    fn the_format_of_markers_is_fixed() {
        let since = DateTime::from_timestamp(1_800_000_000, 999).expect("a time");
        let body = text_digest("text");
        let marker = SummaryMarker { digest: None, head: "abc".to_owned(), since, body };
        insta::assert_snapshot!(marker.comment("text"), @r#"
        <!-- schema-registry:summary v1 digest=- head=abc since=2027-01-15T08:00:00Z body=982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1 -->

        text
        "#);
        let key = "0123456789abcdef0123456789abcdef";
        insta::assert_snapshot!(violation_comment(key, "text"), @r#"
        <!-- schema-registry:violation v1 key=0123456789abcdef0123456789abcdef -->

        text
        "#);
        assert_eq!(parse_violation(&violation_comment(key, "text")), Some(key));
        for broken in ["", "text", &violation_comment(&key[1..], "x"), &violation_comment(&key.to_uppercase(), "x")] {
            assert_eq!(parse_violation(broken), None);
        }
    }
}
