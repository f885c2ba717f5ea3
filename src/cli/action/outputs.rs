//! What a step leaves behind for the workflow: outputs, the step summary, annotations.

use std::{fs::OpenOptions, io::Write as _, path::Path};

use anyhow::Context as _;

use super::environment::Environment;
use crate::model::{Outcome, Severity, Verdict};

/// The outputs of the action.
#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) verdict: Verdict,
    pub(super) violations: usize,
    pub(super) errors: usize,
    pub(super) approved: usize,
    pub(super) missing_approvals: usize,
    pub(super) head_sha: String,
}

impl Outputs {
    /// The outputs of `outcome` before any approval is looked at.
    pub(super) fn of(outcome: &Outcome, head_sha: &str) -> Self {
        Self {
            verdict: if outcome.fails() { Verdict::Fail } else { Verdict::Pass },
            violations: outcome.all_violations().count(),
            errors: outcome.count(Severity::Error),
            approved: 0,
            missing_approvals: 0,
            head_sha: head_sha.to_owned(),
        }
    }

    /// Appends the outputs to the file that the environment names.
    pub(super) fn write(&self, environment: &Environment) -> anyhow::Result<()> {
        let text = format!(
            "verdict={}\nviolations={}\nerrors={}\napproved={}\nmissing-approvals={}\nhead-sha={}\n",
            self.verdict, self.violations, self.errors, self.approved, self.missing_approvals, self.head_sha,
        );
        environment.output.as_deref().map_or(Ok(()), |path| append(path, &text))
    }
}

/// Appends to the step summary.
pub(super) fn summarise(environment: &Environment, markdown: &str) -> anyhow::Result<()> {
    environment.step_summary.as_deref().map_or(Ok(()), |path| append(path, markdown))
}

fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}, which GitHub Actions named", path.display()))
}
