//! Settings of a repository that decide what its branches, workflows and secrets are worth.

use super::BranchRules;

/// Classic protection of one branch.
/// Source: <https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchProtection {
    /// What it demands, in the terms of rulesets.
    pub rules: BranchRules,
    /// Whether it binds administrators as well.
    pub binds_administrators: bool,
}

/// What workflows of a repository may run.
/// Source: <https://docs.github.com/en/rest/actions/permissions#get-github-actions-permissions-for-a-repository>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionsPolicy {
    /// Whether workflows run at all.
    pub enabled: bool,
    /// Whose Actions they may use.
    pub allowed: AllowedActions,
    /// Whether every Action must be named by a full commit.
    pub pinned: bool,
}

/// Whose Actions workflows may use.
/// Source: <https://docs.github.com/en/rest/actions/permissions#get-allowed-actions-and-reusable-workflows-for-a-repository>
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedActions {
    /// Anybody's.
    All,
    /// Those of the repository's owner.
    Local,
    /// Those of the repository's owner, and the selected ones.
    Selected {
        /// Those of `actions` and `github`.
        github_owned: bool,
        /// Those of creators that GitHub has verified.
        verified: bool,
        /// `owner/name@reference`, with `*` for anything; one that begins with `!` forbids.
        patterns: Vec<String>,
    },
}

/// From which branches a job may use an environment, and so read its secrets.
/// Source: <https://docs.github.com/en/rest/deployments/environments#get-an-environment>
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentBranches {
    /// From any branch.
    Any,
    /// From every protected branch.
    Protected,
    /// From what matches one of these patterns.
    Named(Vec<EnvironmentBranch>),
}

/// A pattern of branches, or of tags, from which an environment may be used.
/// Source: <https://docs.github.com/en/rest/deployments/branch-policies#list-deployment-branch-policies>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentBranch {
    /// Name, or pattern.
    pub name: String,
    /// Whether it is about tags.
    pub tag: bool,
}

/// Whose secret something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsOf<'a> {
    /// The environment of this name.
    Environment(&'a str),
    /// The repository.
    Repository,
    /// The organisation, which shares it with the repository.
    Organisation,
}
