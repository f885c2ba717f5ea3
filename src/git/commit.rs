//! Writing commits straight into the object database.

use std::collections::BTreeMap;

use super::{Git, command::unexpected, error::Error};

/// Who a commit is by, both author and committer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A commit to write.
#[derive(Debug, Clone, Copy)]
pub struct NewCommit<'a> {
    /// Its parent, whose files it starts from; none for the first commit of a branch.
    pub parent: Option<&'a str>,
    /// Files that differ from the parent's: new bytes (mode 100644), or `None` where the file goes away.
    pub files: &'a BTreeMap<String, Option<Vec<u8>>>,
    /// Message.
    pub message: &'a str,
    /// Who.
    pub identity: &'a Identity,
    /// Seconds since 1970, UTC.
    pub time: i64,
}

const ARGUMENTS: [&str; 4] = ["fast-import", "--quiet", "--date-format=raw", "--done"];

impl Git {
    /// Writes a commit and returns its id. No ref is left, no work tree and no index is touched, and only the trees on
    /// the way to the changed files are read: the cost does not grow with the number of files.
    /// Source: <https://git-scm.com/docs/git-fast-import>
    pub fn commit_files(&self, commit: &NewCommit) -> Result<String, Error> {
        let answer = self.pipe(&ARGUMENTS, &[], &stream(commit))?;
        let sha = String::from_utf8_lossy(&answer).trim().to_owned();
        if sha.len() < 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unexpected(&ARGUMENTS, sha.escape_debug().to_string()));
        }
        Ok(sha)
    }
}

/// The commit on a ref that is deleted again before fast-import would write it, so that it never exists.
fn stream(commit: &NewCommit) -> Vec<u8> {
    const SCRATCH: &str = "refs/schema-registry/scratch";
    let NewCommit { parent, files, message, identity, time } = commit;
    let clean = |text: &str| text.replace(['<', '>', '\n', '\0'], " ");
    let mut out = format!(
        "commit {SCRATCH}\nmark :1\ncommitter {} <{}> {time} +0000\ndata {}\n{message}\n",
        clean(&identity.name),
        clean(&identity.email),
        message.len()
    )
    .into_bytes();
    if let Some(parent) = parent {
        out.extend_from_slice(format!("from {parent}\n").as_bytes());
    }
    for (path, bytes) in *files {
        match bytes {
            None => out.extend_from_slice(format!("D {}\n", quoted(path)).as_bytes()),
            Some(bytes) => {
                out.extend_from_slice(format!("M 100644 inline {}\ndata {}\n", quoted(path), bytes.len()).as_bytes());
                out.extend_from_slice(bytes);
                out.push(b'\n');
            }
        }
    }
    let null = "0".repeat(parent.map_or(40, str::len));
    out.extend_from_slice(format!("\nget-mark :1\nreset {SCRATCH}\nfrom {null}\n\ndone\n").as_bytes());
    out
}

/// A path in fast-import's C-style quotes.
fn quoted(path: &str) -> String {
    let escaped = path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
