//! Temporary clusters: a server of one's own that leaves nothing behind.

use std::{
    fs,
    io::{self, Read as _},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf, absolute},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Connection, PostgresError, Server};

/// How long `initdb` and the server's start may take together; about a second where nothing else runs.
const START_DEADLINE: Duration = Duration::from_mins(2);

/// Longest path of a unix socket in bytes: 107 on Linux, 103 on macOS.
/// Source: <https://man7.org/linux/man-pages/man7/unix.7.html>
const MAX_SOCKET_PATH: usize = 103;

/// The role of [`TemporaryCluster::server`]: it may create databases, but neither run programs nor read files, so that a
/// migration reaches nothing outside of its database.
pub(super) const ROLE: &str = "schema_registry";

/// The role that `initdb` makes.
const SUPERUSER: &str = "postgres";

/// The account that the server runs under when we are root, which PostgreSQL refuses to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Account {
    uid: u32,
    gid: u32,
}

/// `nobody`, where there is no `postgres`.
const NOBODY: Account = Account { uid: 65534, gid: 65534 };

/// A PostgreSQL on a unix socket in a folder of its own. Dropping it stops the server and removes the folder; so does the
/// death of this process, however it dies.
#[derive(Debug)]
pub struct TemporaryCluster {
    /// Closing it makes the supervisor stop the server. Before `folder`, so that it is dropped first.
    hold: Option<ChildStdin>,
    supervisor: Child,
    folder: TempDir,
}

impl TemporaryCluster {
    /// Creates and starts a cluster with the programs in `binaries`, and waits until it answers.
    pub async fn start(binaries: &Path) -> Result<Self, PostgresError> {
        let binaries = absolute(binaries).map_err(|error| failed(&error, "the folder of its programs is unknown"))?;
        let (folder, account) = folder().map_err(|error| failed(&error, "no folder for it can be made"))?;
        let mut command = Command::new("sh");
        command.args(["-c", include_str!("supervisor.sh"), "supervisor"]).arg(binaries).arg(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        // An interrupt from the terminal is for us; the supervisor notices when we are gone.
        command.env("LC_ALL", "C").current_dir(folder.path()).process_group(0);
        if let Some(Account { uid, gid }) = account {
            command.uid(uid).gid(gid);
        }
        let mut supervisor = command.spawn().map_err(|error| failed(&error, "`sh` cannot be run"))?;
        let mut cluster = Self { hold: supervisor.stdin.take(), supervisor, folder };
        let admin = cluster.answer().await?;
        admin.run(&format!("CREATE ROLE {ROLE} LOGIN CREATEDB; ALTER DATABASE postgres OWNER TO {ROLE}")).await?;
        Ok(cluster)
    }

    /// Where to connect.
    #[must_use]
    pub fn server(&self) -> Server {
        Server::on_socket(self.folder.path(), ROLE)
    }

    /// Where to connect as the superuser: for what is ours alone, never for what somebody else has written.
    pub(super) fn superuser(&self) -> Server {
        Server::on_socket(self.folder.path(), SUPERUSER)
    }

    /// The folder that holds everything of the cluster: data, log and socket.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Connects as soon as the server lets us.
    async fn answer(&mut self) -> Result<Connection, PostgresError> {
        let server = self.superuser();
        let deadline = Instant::now() + START_DEADLINE;
        let mut pause = Duration::from_millis(10);
        loop {
            let error = match Connection::connect(&server, "postgres").await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            if matches!(self.supervisor.try_wait(), Ok(Some(_))) {
                let reason = "it stopped at once".to_owned();
                return Err(PostgresError::Start { reason, log: self.last_words() });
            }
            if Instant::now() > deadline {
                let reason = format!("no answer within {} s: {error}", START_DEADLINE.as_secs());
                return Err(PostgresError::Start { reason, log: tail(&self.folder.path().join("log")) });
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(Duration::from_millis(200));
        }
    }

    /// What a supervisor that has ended said; it ends with the last lines of the server's log.
    fn last_words(&mut self) -> String {
        let mut text = Vec::new();
        if let Some(stderr) = &mut self.supervisor.stderr {
            let _ = stderr.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Drop for TemporaryCluster {
    fn drop(&mut self) {
        drop(self.hold.take());
        // The server ends within five seconds of SIGQUIT: it kills what does not.
        let _ = self.supervisor.wait();
    }
}

fn failed(error: &io::Error, what: &str) -> PostgresError {
    PostgresError::Start { reason: format!("{what}: {error}"), log: String::new() }
}

/// The last 4,000 bytes of a log.
fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(4000)..]).into_owned()
}

/// A folder whose path is short enough for a socket, owned by the account that the server runs under (`None`: our own).
fn folder() -> io::Result<(TempDir, Option<Account>)> {
    let private = fs::Permissions::from_mode(0o700);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "TMPDIR, /tmp and /var/tmp do not serve");
    for parent in [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")] {
        if parent.as_os_str().len() + "/pg.XXXXXXXX/.s.PGSQL.5432".len() > MAX_SOCKET_PATH {
            continue;
        }
        let folder =
            match tempfile::Builder::new().prefix("pg.").rand_bytes(8).permissions(private.clone()).tempdir_in(&parent)
            {
                Ok(folder) => folder,
                Err(error) => {
                    last = error;
                    continue;
                }
            };
        // What we have just made is ours: its owner is who we are.
        if fs::metadata(folder.path())?.uid() != 0 {
            return Ok((folder, None));
        }
        if open_to_all(&parent) {
            let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
            let account = account(&passwd, "postgres").unwrap_or(NOBODY);
            chown(folder.path(), Some(account.uid), Some(account.gid))?;
            return Ok((folder, Some(account)));
        }
    }
    Err(last)
}

/// Whether any account may reach `folder` and remove what it owns there.
fn open_to_all(folder: &Path) -> bool {
    let mode = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    mode(folder) & 0o003 == 0o003 && folder.ancestors().skip(1).all(|parent| mode(parent) & 0o001 == 0o001)
}

/// The account called `name` in the text of `/etc/passwd`.
fn account(passwd: &str, name: &str) -> Option<Account> {
    let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let entry = fields.into_iter().find(|fields| fields.first() == Some(&name))?;
    Some(Account { uid: entry.get(2)?.parse().ok()?, gid: entry.get(3)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgresql:x:7:7::/:\npostgres:x:101:104:,,,:/var/lib:/bin/sh\n";
        assert_eq!(account(passwd, "postgres"), Some(Account { uid: 101, gid: 104 }));
        assert_eq!(account("postgres:x:many", "postgres"), None);
        assert_eq!(account("", "postgres"), None);
    }

    #[test]
    fn a_folder_in_a_private_one_is_not_open_to_all() {
        let private = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(private.path(), fs::Permissions::from_mode(0o700)).expect("it is ours");
        let inner = private.path().join("inner");
        fs::create_dir(&inner).expect("it is writable");
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o1777)).expect("it is ours");
        assert!(!open_to_all(&inner));
        assert!(open_to_all(Path::new("/tmp")));
    }
}
