//! The migrations that are missing, as a patch: a suggestion block cannot make a file.
//! Source: <https://git-scm.com/docs/diff-format#generate_patch_text_with_p>

use super::{Detail, SummaryFacts, folded};
use crate::report::escape::{fence, visible};

/// A patch that `git apply` takes, where a migration of the change is not there at all.
pub(super) fn section(facts: &SummaryFacts<'_>, detail: Detail) -> Option<String> {
    let outcome = facts.outcome;
    if !detail.patch || !outcome.all_violations().any(|violation| violation.rule == "stale-migration") {
        return None;
    }
    let there = |path: &str| outcome.files.iter().any(|file| file.path == path && file.after.is_some());
    let migrations = outcome.requests.iter().flat_map(|request| &request.migrations);
    let files = migrations.flat_map(|migration| {
        let (name, folder) = (&migration.name, &facts.policy.migrations);
        [
            (format!("{folder}/{}", name.up_file()), &migration.up),
            (format!("{folder}/{}", name.down_file()), &migration.down),
        ]
    });
    let missing: Vec<_> = files.filter(|(path, _)| !there(path)).collect();
    let patch: String = missing.iter().map(|(path, text)| new_file(path, text)).collect();
    // What is spelt out because nobody sees it would be applied as it is spelt.
    (!missing.is_empty() && visible(&patch) == patch && !patch.contains('\r'))
        .then(|| folded("The missing migrations as a patch for <code>git apply</code>", &fence("diff", &patch)))
}

fn new_file(path: &str, text: &str) -> String {
    let lines: String = text.split_inclusive('\n').flat_map(|line| ["+", line]).collect();
    let end = if text.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
    format!(
        "diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{} @@\n{lines}{end}",
        text.lines().count()
    )
}
