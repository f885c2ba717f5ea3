//! What is judged of a revision as a whole, and what it loses.

use schema_registry::{
    model::{Activity, File, FileMode, Tree, Violation},
    pipeline::{self, Scope, Snapshot},
    policy::Policy,
};

use super::support::{evaluate, evaluate_with, now, of_change, path, reported, request, tree};

const ID: &str = "{name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}";
const NOTE: &str = "{name: note, type: TEXT}";
const MIGRATION: &str = "migrations/20260105_090000_create_orders.up.sql";

/// `file: message -> suggestion` of the violations of `rule` from `base` to `merged`.
fn of_tree(rule: &str, base: &Tree, merged: &Tree) -> Vec<String> {
    let violations = evaluate_with(Policy::default(), base, merged);
    let of_rule = violations.into_iter().filter(|found| found.rule == rule);
    let line = |found: Violation| {
        format!("{}: {} -> {}", found.location.file, found.message, found.suggestion.unwrap_or_default())
    };
    of_rule.map(line).collect()
}

#[test]
fn a_column_does_not_disappear_unnoticed() {
    let rule = "destructive-change";
    assert_eq!(
        of_change(rule, "orders", &[ID, NOTE], &[ID]),
        [
            "3:3 error: Column `note` is no longer in the file: dropping it loses its values for good -> Put it back; name it in \
          `renamedFrom: note` of the column that replaces it; or waive this rule with the reason why its values may go"
        ]
    );
    assert_eq!(of_change(rule, "orders", &[ID, NOTE], &[ID, "{name: text, type: TEXT, renamedFrom: note}"]), [""; 0]);
    assert_eq!(of_change(rule, "dropbox_files", &[ID], &[ID, NOTE]), [""; 0]);
}

#[test]
fn a_table_is_dropped_on_purpose_only() {
    let rule = "destructive-change";
    let text = request("orders", &[ID], "");
    let base = tree(&[(&path("orders"), &text)]);
    assert_eq!(
        of_tree(rule, &base, &tree(&[])),
        [
            "schema-requests/orders.yaml: The file of table `orders`, which exists, was deleted -> Restore it; to drop the table set \
          `lifecycle: dropped` in it, with a justification, and run `schema-registry generate`"
        ]
    );
    assert_eq!(of_tree(rule, &base, &tree(&[("schema-requests/shop/orders.yaml", &text)])), [""; 0], "moved");
    let id = schema_registry::parse::registry_id("default", &schema_registry::model::TableName::public("orders"));
    let renamed = format!("{}renamedFrom: orders\nregistryId: {id}\n", request("purchases", &[ID], ""));
    assert_eq!(of_tree(rule, &base, &tree(&[(&path("purchases"), &renamed)])), [""; 0], "renamed");

    let dropped = format!("{text}lifecycle: dropped\n");
    let drop = [(path("orders"), dropped.clone())];
    let drop: Vec<_> = drop.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(
        reported(&evaluate(&[(&path("orders"), &text)], &drop), rule),
        [
            "6:12 warning: Dropping table `orders` loses its rows for good -> Make sure that nothing reads it any more and that a \
          backup exists"
        ]
    );
    assert_eq!(of_tree(rule, &tree(&drop), &tree(&[])), [""; 0], "the record of a dropped table may go");
    let touched = dropped.replace("It is needed", "It was needed");
    assert_eq!(reported(&evaluate(&drop, &[(&path("orders"), &touched)]), rule), [""; 0], "it is gone already");
}

#[test]
fn another_pull_requests_table_is_not_ours_to_judge() {
    let both =
        tree(&[(&path("orders"), &request("orders", &[ID], "")), (&path("carts"), &request("carts", &[ID], ""))]);
    assert_eq!(evaluate_with(Policy::default(), &both, &both), []);
}

#[test]
fn one_file_describes_one_table() {
    let orders = request("orders", &[ID], "");
    let base = [(path("orders"), orders.clone())];
    let base: Vec<_> = base.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(
        reported(&evaluate(&base, &[("schema-requests/shop/orders.yaml", &orders)]), "duplicate-table"),
        [
            "1:12 error: Table already exists: `schema-requests/orders.yaml` describes `orders` too -> Check schema registry for \
          existing requests, and keep one file"
        ]
    );
    let id = schema_registry::parse::registry_id("default", &schema_registry::model::TableName::public("orders"));
    let copy = format!("{}registryId: {id}\n", request("carts", &[ID], ""));
    assert_eq!(
        reported(&evaluate(&base, &[(&path("carts"), &copy)]), "duplicate-table"),
        [
            "6:13 error: The registry id is that of table `orders` (`schema-requests/orders.yaml`) -> Remove `registryId`: only a \
          renamed table carries one, its own old one"
        ]
    );
}

