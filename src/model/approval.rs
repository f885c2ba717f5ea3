//! Where the approval of a pull request stands.

use chrono::{DateTime, Utc};

use super::{Actor, Classified, Digest};

/// An approval that counts for the present digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Node id of the label event; also the id of its `approved` entry.
    pub id: String,
    /// Who gave it.
    pub who: Actor,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
}

/// Why a label event is not an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelRefusal {
    /// The account was deleted.
    DeletedAccount,
    /// The account is not a person.
    Bot,
    /// An app set the label on a person's behalf.
    ViaApp,
    /// The person opened the pull request.
    Author,
    /// A touched request names the person as its requester.
    Requester,
    /// The person has approved these bytes already.
    AlreadyApproved,
    /// GitHub did not tell the person's role in the repository.
    UnknownRole,
    /// The person's role may not approve.
    RoleTooLow,
    /// The label was set before the summary showed these bytes.
    BeforeSummary,
    /// The label was set before the summary had been shown for long enough.
    TooEarly,
    /// The label was taken off again by a bot before it was counted.
    Answered,
}

/// A label event that does not count, with its explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLabel {
    /// Node id of the label event.
    pub id: String,
    /// Who set the label; `None` for a deleted account.
    pub who: Option<Actor>,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
    /// Why it does not count.
    pub reason: LabelRefusal,
    /// The same as one sentence that names the person, the rule and the way out: hostile text.
    pub message: String,
}

/// Approvals that a change of the digest took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidedApprovals {
    /// The digest that was approved.
    pub digest: Digest,
    /// Who had approved it, in order of time.
    pub who: Vec<Actor>,
    /// What differs between its lines and the present ones, one sentence each: hostile text.
    pub changed: Vec<String>,
}

/// Approvals that a person took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedApprovals {
    /// Who removed the label; `None` for a deleted account.
    pub who: Option<Actor>,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
}

/// Where the approval of a pull request stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalState {
    /// How many approvals the change needs.
    pub required: usize,
    /// Why: the parts of the change with their classes, the most demanding first.
    pub classes: Vec<Classified>,
    /// Those that it has, one a person, in order of time.
    pub approvals: Vec<Approval>,
    /// Label events that do not count, in order of time.
    pub refused: Vec<RefusedLabel>,
    /// The last approvals that a change of the bytes took away.
    pub voided: Option<VoidedApprovals>,
    /// The last removal of the label that took approvals of these bytes back.
    pub revoked: Option<RevokedApprovals>,
}

impl ApprovalState {
    /// How many approvals are missing.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.required.saturating_sub(self.approvals.len())
    }

    /// Whether none is missing.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing() == 0
    }
}
