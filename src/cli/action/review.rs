//! `pull_request_target`: review, record, gate. Everything is read live; the payload only names the pull request.

use std::collections::BTreeMap;

use super::{
    Step,
    gather::{self, Clean, Judged, MergedResult},
    outputs::{self, Outputs},
    record, validate,
};
use crate::{
    approval::{self, ApprovalDigest, Block, DigestInput, Evaluation, Evidence, Facts, GateFacts, LabelChange},
    audit_log::Addition,
    cli::{
        Ended,
        log::{TOOL, View},
        output,
    },
    github::Error,
    model::{AccountKind, ApprovalState, CommitStatus, Conversation, Digest, Entry, LabelEvent, Outcome, Verdict},
    report::{
        comment,
        escape::log_line,
        summary::{Summary, SummaryFacts, summary},
    },
    review::{self, Operation, PlanInput, SummaryText, Wanted},
};

/// Context of the commit status.
const STATUS_CONTEXT: &str = "schema-registry";

/// Reviews pull request `number`; of one that is closed, only what landed is recorded.
pub(super) async fn run(step: &Step<'_>, number: u64) -> anyhow::Result<Ended> {
    let pull_request = step.github.pull_request(number).await?;
    if !pull_request.open {
        return record::run(step).await;
    }
    let judged = gather::judge(step, number).await?;
    let base = &judged.pull_request.base_ref;
    if *base != step.repository.default_branch && !judged.policy.gate_branches.contains(base) {
        output::print(&format!(
            "The branch {} is not gated; `[gate] branches` names those that are.\n",
            log_line(base)
        ))?;
        return validate::report(step, &judged, None);
    }
    let review = Review { step, judged: &judged, number };
    match review.run().await {
        Err(error) => match error.downcast_ref::<Error>() {
            Some(Error::Forbidden(_)) => {
                let why = format!("Nothing could be posted on the pull request: {}", log_line(&error.to_string()));
                validate::report(step, &judged, Some(&why))
            }
            _ => Err(error),
        },
        ended => ended,
    }
}

struct Review<'a> {
    step: &'a Step<'a>,
    judged: &'a Judged,
    number: u64,
}

/// What the gate says, and what it says it of.
struct Gate {
    verdict: Verdict,
    status: CommitStatus,
    approval: Option<ApprovalState>,
    label: Option<LabelChange>,
    summary: Summary,
}

