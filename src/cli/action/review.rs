//! One pull request: review, record, gate. Everything is read live.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};

use super::{
    STATUS_CONTEXT, Step,
    approvals::{About, Approvals, Overtaken},
    gather::{self, Clean, Judged},
    outputs::{self, Outputs},
    queue, record, validate,
};
use crate::{
    approval::{self, ApprovalDigest, Block, DigestInput, GateFacts, LabelChange},
    cli::{Ended, log::TOOL, output},
    git,
    github::Error,
    model::{
        ApprovalState, CommitStatus, Conversation, Digest, Outcome, Present, PullRequest, StatusState, Timeline,
        Verdict,
    },
    policy::Comments,
    report::{
        comment,
        escape::log_line,
        summary::{Summary, SummaryFacts, summary},
    },
    review::{self, Operation, PlanInput, SummaryText, Wanted},
};

/// Most judgements of one run that follow a success that was overtaken.
const LOOKS: usize = 5;

/// Reviews a pull request; of one that is closed, only what landed is recorded.
pub(super) async fn run(step: &Step<'_>, pull_request: PullRequest) -> anyhow::Result<Ended> {
    if !pull_request.open {
        return if step.records() { record::run(step).await } else { Ok(Ended::Well) };
    }
    if !step.gated()?.contains(&pull_request.base_ref) {
        let base = log_line(&pull_request.base_ref);
        let why =
            format!("The branch {base} is not gated; `[gate] branches` of the default branch names those that are.");
        return validate::report(step, &gather::judge(step, pull_request).await?, &why);
    }
    let judged = judge(step, pull_request).await?;
    match perform(step, &judged).await {
        Ok(None) => {
            output::print("The pull request moved on; the run for what it is now writes.\n")?;
            Ok(Ended::Well)
        }
        Ok(Some(gate)) => {
            gate.leave(step, &judged)?;
            gate.ended()
        }
        Err(error) => match error.downcast_ref::<Error>() {
            Some(Error::Forbidden(_)) => {
                let why = format!("Nothing could be posted on the pull request: {error}");
                validate::report(step, &judged, &why)
            }
            _ => Err(error),
        },
    }
}

/// Reads and judges a pull request. Where that cannot be done any more, a success must not outlive what it was of.
pub(super) async fn judge(step: &Step<'_>, pull_request: PullRequest) -> anyhow::Result<Judged> {
    let head = pull_request.head_sha.clone();
    match gather::judge(step, pull_request).await {
        Err(error) if step.records() && !is_passing(&error) => {
            retract(step, &head).await.with_context(|| format!("{error:#}"))?;
            Err(error)
        }
        judged => judged,
    }
}

async fn retract(step: &Step<'_>, head: &str) -> anyhow::Result<()> {
    let present = step.github.status(head, STATUS_CONTEXT).await?;
    if present.is_some_and(|status| status.state == StatusState::Success) {
        post_status(step, head, &unjudged()).await?;
    }
    Ok(())
}

/// Whether GitHub may answer the next time, where it did not.
pub(super) fn is_passing(error: &anyhow::Error) -> bool {
    let of_git = error.downcast_ref::<git::Error>();
    matches!(error.downcast_ref(), Some(Error::RateLimited { .. } | Error::Network(_) | Error::Other(_)))
        || of_git.is_some_and(git::Error::is_of_remote)
}

pub(super) fn unjudged() -> CommitStatus {
    CommitStatus { state: StatusState::Error, description: "It could not be judged; the run says why".to_owned() }
}

/// Posts what is to be said about a pull request, and its status; `None` where it moved on, so that another run does.
///
/// What a person takes back while a success is on its way would leave a green status that nobody looks at before the next
/// hour, so a success is followed by one more look, and by another judgement where something happened. So is a policy that
/// came into force while approvals were counted.
pub(super) async fn perform(step: &Step<'_>, judged: &Judged) -> anyhow::Result<Option<Gate>> {
    let number = judged.pull_request.number;
    let mut gate = Review { step, judged, number }.run().await;
    for _ in 0..LOOKS {
        let again = match &gate {
            Ok(gate) => moved_since(step, number, gate.as_ref()).await?,
            Err(error) => error.is::<Overtaken>(),
        };
        if !again {
            break;
        }
        let judged = gather::judge(step, step.github.pull_request(number).await?).await?;
        gate = Review { step, judged: &judged, number }.run().await;
    }
    gate
}

