//! Scripts run as `psql -f` runs them, and errors say where and why.

use schema_registry::postgres::{Connection, PostgresError, Server, StatementError};

use crate::{connect, with_database};

async fn refused(connection: &Connection, script: &str) -> StatementError {
    let error = connection.execute_script(script).await.expect_err(script);
    let PostgresError::Statement(error) = error else { unreachable!("{error}") };
    *error
}

#[test]
fn errors_name_the_line_the_code_and_what_the_server_says() {
    with_database("errors", async |_, connection| {
        let script = "-- Ä comment\nBEGIN;\nCREATE TABLE t (id int,\n    name nosuchtype);\nCOMMIT;\n";
        insta::assert_snapshot!(refused(&connection, script).await, @r#"line 4: ERROR 42704: type "nosuchtype" does not exist"#);

        let script = "SELECT 1;\n\n  -- why\n  DO $$\nBEGIN\n  RAISE EXCEPTION 'no' USING ERRCODE = '23514', DETAIL = 'the detail', HINT = 'the hint';\nEND $$;";
        insta::assert_snapshot!(refused(&connection, script).await, @r"
        line 4: ERROR 23514: no
        detail: the detail
        hint: the hint
        context: PL/pgSQL function inline_code_block line 3 at RAISE
        ");

        let error = refused(&connection, "SELECT 1;\nSELECT 'ä',\n  'open").await;
        assert_eq!((error.line, error.code.as_str()), (3, "42601"));
    });
}

#[test]
fn a_refused_script_is_rolled_back_and_the_session_goes_on() {
    with_database("refused", async |_, connection| {
        refused(&connection, "BEGIN; CREATE TABLE t (id int); SELECT 1/0; COMMIT;").await;
        connection.execute_script("CREATE TABLE t (id int);").await.expect("the table is not there");
    });
}

#[test]
fn a_script_that_leaves_a_transaction_open_is_refused_and_rolled_back() {
    with_database("open", async |_, connection| {
        let error = refused(&connection, "BEGIN;\nCREATE TABLE t (id int);\n").await;
        insta::assert_snapshot!(error, @r"
        line 2: ERROR 25001: the script ends inside a transaction
        hint: End it with COMMIT.
        ");
        connection.execute_script("CREATE TABLE t (id int);").await.expect("the table is not there");
    });
}

#[test]
fn statements_that_need_a_transaction_of_their_own_run() {
    with_database("concurrently", async |_, connection| {
        let script = "CREATE TABLE t (id int);\nSET lock_timeout = '5s';\nCREATE INDEX CONCURRENTLY t_id ON t (id);\nRESET lock_timeout;\n";
        connection.execute_script(script).await.expect("each is sent alone");
    });
}

#[test]
fn databases_are_created_and_dropped_with_the_sessions_in_them() {
    with_database("admin", async |cluster, admin| {
        let name = "odd \"name\"";
        admin.create_database(name).await.expect("it is new");
        let inside = connect(cluster, name).await;
        inside.execute_script("CREATE TABLE t (id int);").await.expect("it is ours");
        admin.drop_database(name).await.expect("sessions do not keep it");
        admin.drop_database(name).await.expect("nothing to drop is fine");
        let error = Connection::connect(&cluster.server(), name).await.err().expect("it is gone").to_string();
        assert!(error.contains(name) && error.contains("does not exist"), "{error}");
    });
}

#[test]
fn an_unreachable_server_is_named_without_the_password() {
    let server = Server::from_url("postgresql://me:secret@127.0.0.1:1/shop").expect("a URL");
    assert_eq!(server.maintenance_database(), "shop");
    let error = crate::runtime().block_on(Connection::connect(&server, "shop")).err().expect("nobody listens there");
    insta::assert_snapshot!(error, @"PostgreSQL at 127.0.0.1:1/shop: error connecting to server: Connection refused (os error 111)");

    let error = Server::from_url("postgresql://me:secret@host:nan/shop").expect_err("no port");
    insta::assert_snapshot!(error, @"the database URL cannot be read: invalid connection string: invalid value for option `port`; write it as postgresql://user@host:port/database");
}
