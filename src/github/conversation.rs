//! Everything said on a pull request, in one query.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::{Error, Github, request::Graphql};
use crate::model::{Comment, Conversation, Thread, ThreadComment};

/// What reading it needs.
const READ: &str = "pull-requests: read";

/// Comments and threads with who wrote and who edited them. Later pages of one are asked for without the other.
/// Source: <https://docs.github.com/en/graphql/reference/objects#pullrequest>
const CONVERSATION: &str = "
query Conversation(
  $owner: String!, $name: String!, $number: Int!,
  $withComments: Boolean!, $comments: String, $withThreads: Boolean!, $threads: String
) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $comments) @include(if: $withComments) {
        nodes {
          id fullDatabaseId body createdAt viewerDidAuthor isMinimized lastEditedAt
          author { login } editor { login }
        }
        pageInfo { hasNextPage endCursor }
      }
      reviewThreads(first: 50, after: $threads) @include(if: $withThreads) {
        nodes {
          id isResolved isOutdated
          comments(first: 50) {
            nodes { id body viewerDidAuthor isMinimized lastEditedAt author { login } editor { login } }
            pageInfo { hasNextPage endCursor }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}";

/// The rest of a thread.
const THREAD: &str = "
query Thread($id: ID!, $comments: String) {
  node(id: $id) {
    ... on PullRequestReviewThread {
      comments(first: 100, after: $comments) {
        nodes { id body viewerDidAuthor isMinimized lastEditedAt author { login } editor { login } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}";

#[derive(Deserialize)]
struct ConversationData {
    viewer: ViewerData,
    repository: RepositoryData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ViewerData {
    database_id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryData {
    pull_request: PullData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullData {
    comments: Option<Connection<CommentData>>,
    review_threads: Option<Connection<ThreadData>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection<T> {
    nodes: Vec<T>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl PageInfo {
    /// The cursor of the next page.
    fn next(self) -> Option<String> {
        self.end_cursor.filter(|_| self.has_next_page)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentData {
    full_database_id: BigInt,
    created_at: DateTime<Utc>,
    #[serde(flatten)]
    post: PostData,
}

/// A `BigInt`: a string by the schema, a number on older servers.
#[derive(Deserialize)]
#[serde(untagged)]
enum BigInt {
    Number(u64),
    Text(#[serde(deserialize_with = "from_text")] u64),
}

fn from_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// What comments of both kinds have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    id: String,
    body: String,
    viewer_did_author: bool,
    is_minimized: bool,
    last_edited_at: Option<DateTime<Utc>>,
    author: Option<Login>,
    editor: Option<Login>,
}

#[derive(Deserialize, PartialEq, Eq)]
struct Login {
    login: String,
}

impl PostData {
    /// An editor or an author whose account is gone could be anyone.
    fn edited_by_other(&self) -> bool {
        self.last_edited_at.is_some() && (self.editor.is_none() || self.editor != self.author)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadData {
    id: String,
    is_resolved: bool,
    is_outdated: bool,
    comments: Connection<PostData>,
}

#[derive(Deserialize)]
struct NodeData {
    node: ThreadRest,
}

#[derive(Deserialize)]
struct ThreadRest {
    comments: Connection<PostData>,
}

impl From<CommentData> for Comment {
    fn from(data: CommentData) -> Self {
        let (BigInt::Number(id) | BigInt::Text(id)) = data.full_database_id;
        Self {
            id,
            created_at: data.created_at,
            edited: data.post.last_edited_at.is_some(),
            ours: data.post.viewer_did_author,
            edited_by_other: data.post.edited_by_other(),
            minimized: data.post.is_minimized,
            node_id: data.post.id,
            body: data.post.body,
        }
    }
}

impl From<PostData> for ThreadComment {
    fn from(data: PostData) -> Self {
        Self {
            ours: data.viewer_did_author,
            edited_by_other: data.edited_by_other(),
            minimized: data.is_minimized,
            node_id: data.id,
            body: data.body,
        }
    }
}

impl Github {
    /// Everything said on a pull request, in order.
    pub async fn conversation(&self, number: u64) -> Result<Conversation, Error> {
        let mut conversation = Conversation::default();
        let (mut comments, mut threads) = (Cursor::Start, Cursor::Start);
        while comments != Cursor::End || threads != Cursor::End {
            let variables = json!({
                "owner": self.owner,
                "name": self.name,
                "number": number,
                "withComments": comments != Cursor::End,
                "comments": comments.after(),
                "withThreads": threads != Cursor::End,
                "threads": threads.after(),
            });
            let call =
                Graphql { operation: "Conversation", text: CONVERSATION, variables, permission: READ, reads: true };
            let data = self.graphql::<ConversationData>(call).await?;
            conversation.viewer = data.viewer.database_id;
            let pull = data.repository.pull_request;
            comments = match pull.comments {
                Some(page) => {
                    conversation.comments.extend(page.nodes.into_iter().map(Comment::from));
                    page.page_info.into()
                }
                None => Cursor::End,
            };
            threads = match pull.review_threads {
                Some(page) => {
                    for thread in page.nodes {
                        conversation.threads.extend(self.thread(thread).await?);
                    }
                    page.page_info.into()
                }
                None => Cursor::End,
            };
        }
        Ok(conversation)
    }

    /// A thread with all of its comments; `None` when they were all deleted.
    async fn thread(&self, data: ThreadData) -> Result<Option<Thread>, Error> {
        let mut comments: Vec<ThreadComment> = data.comments.nodes.into_iter().map(ThreadComment::from).collect();
        let mut next = data.comments.page_info.next();
        while let Some(after) = next {
            let variables = json!({"id": data.id, "comments": after});
            let call = Graphql { operation: "Thread", text: THREAD, variables, permission: READ, reads: true };
            let page = self.graphql::<NodeData>(call).await?.node.comments;
            comments.extend(page.nodes.into_iter().map(ThreadComment::from));
            next = page.page_info.next();
        }
        let thread = Thread { node_id: data.id, resolved: data.is_resolved, outdated: data.is_outdated, comments };
        Ok(Some(thread).filter(|thread| !thread.comments.is_empty()))
    }
}

/// Where the reading of a connection is.
#[derive(PartialEq, Eq)]
enum Cursor {
    Start,
    After(String),
    End,
}

impl Cursor {
    fn after(&self) -> Option<&str> {
        match self {
            Self::After(cursor) => Some(cursor),
            Self::Start | Self::End => None,
        }
    }
}

impl From<PageInfo> for Cursor {
    fn from(info: PageInfo) -> Self {
        info.next().map_or(Self::End, Self::After)
    }
}