/// Whether something happened on the pull request since the approvals of a success were counted.
async fn moved_since(step: &Step<'_>, number: u64, gate: Option<&Gate>) -> anyhow::Result<bool> {
    match gate.and_then(|gate| gate.seen.as_ref().filter(|_| gate.turned_green)) {
        Some(seen) => Ok(step.github.timeline(number).await?.moved_since(&seen.timeline, seen.own_id)),
        None => Ok(false),
    }
}

/// Posts a status, again where it turns out that it is not there.
pub(super) async fn post_status(step: &Step<'_>, sha: &str, status: &CommitStatus) -> anyhow::Result<()> {
    let url = step.environment.run_url.as_deref();
    for attempt in 1.. {
        match step.github.set_status(sha, STATUS_CONTEXT, status, url).await {
            Ok(()) => break,
            Err(error) => step.github.recover(error, attempt).await?,
        }
        if step.github.status(sha, STATUS_CONTEXT).await?.as_ref() == Some(status) {
            break;
        }
    }
    Ok(())
}

struct Review<'a> {
    step: &'a Step<'a>,
    judged: &'a Judged,
    number: u64,
}

/// What the gate says, and what it says it of.
pub(super) struct Gate {
    verdict: Verdict,
    status: CommitStatus,
    approval: Option<ApprovalState>,
    labels: Vec<LabelChange>,
    summary: Summary,
    /// What the approvals were counted from, where there is something to approve.
    seen: Option<Seen>,
    /// Whether a success was posted that was not there before.
    turned_green: bool,
    /// Why the audit log could not be written; then the verdict says nothing about the change.
    unrecorded: Option<String>,
}

/// What had happened on a pull request, and who this tool acts as.
struct Seen {
    timeline: Timeline,
    own_id: Option<u64>,
}

/// A pull request before anything is posted.
struct Assessed<'a> {
    conversation: Conversation,
    clean: Option<&'a Clean>,
    digest: Option<ApprovalDigest>,
    gate: Gate,
}

impl<'a> Review<'a> {
    async fn run(&self) -> anyhow::Result<Option<Gate>> {
        let Assessed { conversation, clean, digest, mut gate } = self.assess().await?;
        let head = &self.judged.pull_request.head_sha;
        let context = self.step.records().then_some(STATUS_CONTEXT);
        let present = self.step.github.present(self.number, head, context).await?;
        if self.superseded(&present) {
            return Ok(None);
        }
        let status = if self.step.records() { Some(self.worst(&gate, &present).await?) } else { None };
        let status = status.filter(|status| present.status.as_ref() != Some(status));
        let (green, other) = status.into_iter().partition::<Vec<_>, _>(|status| status.state == StatusState::Success);
        // What shuts the gate does not wait for comments, which may be refused; what opens it does.
        for status in other {
            post_status(self.step, head, &status).await?;
        }
        let untouched = clean.is_some_and(Clean::untouched);
        if self.step.comments() && (!untouched || conversation.comments.iter().any(|comment| comment.ours)) {
            self.post(clean, &gate, digest.map(|digest| digest.digest), conversation).await?;
        }
        for status in green {
            post_status(self.step, head, &status).await?;
            gate.turned_green = true;
        }
        Ok(Some(gate))
    }

