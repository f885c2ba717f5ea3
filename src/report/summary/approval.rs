//! Approvals: given, missing, refused, lost.

use super::{Detail, SummaryFacts, more};
use crate::{
    model::{Actor, ApprovalState, ClassOfChange, Uncovered, Veto},
    policy::Comments,
    report::escape::{code, prose},
};

/// Where the approval stands and why.
pub(super) fn section(facts: &SummaryFacts<'_>, state: &ApprovalState, detail: Detail) -> String {
    let given = state.approvals.len();
    let mut parts = vec![match (state.required, given) {
        (0, 0) => "The policy asks for no approval.".to_owned(),
        (required, given) => format!("{given} of {required} given."),
    }];
    let lines: Vec<String> = state
        .approvals
        .iter()
        .map(|approval| format!("- {} on {}", name(&approval.who), approval.at.format("%Y-%m-%d %H:%M:%S UTC")))
        .collect();
    parts.extend((!lines.is_empty()).then(|| lines.join("\n")));
    parts.extend(class(state, detail));
    parts.extend(state.vetoes.iter().map(|veto| rejection(facts, veto)));
    parts.extend(uncovered(state, detail));
    if !state.complete() {
        parts.push(format!("Who may approve: {}.", eligible(facts)));
    }
    if let Some(revoked) = state.revoked.as_ref().filter(|_| !state.complete()) {
        let who = revoked.who.as_ref().map_or_else(|| "A deleted account".to_owned(), name);
        let label = code(&facts.policy.approval.label);
        parts.push(format!("{who} took the label {label} off, which took back every approval given before."));
    }
    if let Some(voided) = &state.voided {
        let who: Vec<String> = voided.who.iter().map(name).collect();
        let reasons: Vec<String> =
            voided.changed.iter().take(detail.rows).map(|reason| format!("- {}", prose(reason))).collect();
        parts.push(format!(
            "The approval of {} for the digest {} no longer counts, because what it was given for has changed:\n\n{}{}",
            who.join(", "),
            code(&voided.digest.short()),
            reasons.join("\n"),
            more(voided.changed.len(), reasons.len(), "differences"),
        ));
    }
    if !state.refused.is_empty() {
        let reasons: Vec<String> =
            state.refused.iter().take(detail.rows).map(|refused| format!("- {}", prose(&refused.message))).collect();
        let more = more(state.refused.len(), reasons.len(), "refusals");
        parts.push(format!("Labels and comments that do not count:\n\n{}{more}", reasons.join("\n")));
    }
    format!("### Approvals\n\n{}", parts.join("\n\n"))
}

fn rejection(facts: &SummaryFacts<'_>, veto: &Veto) -> String {
    let who = veto.who.as_ref().map_or_else(|| "A deleted account".to_owned(), name);
    let label = code(&facts.policy.approval.veto_label);
    format!(
        "{who} rejected this on {} with the label {label}; only the same person, or somebody who may approve, lifts that.",
        veto.at.format("%Y-%m-%d %H:%M:%S UTC")
    )
}

/// Files whose owners are missing, and who they are.
fn uncovered(state: &ApprovalState, detail: Detail) -> Option<String> {
    if state.uncovered.is_empty() {
        return None;
    }
    let line = |uncovered: &Uncovered| {
        let paths: Vec<String> = uncovered.paths.iter().take(detail.rows).map(|path| code(path)).collect();
        let left = uncovered.paths.len() - paths.len();
        let left = if left > 0 { format!(" and {left} more") } else { String::new() };
        format!("- {}{left}: {}", paths.join(", "), prose(&uncovered.owners.join(" or ")))
    };
    let lines: Vec<String> = state.uncovered.iter().take(detail.rows).map(line).collect();
    let more = more(state.uncovered.len(), lines.len(), "groups of files");
    Some(format!("Files that still need the approval of one of their owners:\n\n{}{more}", lines.join("\n")))
}

/// The class of the change, and what makes it so where that is more than ordinary.
fn class(state: &ApprovalState, detail: Detail) -> Option<String> {
    let decisive: Vec<_> = state.classes.iter().filter(|part| part.required == state.required).collect();
    let mut classes: Vec<ClassOfChange> = decisive.iter().map(|part| part.class).collect();
    classes.dedup();
    let worst = *classes.iter().max()?;
    let names: Vec<String> = classes.iter().map(|class| code(class.key())).collect();
    let head = format!("Class of change: {}, which needs {}", names.join(", "), state.required);
    if worst <= ClassOfChange::Ordinary {
        return Some(format!("{head}."));
    }
    let reasons: Vec<String> =
        decisive.iter().take(detail.rows).map(|part| format!("- {}", prose(&part.why))).collect();
    let more = more(decisive.len(), reasons.len(), "reasons");
    Some(format!("{head}:\n\n{}{more}", reasons.join("\n")))
}

/// The step that asks for the missing approvals.
pub(super) fn request(facts: &SummaryFacts<'_>, state: &ApprovalState) -> String {
    let policy = &facts.policy.approval;
    let noun = if state.missing() == 1 { "approval" } else { "approvals" };
    let wait = match policy.min_review_seconds {
        0 => String::new(),
        seconds => format!(", once this summary has stood here for {seconds} seconds"),
    };
    let missing = state.missing();
    let comment = facts.digest.map(|digest| format!("comments {}", code(&format!("/approve {}", digest.short()))));
    match comment {
        // A label approves what the summary on the pull request shows.
        Some(comment) if facts.policy.comments == Comments::Off => {
            format!("Get {missing} more {noun}: a reviewer {comment}")
        }
        comment => {
            let comment = comment.map(|comment| format!(", or {comment}")).unwrap_or_default();
            format!("Get {missing} more {noun}: a reviewer sets the label {}{wait}{comment}", code(&policy.label))
        }
    }
}

fn eligible(facts: &SummaryFacts<'_>) -> String {
    let policy = &facts.policy.approval;
    let mut who = Vec::new();
    let roles: Vec<String> = policy.permission.iter().map(|role| code(role)).collect();
    who.extend((!roles.is_empty()).then(|| format!("people with the role {}", roles.join(" or "))));
    who.extend(match policy.approvers.len() {
        0 => None,
        1 => Some("1 person on the policy's list of approvers".to_owned()),
        count => Some(format!("{count} people on the policy's list of approvers")),
    });
    let teams: Vec<String> = policy.teams.iter().map(|team| code(team)).collect();
    who.extend((!teams.is_empty()).then(|| format!("members of {}", teams.join(" or "))));
    let who = if who.is_empty() { "nobody, by the policy".to_owned() } else { who.join(", and ") };
    format!("{who}; never the author, the requester, or anybody who had a hand in the commits")
}

fn name(actor: &Actor) -> String {
    code(&actor.login)
}
