//! Where the approval of a pull request stands.

use chrono::{DateTime, Utc};

use super::{Actor, Classified, Contribution, Digest};

/// An approval that counts for the present digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Node id of the label event or the comment; also the id of its `approved` entry.
    pub id: String,
    /// Who gave it.
    pub who: Actor,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
}

/// Why a label event or a comment is not an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApprovalRefusal {
    /// The account was deleted.
    DeletedAccount,
    /// The account is not a person.
    Bot,
    /// An app acted on a person's behalf.
    ViaApp,
    /// The person opened the pull request.
    Author,
    /// A touched request names the person as its requester.
    Requester,
    /// The person had a hand in the commits.
    Contributor(Contribution),
    /// Who had a hand in the commits could not be told.
    UnknownContributor,
    /// The person has approved these bytes already.
    AlreadyApproved,
    /// GitHub did not tell the person's role in the repository.
    UnknownRole,
    /// GitHub did not tell who is in a team that may approve.
    UnknownTeam,
    /// The person's role may not approve.
    RoleTooLow,
    /// The label was set before the summary showed these bytes.
    BeforeSummary,
    /// The label was set before the bytes had been shown for long enough.
    TooEarly,
    /// The label was made, renamed or deleted since: the event was about another one.
    LabelChanged,
    /// The label was taken off again by a bot before it was counted.
    Answered,
    /// The comment names another digest, or none.
    OtherDigest,
    /// The comment was edited.
    Edited,
    /// The audit log holds the approval, and GitHub knows of no such event.
    NotOnGitHub,
    /// It counted, and its giver lost the right to give it in between.
    Lapsed,
}

impl ApprovalRefusal {
    /// Whether it ends an approval that counted before, for good. What is merely unknown does not: it may be known again.
    #[must_use]
    pub fn ends_approval(self) -> bool {
        matches!(self, Self::Requester | Self::Contributor(_) | Self::RoleTooLow)
    }

    /// Whether another attempt by the same person could count.
    #[must_use]
    pub fn is_of_attempt(self) -> bool {
        matches!(
            self,
            Self::AlreadyApproved
                | Self::BeforeSummary
                | Self::TooEarly
                | Self::LabelChanged
                | Self::Answered
                | Self::OtherDigest
                | Self::Edited
        )
    }
}

/// A label event or comment that does not count, with its explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedApproval {
    /// Node id of the event or the comment.
    pub id: String,
    /// Whose it is; `None` for a deleted account.
    pub who: Option<Actor>,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
    /// Why it does not count.
    pub reason: ApprovalRefusal,
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

/// A rejection that nobody entitled has lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Veto {
    /// Node id of the label event; also the id of its `vetoed` entry.
    pub id: String,
    /// Who rejected; `None` for a deleted account.
    pub who: Option<Actor>,
    /// When, by GitHub's clock.
    pub at: DateTime<Utc>,
}

/// Files that nobody has approved who may approve them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    /// Paths, sorted: hostile text.
    pub paths: Vec<String>,
    /// Of whom one must approve, one phrase each: hostile text.
    pub owners: Vec<String>,
}

/// Where the approval of a pull request stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalState {
    /// How many approvals the change needs.
    pub required: usize,
    /// Why: the parts of the change with their classes, the most demanding first.
    pub classes: Vec<Classified>,
    /// The approvals that it has, one a person, in order of time.
    pub approvals: Vec<Approval>,
    /// Files whose owners are not among those who approved.
    pub uncovered: Vec<Uncovered>,
    /// Label events and comments that do not count, in order of time.
    pub refused: Vec<RefusedApproval>,
    /// The last approvals that a change of the bytes took away.
    pub voided: Option<VoidedApprovals>,
    /// The last removal of the label that took approvals of these bytes back.
    pub revoked: Option<RevokedApprovals>,
    /// Rejections that stand, in order of time.
    pub vetoes: Vec<Veto>,
}

impl ApprovalState {
    /// How many approvals are missing, at least one while files lack their owners'.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.required.saturating_sub(self.approvals.len()).max(usize::from(!self.uncovered.is_empty()))
    }

    /// Whether none is missing.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing() == 0
    }
}