    /// Everything up to the first write on the pull request; approvals are in the audit log by then.
    async fn assess(&self) -> anyhow::Result<Assessed<'a>> {
        let conversation = self.step.github.conversation(self.number).await?;
        let clean = self.judged.clean();
        let digest = clean.map(|clean| self.digest(clean));
        let gate = match (clean, &digest) {
            (Some(clean), Some(digest)) => self.gate(clean, digest, &conversation).await?,
            _ => self.conclude(&Outcome::default(), None, None, Vec::new(), Some(Block::Conflict)),
        };
        Ok(Assessed { conversation, clean, digest, gate })
    }

    /// Whether somebody pushed since the pull request was read: the run for that push writes, this one does not.
    fn superseded(&self, present: &Present) -> bool {
        let then = &self.judged.pull_request;
        (&present.head_sha, &present.base_ref, present.open) != (&then.head_sha, &then.base_ref, then.open)
    }

    /// The worst status of all pull requests with this head to gated branches. One that cannot be judged has an error, and
    /// keeps the others from being green, not from being judged; one that may be the next time keeps them from having a
    /// new success. So does a merge queue that has the commit, whose runs say what becomes of it.
    async fn worst(&self, gate: &Gate, present: &Present) -> anyhow::Result<CommitStatus> {
        let head = &self.judged.pull_request.head_sha;
        let mut same_head = present.same_head.clone();
        let green = gate.status.state == StatusState::Success;
        if green && present.status.as_ref() != Some(&gate.status) {
            if queue::has(self.step, &self.judged.pull_request)? {
                let description = "This commit is in a merge queue, whose runs say what becomes of it".to_owned();
                let pending = CommitStatus { state: StatusState::Pending, description };
                let red = |status: &CommitStatus| matches!(status.state, StatusState::Failure | StatusState::Error);
                return Ok(present.status.clone().filter(red).unwrap_or(pending));
            }
            // GitHub does not connect a commit of the default branch, or of a fork, with all that have it as their head.
            let open = self.step.github.open_pull_requests(None).await?;
            same_head.extend(open.iter().filter(|other| other.head_sha == *head).map(|other| other.number));
        }
        same_head.remove(&self.number);
        let gated = if same_head.is_empty() { BTreeSet::new() } else { self.step.gated()? };
        let mut statuses = vec![(self.judged.pull_request.clone(), gate.status.clone())];
        for number in same_head {
            let other = match self.step.github.pull_request(number).await {
                Ok(other) => other,
                Err(_) if !green => continue,
                Err(error) => return Err(error.into()),
            };
            if !other.open || other.head_sha != *head || !gated.contains(&other.base_ref) {
                continue;
            }
            match self.status_of(other.clone()).await {
                Ok(status) => statuses.push((other, status)),
                Err(error) if is_passing(&error) || error.is::<Overtaken>() => {
                    if green {
                        return Err(error);
                    }
                }
                Err(error) => {
                    let why = log_line(&format!("{error:#}"));
                    output::print(&format!("#{number} could not be judged: {why}\n"))?;
                    statuses.push((other, unjudged()));
                }
            }
        }
        let statuses: Vec<_> = statuses.iter().map(|(of, status)| (of, status.clone())).collect();
        Ok(approval::worst(&statuses).unwrap_or_else(|| gate.status.clone()))
    }

    async fn status_of(&self, other: PullRequest) -> anyhow::Result<CommitStatus> {
        let number = other.number;
        let judged = gather::judge(self.step, other).await?;
        Ok(Review { step: self.step, judged: &judged, number }.assess().await?.gate.status)
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
        if clean.untouched() {
            return Ok(self.conclude(outcome, Some(digest.digest), None, Vec::new(), None));
        }
        // What cannot be shown in full was not seen, so it cannot be approved.
        let unreviewable = self.conclude(outcome, Some(digest.digest), None, Vec::new(), None).summary.unreviewable;
        let shown_since = review::shown_since(conversation, digest.digest).filter(|_| !unreviewable);
        let about = About { number: self.number, judged: self.judged, clean, digest, conversation };
        let approvals = Approvals::read(self.step, about, shown_since).await?;
        let seen = Seen { timeline: approvals.timeline.clone(), own_id: conversation.viewer };
        let gate = match approvals.evaluate().await {
            Ok(evaluation) => {
                let block = unreviewable.then_some(Block::Unreviewable);
                self.conclude(outcome, Some(digest.digest), Some(evaluation.state), evaluation.labels, block)
            }
            Err(error) if error.is::<Overtaken>() => return Err(error),
            Err(error) => {
                let why = format!("{error:#}");
                let block = Block::Failed(&log_line(&why));
                let gate = self.conclude(outcome, Some(digest.digest), None, Vec::new(), Some(block));
                Gate { unrecorded: Some(why), ..gate }
            }
        };
        Ok(Gate { seen: Some(seen), ..gate })
    }

    fn conclude(
        &self,
        outcome: &Outcome,
        digest: Option<Digest>,
        approval: Option<ApprovalState>,
        labels: Vec<LabelChange>,
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
            head_sha: Some(&self.judged.pull_request.head_sha),
            digest,
            tool: TOOL,
        });
        Gate { verdict, status, approval, labels, summary, seen: None, turned_green: false, unrecorded: None }
    }

    /// Brings comments and label to what they should be; writes nothing that is so already. After a write that failed the
    /// conversation is read again, and what is still missing is planned anew: so nothing is said twice.
    async fn post(
        &self,
        clean: Option<&Clean>,
        gate: &Gate,
        digest: Option<Digest>,
        conversation: Conversation,
    ) -> anyhow::Result<()> {
        let comments = self.judged.policy.comments;
        let wanted = clean.filter(|_| comments == Comments::Full).map(wanted).unwrap_or_default();
        let summary = SummaryText { markdown: &gate.summary.markdown, digest };
        let github = &self.step.github;
        let mut conversation = conversation;
        for attempt in 1.. {
            let mut operations = review::plan(&PlanInput {
                conversation: &conversation,
                wanted: &wanted,
                summary: Some(summary).filter(|_| comments != Comments::Off),
                head_sha: &self.judged.pull_request.head_sha,
                // The summary is shown from now on, not from when the step began: a label of between was set without it.
                now: github.clock().unwrap_or(self.step.now),
            });
            operations.extend(gate.labels.iter().cloned().map(|change| match change {
                LabelChange::Add(label) => Operation::AddLabel { label },
                LabelChange::Remove(label) => Operation::RemoveLabel { label },
            }));
            match self.perform(&operations).await? {
                Ok(()) => break,
                Err(error) => github.recover(error, attempt).await?,
            }
            conversation = github.conversation(self.number).await?;
        }
        Ok(())
    }

    async fn perform(&self, operations: &[Operation]) -> anyhow::Result<Result<(), Error>> {
        for operation in operations {
            match self.perform_one(operation).await {
                Ok(()) => {}
                // The places are computed from the diff, but GitHub's own diff has the last word. Nothing is lost: the
                // summary tells the violations too.
                Err(Error::Unprocessable(failure)) if operation.is_on_the_diff() => {
                    output::print(&format!("GitHub took no comments on lines: {}\n", log_line(&failure.to_string())))?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }

    /// What comes to the same twice is simply done again.
    async fn perform_one(&self, operation: &Operation) -> Result<(), Error> {
        let github = &self.step.github;
        let mut result = github.perform(self.number, operation).await;
        for attempt in 1.. {
            match result {
                Err(error) if operation.is_idempotent() => github.recover(error, attempt).await?,
                result => return result,
            }
            result = github.perform(self.number, operation).await;
        }
        result
    }
}

impl Gate {
    /// How the run ends that came to this.
    pub(super) fn ended(&self) -> anyhow::Result<Ended> {
        if let Some(why) = &self.unrecorded {
            bail!("the audit log could not be written, so nothing was approved: {why}");
        }
        Ok(Ended::well_if(self.verdict != Verdict::Fail))
    }

    /// Leaves outputs and step summary behind.
    fn leave(&self, step: &Step<'_>, judged: &Judged) -> anyhow::Result<()> {
        outputs::summarise(step.environment, &self.summary.in_full)?;
        let nothing = Outcome::default();
        let outcome = judged.clean().map_or(&nothing, |clean| &clean.outcome);
        let outputs = Outputs {
            verdict: self.verdict,
            approved: self.approval.as_ref().map_or(0, |state| state.approvals.len()),
            missing_approvals: self.approval.as_ref().map_or(0, ApprovalState::missing),
            ..Outputs::of(outcome, &judged.pull_request.head_sha)
        };
        outputs.write(step.environment)
    }
}

/// The comment that each violation wants, with its place in the diff.
fn wanted(clean: &Clean) -> Vec<Wanted<'_>> {
    let of_requests = clean
        .outcome
        .requests
        .iter()
        .flat_map(|request| request.violations.iter().map(|violation| (violation, request.text.as_str())));
    let of_declarations = clean
        .outcome
        .declarations
        .iter()
        .flat_map(|file| file.violations.iter().map(|violation| (violation, file.text.as_str())));
    let others = clean.outcome.violations.iter().map(|violation| (violation, ""));
    let wanted = of_requests.chain(of_declarations).chain(others).map(|(violation, text)| {
        let lines = clean.commentable.get(&violation.location.file).map(Vec::as_slice);
        let (place, fix) = review::place(violation, text, lines);
        Wanted { violation, text, body: comment::inline(violation, fix.as_ref()), place }
    });
    wanted.collect()
}
