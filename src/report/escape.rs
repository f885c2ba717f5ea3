//! Hostile text into sinks: one function a sink, and nothing reaches a sink without one.
//!
//! GitHub turns `@name`, `#1`, `GH-1` and addresses into links after Markdown was rendered, so neither a backslash nor a
//! character reference stops it; inside code it leaves them alone. Words that it might link are therefore shown as code.
//! Source: <https://github.com/github/markup/issues/1168>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The text with every character that cannot be seen, or that reorders its neighbours, spelt out as `\u{202e}`.
/// Line ends and tabs are kept.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.general_category() {
            _ if matches!(c, '\n' | '\r' | '\t') => out.push(c),
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    out
}

/// The text on one line: visible, white space collapsed, at most `max` characters of it and then an ellipsis.
#[must_use]
pub fn one_line(text: &str, max: usize) -> String {
    // White space can only shrink the text, so this much of it is enough to know whether something is cut.
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > max {
            let clipped: String = line.chars().take(max).collect();
            return visible(clipped.trim_end()) + "…";
        }
    }
    visible(&line)
}

/// Longest free text that is shown, in characters; a request's own line shows the rest.
const MAX_PROSE: usize = 600;

/// Longest name, path or value that is shown, in characters.
const MAX_CODE: usize = 300;

/// Shown instead of nothing, so that nothing collapses around it.
const EMPTY: &str = "(empty)";

/// Inline code in Markdown, also in a table cell and in the text of a link.
#[must_use]
pub fn code(text: &str) -> String {
    let text = one_line(text, MAX_CODE);
    match text.as_str() {
        "" => EMPTY.to_owned(),
        text if text.contains(['`', '|']) => code_element(text),
        text => format!("`{text}`"),
    }
}

/// A sentence of Markdown, also in a table cell: names in backticks become code, everything else is plain text.
#[must_use]
pub fn prose(text: &str) -> String {
    let text = one_line(text, MAX_PROSE);
    if text.is_empty() {
        return EMPTY.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((plain, after)) = rest.split_once('`') {
        push_plain(&mut out, plain);
        match after.split_once('`') {
            Some((name, after)) if !name.trim().is_empty() => {
                push_code(&mut out, name);
                rest = after;
            }
            _ => {
                out.push_str("&#96;");
                rest = after;
            }
        }
    }
    push_plain(&mut out, rest);
    guard_start(out)
}

/// A fenced block of Markdown whose fence is longer than any run of backticks in it.
/// Source: <https://github.github.com/gfm/#fenced-code-blocks>
#[must_use]
pub fn fence(language: &str, text: &str) -> String {
    let text = visible(&text.replace("\r\n", "\n")).replace('\r', "\\u{d}");
    let ticks = "`".repeat(fence_length(&text));
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{ticks}{language}\n{text}{end}{ticks}")
}

/// How many backticks fence `text`: more than any run in it, three at least.
#[must_use]
pub fn fence_length(text: &str) -> usize {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    (longest + 1).max(3)
}

/// Code in an HTML block, where Markdown means nothing.
#[must_use]
pub fn html_code(text: &str) -> String {
    let text = one_line(text, MAX_CODE).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{text}</code>")
}

/// A path for the address of a file on GitHub, each segment percent-encoded.
/// Source: <https://www.rfc-editor.org/rfc/rfc3986#section-3.3>
#[must_use]
pub fn url_path(path: &str) -> String {
    const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'/');
    utf8_percent_encode(path, SEGMENT).to_string()
}

/// The message of a workflow command.
/// Source: <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>
#[must_use]
pub fn command_data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a workflow command.
#[must_use]
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// One line of a workflow's log, in which nothing is a workflow command, of neither syntax.
#[must_use]
pub fn log_line(text: &str) -> String {
    let line = visible(text).replace(['\n', '\r'], " ").replace("##[", "##\u{5c}[");
    if line.trim_start().starts_with("::") { format!("\u{5c}{}", line.trim_start()) } else { line }
}

/// Code in a paragraph as an element. Markdown goes on inside it, so every punctuation character is a reference; even `.`,
/// because GitHub's Markdown links `www.` there too.
fn code_element(line: &str) -> String {
    let mut out = String::from("<code>");
    for c in line.chars() {
        if c.is_ascii_punctuation() {
            out.extend(["&#", &u32::from(c).to_string(), ";"]);
        } else {
            out.push(c);
        }
    }
    out + "</code>"
}

