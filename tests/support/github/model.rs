//! What GitHub remembers.

use std::{collections::BTreeMap, path::PathBuf};

use chrono::{DateTime, Utc};

use super::{
    clock::Clock,
    reply::Fault,
    server::{Exchange, LoggedCall},
};

pub type Time = DateTime<Utc>;

/// Something that somebody does while a client is at work.
pub struct Surprise(pub Box<dyn FnOnce(&mut State) + Send>);

impl std::fmt::Debug for Surprise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surprise")
    }
}

/// Everything.
#[derive(Debug)]
pub struct State {
    pub clock: Clock,
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    /// Folder of the bare repositories, `<id>.git` each, and of the event files.
    pub home: PathBuf,
    pub users: BTreeMap<String, User>,
    pub repositories: BTreeMap<u64, Repo>,
    /// Logins of the members by `organisation/team`.
    pub teams: BTreeMap<String, Vec<String>>,
    /// By secret.
    pub tokens: BTreeMap<String, Token>,
    pub log: Vec<LoggedCall>,
    /// Calls of the API that went as GitHub lets them go: without a fault.
    pub exchanges: Vec<Exchange>,
    /// Faults to come, by route template; the first of a route is used first.
    pub faults: Vec<(String, Fault)>,
    /// What happens right before the next call of a route.
    pub surprises: Vec<(String, Surprise)>,
    /// What makes the test fail at the end.
    pub problems: Vec<String>,
    pub last_id: u64,
    /// Most items of a page, whatever `per_page` asks for.
    pub page_limit: usize,
}

impl State {
    /// A number that nothing else has.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn repo(&self, id: u64) -> &Repo {
        &self.repositories[&id]
    }

    pub fn repo_mut(&mut self, id: u64) -> &mut Repo {
        self.repositories.get_mut(&id).expect("the repository exists")
    }

    pub fn pull(&self, repo: u64, number: u64) -> &PullRequest {
        &self.repositories[&repo].pulls[&number]
    }

    pub fn pull_mut(&mut self, repo: u64, number: u64) -> &mut PullRequest {
        self.repo_mut(repo).pulls.get_mut(&number).expect("the pull request exists")
    }

    /// Records something on the timeline of a pull request.
    pub fn happened(&mut self, repo: u64, number: u64, who: &Who, what: Happening) {
        let item = TimelineItem {
            id: self.next_id(),
            actor: who.login.clone(),
            via_app: who.app.clone(),
            at: self.clock.now(),
            what,
        };
        self.pull_mut(repo, number).timeline.push(item);
    }
}

/// Who acts: an account, maybe through an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub login: String,
    /// Slug of the app.
    pub app: Option<String>,
}

impl Who {
    pub fn person(login: &str) -> Self {
        Self { login: login.to_owned(), app: None }
    }
}

#[derive(Debug, Clone)]
pub struct User {
    pub id: u64,
    pub login: String,
    pub bot: bool,
    pub deleted: bool,
}

impl User {
    /// Login without `[bot]`, as GraphQL has it.
    pub fn graphql_login(&self) -> &str {
        self.login.trim_end_matches("[bot]")
    }

    pub fn email(&self) -> String {
        format!("{}+{}@users.noreply.github.com", self.id, self.login)
    }
}

/// Role of a person in a repository, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// What the field `permission` says, which knows three levels only.
    pub fn legacy_name(self) -> &'static str {
        match self {
            Self::Read | Self::Triage => "read",
            Self::Write | Self::Maintain => "write",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Public,
    Private,
}

/// What a token may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Actions,
    /// No `permissions:` of a job gives it.
    Administration,
    Contents,
    /// Secrets of environments; no `permissions:` of a job gives it.
    Environments,
    Issues,
    /// Of the organisation; no `permissions:` of a job gives it.
    Members,
    PullRequests,
    /// Secrets of the repository; no `permissions:` of a job gives it.
    Secrets,
    Statuses,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    None,
    Read,
    Write,
}

/// The `permissions:` of a job.
#[derive(Debug, Clone)]
pub struct Permissions(pub BTreeMap<Scope, Access>);

impl Permissions {
    const SCOPES: [Scope; 4] = [Scope::Contents, Scope::Issues, Scope::PullRequests, Scope::Statuses];

    pub fn all(access: Access) -> Self {
        Self(Self::SCOPES.map(|scope| (scope, access)).into())
    }

    pub fn none() -> Self {
        Self::all(Access::None)
    }

    /// What the job of the review and the gate asks for.
    pub fn record() -> Self {
        Self::all(Access::Write).with(Scope::Issues, Access::None)
    }

    /// What an administrator's token that only reads may.
    pub fn administrator() -> Self {
        let more = [Scope::Actions, Scope::Administration, Scope::Environments, Scope::Secrets];
        more.into_iter().fold(Self::all(Access::Read), |permissions, scope| permissions.with(scope, Access::Read))
    }

