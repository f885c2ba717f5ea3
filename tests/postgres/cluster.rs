//! A temporary cluster starts, answers, and leaves nothing behind, however its holder ends.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use schema_registry::postgres::{PostgresError, TemporaryCluster, catalog_text};

use crate::{Major, connect, runtime, with_cluster};

/// Process id of the server in `folder`.
fn server_process(folder: &Path) -> PathBuf {
    let pid = fs::read_to_string(folder.join("data/postmaster.pid")).expect("the server has written its id");
    Path::new("/proc").join(pid.lines().next().expect("a first line"))
}

#[test]
fn it_answers_on_its_socket_only_and_is_gone_when_dropped() {
    let (folder, process) = with_cluster(async |cluster| {
        let connection = connect(cluster, "postgres").await;
        assert!(connection.server_version().await.expect("it answers") >= 13);
        assert_eq!(
            catalog_text(&connection).await.expect("it answers"),
            [("extension plpgsql".to_owned(), "1.0".to_owned())].into()
        );
        let tcp = "DO $$ BEGIN IF current_setting('listen_addresses') <> '' THEN RAISE 'it listens'; END IF; END $$";
        connection.execute_script(tcp).await.expect("nobody reaches it over the network");
        let process = server_process(cluster.folder());
        assert!(process.exists());
        let mode = fs::metadata(cluster.folder()).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "others reach the socket");
        assert_ne!(fs::metadata(&process).expect("it runs").uid(), 0, "the server runs as root");
        (cluster.folder().to_owned(), process)
    });
    assert!(!folder.exists(), "{} is left behind", folder.display());
    assert!(!process.exists(), "{} still runs", process.display());
}

#[test]
fn its_role_reaches_nothing_outside_of_its_databases() {
    with_cluster(async |cluster| {
        let connection = connect(cluster, "postgres").await;
        for sql in ["COPY (SELECT 1) TO PROGRAM 'cat'", "SELECT pg_read_file('/etc/passwd')", "SET ROLE postgres"] {
            let error = connection.execute_script(sql).await.expect_err(sql);
            assert!(matches!(&error, PostgresError::Statement(error) if error.code == "42501"), "{sql}: {error}");
        }
    });
}

#[test]
fn a_cluster_that_does_not_start_shows_its_log_and_leaves_nothing() {
    // A server that initialises and then refuses to run.
    let real = Major::Installed.binaries();
    let fake = tempfile::tempdir().expect("a temporary folder");
    fs::set_permissions(fake.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    std::os::unix::fs::symlink(real.join("initdb"), fake.path().join("initdb")).expect("a link");
    fs::write(fake.path().join("postgres"), "#!/bin/sh\necho \"FATAL: out of patience $3\"\nexit 1\n")
        .expect("writable");
    fs::set_permissions(fake.path().join("postgres"), fs::Permissions::from_mode(0o755)).expect("it is ours");

    let error = runtime().block_on(TemporaryCluster::start(fake.path())).expect_err("it cannot start");
    let PostgresError::Start { log, .. } = &error else { panic!("{error}") };
    assert!(log.contains("FATAL: out of patience"), "{error}");
}

/// What [`a_killed_holder_takes_its_cluster_along`] runs in a process of its own.
#[test]
#[ignore = "a part of a_killed_holder_takes_its_cluster_along, which runs it"]
fn holds_a_cluster_until_killed() {
    with_cluster(async |cluster| {
        println!("\ncluster {}", cluster.folder().display());
        let _ = std::io::stdin().read(&mut [0]);
    });
}

#[test]
fn a_killed_holder_takes_its_cluster_along() {
    let mut holder = Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "cluster::holds_a_cluster_until_killed", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(holder.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let folder = lines.find_map(|line| line.strip_prefix("cluster ").map(PathBuf::from)).expect("it says where");
    let process = server_process(&folder);
    assert!(process.exists() && folder.exists());

    holder.kill().expect("SIGKILL");
    holder.wait().expect("it is dead");
    // Nobody tells when an orphan ends.
    let deadline = Instant::now() + Duration::from_mins(1);
    while process.exists() || folder.exists() {
        assert!(Instant::now() < deadline, "{} or {} is left behind", process.display(), folder.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}
