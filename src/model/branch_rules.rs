//! What a repository's rulesets demand of a branch.

/// The rules in force on one branch, of all rulesets together.
/// Source: <https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// Nobody may delete it.
    pub no_deletion: bool,
    /// Nobody may force-push to it.
    pub no_force_push: bool,
    /// Changes arrive by pull request only.
    pub pull_request: bool,
    /// Statuses that a commit must have before it may arrive.
    pub statuses: Vec<RequiredStatus>,
}

/// A status that a commit must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredStatus {
    /// Its context.
    pub context: String,
    /// Numeric id of the only app from which it counts; from anybody where there is none.
    pub app: Option<u64>,
}
