//! GraphQL: GitHub's public schema.
//! Source: <https://docs.github.com/en/graphql/overview/public-schema>

use std::{collections::BTreeSet, path::Path};

use apollo_compiler::{
    ExecutableDocument, Schema,
    ast::Type,
    executable::{Selection, SelectionSet},
    request::coerce_variable_values,
    response::JsonMap,
    schema::ExtendedType,
    validation::Valid,
};
use serde_json::Value;

use crate::support::github::Exchange;

pub(crate) struct Graphql(Valid<Schema>);

impl Graphql {
    pub(crate) fn new(text: &str) -> Self {
        // GitHub's schema defines two fields twice, in the same words, which is not valid; the first counts.
        let schema = Schema::parse(text, "schema.graphql").unwrap_or_else(|faulty| faulty.partial);
        assert!(schema.get_object("Query").is_some() && schema.get_object("PullRequest").is_some());
        Self(Valid::assume_valid(schema))
    }

    /// Whatever is not as described: the document, its variables, the data of the answer.
    pub(crate) fn problems(&self, exchange: &Exchange) -> Vec<String> {
        let name = operation_name(&exchange.request);
        let text = exchange.request["query"].as_str().unwrap_or_default();
        let document = match ExecutableDocument::parse_and_validate(&self.0, text, format!("{name}.graphql")) {
            Ok(document) => document,
            Err(error) => return vec![format!("{name}: {error}")],
        };
        let operation = document.operations.get(None).expect("one operation");
        let mut problems = Vec::new();
        match serde_json::from_value::<JsonMap>(exchange.request["variables"].clone()) {
            Ok(values) => {
                if let Err(error) = coerce_variable_values(&self.0, operation, &values) {
                    problems.push(error.message().to_string());
                }
            }
            Err(error) => problems.push(error.to_string()),
        }
        // Where something failed, null stands for it and whatever is around it.
        if exchange.response["errors"].is_null() {
            self.object(&operation.selection_set, &exchange.response["data"], "data", &mut problems);
        }
        problems.iter().map(|what| format!("{name}: {what}")).collect()
    }

    fn object(&self, selected: &SelectionSet, value: &Value, path: &str, problems: &mut Vec<String>) {
        let Some(object) = value.as_object() else {
            problems.push(format!("{path} is no object"));
            return;
        };
        let mut known = BTreeSet::new();
        self.fields(selected, value, path, true, &mut known, problems);
        problems.extend(
            object.keys().filter(|name| !known.contains(*name)).map(|name| format!("{path}.{name} was not asked for")),
        );
    }

    fn fields(
        &self,
        selected: &SelectionSet,
        value: &Value,
        path: &str,
        expected: bool,
        known: &mut BTreeSet<String>,
        problems: &mut Vec<String>,
    ) {
        for selection in &selected.selections {
            match selection {
                Selection::Field(field) => {
                    let name = field.response_key().to_string();
                    let path = format!("{path}.{name}");
                    match value.get(&name) {
                        Some(value) => self.value(field.ty(), &field.selection_set, value, &path, problems),
                        None if expected && field.directives.is_empty() => problems.push(format!("{path} is missing")),
                        None => {}
                    }
                    known.insert(name);
                }
                // Whether it applies depends on the type of the object.
                Selection::InlineFragment(fragment) => {
                    self.fields(&fragment.selection_set, value, path, false, known, problems);
                }
                Selection::FragmentSpread(_) => problems.push(format!("{path}: the client has no named fragments")),
            }
        }
    }

    fn value(&self, of: &Type, selected: &SelectionSet, value: &Value, path: &str, problems: &mut Vec<String>) {
        if value.is_null() {
            if of.is_non_null() {
                problems.push(format!("{path} is null"));
            }
            return;
        }
        if of.is_list() {
            let Some(items) = value.as_array() else {
                problems.push(format!("{path} is no list"));
                return;
            };
            for item in items {
                self.value(of.item_type(), selected, item, &format!("{path}[]"), problems);
            }
        } else if !selected.is_empty() {
            self.object(selected, value, path, problems);
        } else if !self.is_leaf(of.inner_named_type().as_str(), value) {
            problems.push(format!("{path}: {value} is no {}", of.inner_named_type()));
        }
    }

    /// Whether `value` can be a scalar or enum of this type. GitHub's own scalars are strings.
    /// Source: <https://docs.github.com/en/graphql/reference/scalars>
    fn is_leaf(&self, name: &str, value: &Value) -> bool {
        match (name, self.0.types.get(name)) {
            ("Int", _) => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            ("Float", _) => value.is_number(),
            ("Boolean", _) => value.is_boolean(),
            ("DateTime", _) => value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
            ("GitObjectID", _) => value.as_str().is_some_and(|text| text.len() == 40),
            ("BigInt", _) => value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
            (_, Some(ExtendedType::Enum(of))) => value.as_str().is_some_and(|text| of.values.contains_key(text)),
            (_, Some(ExtendedType::Scalar(_))) => value.is_string(),
            _ => false,
        }
    }
}

/// `Conversation` of `query Conversation(...) { ... }`.
pub(crate) fn operation_name(request: &Value) -> String {
    let text = request["query"].as_str().unwrap_or_default();
    name(text).unwrap_or_else(|| panic!("an operation without a name: {text}")).to_owned()
}

fn name(text: &str) -> Option<&str> {
    let rest = ["query ", "mutation "].iter().find_map(|keyword| text.trim_start().strip_prefix(keyword))?;
    rest.split(|character: char| !character.is_ascii_alphanumeric()).next().filter(|name| !name.is_empty())
}

/// The operations in the sources of the client.
pub(crate) fn operations_of_the_client() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/github");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the client is there") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        names.extend(text.split("\"\n").filter_map(name).map(str::to_owned));
    }
    assert!(names.len() > 3, "{names:?}");
    names
}
