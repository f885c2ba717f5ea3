//! The addresses of list items, and the places of every field.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{FieldSpan, Route, Span},
    yaml::{Node, Value},
};

/// Labels of the items of a list, unique and stable when other items move: the item's `name`, or its value where it is
/// a plain text; `#2` for the second item where it has neither; `id#2` for the second item called `id`.
pub(super) fn item_labels(items: &[Node]) -> Vec<String> {
    labels(items.iter().map(|item| item.as_text().or_else(|| item.get("name")?.value.as_text())))
}

/// The same for names that were read already.
pub(super) fn labels<'n>(names: impl IntoIterator<Item = Option<&'n str>>) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut repeats: BTreeMap<&str, usize> = BTreeMap::new();
    let mut labels = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let name = name.unwrap_or_default();
        let mut label = if name.is_empty() { format!("#{}", index + 1) } else { name.to_owned() };
        // A request may name an item `id#2` itself: counting goes on until the label is free.
        while !used.insert(label.clone()) {
            let repeat = repeats.entry(name).or_insert(1);
            *repeat += 1;
            label = format!("{name}#{repeat}");
        }
        labels.push(label);
    }
    labels
}

/// The place of every value of the tree.
pub(super) fn spans(root: &Node) -> BTreeMap<Route, FieldSpan> {
    let mut spans = BTreeMap::new();
    collect(root, Route::root(), None, &mut spans);
    spans
}

// The reader bounds the depth, so the recursion is bounded too.
fn collect(node: &Node, route: Route, key: Option<Span>, spans: &mut BTreeMap<Route, FieldSpan>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => {
            for (item, label) in items.iter().zip(item_labels(items)) {
                collect(item, route.item(&label), None, spans);
            }
        }
        Value::Mapping(mapping) => {
            for entry in &mapping.entries {
                collect(&entry.value, route.key(&entry.key.text), Some(entry.key.span), spans);
            }
        }
    }
    spans.insert(route, FieldSpan { key, value: node.span });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_names_and_never_collide() {
        let names = [Some("id"), None, Some("id"), Some("id#2"), Some("id"), Some(""), Some("#2")];
        assert_eq!(labels(names), ["id", "#2", "id#2", "id#2#2", "id#3", "#6", "#2#2"]);
    }

    #[test]
    fn every_field_has_its_place() {
        let text = "columns:\n  - {name: id, type: UUID}\n  - name: id\nkeys: [a, {column: b}]\n";
        let root = crate::yaml::read(text).root.expect("valid");
        let shown: Vec<String> = spans(&root)
            .into_iter()
            .map(|(route, span)| format!("{route} = {}", text[span.value.range()].replace('\n', "⏎")))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
     = columns:⏎  - {name: id, type: UUID}⏎  - name: id⏎keys: [a, {column: b}]
    columns = {name: id, type: UUID}⏎  - name: id
    columns[id] = {name: id, type: UUID}
    columns[id].name = id
    columns[id].type = UUID
    columns[id#2] = name: id
    columns[id#2].name = id
    keys = [a, {column: b}]
    keys[#2] = {column: b}
    keys[#2].column = b
    keys[a] = a
    ");
    }
}
