//! Text to tree: the events of the parser, held to what a request file may use.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{self, Event, Marker, Parser, ScalarStyle, ScanError, StructureStyle};

use super::{
    node::{Entry, Key, Mapping, Node, Scalar, Value},
    problem::{DEPTH, Problem, TAB, excerpt, explain},
};
use crate::model::{LineIndex, Span};

/// Deepest nesting of lists and mappings.
pub const MAX_DEPTH: usize = 16;

/// Most keys, scalars, lists and mappings of a text.
pub const MAX_NODES: usize = 20_000;

/// What [`read`] made of a text.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The tree, as far as it can be trusted: `None` when the text is empty, when its syntax is broken, or when what is
    /// not allowed hides what it means (aliases, merge keys).
    pub root: Option<Node>,
    /// Everything wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Reads one YAML document. Anchors, aliases, tags, merge keys, directives, duplicate keys, further documents, more than
/// [`MAX_DEPTH`] levels and more than [`MAX_NODES`] nodes are problems. Takes time linear in the length of the text.
/// Source: <https://yaml.org/spec/1.2.2/>
#[must_use]
pub fn read(text: &str) -> Reading {
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    };
    let mut builder = Builder::new(text);
    for event in Parser::new_from_str_with_options(text, options) {
        let step = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => builder.syntax_error(&error),
        };
        if step.is_break() {
            break;
        }
    }
    builder.finish()
}

type Step = std::ops::ControlFlow<()>;

/// A list or mapping whose end has not come yet.
struct Open {
    start: Span,
    flow: bool,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Mapping { entries: Vec<Entry>, keys: BTreeMap<String, Span>, pending: Option<Pending> },
}

/// A key that waits for its value.
struct Pending {
    key: Key,
    /// Whether the entry counts; a refused one is read and dropped.
    keep: bool,
}

