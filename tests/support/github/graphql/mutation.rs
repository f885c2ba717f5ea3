//! Mutations.

use serde_json::{Map, Value, json};

use super::{
    super::model::{Access, Post, Scope, State, Token},
    Failure, View,
    document::Field,
    object::{self, Object},
};

pub fn run(state: &mut State, token: &Token, field: &Field) -> Result<Value, Failure> {
    let input = field.args.get("input").cloned().unwrap_or_default();
    match field.name.as_str() {
        "minimizeComment" => minimize(state, token, field, &input),
        "resolveReviewThread" => resolve(state, token, field, &input),
        name => Err(Failure::invalid(format!("Field '{name}' doesn't exist on type 'Mutation'"))),
    }
}

fn id<'a>(input: &'a Value, name: &str) -> Result<&'a str, Failure> {
    input[name].as_str().ok_or_else(|| Failure::invalid(format!("Argument '{name}' of the input is required")))
}

fn minimize(state: &mut State, token: &Token, field: &Field, input: &Value) -> Result<Value, Failure> {
    let node = id(input, "subjectId")?;
    let classifier = id(input, "classifier")?;
    if !["ABUSE", "DUPLICATE", "OFF_TOPIC", "OUTDATED", "RESOLVED", "SPAM"].contains(&classifier) {
        return Err(Failure::invalid(format!("'{classifier}' is not one of ReportedContentClassifiers")));
    }
    let object = object::find(state, node).ok_or_else(|| Failure::unresolved(node))?;
    if token.permissions.of(Scope::PullRequests) < Access::Write {
        return Err(Failure::forbidden());
    }
    let post = post_mut(state, &object).ok_or_else(|| Failure::unresolved(node))?;
    post.minimized = Some(classifier.to_lowercase().replace('_', "-"));
    payload(state, token, field, "minimizedComment", &object)
}

fn post_mut<'a>(state: &'a mut State, object: &Object) -> Option<&'a mut Post> {
    match object {
        Object::IssueComment(repo, number, id) => {
            state.pull_mut(*repo, *number).comments.iter_mut().find(|post| post.id == *id)
        }
        Object::Review(repo, number, id) => {
            let mut posts = state.pull_mut(*repo, *number).reviews.iter_mut().map(|review| &mut review.post);
            posts.find(|post| post.id == *id)
        }
        Object::ReviewComment(repo, number, id) => {
            let mut posts = state.pull_mut(*repo, *number).threads.iter_mut().flat_map(|thread| &mut thread.comments);
            posts.find(|post| post.id == *id)
        }
        Object::Repository(_)
        | Object::PullRequest(..)
        | Object::ReviewThread(..)
        | Object::Commit(..)
        | Object::PullRequestCommit(..)
        | Object::Label(..)
        | Object::GitActor(_)
        | Object::Status(..)
        | Object::StatusContext(..)
        | Object::Actor(_)
        | Object::Viewer(_) => None,
    }
}

/// Needs more than comments do: `contents: write`.
fn resolve(state: &mut State, token: &Token, field: &Field, input: &Value) -> Result<Value, Failure> {
    let node = id(input, "threadId")?;
    let Some(Object::ReviewThread(repo, number, thread)) = object::find(state, node) else {
        return Err(Failure::unresolved(node));
    };
    let needed = [Scope::Contents, Scope::PullRequests];
    if needed.iter().any(|scope| token.permissions.of(*scope) < Access::Write) {
        return Err(Failure::forbidden());
    }
    let login = token.who.login.clone();
    let found = state.pull_mut(repo, number).threads.iter_mut().find(|found| found.id == thread);
    found.expect("it was found").resolved_by = Some(login);
    payload(state, token, field, "thread", &Object::ReviewThread(repo, number, thread))
}

fn payload(state: &State, token: &Token, field: &Field, name: &str, object: &Object) -> Result<Value, Failure> {
    let view = View { state, token };
    let mut result = Map::new();
    for selected in &field.fields {
        let value = match selected.name.as_str() {
            "clientMutationId" => json!(null),
            selected_name if selected_name == name => view.select(object, selected)?,
            other => return Err(Failure::invalid(format!("Field '{other}' doesn't exist on the payload"))),
        };
        result.insert(selected.key.clone(), value);
    }
    Ok(Value::Object(result))
}
