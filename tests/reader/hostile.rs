//! Whatever the bytes are: no panic, and every place inside the text.

use proptest::prelude::*;
use schema_registry::{
    model::{File, Span},
    parse::{Parsed, parse_request, set_requested_at},
};

const USERS: &str = "schema-requests/users.yaml";

/// Fragments that mean something to the reader.
const PIECES: [&str; 40] = [
    "tableName: users\n",
    "schemaJson:\n",
    "  columns:\n",
    "    - name: id\n",
    "      type: UUID\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    ": ",
    "- ",
    "? ",
    "&a ",
    "*a ",
    "!t ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "\\u202e",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "  ",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "<<: ",
    "~",
    "é",
    "\u{feff}",
    "\u{200b}",
    "日本",
    "\0",
    "primaryKey: [id]\n",
    "indexes: ",
    "requestMetadata: {requestedAt: 1}\n",
];

fn check(path: &str, bytes: &[u8]) -> Result<Parsed, TestCaseError> {
    let parsed = parse_request(path, &File::regular(bytes));
    let inside = |span: Span| span.start <= span.end && parsed.text.get(span.range()).is_some();
    for refusal in &parsed.refusals {
        prop_assert!(inside(refusal.span), "{:?}", refusal);
        prop_assert!(parsed.text.is_empty() || refusal.span.start < refusal.span.end, "{:?}", refusal);
        prop_assert!(refusal.fix.iter().all(|edit| inside(edit.span)), "{:?}", refusal);
        prop_assert!(refusal.message.len() < 500 && !refusal.message.ends_with('.'), "{:?}", refusal);
    }
    for (route, span) in parsed.request.iter().flat_map(|request| &request.spans) {
        prop_assert!(inside(span.value) && span.value.start < span.value.end, "{route}");
        prop_assert!(span.key.is_none_or(|key| inside(key) && key.start < key.end), "{route}");
    }
    if parsed.refusals.is_empty() {
        crate::second_opinion::agree(&parsed.text)?;
        prop_assert!(parsed.request.is_some(), "what is not refused is a request");
        let at = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("in range");
        if let Ok(stamped) = set_requested_at(bytes, at) {
            let again = parse_request(path, &File::regular(stamped));
            prop_assert_eq!(again.refusals, []);
            let metadata = again.request.expect("still a request").metadata;
            prop_assert_eq!(metadata.requested_at.map(|field| field.value), Some(at));
        }
    }
    Ok(parsed)
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(USERS, &bytes)?;
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        check(USERS, text.as_bytes())?;
    }

    #[test]
    fn any_fragments(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        check(USERS, pieces.concat().as_bytes())?;
    }

    #[test]
    fn mutated_examples(
        example in 0_usize..5,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..20, prop::sample::select(&PIECES[..])), 0..4),
        windows in any::<bool>(),
    ) {
        let (path, text) = &crate::examples()[example];
        let mut bytes = if windows { text.replace('\n', "\r\n") } else { text.clone() }.into_bytes();
        for (at, length, piece) in cuts {
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, piece.bytes());
        }
        check(path, &bytes)?;
    }
}

/// Files as large as a file may be, made to be slow for a careless reader of requests.
#[test]
fn large_requests_are_read_in_a_moment() {
    let columns: String = (0..6_000).map(|n| format!("  - {{name: column_{n}, type: INT}}\n")).collect();
    let missing: String = (0..9_000).map(|n| format!("missing_{n}, ")).collect();
    let repeated = "- {columns: [a]}\n".repeat(5_000);
    let texts = [
        format!("tableName: users\nschemaJson:\n  columns:\n{columns}"),
        format!(
            "tableName: users\nschemaJson:\n  columns: [{{name: a, type: INT}}]\n  indexes: [{{columns: [{missing}]}}]\n"
        ),
        format!("tableName: users\nschemaJson:\n  columns: [{{name: a, type: INT}}]\n  uniques:\n{repeated}"),
        (0..9_000).map(|n| format!("tableNam{n}: x\n")).collect(),
        "tableName: ".to_owned() + &"x".repeat(200_000),
        format!("\"{}\": 1\n", "x".repeat(900)).repeat(200),
    ];
    for text in texts {
        let start = std::time::Instant::now();
        check(USERS, text.as_bytes()).expect("the places are right");
        assert!(start.elapsed().as_secs() < 10, "{:?} for {}", start.elapsed(), &text[..60]);
    }
}
