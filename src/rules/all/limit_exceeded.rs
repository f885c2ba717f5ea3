//! `limit-exceeded`

use crate::{
    model::Severity,
    policy::PathKind,
    rules::{Check, Example, Report, Rule, TreeContext},
};

pub(super) static RULE: Rule = Rule {
    id: "limit-exceeded",
    severity: Severity::Error,
    fixed: false,
    summary: "More than the policy lets one pull request, or one author, ask for",
    rationale: "Whoever reviews reads every table. `[limits]` of the policy says how many tables one pull request may change \
        (`tables_per_change`), how many open pull requests with requests one author may have (`open_requests`), and how many \
        one author may open within 24 hours (`requests_per_day`). The oldest ones are fine; those beyond the limit wait until \
        one is merged or closed, or a day has passed, which is looked at once an hour. Nothing is limited unless the policy \
        says so, and taking a database over with `import` never is. The last two are known on GitHub only, so `check` does \
        not report them.",
    example: Example {
        base: &[("schema-registry.toml", "[limits]\ntables_per_change = 1\n")],
        bad: &[
            (
                "schema-requests/rooms.yaml",
                "\
tableName: rooms
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_rooms_created_at, columns: [created_at]}
requestMetadata: {justification: Teams meet in rooms, requestedAt: 2026-01-05T10:00:00Z}
",
            ),
            (
                "schema-requests/teams.yaml",
                "\
tableName: teams
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_teams_created_at, columns: [created_at]}
requestMetadata: {justification: People work in teams, requestedAt: 2026-01-05T09:00:00Z}
",
            ),
        ],
        good: &[(
            "schema-requests/rooms.yaml",
            "\
tableName: rooms
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_rooms_created_at, columns: [created_at]}
requestMetadata: {justification: Teams meet in rooms, requestedAt: 2026-01-05T10:00:00Z}
",
        )],
    },
    checks: &[Check::Tree(check)],
};

fn check(context: &TreeContext<'_>, report: &mut Report<'_>) {
    let Some(path) = context.changing.first() else { return };
    let is_baseline = |path: &String| context.policy.classify(path) == PathKind::Baseline;
    if context.merged_tree.keys().any(|path| (context.judged)(path) && is_baseline(path)) {
        return;
    }
    let (limits, activity) = (&context.policy.limits, context.activity);
    let tables = context.changing.len();
    if let Some(most) = limits.tables_per_change.filter(|most| tables > *most) {
        report
            .at_file(path, format!("{tables} tables change, and the policy allows {most} (`tables_per_change`)"))
            .suggest("Split the change into several pull requests");
    }
    let beyond = |older: &[u64], most: &usize| older.len() >= *most;
    if let Some(most) = limits.open_requests.filter(|most| beyond(&activity.open, most)) {
        let (who, which) = (&activity.login, numbers(&activity.open));
        report
            .at_file(
                path,
                format!(
                    "`{who}` has older open pull requests with requests ({which}), and the policy allows {most} \
                         (`open_requests`)"
                ),
            )
            .suggest("Get one of them merged, or close it");
    }
    if let Some(most) = limits.requests_per_day.filter(|most| beyond(&activity.recent, most)) {
        let (who, which) = (&activity.login, numbers(&activity.recent));
        report
            .at_file(
                path,
                format!(
                    "`{who}` opened other pull requests with requests within 24 hours ({which}), and the policy allows \
                         {most} a day (`requests_per_day`)"
                ),
            )
            .suggest("Wait until the first of them is a day old");
    }
}

/// The numbers, as code so that GitHub makes no references of them.
fn numbers(pull_requests: &[u64]) -> String {
    pull_requests.iter().map(|number| format!("`#{number}`")).collect::<Vec<_>>().join(", ")
}
