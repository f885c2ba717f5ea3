//! Whose approval the changed files need, beside that of anybody who may approve.

use std::collections::BTreeMap;

use super::Facts;
use crate::{
    model::{Actor, Approval, FileChange, Uncovered},
    policy::{ApprovalPolicy, CodeOwners, Owner},
};

/// Changed files that need the approval of one of the same people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerGroup {
    /// Paths, sorted.
    pub paths: Vec<String>,
    /// One of them must approve.
    pub owners: Vec<Owner>,
}

/// The groups of the changed files. Every entry of the policy that matches a file asks for one of its people; of
/// CODEOWNERS, the last line that matches does.
#[must_use]
pub fn owner_groups(files: &[FileChange], policy: &ApprovalPolicy, codeowners: Option<&CodeOwners>) -> Vec<OwnerGroup> {
    let mut groups: BTreeMap<Vec<Owner>, Vec<String>> = BTreeMap::new();
    for file in files {
        let mut lists: Vec<Vec<Owner>> = Vec::new();
        for entry in policy.owners.iter().filter(|entry| entry.owns(&file.path)) {
            let people = entry.approvers.iter().copied().map(Owner::Id);
            lists.push(people.chain(entry.teams.iter().cloned().map(Owner::Team)).collect());
        }
        let of_code = codeowners.map(|codeowners| codeowners.owners_of(&file.path)).unwrap_or_default();
        lists.extend((!of_code.is_empty()).then(|| of_code.to_vec()));
        for mut owners in lists {
            owners.sort();
            owners.dedup();
            groups.entry(owners).or_default().push(file.path.clone());
        }
    }
    groups.into_iter().map(|(owners, paths)| OwnerGroup { paths, owners }).collect()
}

/// The teams whose members decide: those of the policy and those that own one of the changed files.
#[must_use]
pub fn teams(policy: &ApprovalPolicy, groups: &[OwnerGroup]) -> Vec<String> {
    let owners = groups.iter().flat_map(|group| &group.owners).filter_map(|owner| match owner {
        Owner::Team(team) => Some(team),
        _ => None,
    });
    let mut teams: Vec<String> = policy.teams.iter().chain(owners).cloned().collect();
    teams.sort();
    teams.dedup();
    teams
}

/// Whether the person may approve anything, by the policy's list, roles and teams.
pub(super) fn is_approver(facts: &Facts<'_>, policy: &ApprovalPolicy, who: &Actor) -> bool {
    policy.approvers.contains(&who.id)
        || facts.roles.get(&who.id).is_some_and(|role| policy.permission.contains(&role.name))
        || policy.teams.iter().any(|team| is_member(facts, team, who))
}

/// Whether the person is one of the owners. A login counts only as long as it is the person's, and, as with GitHub's own
/// code owners, for somebody who may write.
pub(super) fn owns(facts: &Facts<'_>, group: &OwnerGroup, who: &Actor) -> bool {
    group.owners.iter().any(|owner| match owner {
        Owner::Id(id) => *id == who.id,
        Owner::Team(team) => is_member(facts, team, who),
        Owner::Login(login) => {
            login.eq_ignore_ascii_case(&who.login) && facts.roles.get(&who.id).is_some_and(|role| role.writes)
        }
        Owner::Address(_) => false,
    })
}

fn is_member(facts: &Facts<'_>, team: &str, who: &Actor) -> bool {
    facts.teams.get(team).is_some_and(|members| members.as_ref().is_ok_and(|members| members.contains(&who.id)))
}

/// The files that none of `approvals` covers. Where nobody is needed, nobody is missing; files without owners need one
/// person who may approve anything, which matters once the others are there.
pub(super) fn uncovered(
    facts: &Facts<'_>,
    policy: &ApprovalPolicy,
    required: usize,
    approvals: &[Approval],
) -> Vec<Uncovered> {
    if required == 0 {
        return Vec::new();
    }
    let missing = facts.owners.iter().filter(|group| !approvals.iter().any(|it| owns(facts, group, &it.who)));
    let mut uncovered: Vec<Uncovered> = missing
        .map(|group| Uncovered {
            paths: group.paths.clone(),
            owners: group.owners.iter().map(ToString::to_string).collect(),
        })
        .collect();
    let owned = |path: &String| facts.owners.iter().any(|group| group.paths.contains(path));
    let free: Vec<String> = facts.paths.iter().filter(|path| !owned(path)).cloned().collect();
    let general = approvals.iter().any(|approval| is_approver(facts, policy, &approval.who));
    if !free.is_empty() && !general && approvals.len() >= required {
        uncovered.push(Uncovered { paths: free, owners: vec!["somebody who may approve every file".to_owned()] });
    }
    uncovered
}