struct Builder<'t> {
    text: &'t str,
    lines: LineIndex,
    open: Vec<Open>,
    root: Option<Node>,
    problems: Vec<Problem>,
    nodes: usize,
    documents: usize,
    trusted: bool,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            lines: LineIndex::new(text),
            open: Vec::new(),
            root: None,
            problems: Vec::new(),
            nodes: 0,
            documents: 0,
            trusted: true,
        }
    }

    fn finish(mut self) -> Reading {
        self.problems.sort_by_key(|problem| problem.span);
        Reading { root: self.root.filter(|_| self.trusted), problems: self.problems }
    }

    fn problem(&mut self, span: Span, message: impl Into<String>, suggestion: impl Into<String>) {
        self.problems.push(Problem::new(span, message, suggestion));
    }

    /// Reports what makes reading on pointless.
    fn stop(&mut self, span: Span, (message, suggestion): (&str, &str)) -> Step {
        self.problem(span, message, suggestion);
        self.trusted = false;
        Step::Break(())
    }

    fn syntax_error(&mut self, error: &ScanError) -> Step {
        let start = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let (message, suggestion) = explain(error.kind());
        // Tabs are reported where the token before them begins.
        let tab = self.text.get(start..).and_then(|rest| rest.find('\t')).filter(|_| message == TAB.0);
        let span = match tab {
            Some(tab) => Span::new(start + tab, start + tab + 1),
            None => self.visible(Span::new(start, start)),
        };
        self.stop(span, (message, suggestion))
    }

    fn event(&mut self, event: Event<'_>, span: granit_parser::Span) -> Step {
        let place = self.place(&span);
        if let (Some(tag), true) = (span.tag_span(), event.tag().is_some()) {
            let tag = self.place(&tag);
            self.problem(tag, "Tags are not allowed", "Remove it, or quote text that begins with `!`");
        }
        if event.is_node() {
            self.nodes += 1;
            if self.nodes > MAX_NODES {
                let limit = "The file holds more than 20,000 values";
                return self.stop(self.visible(place), (limit, "Describe one table a file"));
            }
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let suggestion = "Put each table into a file of its own";
                    self.problem(self.visible(place), "The file holds more than one document", suggestion);
                    return Step::Break(());
                }
            }
            Event::Anchor(..) => self.problem(
                place,
                "Anchors are not allowed",
                "Remove it and write the value out where it is used, or quote text that begins with `&`",
            ),
            Event::Alias(..) | Event::UnresolvedAlias(..) => {
                self.problem(
                    place,
                    "Aliases are not allowed",
                    "Write the value out, or quote text that begins with `*`",
                );
                self.trusted = false;
                self.attach(Node { span: place, value: Value::Scalar(Scalar { text: String::new(), quoted: true }) });
            }
            Event::Scalar(text, style, ..) => self.scalar(text.into_owned(), style, place),
            Event::SequenceStart(style, ..) => return self.start(place, style, Content::List(Vec::new())),
            Event::MappingStart(style, ..) => {
                let content = Content::Mapping { entries: Vec::new(), keys: BTreeMap::new(), pending: None };
                return self.start(place, style, content);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            _ => {}
        }
        Step::Continue(())
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, place: Span) {
        let quoted = style != ScalarStyle::Plain;
        // The parser ends block scalars where the next line begins, and marks empty values where the next token begins,
        // often lines below.
        let kept = self.text.get(place.range()).unwrap_or_default().trim_end_matches([' ', '\t', '\r', '\n']).len();
        let (span, text) = match (kept, quoted) {
            // The parser gives `~` for a value that is not written.
            (0, false) => (self.empty_value(place.start), String::new()),
            (0, true) => (self.empty_value(place.start), text),
            (kept, _) => (Span::new(place.start, place.start + kept), text),
        };
        self.attach(Node { span, value: Value::Scalar(Scalar { text, quoted }) });
    }

    fn start(&mut self, start: Span, style: StructureStyle, content: Content) -> Step {
        if self.open.len() >= MAX_DEPTH {
            return self.stop(self.visible(start), DEPTH);
        }
        self.open.push(Open { start, flow: style == StructureStyle::Flow, content });
        Step::Continue(())
    }

    fn end(&mut self, place: Span) {
        let Some(Open { start, flow, content }) = self.open.pop() else { return };
        let (value, inner) = match content {
            Content::List(items) => {
                let inner = items.first().zip(items.last()).map(|(first, last)| (first.span.start, last.span.end));
                (Value::List(items), inner)
            }
            Content::Mapping { entries, .. } => {
                let inner = entries.first().zip(entries.last());
                let inner = inner.map(|(first, last)| (first.key.span.start, last.value.span.end));
                (Value::Mapping(Mapping { flow, entries }), inner)
            }
        };
        let span = match inner {
            _ if flow => Span::new(start.start, place.end),
            Some((first, last)) => Span::new(first, last.max(first)),
            None => self.visible(start),
        };
        self.attach(Node { span, value });
    }

    fn attach(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Mapping { entries, pending, .. }) => match pending.take() {
                Some(Pending { key, keep: true }) => entries.push(Entry { key, value: node }),
                Some(Pending { keep: false, .. }) => {}
                None => self.key(node),
            },
        }
    }

    fn key(&mut self, node: Node) {
        let span = node.span;
        let (text, quoted) = match node.value {
            Value::Scalar(scalar) => (scalar.text, scalar.quoted),
            Value::List(_) | Value::Mapping(_) => {
                self.problem(
                    span,
                    "A list or mapping cannot be a key",
                    "Quote the value if the brackets or braces belong to it",
                );
                (String::new(), true)
            }
        };
        let first = match self.open.last().map(|open| &open.content) {
            Some(Content::Mapping { keys, .. }) => keys.get(&text).copied(),
            _ => None,
        };
        let merge = !quoted && text == "<<";
        if let Some(first) = first {
            let line = self.lines.position(self.text, first.start).line;
            self.problem(
                span,
                format!("Key `{}` is given twice, first on line {line}", excerpt(&text)),
                "Keep one of the two",
            );
        } else if merge {
            self.problem(span, "Merge keys are not allowed", "Write the keys out");
            self.trusted = false;
        } else if text.is_empty() && !quoted {
            self.problem(span, "A key is missing", "Write `key: value`");
        }
        let keep = first.is_none() && !merge && !text.is_empty();
        if let Some(Content::Mapping { keys, pending, .. }) = self.open.last_mut().map(|open| &mut open.content) {
            if keep {
                keys.insert(text.clone(), span);
            }
            *pending = Some(Pending { key: Key { text, span }, keep });
        }
    }

    fn place(&self, span: &granit_parser::Span) -> Span {
        let offset = |marker: &Marker| marker.byte_offset().unwrap_or(0).min(self.text.len());
        let start = offset(&span.start);
        Span::new(start, offset(&span.end).max(start))
    }

    /// The span itself, or where it is empty the character after it, or at the end of a line the one before.
    fn visible(&self, span: Span) -> Span {
        if span.start < span.end {
            return span;
        }
        match self.text.get(span.start..).and_then(|rest| rest.chars().next()) {
            Some(next) if !next.is_whitespace() => Span::new(span.start, span.start + next.len_utf8()),
            _ => self.last_character(span.start),
        }
    }

    /// The last visible character before `end`; the first of the text where there is none.
    fn last_character(&self, end: usize) -> Span {
        let before = self.text.get(..end).unwrap_or_default().trim_end();
        match before.chars().next_back() {
            Some(last) => Span::new(before.len() - last.len_utf8(), before.len()),
            None => Span::new(0, self.text.chars().next().map_or(0, char::len_utf8)),
        }
    }

    fn empty_value(&self, at: usize) -> Span {
        match self.open.last().map(|open| &open.content) {
            Some(Content::Mapping { pending: Some(pending), .. }) => pending.key.span,
            _ => self.last_character(at),
        }
    }
}

#[cfg(test)]
#[expect(clippy::format_collect, reason = "short tests beat fast ones")]
#[path = "read_tests.rs"]
mod tests;
