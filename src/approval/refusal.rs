//! Why a label event does not count, and how a person reads it.

use chrono::{DateTime, TimeDelta, Utc};

use super::Facts;
use crate::{
    model::{Account, AccountKind, Actor, Approval, LabelEvent, LabelRefusal, RefusedLabel},
    policy::ApprovalPolicy,
};

/// Why `event`, which is not in the log, is no approval; `None` where it is one, and then by whom.
///
/// The reasons that waiting does not cure come first. `approved` are the approvals that count before the event,
/// `answered` says that a bot took the label off again.
pub(super) fn judge(
    facts: &Facts<'_>,
    policy: &ApprovalPolicy,
    event: &LabelEvent,
    approved: &[Approval],
    answered: bool,
) -> Result<Actor, LabelRefusal> {
    let person = person(facts, policy, event, approved)?;
    let since = facts.shown_since.ok_or(LabelRefusal::BeforeSummary)?;
    if event.at < since {
        return Err(LabelRefusal::BeforeSummary);
    }
    if earliest(since, policy).is_none_or(|earliest| event.at < earliest) {
        return Err(LabelRefusal::TooEarly);
    }
    // It was refused when the bot took it off, or nobody ever looked at it: either way a person has to set it again,
    // so that a role that somebody gets later does not turn an old label into an approval.
    if answered { Err(LabelRefusal::Answered) } else { Ok(person) }
}

/// Who set the label, if this person may approve this pull request at all.
fn person(
    facts: &Facts<'_>,
    policy: &ApprovalPolicy,
    event: &LabelEvent,
    approved: &[Approval],
) -> Result<Actor, LabelRefusal> {
    let Some(Account { actor, kind }) = &event.account else { return Err(LabelRefusal::DeletedAccount) };
    if *kind == AccountKind::Bot {
        return Err(LabelRefusal::Bot);
    }
    if event.via_app {
        return Err(LabelRefusal::ViaApp);
    }
    if facts.author.is_some_and(|author| author.actor.id == actor.id) {
        return Err(LabelRefusal::Author);
    }
    if facts.requesters.iter().any(|claimed| login(claimed).eq_ignore_ascii_case(&actor.login)) {
        return Err(LabelRefusal::Requester);
    }
    if approved.iter().any(|approval| approval.who.id == actor.id) {
        return Err(LabelRefusal::AlreadyApproved);
    }
    if !policy.approvers.contains(&actor.id) {
        let role = facts.roles.get(&actor.id).ok_or(LabelRefusal::UnknownRole)?;
        if !policy.permission.contains(role) {
            return Err(LabelRefusal::RoleTooLow);
        }
    }
    Ok(actor.clone())
}

/// A claimed user name as GitHub writes logins; people put an `@` before it.
fn login(claimed: &str) -> &str {
    let claimed = claimed.trim();
    claimed.strip_prefix('@').unwrap_or(claimed)
}

/// The first moment at which a label counts; `None` where the policy asks for longer than there is time.
fn earliest(since: DateTime<Utc>, policy: &ApprovalPolicy) -> Option<DateTime<Utc>> {
    since.checked_add_signed(TimeDelta::try_seconds(i64::try_from(policy.min_review_seconds).ok()?)?)
}

/// The refusal with its sentence.
pub(super) fn refused(
    facts: &Facts<'_>,
    policy: &ApprovalPolicy,
    event: &LabelEvent,
    reason: LabelRefusal,
) -> RefusedLabel {
    let who = event.account.as_ref().map(|account| account.actor.clone());
    let name = who.as_ref().map_or_else(|| "Somebody".to_owned(), |who| format!("`{}`", who.login));
    let roles = any_of(&policy.permission);
    let message = match reason {
        LabelRefusal::DeletedAccount => {
            "The account that set the label no longer exists; somebody with an account must set it".to_owned()
        }
        LabelRefusal::Bot => format!("{name} is not a person; a person must set the label"),
        LabelRefusal::ViaApp => {
            format!("An app set the label on behalf of {name}; set it by hand on the pull request's page")
        }
        LabelRefusal::Author => format!("{name} opened this pull request; somebody else must approve it"),
        LabelRefusal::Requester => {
            format!("{name} is named as the requester (`requestedByUsername`); somebody else must approve the change")
        }
        LabelRefusal::AlreadyApproved => {
            format!("{name} has approved these bytes already; the next approval must come from somebody else")
        }
        LabelRefusal::UnknownRole => {
            format!(
                "The role of {name} in the repository could not be read; run this check again, then set the label again"
            )
        }
        LabelRefusal::RoleTooLow => {
            let role = who.as_ref().and_then(|who| facts.roles.get(&who.id));
            let role = role.map_or_else(|| "no role".to_owned(), |role| format!("the role `{role}`"));
            format!(
                "{name} has {role} in the repository; the policy asks for {roles}, or a place in its list of approvers"
            )
        }
        LabelRefusal::BeforeSummary => {
            format!("{name} set the label before the summary showed these bytes; read it, then set the label again")
        }
        LabelRefusal::TooEarly => {
            let seconds = policy.min_review_seconds;
            let when = facts.shown_since.and_then(|since| earliest(since, policy));
            let when = when.map_or_else(String::new, |at| format!(" after {}", at.format("%Y-%m-%d %H:%M:%S UTC")));
            format!(
                "{name} set the label before the summary had been shown for {seconds} seconds \
                 (`min_review_seconds`); set it again{when}"
            )
        }
        LabelRefusal::Answered => {
            format!("The label that {name} set was taken off by a bot before it counted; set it again")
        }
    };
    RefusedLabel { id: event.id.clone(), who, at: event.at, reason, message }
}

/// `` `a` or `b` ``.
fn any_of(roles: &[String]) -> String {
    match roles {
        [] => "nobody's role".to_owned(),
        roles => roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(" or "),
    }
}
