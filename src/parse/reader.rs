//! Reading fields: from nodes of the tree to values, with a refusal for everything that is not as it must be.

use super::{
    labels::item_labels,
    suggest::{alternatives, nearest},
    torn::{Torn, torn},
};
use crate::{
    model::{Edit, Field, Refusal, Route, Span},
    yaml::{Entry, Mapping, Node, Scalar, ScalarKind, Value, excerpt},
};

/// More refusals than this in one file are counted as one.
const MOST_REFUSALS: usize = 200;

/// Collects the refusals of one file.
pub(super) struct Reader {
    text: String,
    refusals: Vec<Refusal>,
}

/// A mapping whose keys are known to be known.
pub(super) struct Fields<'n> {
    pub(super) route: Route,
    mapping: &'n Mapping,
    /// Where to point at when a key is missing.
    place: Span,
}

/// A field that is there.
#[derive(Clone)]
pub(super) struct Present<'n> {
    pub(super) key: &'n str,
    pub(super) route: Route,
    pub(super) node: &'n Node,
}

impl Reader {
    pub(super) fn new(text: &str, refusals: Vec<Refusal>) -> Self {
        Self { text: text.to_owned(), refusals }
    }

    /// Everything refused, in order of place, bounded.
    pub(super) fn finish(mut self) -> Vec<Refusal> {
        self.refusals.sort_by_key(|refusal| refusal.span);
        if self.refusals.len() > MOST_REFUSALS {
            let hidden = self.refusals.len() - MOST_REFUSALS + 1;
            self.refusals.truncate(MOST_REFUSALS);
            if let Some(last) = self.refusals.last_mut() {
                let message = format!("{hidden} more places of the file are refused");
                let suggestion = Some("Fix those above first".to_owned());
                *last = Refusal { route: Route::root(), span: last.span, message, suggestion, fix: Vec::new() };
            }
        }
        self.refusals
    }

    /// Adds what another check refuses.
    pub(super) fn refuse_with(&mut self, check: impl FnOnce(&mut Vec<Refusal>)) {
        check(&mut self.refusals);
    }

    pub(super) fn refuse(
        &mut self,
        route: &Route,
        span: Span,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) -> &mut Refusal {
        let suggestion = Some(suggestion.into());
        let refusal = Refusal { route: route.clone(), span, message: message.into(), suggestion, fix: Vec::new() };
        self.refusals.push(refusal);
        let last = self.refusals.len() - 1;
        &mut self.refusals[last]
    }

    /// The text between the quotes of a key or value, quoted as before.
    pub(super) fn like(&self, span: Span, text: &str) -> String {
        match self.text.as_bytes().get(span.start) {
            Some(quote @ (b'"' | b'\'')) => format!("{0}{text}{0}", char::from(*quote)),
            _ => text.to_owned(),
        }
    }

