//! How a person reads why an approval does not count.

use chrono::{DateTime, Utc};

use super::{Facts, people};
use crate::{
    model::{Account, Actor, ApprovalRefusal as Refusal, Contribution, RefusedApproval},
    policy::ApprovalPolicy,
};

/// How somebody tried to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Label,
    Comment,
}

/// A label event or a comment, as far as refusals need it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) id: &'a str,
    pub(super) account: Option<&'a Account>,
    pub(super) at: DateTime<Utc>,
    pub(super) means: Means,
}

impl Means {
    fn did(self) -> &'static str {
        match self {
            Self::Label => "set the label",
            Self::Comment => "wrote `/approve`",
        }
    }

    fn again(self) -> &'static str {
        match self {
            Self::Label => "set the label again",
            Self::Comment => "comment again",
        }
    }
}

/// The refusal with its sentence.
pub(super) fn refused(
    facts: &Facts<'_>,
    policy: &ApprovalPolicy,
    attempt: &Attempt<'_>,
    reason: Refusal,
) -> RefusedApproval {
    let who = attempt.account.map(|account| account.actor.clone());
    let name = who.as_ref().map_or_else(|| "Somebody".to_owned(), |who| format!("`{}`", who.login));
    let message = of_person(facts, policy, who.as_ref(), &name, attempt, reason)
        .unwrap_or_else(|| of_moment(facts, policy, &name, attempt, reason));
    RefusedApproval { id: attempt.id.to_owned(), who, at: attempt.at, reason, message }
}

/// The sentence about who it is; `None` for the other reasons.
fn of_person(
    facts: &Facts<'_>,
    policy: &ApprovalPolicy,
    who: Option<&Actor>,
    name: &str,
    attempt: &Attempt<'_>,
    reason: Refusal,
) -> Option<String> {
    let (did, again) = (attempt.means.did(), attempt.means.again());
    Some(match reason {
        Refusal::DeletedAccount => {
            format!("The account that {did} no longer exists; somebody with an account must approve")
        }
        Refusal::Bot => format!("{name} is not a person; a person must approve"),
        Refusal::ViaApp => format!("An app {did} on behalf of {name}; do it by hand on the pull request's page"),
        Refusal::Author => format!("{name} opened this pull request; somebody else must approve it"),
        Refusal::Requester => {
            format!("{name} is named as the requester in `requestMetadata`; somebody else must approve the change")
        }
        Refusal::Contributor(contribution) => {
            let how = match contribution {
                Contribution::Pushed => "pushed to this branch",
                Contribution::Authored => "is the author of one of the commits",
                Contribution::Committed => "is the committer of one of the commits",
                Contribution::CoAuthored => "is named as co-author of one of the commits",
            };
            format!("{name} {how}; somebody who had no hand in the change must approve it")
        }
        Refusal::UnknownContributor => {
            let unknown = &facts.contributors.unknown;
            let lasting = unknown.iter().find(|unknown| unknown.stays);
            let first = lasting.or(unknown.first()).map(|unknown| unknown.what.as_str()).unwrap_or_default();
            let more =
                if unknown.len() > 1 { format!(" (and {} more like it)", unknown.len() - 1) } else { String::new() };
            let next = if lasting.is_some() {
                "somebody who is not to approve must push the commits to a new branch, open a pull request from it, and close this one"
                    .to_owned()
            } else {
                format!("amend that, or run this check again, then {again}")
            };
            format!("{name} cannot be told from those who had a hand in the commits, since {first}{more}; {next}")
        }
        Refusal::AlreadyApproved => {
            format!("{name} has approved these bytes already; the next approval must come from somebody else")
        }
        Refusal::UnknownRole => {
            format!("The role of {name} in the repository could not be read; run this check again, then {again}")
        }
        Refusal::UnknownTeam => {
            let why = facts.teams.values().find_map(|team| team.as_ref().err()).map(String::as_str).unwrap_or_default();
            format!("Whether {name} is in a team that may approve could not be read: {why}")
        }
        Refusal::RoleTooLow => {
            let role = who.and_then(|who| facts.roles.get(&who.id));
            let role = role.map_or_else(|| "no role".to_owned(), |role| format!("the role `{}`", role.name));
            format!(
                "{name} has {role} in the repository; the policy asks for {}, or a place among its approvers",
                any_of(&policy.permission)
            )
        }
        _ => return None,
    })
}

/// The sentence about when and how it happened.
fn of_moment(facts: &Facts<'_>, policy: &ApprovalPolicy, name: &str, attempt: &Attempt<'_>, reason: Refusal) -> String {
    let (did, again) = (attempt.means.did(), attempt.means.again());
    let short = facts.digest.digest.short();
    match reason {
        Refusal::TooEarly => {
            let seconds = policy.min_review_seconds;
            let when = people::earliest(facts, policy);
            let when = when.map_or_else(String::new, |at| format!(" after {}", at.format("%Y-%m-%d %H:%M:%S UTC")));
            format!(
                "{name} {did} before the summary and the head had stood for {seconds} seconds (`min_review_seconds`); \
                 set it again{when}, or comment `/approve {short}`"
            )
        }
        Refusal::LabelChanged => {
            format!("The label was made, renamed or deleted after {name} set it; {again}")
        }
        Refusal::Answered => {
            format!("The label that {name} set was taken off by a bot before it counted; set it again")
        }
        Refusal::OtherDigest => {
            format!("{name} wrote `/approve` with other digits than these bytes have; comment `/approve {short}`")
        }
        Refusal::Edited => format!("{name} edited the comment; write a new one: `/approve {short}`"),
        Refusal::NotOnGitHub => {
            format!("The audit log has an approval by {name} of which GitHub knows nothing; {again}")
        }
        Refusal::Lapsed => {
            format!("The approval by {name} ended when {name} could not approve for a while; {again}")
        }
        _ => format!("{name} {did} before the summary showed these bytes; read it, then {again}"),
    }
}

/// `` `a` or `b` ``.
fn any_of(roles: &[String]) -> String {
    match roles {
        [] => "nobody's role".to_owned(),
        roles => roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(" or "),
    }
}
