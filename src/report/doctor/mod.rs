//! What of the set-up holds, what only advises, and what is broken.

mod branches;
mod rulesets;
mod settings;
mod workflows;

use serde::Serialize;

use super::{
    terminal::printable,
    workflow::{RECORD_PATH, VALIDATE_PATH},
};
use crate::{
    model::{ActionsPolicy, BranchProtection, BranchRules, EnvironmentBranches, RepositoryFacts},
    policy::{POLICY_FILE, Policy},
};

pub use rulesets::rulesets;

/// Context of the status that gates.
const CONTEXT: &str = "schema-registry";

/// Name of the secret that signs the audit log.
const SIGNING_KEY: &str = "SCHEMA_REGISTRY_SIGNING_KEY";

/// Name of the secret that makes tokens of a GitHub App of one's own.
const APP_KEY: &str = "SCHEMA_REGISTRY_APP_PRIVATE_KEY";

/// How much something can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Holds against everybody who may not change the settings of the repository.
    Safe,
    /// Holds as long as those who may write wish it so.
    Advisory,
    /// Does not hold.
    Broken,
    /// Could not be looked at.
    Unknown,
}

impl Verdict {
    /// The word that is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Advisory => "advisory",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it can be relied on.
    pub verdict: Verdict,
    /// What it is, and where it is not safe, why, and what to do.
    pub what: String,
}

/// What something is; or, where that could not be read, what it would take: a phrase that ends a sentence.
pub type Told<T> = Result<T, String>;

/// What there is to look at.
#[derive(Debug, Clone)]
pub struct Installation<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The workflow files that `init` writes, by path, as far as they are there.
    pub workflows: Vec<(&'static str, Option<String>)>,
    /// The other workflow files, by path.
    pub other_workflows: Vec<(String, String)>,
    /// Whether the branch of the audit log exists; `None` where that cannot be told.
    pub log: Option<bool>,
    /// The branches whose pull requests are gated, the default branch first.
    pub branches: Vec<Branch>,
    /// The branch of the audit log.
    pub log_branch: Branch,
    /// The settings of the repository.
    pub settings: Settings,
}

/// What is demanded of a branch.
#[derive(Debug, Clone)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// By rulesets.
    pub rules: Told<BranchRules>,
    /// By classic protection.
    pub protection: Told<Option<BranchProtection>>,
}

/// Settings of the repository, and of the environment that keeps the secrets.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The repository.
    pub repository: Told<RepositoryFacts>,
    /// What workflows may run.
    pub actions: Told<ActionsPolicy>,
    /// Whether a workflow that says nothing of permissions gets a token that writes.
    pub token_writes: Told<bool>,
    /// From where the environment may be used; `None` where there is no such environment.
    pub environment: Told<Option<EnvironmentBranches>>,
    /// Names of the secrets of the environment.
    pub environment_secrets: Told<Vec<String>>,
    /// Names of the secrets that every workflow can read: of the repository, and of the organisation.
    pub open_secrets: [Told<Vec<String>>; 2],
}

impl Branch {
    /// A branch of which nothing could be read, and why.
    #[must_use]
    pub fn unread(name: String, why: &str) -> Self {
        Self { name, rules: Err(why.to_owned()), protection: Err(why.to_owned()) }
    }

    /// What rulesets and classic protection demand together, and why the latter could not be read.
    fn demands(&self) -> Result<(BranchRules, Option<&str>), &str> {
        let rules = self.rules.as_ref().map_err(String::as_str)?;
        Ok(match &self.protection {
            Ok(Some(protection)) => (rules.and(&protection.rules), None),
            Ok(None) => (rules.clone(), None),
            Err(why) => (rules.clone(), Some(why)),
        })
    }
}

impl Settings {
    /// Settings of which nothing could be read, and why.
    #[must_use]
    pub fn unread(why: &str) -> Self {
        let nothing = || Err(why.to_owned());
        Self {
            repository: Err(why.to_owned()),
            actions: Err(why.to_owned()),
            token_writes: Err(why.to_owned()),
            environment: Err(why.to_owned()),
            environment_secrets: nothing(),
            open_secrets: [nothing(), nothing()],
        }
    }
}

/// Looks at everything, in a fixed order.
#[must_use]
pub fn examine(found: &Installation) -> Vec<Finding> {
    let mut findings = workflows::of_files(found);
    findings.extend(workflows::blocked_event(found));
    findings.extend(settings::of_actions(found));
    findings.extend(found.branches.iter().flat_map(branches::of_gated));
    findings.push(label(found.policy));
    findings.extend(log(found));
    findings.extend(workflows::who_signs(found));
    findings.extend(settings::of_secrets(found));
    findings
}

fn finding(verdict: Verdict, what: impl Into<String>) -> Finding {
    Finding { verdict, what: what.into() }
}

fn label(policy: &Policy) -> Finding {
    let approval = &policy.approval;
    let low: Vec<&str> =
        ["read", "triage"].into_iter().filter(|role| approval.permission.iter().any(|name| name == role)).collect();
    let label = printable(&approval.label);
    if low.is_empty() {
        let roles = approval.permission.join(" or ");
        let what = format!("whoever triages can set the label `{label}`; it counts from the role {roles}");
        return finding(Verdict::Safe, what);
    }
    let what = format!("the label `{label}` counts from the role {}, which may not even write", low.join(" and "));
    finding(Verdict::Advisory, what)
}

fn log(found: &Installation) -> Vec<Finding> {
    let audit = &found.policy.audit;
    let branch = printable(&audit.branch);
    let exists = match found.log {
        Some(true) => None,
        Some(false) => {
            Some(finding(Verdict::Broken, format!("no audit log on {branch}: run `schema-registry audit init`")))
        }
        None => Some(finding(Verdict::Unknown, format!("whether {branch} exists could not be asked"))),
    };
    let signed = if audit.keys.is_empty() {
        let what = "the audit log is not signed: whoever can push to its branch can replace all of it; `audit keygen`";
        finding(Verdict::Advisory, what)
    } else {
        finding(Verdict::Safe, "the audit log must be signed with a key that the policy names")
    };
    let pinned = if audit.origin.is_some() && audit.first_entry.is_some() {
        finding(Verdict::Safe, "the policy pins origin and first entry of the audit log")
    } else {
        let what =
            "does not pin the audit log: set `origin` and `first_entry` under `[audit]` to what `audit verify` says";
        finding(Verdict::Advisory, format!("{POLICY_FILE} {what}"))
    };
    let protected = branches::of_log(&found.log_branch);
    exists.into_iter().chain(protected).chain([signed, pinned]).collect()
}

/// Paths of the workflows that `init` writes.
#[must_use]
pub fn workflow_paths() -> [&'static str; 2] {
    [VALIDATE_PATH, RECORD_PATH]
}
