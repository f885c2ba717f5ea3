//! Which label events are approvals of the present bytes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{ApprovalDigest, Evidence, class::required, compare, ledger::Ledger, refusal};
use crate::{
    model::{
        Account, AccountKind, Actor, Approval, ApprovalState, Classified, Digest, ENTRY_VERSION, Entry, EntryKind,
        LabelEvent, LabelRefusal, RefusedLabel, RevokedApprovals, VoidedApprovals,
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
    /// Who opened the pull request; a deleted account approves nothing, so `None` excludes nobody.
    pub author: Option<&'a Account>,
    /// `requestedByUsername` of the touched requests, as claimed.
    pub requesters: &'a [String],
    /// Every label event of the pull request, oldest first.
    pub events: &'a [LabelEvent],
    /// The labels that it has.
    pub labels: &'a [String],
    /// `role_name` in the repository by user id; who is missing here counts as unknown, which counts against.
    pub roles: &'a BTreeMap<u64, String>,
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

/// What to do about the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelChange {
    /// Set it: enough approvals count.
    Add,
    /// Take it off, so that the next person can set it.
    Remove,
}

/// Where the approval stands and what has to be done about it, in this order: append the entries; only then change the
/// label; only then post the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Where it stands once the entries are in the log.
    pub state: ApprovalState,
    /// To append to the audit log.
    pub entries: Vec<Entry>,
    /// What to do about the label.
    pub label: Option<LabelChange>,
}

/// Decides which label events count.
///
/// One label serves for any number of approvals: it stays off until enough of them count, so that the next person can
/// set it, and is on from then. So an approval is an event of the timeline, never the presence of the label:
///
/// - an event whose id is in the log counts as the log says, and is never looked at again;
/// - a new `labeled` event counts when nothing speaks against it (see [`LabelRefusal`]) and nobody took the label off
///   since: what a bot took off was refused, and what a person took off was withdrawn, whatever has changed later;
/// - a new `unlabeled` event by a person takes back every approval of the present digest that was given before it;
///   removals by bots, this one included, mean nothing, and neither does a label that this tool set;
/// - approvals in the log of another digest are voided.
#[must_use]
pub fn evaluate(facts: &Facts<'_>, policy: &ApprovalPolicy) -> Evaluation {
    let ledger = Ledger::read(facts.recorded, facts.repo, facts.pr);
    let mut entries = Vec::new();
    let mut voided = ledger.last_voided();
    for (digest, approvals) in ledger.outdated(facts.digest.digest) {
        entries.push(void_entry(facts, digest, &approvals));
        voided = Some((digest, approvals.into_iter().map(|approval| approval.who).collect()));
    }

    let mut walk = Walk::new(facts, policy, &ledger);
    let events: Vec<&LabelEvent> =
        facts.events.iter().filter(|event| same_label(&event.label, &policy.label)).collect();
    for (index, event) in events.iter().enumerate() {
        walk.step(event, &events[index + 1..]);
    }
    let Walk { approvals, refused, revoked, entries: walked, .. } = walk;
    entries.extend(walked);

    let mut state = ApprovalState {
        required: required(facts.classes),
        classes: facts.classes.to_vec(),
        approvals,
        refused,
        voided: None,
        revoked,
    };
    if state.complete() {
        state.refused.retain(|refused| refused.reason != LabelRefusal::AlreadyApproved);
    }
    state.voided = voided.and_then(|(digest, who)| still_missed(facts, &state, digest, who));
    let on = facts.labels.iter().any(|label| same_label(label, &policy.label));
    let label = match (state.complete() && !state.approvals.is_empty(), on) {
        (true, false) => Some(LabelChange::Add),
        (false, true) => Some(LabelChange::Remove),
        _ => None,
    };
    Evaluation { state, entries, label }
}

/// The events in order, and what they come to.
struct Walk<'a> {
    facts: &'a Facts<'a>,
    policy: &'a ApprovalPolicy,
    ledger: &'a Ledger<'a>,
    /// Approvals of the present digest in the log whose events are still to come.
    recorded: BTreeMap<String, Approval>,
    approvals: Vec<Approval>,
    refused: Vec<RefusedLabel>,
    revoked: Option<RevokedApprovals>,
    entries: Vec<Entry>,
}

impl<'a> Walk<'a> {
    fn new(facts: &'a Facts<'a>, policy: &'a ApprovalPolicy, ledger: &'a Ledger<'a>) -> Self {
        let seen = |approval: &Approval| facts.events.iter().any(|event| event.id == approval.id);
        // GitHub drops no event, but what the log holds counts even if it did.
        let (recorded, approvals): (Vec<_>, Vec<_>) = ledger.approvals(facts.digest.digest).into_iter().partition(seen);
        let recorded = recorded.into_iter().map(|approval| (approval.id.clone(), approval)).collect();
        let revoked = ledger
            .last_revoked(facts.digest.digest)
            .map(|entry| RevokedApprovals { who: entry.actor.clone(), at: entry.at });
        Self { facts, policy, ledger, recorded, approvals, refused: Vec::new(), revoked, entries: Vec::new() }
    }

