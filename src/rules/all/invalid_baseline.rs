//! `invalid-baseline`

use crate::{
    model::Severity,
    rules::{Check, Example, Report, Rule, TreeContext},
};

pub(super) static RULE: Rule = Rule {
    id: "invalid-baseline",
    severity: Severity::Error,
    fixed: true,
    summary: "A baseline that cannot be read, or that does not say what the requests beside it describe",
    rationale: "A baseline says in which state tables were when the registry took them over; no migration creates them, and \
        rules about new tables pass over them. So it lists only tables that the revision brings, each in exactly the state \
        that its request describes.",
    example: Example {
        base: &[],
        bad: &[(
            "migrations/20260105_090000_baseline.txt",
            "\
schema-registry baseline, format 1
public.tags 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
",
        )],
        good: &[(
            "migrations/20260105_090000_baseline.txt",
            "\
schema-registry baseline, format 1
",
        )],
    },
    checks: &[Check::Tree(check)],
};

fn check(context: &TreeContext<'_>, report: &mut Report<'_>) {
    for problem in context.baselines {
        report.at_file(&problem.path, problem.message.clone()).suggest(problem.suggestion.clone());
    }
}
