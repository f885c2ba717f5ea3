//! Reads what decides about approvals, and records what is decided.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{
    Step,
    gather::{Clean, Judged},
    people::{self, People},
    record,
};
use crate::{
    approval::{self, ApprovalDigest, Evaluation, Evidence, Facts, OwnerGroup},
    audit_log::{Addition, Recorded, State},
    cli::{
        context::control_files_at,
        log::{TOOL, View},
    },
    model::{Classified, Conversation, Digest, Entry, Timeline, Tree},
    policy::{CODEOWNERS_FILES, CodeOwners, Policy},
};

/// Another policy came into force while approvals were counted.
#[derive(Debug, thiserror::Error)]
#[error("the control files of {base} changed while approvals were counted; run it again")]
pub(super) struct Overtaken {
    base: String,
}

/// What is to be approved.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    /// Number of the pull request.
    pub(super) number: u64,
    pub(super) judged: &'a Judged,
    pub(super) clean: &'a Clean,
    pub(super) digest: &'a ApprovalDigest,
    /// Its comments, and who this tool acts as.
    pub(super) conversation: &'a Conversation,
}

/// Everything that decides about the approvals of a pull request, read live.
pub(super) struct Approvals<'a> {
    step: &'a Step<'a>,
    about: About<'a>,
    shown_since: Option<DateTime<Utc>>,
    pub(super) timeline: Timeline,
    people: People,
    classes: Vec<Classified>,
    paths: Vec<String>,
    owners: Vec<OwnerGroup>,
    requesters: Vec<String>,
    evidence: Evidence,
}

impl<'a> Approvals<'a> {
    /// Reads it. `shown_since` is when the summary began to show the bytes.
    pub(super) async fn read(
        step: &'a Step<'a>,
        about: About<'a>,
        shown_since: Option<DateTime<Utc>>,
    ) -> anyhow::Result<Self> {
        let (outcome, policy) = (&about.clean.outcome, &about.judged.policy);
        let mut timeline = step.github.timeline(about.number).await?;
        timeline.note_edits(about.conversation);
        let owners = owners(about.clean, policy);
        let people = people::read(step, about.judged, &timeline, &owners).await?;
        let claims = outcome.requests.iter().map(|request| &request.claims);
        let requesters = claims.flat_map(|claims| [&claims.requested_by, &claims.requested_by_username]);
        Ok(Self {
            step,
            about,
            shown_since,
            timeline,
            people,
            classes: approval::classify(outcome, policy),
            paths: outcome.files.iter().map(|file| file.path.clone()).collect(),
            owners,
            requesters: requesters.flatten().cloned().collect(),
            evidence: Evidence::of(outcome, &about.clean.merged, Some(about.digest)),
        })
    }

    /// Counts approvals, and appends what is new to the audit log where that is this step's.
    pub(super) async fn evaluate(&self) -> anyhow::Result<Evaluation> {
        let policy = &self.about.judged.policy;
        let decide = |view: &mut View| {
            let recorded = view.entries_of(self.about.number)?;
            let old_lines = old_lines(view, &recorded)?;
            let recorded: Vec<Entry> = recorded.into_iter().map(|recorded| recorded.entry).collect();
            let evaluation = approval::evaluate(&self.facts(&recorded, &old_lines), &policy.approval);
            let additions = self.additions(&evaluation);
            Ok((evaluation, additions))
        };
        let of_log = self.step.policy_of_log()?;
        if self.step.records() {
            let decide = |view: &mut View, state: &State| self.still_in_force(state).and_then(|()| decide(view));
            record::append(self.step, &of_log, decide).await.map(|(evaluation, _)| evaluation)
        } else {
            record::foresee(self.step, &of_log, decide)
        }
    }

    /// An approval is recorded after what landed, so what it was counted under must be the policy of the recorded tip.
    fn still_in_force(&self, state: &State) -> anyhow::Result<()> {
        let judged = self.about.judged;
        let base = &judged.pull_request.base_ref;
        let Some(tip) = state.tip(&format!("refs/heads/{base}")).filter(|tip| *tip != judged.base) else {
            return Ok(());
        };
        let store = &self.step.store;
        store.fetch_commits(&[tip])?;
        let control = control_files_at(store.git(), tip)?;
        if approval::policy_digest(&control) == self.about.digest.policy {
            return Ok(());
        }
        Err(Overtaken { base: base.clone() }.into())
    }

    fn facts<'b>(&'b self, recorded: &'b [Entry], old_lines: &'b BTreeMap<Digest, String>) -> Facts<'b> {
        let pull_request = &self.about.judged.pull_request;
        Facts {
            repo: self.step.repository.id,
            pr: self.about.number,
            now: self.step.now,
            tool: TOOL,
            head_sha: &pull_request.head_sha,
            digest: self.about.digest,
            classes: &self.classes,
            paths: &self.paths,
            owners: &self.owners,
            author: pull_request.author.as_ref(),
            requesters: &self.requesters,
            contributors: &self.people.contributors,
            timeline: &self.timeline,
            labels: &pull_request.labels,
            label_since: self.people.label_since,
            roles: &self.people.roles,
            teams: &self.people.teams,
            own_id: self.about.conversation.viewer,
            shown_since: self.shown_since,
            recorded,
            old_lines,
            evidence: &self.evidence,
        }
    }

    fn additions(&self, evaluation: &Evaluation) -> Vec<Addition> {
        let with_blobs = evaluation.entries.iter().map(|entry| {
            let blobs = entry.blobs.iter().filter_map(|digest| self.evidence.blobs.get(digest).cloned());
            Addition::new(entry.clone(), blobs.collect())
        });
        with_blobs.collect()
    }
}

/// Whose approval the changed files need, by the policy and the code owners of the base.
fn owners(clean: &Clean, policy: &Policy) -> Vec<OwnerGroup> {
    let codeowners = policy.approval.codeowners.then(|| codeowners(&clean.control));
    approval::owner_groups(&clean.outcome.files, &policy.approval, codeowners.as_ref())
}

fn codeowners(control: &Tree) -> CodeOwners {
    let file = CODEOWNERS_FILES.iter().find_map(|path| control.get(*path));
    file.map(|file| CodeOwners::parse(&String::from_utf8_lossy(&file.bytes))).unwrap_or_default()
}

/// The lines of the digests that earlier entries approved, as far as the log has them.
fn old_lines(view: &mut View, recorded: &[Recorded]) -> anyhow::Result<BTreeMap<Digest, String>> {
    let mut lines = BTreeMap::new();
    for (index, digest) in recorded.iter().filter_map(|recorded| Some((recorded.index, recorded.entry.digest?))) {
        if let Some(bytes) = view.blob(index, &digest)? {
            lines.insert(digest, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(lines)
}
