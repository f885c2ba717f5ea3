//! Settings of the repository, most of which only administrators may read.

use serde::Deserialize;

use super::{
    Error, Github,
    request::{Request, segment},
};
use crate::model::{
    ActionsPolicy, AllowedActions, BranchProtection, BranchRules, EnvironmentBranch, EnvironmentBranches,
    RequiredStatus, SecretsOf,
};

/// What GitHub answers, with 404, whoever may know that there is no protection. The same code without these words says
/// that the token may not know.
const UNPROTECTED: [&str; 2] = ["Branch not protected", "Branch not found"];

/// The settings of a repository: what a token of `GITHUB_TOKEN`'s kind can never have.
const ADMINISTRATION: &str = "administration: read";

#[derive(Deserialize)]
struct Protection {
    required_status_checks: Option<StatusChecks>,
    required_pull_request_reviews: Option<serde::de::IgnoredAny>,
    enforce_admins: Option<Switch>,
    allow_force_pushes: Option<Switch>,
    allow_deletions: Option<Switch>,
}

#[derive(Deserialize)]
struct Switch {
    enabled: bool,
}

#[derive(Deserialize)]
struct StatusChecks {
    contexts: Vec<String>,
    /// The same, with the apps; older servers do not have it.
    #[serde(default)]
    checks: Vec<StatusCheck>,
}

#[derive(Deserialize)]
struct StatusCheck {
    context: String,
    app_id: Option<i64>,
}

#[derive(Deserialize)]
struct Actions {
    enabled: bool,
    #[serde(rename = "allowed_actions")]
    allowed: Option<Allowed>,
    #[serde(default)]
    sha_pinning_required: bool,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Allowed {
    All,
    LocalOnly,
    Selected,
}

#[derive(Deserialize)]
struct Selected {
    #[serde(default, rename = "github_owned_allowed")]
    github_owned: bool,
    #[serde(default, rename = "verified_allowed")]
    verified: bool,
    #[serde(default, rename = "patterns_allowed")]
    patterns: Vec<String>,
}

#[derive(Deserialize)]
struct Workflow {
    default_workflow_permissions: Permissions,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Permissions {
    Read,
    Write,
}

#[derive(Deserialize)]
struct Environment {
    deployment_branch_policy: Option<Branches>,
}

#[derive(Deserialize)]
struct Branches {
    custom_branch_policies: bool,
}

#[derive(Deserialize)]
struct BranchPolicies {
    branch_policies: Vec<BranchPolicy>,
}

#[derive(Deserialize)]
struct BranchPolicy {
    name: String,
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Secrets {
    secrets: Vec<Secret>,
}

#[derive(Deserialize)]
struct Secret {
    name: String,
}

impl StatusChecks {
    fn statuses(self) -> Vec<RequiredStatus> {
        if self.checks.is_empty() {
            return self.contexts.into_iter().map(|context| RequiredStatus { context, app: None }).collect();
        }
        // Of a check that any app may post, GitHub says that its app is none, or -1.
        let app = |check: &StatusCheck| check.app_id.and_then(|app| u64::try_from(app).ok());
        self.checks.into_iter().map(|check| RequiredStatus { app: app(&check), context: check.context }).collect()
    }
}

impl Github {
    /// Classic protection of a branch; `None` where there is none. Rulesets are not among it.
    /// Source: <https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection>
    pub async fn branch_protection(&self, branch: &str) -> Result<Option<BranchProtection>, Error> {
        let route = self.route(&format!("/branches/{}/protection", segment(branch)));
        let found: Protection = match self.send(Request::get(route, ADMINISTRATION)).await {
            Ok(answer) => answer.json()?,
            Err(Error::NotFound(failure)) if UNPROTECTED.contains(&failure.message.as_str()) => return Ok(None),
            Err(error) => return Err(error),
        };
        let forbids = |allowed: Option<Switch>| allowed.is_some_and(|allowed| !allowed.enabled);
        let statuses = found.required_status_checks.map(StatusChecks::statuses).unwrap_or_default();
        Ok(Some(BranchProtection {
            rules: BranchRules {
                no_deletion: forbids(found.allow_deletions),
                no_force_push: forbids(found.allow_force_pushes),
                pull_request: found.required_pull_request_reviews.is_some(),
                statuses,
            },
            binds_administrators: found.enforce_admins.is_some_and(|enforced| enforced.enabled),
        }))
    }

