//! What assertions read. Reading marks as read; what a bot posted and nobody read fails the test.

use chrono::{DateTime, Utc};

use super::{
    driver::RepoDriver,
    model::{Post, State},
};

/// A comment, of the conversation, of a review, or the body of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentView {
    pub id: u64,
    /// Login.
    pub author: String,
    pub body: String,
    /// The reason, in lower case.
    pub minimized: Option<String>,
    /// Login of who edited it last.
    pub editor: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// A review thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadView {
    pub id: u64,
    pub path: String,
    pub start_line: Option<u64>,
    pub line: u64,
    /// Commit that the lines are of.
    pub commit: String,
    /// The line as the head's side of the diff has it.
    pub text: String,
    pub resolved: bool,
    pub outdated: bool,
    pub comments: Vec<CommentView>,
}

/// A commit status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusView {
    pub state: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    /// Login.
    pub creator: String,
}

fn read(post: &mut Post) -> CommentView {
    post.read = true;
    CommentView {
        id: post.id,
        author: post.who.login.clone(),
        body: post.body.clone(),
        minimized: post.minimized.clone(),
        editor: post.edited.as_ref().map(|(login, _)| login.clone()),
        created_at: post.created_at,
    }
}

fn line_of(state: &State, repo: u64, commit: &str, path: &str, line: u64) -> String {
    let Some(index) = usize::try_from(line).expect("a line number").checked_sub(1) else { return String::new() };
    let text = super::git::run(&state.repo(repo).git, &["show", &format!("{commit}:{path}")]);
    text.lines().nth(index).unwrap_or_default().to_owned()
}

impl RepoDriver {
    /// The conversation's comments, in order.
    pub fn comments(&self, number: u64) -> Vec<CommentView> {
        self.lock().pull_mut(self.id(), number).comments.iter_mut().map(read).collect()
    }

    /// The bodies of the reviews that have one, in order.
    pub fn reviews(&self, number: u64) -> Vec<CommentView> {
        let mut state = self.lock();
        let reviews = state.pull_mut(self.id(), number).reviews.iter_mut();
        reviews.filter(|review| !review.post.body.is_empty()).map(|review| read(&mut review.post)).collect()
    }

    /// How many reviews there are.
    pub fn review_count(&self, number: u64) -> usize {
        self.lock().pull(self.id(), number).reviews.len()
    }

    /// The threads, in order.
    pub fn threads(&self, number: u64) -> Vec<ThreadView> {
        let mut state = self.lock();
        let mut threads = state.pull(self.id(), number).threads.clone();
        for thread in &mut state.pull_mut(self.id(), number).threads {
            thread.comments.iter_mut().for_each(|post| post.read = true);
        }
        let view = |thread: &mut super::model::Thread| ThreadView {
            id: thread.id,
            path: thread.path.clone(),
            start_line: thread.start_line,
            line: thread.line,
            commit: thread.commit.clone(),
            text: line_of(&state, self.id(), &thread.commit, &thread.path, thread.line),
            resolved: thread.resolved_by.is_some(),
            outdated: thread.outdated,
            comments: thread.comments.iter_mut().map(read).collect(),
        };
        threads.iter_mut().map(view).collect()
    }

    /// The labels of a pull request, in the order in which they were set.
    pub fn labels(&self, number: u64) -> Vec<String> {
        self.lock().pull(self.id(), number).labels.clone()
    }

    /// Tip of the head of a pull request.
    pub fn head_sha(&self, number: u64) -> String {
        self.lock().pull(self.id(), number).head_sha.clone()
    }

    /// The newest status of a commit and context.
    pub fn status(&self, sha: &str, context: &str) -> Option<StatusView> {
        self.statuses(sha, context).pop()
    }

    /// All statuses of a commit and context, oldest first.
    pub fn statuses(&self, sha: &str, context: &str) -> Vec<StatusView> {
        let state = self.lock();
        let statuses = state.repo(self.id()).statuses.iter();
        let wanted = statuses.filter(|status| status.sha == sha && status.context == context);
        wanted
            .map(|status| StatusView {
                state: status.state.clone(),
                description: status.description.clone(),
                target_url: status.target_url.clone(),
                creator: status.creator.clone(),
            })
            .collect()
    }
}
