//! JSON against the schemas of an OpenAPI 3.0 or JSON Schema document.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// A document whose schemas refer to each other.
pub(crate) struct Schemas {
    pub(crate) document: Value,
    /// By the text of the schema.
    validators: RefCell<BTreeMap<String, Validator>>,
}

impl Schemas {
    pub(crate) fn new(document: Value) -> Self {
        Self { document, validators: RefCell::default() }
    }

    /// What is wrong with `value` by `schema`.
    pub(crate) fn invalid(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut validators = self.validators.borrow_mut();
        let validator = validators.entry(schema.to_string()).or_insert_with(|| {
            let options = jsonschema::options().with_draft(jsonschema::Draft::Draft7).should_validate_formats(true);
            options.build(&whole(&self.document, schema)).expect("a schema")
        });
        let errors = validator.iter_errors(value);
        errors.map(|error| format!("{}: {}", error.instance_path(), short(&error.to_string()))).collect()
    }
}

/// Paths of `value` that none of the `schemas` that apply there declares, where they declare any.
pub(crate) fn undeclared(document: &Value, schemas: &[&Value], value: &Value, path: &str) -> Vec<String> {
    let mut alternatives = Vec::new();
    for schema in schemas {
        flatten(document, schema, &mut alternatives);
    }
    match value {
        Value::Array(items) => {
            let of_items: Vec<&Value> = alternatives.iter().filter_map(|schema| schema.get("items")).collect();
            let deeper = |item| undeclared(document, &of_items, item, &format!("{path}[]"));
            items.iter().flat_map(deeper).collect()
        }
        Value::Object(object) => {
            let open = alternatives.iter().any(|schema| match schema.get("additionalProperties") {
                Some(Value::Bool(open)) => *open,
                Some(_) => true,
                None => false,
            });
            let declared: Vec<&Map<String, Value>> =
                alternatives.iter().filter_map(|schema| schema.get("properties")?.as_object()).collect();
            if open || declared.is_empty() {
                return Vec::new();
            }
            let mut found = Vec::new();
            for (name, value) in object {
                let of_name: Vec<&Value> = declared.iter().filter_map(|properties| properties.get(name)).collect();
                let path = format!("{path}.{name}");
                if of_name.is_empty() {
                    found.push(format!("{path} is not described"));
                } else {
                    found.extend(undeclared(document, &of_name, value, &path));
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

/// The schema and those that it is composed of, references followed.
fn flatten<'a>(document: &'a Value, schema: &'a Value, found: &mut Vec<&'a Value>) {
    let schema = resolve(document, schema);
    found.push(schema);
    for parts in ["allOf", "anyOf", "oneOf"].iter().filter_map(|name| schema.get(name)?.as_array()) {
        for part in parts {
            flatten(document, part, found);
        }
    }
}

/// What a reference points at.
pub(crate) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => resolve(document, at(document, reference)),
        None => value,
    }
}

fn at<'a>(document: &'a Value, reference: &str) -> &'a Value {
    let pointer = reference.strip_prefix('#').expect("a reference into the document");
    document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

/// The schema with everything that it refers to, and nothing else: a document of its own.
fn whole(document: &Value, schema: &Value) -> Value {
    let mut whole = translated(schema);
    let mut known = BTreeSet::new();
    let mut waiting = references(schema);
    while let Some(reference) = waiting.pop() {
        if known.insert(reference.clone()) {
            let target = at(document, &reference);
            waiting.extend(references(target));
            let mut place = &mut whole;
            for name in reference.trim_start_matches("#/").split('/') {
                let object = place.as_object_mut().expect("an object");
                place = object.entry(name.to_owned()).or_insert_with(|| json!({}));
            }
            *place = translated(target);
        }
    }
    whole
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(object.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own for null.
/// Source: <https://spec.openapis.org/oas/v3.0.3#schema-object>
fn translated(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut object: Map<String, Value> =
                object.iter().map(|(name, value)| (name.clone(), translated(value))).collect();
            match object.remove("nullable") {
                Some(Value::Bool(true)) => json!({"anyOf": [{"type": "null"}, object]}),
                _ => object.into(),
            }
        }
        Value::Array(items) => items.iter().map(translated).collect(),
        other => other.clone(),
    }
}

fn short(text: &str) -> String {
    let mut text: String = text.chars().take(300).collect();
    text.retain(|character| character != '\n');
    text
}
