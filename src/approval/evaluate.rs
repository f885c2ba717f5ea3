//! Where the approval of the present bytes stands.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    ApprovalDigest, Evidence, OwnerGroup, class::required, compare, entries, ledger::Ledger, owners, veto::vetoes,
    walk::Walk,
};
use crate::{
    model::{
        Account, Actor, ApprovalRefusal, ApprovalState, Classified, Contributors, Digest, Entry, Role, Timeline,
        VoidedApprovals,
    },
    policy::ApprovalPolicy,
};

/// Everything that decides about approvals, read live.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Numeric id of the repository.
    pub repo: u64,
    /// Number of the pull request.
    pub pr: u64,
    /// Now, by the clock of the run.
    pub now: DateTime<Utc>,
    /// `schema-registry <version>`.
    pub tool: &'a str,
    /// Tip of the head branch.
    pub head_sha: &'a str,
    /// The digest of what the pull request changes now.
    pub digest: &'a ApprovalDigest,
    /// The parts of the change with their classes.
    pub classes: &'a [Classified],
    /// Paths of the changed governed files.
    pub paths: &'a [String],
    /// Changed files whose owners must approve.
    pub owners: &'a [OwnerGroup],
    /// Who opened the pull request; a deleted account approves nothing, so `None` excludes nobody.
    pub author: Option<&'a Account>,
    /// `requestedBy` and `requestedByUsername` of the touched requests, as claimed.
    pub requesters: &'a [String],
    /// Who had a hand in the commits.
    pub contributors: &'a Contributors,
    /// Every label event and `/approve` of the pull request.
    pub timeline: &'a Timeline,
    /// The labels that it has.
    pub labels: &'a [String],
    /// Since when the label has existed under its name; `None` where there is none, or GitHub does not tell.
    pub label_since: Option<DateTime<Utc>>,
    /// Roles in the repository by user id; who is missing here counts as unknown, which counts against.
    pub roles: &'a BTreeMap<u64, Role>,
    /// User ids of the members of each team that decides, or why they could not be read.
    pub teams: &'a BTreeMap<String, Result<BTreeSet<u64>, String>>,
    /// User id of the identity that this tool acts as.
    pub own_id: Option<u64>,
    /// Since when the unedited summary has shown this digest; `None` where it does not.
    pub shown_since: Option<DateTime<Utc>>,
    /// Entries of the audit log, in its order; those about other pull requests are skipped.
    pub recorded: &'a [Entry],
    /// Lines of digests approved before, by digest, as far as the log's blobs could be read.
    pub old_lines: &'a BTreeMap<Digest, String>,
    /// What goes into the entries.
    pub evidence: &'a Evidence,
}

/// What to do about a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelChange {
    /// Set it: enough approvals count, or somebody took off a rejection who may not.
    Add(String),
    /// Take it off, so that the next person can set it.
    Remove(String),
}

/// Where the approval stands and what has to be done about it, in this order: append the entries; only then change the
/// labels; only then post the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Where it stands once the entries are in the log.
    pub state: ApprovalState,
    /// To append to the audit log.
    pub entries: Vec<Entry>,
    /// What to do about the labels.
    pub labels: Vec<LabelChange>,
}

/// Decides which label events and comments count.
///
/// One label serves for any number of approvals: it stays off until enough of them count, so that the next person can
/// set it, and is on from then. So an approval is an event of the timeline, never the presence of the label:
///
/// - an event whose id is in the log was judged when it happened: its moment is not looked at again, but its giver is,
///   since people lose roles, or push; an approval in the log of which GitHub has no event counts for nothing;
/// - a new `labeled` event counts when nothing speaks against it (see [`ApprovalRefusal`]) and nobody took the label off
///   since: what a bot took off was refused, and what a person took off was withdrawn, whatever has changed later;
/// - a new comment `/approve <digest>` counts in the same way, without waiting, since it names the bytes itself;
/// - a new `unlabeled` event by a person takes back every approval of the present digest that was given before it;
///   removals by bots, this one included, mean nothing, and neither does a label that this tool set;
/// - approvals in the log of another digest are voided.
#[must_use]
pub fn evaluate(facts: &Facts<'_>, policy: &ApprovalPolicy) -> Evaluation {
    let ledger = Ledger::read(facts.recorded, facts.repo, facts.pr);
    let mut entries = Vec::new();
    let mut voided = ledger.last_voided();
    for (digest, approvals) in ledger.outdated(facts.digest.digest) {
        entries.push(entries::voided(facts, digest, &approvals));
        voided = Some((digest, approvals.into_iter().map(|approval| approval.who).collect()));
    }
    let Walk { approvals, refused, revoked, entries: walked, .. } = Walk::of(facts, policy, &ledger);
    entries.extend(walked);
    let (vetoes, recorded) = vetoes(facts, policy, &ledger);
    entries.extend(recorded);

    let required = required(facts.classes);
    let uncovered = owners::uncovered(facts, policy, required, &approvals);
    let classes = facts.classes.to_vec();
    let mut state = ApprovalState { required, classes, approvals, uncovered, refused, voided: None, revoked, vetoes };
    let complete = state.complete();
    let given: Vec<u64> = state.approvals.iter().map(|approval| approval.who.id).collect();
    state.refused.retain(|refused| match refused.reason {
        ApprovalRefusal::AlreadyApproved => !complete,
        ApprovalRefusal::Lapsed => refused.who.as_ref().is_none_or(|who| !given.contains(&who.id)),
        _ => true,
    });
    state.voided = voided.and_then(|(digest, who)| still_missed(facts, &state, digest, who));
    let labels = labels(facts, policy, &state);
    Evaluation { state, entries, labels }
}

fn labels(facts: &Facts<'_>, policy: &ApprovalPolicy, state: &ApprovalState) -> Vec<LabelChange> {
    let wanted = [
        (&policy.label, state.complete() && !state.approvals.is_empty()),
        (&policy.veto_label, !state.vetoes.is_empty()),
    ];
    let changes = wanted.into_iter().filter_map(|(label, wanted)| {
        let on = facts.labels.iter().any(|on| same_label(on, label));
        match (wanted, on) {
            (true, false) => Some(LabelChange::Add(label.clone())),
            (false, true) => Some(LabelChange::Remove(label.clone())),
            _ => None,
        }
    });
    changes.collect()
}

/// GitHub keeps the case of labels and ignores it when it compares them.
pub(super) fn same_label(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn still_missed(
    facts: &Facts<'_>,
    state: &ApprovalState,
    digest: Digest,
    mut who: Vec<Actor>,
) -> Option<VoidedApprovals> {
    who.retain(|actor| state.approvals.iter().all(|approval| approval.who.id != actor.id));
    if who.is_empty() || state.complete() {
        return None;
    }
    let changed = match facts.old_lines.get(&digest) {
        _ if digest == facts.digest.digest => vec!["The approved bytes were replaced and came back later".to_owned()],
        Some(lines) => compare(lines, &facts.digest.lines),
        None => vec!["The approved bytes changed".to_owned()],
    };
    Some(VoidedApprovals { digest, who, changed })
}