    /// The fields of a mapping; keys other than `known` are refused.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, route: &Route, known: &[&str]) -> Option<Fields<'n>> {
        let Value::Mapping(mapping) = &node.value else {
            let message = format!("{} must be a mapping, not {}", subject(route), describe(node));
            self.refuse(route, node.span, message, format!("Give it keys: {}", alternatives(known.iter().copied())));
            return None;
        };
        let torn = torn(mapping);
        for torn in &torn {
            self.torn_value(torn, mapping, route);
        }
        let unknown = mapping.entries.iter().enumerate().filter(|(index, entry)| {
            let piece = torn.iter().any(|torn| (torn.first + 1..=torn.last).contains(index));
            !piece && !known.contains(&entry.key.text.as_str())
        });
        unknown.for_each(|(_, entry)| self.unknown_key(entry, mapping, route, known));
        let place = mapping.entries.first().map_or(node.span, |first| first.key.span);
        Some(Fields { route: route.clone(), mapping, place })
    }

    fn torn_value(&mut self, torn: &Torn, mapping: &Mapping, route: &Route) {
        let text = self.text.get(torn.span.range()).unwrap_or_default();
        let quoted = format!("'{}'", text.replace('\'', "''"));
        let message = format!("The comma ends the value: inside braces, `{}` needs quotes", excerpt(text));
        let route = route.key(&mapping.entries[torn.first].key.text);
        let suggestion = format!("Write `{}`", excerpt(&quoted));
        // A line break inside quotes would be folded.
        let fix = (!quoted.contains('\n')).then_some(Edit { span: torn.span, text: quoted });
        self.refuse(&route, torn.span, message, suggestion).fix.extend(fix);
    }

    fn unknown_key(&mut self, entry: &Entry, mapping: &Mapping, route: &Route, known: &[&str]) {
        let key = &entry.key;
        let given = |key: &str| mapping.entries.iter().any(|other| other.key.text == key);
        let guess = if self.is_full() { None } else { nearest(&key.text, known.iter().copied()) };
        let suggestion = match guess {
            Some(guess) if given(guess) => format!("Remove it; `{guess}` is given already"),
            Some(guess) => format!("Did you mean `{guess}`?"),
            None if key.text.starts_with("on") && known.contains(&"table") => {
                "Put `onDelete` and `onUpdate` beside `references`".to_owned()
            }
            None => format!("Remove it, or write {}", alternatives(known.iter().copied())),
        };
        let guess = guess.filter(|guess| !given(guess));
        let fix = guess.map(|guess| Edit { span: key.span, text: self.like(key.span, guess) });
        let message = format!("Unknown key `{}`", excerpt(&key.text));
        self.refuse(&route.key(&key.text), key.span, message, suggestion).fix.extend(fix);
    }

    /// Whether so much was refused that guessing what was meant helps nobody.
    pub(super) fn is_full(&self) -> bool {
        self.refusals.len() >= MOST_REFUSALS
    }

    /// Refuses a value that is missing, `null` or `~`; true where it did.
    fn refuse_null(&mut self, field: &Present<'_>, scalar: &Scalar) -> bool {
        let null = scalar.kind() == ScalarKind::Null;
        if null {
            let message = format!("{} has no value", subject(&field.route));
            self.refuse(&field.route, field.node.span, message, "Give it a value, or remove it");
        }
        null
    }

    fn refuse_type(&mut self, field: &Present<'_>, wanted: &str, suggestion: impl Into<String>) -> &mut Refusal {
        let message = format!("{} must be {wanted}, not {}", subject(&field.route), describe(field.node));
        self.refuse(&field.route, field.node.span, message, suggestion)
    }

    /// Any scalar, verbatim: an SQL expression, an issue number.
    pub(super) fn verbatim(&mut self, field: &Present<'_>) -> Option<String> {
        let Value::Scalar(scalar) = &field.node.value else {
            self.refuse_type(field, "text", "Write one line of text, in single quotes if in doubt");
            return None;
        };
        let sql_null = scalar.text.eq_ignore_ascii_case("null");
        if (!sql_null && self.refuse_null(field, scalar)) || self.refuse_blank(field, &scalar.text) {
            return None;
        }
        Some(scalar.text.clone())
    }

    fn refuse_blank(&mut self, field: &Present<'_>, text: &str) -> bool {
        let blank = text.trim().is_empty();
        if blank {
            let message = format!("{} is empty", subject(&field.route));
            self.refuse(&field.route, field.node.span, message, "Give it a value, or remove it");
        }
        blank
    }

    /// Text; numbers and truth values need quotes.
    pub(super) fn text(&mut self, field: &Present<'_>) -> Option<String> {
        let Value::Scalar(scalar) = &field.node.value else {
            self.refuse_type(field, "text", "Write one line of text, in single quotes if in doubt");
            return None;
        };
        if self.refuse_null(field, scalar) {
            return None;
        }
        if scalar.kind() != ScalarKind::Text {
            let quoted = format!("'{}'", scalar.text);
            let span = field.node.span;
            let refusal = self.refuse_type(field, "text", format!("Write `{}`, with quotes", excerpt(&quoted)));
            refusal.fix.push(Edit { span, text: quoted });
            return None;
        }
        Some(scalar.text.clone())
    }

    /// Text that is not blank.
    pub(super) fn words(&mut self, field: &Present<'_>) -> Option<String> {
        let text = self.text(field)?;
        (!self.refuse_blank(field, &text)).then_some(text)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, field: &Present<'_>) -> Option<bool> {
        let Value::Scalar(scalar) = &field.node.value else {
            self.refuse_type(field, "`true` or `false`", "Write `true` or `false`");
            return None;
        };
        if let ScalarKind::Bool(value) = scalar.kind() {
            return Some(value);
        }
        if self.refuse_null(field, scalar) {
            return None;
        }
        let meant = match scalar.text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" | "1" => Some("true"),
            "false" | "no" | "n" | "off" | "0" => Some("false"),
            _ => None,
        };
        let message = format!("{} must be `true` or `false`, not {}", subject(&field.route), describe(field.node));
        let suggestion = meant.map_or("Write `true` or `false`, without quotes".to_owned(), |meant| {
            format!("Write `{meant}`, without quotes")
        });
        let fix = meant.map(|meant| Edit { span: field.node.span, text: meant.to_owned() });
        self.refuse(&field.route, field.node.span, message, suggestion).fix.extend(fix);
        None
    }

    /// One of a few words, in any case and with any separators.
    pub(super) fn choice<T: Copy>(&mut self, field: &Present<'_>, words: &[(&'static str, T)]) -> Option<T> {
        let text = match &field.node.value {
            Value::Scalar(scalar) if self.refuse_null(field, scalar) => return None,
            Value::Scalar(scalar) => &scalar.text,
            Value::List(_) | Value::Mapping(_) => {
                let wanted = alternatives(words.iter().map(|(word, _)| *word));
                self.refuse_type(field, &wanted, "Write one of these words");
                return None;
            }
        };
        let folded = super::suggest::fold(text);
        if let Some((_, value)) = words.iter().find(|(word, _)| super::suggest::fold(word) == folded) {
            return Some(*value);
        }
        let all = alternatives(words.iter().map(|(word, _)| *word));
        let message = format!("{} must be {all}, not `{}`", subject(&field.route), excerpt(text));
        let guess = nearest(text, words.iter().map(|(word, _)| *word));
        let suggestion = guess.map_or(format!("Write {all}"), |guess| format!("Did you mean `{guess}`?"));
        let fix = guess.map(|guess| Edit { span: field.node.span, text: self.like(field.node.span, guess) });
        self.refuse(&field.route, field.node.span, message, suggestion).fix.extend(fix);
        None
    }

    /// The items of a list that may be empty.
    pub(super) fn list<'n>(&mut self, field: &Present<'n>) -> Option<Vec<Present<'n>>> {
        let Value::List(items) = &field.node.value else {
            let (span, node) = (field.node.span, field.node);
            let one = self.text.get(span.range()).unwrap_or_default();
            let inline = matches!(&node.value, Value::Scalar(scalar) if scalar.kind() == ScalarKind::Text)
                && !one.contains('\n');
            let edit = inline.then(|| Edit { span, text: format!("[{one}]") });
            let suggestion = if inline { format!("Write `[{}]`", excerpt(one)) } else { "Write a list".to_owned() };
            self.refuse_type(field, "a list", suggestion).fix.extend(edit);
            return None;
        };
        let labelled = items.iter().zip(item_labels(items));
        Some(labelled.map(|(node, label)| Present { key: field.key, route: field.route.item(&label), node }).collect())
    }

    /// The items of a list that must have some.
    pub(super) fn filled_list<'n>(&mut self, field: &Present<'n>) -> Option<Vec<Present<'n>>> {
        let items = self.list(field)?;
        if items.is_empty() {
            let message = format!("{} is an empty list", subject(&field.route));
            self.refuse(&field.route, field.node.span, message, "Name at least one");
            return None;
        }
        Some(items)
    }
}

