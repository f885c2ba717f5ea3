//! Approval digests, and which label events count as approvals of them.
