//! The objects of the schema and their fields.

use serde_json::{Value, json};

use super::{
    super::{
        git,
        model::{Access, Post, PullRequest, Scope, State, Status, Thread, Visibility},
        payloads::time,
        pulls,
    },
    Failure, View,
    document::Field,
};

/// Something that has fields; the numbers are repository, pull request, and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    Repository(u64),
    PullRequest(u64, u64),
    IssueComment(u64, u64, u64),
    Review(u64, u64, u64),
    ReviewThread(u64, u64, u64),
    ReviewComment(u64, u64, u64),
    /// A commit that the repository has.
    Commit(u64, String),
    /// A commit as one of a pull request.
    PullRequestCommit(u64, String),
    /// A label of the repository, by its name in lower case.
    Label(u64, String),
    /// Somebody in a commit, by address.
    GitActor(String),
    /// The statuses of a commit.
    Status(u64, String),
    /// The newest status of a commit and context.
    StatusContext(u64, String, String),
    Actor(String),
    /// Whose token it is; of an app its bot, which GitHub presents as a user.
    Viewer(String),
}

impl Object {
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Repository(_) => "Repository",
            Self::PullRequest(..) => "PullRequest",
            Self::IssueComment(..) => "IssueComment",
            Self::Review(..) => "PullRequestReview",
            Self::ReviewThread(..) => "PullRequestReviewThread",
            Self::ReviewComment(..) => "PullRequestReviewComment",
            Self::Commit(..) => "Commit",
            Self::PullRequestCommit(..) => "PullRequestCommit",
            Self::Label(..) => "Label",
            Self::GitActor(_) => "GitActor",
            Self::Status(..) => "Status",
            Self::StatusContext(..) => "StatusContext",
            Self::Actor(_) => "Actor",
            Self::Viewer(_) => "User",
        }
    }
}

