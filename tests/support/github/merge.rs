//! Merging, closing and rebasing, with real git.

use super::{
    driver::RepoDriver,
    git,
    model::{Happening, Merged, State, Who},
};

/// How a pull request is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Merge,
    Squash,
    Rebase,
}

impl RepoDriver {
    /// Merges a pull request; returns the commit that the base branch is at afterwards.
    pub fn merge(&self, number: u64, login: &str, method: Method) -> String {
        let mut state = self.lock();
        let dir = state.repo(self.id()).git.clone();
        let at = state.clock.now();
        let pull = state.pull(self.id(), number);
        assert!(pull.open, "#{number} is open");
        let (head, base_ref) = (pull.head_sha.clone(), pull.base_ref.clone());
        let base = git::tip(&dir, &base_ref).expect("the base branch exists");
        let author = state.users[&pull.author].clone();
        let author = (author.login.as_str(), &*author.email());
        let title = format!("{} (#{number})", pull.title);
        let merged = |parents: &[&str], message: &str| {
            let tree = git::merge_tree(&dir, None, &base, &head).expect("there is no conflict");
            git::commit_tree(&dir, &tree, parents, author, at, message)
        };
        let sha = match method {
            Method::Merge => {
                let message = format!("Merge pull request #{number} from {}\n\n{}", pull.head_ref, pull.title);
                merged(&[&base, &head], &message)
            }
            Method::Squash => merged(&[&base], &title),
            Method::Rebase => replay(&state, self.id(), &head, &base),
        };
        arrived(&mut state, self.id(), number, login, &sha);
        git::synchronise(&mut state);
        sha
    }

    /// Lets the first `numbers` of a merge queue land at once, up to the group that has `branch`.
    pub fn land_group(&self, login: &str, numbers: &[u64], branch: &str) {
        let mut state = self.lock();
        let dir = state.repo(self.id()).git.clone();
        let tip = git::tip(&dir, branch).expect("the group has a branch");
        let commits = git::run(&dir, &["rev-list", &format!("--max-count={}", numbers.len()), "--reverse", &tip]);
        for (number, sha) in numbers.iter().zip(commits.lines()) {
            arrived(&mut state, self.id(), *number, login, sha);
        }
        let queue = git::run(&dir, &["for-each-ref", "--format=%(refname)", "refs/heads/gh-readonly-queue/"]);
        queue.lines().for_each(|name| drop(git::run(&dir, &["update-ref", "-d", name])));
        git::synchronise(&mut state);
    }

    /// Puts a pull request at the end of its base's merge queue; returns the branch that GitHub makes for the group.
    pub fn enqueue(&self, number: u64) -> String {
        let state = self.lock();
        let dir = state.repo(self.id()).git.clone();
        let pull = state.pull(self.id(), number);
        let queue = format!("gh-readonly-queue/{}/", pull.base_ref);
        let branches = git::run(&dir, &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{queue}")]);
        let base = git::tip(&dir, &pull.base_ref).expect("the base branch exists");
        // The last entry is the one that no other is on.
        let names = git::run(&dir, &["for-each-ref", "--format=%(refname)", &format!("refs/heads/{queue}")]);
        let last = branches.lines().find(|sha| !names.contains(*sha)).unwrap_or(&base).to_owned();
        let tree = git::merge_tree(&dir, None, &last, &pull.head_sha).expect("there is no conflict");
        let author = state.users[&pull.author].clone();
        let author = (author.login.as_str(), &*author.email());
        let title = format!("{} (#{number})", pull.title);
        let sha = git::commit_tree(&dir, &tree, &[&last], author, state.clock.now(), &title);
        let branch = format!("{queue}pr-{number}-{last}");
        git::run(&dir, &["update-ref", &format!("refs/heads/{branch}"), &sha]);
        branch
    }

    /// Takes the group with this branch out of its queue.
    pub fn dequeue(&self, branch: &str) {
        let mut state = self.lock();
        git::run(&state.repo(self.id()).git, &["update-ref", "-d", &format!("refs/heads/{branch}")]);
        state.clock.advance(1);
    }

    /// Closes a pull request without merging it.
    pub fn close(&self, number: u64, login: &str) {
        let mut state = self.lock();
        let at = state.clock.now();
        let pull = state.pull_mut(self.id(), number);
        pull.open = false;
        pull.closed_at = Some(at);
        state.happened(self.id(), number, &Who::person(login), Happening::Closed);
    }

    /// Rebases a branch onto another and pushes it by force; returns its new tip.
    pub fn rebase(&self, branch: &str, onto: &str) -> String {
        let (head, onto) = (self.tip(branch), self.tip(onto));
        let sha = replay(&self.lock(), self.id(), &head, &onto);
        self.force_push(branch, &sha);
        sha
    }
}

/// A pull request landed as this commit, where its base branch is now.
fn arrived(state: &mut State, repo: u64, number: u64, login: &str, sha: &str) {
    let (dir, at) = (state.repo(repo).git.clone(), state.clock.now());
    let base_ref = state.pull(repo, number).base_ref.clone();
    let commits = match git::tip(&dir, &base_ref) {
        Some(tip) => git::run(&dir, &["rev-list", "--first-parent", &format!("{tip}..{sha}")]),
        None => sha.to_owned(),
    };
    let commits = commits.lines().map(str::to_owned).collect();
    git::run(&dir, &["update-ref", &format!("refs/heads/{base_ref}"), sha]);
    let pull = state.pull_mut(repo, number);
    pull.open = false;
    pull.closed_at = Some(at);
    pull.updated_at = at;
    pull.merged = Some(Merged { sha: sha.to_owned(), commits, by: login.to_owned(), at });
    let who = Who::person(login);
    state.happened(repo, number, &who, Happening::Merged);
    state.happened(repo, number, &who, Happening::Closed);
}

/// The commits of `head` that `onto` does not have, again on top of it.
fn replay(state: &State, repo: u64, head: &str, onto: &str) -> String {
    let dir = &state.repo(repo).git;
    let mut tip = onto.to_owned();
    for sha in git::run(dir, &["rev-list", "--reverse", "--no-merges", &format!("{onto}..{head}")]).lines() {
        let tree = git::merge_tree(dir, Some(&format!("{sha}^")), &tip, sha).expect("there is no conflict");
        let text = git::run(dir, &["show", "--no-patch", "--format=%an%x00%ae%x00%B", sha]);
        let part: Vec<&str> = text.splitn(3, '\0').collect();
        tip = git::commit_tree(dir, &tree, &[&tip], (part[0], part[1]), state.clock.now(), part[2].trim_end());
    }
    tip
}
