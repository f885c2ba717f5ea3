//! Who may approve a pull request, and when a label or a comment of theirs counts.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Facts, owners};
use crate::{
    model::{Account, AccountKind, Actor, ApprovalRefusal as Refusal, ApproveCommand, LabelEvent},
    policy::ApprovalPolicy,
};

/// Who the account is, if this person may approve this pull request at all.
pub(super) fn may_approve(
    facts: &Facts<'_>,
    policy: &ApprovalPolicy,
    account: Option<&Account>,
    via_app: bool,
) -> Result<Actor, Refusal> {
    let Some(Account { actor, kind }) = account else { return Err(Refusal::DeletedAccount) };
    if *kind == AccountKind::Bot {
        return Err(Refusal::Bot);
    }
    if via_app {
        return Err(Refusal::ViaApp);
    }
    if facts.author.is_some_and(|author| author.actor.id == actor.id) {
        return Err(Refusal::Author);
    }
    if facts.requesters.iter().any(|claimed| names(claimed, actor)) {
        return Err(Refusal::Requester);
    }
    if let Some(contribution) = facts.contributors.people.get(&actor.id) {
        return Err(Refusal::Contributor(*contribution));
    }
    entitled(facts, policy, actor)?;
    if facts.contributors.unknown.is_empty() { Ok(actor.clone()) } else { Err(Refusal::UnknownContributor) }
}

/// Whether the policy lets the person approve everything, or one of the changed files.
fn entitled(facts: &Facts<'_>, policy: &ApprovalPolicy, actor: &Actor) -> Result<(), Refusal> {
    if owners::is_approver(facts, policy, actor) || facts.owners.iter().any(|group| owners::owns(facts, group, actor)) {
        return Ok(());
    }
    if facts.teams.values().any(Result::is_err) {
        return Err(Refusal::UnknownTeam);
    }
    Err(if facts.roles.contains_key(&actor.id) { Refusal::RoleTooLow } else { Refusal::UnknownRole })
}

/// Whether a request's claim about its requester means the person: by login, which people put an `@` before, or by id.
fn names(claimed: &str, actor: &Actor) -> bool {
    let claimed = claimed.trim();
    let login = claimed.strip_prefix('@').unwrap_or(claimed);
    login.eq_ignore_ascii_case(&actor.login) || login.parse() == Ok(actor.id)
}

/// Whether a label set at that moment was set by somebody who had seen the bytes. `answered` says that a bot took the
/// label off again.
pub(super) fn label_in_time(
    facts: &Facts<'_>,
    policy: &ApprovalPolicy,
    event: &LabelEvent,
    answered: bool,
) -> Result<(), Refusal> {
    if facts.label_since.is_none_or(|since| event.at < since) {
        return Err(Refusal::LabelChanged);
    }
    let since = facts.shown_since.ok_or(Refusal::BeforeSummary)?;
    if event.at < since {
        return Err(Refusal::BeforeSummary);
    }
    if earliest(facts, policy).is_none_or(|earliest| event.at < earliest) {
        return Err(Refusal::TooEarly);
    }
    // It was refused when the bot took it off, or nobody ever looked at it: either way a person has to set it again,
    // so that a role that somebody gets later does not turn an old label into an approval.
    if answered { Err(Refusal::Answered) } else { Ok(()) }
}

/// Whether the comment names the present bytes, which needs neither summary nor waiting.
pub(super) fn names_digest(facts: &Facts<'_>, command: &ApproveCommand) -> Result<(), Refusal> {
    let digits = command.digits.as_str();
    if digits.len() < SHORTEST_DIGEST || !facts.digest.digest.to_string().starts_with(digits) {
        return Err(Refusal::OtherDigest);
    }
    if command.edited { Err(Refusal::Edited) } else { Ok(()) }
}

/// How many digits of a digest name it; as many as [`crate::model::Digest::short`] gives.
const SHORTEST_DIGEST: usize = 12;

/// The first moment at which a label counts; `None` where that is unknown or beyond time.
pub(super) fn earliest(facts: &Facts<'_>, policy: &ApprovalPolicy) -> Option<DateTime<Utc>> {
    let since = facts.shown_since?.max(facts.contributors.head_since?);
    since.checked_add_signed(TimeDelta::try_seconds(i64::try_from(policy.min_review_seconds).ok()?)?)
}
