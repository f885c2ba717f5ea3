//! What a merged pull request says last: how it was recorded, and in which audit log.
//!
//! A pull request that is closed is not evaluated any more, so this is said once, by the run that appended the entry. It
//! proves nothing by itself, and opens nothing: a copy of the log's root in a place where others keep it.

use super::{STATUS_CONTEXT, Step, review::post_status};
use crate::{
    audit_log::{Addition, Checkpoint},
    cli::output,
    github::Error,
    model::{CommitStatus, EntryKind},
    policy::{Comments, Policy},
    report::{
        escape::log_line,
        summary::{recorded, recorded_status},
    },
    review,
};

/// Tells the pull requests whose landings are among `additions`, which `checkpoint` holds. What cannot be told is printed:
/// the log is what counts, and it is written.
pub(super) async fn tell(step: &Step<'_>, policy: &Policy, additions: &[Addition], checkpoint: &Checkpoint) {
    for addition in additions {
        let entry = addition.entry();
        let (Some(number), EntryKind::Merged | EntryKind::MergedUnapproved) = (entry.pr, entry.kind) else { continue };
        let last = Last { step, number, kind: entry.kind, size: checkpoint.size, root: checkpoint.root.to_string() };
        if let Err(error) = last.tell(policy).await {
            let why = log_line(&format!("{error:#}"));
            // Whoever reads the job's log is told; nothing depends on it.
            let _ = output::print(&format!("#{number} was recorded, and could not be told so: {why}\n"));
        }
    }
}

struct Last<'a> {
    step: &'a Step<'a>,
    number: u64,
    kind: EntryKind,
    size: u64,
    root: String,
}

impl Last<'_> {
    async fn tell(&self, policy: &Policy) -> anyhow::Result<()> {
        let head = self.step.github.pull_request(self.number).await?.head_sha;
        if self.step.comments() && policy.comments != Comments::Off {
            self.comment(&head).await?;
        }
        self.status(&head).await
    }

    /// Puts the words under the summary. After a write that failed, the conversation is read again.
    async fn comment(&self, head: &str) -> Result<(), Error> {
        let github = &self.step.github;
        let words = recorded(self.kind, self.size, &self.root);
        for attempt in 1.. {
            let conversation = github.conversation(self.number).await?;
            let now = github.clock().unwrap_or(self.step.now);
            let Some(operation) = review::conclude(&conversation, &words, head, now) else { break };
            match github.perform(self.number, &operation).await {
                Ok(()) => break,
                Err(error) => github.recover(error, attempt).await?,
            }
        }
        Ok(())
    }

    /// Says it in the status that the head has, whose state stays: what was merged turns nothing green. Where an open pull
    /// request has the same head, the status is about that one.
    async fn status(&self, head: &str) -> anyhow::Result<()> {
        let present = self.step.github.present(self.number, head, Some(STATUS_CONTEXT)).await?;
        let Some(status) = present.status.filter(|_| present.same_head.is_empty()) else { return Ok(()) };
        let description = recorded_status(self.kind, self.size, &self.root);
        if status.description == description {
            return Ok(());
        }
        post_status(self.step, head, &CommitStatus { state: status.state, description }).await
    }
}
