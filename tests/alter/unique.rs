//! An index that cannot be built because rows are not unique.

use schema_registry::model::Renames;

use crate::{
    bench::{alter, create, table},
    support::on_each,
};

const BEFORE: &str = "tableName: accounts\nschemaJson:\n  columns:\n    \
                      - {name: id, type: BIGINT, primaryKey: true, nullable: false}\n    \
                      - {name: email, type: TEXT, nullable: false}\n";
const ROWS: &str = "INSERT INTO accounts VALUES (1, 'a'), (2, 'b'), (3, 'b');";
const REPAIR: &str = "UPDATE accounts SET email = 'c' WHERE id = 3;";
/// True of the database once the change is complete.
const VALID: &str = "DO $$ BEGIN
    ASSERT (SELECT count(*) = 1 AND bool_and(indisvalid AND indisunique) FROM pg_index
             WHERE indrelid = 'accounts'::regclass AND NOT indisprimary);
END $$;";

#[test]
fn a_unique_build_that_fails_is_named_and_goes_on_when_the_rows_are_repaired() {
    let wishes = [
        ("index", format!("{BEFORE}  indexes:\n    - {{name: idx_email, columns: [email], unique: true}}\n")),
        ("constraint", BEFORE.replace("{name: email, ", "{name: email, unique: true, ")),
        // An index of that name, but not unique, is there: the new one is built beside it.
        ("changed", format!("{BEFORE}  indexes:\n    - {{name: idx_email, columns: [email], unique: true}}\n")),
    ];
    on_each("unique", async |_, connection| {
        for (wish, after) in &wishes {
            let old = format!("{BEFORE}  indexes:\n    - {{name: idx_email, columns: [email]}}\n");
            let before = table(if *wish == "changed" { &old } else { BEFORE });
            let migrations = alter(&before, &table(after), &Renames::default()).expect("it can be carried out");
            for script in ["DROP TABLE IF EXISTS accounts;", &create(&before).up, ROWS] {
                connection.execute_script(script).await.expect("a new table");
            }

            let mut files = migrations.iter();
            let build = files.find(|file| file.up.contains("CREATE UNIQUE INDEX CONCURRENTLY")).expect("it is built");
            for file in migrations.iter().take_while(|file| file.name != build.name) {
                connection.execute_script(&file.up).await.expect("rows do not matter yet");
            }
            let error = connection.execute_script(&build.up).await.expect_err("rows are not unique").to_string();
            assert!(error.contains("23505") && error.contains("(email)=(b)"), "{wish}: {error}");

            // Whoever goes on regardless is told, also when the rows are repaired: the index is there, but not valid.
            for rows in ["", REPAIR] {
                connection.execute_script(rows).await.expect("a repair");
                connection.execute_script(&build.up).await.expect("an index of that name is there");
                let next = files.clone().next().expect("the build is looked at");
                let error = connection.execute_script(&next.up).await.expect_err("it is not valid").to_string();
                assert!(error.contains("is not valid: its build failed or was interrupted"), "{wish}: {error}");
                assert!(error.contains("run the migrations of this change again, from the first"), "{wish}: {error}");
            }
            for file in &migrations {
                connection.execute_script(&file.up).await.expect("the rows are unique now");
            }
            connection.execute_script(VALID).await.expect("the index is valid");
        }
    });
}
