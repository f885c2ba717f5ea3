//! Rulesets that would mend what rules can mend.

use serde_json::{Value, json};

use super::{Branch, CONTEXT, Installation};
use crate::model::BranchRules;

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
    let lacks = |branch: &&Branch| {
        let gated = |rules: &BranchRules| rules.statuses.iter().any(|it| it.context.eq_ignore_ascii_case(CONTEXT));
        branch.demands().is_ok_and(|(rules, _)| !(gated(&rules) && rules.keeps_history()))
    };
    let lacking: Vec<String> = found.branches.iter().filter(lacks).map(|branch| branch.name.clone()).collect();
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
    if found.log_branch.demands().is_ok_and(|(rules, _)| !rules.keeps_history()) {
        rulesets.push(ruleset(
            "Schema registry: audit log",
            std::slice::from_ref(&found.policy.audit.branch),
            kept.to_vec(),
        ));
    }
    rulesets
}
