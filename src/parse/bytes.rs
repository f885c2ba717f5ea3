//! Bytes to text: mode, size, encoding, and characters that nobody can see.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::{
    model::{File, FileMode, Refusal, Route, Span},
    yaml::{Node, Value},
};

/// Largest request file, in bytes.
pub(super) const MAX_BYTES: usize = 256 * 1024;

const BOM: &str = "\u{feff}";

/// More hidden characters than this are counted, not listed.
const MOST_LISTED: usize = 10;

/// The text of a file.
pub(super) struct Text<'f> {
    /// Without the byte-order mark.
    pub(super) text: &'f str,
    /// Length of the byte-order mark.
    pub(super) bom: usize,
}

fn refusal(span: Span, message: String, suggestion: &str) -> Refusal {
    Refusal { route: Route::root(), span, message, suggestion: Some(suggestion.to_owned()), fix: Vec::new() }
}

/// The text of a file; `None` with the reason where it cannot be read at all.
pub(super) fn decode<'f>(file: &'f File, refusals: &mut Vec<Refusal>) -> Option<Text<'f>> {
    let whole = Span::default();
    match file.mode {
        FileMode::Regular => {}
        FileMode::Executable => {
            refusals.push(refusal(
                whole,
                "Request files are not executable".to_owned(),
                "Set its mode to 100644: `git update-index --chmod=-x`",
            ));
        }
        FileMode::Symlink | FileMode::Submodule => {
            let kind = if file.mode == FileMode::Symlink { "symbolic link" } else { "submodule" };
            refusals.push(refusal(whole, format!("Request file is a {kind}"), "Commit a regular file"));
            return None;
        }
    }
    if file.bytes.len() > MAX_BYTES {
        let message = format!("Request file has {} bytes, more than 256 KiB", file.bytes.len());
        refusals.push(refusal(whole, message, "Describe one table a file"));
        return None;
    }
    match std::str::from_utf8(&file.bytes) {
        Ok(text) => {
            let stripped = text.strip_prefix(BOM).unwrap_or(text);
            Some(Text { text: stripped, bom: text.len() - stripped.len() })
        }
        Err(error) => {
            let message = format!("File is not UTF-8 from byte {} on", error.valid_up_to());
            refusals.push(refusal(whole, message, "Save the file as UTF-8"));
            None
        }
    }
}

/// Refuses characters that do not show, or that show elsewhere than they stand; a reviewer must see what is approved.
/// Source: <https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>
pub(super) fn refuse_hidden_characters(text: &str, refusals: &mut Vec<Refusal>) {
    let hidden = text.char_indices().filter(|(at, c)| match c {
        '\t' | '\n' => false,
        '\r' => !text[at + 1..].starts_with('\n'),
        c => is_hidden(*c),
    });
    for (count, (at, c)) in hidden.enumerate() {
        let span = Span::new(at, at + c.len_utf8());
        if count == MOST_LISTED {
            refusals.push(refusal(span, "More invisible or control characters follow".to_owned(), "Remove them all"));
            return;
        }
        refusals.push(refusal(span, format!("{} is not allowed", name(c)), "Remove the character"));
    }
}

/// The same for characters that an escape in double quotes stands for.
pub(super) fn refuse_hidden_escapes(node: &Node, refusals: &mut Vec<Refusal>) {
    let mut check = |span, text: &str| {
        if let Some(c) = text.chars().find(|c| !matches!(c, '\t' | '\n') && is_hidden(*c)) {
            refusals.push(refusal(
                span,
                format!("An escape stands for {}, which is not allowed", name(c)),
                "Remove the escape",
            ));
        }
    };
    match &node.value {
        Value::Scalar(scalar) if scalar.quoted => check(node.span, &scalar.text),
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| refuse_hidden_escapes(item, refusals)),
        Value::Mapping(mapping) => {
            mapping.entries.iter().for_each(|entry| check(entry.key.span, &entry.key.text));
            mapping.entries.iter().for_each(|entry| refuse_hidden_escapes(&entry.value, refusals));
        }
    }
}

/// Whether a character does not show: controls, format characters (joiners, direction marks), line and paragraph
/// separators, fillers and variation selectors other than those that choose how an emoji looks.
pub(super) fn is_hidden(c: char) -> bool {
    use GeneralCategory as Category;
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let category = c.general_category();
    matches!(category, Category::Control | Category::Format | Category::LineSeparator | Category::ParagraphSeparator)
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}')
        || matches!(c, '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// `U+202E (right-to-left override)`, or what kind of character it is.
pub(super) fn name(c: char) -> String {
    let kind = match c {
        '\0' => "NUL",
        '\r' => "carriage return without a line feed",
        '\u{200b}' => "zero-width space",
        '\u{200c}' | '\u{200d}' => "zero-width joiner",
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            "bidirectional control"
        }
        '\u{feff}' => "byte-order mark inside the text",
        '\u{2028}' | '\u{2029}' => "line separator",
        c if c.is_control() => "control character",
        _ => "invisible character",
    };
    format!("U+{:04X} ({kind})", u32::from(c))
}
