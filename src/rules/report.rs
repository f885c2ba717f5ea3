//! Where rules put what they find, and how routes become places.

use std::collections::BTreeMap;

use super::Rule;
use crate::model::{Edit, FieldSpan, LineIndex, Location, Position, Refusal, Route, Severity, Span, Violation};

/// Where a rule puts what it finds; knows the rule, its severity, and how to turn routes into places.
pub struct Report<'a> {
    rule: &'static Rule,
    severity: Severity,
    path: &'a str,
    text: &'a str,
    lines: &'a LineIndex,
    spans: Option<&'a BTreeMap<Route, FieldSpan>>,
    violations: Vec<Violation>,
}

/// A violation that was just reported, to be completed.
pub(super) struct Found<'r>(&'r mut Violation);

impl<'a> Report<'a> {
    pub(super) fn new(
        rule: &'static Rule,
        severity: Severity,
        path: &'a str,
        text: &'a str,
        lines: &'a LineIndex,
        spans: Option<&'a BTreeMap<Route, FieldSpan>>,
    ) -> Self {
        Self { rule, severity, path, text, lines, spans, violations: Vec::new() }
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// Reports at a field of the request, or at what holds it where the field is not written.
    pub(super) fn at(&mut self, route: &Route, message: impl Into<String>) -> Found<'_> {
        let span = self.place(route);
        self.push(self.path.to_owned(), route.clone(), span, message.into())
    }

    /// Reports what the reader refused.
    pub(super) fn refusal(&mut self, refusal: &Refusal) {
        let span = self.first_line(refusal.span);
        let found = self.push(self.path.to_owned(), refusal.route.clone(), span, refusal.message.clone());
        found.0.suggestion.clone_from(&refusal.suggestion);
        found.0.fix.clone_from(&refusal.fix);
    }

    /// Reports a file as a whole.
    pub(super) fn at_file(&mut self, path: &str, message: impl Into<String>) -> Found<'_> {
        self.push(path.to_owned(), Route::root(), Span::default(), message.into())
    }

    /// Reports at bytes of a file that is no request.
    pub(super) fn in_file(&mut self, path: &str, text: &str, span: Span, message: impl Into<String>) -> Found<'_> {
        let lines = LineIndex::new(text);
        let places = (lines.position(text, span.start), lines.position(text, span.end));
        self.push_at(path.to_owned(), Route::root(), span, places, message.into())
    }

    fn push(&mut self, file: String, route: Route, span: Span, message: String) -> Found<'_> {
        let position = |offset| {
            if file == self.path { self.lines.position(self.text, offset) } else { Position { line: 1, column: 1 } }
        };
        let places = (position(span.start), position(span.end));
        self.push_at(file, route, span, places, message)
    }

    fn push_at(
        &mut self,
        file: String,
        route: Route,
        span: Span,
        (start, end): (Position, Position),
        message: String,
    ) -> Found<'_> {
        let at = self.violations.len();
        self.violations.push(Violation {
            rule: self.rule.id,
            severity: self.severity,
            message,
            suggestion: None,
            location: Location { file, route, span, start, end },
            fix: Vec::new(),
            waived: None,
        });
        Found(&mut self.violations[at])
    }

    /// The bytes that a person should look at: the value where it stands on the line of its key, else the key, else the
    /// value's first line; of the nearest field above where the field is not written; the first line of the file where
    /// none is.
    fn place(&self, route: &Route) -> Span {
        let mut next = Some(route.clone());
        while let (Some(here), Some(spans)) = (next, self.spans) {
            next = here.parent();
            let Some(field) = spans.get(&here) else { continue };
            let key = field.key.filter(|key| {
                let whole = self.text.get(key.end..field.value.end).unwrap_or("\n").trim_end();
                whole.contains('\n') || field.value.start == field.value.end
            });
            return key.unwrap_or_else(|| self.first_line(field.value));
        }
        self.first_line(Span::new(0, self.text.len()))
    }

    /// The part of a span on its first line, without the white space at its end.
    fn first_line(&self, span: Span) -> Span {
        let Some(text) = self.text.get(span.range()) else { return span };
        let line = text.split('\n').next().unwrap_or(text);
        Span::new(span.start, span.start + line.trim_end().len())
    }
}

impl Found<'_> {
    /// What to do about it, imperative.
    pub(super) fn suggest(self, suggestion: impl Into<String>) -> Self {
        self.0.suggestion = Some(suggestion.into());
        self
    }

    /// The edits that fix it; none where nothing mechanical does.
    pub(super) fn fix(self, edits: Vec<Edit>) -> Self {
        self.0.fix = edits;
        self
    }

    /// Lowers the severity, never raises it.
    pub(super) fn at_most(self, severity: Severity) -> Self {
        self.0.severity = self.0.severity.max(severity);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# comment\ntableName: users\nschemaJson:\n  columns:\n    - name: id\n      type: UUID\n";

    fn span(needle: &str) -> Span {
        let start = TEXT.find(needle).expect("is in the text");
        Span::new(start, start + needle.len())
    }

    fn place(route: &Route) -> String {
        let columns = Route::root().key("schemaJson").key("columns");
        let spans = BTreeMap::from([
            (Route::root().key("tableName"), FieldSpan { key: Some(span("tableName")), value: span("users") }),
            (columns.clone(), FieldSpan { key: Some(span("columns")), value: span("- name: id\n      type: UUID\n") }),
            (columns.item("id"), FieldSpan { key: None, value: span("name: id\n      type: UUID\n") }),
        ]);
        let lines = LineIndex::new(TEXT);
        let rule = super::super::all()[0];
        let mut report = Report::new(rule, Severity::Error, "users.yaml", TEXT, &lines, Some(&spans));
        report.at(route, "Message");
        let location = &report.violations[0].location;
        format!("{}:{} {}", location.start.line, location.start.column, &TEXT[location.span.range()])
    }

    #[test]
    fn a_place_is_one_line_and_never_missing() {
        let columns = Route::root().key("schemaJson").key("columns");
        assert_eq!(place(&Route::root().key("tableName")), "2:12 users");
        assert_eq!(place(&columns), "4:3 columns");
        assert_eq!(place(&columns.item("id")), "5:7 name: id");
        assert_eq!(place(&columns.item("id").key("defaultValue")), "5:7 name: id");
        assert_eq!(place(&Route::root().key("owner")), "1:1 # comment");
        assert_eq!(place(&Route::root()), "1:1 # comment");
    }
}
