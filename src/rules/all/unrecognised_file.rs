//! `unrecognised-file`

use crate::{
    model::{FileMode, Severity},
    policy::PathKind,
    rules::{Check, Example, Report, Rule, TreeContext},
};

pub(super) static RULE: Rule = Rule {
    id: "unrecognised-file",
    severity: Severity::Error,
    fixed: true,
    summary: "An entry of the two governed folders that is neither request nor migration",
    rationale: "Everything under the folders of requests and migrations is judged, so everything there must be something: a \
        request (`*.yaml`), a file of a migration, a README or a dotfile. A request called `users.yml` would \
        otherwise be merged and never read. Only regular files are read: symbolic links, submodules and executable \
        files are refused, and so is anything in the place of one of the folders.",
    example: Example {
        base: &[],
        bad: &[(
            "schema-requests/users.yml",
            "\
tableName: users
",
        )],
        good: &[(
            "schema-requests/README.md",
            "\
Requests of the billing team.
",
        )],
    },
    checks: &[Check::Tree(check)],
};

fn check(context: &TreeContext<'_>, report: &mut Report<'_>) {
    let judged = context.merged_tree.iter().filter(|(path, _)| (context.judged)(path));
    for (path, file) in judged {
        let kind = context.policy.classify(path);
        // The reader refuses requests that are not regular files.
        if matches!(kind, PathKind::Migration | PathKind::Baseline) && file.mode != FileMode::Regular {
            report
                .at_file(path, format!("A migration must be a regular file of mode 100644, not {}", file.mode.as_str()))
                .suggest("Replace it by the file that `schema-registry generate` writes");
        }
        if kind == PathKind::Prelude && file.mode != FileMode::Regular {
            report
                .at_file(path, format!("The prelude must be a regular file of mode 100644, not {}", file.mode.as_str()))
                .suggest("Commit a regular file in its place");
        }
        if context.policy.must_be_folder(path) {
            report
                .at_file(path, format!("There must be a folder here, not an entry of mode {}", file.mode.as_str()))
                .suggest("Remove it, and let the folder hold its files itself");
        } else if kind == PathKind::Unrecognised {
            report.at_file(path, "The file is neither a request nor a migration").suggest(suggestion(context, path));
        }
    }
}

fn suggestion(context: &TreeContext<'_>, path: &str) -> String {
    let requests = format!("{}/", context.policy.requests);
    let extension = path.rsplit('.').next().unwrap_or_default();
    if !path.starts_with(&requests) {
        return "Let `schema-registry generate` write migrations; move other files out of the folder".to_owned();
    }
    if ["yml", "yaml", "json"].iter().any(|like| extension.eq_ignore_ascii_case(like)) {
        return "Rename it to `<table>.yaml`".to_owned();
    }
    "Move it out of the folder, or rename it to `<table>.yaml` if it is a request".to_owned()
}
