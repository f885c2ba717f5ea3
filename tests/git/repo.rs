//! A real repository in a temporary directory.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use schema_registry::git::Git;

pub(crate) struct Repo {
    pub(crate) root: tempfile::TempDir,
}

impl Repo {
    pub(crate) fn new() -> Self {
        let repo = Self { root: tempfile::tempdir().expect("a temporary directory") };
        repo.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repo
    }

    pub(crate) fn bare() -> Self {
        let repo = Self { root: tempfile::tempdir().expect("a temporary directory") };
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", "."]);
        repo
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.path().display())
    }

    pub(crate) fn open(&self) -> Git {
        Git::open(self.path()).expect("git is installed")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.pipe(arguments, b"")
    }

    pub(crate) fn pipe(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut command = Command::new("git");
        command.current_dir(self.path()).args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]);
        command.env("GIT_AUTHOR_DATE", "1700000000 +0100").env("GIT_COMMITTER_DATE", "1700000001 +0100");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let mut child =
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git is installed");
        child.stdin.take().expect("piped").write_all(input).expect("git reads it");
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = self.path().join(path);
        std::fs::create_dir_all(file.parent().expect("inside the repository")).expect("a folder");
        std::fs::write(&file, bytes).expect("a file");
        file
    }

    /// Commits everything in the work tree.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.head()
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// A tree straight from `(mode, path, bytes)`, also of names that no file system takes; a submodule's bytes are its commit id.
    pub(crate) fn tree(&self, files: &[(&str, &[u8], &[u8])]) -> String {
        let mut index = Vec::new();
        for (mode, path, bytes) in files {
            let oid = if *mode == "160000" {
                String::from_utf8_lossy(bytes).into_owned()
            } else {
                self.pipe(&["hash-object", "-w", "--stdin"], bytes)
            };
            index.extend_from_slice(format!("{mode} {oid}\t").as_bytes());
            index.extend_from_slice(path);
            index.push(0);
        }
        self.git(&["read-tree", "--empty"]);
        self.pipe(&["update-index", "-z", "--index-info"], &index);
        self.git(&["write-tree"])
    }
}
