//! Circles, renames, and changes of one table by several revisions.

use super::*;

#[test]
fn tables_that_need_each_other_get_the_closing_key_when_both_are_there() {
    let teams = request("teams", &reference("owner_id", "users"), "");
    let users = request("users", &(reference("parent_id", "users") + &reference("team_id", "teams")), "");
    let mut requests = [("teams", teams), ("users", users)];
    let at_once = revision(&Tree::new(), &tree(&requests));
    assert_eq!(stamps(&at_once), [("users".to_owned(), "2026-01-05 09:00:01".to_owned())]);
    requests[1].1 = at(&requests[1].1, "09:00:01");
    let merged = generated(&Tree::new(), &requests);
    for snapshot in [revision(&Tree::new(), &merged), everything(&merged), revision(&merged, &merged)] {
        assert_eq!(reported(&snapshot), [""; 0]);
        assert_eq!(stamps(&snapshot), []);
    }
    let outcome = evaluate(&revision(&Tree::new(), &merged));
    let plan: Vec<String> = outcome.in_order().flat_map(|request| &request.plan.operations).map(shown).collect();
    insta::assert_snapshot!(plan.join("\n"), @"
    create table teams in 20260105_090000_create_teams
    add foreign key teams_owner_id_fkey in 20260105_090002_alter_teams
    create table users in 20260105_090001_create_users
    ");

    // Going, a key that closes the circle goes first.
    let requests =
        requests.map(|(table, text)| (table, text.replace("2026-01-05", "2026-01-06") + "lifecycle: dropped\n"));
    let dropped = generated(&merged, &requests);
    assert_eq!(reported(&revision(&merged, &dropped)), [""; 0]);
    insta::assert_snapshot!(ups(&dropped)[3..].join("\n"), @"
    20260106_085959_alter_users
    20260106_090000_drop_teams
    20260106_090001_drop_users
    ");
}

/// Stems of the migrations of a tree.
fn ups(tree: &Tree) -> Vec<&str> {
    tree.keys().filter_map(|path| path.strip_prefix("migrations/")?.strip_suffix(".up.sql")).collect()
}

/// `summary in migration`.
fn shown(operation: &crate::model::Operation) -> String {
    let migration = operation.migration.as_ref().map_or("", |name| &name.0);
    format!("{} in {migration}", operation.summary)
}

#[test]
fn a_renamed_table_keeps_its_registry_id() {
    let base = generated(&Tree::new(), &[("teams", plain("teams"))]);
    let renamed = at(&request("groups", "", "renamedFrom: teams\n"), "10:00:00");
    let mut merged = base.clone();
    merged.remove(&path("teams"));
    merged.extend(tree(&[("groups", renamed)]));
    let id = crate::parse::registry_id("default", &crate::model::TableName::public("teams"));
    let carried: BTreeMap<_, _> = [(path("groups"), id)].into();
    assert_eq!(carried_ids(&revision(&base, &merged)), carried);
    let outcome = evaluate(&revision(&base, &merged));
    assert_eq!(outcome.requests[0].registry_id, Some(id));
    assert_eq!(
        reported(&revision(&base, &merged)),
        [
            "schema-requests/groups.yaml: Migration 20260105_100000_rename_groups is missing".to_owned(),
            format!("schema-requests/groups.yaml: A renamed table keeps its identity: `registryId: {id}` is missing")
        ]
    );
    let deleted = outcome.all_violations().filter(|violation| violation.rule == "destructive-change");
    assert_eq!(deleted.count(), 0, "its file has moved");

    let with_id = |tree: &Tree, id| {
        let text = crate::parse::set_registry_id(&tree[&path("groups")].bytes, id).unwrap();
        String::from_utf8(text).unwrap()
    };
    let mut merged = generated(&base, &[("groups", with_id(&merged, id))]);
    merged.remove(&path("teams"));
    assert_eq!(reported(&revision(&base, &merged)), [""; 0]);
    assert_eq!(carried_ids(&revision(&base, &merged)), BTreeMap::new());
    // Later too.
    for text in [with_id(&merged, uuid::Uuid::nil()), with_id(&merged, id).replace("registryId", "# registryId")] {
        let mut edited = merged.clone();
        edited.extend(tree(&[("groups", text)]));
        assert_eq!(carried_ids(&revision(&merged, &edited)), carried);
        assert_eq!(reported(&revision(&merged, &edited)).len(), 1);
    }
}

#[test]
fn another_change_of_the_same_table_that_lands_first_makes_ours_stale() {
    let column = |name: &str| format!("    - {{name: {name}, type: TEXT}}\n");
    let with = |columns: &[&str], time| {
        at(&request("teams", &columns.iter().map(|it| column(it)).collect::<String>(), ""), time)
    };
    let old = generated(&Tree::new(), &[("teams", plain("teams"))]);
    let ours = generated(&old, &[("teams", with(&["ours"], "12:00:00"))]);
    assert_eq!(reported(&revision(&old, &ours)), [""; 0]);
    let base = generated(&old, &[("teams", with(&["theirs"], "11:00:00"))]);

    let start = evaluate(&everything(&old)).requests[0].migrations[0].header.after.unwrap().short();
    // Git merges the columns of both; our migration still starts from the state that both started from.
    let mut merged = ours.clone();
    merged.extend(base.clone());
    merged.extend(tree(&[("teams", with(&["theirs", "ours"], "12:00:00"))]));
    assert_eq!(
        reported(&revision(&base, &merged)),
        [format!(
            "schema-requests/teams.yaml: Migrations 20260105_110000_alter_teams and 20260105_120000_alter_teams both \
                 start from state {start}"
        )]
    );
    let again = generated(&base, &[("teams", with(&["theirs", "ours"], "12:00:00"))]);
    assert_eq!(reported(&revision(&base, &again)), [""; 0]);
    let plan = evaluate(&revision(&base, &again));
    let operations: Vec<String> = plan.in_order().flat_map(|request| &request.plan.operations).map(shown).collect();
    assert_eq!(operations, ["add column ours in 20260105_120000_alter_teams"], "only our own part of it");
}
