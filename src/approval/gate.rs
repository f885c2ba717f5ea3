//! The gate: one commit status from everything that is known.

use crate::model::{ApprovalState, CommitStatus, Outcome, PullRequest, Severity, StatusState, Verdict, Veto};

/// Longest description of a commit status, in characters.
/// Source: <https://docs.github.com/en/rest/commits/statuses#create-a-commit-status>
const MAX_DESCRIPTION: usize = 140;

/// What stands in the way besides violations and approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block<'a> {
    /// The branch conflicts with its base: there is no merged result to judge.
    Conflict,
    /// The change is too large to show in full, so nobody can approve it.
    Unreviewable,
    /// The approvals could not be appended to the audit log, or something that decides could not be read; why.
    Failed(&'a str),
}

/// What the gate is computed from.
#[derive(Debug, Clone, Copy)]
pub struct GateFacts<'a> {
    /// The evaluated merged result; an empty one where there is a conflict.
    pub outcome: &'a Outcome,
    /// Where the approval stands; `None` where it could not be told.
    pub approval: Option<&'a ApprovalState>,
    /// Whether the pull request is a draft.
    pub draft: bool,
    /// What else stands in the way.
    pub block: Option<Block<'a>>,
}

/// The verdict and the commit status. Whatever is unknown does not pass.
#[must_use]
pub fn gate(facts: &GateFacts<'_>) -> (Verdict, CommitStatus) {
    let outcome = facts.outcome;
    match facts.block {
        Some(Block::Failed(why)) => return (Verdict::Fail, status(StatusState::Error, why)),
        Some(Block::Conflict) => {
            let text = "The branch conflicts with its base; merge or rebase it";
            return (Verdict::Pending, status(StatusState::Pending, text));
        }
        _ if outcome.files.is_empty() && !outcome.fails() => {
            return (Verdict::Pass, status(StatusState::Success, "No schema changes"));
        }
        Some(Block::Unreviewable) => {
            let text = "Unreviewable: the change is too large to show in full; split it";
            return (Verdict::Fail, status(StatusState::Failure, text));
        }
        None => {}
    }
    if outcome.fails() {
        return (Verdict::Fail, status(StatusState::Failure, &counts(outcome)));
    }
    let Some(approval) = facts.approval else {
        return (Verdict::Fail, status(StatusState::Error, "The approvals could not be read"));
    };
    if !approval.vetoes.is_empty() {
        let who = |veto: &Veto| veto.who.as_ref().map_or_else(|| "somebody".to_owned(), |who| who.login.clone());
        let by: Vec<String> = approval.vetoes.iter().map(who).collect();
        let text = format!("Rejected by {}; {}", by.join(", "), counts(outcome));
        return (Verdict::Fail, status(StatusState::Failure, &text));
    }
    let given = format!("{} of {}", approval.approvals.len().min(approval.required), approval.required);
    let counts = counts(outcome);
    if approval.approvals.len() >= approval.required && !approval.complete() {
        let text = format!(
            "{given} {} given, none by an owner of some files; {counts}",
            plural(approval.required, "approval")
        );
        return (Verdict::Pending, status(StatusState::Pending, &text));
    }
    if !approval.complete() {
        let text = format!("{given} {} given; {counts}", plural(approval.required, "approval"));
        return (Verdict::Pending, status(StatusState::Pending, &text));
    }
    if facts.draft {
        return (Verdict::Pending, status(StatusState::Pending, &format!("Draft: mark it ready for review; {counts}")));
    }
    let by: Vec<&str> = approval.approvals.iter().map(|approval| approval.who.login.as_str()).collect();
    let text = match by.as_slice() {
        [] => format!("No approval needed; {counts}"),
        by => format!("Approved by {}; {counts}", by.join(", ")),
    };
    (Verdict::Pass, status(StatusState::Success, &text))
}

/// The status of a commit that is the head of several pull requests: the worst, with the pull request that it is of. Of
/// equally bad ones that of the lowest number, so that every run says the same. `None` of none.
#[must_use]
pub fn worst(statuses: &[(&PullRequest, CommitStatus)]) -> Option<CommitStatus> {
    let (pull_request, worst) = statuses.iter().min_by_key(|(of, it)| (it.state, of.number))?;
    if statuses.len() == 1 {
        return Some(worst.clone());
    }
    let text = format!("#{} to {}: {}", pull_request.number, pull_request.base_ref, worst.description);
    Some(status(worst.state, &text))
}

