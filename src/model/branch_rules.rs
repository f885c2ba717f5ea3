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

impl BranchRules {
    /// What both demand together: of a ruleset and a classic protection, the stricter one decides in everything.
    /// Source: <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/about-rulesets#about-rule-layering>
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            no_deletion: self.no_deletion || other.no_deletion,
            no_force_push: self.no_force_push || other.no_force_push,
            pull_request: self.pull_request || other.pull_request,
            statuses: [&self.statuses[..], &other.statuses].concat(),
        }
    }

    /// Whether nobody may delete or rewrite the branch.
    #[must_use]
    pub fn keeps_history(&self) -> bool {
        self.no_deletion && self.no_force_push
    }
}

/// A status that a commit must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredStatus {
    /// Its context.
    pub context: String,
    /// Numeric id of the only app from which it counts; from anybody where there is none.
    pub app: Option<u64>,
}