impl Review<'_> {
    async fn run(&self) -> anyhow::Result<Ended> {
        let conversation = self.step.github.conversation(self.number).await?;
        let clean = match &self.judged.result {
            MergedResult::Clean(clean) => Some(&**clean),
            MergedResult::Conflict => None,
        };
        let nothing = Outcome::default();
        let outcome = clean.map_or(&nothing, |clean| &clean.outcome);
        let digest = clean.map(|clean| self.digest(clean));
        let gate = match (clean, &digest) {
            (Some(clean), Some(digest)) => self.gate(clean, digest, &conversation).await?,
            _ => self.conclude(outcome, None, None, None, Some(Block::Conflict)),
        };
        if self.superseded().await? {
            output::print("The head of the pull request moved; the run for the new head goes on.\n")?;
            return Ok(Ended::Well);
        }
        let untouched = clean.is_some() && outcome.files.is_empty() && !outcome.fails();
        if !untouched || conversation.comments.iter().any(|comment| comment.ours) {
            self.post(clean, &gate, digest.as_ref().map(|digest| digest.digest), &conversation).await?;
        }
        self.finish(&gate, outcome).await?;
        Ok(Ended::well_if(gate.verdict != Verdict::Fail))
    }

    /// Whether somebody pushed since the pull request was read: the run for that push writes, this one does not.
    async fn superseded(&self) -> anyhow::Result<bool> {
        let now = self.step.github.pull_request(self.number).await?;
        let then = &self.judged.pull_request;
        Ok((now.head_sha, now.base_ref, now.open) != (then.head_sha.clone(), then.base_ref.clone(), then.open))
    }

    fn digest(&self, clean: &Clean) -> ApprovalDigest {
        approval::digest(DigestInput {
            repo_id: self.step.repository.id,
            pr: self.number,
            base_ref: &self.judged.pull_request.base_ref,
            control: &clean.control,
            context: &clean.context,
            violations: clean.outcome.all_violations(),
            files: &clean.outcome.files,
        })
    }

    /// Counts approvals, appends them to the audit log, and only then concludes.
    async fn gate(&self, clean: &Clean, digest: &ApprovalDigest, conversation: &Conversation) -> anyhow::Result<Gate> {
        let outcome = &clean.outcome;
        if outcome.files.is_empty() && !outcome.fails() {
            return Ok(self.conclude(outcome, Some(digest.digest), None, None, None));
        }
        // What cannot be shown in full was not seen, so it cannot be approved.
        let unreviewable = self.conclude(outcome, Some(digest.digest), None, None, None).summary.unreviewable;
        let shown = review::shown_since(conversation, digest.digest).filter(|_| !unreviewable);
        let events = self.step.github.label_events(self.number).await?;
        let roles = self.roles(&events).await?;
        let evidence = Evidence::of(outcome, &clean.merged, Some(digest));
        let requesters: Vec<String> =
            outcome.requests.iter().filter_map(|request| request.claims.requested_by_username.clone()).collect();
        let policy = &self.judged.policy;
        let evaluated = record::append(self.step, policy, |view| {
            let recorded: Vec<Entry> =
                view.entries_of(self.number)?.into_iter().map(|recorded| recorded.entry).collect();
            let old_lines = old_lines(view, &recorded)?;
            let evaluation = approval::evaluate(
                &Facts {
                    repo: self.step.repository.id,
                    pr: self.number,
                    now: self.step.now,
                    tool: TOOL,
                    head_sha: &self.judged.pull_request.head_sha,
                    digest,
                    author: self.judged.pull_request.author.as_ref(),
                    requesters: &requesters,
                    events: &events,
                    labels: &self.judged.pull_request.labels,
                    roles: &roles,
                    own_id: conversation.viewer,
                    shown_since: shown,
                    recorded: &recorded,
                    old_lines: &old_lines,
                    evidence: &evidence,
                },
                &policy.approval,
            );
            let additions = additions(&evaluation, &evidence);
            Ok((evaluation, additions))
        });
        Ok(match evaluated.await {
            Ok((evaluation, _)) => {
                let block = unreviewable.then_some(Block::Unreviewable);
                self.conclude(outcome, Some(digest.digest), Some(evaluation.state), evaluation.label, block)
            }
            Err(error) => {
                let why = log_line(&format!("{error:#}"));
                output::print(&format!("The audit log could not be written: {why}\n"))?;
                self.conclude(outcome, Some(digest.digest), None, None, Some(Block::Failed(&why)))
            }
        })
    }

    fn conclude(
        &self,
        outcome: &Outcome,
        digest: Option<Digest>,
        approval: Option<ApprovalState>,
        label: Option<LabelChange>,
        block: Option<Block<'_>>,
    ) -> Gate {
        let draft = self.judged.pull_request.draft;
        let facts = GateFacts { outcome, approval: approval.as_ref(), draft, block };
        let (verdict, status) = approval::gate(&facts);
        let summary = summary(&SummaryFacts {
            verdict,
            status: &status.description,
            outcome,
            policy: &self.judged.policy,
            approval: approval.as_ref(),
            conflict: block == Some(Block::Conflict),
            draft,
            repository_url: &self.step.environment.repository_url(),
            head_sha: &self.judged.pull_request.head_sha,
            digest,
            tool: TOOL,
            log: None,
        });
        Gate { verdict, status, approval, label, summary }
    }

    /// The roles of the people who set or removed the label. Whose role cannot be read stays out, which counts against.
    async fn roles(&self, events: &[LabelEvent]) -> anyhow::Result<BTreeMap<u64, String>> {
        let label = &self.judged.policy.approval.label;
        let ours = events.iter().filter(|event| event.label.eq_ignore_ascii_case(label) && event.added);
        let people: BTreeMap<u64, &str> = ours
            .filter_map(|event| event.account.as_ref())
            .filter(|account| account.kind == AccountKind::User)
            .map(|account| (account.actor.id, account.actor.login.as_str()))
            .collect();
        let mut roles = BTreeMap::new();
        for (id, login) in people {
            // A login that changed hands names another account by now.
            if let Some(role) = self.step.github.role(login).await?.filter(|role| role.user_id == id) {
                roles.insert(id, role.role_name);
            }
        }
        Ok(roles)
    }

    /// Brings comments and label to what they should be; writes nothing that is so already.
    async fn post(
        &self,
        clean: Option<&Clean>,
        gate: &Gate,
        digest: Option<Digest>,
        conversation: &Conversation,
    ) -> anyhow::Result<()> {
        let wanted = clean.map(wanted).unwrap_or_default();
        let mut operations = review::plan(&PlanInput {
            conversation,
            wanted: &wanted,
            summary: Some(SummaryText { markdown: &gate.summary.markdown, digest }),
            head_sha: &self.judged.pull_request.head_sha,
            now: self.step.now,
        });
        let label = self.judged.policy.approval.label.clone();
        operations.extend(gate.label.map(|change| match change {
            LabelChange::Add => Operation::AddLabel { label },
            LabelChange::Remove => Operation::RemoveLabel { label },
        }));
        for operation in &operations {
            self.step.github.perform(self.number, operation).await?;
        }
        Ok(())
    }

    /// Posts the status, unless it is there already, and leaves outputs and step summary behind.
    async fn finish(&self, gate: &Gate, outcome: &Outcome) -> anyhow::Result<()> {
        let sha = &self.judged.pull_request.head_sha;
        let github = &self.step.github;
        if github.status(sha, STATUS_CONTEXT).await?.as_ref() != Some(&gate.status) {
            let url = self.step.environment.run_url.as_deref();
            github.set_status(sha, STATUS_CONTEXT, &gate.status, url).await?;
        }
        outputs::summarise(self.step.environment, &gate.summary.markdown)?;
        let approval = gate.approval.as_ref();
        let outputs = Outputs {
            verdict: gate.verdict,
            approved: approval.map_or(0, |state| state.approvals.len()),
            missing_approvals: approval.map_or(0, ApprovalState::missing),
            ..Outputs::of(outcome, sha)
        };
        outputs.write(self.step.environment)
    }
}

