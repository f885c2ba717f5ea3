//! The in-memory GitHub as a test holds it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::{
    clock::Clock,
    driver::RepoDriver,
    git,
    model::{Repo, Role, State, User, Visibility},
    reply::Fault,
    server::{API, Exchange, LoggedCall, Server, lock},
};

/// A GitHub of its own for each test. Dropping it fails the test when something was asked for that GitHub (or this
/// model of it) does not have, or when no assertion has read what a bot posted.
#[derive(Debug)]
pub struct World {
    state: Arc<Mutex<State>>,
    /// Stops before the files go.
    server: Server,
    home: TempDir,
}

/// Login of the account behind `GITHUB_TOKEN`.
pub const ACTIONS: &str = "github-actions[bot]";

impl World {
    /// Starts with a clock that stands still at a fixed time.
    pub fn start() -> Self {
        Self::with_clock(Clock::fixed())
    }

    /// Starts with a clock that stands still at the time of the machine.
    pub fn start_now() -> Self {
        Self::with_clock(Clock::real())
    }

    fn with_clock(clock: Clock) -> Self {
        let home = TempDir::new().unwrap();
        let (server, state) = Server::start(|url| {
            Arc::new(Mutex::new(State {
                clock,
                url: url.to_owned(),
                home: home.path().to_owned(),
                users: BTreeMap::new(),
                repositories: BTreeMap::new(),
                teams: BTreeMap::new(),
                tokens: BTreeMap::new(),
                log: Vec::new(),
                exchanges: Vec::new(),
                faults: Vec::new(),
                surprises: Vec::new(),
                problems: Vec::new(),
                last_id: 1_000,
                page_limit: 100,
            }))
        })
        .expect("the server starts");
        let world = Self { state, server, home };
        world.add_account("github", 9_919, false);
        world.add_account(ACTIONS, 41_898_282, true);
        world
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn add_account(&self, login: &str, id: u64, bot: bool) {
        let user = User { id, login: login.to_owned(), bot, deleted: false };
        self.lock().users.entry(login.to_owned()).or_insert(user);
    }

    /// Makes an account (of a bot when its login ends in `[bot]`), unless it is there; returns its id.
    pub fn user(&self, login: &str) -> u64 {
        let id = self.lock().next_id();
        self.add_account(login, id, login.ends_with("[bot]"));
        self.lock().users[login].id
    }

    /// Deletes an account: what it did stays without an author.
    pub fn delete_user(&self, login: &str) {
        self.lock().users.get_mut(login).expect("the account exists").deleted = true;
    }

    /// Somebody else takes the login of a deleted account; returns the new id.
    pub fn reregister(&self, login: &str) -> u64 {
        let id = self.lock().next_id();
        let gone = self.lock().users.remove(login).expect("the account exists");
        let mut state = self.lock();
        // What the old account did stays its own.
        let ghost = format!("{login} (deleted {})", gone.id);
        for pull in state.repositories.values_mut().flat_map(|repo| repo.pulls.values_mut()) {
            for item in pull.timeline.iter_mut().filter(|item| item.actor == login) {
                item.actor.clone_from(&ghost);
            }
        }
        state.users.insert(ghost.clone(), User { login: ghost, deleted: true, ..gone });
        drop(state);
        let user = User { id, login: login.to_owned(), bot: false, deleted: false };
        self.lock().users.insert(login.to_owned(), user);
        id
    }

    /// Sets the members of `organisation/team`.
    pub fn team(&self, name: &str, members: &[&str]) {
        let members = members.iter().map(|login| (*login).to_owned()).collect();
        self.lock().teams.insert(name.to_owned(), members);
    }

    /// Makes an empty repository with the default branch `main`, and its owner.
    pub fn repository(&self, full_name: &str, visibility: Visibility) -> RepoDriver {
        self.make_repository(full_name, visibility, None)
    }

    /// Forks `parent`, which must have commits, for `owner`.
    pub fn fork(&self, parent: &RepoDriver, owner: &str) -> RepoDriver {
        let (name, visibility) = {
            let state = self.lock();
            let repo = state.repo(parent.id());
            (format!("{owner}/{}", repo.name), repo.visibility)
        };
        let fork = self.make_repository(&name, visibility, Some(parent.id()));
        let from = parent.git_dir().to_string_lossy().into_owned();
        git::run(&fork.git_dir(), &["fetch", "-q", &from, "refs/heads/*:refs/heads/*"]);
        fork
    }

    /// Deletes a fork: its pull requests stay without a head repository.
    pub fn delete_fork(&self, fork: &RepoDriver) {
        let mut state = self.lock();
        state.repositories.remove(&fork.id());
        for pull in state.repositories.values_mut().flat_map(|repo| repo.pulls.values_mut()) {
            pull.head_repo = pull.head_repo.filter(|id| *id != fork.id());
        }
    }

    fn make_repository(&self, full_name: &str, visibility: Visibility, fork_of: Option<u64>) -> RepoDriver {
        let (owner, name) = full_name.split_once('/').expect("owner/name");
        self.user(owner);
        let mut state = self.lock();
        let id = state.next_id();
        let dir = self.home.path().join(format!("{id}.git"));
        git::init(&dir, "main");
        let repo = Repo {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            visibility,
            default_branch: "main".to_owned(),
            created_at: state.clock.now(),
            fork_of,
            rules: BTreeMap::new(),
            roles: BTreeMap::from([(owner.to_owned(), Role::Admin)]),
            labels: BTreeMap::new(),
            pulls: BTreeMap::new(),
            statuses: Vec::new(),
            git: dir,
            commit_pulls_lag: 0,
            activities: Vec::new(),
            settings: super::settings::Settings::default(),
        };
        state.repositories.insert(id, repo);
        drop(state);
        RepoDriver::new(Arc::clone(&self.state), id)
    }

    /// `GITHUB_SERVER_URL`.
    pub fn server_url(&self) -> String {
        self.lock().url.clone()
    }

    /// `GITHUB_API_URL`.
    pub fn api_url(&self) -> String {
        format!("{}{API}", self.lock().url)
    }

    /// GitHub's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.lock().clock.now()
    }