    #[must_use]
    pub fn with(mut self, scope: Scope, access: Access) -> Self {
        self.0.insert(scope, access);
        self
    }

    pub fn of(&self, scope: Scope) -> Access {
        self.0.get(&scope).copied().unwrap_or(Access::None)
    }
}

/// A token of one repository.
#[derive(Debug, Clone)]
pub struct Token {
    pub repo: u64,
    pub who: Who,
    pub permissions: Permissions,
}

#[derive(Debug)]
pub struct Repo {
    pub id: u64,
    pub owner: String,
    pub name: String,
    pub visibility: Visibility,
    pub default_branch: String,
    pub created_at: Time,
    pub fork_of: Option<u64>,
    pub roles: BTreeMap<String, Role>,
    /// Rules by branch, each as `{"type": .., "parameters": ..}`.
    pub rules: BTreeMap<String, Vec<serde_json::Value>>,
    pub labels: BTreeMap<String, Label>,
    pub pulls: BTreeMap<u64, PullRequest>,
    pub statuses: Vec<Status>,
    /// The bare repository.
    pub git: PathBuf,
    /// How many more answers of `commits/{sha}/pulls` do not know yet of what just happened.
    pub commit_pulls_lag: u32,
    /// Pushes, oldest first.
    pub activities: Vec<Activity>,
    pub settings: super::settings::Settings,
}

/// A push to a branch.
#[derive(Debug, Clone)]
pub struct Activity {
    pub id: u64,
    pub reference: String,
    /// Zeros where the push made the branch.
    pub before: String,
    pub after: String,
    /// Login.
    pub actor: String,
    pub at: Time,
}

impl Repo {
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// The role of a person; people who were given none may read what is public.
    pub fn role(&self, login: &str) -> Option<Role> {
        let public = (self.visibility == Visibility::Public).then_some(Role::Read);
        self.roles.get(login).copied().or(public)
    }
}

#[derive(Debug, Clone)]
pub struct Label {
    pub id: u64,
    pub name: String,
    pub color: String,
    /// When it was made or renamed.
    pub updated_at: Time,
}

#[derive(Debug)]
pub struct PullRequest {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub author: String,
    pub open: bool,
    pub draft: bool,
    /// `None` when it was deleted.
    pub head_repo: Option<u64>,
    pub head_ref: String,
    pub head_sha: String,
    pub base_ref: String,
    /// Tip of the base branch when the head last moved: GitHub keeps it until then.
    pub base_sha: String,
    pub labels: Vec<String>,
    pub created_at: Time,
    pub updated_at: Time,
    pub closed_at: Option<Time>,
    pub merged: Option<Merged>,
    /// Whether the background job that finds out about conflicts has run: the first GET says null and starts it.
    pub mergeable_known: bool,
    /// The test merge, where there is no conflict.
    pub test_merge: Option<String>,
    pub comments: Vec<Post>,
    pub reviews: Vec<Review>,
    pub threads: Vec<Thread>,
    pub timeline: Vec<TimelineItem>,
}

#[derive(Debug, Clone)]
pub struct Merged {
    pub sha: String,
    /// All that it brought to the base branch along first parents, the last one included.
    pub commits: Vec<String>,
    pub by: String,
    pub at: Time,
}

/// A text that somebody posted.
#[derive(Debug, Clone)]
pub struct Post {
    pub id: u64,
    pub who: Who,
    pub body: String,
    pub created_at: Time,
    /// Who edited it last, and when.
    pub edited: Option<(String, Time)>,
    /// The reason.
    pub minimized: Option<String>,
    /// Whether an assertion has seen it as it is now.
    pub read: bool,
}

#[derive(Debug, Clone)]
pub struct Review {
    pub post: Post,
    pub commit: String,
}

#[derive(Debug, Clone)]
pub struct Thread {
    pub id: u64,
    pub review: u64,
    pub path: String,
    pub start_line: Option<u64>,
    /// 0 of a comment on the file as a whole.
    pub line: u64,
    pub commit: String,
    pub diff_hunk: String,
    /// Login of who resolved it.
    pub resolved_by: Option<String>,
    /// Whether its lines have changed since.
    pub outdated: bool,
    pub comments: Vec<Post>,
}

#[derive(Debug, Clone)]
pub struct TimelineItem {
    pub id: u64,
    pub actor: String,
    pub via_app: Option<String>,
    pub at: Time,
    pub what: Happening,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    Labeled(String),
    Unlabeled(String),
    Commented(u64),
    Reviewed(u64),
    Committed(String),
    ForcePushed,
    Merged,
    Closed,
    /// An event that no client has heard of.
    Novelty,
}

#[derive(Debug, Clone)]
pub struct Status {
    pub id: u64,
    pub sha: String,
    pub context: String,
    pub state: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub creator: String,
    pub at: Time,
}
