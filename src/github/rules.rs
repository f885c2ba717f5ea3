//! Rules of branches.

use serde::Deserialize;

use super::{Error, Github, request::segment};
use crate::model::{BranchRules, RequiredStatus};

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Rule {
    Deletion,
    NonFastForward,
    PullRequest,
    RequiredStatusChecks {
        parameters: StatusChecks,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct StatusChecks {
    required_status_checks: Vec<StatusCheck>,
}

#[derive(Deserialize)]
struct StatusCheck {
    context: String,
    integration_id: Option<u64>,
}

impl Github {
    /// What the active rulesets, also those of the organisation, demand of a branch, which need not exist. Classic branch
    /// protection is not among it.
    /// Source: <https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch>
    pub async fn branch_rules(&self, branch: &str) -> Result<BranchRules, Error> {
        let route = self.route(&format!("/rules/branches/{}", segment(branch)));
        let mut found = BranchRules::default();
        for rule in self.list::<Rule>(&route, "metadata: read").await? {
            match rule {
                Rule::Deletion => found.no_deletion = true,
                Rule::NonFastForward => found.no_force_push = true,
                Rule::PullRequest => found.pull_request = true,
                Rule::RequiredStatusChecks { parameters } => {
                    let required = parameters.required_status_checks.into_iter();
                    found.statuses.extend(
                        required.map(|check| RequiredStatus { context: check.context, app: check.integration_id }),
                    );
                }
                Rule::Other => {}
            }
        }
        Ok(found)
    }
}