fn push_code(out: &mut String, text: &str) {
    // Two spans side by side would become one with a longer fence.
    let code = if out.ends_with('`') { code_element(&one_line(text, MAX_CODE)) } else { code(text) };
    out.push_str(&code);
}

fn push_plain(out: &mut String, text: &str) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if is_active(word) {
            push_code(out, word);
            continue;
        }
        for c in word.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '|' => out.push_str("&#124;"),
                '\\' | '*' | '_' | '[' | ']' | '~' | '^' => out.extend(['\\', c]),
                c => out.push(c),
            }
        }
    }
}

/// Whether GitHub may turn the word into a mention, a reference, an address, a formula or an emoji.
fn is_active(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    word.contains(['@', '#', '$'])
        || ["://", "www.", "gh-", "mailto:", "xmpp:"].iter().any(|active| lower.contains(active))
        || word.matches(':').count() > 1
}

/// Keeps the start of the text from being the start of a list, a rule, a heading or a quotation.
fn guard_start(text: String) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        Some(b'-' | b'+' | b'=') if digits == 0 => format!("\\{text}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::testing::{hostile, skeleton};

    #[test]
    fn sentences_read_as_written_and_nothing_in_them_acts() {
        let cases = [
            ("Table `a_b` has no `id`", "Table `a_b` has no `id`"),
            ("ask @dba, see #12 and GH-3", "ask `@dba,` see `#12` and `GH-3`"),
            ("at https://evil or www.evil.com for $5", "at `https://evil` or `www.evil.com` for `$5`"),
            ("a_b *c* [d](e) <b> & |", "a\\_b \\*c\\* \\[d\\](e) &lt;b&gt; &amp; &#124;"),
            ("one ` alone", "one &#96; alone"),
            ("`a``b`", "`a`<code>b</code>"),
            ("`a`@b", "`a`<code>&#64;b</code>"),
            ("- x\n- y", "\\- x - y"),
            ("12. x", "12\\. x"),
            ("a\u{202e}b\u{0}", "a\\\\u{202e}b\\\\u{0}"),
        ];
        for (text, expected) in cases {
            assert_eq!(prose(text), expected);
        }
    }

    #[test]
    fn code_is_a_span_where_that_is_safe() {
        let cases = [
            ("a_b", "`a_b`"),
            ("a|b", "<code>a&#124;b</code>"),
            ("a`b", "<code>a&#96;b</code>"),
            ("", "(empty)"),
            ("\n", "(empty)"),
            ("a\nb", "`a b`"),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fence("sql", "a\r\n"), "```sql\na\n```");
        assert_eq!(fence("sql", "````\r"), "`````sql\n````\\u{d}\n`````");
        assert_eq!(fence("sql", ""), "```sql\n```");
    }

    #[test]
    fn one_line_is_clipped_by_characters() {
        assert_eq!(one_line("  ä  b\n\tc ", 5), "ä b c");
        assert_eq!(one_line("ä b c d", 5), "ä b c…");
        assert_eq!(one_line("ä b", 2), "ä…");
    }

    #[test]
    fn addresses_and_logs_hold_nothing_that_acts() {
        assert_eq!(url_path("a b/(c)#?%.yaml"), "a%20b/%28c%29%23%3F%25.yaml");
        assert_eq!(log_line("  ::error::x\n##[group]"), "\\::error::x ##\\[group]");
        assert_eq!(command_property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_place(text in hostile()) {
            let benign = |cell: &str| format!("{cell} x\n\n| a | b |\n| --- | --- |\n| {cell} | {cell} |\n\n- {cell}\n");
            prop_assert_eq!(skeleton(&benign(&prose(&text))), skeleton(&benign("x")));
            prop_assert_eq!(skeleton(&benign(&code(&text))), skeleton(&benign("x")));
            let block = |content: String| format!("a\n\n{content}\n\n</details>\n\nb\n");
            prop_assert_eq!(skeleton(&block(fence("sql", &text))), skeleton(&block(fence("sql", "x"))));
        }
    }
}
