//! What of the set-up holds, what only advises, and what is broken.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    terminal::printable,
    workflow::{self, RECORD_PATH, Setup, VALIDATE_PATH},
};
use crate::{
    model::BranchRules,
    policy::{POLICY_FILE, Policy},
};

/// Context of the status that gates.
const CONTEXT: &str = "schema-registry";

/// GitHub Actions, as an app: what any workflow of the repository is.
/// Source: <https://api.github.com/apps/github-actions>
const GITHUB_ACTIONS: u64 = 15_368;

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

/// What there is to look at.
#[derive(Debug, Clone)]
pub struct Installation<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Bytes of the workflow files that are there, by path.
    pub workflows: Vec<(&'static str, Option<String>)>,
    /// Whether the branch of the audit log exists; `None` where that cannot be told.
    pub log: Option<bool>,
    /// Rules of the branches whose pull requests are gated, the default branch first; what could not be read is `None`.
    pub branches: Vec<(String, Option<BranchRules>)>,
    /// Rules of the branch of the audit log.
    pub log_rules: Option<BranchRules>,
}

/// Looks at everything, in a fixed order.
#[must_use]
pub fn examine(found: &Installation) -> Vec<Finding> {
    let mut findings = workflows(found);
    for (branch, rules) in &found.branches {
        findings.extend(of_branch(&printable(branch), rules.as_ref()));
    }
    findings.push(label(found.policy));
    findings.extend(log(found));
    findings
}

fn finding(verdict: Verdict, what: impl Into<String>) -> Finding {
    Finding { verdict, what: what.into() }
}

fn workflows(found: &Installation) -> Vec<Finding> {
    let branches: Vec<String> = found.branches.iter().map(|(branch, _)| branch.clone()).collect();
    let about = |(path, text): &(&'static str, Option<String>)| {
        let Some(text) = text else {
            return finding(Verdict::Broken, format!("{path} is missing: `schema-registry init` writes it"));
        };
        let Some(action) = action_of(text) else {
            return finding(Verdict::Broken, format!("{path} does not use the Action"));
        };
        if !is_pinned(action) {
            let action = printable(action);
            return finding(Verdict::Advisory, format!("{path} uses {action}, which can be moved: name a full commit"));
        }
        if as_written(path, text, action, &branches) {
            return finding(Verdict::Safe, format!("{path} is what `init` writes, with the Action at a fixed commit"));
        }
        let what = "was changed by hand: compare its triggers and permissions with what `init` writes";
        finding(Verdict::Advisory, format!("{path} {what}"))
    };
    found.workflows.iter().map(about).collect()
}

/// What the step that runs the Action names.
fn action_of(text: &str) -> Option<&str> {
    let uses = text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses:"));
    uses.map(|name| name.split('#').next().unwrap_or_default().trim()).find(|name| !name.starts_with("actions/"))
}

