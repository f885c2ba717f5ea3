//! What people do: commit, push, open, label, comment, reply, edit.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use super::{
    comments, git, labels,
    model::{Permissions, PullRequest, Role, State, Status, Surprise, Thread, Token, User, Who},
    people,
    server::lock,
    world::ACTIONS,
};

/// GitHub does not let a person do this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

/// A repository in the hands of a test.
#[derive(Debug, Clone)]
pub struct RepoDriver {
    state: Arc<Mutex<State>>,
    id: u64,
}

impl RepoDriver {
    pub(super) fn new(state: Arc<Mutex<State>>, id: u64) -> Self {
        Self { state, id }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Numeric id.
    pub fn id(&self) -> u64 {
        self.id
    }

    pub fn full_name(&self) -> String {
        self.lock().repo(self.id).full_name()
    }

    /// URL that git clones.
    pub fn clone_url(&self) -> String {
        let state = self.lock();
        format!("{}/{}.git", state.url, state.repo(self.id).full_name())
    }

    /// The bare repository, for looking at it without HTTP.
    pub fn git_dir(&self) -> PathBuf {
        self.lock().repo(self.id).git.clone()
    }

    /// Runs git in the bare repository.
    pub fn git(&self, args: &[&str]) -> String {
        git::run(&self.git_dir(), args)
    }

    /// Gives a person a role, and makes the account when it does not exist.
    pub fn role(&self, login: &str, role: Role) {
        let mut state = self.lock();
        let id = state.next_id();
        let user = User { id, login: login.to_owned(), bot: login.ends_with("[bot]"), deleted: false };
        state.users.entry(login.to_owned()).or_insert(user);
        state.repo_mut(self.id).roles.insert(login.to_owned(), role);
    }

    /// Gives the default branch another name, as the settings do.
    pub fn rename_default_branch(&self, name: &str) {
        let mut state = self.lock();
        let repo = state.repo_mut(self.id);
        let old = std::mem::replace(&mut repo.default_branch, name.to_owned());
        git::run(&repo.git, &["branch", "-m", &old, name]);
        git::run(&repo.git, &["symbolic-ref", "HEAD", &format!("refs/heads/{name}")]);
    }

    /// Demands these of a branch, each as `{"type": .., "parameters": ..}`.
    pub fn rules(&self, branch: &str, rules: &[serde_json::Value]) {
        self.lock().repo_mut(self.id).rules.insert(branch.to_owned(), rules.to_vec());
    }

    /// Adds another base than `main`, or any branch, at a commit or branch; the owner does.
    pub fn branch(&self, name: &str, at: &str) {
        self.git(&["branch", name, at]);
        let mut state = self.lock();
        let (dir, owner) = (state.repo(self.id).git.clone(), state.repo(self.id).owner.clone());
        let tip = git::tip(&dir, name).expect("the branch exists");
        people::pushed(&mut state, self.id, name, None, &tip, &owner);
    }

    /// Pushes one commit to `branch`, which begins at `main` when it does not exist; `None` deletes a file.
    /// Open pull requests with that head follow. Returns the commit.
    pub fn commit(&self, branch: &str, author: &str, message: &str, files: &[(&str, Option<&str>)]) -> String {
        self.push_of(author, branch, author, message, files)
    }

    /// As [`commit`](Self::commit), but `pusher` pushes a commit that says it is by `author`.
    pub fn push_of(
        &self,
        pusher: &str,
        branch: &str,
        author: &str,
        message: &str,
        files: &[(&str, Option<&str>)],
    ) -> String {
        commit(&mut self.lock(), self.id, pusher, branch, (author, message), files)
    }

    /// The same, right before the next call of `route`.
    pub fn push_during(&self, route: &str, branch: &str, author: &str, message: &str, files: &[(&str, Option<&str>)]) {
        let (repo, [branch, author, message]) = (self.id, [branch, author, message].map(str::to_owned));
        let files: Vec<(String, Option<String>)> =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.map(str::to_owned))).collect();
        let surprise = move |state: &mut State| {
            let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_deref())).collect();
            commit(state, repo, &author, &branch, (&author, &message), &files);
        };
        self.lock().surprises.push((route.to_owned(), Surprise(Box::new(surprise))));
    }

    /// Takes a label off right before the next call of `route`, and posts the status that a run for that event posts.
    pub fn unlabel_during(&self, route: &str, number: u64, login: &str, name: &str, status: (&str, &str)) {
        let (repo, [login, name, context, value]) = (self.id, [login, name, status.0, status.1].map(str::to_owned));
        let surprise = move |state: &mut State| {
            labels::take(state, repo, number, &Who::person(&login), &name);
            let sha = state.pull(repo, number).head_sha.clone();
            post_status(state, repo, &sha, &context, &value);
        };
        self.lock().surprises.push((route.to_owned(), Surprise(Box::new(surprise))));
    }

    /// From the next call of `route` on, so many calls of `failing` fail.
    pub fn fail_from(&self, route: &str, failing: &str, faults: Vec<super::Fault>) {
        let failing = failing.to_owned();
        let surprise = move |state: &mut State| {
            state.faults.extend(faults.iter().map(|fault| (failing.clone(), fault.clone())));
        };
        self.lock().surprises.push((route.to_owned(), Surprise(Box::new(surprise))));
    }

    /// Opens a closed pull request again right before the next call of `route`.
    pub fn reopen_during(&self, route: &str, number: u64) {
        let repo = self.id;
        let surprise = move |state: &mut State| state.pull_mut(repo, number).open = true;
        self.lock().surprises.push((route.to_owned(), Surprise(Box::new(surprise))));
    }

    /// Lets seconds pass right before the next call of `route`, and sets a label then.
    pub fn label_during(&self, route: &str, number: u64, login: &str, name: &str, seconds: i64) {
        let (repo, [login, name]) = (self.id, [login, name].map(str::to_owned));
        let surprise = move |state: &mut State| {
            state.clock.advance(seconds);
            labels::set(state, repo, number, &Who::person(&login), &name);
        };
        self.lock().surprises.push((route.to_owned(), Surprise(Box::new(surprise))));
    }

    /// Moves a branch to any commit; the author of that commit does, or the owner.
    pub fn force_push(&self, branch: &str, sha: &str) {
        let email = self.git(&["show", "--no-patch", "--format=%ae", sha]);
        let pusher = {
            let state = self.lock();
            let author = state.users.values().find(|user| user.email() == email);
            author.map_or_else(|| state.repo(self.id).owner.clone(), |author| author.login.clone())
        };
        self.force_push_of(&pusher, branch, sha);
    }

    /// Moves a branch to any commit.
    pub fn force_push_of(&self, pusher: &str, branch: &str, sha: &str) {
        let mut state = self.lock();
        let dir = state.repo(self.id).git.clone();
        let before = git::tip(&dir, branch);
        git::run(&dir, &["update-ref", &format!("refs/heads/{branch}"), sha]);
        people::pushed(&mut state, self.id, branch, before.as_deref(), sha, pusher);
        git::synchronise(&mut state);
    }

    /// Renames a label of the repository; writers may.
    pub fn rename_label(&self, login: &str, from: &str, to: &str) -> Result<(), Refused> {
        self.allow(login, Role::Write, "rename a label")?;
        labels::rename(&mut self.lock(), self.id, from, to);
        Ok(())
    }

    /// Deletes a label of the repository; writers may.
    pub fn delete_label(&self, login: &str, name: &str) -> Result<(), Refused> {
        self.allow(login, Role::Write, "delete a label")?;
        labels::delete(&mut self.lock(), self.id, name);
        Ok(())
    }

    /// The address that GitHub gives an account.
    pub fn email(&self, login: &str) -> String {
        self.lock().users[login].email()
    }

    /// The tip of a branch.
    pub fn tip(&self, branch: &str) -> String {
        git::tip(&self.git_dir(), branch).expect("the branch exists")
    }

    /// Opens a pull request from a branch of this repository; returns its number.
    pub fn open_pull_request(&self, author: &str, head: &str, base: &str, title: &str) -> u64 {
        self.open_from(self.id, author, head, base, title)
    }

    /// Opens a pull request from a branch of a fork; returns its number.
    pub fn open_from_fork(&self, fork: &Self, author: &str, head: &str, base: &str, title: &str) -> u64 {
        self.open_from(fork.id, author, head, base, title)
    }

    fn open_from(&self, head_repo: u64, author: &str, head: &str, base: &str, title: &str) -> u64 {
        let mut state = self.lock();
        assert!(state.users.contains_key(author), "there is no account {author}");
        let number = state.repo(self.id).pulls.len() as u64 + 1;
        let now = state.clock.now();
        let pull = PullRequest {
            id: state.next_id(),
            number,
            title: title.to_owned(),
            body: None,
            author: author.to_owned(),
            open: true,
            draft: false,
            head_repo: Some(head_repo),
            head_ref: head.to_owned(),
            head_sha: String::new(),
            base_ref: base.to_owned(),
            base_sha: String::new(),
            labels: Vec::new(),
            created_at: now,
            updated_at: now,
            closed_at: None,
            merged: None,
            mergeable_known: false,
            test_merge: None,
            comments: Vec::new(),
            reviews: Vec::new(),
            threads: Vec::new(),
            timeline: Vec::new(),
        };
        state.repo_mut(self.id).pulls.insert(number, pull);
        git::synchronise(&mut state);
        number
    }

    /// Gives it another base branch.
    pub fn retarget(&self, number: u64, base: &str) {
        let mut state = self.lock();
        base.clone_into(&mut state.pull_mut(self.id, number).base_ref);
        git::synchronise(&mut state);
    }

    /// Makes it a draft, or ready.
    pub fn set_draft(&self, number: u64, draft: bool) {
        self.lock().pull_mut(self.id, number).draft = draft;
    }

    /// Sets a label; triage or more may.
    pub fn label(&self, number: u64, login: &str, name: &str) -> Result<(), Refused> {
        self.label_as(number, login, None, name)
    }

    /// Sets a label through an app that acts for the person.
    pub fn label_via_app(&self, number: u64, login: &str, app: &str, name: &str) -> Result<(), Refused> {
        self.label_as(number, login, Some(app), name)
    }

    fn label_as(&self, number: u64, login: &str, app: Option<&str>, name: &str) -> Result<(), Refused> {
        self.allow(login, Role::Triage, "label")?;
        let who = Who { login: login.to_owned(), app: app.map(str::to_owned) };
        labels::set(&mut self.lock(), self.id, number, &who, name);
        Ok(())
    }

    /// Removes a label; triage or more may.
    pub fn unlabel(&self, number: u64, login: &str, name: &str) -> Result<(), Refused> {
        self.allow(login, Role::Triage, "unlabel")?;
        labels::take(&mut self.lock(), self.id, number, &Who::person(login), name);
        Ok(())
    }

    fn allow(&self, login: &str, needed: Role, what: &str) -> Result<(), Refused> {
        if self.lock().repo(self.id).role(login) >= Some(needed) {
            return Ok(());
        }
        Err(Refused(format!("{login} needs the role {} to {what}", needed.name())))
    }

    /// Comments on the conversation, as a person or as another bot; returns the comment's id.
    pub fn comment(&self, number: u64, login: &str, body: &str) -> u64 {
        let mut state = self.lock();
        comments::say(&mut state, self.id, number, &Who::person(login), body, true).id
    }

    /// Answers in a thread; returns the comment's id.
    pub fn reply(&self, number: u64, thread: u64, login: &str, body: &str) -> u64 {
        let mut state = self.lock();
        let post = comments::post(&mut state, &Who::person(login), body, true);
        let id = post.id;
        thread_mut(&mut state, self.id, number, thread).comments.push(post);
        id
    }

    /// Edits any comment, of the conversation or of a thread; writers may edit those of others.
    pub fn edit_comment(&self, number: u64, id: u64, login: &str, body: &str) -> Result<(), Refused> {
        self.allow(login, Role::Write, "edit a comment")?;
        comments::edit(&mut self.lock(), self.id, number, id, &Who::person(login), body, true);
        Ok(())
    }

    /// Resolves a thread.
    pub fn resolve_thread(&self, number: u64, thread: u64, login: &str) {
        thread_mut(&mut self.lock(), self.id, number, thread).resolved_by = Some(login.to_owned());
    }

    /// Posts a status as another tool.
    pub fn post_status(&self, sha: &str, context: &str, value: &str) {
        post_status(&mut self.lock(), self.id, sha, context, value);
    }

    /// Adds an event that no client has heard of to the timeline.
    pub fn add_unheard_of_event(&self, number: u64) {
        let mut state = self.lock();
        state.happened(self.id, number, &Who::person("github"), super::model::Happening::Novelty);
    }

    /// A `GITHUB_TOKEN` of a job with these permissions.
    pub fn token(&self, permissions: Permissions) -> String {
        self.token_of(ACTIONS, Some("github-actions"), permissions)
    }

    /// A token of a person, or of another app with its slug.
    pub fn token_of(&self, login: &str, app: Option<&str>, permissions: Permissions) -> String {
        let mut state = self.lock();
        let secret = format!("ghs_secret{}", state.next_id());
        let who = Who { login: login.to_owned(), app: app.map(str::to_owned) };
        state.tokens.insert(secret.clone(), Token { repo: self.id, who, permissions });
        secret
    }

    /// So many answers of `commits/{sha}/pulls` do not know yet.
    pub fn lag_commit_pulls(&self, answers: u32) {
        self.lock().repo_mut(self.id).commit_pulls_lag = answers;
    }

    /// Clones over HTTP as `actions/checkout` does: one ref, `depth` commits (0 for all), the token in the configuration.
    pub fn checkout(&self, dir: &Path, reference: &str, token: &str, depth: u32) {
        use base64::Engine as _;
        std::fs::create_dir_all(dir).unwrap();
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{token}"));
        let server = self.lock().url.clone();
        git::run(dir, &["init", "-q", "--initial-branch=main"]);
        git::run(dir, &["remote", "add", "origin", &self.clone_url()]);
        let key = format!("http.{server}/.extraheader");
        git::run(dir, &["config", "--local", &key, &format!("AUTHORIZATION: basic {basic}")]);
        let depth = format!("--depth={depth}");
        let mut args = vec!["fetch", "-q", "--no-tags", "--prune"];
        if depth != "--depth=0" {
            args.push(&depth);
        }
        args.extend(["origin", reference]);
        git::run(dir, &args);
        git::run(dir, &["checkout", "-q", "--detach", "FETCH_HEAD"]);
    }
}