/// The object with a node id.
pub fn find(state: &State, node_id: &str) -> Option<Object> {
    let (prefix, id) = node_id.split_once('_')?;
    let id: u64 = id.parse().ok()?;
    let pulls = state.repositories.values().flat_map(|repo| repo.pulls.values().map(|pull| (repo.id, pull)));
    for (repo, pull) in pulls {
        let number = pull.number;
        let found = match prefix {
            "PR" => (pull.id == id).then_some(Object::PullRequest(repo, number)),
            "IC" => pull.comments.iter().any(|post| post.id == id).then_some(Object::IssueComment(repo, number, id)),
            "PRR" => {
                let found = pull.reviews.iter().any(|review| review.post.id == id);
                found.then_some(Object::Review(repo, number, id))
            }
            "PRRT" => {
                pull.threads.iter().any(|thread| thread.id == id).then_some(Object::ReviewThread(repo, number, id))
            }
            "PRRC" => {
                let mut posts = pull.threads.iter().flat_map(|thread| &thread.comments);
                posts.any(|post| post.id == id).then_some(Object::ReviewComment(repo, number, id))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    state.repositories.values().find(|repo| prefix == "R" && repo.id == id).map(|repo| Object::Repository(repo.id))
}

impl View<'_> {
    /// One field of an object.
    pub(super) fn resolve(&self, object: &Object, field: &Field) -> Result<Value, Failure> {
        if field.name == "__typename" {
            return Ok(json!(object.type_name()));
        }
        let state = self.state;
        let value = match object {
            Object::Repository(id) => return self.repository(*id, field),
            Object::PullRequest(repo, number) => return self.pull_request(*repo, *number, field),
            Object::ReviewThread(repo, number, id) => return self.thread(*repo, *number, *id, field),
            Object::IssueComment(repo, number, id) => {
                let post = state.pull(*repo, *number).comments.iter().find(|post| post.id == *id);
                return self.post(post.expect("it was found"), "IC", field);
            }
            Object::Review(repo, number, id) => {
                let review = state.pull(*repo, *number).reviews.iter().find(|review| review.post.id == *id);
                return self.post(&review.expect("it was found").post, "PRR", field);
            }
            Object::ReviewComment(repo, number, id) => {
                let mut posts = state.pull(*repo, *number).threads.iter().flat_map(|thread| &thread.comments);
                return self.post(posts.find(|post| post.id == *id).expect("it was found"), "PRRC", field);
            }
            Object::Commit(repo, sha) => return self.commit(*repo, sha, field),
            Object::Status(repo, sha) => return self.status(*repo, sha, field),
            Object::StatusContext(repo, sha, context) => {
                let status = self.latest(*repo, sha, context).expect("it was found");
                match field.name.as_str() {
                    "context" => json!(status.context),
                    "state" => json!(status.state.to_uppercase()),
                    "description" => json!(status.description),
                    "targetUrl" => json!(status.target_url),
                    _ => return missing(object, field),
                }
            }
            Object::PullRequestCommit(repo, sha) => match field.name.as_str() {
                "commit" => return self.select(&Object::Commit(*repo, sha.clone()), field),
                _ => return missing(object, field),
            },
            Object::Label(repo, name) => {
                let label = &state.repo(*repo).labels[name];
                match field.name.as_str() {
                    "name" => json!(label.name),
                    "createdAt" | "updatedAt" => json!(time(label.updated_at)),
                    _ => return missing(object, field),
                }
            }
            Object::GitActor(email) => match field.name.as_str() {
                "email" => json!(email),
                "user" => {
                    match state.users.values().find(|user| user.email() == *email && !user.bot && !user.deleted) {
                        Some(user) => return self.select(&Object::Viewer(user.login.clone()), field),
                        None => Value::Null,
                    }
                }
                _ => return missing(object, field),
            },
            Object::Actor(login) => match field.name.as_str() {
                "login" => json!(state.users[login].graphql_login()),
                "url" => json!(format!("{}/{login}", state.url)),
                "avatarUrl" => json!(format!("{}/avatars/u/{}", state.url, state.users[login].id)),
                _ => return missing(object, field),
            },
            Object::Viewer(login) => match field.name.as_str() {
                "login" => json!(login),
                "databaseId" => json!(state.users[login].id),
                "id" => json!(format!("U_{}", state.users[login].id)),
                _ => return missing(object, field),
            },
        };
        Ok(value)
    }

    fn repository(&self, id: u64, field: &Field) -> Result<Value, Failure> {
        let repo = self.state.repo(id);
        Ok(match field.name.as_str() {
            "id" => json!(format!("R_{id}")),
            "databaseId" => json!(id),
            "nameWithOwner" => json!(repo.full_name()),
            "isPrivate" => json!(repo.visibility == Visibility::Private),
            "labels" => {
                let query = field.text("query").to_lowercase();
                let names = repo.labels.keys().filter(|name| name.contains(&query));
                let items: Vec<_> = names.map(|name| Object::Label(id, name.clone())).collect();
                return self.connection(&items, field);
            }
            "object" => {
                let oid = field.text("oid");
                let known = git::attempt(&repo.git, &["cat-file", "-e", &format!("{oid}^{{commit}}")]).is_some();
                if !known {
                    return Ok(Value::Null);
                }
                return self.select(&Object::Commit(id, oid.to_owned()), field);
            }
            "pullRequest" => {
                let number = field.args.get("number").and_then(Value::as_u64).unwrap_or_default();
                let readable = repo.visibility == Visibility::Public
                    || self.token.permissions.of(Scope::PullRequests) >= Access::Read;
                if !readable {
                    return Err(Failure::forbidden());
                }
                if !repo.pulls.contains_key(&number) {
                    let message = format!("Could not resolve to a PullRequest with the number of {number}.");
                    return Err(Failure::new("NOT_FOUND", message));
                }
                return self.select(&Object::PullRequest(id, number), field);
            }
            _ => return missing(&Object::Repository(id), field),
        })
    }

    fn pull_request(&self, repo: u64, number: u64, field: &Field) -> Result<Value, Failure> {
        let pull: &PullRequest = self.state.pull(repo, number);
        Ok(match field.name.as_str() {
            "id" => json!(format!("PR_{}", pull.id)),
            "number" => json!(number),
            "title" => json!(pull.title),
            "headRefOid" => json!(pull.head_sha),
            "baseRefName" => json!(pull.base_ref),
            "state" => json!(match pull {
                pull if pull.merged.is_some() => "MERGED",
                pull if pull.open => "OPEN",
                _ => "CLOSED",
            }),
            "author" => return self.actor(&pull.author, field),
            "comments" => {
                let items = pull.comments.iter().map(|post| Object::IssueComment(repo, number, post.id));
                return self.connection(&items.collect::<Vec<_>>(), field);
            }
            "commits" => {
                let range = format!("{}..{}", pull.base_sha, pull.head_sha);
                let commits = git::run(&self.state.repo(repo).git, &["rev-list", "--reverse", &range]);
                // GitHub lists no more.
                let items = commits.lines().take(250).map(|sha| Object::PullRequestCommit(repo, sha.to_owned()));
                return self.connection(&items.collect::<Vec<_>>(), field);
            }
            "reviews" => {
                let items = pull.reviews.iter().map(|review| Object::Review(repo, number, review.post.id));
                return self.connection(&items.collect::<Vec<_>>(), field);
            }
            "reviewThreads" => {
                let items = pull.threads.iter().map(|thread| Object::ReviewThread(repo, number, thread.id));
                return self.connection(&items.collect::<Vec<_>>(), field);
            }
            _ => return missing(&Object::PullRequest(repo, number), field),
        })
    }

    fn commit(&self, repo: u64, sha: &str, field: &Field) -> Result<Value, Failure> {
        let found = self.state.repo(repo);
        let may =
            |scope: Scope| found.visibility == Visibility::Public || self.token.permissions.of(scope) >= Access::Read;
        Ok(match field.name.as_str() {
            "oid" => json!(sha),
            "authors" => {
                let text = git::run(&found.git, &["show", "--no-patch", "--format=%ae%n%B", sha]);
                let mut lines = text.lines();
                let author = lines.next().unwrap_or_default().to_owned();
                let named = lines.filter_map(|line| line.strip_prefix("Co-authored-by: ")?.rsplit_once('<'));
                let others = named.map(|(_, address)| address.trim_end_matches('>').to_owned());
                let people: Vec<_> = std::iter::once(author).chain(others).map(Object::GitActor).collect();
                return self.connection(&people, field);
            }
            "committer" => {
                let address = git::run(&found.git, &["show", "--no-patch", "--format=%ce", sha]);
                return self.select(&Object::GitActor(address), field);
            }
            "status" if !may(Scope::Statuses) => return Err(Failure::forbidden()),
            "status" if found.statuses.iter().all(|status| status.sha != sha) => Value::Null,
            "status" => return self.select(&Object::Status(repo, sha.to_owned()), field),
            "associatedPullRequests" if !may(Scope::PullRequests) => return Err(Failure::forbidden()),
            "associatedPullRequests" => {
                let pulls = pulls::containing(found, sha).map(|pull| Object::PullRequest(repo, pull.number));
                return self.connection(&pulls.collect::<Vec<_>>(), field);
            }
            _ => return missing(&Object::Commit(repo, sha.to_owned()), field),
        })
    }

    fn status(&self, repo: u64, sha: &str, field: &Field) -> Result<Value, Failure> {
        let context = field.text("name");
        match field.name.as_str() {
            "context" if self.latest(repo, sha, context).is_none() => Ok(Value::Null),
            "context" => self.select(&Object::StatusContext(repo, sha.to_owned(), context.to_owned()), field),
            _ => missing(&Object::Status(repo, sha.to_owned()), field),
        }
    }

    fn latest(&self, repo: u64, sha: &str, context: &str) -> Option<&Status> {
        let mut statuses = self.state.repo(repo).statuses.iter().rev();
        statuses.find(|status| status.sha == sha && status.context.eq_ignore_ascii_case(context))
    }

    fn thread(&self, repo: u64, number: u64, id: u64, field: &Field) -> Result<Value, Failure> {
        let thread: &Thread =
            self.state.pull(repo, number).threads.iter().find(|thread| thread.id == id).expect("it was found");
        Ok(match field.name.as_str() {
            "id" => json!(format!("PRRT_{id}")),
            "isResolved" => json!(thread.resolved_by.is_some()),
            "isOutdated" => json!(thread.outdated),
            "path" => json!(thread.path),
            "subjectType" => json!(if thread.line == 0 { "FILE" } else { "LINE" }),
            "line" => json!((!thread.outdated && thread.line > 0).then_some(thread.line)),
            "originalLine" => json!(thread.line),
            "startLine" => json!(thread.start_line.filter(|_| !thread.outdated)),
            "originalStartLine" => json!(thread.start_line),
            "diffSide" => json!("RIGHT"),
            "resolvedBy" => match &thread.resolved_by {
                Some(login) => return self.actor(login, field),
                None => Value::Null,
            },
            "comments" => {
                let items = thread.comments.iter().map(|post| Object::ReviewComment(repo, number, post.id));
                return self.connection(&items.collect::<Vec<_>>(), field);
            }
            _ => return missing(&Object::ReviewThread(repo, number, id), field),
        })
    }

    fn actor(&self, login: &str, field: &Field) -> Result<Value, Failure> {
        if self.state.users[login].deleted {
            return Ok(Value::Null);
        }
        self.select(&Object::Actor(login.to_owned()), field)
    }

    /// What issue comments, reviews and review comments have in common.
    fn post(&self, post: &Post, prefix: &str, field: &Field) -> Result<Value, Failure> {
        Ok(match field.name.as_str() {
            "id" => json!(format!("{prefix}_{}", post.id)),
            "databaseId" => json!(post.id),
            // A BigInt is a string in JSON.
            "fullDatabaseId" => json!(post.id.to_string()),
            "body" => json!(post.body),
            "author" => return self.actor(&post.who.login, field),
            "viewerDidAuthor" => json!(post.who.login == self.token.who.login),
            "editor" => match &post.edited {
                Some((login, _)) => return self.actor(login, field),
                None => Value::Null,
            },
            "lastEditedAt" => json!(post.edited.as_ref().map(|(_, at)| time(*at))),
            "createdAt" => json!(time(post.created_at)),
            "isMinimized" => json!(post.minimized.is_some()),
            "minimizedReason" => json!(post.minimized),
            name => return Err(Failure::invalid(format!("Field '{name}' doesn't exist on type '{prefix}'"))),
        })
    }
}

fn missing(object: &Object, field: &Field) -> Result<Value, Failure> {
    Err(Failure::invalid(format!("Field '{}' doesn't exist on type '{}'", field.name, object.type_name())))
}
