//! Which people the changed files need.

use std::collections::BTreeMap;

use crate::{
    approval::{owner_groups, teams},
    model::FileChange,
    policy::{ApprovalPolicy, CodeOwners, Owner, Owners},
};

fn entry(paths: &str, approvers: &[u64], teams: &[&str]) -> Owners {
    Owners {
        paths: vec![paths.to_owned()],
        approvers: approvers.to_vec(),
        teams: teams.iter().map(|team| (*team).to_owned()).collect(),
    }
}

fn team(name: &str) -> Owner {
    Owner::Team(name.to_owned())
}

/// Paths by the owners of whom each needs one.
fn groups(policy: &ApprovalPolicy, codeowners: Option<&str>, paths: &[&str]) -> BTreeMap<Vec<Owner>, Vec<String>> {
    let file = |path: &&str| FileChange { path: (*path).to_owned(), before: None, after: None };
    let files: Vec<FileChange> = paths.iter().map(file).collect();
    let codeowners = codeowners.map(CodeOwners::parse);
    let groups = owner_groups(&files, policy, codeowners.as_ref());
    groups.into_iter().map(|group| (group.owners, group.paths)).collect()
}

#[test]
fn every_entry_of_the_policy_and_the_last_line_of_codeowners_ask_for_one_of_theirs() {
    let owners = vec![entry("schema-requests/*", &[7, 5, 7], &["octo/dba"]), entry("**/secret.yaml", &[9], &[])];
    let policy = ApprovalPolicy { owners, ..ApprovalPolicy::default() };
    let paths = ["schema-requests/a.yaml", "schema-requests/secret.yaml", "migrations/a.up.sql"];
    let general = vec![Owner::Id(5), Owner::Id(7), team("octo/dba")];
    let of = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let expected = [(general.clone(), of(&paths[..2])), (vec![Owner::Id(9)], of(&paths[1..2]))];
    assert_eq!(groups(&policy, None, &paths), BTreeMap::from(expected.clone()));

    let codeowners = "* @octo/everybody\nschema-requests/ @ann\nschema-requests/a.yaml\n";
    let mut expected = BTreeMap::from(expected);
    expected.insert(vec![Owner::Login("ann".to_owned())], of(&paths[1..2]));
    expected.insert(vec![team("octo/everybody")], of(&paths[2..]));
    assert_eq!(groups(&policy, Some(codeowners), &paths), expected, "a line without owners asks for nobody");
}

#[test]
fn the_teams_to_ask_about_are_those_of_the_policy_and_of_the_changed_files() {
    let policy = ApprovalPolicy {
        teams: vec!["octo/dba".to_owned(), "octo/a".to_owned()],
        owners: vec![entry("a", &[1], &["octo/dba", "octo/x"]), entry("b", &[], &["octo/y"])],
        ..ApprovalPolicy::default()
    };
    let file = FileChange { path: "a".to_owned(), before: None, after: None };
    let groups = owner_groups(&[file], &policy, None);
    assert_eq!(teams(&policy, &groups), ["octo/a", "octo/dba", "octo/x"]);
    assert_eq!(teams(&ApprovalPolicy::default(), &[]), [""; 0]);
}