#[test]
fn the_migrations_of_a_change_are_the_generated_ones() {
    let request = [(path("orders"), request("orders", &[ID], ""))];
    let head: Vec<_> = request.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let head = tree(&head);
    let of = |merged: &Tree| of_tree("stale-migration", &tree(&[]), merged);
    let expected = generated(&head);
    assert_eq!(of(&head).len(), 1, "the pair is missing: {:?}", of(&head));

    let mut complete = head.clone();
    complete.extend(expected.clone());
    assert_eq!(of(&complete), [""; 0]);

    for path in expected.keys() {
        let mut edited = complete.clone();
        edited.entry(path.clone()).and_modify(|file| file.bytes.push(b'\n'));
        assert!(of(&edited)[0].starts_with("schema-requests/orders.yaml: "), "{path}: {:?}", of(&edited));
        let mut missing = complete.clone();
        missing.remove(path);
        assert!(!of(&missing).is_empty(), "{path}");
    }
}

/// The migrations that the requests of `head` must bring, as files.
fn generated(head: &Tree) -> Tree {
    let policy = Policy::default();
    let folder = policy.migrations.clone();
    let snapshot = Snapshot {
        policy,
        now: now(),
        base: Tree::new(),
        merged: head.clone(),
        scope: Scope::All,
        activity: Activity::default(),
    };
    let outcome = pipeline::evaluate(&snapshot);
    let migrations = outcome.requests.iter().flat_map(|request| &request.migrations);
    let files = migrations.flat_map(|migration| {
        [(migration.name.up_file(), &migration.up), (migration.name.down_file(), &migration.down)]
    });
    files.map(|(name, text)| (format!("{folder}/{name}"), File::regular(text.as_str()))).collect()
}

#[test]
fn merged_migrations_stay_as_they_are() {
    let rule = "edited-migration";
    let base = tree(&[(MIGRATION, "SELECT 1;\n")]);
    let expected = |done: &str| {
        format!(
            "{MIGRATION}: A merged migration was {done} -> Restore the file as it is on the base branch, and put what should \
             change into the request of the table"
        )
    };
    assert_eq!(of_tree(rule, &base, &tree(&[(MIGRATION, "SELECT 2;\n")])), [expected("changed")]);
    assert_eq!(of_tree(rule, &base, &tree(&[])), [expected("deleted")]);
    let mut mode = base.clone();
    mode.insert(MIGRATION.to_owned(), File { mode: FileMode::Executable, bytes: b"SELECT 1;\n".to_vec() });
    assert_eq!(of_tree(rule, &base, &mode), [expected("changed")]);
    assert_eq!(of_tree(rule, &tree(&[]), &base), [""; 0], "new");
}

#[test]
fn every_entry_of_the_folders_is_recognised() {
    let rule = "unrecognised-file";
    let mut merged = tree(&[
        ("schema-requests/README.md", "hello"),
        ("schema-requests/.gitkeep", ""),
        ("schema-requests/users.yml", ""),
        ("schema-requests/notes.txt", ""),
        ("migrations/fix.sql", ""),
        ("docs/users.yml", ""),
    ]);
    merged.insert(MIGRATION.to_owned(), File { mode: FileMode::Symlink, bytes: b"/etc/passwd".to_vec() });
    assert_eq!(
        of_tree(rule, &tree(&[]), &merged),
        [
            "migrations/20260105_090000_create_orders.up.sql: A migration must be a regular file of mode 100644, not 120000 -> \
             Replace it by the file that `schema-registry generate` writes",
            "migrations/fix.sql: The file is neither a request nor a migration -> Let `schema-registry generate` write migrations; \
             move other files out of the folder",
            "schema-requests/notes.txt: The file is neither a request nor a migration -> Move it out of the folder, or rename it to \
             `<table>.yaml` if it is a request",
            "schema-requests/users.yml: The file is neither a request nor a migration -> Rename it to `<table>.yaml`",
        ]
    );
    let base = tree(&[("migrations/fix.sql", "")]);
    assert_eq!(of_tree(rule, &base, &base), [""; 0], "what was there already is not ours to judge");
    let link = File { mode: FileMode::Symlink, bytes: b"elsewhere".to_vec() };
    assert_eq!(
        of_tree(rule, &tree(&[]), &[("migrations".to_owned(), link)].into()),
        [
            "migrations: There must be a folder here, not an entry of mode 120000 -> Remove it, and let the folder hold its \
          files itself"
        ]
    );
}
