//! `duplicate-object`

use crate::{
    model::{Namespace, Severity},
    rules::{Check, DeclarationsContext, Example, Report, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "duplicate-object",
    severity: Severity::Error,
    fixed: true,
    summary: "An opaque object that is declared twice, or that a request describes",
    rationale: "A declaration stands in for an object that no request describes. Two of them for one object, or one beside \
        a request, would leave open which of the two is true. Functions of one name are declared once.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/opaque.yaml",
            "\
opaqueObjects:
  - {kind: enum, name: mood, labels: [sad, happy]}
  - {kind: domain, name: mood, type: TEXT}
owner: platform
reason: Older than the registry
",
        )],
        good: &[(
            "schema-requests/opaque.yaml",
            "\
opaqueObjects:
  - {kind: enum, name: mood, labels: [sad, happy]}
owner: platform
reason: Older than the registry
",
        )],
    },
    checks: &[Check::Declarations(check)],
};

fn check(context: &DeclarationsContext<'_>, report: &mut Report<'_>) {
    let Some(declarations) = context.declarations.filter(|_| context.refusals.is_empty()) else { return };
    for object in &declarations.objects {
        let (kind, name) = (object.kind, &object.name);
        let known = context.merged.objects.get(&(kind.namespace(), name.clone()));
        let first = known.filter(|first| first.path != context.path || first.object.route != object.route);
        let described = context.merged.tables.get(name).filter(|_| kind.namespace() == Namespace::Relation);
        let message = match (described, first) {
            (Some(table), _) => format!("`{}` is declared here, and `{}` describes it", name.short(), table.path),
            (None, Some(first)) => {
                format!(
                    "`{}` is declared twice, first in `{}` as {}",
                    name.short(),
                    first.path,
                    first.object.kind.as_str()
                )
            }
            (None, None) => continue,
        };
        report.at(&object.route.key("name"), message).suggest("Keep one of the two");
    }
}
