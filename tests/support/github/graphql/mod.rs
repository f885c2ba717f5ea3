//! GraphQL: documents are parsed and answered field by field, so that a field that GitHub does not have is an error
//! here as well.
//! Source: <https://docs.github.com/en/graphql/reference>

mod document;
mod mutation;
mod object;

use serde_json::{Map, Value, json};

use super::{
    model::{State, Token},
    reply::{Outcome, Reply},
    routes::Route,
    server::Incoming,
};
use document::{Document, Field};
use object::Object;

/// An error of the response.
#[derive(Debug, Clone)]
pub struct Failure {
    /// `FORBIDDEN`, `NOT_FOUND`; absent on documents that are not valid.
    pub kind: Option<&'static str>,
    pub message: String,
}

impl Failure {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind: Some(kind), message: message.into() }
    }

    fn forbidden() -> Self {
        Self::new("FORBIDDEN", "Resource not accessible by integration")
    }

    fn unresolved(id: &str) -> Self {
        Self::new("NOT_FOUND", format!("Could not resolve to a node with the global id of '{id}'"))
    }

    /// A document that GitHub would refuse, or that this server has not learnt: fails the test.
    fn invalid(message: impl Into<String>) -> Self {
        Self { kind: None, message: message.into() }
    }
}

/// `POST /api/graphql`
pub fn serve(state: &mut State, incoming: &Incoming, token: Option<&Token>, route: &mut Route) -> Outcome {
    let body: Value = serde_json::from_slice(&incoming.body).unwrap_or_default();
    let variables = body["variables"].as_object().cloned().unwrap_or_default();
    let document = match document::parse(body["query"].as_str().unwrap_or_default(), &variables) {
        Ok(document) => document,
        Err(message) => return Ok(invalid(state, &message)),
    };
    let fields: Vec<&str> = document.fields.iter().map(|field| field.name.as_str()).collect();
    route.template = format!("{} {}", if document.mutation { "mutation" } else { "query" }, fields.join(" "));
    route.write = document.mutation;
    let Some(token) = token else {
        return Err(Reply::error(401, "This endpoint requires you to be authenticated."));
    };
    route.fault(state)?;
    Ok(respond(state, token, &document))
}

fn invalid(state: &mut State, message: &str) -> Reply {
    state.problems.push(format!("GraphQL: {message}"));
    Reply::json(200, &json!({"errors": [{"message": message, "locations": [{"line": 1, "column": 1}]}]}))
}

fn respond(state: &mut State, token: &Token, document: &Document) -> Reply {
    let mut data = Map::new();
    let mut errors = Vec::new();
    for field in &document.fields {
        let result = if document.mutation {
            mutation::run(state, token, field)
        } else {
            let mut view = View { state, token };
            view.query(field)
        };
        match result {
            Ok(value) => drop(data.insert(field.key.clone(), value)),
            Err(Failure { kind: None, message }) => return invalid(state, &message),
            Err(Failure { kind: Some(kind), message }) => {
                data.insert(field.key.clone(), Value::Null);
                errors.push(json!({
                    "type": kind,
                    "path": [field.key],
                    "locations": [{"line": 1, "column": 1}],
                    "message": message,
                }));
            }
        }
    }
    let mut body = json!({"data": data});
    if !errors.is_empty() {
        body["errors"] = errors.into();
    }
    Reply::json(200, &body)
}

/// What a token sees.
struct View<'a> {
    state: &'a State,
    token: &'a Token,
}

impl View<'_> {
    fn query(&mut self, field: &Field) -> Result<Value, Failure> {
        match field.name.as_str() {
            "repository" => {
                let name = format!("{}/{}", field.text("owner"), field.text("name"));
                let found = self.state.repositories.values().find(|repo| repo.full_name().eq_ignore_ascii_case(&name));
                let found = found.filter(|repo| super::routes::visible(repo, Some(self.token)));
                let message = format!("Could not resolve to a Repository with the name '{name}'.");
                let repo = found.ok_or_else(|| Failure::new("NOT_FOUND", message))?;
                self.select(&Object::Repository(repo.id), field)
            }
            "node" => {
                let id = field.text("id");
                let object = object::find(self.state, id).ok_or_else(|| Failure::unresolved(id))?;
                self.select(&object, field)
            }
            "viewer" => self.select(&Object::Viewer(self.token.who.login.clone()), field),
            name => Err(Failure::invalid(format!("Field '{name}' doesn't exist on type 'Query'"))),
        }
    }

    /// The selected fields of an object.
    fn select(&self, object: &Object, field: &Field) -> Result<Value, Failure> {
        let mut result = Map::new();
        for selected in field.fields_on(object.type_name()) {
            result.insert(selected.key.clone(), self.resolve(object, selected)?);
        }
        Ok(Value::Object(result))
    }

    /// A page of a connection.
    fn connection(&self, items: &[Object], field: &Field) -> Result<Value, Failure> {
        let first = field.args.get("first").and_then(Value::as_u64).unwrap_or(0);
        if !(1..=100).contains(&first) {
            let message = format!("Requesting {first} records on the connection exceeds the `first` limit of 100.");
            return Err(Failure::invalid(message));
        }
        let size = usize::try_from(first).expect("at most 100").min(self.state.page_limit);
        let after: usize = field.args.get("after").and_then(Value::as_str).map_or(0, |text| text.parse().unwrap_or(0));
        let end = (after + size).min(items.len());
        let shown = items.get(after..end).unwrap_or_default();
        let mut result = Map::new();
        for selected in &field.fields {
            let value = match selected.name.as_str() {
                "nodes" => shown.iter().map(|item| self.select(item, selected)).collect::<Result<Vec<_>, _>>()?.into(),
                "totalCount" => json!(items.len()),
                "pageInfo" => {
                    let page = json!({
                        "hasNextPage": end < items.len(),
                        "endCursor": (!shown.is_empty()).then(|| end.to_string()),
                    });
                    selected.fields.iter().map(|field| (field.key.clone(), page[&field.name].clone())).collect()
                }
                name => return Err(Failure::invalid(format!("Field '{name}' doesn't exist on a connection"))),
            };
            result.insert(selected.key.clone(), value);
        }
        Ok(Value::Object(result))
    }
}
