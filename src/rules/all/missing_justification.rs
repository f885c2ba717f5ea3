//! `missing-justification`

use crate::{
    model::{RequestMetadata, Severity},
    rules::{Check, Example, Report, RequestContext, Rule, SqlContext},
};

pub(super) static RULE: Rule = Rule {
    id: "missing-justification",
    severity: Severity::Error,
    fixed: false,
    summary: "A request that does not say why",
    rationale: "The justification is what reviewers judge the change by, and what the audit log keeps of it when everybody \
        has forgotten. A blank or a placeholder such as `TODO` is none.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/reactions.yaml",
            "\
tableName: reactions
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_reactions_created_at, columns: [created_at]}
requestMetadata: {justification: TODO, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
        good: &[(
            "schema-requests/reactions.yaml",
            "\
tableName: reactions
schemaJson:
  columns:
    - {name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}
    - {name: created_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
    - {name: updated_at, type: TIMESTAMPTZ, nullable: false, defaultValue: CURRENT_TIMESTAMP}
  indexes:
    - {name: idx_reactions_created_at, columns: [created_at]}
requestMetadata: {justification: Let people answer without words, requestedAt: 2026-01-05T09:00:00Z}
",
        )],
    },
    checks: &[Check::Request(check), Check::Sql(of_sql)],
};

fn check(context: &RequestContext<'_>, report: &mut Report<'_>) {
    let Some(request) = context.accepted().filter(|_| !context.imported) else { return };
    let suggestion = "Say in `requestMetadata.justification` what the table is needed for";
    judge(&request.metadata, suggestion, report);
}

fn of_sql(context: &SqlContext<'_>, report: &mut Report<'_>) {
    let Some(request) = context.accepted() else { return };
    judge(&request.metadata, "Say in `requestMetadata.justification` what the SQL is needed for", report);
}

fn judge(metadata: &RequestMetadata, suggestion: &str, report: &mut Report<'_>) {
    let message = match &metadata.justification {
        None => "Request is missing a justification".to_owned(),
        Some(field) if is_placeholder(&field.value) => {
            format!("Request is missing a justification: `{}` is a placeholder", field.value.trim())
        }
        Some(_) => return,
    };
    report.at(&metadata.route.key("justification"), message).suggest(suggestion);
}

const PLACEHOLDERS: [&str; 12] =
    ["todo", "tbd", "tba", "fixme", "wip", "xxx", "na", "none", "null", "test", "placeholder", "justification"];

fn is_placeholder(text: &str) -> bool {
    let word: String = text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    word.is_empty() || PLACEHOLDERS.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_say_nothing_are_placeholders() {
        for text in ["", " ", "-", "...", "TODO", "n/a", "N.A.", "tbd!", "<justification>"] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["Test results of the nightly run", "GDPR", "テスト", "See #674"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