    /// What workflows may run.
    /// Source: <https://docs.github.com/en/rest/actions/permissions#get-github-actions-permissions-for-a-repository>
    pub async fn actions_policy(&self) -> Result<ActionsPolicy, Error> {
        let route = self.route("/actions/permissions");
        let found: Actions = self.send(Request::get(route, ADMINISTRATION)).await?.json()?;
        let allowed = match found.allowed {
            Some(Allowed::LocalOnly) => AllowedActions::Local,
            Some(Allowed::Selected) => {
                let route = self.route("/actions/permissions/selected-actions");
                let selected: Selected = self.send(Request::get(route, ADMINISTRATION)).await?.json()?;
                AllowedActions::Selected {
                    github_owned: selected.github_owned,
                    verified: selected.verified,
                    patterns: selected.patterns,
                }
            }
            Some(Allowed::All) | None => AllowedActions::All,
        };
        Ok(ActionsPolicy { enabled: found.enabled, allowed, pinned: found.sha_pinning_required })
    }

    /// Whether a workflow that says nothing of permissions gets a token that writes.
    /// Source: <https://docs.github.com/en/rest/actions/permissions#get-default-workflow-permissions-for-a-repository>
    pub async fn workflow_token_writes(&self) -> Result<bool, Error> {
        let route = self.route("/actions/permissions/workflow");
        let found: Workflow = self.send(Request::get(route, ADMINISTRATION)).await?.json()?;
        Ok(found.default_workflow_permissions == Permissions::Write)
    }

    /// From which branches jobs may use an environment; `None` where there is no such environment.
    /// Source: <https://docs.github.com/en/rest/deployments/environments#get-an-environment>
    pub async fn environment_branches(&self, name: &str) -> Result<Option<EnvironmentBranches>, Error> {
        const READ: &str = "actions: read";
        let route = self.route(&format!("/environments/{}", segment(name)));
        let found: Environment = match self.send(Request::get(route.clone(), READ)).await {
            Ok(answer) => answer.json()?,
            // Whoever sees the repository may see its environments.
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        match found.deployment_branch_policy {
            None => Ok(Some(EnvironmentBranches::Any)),
            Some(Branches { custom_branch_policies: false }) => Ok(Some(EnvironmentBranches::Protected)),
            Some(_) => {
                let mut named = Vec::new();
                let route = format!("{route}/deployment-branch-policies");
                self.pages(&route, READ, |page: BranchPolicies| {
                    named.extend(page.branch_policies.into_iter().map(|policy| EnvironmentBranch {
                        tag: policy.kind.as_deref() == Some("tag"),
                        name: policy.name,
                    }));
                    None::<()>
                })
                .await?;
                Ok(Some(EnvironmentBranches::Named(named)))
            }
        }
    }

    /// Names of the secrets that workflows can read, of one kind.
    /// Sources: <https://docs.github.com/en/rest/actions/secrets#list-environment-secrets>,
    /// <https://docs.github.com/en/rest/actions/secrets#list-repository-secrets>,
    /// <https://docs.github.com/en/rest/actions/secrets#list-repository-organization-secrets>
    pub async fn secret_names(&self, of: SecretsOf<'_>) -> Result<Vec<String>, Error> {
        let (route, permission) = match of {
            SecretsOf::Environment(name) => (format!("/environments/{}/secrets", segment(name)), "environments: read"),
            SecretsOf::Repository => ("/actions/secrets".to_owned(), "secrets: read"),
            SecretsOf::Organisation => ("/actions/organization-secrets".to_owned(), "secrets: read"),
        };
        let mut names = Vec::new();
        self.pages(&self.route(&route), permission, |page: Secrets| {
            names.extend(page.secrets.into_iter().map(|secret| secret.name));
            None::<()>
        })
        .await?;
        Ok(names)
    }
}
