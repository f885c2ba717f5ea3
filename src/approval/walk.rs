//! The label events and comments of a pull request in order, and what they come to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{
    Facts, entries,
    evaluate::same_label,
    ledger::Ledger,
    people,
    refusal::{self, Attempt, Means},
};
use crate::{
    model::{
        Account, AccountKind, Approval, ApprovalRefusal as Refusal, ApproveCommand, Entry, LabelEvent, RefusedApproval,
        RevokedApprovals,
    },
    policy::ApprovalPolicy,
};

/// What the events come to.
pub(super) struct Walk<'a> {
    facts: &'a Facts<'a>,
    policy: &'a ApprovalPolicy,
    ledger: &'a Ledger<'a>,
    /// Approvals of the present digest in the log whose events are still to come.
    recorded: BTreeMap<String, Approval>,
    pub(super) approvals: Vec<Approval>,
    pub(super) refused: Vec<RefusedApproval>,
    pub(super) revoked: Option<RevokedApprovals>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
enum Event<'a> {
    Label(usize, &'a LabelEvent),
    Command(&'a ApproveCommand),
}

impl Event<'_> {
    fn at(self) -> DateTime<Utc> {
        match self {
            Self::Label(_, label) => label.at,
            Self::Command(command) => command.at,
        }
    }
}

impl<'a> Walk<'a> {
    /// Goes through everything that happened.
    pub(super) fn of(facts: &'a Facts<'a>, policy: &'a ApprovalPolicy, ledger: &'a Ledger<'a>) -> Self {
        let recorded = ledger.approvals(facts.digest.digest);
        let revoked = ledger
            .last_revoked(facts.digest.digest)
            .map(|entry| RevokedApprovals { who: entry.actor.clone(), at: entry.at });
        let mut walk = Self {
            facts,
            policy,
            ledger,
            recorded: recorded.into_iter().map(|approval| (approval.id.clone(), approval)).collect(),
            approvals: Vec::new(),
            refused: Vec::new(),
            revoked,
            entries: Vec::new(),
        };
        let labels: Vec<&LabelEvent> =
            facts.timeline.labels.iter().filter(|event| same_label(&event.label, &policy.label)).collect();
        let mut events: Vec<Event<'_>> =
            labels.iter().enumerate().map(|(index, event)| Event::Label(index, event)).collect();
        events.extend(facts.timeline.commands.iter().map(Event::Command));
        // Stable, so that what happened in the same second stays in GitHub's order.
        events.sort_by_key(|event| event.at());
        for event in events {
            match event {
                Event::Label(index, event) => walk.label(event, &labels[index..]),
                Event::Command(command) => {
                    let withdrawn = |event: &&&LabelEvent| !event.added && event.at >= command.at;
                    let removals = labels.iter().filter(withdrawn);
                    let withdrawn = removals.filter(|event| walk.by_person(event)).count() > 0;
                    walk.command(command, withdrawn);
                }
            }
        }
        walk.forged();
        walk
    }

    /// `since` is the event and whatever happened to the label after it.
    fn label(&mut self, event: &LabelEvent, since: &[&LabelEvent]) {
        let attempt = Attempt { id: &event.id, account: event.account.as_ref(), at: event.at, means: Means::Label };
        if event.added && self.known(&attempt, event.via_app) {
            // The log says what it is.
        } else if self.ledger.holds(&event.id) {
            // Dealt with in an earlier run.
            if !event.added {
                self.forget();
            }
        } else if event.added && self.is_own(event.account.as_ref()) {
            // Set by this tool.
        } else if event.added {
            self.labeled(event, since, &attempt);
        } else if self.by_person(event) {
            self.revoke(event);
        }
    }

    fn labeled(&mut self, event: &LabelEvent, since: &[&LabelEvent], attempt: &Attempt<'_>) {
        let removal = since.iter().find(|later| !later.added);
        if removal.is_some_and(|removal| self.by_person(removal) || removal.at < self.horizon()) {
            // A person took it back before it counted, or it is history from before these bytes were shown.
            return;
        }
        let (facts, policy) = (self.facts, self.policy);
        let judged = self
            .new_approver(attempt, event.via_app)
            .and_then(|who| people::label_in_time(facts, policy, event, removal.is_some()).map(|()| who));
        self.count(attempt, judged);
    }

