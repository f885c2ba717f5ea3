//! `edited-migration`

use crate::{
    model::Severity,
    policy::PathKind,
    rules::{Check, Example, Report, Rule, TreeContext},
};

pub(super) static RULE: Rule = Rule {
    id: "edited-migration",
    severity: Severity::Error,
    fixed: true,
    summary: "A merged migration or baseline that was changed or deleted",
    rationale: "A migration that is merged is immutable: databases have run it, and its bytes are in the audit log. Changing it \
        changes no database that has run it, and makes every new one different. What should be otherwise is another change of \
        the request, with a migration of its own.",
    example: Example {
        base: &[("migrations/20260105_090000_create_teams.up.sql", "SELECT 1;\n")],
        bad: &[("migrations/20260105_090000_create_teams.up.sql", "SELECT 2;\n")],
        good: &[("migrations/20260105_090000_create_teams.up.sql", "SELECT 1;\n")],
    },
    checks: &[Check::Tree(check)],
};

fn check(context: &TreeContext<'_>, report: &mut Report<'_>) {
    let immutable = |path: &str| matches!(context.policy.classify(path), PathKind::Migration | PathKind::Baseline);
    let merged = context.base_tree.iter().filter(|(path, _)| immutable(path));
    for (path, file) in merged.filter(|(path, _)| (context.judged)(path)) {
        let done = match context.merged_tree.get(path) {
            None => "deleted",
            Some(now) if now != file => "changed",
            Some(_) => continue,
        };
        report.at_file(path, format!("A merged migration was {done}")).suggest(
            "Restore the file as it is on the base branch, and put what should change into the request of the table",
        );
    }
}
