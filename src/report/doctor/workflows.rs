//! The workflow files: what they are, what starts them, which of their jobs can sign.

use super::{Finding, Installation, SIGNING_KEY, Verdict, finding};
use crate::report::{
    terminal::printable,
    workflow::{self, ENVIRONMENT, RECORD_PATH, Setup, VALIDATE_PATH},
};

pub(super) fn of_files(found: &Installation) -> Vec<Finding> {
    let branches: Vec<String> = found.branches.iter().map(|branch| branch.name.clone()).collect();
    let about = |(path, text): &(&'static str, Option<String>)| {
        let Some(text) = text else {
            return finding(Verdict::Broken, format!("{path} is missing: `schema-registry init` writes it"));
        };
        let Some(action) = action_of(text) else {
            return finding(Verdict::Broken, format!("{path} does not use the Action"));
        };
        if !is_pinned(action) {
            let action = printable(action);
            return finding(Verdict::Advisory, format!("{path} uses {action}, which can be moved: name a full commit"));
        }
        if as_written(path, text, action, &branches) {
            return finding(Verdict::Safe, format!("{path} is what `init` writes, with the Action at a fixed commit"));
        }
        let what = "was changed by hand: compare its triggers and permissions with what `init` writes";
        finding(Verdict::Advisory, format!("{path} {what}"))
    };
    found.workflows.iter().map(about).collect()
}

/// What the step that runs the Action names.
pub(super) fn action_of(text: &str) -> Option<&str> {
    let uses = text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses:"));
    uses.map(|name| name.split('#').next().unwrap_or_default().trim()).find(|name| !name.starts_with("actions/"))
}

/// An Action of the repository itself, `$/…`, is that of the workflow's own commit.
fn is_pinned(action: &str) -> bool {
    let commit = action.rsplit_once('@').map_or("", |(_, commit)| commit);
    action.starts_with("$/") || commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `init` writes exactly this in one of its variants.
fn as_written(path: &str, text: &str, action: &str, branches: &[String]) -> bool {
    let variants = [false, true].into_iter().flat_map(|private| [(private, false), (private, true)]);
    variants.into_iter().any(|(private, app)| {
        let setup = Setup { action, private, app, branches };
        let written = if path == VALIDATE_PATH { workflow::validate(&setup) } else { workflow::record(&setup) };
        written == text
    })
}

/// Whether the workflows start at an event that GitHub blocks on public repositories.
/// Source: <https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target>
pub(super) fn blocked_event(found: &Installation) -> Option<Finding> {
    let uses = |text: &str| text.lines().any(|line| line.split('#').next().unwrap_or_default().contains(EVENT));
    let (path, _) = found.workflows.iter().find(|(_, text)| text.as_deref().is_some_and(uses))?;
    match &found.settings.repository {
        Ok(repository) if repository.private => None,
        Ok(_) => {
            let what = "which public repositories block unless an Actions policy allows it; no token can tell: look \
                        under Settings, Actions, General, or let `init` write the workflows for a public repository";
            Some(finding(Verdict::Unknown, format!("{path} starts at `{EVENT}`, {what}")))
        }
        Err(why) => {
            let what = format!("whether this one is, is not known: {}", printable(why));
            Some(finding(
                Verdict::Unknown,
                format!("{path} starts at `{EVENT}`, which public repositories block; {what}"),
            ))
        }
    }
}

const EVENT: &str = "pull_request_target";

/// The jobs that read the key which signs the audit log.
pub(super) fn who_signs(found: &Installation) -> Vec<Finding> {
    if found.policy.audit.keys.is_empty() {
        return Vec::new();
    }
    let ours = found.workflows.iter().filter_map(|(path, text)| Some((*path, text.as_deref()?)));
    let others = found.other_workflows.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let mut findings = Vec::new();
    for (path, text) in ours.chain(others) {
        for job in jobs(text).into_iter().filter(|job| job.code.contains(SIGNING_KEY)) {
            let place = format!("the job `{}` of {}", printable(job.name), printable(path));
            findings.push(if path != RECORD_PATH {
                let what = "reads the signing key: whatever runs there can sign the audit log";
                finding(Verdict::Advisory, format!("{place} {what}"))
            } else if job.uses_environment() {
                finding(Verdict::Safe, format!("{place} reads the signing key, from the environment `{ENVIRONMENT}`"))
            } else {
                let what = "so it can only be one that every workflow can read";
                finding(Verdict::Broken, format!("{place} reads a signing key without the environment, {what}"))
            });
        }
    }
    findings
}

/// A job of a workflow: its lines without comments.
struct Job<'a> {
    name: &'a str,
    code: String,
}

impl Job<'_> {
    /// Whether it names the environment of the secrets, on one line or two.
    fn uses_environment(&self) -> bool {
        let value = |line: &str| line.trim_matches(['\'', '"', ' ']) == ENVIRONMENT;
        let mut lines = self.code.lines().map(str::trim);
        lines.any(|line| {
            line.split_once(':').is_some_and(|(key, rest)| matches!(key, "environment" | "name") && value(rest))
        })
    }
}

/// The jobs of a workflow, by the indentation that GitHub's own examples and `init` write; a workflow that is laid out in
/// another way is one job without a name.
fn jobs(text: &str) -> Vec<Job<'_>> {
    let mut found: Vec<Job<'_>> = Vec::new();
    let mut lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default());
    let mut depth = None;
    let before: Vec<&str> = lines.by_ref().take_while(|line| line.trim_end() != "jobs:").collect();
    found.push(Job { name: "", code: before.join("\n") });
    for line in lines.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let depth = *depth.get_or_insert(indent);
        match line.trim().strip_suffix(':').filter(|_| indent == depth) {
            Some(name) => found.push(Job { name, code: String::new() }),
            None => {
                if let Some(job) = found.last_mut() {
                    job.code.push_str(line);
                    job.code.push('\n');
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_found_by_its_indentation() {
        let text = "env: {A: b}\njobs:\n\n  # one\n  build:\n    steps:\n      - run: x # SECRET\n  sign:\n    environment:\n      name: schema-registry\n    env:\n      K: SECRET\n";
        let found: Vec<_> = jobs(text)
            .iter()
            .map(|job| (job.name.to_owned(), job.code.contains("SECRET"), job.uses_environment()))
            .collect();
        let expected = [("", false, false), ("build", false, false), ("sign", true, true)];
        assert_eq!(found, expected.map(|(name, secret, environment)| (name.to_owned(), secret, environment)));
        for line in ["environment: schema-registry", "environment: 'schema-registry'"] {
            let text = format!("jobs:\n  sign:\n    {line}\n");
            assert!(jobs(&text)[1].uses_environment(), "{line}");
        }
        assert!(!jobs("jobs:\n  sign:\n    environment: production\n")[1].uses_environment());
        assert!(jobs("{jobs: {a: {env: {K: SECRET}}}}")[0].code.contains("SECRET"), "another layout");
    }
}