fn post_status(state: &mut State, repo: u64, sha: &str, context: &str, value: &str) {
    let status = Status {
        id: state.next_id(),
        sha: sha.to_owned(),
        context: context.to_owned(),
        state: value.to_owned(),
        description: None,
        target_url: None,
        creator: ACTIONS.to_owned(),
        at: state.clock.now(),
    };
    state.repo_mut(repo).statuses.push(status);
}

/// Author and message are the commit's word; the pusher is who did it.
fn commit(
    state: &mut State,
    repo: u64,
    pusher: &str,
    branch: &str,
    (author, message): (&str, &str),
    files: &[(&str, Option<&str>)],
) -> String {
    let (dir, at) = (state.repo(repo).git.clone(), state.clock.now());
    let from = git::tip(&dir, &state.repo(repo).default_branch);
    let before = git::tip(&dir, branch);
    let author = state.users[author].clone();
    let sha = git::commit(&dir, branch, from.as_deref(), &author, at, message, files);
    people::pushed(state, repo, branch, before.as_deref(), &sha, pusher);
    git::synchronise(state);
    sha
}

fn thread_mut(state: &mut State, repo: u64, number: u64, thread: u64) -> &mut Thread {
    let threads = &mut state.pull_mut(repo, number).threads;
    threads.iter_mut().find(|found| found.id == thread).expect("the thread exists")
}
