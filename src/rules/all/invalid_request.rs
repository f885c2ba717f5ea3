//! `invalid-request`

use crate::{
    model::{Request, RequestMetadata, Severity, Waiver},
    policy::nearest,
    rules::{Check, DeclarationsContext, Example, Report, RequestContext, Rule, SqlContext, configurable, find},
};

pub(super) static RULE: Rule = Rule {
    id: "invalid-request",
    severity: Severity::Error,
    fixed: true,
    summary: "A request file that the reader refuses",
    rationale: "A request is read strictly: an unknown key, a duplicate one, a wrong type or a second document is refused \
        rather than ignored, because what is ignored is not reviewed. Anchors, aliases, tags and invisible \
        characters are refused too: what people see is what is read. `requestedAt` is part of every migration's \
        name; `schema-registry generate` fills it in once.\n\n\
        Waivers name a rule that can be waived and give a reason.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/sessions.yaml",
            "\
tableName: sessions
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: user_agent, type: TEXT, nulable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_sessions_created_at, columns: [created_at]}
requestMetadata: {justification: Keep people signed in, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/sessions.yaml",
            "\
tableName: sessions
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: user_agent, type: TEXT, nullable: false}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_sessions_created_at, columns: [created_at]}
requestMetadata: {justification: Keep people signed in, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[
        Check::Request(refusals),
        Check::Request(requested_at),
        Check::Request(waivers),
        Check::Declarations(refused_declarations),
        Check::Sql(refused_sql),
        Check::Sql(of_sql),
    ],
};

fn refusals(context: &RequestContext<'_>, report: &mut Report<'_>) {
    for refusal in context.refusals {
        report.refusal(refusal);
    }
}

fn refused_declarations(context: &DeclarationsContext<'_>, report: &mut Report<'_>) {
    for refusal in context.refusals {
        report.refusal(refusal);
    }
}

fn refused_sql(context: &SqlContext<'_>, report: &mut Report<'_>) {
    for refusal in context.refusals {
        report.refusal(refusal);
    }
}

fn of_sql(context: &SqlContext<'_>, report: &mut Report<'_>) {
    let Some(request) = context.accepted() else { return };
    if request.metadata.requested_at.is_none() {
        undated(&request.metadata, report);
    }
    judge_waivers(&request.waivers, report);
}

fn undated(metadata: &RequestMetadata, report: &mut Report<'_>) {
    report
        .at(&metadata.route.key("requestedAt"), "Request is missing `requestedAt`")
        .suggest("Run `schema-registry generate`, which fills it in once");
}

fn requested_at(context: &RequestContext<'_>, report: &mut Report<'_>) {
    let is_undated = |request: &&Request| request.metadata.requested_at.is_none() && !context.imported;
    if let Some(request) = context.accepted().filter(is_undated) {
        undated(&request.metadata, report);
    }
}

fn waivers(context: &RequestContext<'_>, report: &mut Report<'_>) {
    let Some(request) = context.accepted() else { return };
    judge_waivers(&request.waivers, report);
}

fn judge_waivers(waivers: &[Waiver], report: &mut Report<'_>) {
    for waiver in waivers {
        let route = waiver.route.key("rule");
        match find(&waiver.rule) {
            None => {
                let suggestion = nearest(&waiver.rule, configurable())
                    .map_or_else(|| "Name a rule of docs/rules.md".to_owned(), |id| format!("Did you mean `{id}`?"));
                report
                    .at(&route, format!("Waiver names rule `{}`, which does not exist", waiver.rule))
                    .suggest(suggestion);
            }
            Some(rule) if rule.fixed => {
                report
                    .at(&route, format!("Violations of `{}` cannot be waived", rule.id))
                    .suggest("Remove the waiver and fix what the rule reports");
            }
            Some(_) => {}
        }
        if waiver.reason.trim().is_empty() {
            report
                .at(&waiver.route.key("reason"), "Waiver has no reason")
                .suggest("Say why the exception is right here: reviewers approve the reason too");
        }
    }
}
