//! Values that the tests of this module share, and a reader of Markdown.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::model::{Location, Position, Route, Severity, Span, Violation};

pub(super) fn violation(rule: &'static str, severity: Severity, file: &str, line: usize) -> Violation {
    Violation {
        rule,
        severity,
        message: "Something is wrong".to_owned(),
        suggestion: None,
        location: Location {
            file: file.to_owned(),
            route: Route::root().key("schemaJson"),
            span: Span::default(),
            start: Position { line, column: 5 },
            end: Position { line, column: 9 },
        },
        fix: Vec::new(),
        waived: None,
    }
}

/// Everything in a text that Markdown, HTML or GitHub gives a meaning to.
const HOSTILE: [&str; 54] = [
    "`",
    "``",
    "```",
    "````sql",
    "|",
    "\\|",
    "\\",
    "\n",
    "\r\n",
    "\n\n",
    "</details>",
    "<details>",
    "<!--",
    "-->",
    "<b>",
    "@user",
    "@org/team",
    "#1",
    "owner/repo#2",
    "GH-3",
    "[x](http://evil)",
    "![i](http://e)",
    "[",
    "](",
    "<script>",
    "<http://e>",
    "- ",
    "+ ",
    "1. ",
    "2) ",
    "> ",
    "# ",
    "---",
    "===",
    "***",
    "_x_",
    "**",
    "~~",
    "~~~",
    "$x$",
    "$$",
    ":tada:",
    "www.evil.com",
    "https://evil",
    "mailto:a",
    "&lt;",
    "&#64;",
    "&commat;",
    "\u{202e}",
    "\u{0}",
    "    ",
    "</code>",
    "[^1]: x",
    "ä a",
];

/// Texts made of what is hostile.
pub(super) fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![proptest::sample::select(&HOSTILE[..]), Just(" "), Just("x")];
    proptest::collection::vec(part, 1..8).prop_map(|parts| parts.concat())
}

/// The blocks, cells, links and HTML of a Markdown text, without what is written in them. Panics where plain text could
/// become a mention, a reference, a formula or an address.
pub(super) fn skeleton(markdown: &str) -> Vec<String> {
    let mut out = Vec::new();
    let (mut in_code, mut in_block) = (false, false);
    for (event, range) in Parser::new_ext(markdown, Options::all()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                in_block = true;
                out.push(format!("{kind:?}"));
            }
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Start(Tag::Link { dest_url, .. }) => {
                let (address, _) = dest_url.split_once("/blob/").expect("every link goes to a file");
                out.push(format!("link {address}"));
            }
            Event::Start(tag) => out.push(format!("{tag:?}")),
            Event::End(tag) => out.push(format!("end {tag:?}")),
            Event::InlineHtml(html) if &*html == "<code>" || &*html == "</code>" => in_code = &*html == "<code>",
            Event::InlineHtml(html) => out.push(html.into_string()),
            Event::Html(html) => out.push(without_code(&html)),
            Event::Text(text) if !in_block => {
                // GitHub's Markdown makes links of what is written in an element too, of its references only later.
                let written = &markdown[range];
                let lower = if in_code && written.starts_with('&') { "" } else { &text }.to_ascii_lowercase();
                for active in ["@", "#", "$", "://", "www.", "gh-", "mailto:"] {
                    assert!(!lower.contains(active), "`{active}` is plain text in: {text}");
                }
                assert!(!text.contains('\u{202e}'), "invisible: {text:?}");
            }
            Event::Text(text) => assert!(!text.contains('\u{202e}'), "invisible: {text:?}"),
            Event::Code(_) | Event::SoftBreak => {}
            other => out.push(format!("{other:?}")),
        }
    }
    out
}

/// HTML with one element of code that holds no other element, without what is in it.
fn without_code(html: &str) -> String {
    match (html.split_once("<code>"), html.rsplit_once("</code>")) {
        (Some((before, inside)), Some((_, after))) => {
            let inside = inside.strip_suffix(after).and_then(|it| it.strip_suffix("</code>")).unwrap_or_default();
            assert!(!inside.contains(['<', '>']), "HTML in {html}");
            format!("{before}<code/>{after}")
        }
        _ => html.to_owned(),
    }
}