    /// Lets time pass on GitHub.
    pub fn advance(&self, seconds: i64) {
        self.lock().clock.advance(seconds);
    }

    /// Most items that a page has from now on, whatever is asked for.
    pub fn limit_pages(&self, items: usize) {
        self.lock().page_limit = items;
    }

    /// Makes the next call of `route` (a template as in the log) go wrong; faults of one route wait in line.
    pub fn fail_next(&self, route: &str, fault: Fault) {
        self.lock().faults.push((route.to_owned(), fault));
    }

    /// Every request so far.
    pub fn calls(&self) -> Vec<LoggedCall> {
        self.lock().log.clone()
    }

    /// Every request since the last time, or the start.
    pub fn take_calls(&self) -> Vec<LoggedCall> {
        std::mem::take(&mut self.lock().log)
    }

    /// Every call of the API since the last time, or the start, that met no fault.
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.lock().exchanges)
    }

    /// The requests of [`calls`](Self::calls) that write, pushes included.
    pub fn writes(&self) -> Vec<LoggedCall> {
        self.calls().into_iter().filter(|call| call.write).collect()
    }

    /// A new empty folder that goes with the world.
    pub fn folder(&self, name: &str) -> PathBuf {
        let id = self.lock().next_id();
        let dir = self.home.path().join(format!("{name}-{id}"));
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    /// Where the world's files are.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Forgets what was found so far; for tests of the strictness itself.
    pub fn take_problems(&self) -> Vec<String> {
        let mut state = self.lock();
        let mut problems = std::mem::take(&mut state.problems);
        problems.extend(state.faults.drain(..).map(|(route, fault)| format!("nothing called {route} for {fault:?}")));
        problems.extend(state.surprises.drain(..).map(|(route, _)| format!("nothing called {route} for a surprise")));
        for repo in state.repositories.values_mut() {
            let name = repo.full_name();
            for pull in repo.pulls.values_mut() {
                let reviews = pull.reviews.iter_mut().map(|review| &mut review.post);
                let threads = pull.threads.iter_mut().flat_map(|thread| &mut thread.comments);
                for post in pull.comments.iter_mut().chain(reviews).chain(threads).filter(|post| !post.read) {
                    let (who, number) = (&post.who.login, pull.number);
                    problems.push(format!("{name}#{number}: no assertion has read what {who} posted:\n{}", post.body));
                    post.read = true;
                }
            }
        }
        problems
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let problems = self.take_problems();
            assert!(problems.is_empty(), "{}", problems.join("\n"));
        }
    }
}
