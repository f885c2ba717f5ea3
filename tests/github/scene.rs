//! What most tests start with.

use std::time::Duration;

use schema_registry::{
    github::{Github, Patience, Settings},
    model::Secret,
    review::{InlineComment, Operation},
};

use crate::support::github::{Permissions, RepoDriver, Role, Visibility, World};

/// Sixty lines, so that a change in the middle leaves lines outside its hunk.
pub(crate) fn lines(changed: &[usize]) -> String {
    (1..=60).map(|n| if changed.contains(&n) { format!("changed {n}\n") } else { format!("line {n}\n") }).collect()
}

/// A private repository `octo/db` with a writer `alice`, a maintainer `mia` and a triager `tess`, and pull request 1 of
/// alice, which changes lines 10, 11 and 30 of `a.yaml`.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) repo: RepoDriver,
    pub(crate) token: String,
    pub(crate) github: Github,
}

pub(crate) const NUMBER: u64 = 1;

impl Scene {
    /// With the permissions that the bot asks for.
    pub(crate) fn new() -> Self {
        Self::with(Permissions::record())
    }

    pub(crate) fn with(permissions: Permissions) -> Self {
        let world = World::start();
        let repo = world.repository("octo/db", Visibility::Private);
        for (login, role) in [("alice", Role::Write), ("mia", Role::Maintain), ("tess", Role::Triage)] {
            repo.role(login, role);
        }
        repo.commit("main", "mia", "start", &[("a.yaml", Some(&lines(&[])))]);
        repo.commit("feature", "alice", "change", &[("a.yaml", Some(&lines(&[10, 11, 30])))]);
        assert_eq!(repo.open_pull_request("alice", "feature", "main", "Change a"), NUMBER);
        let token = repo.token(permissions);
        let github = connect(&world, Some(&token));
        Self { world, repo, token, github }
    }

    /// The only review comment of a review on one line.
    pub(crate) fn review(&self, body: &str) -> Operation {
        let comment = InlineComment { path: "a.yaml".to_owned(), start_line: None, line: 10, body: body.to_owned() };
        self.review_of(vec![comment])
    }

    pub(crate) fn review_of(&self, comments: Vec<InlineComment>) -> Operation {
        Operation::PostReview { commit: self.repo.head_sha(NUMBER), body: String::new(), comments }
    }
}

pub(crate) fn connect(world: &World, token: Option<&str>) -> Github {
    Github::new(settings(world, token)).unwrap()
}

pub(crate) fn settings(world: &World, token: Option<&str>) -> Settings {
    let patience = Patience {
        // Long enough for a machine that is busy with other tests; silence is tested with less.
        answer: Duration::from_secs(20),
        pause: Duration::from_millis(1),
        longest_wait: Duration::from_secs(1),
        ..Patience::default()
    };
    Settings { api_url: world.api_url(), token: token.map(Secret::new), repository: "octo/db".to_owned(), patience }
}