/// `2 errors, 1 warning`, without the severities that nothing has.
fn counts(outcome: &Outcome) -> String {
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Notice]
        .into_iter()
        .map(|severity| (outcome.count(severity), severity.as_str()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| format!("{count} {}", plural(count, severity)))
        .collect();
    if counts.is_empty() { "no violations".to_owned() } else { counts.join(", ") }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

/// A status whose description is one line that GitHub accepts.
fn status(state: StatusState, description: &str) -> CommitStatus {
    let line: String = description.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let description = if line.chars().count() > MAX_DESCRIPTION {
        line.chars().take(MAX_DESCRIPTION - 1).chain(['…']).collect()
    } else {
        line
    };
    CommitStatus { state, description }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        approval::testing::{approval_state, outcome},
        model::{Actor, RepositoryFacts, Uncovered},
    };

    #[test]
    fn every_combination_has_one_answer() {
        let empty = Outcome::default();
        let clean = outcome(&[]);
        let warned = outcome(&[Severity::Warning, Severity::Notice]);
        let broken = outcome(&[Severity::Error, Severity::Error, Severity::Warning]);
        let none = approval_state(2, 0);
        let one = approval_state(2, 1);
        let both = approval_state(2, 2);
        let free = approval_state(0, 0);
        let who = Actor { id: 9, login: "eve".to_owned() };
        let veto = Veto { id: "v".to_owned(), who: Some(who), at: crate::approval::testing::at(0) };
        let vetoed = ApprovalState { vetoes: vec![veto], ..both.clone() };
        let unowned = Uncovered { paths: vec!["a".to_owned()], owners: vec!["user id 7".to_owned()] };
        let unowned = ApprovalState { uncovered: vec![unowned], ..both.clone() };
        let conflict = Some(Block::Conflict);
        let failed = Some(Block::Failed("The audit log could not be appended to"));
        let large = Some(Block::Unreviewable);
        let cases = [
            (&empty, None, false, None, "pass success No schema changes"),
            (&empty, None, true, None, "pass success No schema changes"),
            (&empty, None, false, conflict, "pending pending The branch conflicts with its base; merge or rebase it"),
            (&empty, None, false, failed, "fail error The audit log could not be appended to"),
            (&broken, Some(&both), false, None, "fail failure 2 errors, 1 warning"),
            (&clean, Some(&both), false, failed, "fail error The audit log could not be appended to"),
            (
                &clean,
                Some(&both),
                false,
                large,
                "fail failure Unreviewable: the change is too large to show in full; split it",
            ),
            (&clean, None, false, None, "fail error The approvals could not be read"),
            (&clean, Some(&none), false, None, "pending pending 0 of 2 approvals given; no violations"),
            (&warned, Some(&one), true, None, "pending pending 1 of 2 approvals given; 1 warning, 1 notice"),
            (&clean, Some(&both), true, None, "pending pending Draft: mark it ready for review; no violations"),
            (&warned, Some(&both), false, None, "pass success Approved by person-1, person-2; 1 warning, 1 notice"),
            (&warned, Some(&vetoed), true, None, "fail failure Rejected by eve; 1 warning, 1 notice"),
            (&broken, Some(&vetoed), false, None, "fail failure 2 errors, 1 warning"),
            (
                &clean,
                Some(&unowned),
                false,
                None,
                "pending pending 2 of 2 approvals given, none by an owner of some files; no violations",
            ),
            (&clean, Some(&free), false, None, "pass success No approval needed; no violations"),
        ];
        for (outcome, approval, draft, block, expected) in cases {
            let (verdict, status) = gate(&GateFacts { outcome, approval, draft, block });
            let state = serde_json::to_value(status.state).expect("a state is a string");
            let text = format!("{verdict} {} {}", state.as_str().unwrap_or_default(), status.description);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_commit_of_several_pull_requests_has_the_worst_of_their_statuses() {
        let pull_request = |number: u64, base_ref: &str| PullRequest {
            repository: RepositoryFacts {
                id: 1,
                full_name: "o/r".to_owned(),
                default_branch: "main".to_owned(),
                private: false,
            },
            number,
            author: None,
            open: true,
            draft: false,
            merged: false,
            merged_at: None,
            merged_by: None,
            merge_commit_sha: None,
            head_sha: "0a".to_owned(),
            head_repository: None,
            head_full_name: None,
            head_ref: "branch".to_owned(),
            base_ref: base_ref.to_owned(),
            labels: Vec::new(),
        };
        let (seven, eight, nine) = (pull_request(7, "main"), pull_request(8, "stable"), pull_request(9, "next"));
        let good = status(StatusState::Success, "Approved by mia");
        let pending = status(StatusState::Pending, "0 of 1 approval given");
        let bad = status(StatusState::Failure, "1 error");
        assert_eq!(worst(&[(&seven, good.clone())]), Some(good.clone()));
        let named = |state, text: &str| Some(status(state, text));
        let mixed = worst(&[(&seven, good.clone()), (&nine, bad.clone()), (&eight, bad)]);
        assert_eq!(mixed, named(StatusState::Failure, "#8 to stable: 1 error"));
        let waiting = worst(&[(&eight, pending), (&seven, good.clone())]);
        assert_eq!(waiting, named(StatusState::Pending, "#8 to stable: 0 of 1 approval given"));
        let both = worst(&[(&eight, good.clone()), (&seven, good)]);
        assert_eq!(both, named(StatusState::Success, "#7 to main: Approved by mia"));
        assert_eq!(worst(&[]), None);
    }

    #[test]
    fn a_description_is_one_line_of_at_most_140_characters() {
        let status = status(StatusState::Error, &"ä\n".repeat(100));
        assert_eq!(status.description.chars().count(), 140);
        assert!(!status.description.contains('\n') && status.description.ends_with('…'));
        let fits = "ä".repeat(140);
        assert_eq!(super::status(StatusState::Error, &fits).description, fits);
    }
}