/// The comment that each violation wants, with its place in the diff.
fn wanted(clean: &Clean) -> Vec<Wanted<'_>> {
    let of_requests = clean
        .outcome
        .requests
        .iter()
        .flat_map(|request| request.violations.iter().map(|violation| (violation, request.text.as_str())));
    let others = clean.outcome.violations.iter().map(|violation| (violation, ""));
    let wanted = of_requests.chain(others).map(|(violation, text)| {
        let lines = clean.commentable.get(&violation.location.file).map(Vec::as_slice).unwrap_or_default();
        let anchor = review::anchor(violation, text, lines);
        let replacement = anchor.as_ref().and_then(|anchor| anchor.replacement.as_deref());
        Wanted { violation, body: comment::inline(violation, replacement), anchor }
    });
    wanted.collect()
}

/// The lines of the digests that earlier entries approved, as far as the log has them.
fn old_lines(view: &mut View, recorded: &[Entry]) -> anyhow::Result<BTreeMap<Digest, String>> {
    let mut lines = BTreeMap::new();
    for digest in recorded.iter().filter_map(|entry| entry.digest) {
        if let Some(bytes) = view.blob(&digest)? {
            lines.insert(digest, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(lines)
}

fn additions(evaluation: &Evaluation, evidence: &Evidence) -> Vec<Addition> {
    let with_blobs = evaluation.entries.iter().map(|entry| {
        let blobs = entry.blobs.iter().filter_map(|digest| evidence.blobs.get(digest).cloned());
        Addition::new(entry.clone(), blobs.collect())
    });
    with_blobs.collect()
}