impl<'n> Fields<'n> {
    /// The field of `key`, where it is written.
    pub(super) fn get(&self, key: &'static str) -> Option<Present<'n>> {
        let entry = self.mapping.entries.iter().find(|entry| entry.key.text == key)?;
        Some(Present { key, route: self.route.key(key), node: &entry.value })
    }

    /// The field of `key`; refused where it is missing.
    pub(super) fn require(&self, cx: &mut Reader, key: &'static str) -> Option<Present<'n>> {
        let field = self.get(key);
        if field.is_none() {
            let message = match subject(&self.route).as_str() {
                "The file" => format!("`{key}` is missing"),
                subject => format!("{subject} has no `{key}`"),
            };
            cx.refuse(&self.route, self.place, message, format!("Add `{key}`"));
        }
        field
    }

    /// The value of `key` as `read` reads it, with its route.
    pub(super) fn field<T>(
        &self,
        cx: &mut Reader,
        key: &'static str,
        read: impl FnOnce(&mut Reader, &Present<'n>) -> Option<T>,
    ) -> Option<Field<T>> {
        let field = self.get(key)?;
        let value = read(cx, &field)?;
        Some(Field { route: field.route, value })
    }

    /// The value of `key` as `read` reads it.
    pub(super) fn value<T>(
        &self,
        cx: &mut Reader,
        key: &'static str,
        read: impl FnOnce(&mut Reader, &Present<'n>) -> Option<T>,
    ) -> Option<T> {
        read(cx, &self.get(key)?)
    }

    /// The value of a key that must be there.
    pub(super) fn required<T>(
        &self,
        cx: &mut Reader,
        key: &'static str,
        read: impl FnOnce(&mut Reader, &Present<'n>) -> Option<T>,
    ) -> Option<T> {
        let field = self.require(cx, key)?;
        read(cx, &field)
    }

    /// A list of mappings, each read by `read`; those that cannot be read are left out.
    pub(super) fn items<T>(
        &self,
        cx: &mut Reader,
        key: &'static str,
        mut read: impl FnMut(&mut Reader, &Present<'n>) -> Option<T>,
    ) -> Vec<T> {
        let items = self.value(cx, key, Reader::list).unwrap_or_default();
        items.iter().filter_map(|item| read(cx, item)).collect()
    }

    /// Where the mapping begins.
    pub(super) fn place(&self) -> Span {
        self.place
    }
}

/// The field as a message names it, `` `type` `` or `` `columns[id]` ``: the place says the rest.
pub(super) fn subject(route: &Route) -> String {
    let Some(parent) = route.parent() else { return "The file".to_owned() };
    let own = |route: &Route, parent: &Route| {
        let (whole, before) = (route.to_string(), parent.to_string());
        whole.strip_prefix(&before).unwrap_or(&whole).trim_start_matches('.').to_owned()
    };
    let name = own(route, &parent);
    let name = match (name.starts_with('['), parent.parent()) {
        (true, Some(grandparent)) => own(&parent, &grandparent) + &name,
        _ => name,
    };
    format!("`{}`", excerpt(&name))
}

fn describe(node: &Node) -> String {
    match &node.value {
        Value::List(_) => "a list".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
        Value::Scalar(scalar) => match scalar.kind() {
            ScalarKind::Null => "empty".to_owned(),
            ScalarKind::Int | ScalarKind::Float => format!("the number `{}`", excerpt(&scalar.text)),
            ScalarKind::Bool(_) => format!("the truth value `{}`", excerpt(&scalar.text)),
            ScalarKind::Text if scalar.quoted => format!("the text \"{}\"", excerpt(&scalar.text)),
            ScalarKind::Text => format!("`{}`", excerpt(&scalar.text)),
        },
    }
}