    /// `withdrawn` says that a person took the label off since.
    fn command(&mut self, command: &ApproveCommand, withdrawn: bool) {
        let attempt =
            Attempt { id: &command.id, account: command.account.as_ref(), at: command.at, means: Means::Comment };
        let named = people::names_digest(self.facts, command);
        if let (Err(reason), true) = (named, self.recorded.contains_key(&command.id)) {
            // It was counted, and says something else by now; or somebody else wrote the entry.
            self.recorded.remove(&command.id);
            return self.refuse(&attempt, reason);
        }
        if self.known(&attempt, command.via_app)
            || self.ledger.holds(&command.id)
            || self.is_own(command.account.as_ref())
            || withdrawn
        {
            return;
        }
        if named == Err(Refusal::OtherDigest) && command.at < self.horizon() {
            // It named bytes that were there before.
            return;
        }
        let judged = self.new_approver(&attempt, command.via_app).and_then(|who| named.map(|()| who));
        self.count(&attempt, judged);
    }

    /// Deals with an event that the log holds as an approval of these bytes: it counts while its giver still may give it.
    fn known(&mut self, attempt: &Attempt<'_>, via_app: bool) -> bool {
        if let Some(approval) = self.recorded.get(attempt.id) {
            if attempt.account.is_some_and(|account| account.actor.id != approval.who.id) {
                // Somebody else's event: the entry is not what GitHub knows.
                return true;
            }
            let approval = approval.clone();
            self.recorded.remove(attempt.id);
            match people::may_approve(self.facts, self.policy, attempt.account, via_app) {
                Ok(_) => self.approvals.push(approval),
                Err(reason) => {
                    self.refuse(attempt, reason);
                    self.entries.extend(reason.ends_approval().then(|| entries::lapsed(self.facts, &approval)));
                }
            }
            return true;
        }
        if !self.ledger.lapsed(self.facts.digest.digest, attempt.id) {
            return false;
        }
        let reason = people::may_approve(self.facts, self.policy, attempt.account, via_app).err();
        self.refuse(attempt, reason.unwrap_or(Refusal::Lapsed));
        true
    }

    /// Who it is, where the person may approve and has not.
    fn new_approver(&self, attempt: &Attempt<'_>, via_app: bool) -> Result<crate::model::Actor, Refusal> {
        let who = people::may_approve(self.facts, self.policy, attempt.account, via_app)?;
        let given = self.approvals.iter().any(|approval| approval.who.id == who.id);
        if given { Err(Refusal::AlreadyApproved) } else { Ok(who) }
    }

    fn count(&mut self, attempt: &Attempt<'_>, judged: Result<crate::model::Actor, Refusal>) {
        match judged {
            Ok(who) => {
                let approval = Approval { id: attempt.id.to_owned(), who, at: attempt.at };
                self.entries.push(entries::approved(self.facts, &approval));
                self.approvals.push(approval);
            }
            Err(reason) => self.refuse(attempt, reason),
        }
    }

    /// Of one person and reason, the last attempt says everything.
    fn refuse(&mut self, attempt: &Attempt<'_>, reason: Refusal) {
        let refused = refusal::refused(self.facts, self.policy, attempt, reason);
        self.refused.retain(|other| (&other.who, other.reason) != (&refused.who, reason));
        self.refused.push(refused);
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
        self.forget();
        let ids = gone.into_iter().map(|approval| approval.id).collect();
        self.entries.push(entries::revoked(self.facts, &event.id, event.at, who, ids));
    }

    /// What stood in the way of an attempt so far, and not of who made it, is history once all approvals were taken back.
    fn forget(&mut self) {
        self.refused.retain(|refused| !refused.reason.is_of_attempt());
    }

    /// Whatever the log holds beyond GitHub's events is somebody's word.
    fn forged(&mut self) {
        for approval in std::mem::take(&mut self.recorded).into_values() {
            let account = Account { actor: approval.who, kind: AccountKind::User };
            let attempt = Attempt { id: &approval.id, account: Some(&account), at: approval.at, means: Means::Label };
            self.refuse(&attempt, Refusal::NotOnGitHub);
        }
    }

    /// From when on events are about the present bytes.
    fn horizon(&self) -> DateTime<Utc> {
        self.facts.shown_since.unwrap_or(self.facts.now)
    }

    fn is_own(&self, account: Option<&Account>) -> bool {
        account.is_some_and(|account| Some(account.actor.id) == self.facts.own_id)
    }

    /// Whether a person did it; a deleted account may have been one.
    fn by_person(&self, event: &LabelEvent) -> bool {
        !self.is_own(event.account.as_ref())
            && event.account.as_ref().is_none_or(|account| account.kind == AccountKind::User)
    }
}
