//! Names of tables, columns and indexes.

use super::support::{of_change, of_new, ok};

const ID: &str = "{name: id, type: UUID, primaryKey: true, defaultValue: gen_random_uuid()}";

#[test]
fn column_names() {
    let rule = "column-name-not-snake-case";
    for name in ["user_id", "_seq", "address2"] {
        ok(rule, "orders", &[&format!("{{name: {name}, type: TEXT}}")], "");
    }
    for (name, expected) in [
        (
            "userId",
            "4:14 error: Invalid column name: `userId` is not snake_case -> Use lowercase snake_case names: `user_id`",
        ),
        (
            "Total",
            "4:14 error: Invalid column name: `Total` is not snake_case -> Use lowercase snake_case names: `total`",
        ),
        ("'2fa'", "4:14 error: Invalid column name: `2fa` is not snake_case -> Use lowercase snake_case names"),
    ] {
        assert_eq!(of_new(rule, "orders", &[&format!("{{name: {name}, type: TEXT}}")], ""), [expected]);
    }
}

#[test]
fn columns_that_were_there_keep_their_names() {
    let old = "{name: userId, type: TEXT}";
    let rule = "column-name-not-snake-case";
    assert_eq!(of_change(rule, "orders", &[ID, old], &[ID, old, "{name: note, type: TEXT}"]), Vec::<String>::new());
    assert_eq!(
        of_change(rule, "orders", &[ID, old], &[ID, old, "{name: teamId, type: TEXT}"]),
        ["6:14 error: Invalid column name: `teamId` is not snake_case -> Use lowercase snake_case names: `team_id`"]
    );
}

#[test]
fn table_names() {
    assert_eq!(
        of_new("table-name-not-snake-case", "UserProfile", &[ID], ""),
        [
            "1:12 error: Invalid table name: `UserProfile` is not snake_case -> Use lowercase snake_case names: `user_profile`"
        ]
    );
    assert_eq!(
        of_new("table-name-not-plural", "user_profile", &[ID], ""),
        ["1:12 notice: Table name `user_profile` is a singular -> Use a plural: `user_profiles`"]
    );
    for table in ["news", "series", "user_status", "dropbox_files", "form_data", "orders_2024"] {
        ok("table-name-not-plural", table, &[ID], "");
        ok("table-name-not-snake-case", table, &[ID], "");
    }
    assert_eq!(
        of_change("table-name-not-plural", "person", &[ID], &[ID, "{name: age, type: INTEGER}"]),
        Vec::<String>::new()
    );
}

#[test]
fn index_names() {
    let rule = "index-name-convention";
    let columns = [ID, "{name: user_id, type: TEXT}", "{name: title, type: TEXT}"];
    for index in [
        "{name: idx_orders_user_id, columns: [user_id]}",
        "{name: idx_orders_user_id_title, columns: [user_id, title]}",
        "{name: idx_orders_user_id, columns: [user_id, title]}",
        "{name: idx_orders_user_id_open, columns: [user_id], where: title IS NULL}",
        "{name: idx_orders_lower_title, columns: [{expression: lower(title)}]}",
        "{columns: [user_id]}",
    ] {
        ok(rule, "orders", &columns, &format!("  indexes:\n    - {index}\n"));
    }
    assert_eq!(
        of_new(rule, "orders", &columns, "  indexes:\n    - {name: orders_user_idx, columns: [user_id]}\n"),
        [
            "8:14 notice: Index name `orders_user_idx` does not follow `idx_<table>_<columns>` -> Name it `idx_orders_user_id`"
        ]
    );
}
