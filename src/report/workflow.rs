//! The workflows that run the Action, fit to a repository.
//!
//! Whatever posts or records runs code of the default branch only, and checks nothing out. On private repositories
//! `pull_request_target` starts it. Public ones block that trigger unless an Actions policy allows it, so there it
//! starts after a run of `pull_request`, which may only read.
//! Source: <https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target>

use std::fmt::Write as _;

/// Path of the workflow that may only read.
pub const VALIDATE_PATH: &str = ".github/workflows/schema-registry-validate.yml";

/// Path of the workflow that comments, records and posts the status.
pub const RECORD_PATH: &str = ".github/workflows/schema-registry.yml";

/// Name of the environment of secrets.
pub const ENVIRONMENT: &str = "schema-registry";

/// What the workflows depend on.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// `owner/name@commit` of the Action.
    pub action: &'a str,
    /// Whether the repository is private or internal.
    pub private: bool,
    /// Whether a GitHub App of one's own writes, instead of the job's token.
    pub app: bool,
    /// Names of the branches whose pull requests are gated, the default branch first.
    pub branches: &'a [String],
}

const TYPES: &str = "    types: [opened, reopened, synchronize, edited, ready_for_review, converted_to_draft, labeled, unlabeled, closed]\n";

/// Mints a token of the App for this repository, with no more permissions than the job needs.
const APP_TOKEN: &str =
    "      - uses: actions/create-github-app-token@bcd2ba49218906704ab6c1aa796996da409d3eb1 # v3.2.0
        id: app
        with:
          client-id: ${{ vars.SCHEMA_REGISTRY_APP_CLIENT_ID }}
          private-key: ${{ secrets.SCHEMA_REGISTRY_APP_PRIVATE_KEY }}
          permission-contents: write # append to the audit log's branch
          permission-pull-requests: write # review comments, the summary, labels
          permission-statuses: write # the gate
";

const JOB_TOKEN: &str = "    permissions:
      contents: write # append to the audit log's branch
      pull-requests: write # review comments, the summary, labels
      statuses: write # the gate
";

/// The workflow that validates pull requests, also those from forks, and merge queues. On a private repository the
/// other one does that for pull requests.
#[must_use]
pub fn validate(setup: &Setup<'_>) -> String {
    let (on, group) = if setup.private {
        ("  merge_group:\n".to_owned(), "github.ref")
    } else {
        (format!("  pull_request:\n{TYPES}  merge_group:\n"), "github.event.pull_request.number || github.ref")
    };
    format!(
        "\
name: Schema registry validate

on:
{on}
permissions: {{}}

concurrency:
  group: schema-registry-validate-${{{{ {group} }}}}
  cancel-in-progress: true

jobs:
  # Annotations, step summary and exit code. Whoever opens a pull request may change what runs here, so it may read,
  # nothing else.
  validate:
    name: Validate
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read # the files of both sides
      pull-requests: read # which sides
    steps:
      - uses: {action}
",
        action = setup.action
    )
}

/// The workflow that comments, records and posts the status.
#[must_use]
pub fn record(setup: &Setup<'_>) -> String {
    let mut text = "name: Schema registry\n\non:\n".to_owned();
    let ignore = "zizmor: ignore[dangerous-triggers]";
    let why = "  # Code of the default branch; files of the pull request are read as data from git objects, never checked \
               out,\n  # never executed.\n";
    if setup.private {
        let _ = write!(text, "{why}  pull_request_target: # {ignore}\n{TYPES}  # For merge queues.\n");
        text.push_str("  workflow_run:\n");
    } else {
        let _ = writeln!(text, "{why}  workflow_run: # {ignore}");
    }
    let branches: Vec<String> = setup.branches.iter().map(|branch| quoted(branch)).collect();
    let group = if setup.private { "github.event.pull_request.number || " } else { "" };
    let _ = write!(
        text,
        "    workflows: [Schema registry validate]
    types: [completed]
  issue_comment:
    types: [created, edited, deleted]
  push:
    branches: [{branches}]
  # What got lost, and what time alone changes.
  schedule:
    - cron: \"17 * * * *\"
  workflow_dispatch:

permissions: {{}}

# Every run reads the live state, so a waiting one may give way to a later one; a running one finishes.
concurrency:
  group: >-
    schema-registry-${{{{ {group}github.event.issue.number || github.event.workflow_run &&
    format('{{0}}/{{1}}', github.event.workflow_run.head_repository.id, github.event.workflow_run.head_branch) ||
    github.ref }}}}
  cancel-in-progress: false

jobs:
  # Comments, labels and status of pull requests; what has landed goes into the audit log.
  record:
    name: Record
    # Of comments, those that approve, or did.
    if: >-
      github.event_name != 'issue_comment' || github.event.issue.pull_request &&
      contains(format('{{0}} {{1}}', github.event.comment.body, github.event.changes.body.from), '/approve')
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    # Keeps the secrets; let nothing but the default branch use it.
    environment:
      name: {ENVIRONMENT}
      deployment: false
",
        branches = branches.join(", ")
    );
    text.push_str(if setup.app { "    permissions: {}\n" } else { JOB_TOKEN });
    text.push_str("    steps:\n");
    if setup.app {
        text.push_str(APP_TOKEN);
    }
    let _ = writeln!(text, "      - uses: {}\n        with:", setup.action);
    if setup.app {
        text.push_str("          github-token: ${{ steps.app.outputs.token }}\n");
    }
    text.push_str(
        "          signing-key: ${{ secrets.SCHEMA_REGISTRY_SIGNING_KEY }} # of the audit log, where it is signed\n",
    );
    text
}

/// A branch's name as a filter that matches nothing else, in a flow sequence.
/// Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet>
fn quoted(branch: &str) -> String {
    let mut text = String::from("'");
    for character in branch.chars() {
        match character {
            '*' | '?' | '+' | '[' | ']' | '!' | '\\' => text.extend(['\\', character]),
            '\'' => text.push_str("''"),
            _ => text.push(character),
        }
    }
    text + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_a_filter_that_matches_nothing_else() {
        let cases = [
            ("main", "main"),
            ("release/1.x", "release/1.x"),
            ("true", "true"),
            ("1.0", "1.0"),
            ("it's, you see", "it's, you see"),
            ("c++", r"c\+\+"),
            ("!a", r"\!a"),
        ];
        for (branch, filter) in cases {
            let read: Vec<String> = serde_yaml::from_str(&format!("[{}]", quoted(branch))).expect(branch);
            assert_eq!(read, [filter]);
        }
    }
}
