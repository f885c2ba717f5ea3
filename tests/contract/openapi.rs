//! REST: GitHub's OpenAPI description.
//! Source: <https://github.com/github/rest-api-description>

use serde_json::{Value, json};

use crate::{
    schema::{Schemas, resolve, undeclared},
    support::github::Exchange,
};

pub(crate) struct OpenApi(Schemas);

impl OpenApi {
    pub(crate) fn new(document: Value) -> Self {
        Self(Schemas::new(document))
    }

    /// Whatever is not as described: the request's parameters and body, the answer's status and body.
    pub(crate) fn problems(&self, exchange: &Exchange) -> Vec<String> {
        let name = format!("{} {}", exchange.method, exchange.route);
        let Some(operation) = self.operation(exchange) else { return vec![format!("{name} is not described")] };
        let mut problems = self.parameters(operation, exchange);
        problems.extend(self.request(operation, &exchange.request).into_iter().map(|what| format!("request {what}")));
        problems
            .extend(self.response(operation, exchange).into_iter().map(|what| format!("{} {what}", exchange.status)));
        problems.iter().map(|what| format!("{name}: {what}")).collect()
    }

    /// The operation of the same path, whatever its placeholders are called.
    fn operation(&self, exchange: &Exchange) -> Option<&Value> {
        let shape = |path: &str| -> Vec<String> {
            path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }.to_owned()).collect()
        };
        let wanted = shape(&exchange.route);
        let paths = self.0.document["paths"].as_object().expect("paths");
        let (_, path) = paths.iter().find(|(path, _)| shape(path) == wanted)?;
        path.get(exchange.method.to_ascii_lowercase())
    }

    /// Only parameters that there are, each of the type that it has.
    fn parameters(&self, operation: &Value, exchange: &Exchange) -> Vec<String> {
        let declared: Vec<&Value> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| resolve(&self.0.document, one))
            .collect();
        let mut problems = Vec::new();
        for pair in exchange.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').expect("a value");
            let parameter = declared.iter().find(|one| one["in"] == "query" && one["name"] == name);
            let Some(parameter) = parameter else {
                problems.push(format!("the parameter {name} is not described"));
                continue;
            };
            let integer = resolve(&self.0.document, &parameter["schema"])["type"] == "integer";
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            let value =
                if integer { value.parse::<u64>().map_or(json!(value), |number| json!(number)) } else { json!(value) };
            problems.extend(self.0.invalid(&parameter["schema"], &value));
        }
        problems
    }

    fn request(&self, operation: &Value, body: &Value) -> Vec<String> {
        let described = resolve(&self.0.document, &operation["requestBody"]);
        let schema = &described["content"]["application/json"]["schema"];
        match (schema.is_null(), body.is_null()) {
            (true, true) => Vec::new(),
            (true, false) => vec!["has a body, and none is described".to_owned()],
            (false, true) if described["required"] == false => Vec::new(),
            (false, true) => vec!["has no body".to_owned()],
            (false, false) => self.against(schema, body),
        }
    }

    fn response(&self, operation: &Value, exchange: &Exchange) -> Vec<String> {
        let described =
            operation["responses"].get(exchange.status.to_string()).map(|one| resolve(&self.0.document, one));
        let Some(described) = described else {
            // Refusals that any call can meet are not described for each.
            return match exchange.status {
                401 | 403 | 404 | 422 => {
                    self.against(&json!({"$ref": "#/components/schemas/basic-error"}), &exchange.response)
                }
                _ => vec!["is not described".to_owned()],
            };
        };
        match &described["content"]["application/json"]["schema"] {
            Value::Null if exchange.response.is_null() => Vec::new(),
            Value::Null => vec!["has a body, and none is described".to_owned()],
            schema => self.against(schema, &exchange.response),
        }
    }

    fn against(&self, schema: &Value, body: &Value) -> Vec<String> {
        let mut problems = self.0.invalid(schema, body);
        problems.extend(undeclared(&self.0.document, &[schema], body, ""));
        problems
    }
}
