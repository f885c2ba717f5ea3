//! What is wrong with a text, in words of our own.

use serde_saphyr::granit_parser::ErrorKind;

use crate::model::Span;

/// Something that makes a text unreadable, or that the reader does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where; never empty, except in an empty text.
    pub span: Span,
    /// What is wrong, one sentence without a full stop: hostile text.
    pub message: String,
    /// What to do about it, imperative.
    pub suggestion: String,
}

impl Problem {
    pub(super) fn new(span: Span, message: impl Into<String>, suggestion: impl Into<String>) -> Self {
        Self { span, message: message.into(), suggestion: suggestion.into() }
    }
}

/// Text of a request for use in a message: cut after 60 characters.
#[must_use]
pub fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

const INDENT: (&str, &str) =
    ("Indentation is broken here", "Indent with spaces, the entries of one mapping or list all by as many");
const COLON: (&str, &str) = (
    "A `:` is not allowed here",
    "Quote the text if it holds `: `; otherwise check the line above for a missing `:` or wrong indentation",
);
const FLOW: (&str, &str) =
    ("Brackets do not match here", "Close each `[` with `]` and each `{` with `}`, with `,` between items");
const ESCAPE: (&str, &str) =
    ("An escape in the double-quoted text is not valid", "Write `\\\\` for a backslash, or use single quotes");
const OTHER: (&str, &str) =
    ("The YAML syntax is broken here", "Compare this line with the example in the documentation of the request file");

/// Message and suggestion of a syntax error; the library's own wording never reaches a person.
pub(super) fn explain(kind: &ErrorKind) -> (&'static str, &'static str) {
    use ErrorKind as E;
    match kind {
        E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping
        | E::UnclosedFlowCollection { .. } => ("A bracket is never closed", FLOW.1),
        E::ExpectedFlowMappingSeparator
        | E::ExpectedFlowSequenceSeparator
        | E::MisplacedFlowCollectionEnd
        | E::MismatchedFlowCollectionEnd { .. } => FLOW,
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => {
            ("A quote is never closed", "Add the missing quote, and double a `'` inside single quotes")
        }
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => {
            ("Text follows a closing quote", "Quote the whole value, and double a `'` inside single quotes")
        }
        E::UnknownQuotedScalarEscape
        | E::InvalidQuotedScalarHexEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate
        | E::InvalidUnicodeEscape => ESCAPE,
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => TAB,
        E::InvalidIndentation
        | E::ExpectedBlockMappingKey
        | E::ExpectedBlockSequenceEntry
        | E::BlockSequenceEntryNotAllowed
        | E::InvalidBlockScalarIndent
        | E::InvalidFlowScalarIndent
        | E::InvalidQuotedScalarIndent
        | E::MappingKeyNotAllowed => INDENT,
        E::SimpleKeyExpected | E::InvalidSimpleKey => ("A `:` is missing here", "Write `key: value`"),
        E::MappingValueNotAllowed
        | E::InvalidMappingValueWhitespace
        | E::InvalidColonPlacement
        | E::FlowMappingValueAdjacentCollection => COLON,
        E::UnexpectedCharacter { .. } => {
            ("A value cannot begin with this character", "Quote the value, with single quotes if in doubt")
        }
        E::RecursionLimitExceeded => DEPTH,
        E::DirectiveDisallowed | E::MissingDocumentEndBeforeDirective => {
            ("YAML directives are not allowed", "Remove the line that starts with `%`")
        }
        E::CommentNotSeparated => {
            ("A comment needs a space before its `#`", "Put a space before the `#`, or quote the value")
        }
        _ => OTHER,
    }
}

pub(super) const TAB: (&str, &str) = ("A tab is not allowed here", "Indent with spaces");
pub(super) const DEPTH: (&str, &str) = (
    "The file nests deeper than 16 levels",
    "Write the request as its documentation shows; nothing in it is that deep",
);
