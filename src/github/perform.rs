//! Writes to a pull request's conversation.

use http::Method;
use serde_json::{Value, json};

use super::{
    Error, Github,
    request::{Graphql, Request, segment},
};
use crate::review::{InlineComment, Operation};

/// What writing to a pull request needs.
const WRITE: &str = "pull-requests: write";

/// Source: <https://docs.github.com/en/graphql/reference/mutations#minimizecomment>
const MINIMIZE: &str = "
mutation Minimize($id: ID!) {
  minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { minimizedComment { isMinimized } }
}";

/// Needs `contents: write` beside `pull-requests: write`.
/// Source: <https://docs.github.com/en/graphql/reference/mutations#resolvereviewthread>
const RESOLVE: &str = "
mutation Resolve($id: ID!) {
  resolveReviewThread(input: {threadId: $id}) { thread { isResolved } }
}";

impl Github {
    /// Performs one operation on a pull request, once: whether a write that failed took effect is the caller's to find
    /// out by reading the conversation again.
    pub async fn perform(&self, number: u64, operation: &Operation) -> Result<(), Error> {
        match operation {
            Operation::PostReview { commit, body, comments } => {
                let route = self.route(&format!("/pulls/{number}/reviews"));
                self.post(route, review(commit, body, comments)).await
            }
            Operation::PostFileComment { commit, path, body } => {
                let route = self.route(&format!("/pulls/{number}/comments"));
                let comment = json!({"commit_id": commit, "path": path, "subject_type": "file", "body": body});
                self.post(route, comment).await
            }
            Operation::CreateComment { body } => {
                self.post(self.route(&format!("/issues/{number}/comments")), json!({"body": body})).await
            }
            Operation::UpdateComment { id, body } => {
                let route = self.route(&format!("/issues/comments/{id}"));
                let request = Request::write(Method::PATCH, route, Some(json!({"body": body})), WRITE);
                self.send(request).await.map(drop)
            }
            Operation::Minimize { node_id } => self.mutate("Minimize", MINIMIZE, node_id, WRITE).await,
            Operation::ResolveThread { thread, comment } => {
                match self.mutate("Resolve", RESOLVE, thread, "contents: write").await {
                    Err(Error::Forbidden(_)) => self.mutate("Minimize", MINIMIZE, comment, WRITE).await,
                    result => result,
                }
            }
            Operation::AddLabel { label } => {
                self.post(self.route(&format!("/issues/{number}/labels")), json!({"labels": [label]})).await
            }
            Operation::RemoveLabel { label } => {
                let route = self.route(&format!("/issues/{number}/labels/{}", segment(label)));
                match self.send(Request::write(Method::DELETE, route, None, WRITE)).await {
                    // Somebody was faster.
                    Ok(_) | Err(Error::NotFound(_)) => Ok(()),
                    Err(error) => Err(error),
                }
            }
        }
    }

    async fn post(&self, route: String, body: Value) -> Result<(), Error> {
        self.send(Request::write(Method::POST, route, Some(body), WRITE)).await.map(drop)
    }

    async fn mutate(&self, operation: &str, text: &str, id: &str, permission: &'static str) -> Result<(), Error> {
        let call = Graphql { operation, text, variables: json!({"id": id}), permission, reads: false };
        self.graphql::<Value>(call).await.map(drop)
    }
}

/// Source: <https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request>
fn review(commit: &str, body: &str, comments: &[InlineComment]) -> Value {
    let comments: Vec<Value> = comments.iter().map(inline).collect();
    let mut review = json!({"commit_id": commit, "event": "COMMENT", "comments": comments});
    if !body.is_empty() {
        review["body"] = json!(body);
    }
    review
}

fn inline(comment: &InlineComment) -> Value {
    let mut value = json!({"path": comment.path, "line": comment.line, "side": "RIGHT", "body": comment.body});
    // GitHub refuses a start that does not precede the end, and with it the whole review.
    if let Some(start) = comment.start_line.filter(|start| *start < comment.line) {
        value["start_line"] = json!(start);
        value["start_side"] = json!("RIGHT");
    }
    value
}