fn is_pinned(action: &str) -> bool {
    let commit = action.rsplit_once('@').map_or("", |(_, commit)| commit);
    commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `init` writes exactly this in one of its variants.
fn as_written(path: &str, text: &str, action: &str, branches: &[String]) -> bool {
    let variants = [false, true].into_iter().flat_map(|private| [(private, false), (private, true)]);
    variants.into_iter().any(|(private, app)| {
        let setup = Setup { action, private, app, branches };
        let written = if path == VALIDATE_PATH { workflow::validate(&setup) } else { workflow::record(&setup) };
        written == text
    })
}

fn of_branch(branch: &str, rules: Option<&BranchRules>) -> Vec<Finding> {
    let Some(rules) = rules else {
        return vec![finding(Verdict::Unknown, format!("{branch}: its rules could not be read"))];
    };
    let required = rules.statuses.iter().filter(|status| status.context.eq_ignore_ascii_case(CONTEXT));
    // The strictest one decides: all of them must be met.
    let gate = match required.map(|status| status.app).max() {
        None => finding(Verdict::Broken, format!("{branch}: nothing asks for the status `{CONTEXT}` before a merge")),
        Some(None) => {
            let what = "counts from anybody: whoever may write can post it; require it from a GitHub App of your own";
            finding(Verdict::Advisory, format!("{branch}: the status `{CONTEXT}` {what}"))
        }
        Some(Some(GITHUB_ACTIONS)) => {
            let what = "counts from GitHub Actions, and so from any workflow: require it from a GitHub App of your own";
            finding(Verdict::Advisory, format!("{branch}: the status `{CONTEXT}` {what}"))
        }
        Some(Some(app)) => {
            finding(Verdict::Safe, format!("{branch}: the status `{CONTEXT}` is required, and from app {app} only"))
        }
    };
    let direct = if rules.pull_request || rules.statuses.iter().any(|status| status.context == CONTEXT) {
        finding(Verdict::Safe, format!("{branch}: nothing arrives without a pull request or the status"))
    } else {
        finding(Verdict::Advisory, format!("{branch}: direct pushes are recorded, not refused"))
    };
    let history = if rules.no_force_push && rules.no_deletion {
        finding(Verdict::Safe, format!("{branch}: its history cannot be rewritten"))
    } else {
        finding(Verdict::Advisory, format!("{branch}: rewritten history is recorded, not refused"))
    };
    vec![gate, direct, history]
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
    let protected = match &found.log_rules {
        None => finding(Verdict::Unknown, format!("{branch}: its rules could not be read")),
        Some(rules) if rules.no_deletion && rules.no_force_push => {
            finding(Verdict::Safe, format!("{branch}: nobody can delete it or rewrite it"))
        }
        Some(_) => {
            finding(Verdict::Broken, format!("{branch}: whoever may write can delete it or rewrite it; protect it"))
        }
    };
    exists.into_iter().chain([protected, signed, pinned]).collect()
}

/// The rulesets that mend what rules can mend: bodies for `POST /repos/{owner}/{repo}/rulesets`. A status that only one
/// app may post needs that app's id, which is for people to fill in.
/// Source: <https://docs.github.com/en/rest/repos/rules#create-a-repository-ruleset>
#[must_use]
pub fn rulesets(found: &Installation) -> Vec<Value> {
    let kept = [json!({"type": "deletion"}), json!({"type": "non_fast_forward"})];
    let ruleset = |name: &str, branches: &[String], rules: Vec<Value>| {
        let include: Vec<String> = branches.iter().map(|branch| format!("refs/heads/{branch}")).collect();
        json!({
            "name": name,
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": include, "exclude": []}},
            "rules": rules,
        })
    };
    let mut rulesets = Vec::new();
    let lacks = |rules: &BranchRules| {
        let gated = rules.statuses.iter().any(|status| status.context.eq_ignore_ascii_case(CONTEXT));
        !(gated && rules.no_deletion && rules.no_force_push)
    };
    let lacking = found.branches.iter().filter(|(_, rules)| rules.as_ref().is_some_and(lacks));
    let lacking: Vec<String> = lacking.map(|(branch, _)| branch.clone()).collect();
    if !lacking.is_empty() {
        let gate = json!({
            "type": "required_status_checks",
            "parameters": {
                "strict_required_status_checks_policy": false,
                "required_status_checks": [{"context": CONTEXT}],
            },
        });
        rulesets.push(ruleset("Schema registry: gate", &lacking, [&kept[..], &[gate]].concat()));
    }
    if found.log_rules.as_ref().is_some_and(|rules| !(rules.no_deletion && rules.no_force_push)) {
        rulesets.push(ruleset(
            "Schema registry: audit log",
            std::slice::from_ref(&found.policy.audit.branch),
            kept.to_vec(),
        ));
    }
    rulesets
}

/// Paths of the workflows that are looked at.
#[must_use]
pub fn workflow_paths() -> [&'static str; 2] {
    [VALIDATE_PATH, RECORD_PATH]
}