    fn step(&mut self, event: &LabelEvent, later: &[&LabelEvent]) {
        if let Some(approval) = self.recorded.remove(&event.id) {
            self.approvals.push(approval);
        } else if self.ledger.holds(&event.id) || (event.added && self.is_own(event)) {
            // Dealt with in an earlier run, or set by this tool.
        } else if event.added {
            self.labeled(event, later);
        } else if self.by_person(event) {
            self.revoke(event);
        }
    }

    fn labeled(&mut self, event: &LabelEvent, later: &[&LabelEvent]) {
        let removal = later.iter().find(|later| !later.added);
        if removal.is_some_and(|removal| self.by_person(removal) || removal.at < self.horizon()) {
            // A person took it back before it counted, or it is history from before these bytes were shown.
            return;
        }
        match refusal::judge(self.facts, self.policy, event, &self.approvals, removal.is_some()) {
            Ok(who) => {
                let approval = Approval { id: event.id.clone(), who: who.clone(), at: event.at };
                self.entries.push(approve_entry(self.facts, event, who));
                self.approvals.push(approval);
            }
            Err(reason) => {
                let refused = refusal::refused(self.facts, self.policy, event, reason);
                self.refused.retain(|other| (&other.who, other.reason) != (&refused.who, reason));
                self.refused.push(refused);
            }
        }
    }

    fn revoke(&mut self, event: &LabelEvent) {
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.approvals).into_iter().partition(|approval| approval.at <= event.at);
        self.approvals = kept;
        if gone.is_empty() {
            return;
        }
        let who = event.account.as_ref().map(|account| account.actor.clone());
        self.revoked = Some(RevokedApprovals { who: who.clone(), at: event.at });
        self.entries.push(Entry {
            approvals: gone.into_iter().map(|approval| approval.id).collect(),
            ..entry(self.facts, EntryKind::Revoked, event.id.clone(), event.at, who)
        });
    }

    /// From when on events are about the present bytes.
    fn horizon(&self) -> DateTime<Utc> {
        self.facts.shown_since.unwrap_or(self.facts.now)
    }

    fn is_own(&self, event: &LabelEvent) -> bool {
        event.account.as_ref().is_some_and(|account| Some(account.actor.id) == self.facts.own_id)
    }

    /// Whether a person did it; a deleted account may have been one.
    fn by_person(&self, event: &LabelEvent) -> bool {
        !self.is_own(event) && event.account.as_ref().is_none_or(|account| account.kind == AccountKind::User)
    }
}

/// GitHub keeps the case of labels and ignores it when it compares them.
fn same_label(a: &str, b: &str) -> bool {
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

fn approve_entry(facts: &Facts<'_>, event: &LabelEvent, who: Actor) -> Entry {
    let mut tables = facts.evidence.tables.clone();
    for table in &mut tables {
        table.performed_by = Some(who.login.clone());
    }
    Entry {
        violations: facts.evidence.violations.clone(),
        blobs: facts.evidence.blobs.keys().copied().collect(),
        tables,
        ..entry(facts, EntryKind::Approved, event.id.clone(), event.at, Some(who))
    }
}

/// The id holds the approvals, so that bytes that come and go and come again are voided each time.
fn void_entry(facts: &Facts<'_>, old: Digest, approvals: &[Approval]) -> Entry {
    let ids: Vec<String> = approvals.iter().map(|approval| approval.id.clone()).collect();
    let (repo, pr, new) = (facts.repo, facts.pr, facts.digest.digest);
    let id = format!("voided:{repo}:{pr}:{old}:{new}:{}", Digest::of(ids.join("\n")).short());
    Entry { approvals: ids, digest: Some(old), ..entry(facts, EntryKind::Voided, id, facts.now, None) }
}

fn entry(facts: &Facts<'_>, kind: EntryKind, id: String, at: DateTime<Utc>, actor: Option<Actor>) -> Entry {
    Entry {
        version: ENTRY_VERSION,
        id,
        kind,
        repo: facts.repo,
        at,
        actor,
        pr: Some(facts.pr),
        digest: Some(facts.digest.digest),
        policy: Some(facts.digest.policy),
        tool: facts.tool.to_owned(),
        before: None,
        after: Some(facts.head_sha.to_owned()),
        approvals: Vec::new(),
        violations: Vec::new(),
        blobs: Vec::new(),
        tables: Vec::new(),
    }
}
