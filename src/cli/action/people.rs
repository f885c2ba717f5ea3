//! Reads who the people around a pull request are. Nothing is asked while nobody has tried to approve or reject.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Step, gather::Judged};
use crate::{
    approval::{self, History, OwnerGroup},
    git::Parents,
    github::{Error, Provenance},
    model::{Account, AccountKind, CommitAddresses, Contributors, Push, Role, Timeline, Unknown},
};

/// What decides about people.
#[derive(Default)]
pub(super) struct People {
    /// By user id.
    pub(super) roles: BTreeMap<u64, Role>,
    /// User ids of the members by team, or why they cannot be read.
    pub(super) teams: BTreeMap<String, Result<BTreeSet<u64>, String>>,
    pub(super) contributors: Contributors,
    /// Since when the label has existed under its name.
    pub(super) label_since: Option<DateTime<Utc>>,
}

/// Reads what decides about those who tried to approve or reject.
pub(super) async fn read(
    step: &Step<'_>,
    judged: &Judged,
    timeline: &Timeline,
    owners: &[OwnerGroup],
) -> anyhow::Result<People> {
    let people = people(judged, timeline);
    if people.is_empty() {
        return Ok(People::default());
    }
    let mut roles = BTreeMap::new();
    for (id, login) in people {
        // A login that changed hands names another account by now.
        if let Some((_, role)) = step.github.role(login).await?.filter(|(now, _)| *now == id) {
            roles.insert(id, role);
        }
    }
    let mut teams = BTreeMap::new();
    for team in approval::teams(&judged.policy.approval, owners) {
        let members = members(step, &team).await?;
        teams.insert(team, members);
    }
    let provenance = step.github.provenance(judged.pull_request.number, &judged.policy.approval.label).await?;
    let contributors = contributors(step, judged, &provenance).await?;
    Ok(People { roles, teams, contributors, label_since: provenance.label_since })
}

/// Whoever set one of the two labels, took the second off, or commented `/approve`.
fn people<'a>(judged: &Judged, timeline: &'a Timeline) -> BTreeMap<u64, &'a str> {
    let policy = &judged.policy.approval;
    let is = |label: &str, wanted: &str| label.to_lowercase() == wanted.to_lowercase();
    let labels = timeline
        .labels
        .iter()
        .filter(|event| (event.added && is(&event.label, &policy.label)) || is(&event.label, &policy.veto_label));
    let accounts = labels.map(|event| &event.account).chain(timeline.commands.iter().map(|command| &command.account));
    let persons = accounts.flatten().filter(|account| account.kind == AccountKind::User);
    persons.map(|Account { actor, .. }| (actor.id, actor.login.as_str())).collect()
}

async fn members(step: &Step<'_>, team: &str) -> anyhow::Result<Result<BTreeSet<u64>, String>> {
    match step.github.team_members(team).await {
        Ok(members) => Ok(Ok(members)),
        Err(Error::NotFound(_) | Error::Forbidden(_)) => Ok(Err(format!(
            "the token may not see the members of the team `{team}`, or there is no such team; run the action with the \
             token of a GitHub App that has the organisation permission `members: read`, which `GITHUB_TOKEN` cannot have"
        ))),
        Err(error) => Err(error.into()),
    }
}

async fn contributors(step: &Step<'_>, judged: &Judged, provenance: &Provenance) -> anyhow::Result<Contributors> {
    let (base, head) = (&judged.merge_base, &judged.pull_request.head_sha);
    if !step.store.fetch_history(base, head, Parents::All)? {
        let what = format!("the history from `{base}` to `{head}` could not be fetched");
        let unknown = vec![Unknown::for_now(what)];
        return Ok(Contributors { unknown, ..Contributors::default() });
    }
    let git = step.store.git();
    let commits: Vec<CommitAddresses> = git.addresses(base, head)?;
    let pushes = pushes(step, judged).await?;
    // A commit that is not here is further back than the base, or was never part of it: looking further is safe.
    let in_base = |sha: &str| {
        let here = matches!(git.resolve(sha), Ok(Some(_)));
        here && git.is_ancestor(sha, base).unwrap_or(false)
    };
    Ok(approval::contributors(&History {
        head_sha: head,
        author: judged.pull_request.author.as_ref(),
        commits: &commits,
        accounts: &provenance.accounts,
        pushes: pushes.as_deref().map_err(String::as_str),
        in_base: &in_base,
    }))
}

/// The pushes to the head branch, or why they cannot be read.
async fn pushes(step: &Step<'_>, judged: &Judged) -> anyhow::Result<Result<Vec<Push>, String>> {
    let pull_request = &judged.pull_request;
    let Some(repository) = &pull_request.head_full_name else {
        return Ok(Err("the repository of the branch was deleted, so who pushed to it is unknown".to_owned()));
    };
    match step.github.pushes(repository, &pull_request.head_ref).await {
        Ok(pushes) => Ok(Ok(pushes)),
        Err(Error::NotFound(_) | Error::Forbidden(_)) => Ok(Err(format!(
            "who pushed to `{}` of `{repository}` cannot be read (`contents: read` of that repository is needed)",
            pull_request.head_ref
        ))),
        Err(error) => Err(error.into()),
    }
}
