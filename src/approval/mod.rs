//! Approval digests, which label events count as approvals of them, and what the gate makes of it.
//!
//! Pure and re-derivable: every function takes what is on GitHub and in the audit log now, and a second call on what the
//! first one brought about asks for nothing more.

mod class;
mod compare;
mod contributors;
mod digest;
mod entries;
mod evaluate;
mod evidence;
mod gate;
mod ledger;
mod owners;
mod people;
mod refusal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod veto;
mod walk;

pub use class::{classify, least_required, required};
pub use compare::compare;
pub use contributors::{History, contributors};
pub use digest::{ApprovalDigest, DigestInput, digest, policy_digest};
pub use evaluate::{Evaluation, Facts, LabelChange, evaluate};
pub use evidence::Evidence;
pub use gate::{Block, GateFacts, gate, worst};
pub use owners::{OwnerGroup, owner_groups, teams};
