//! `invalid-policy`

use crate::{
    model::Severity,
    policy::{POLICY_FILE, Policy},
    rules::{Check, Example, Report, Rule, TreeContext, configurable},
};

pub(super) static RULE: Rule = Rule {
    id: "invalid-policy",
    severity: Severity::Error,
    fixed: true,
    summary: "A policy that cannot be read",
    rationale: "A pull request is judged by the policy of the base, so a mistake in `schema-registry.toml` would show only \
        once it is merged. From then on nothing could be judged any more, the repair included, until an administrator \
        merges that past the gate.",
    example: Example {
        base: &[],
        bad: &[("schema-registry.toml", "[approval]\nrequierd = 2\n")],
        good: &[("schema-registry.toml", "[approval]\nrequired = 2\n")],
    },
    checks: &[Check::Tree(check)],
};

fn check(context: &TreeContext<'_>, report: &mut Report<'_>) {
    let Some(file) = context.merged_tree.get(POLICY_FILE).filter(|_| (context.judged)(POLICY_FILE)) else { return };
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        report.at_file(POLICY_FILE, "The policy is not UTF-8").suggest("Save it as UTF-8");
        return;
    };
    if let Err(error) = Policy::parse(text, &configurable()) {
        report.in_file(POLICY_FILE, text, error.span.unwrap_or_default(), error.message);
    }
}
