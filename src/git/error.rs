//! What can go wrong with git.

use std::io;

/// Oldest git that has `merge-tree --write-tree --merge-base`.
/// Source: <https://github.com/git/git/blob/v2.40.0/Documentation/RelNotes/2.40.0.txt>
pub(super) const OLDEST: (u32, u32) = (2, 40);

/// A git command that could not do its work. Texts hold no token and no credential of a URL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No `git` in `PATH`.
    #[error("git cannot be started; install git {}.{} or newer and put it in PATH", OLDEST.0, OLDEST.1)]
    NotInstalled(#[source] io::Error),
    /// Older than 2.40.
    #[error("{found} is too old; install git {}.{} or newer", OLDEST.0, OLDEST.1)]
    TooOld {
        /// What `git version` says.
        found: String,
    },
    /// git answered with a failure.
    #[error("`git {command}` failed ({status}): {stderr}{}", advice(stderr))]
    Failed {
        /// Subcommand with its arguments.
        command: String,
        /// Exit status or signal.
        status: String,
        /// End of what it wrote to stderr.
        stderr: String,
    },
    /// git answered something that cannot be read.
    #[error("`git {command}` gave an answer that cannot be read: {detail}; check the repository with `git fsck`")]
    Unexpected {
        /// Subcommand with its arguments.
        command: String,
        /// What was read.
        detail: String,
    },
    /// The conversation with git broke.
    #[error("the conversation with `git {command}` broke; run it again")]
    Io {
        /// Subcommand with its arguments.
        command: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Whether a remote did not answer, and may the next time.
    #[must_use]
    pub fn is_of_remote(&self) -> bool {
        let of_remote = |command: &str| ["fetch", "ls-remote"].iter().any(|name| command.starts_with(name));
        match self {
            Self::Failed { command, stderr, .. } => of_remote(command) && !stderr.contains("not our ref"),
            Self::Io { command, .. } => of_remote(command),
            _ => false,
        }
    }
}

/// What to do about the failures that people meet, by git's untranslated words.
fn advice(stderr: &str) -> &'static str {
    const ADVICE: [(&str, &str); 9] = [
        (
            "dubious ownership",
            "; mark the directory as yours with `git config --global --add safe.directory <directory>`",
        ),
        ("could not read Username", "; give the job a token for this repository"),
        ("Authentication failed", "; check that the token is valid for this repository"),
        ("The requested URL returned error: 403", "; give the token the permission `contents` for this repository"),
        ("not our ref", "; the commit is gone from the remote: fetch again"),
        ("bad object", "; fetch the commit first, or clone with more depth"),
        ("unrelated histories", "; give the merge base, or clone with more depth"),
        ("Could not resolve host", "; check the network and try again"),
        ("shallow", "; clone with `fetch-depth: 0`, or fetch the commits that are needed"),
    ];
    ADVICE.iter().find(|(words, _)| stderr.contains(words)).map_or("", |(_, advice)| advice)
}

const TAIL: usize = 2_000;

/// The end of what a command wrote, on one line, without credentials.
pub(super) fn tail(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let text = redact(text.trim());
    let start = text.char_indices().rev().nth(TAIL).map_or(0, |(at, _)| at);
    text[start..].lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// `text` with the user information of every URL and the value of every authorization header replaced by `***`.
pub(super) fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let authority = after.find(|c: char| c == '/' || c.is_whitespace() || c == '\'').unwrap_or(after.len());
        match after[..authority].rfind('@') {
            Some(user) => {
                out.push_str("***");
                rest = &after[user..];
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    match out.to_ascii_lowercase().find("authorization:") {
        Some(at) => format!("{}authorization: ***", &out[..at]),
        None => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_that_does_not_answer_is_told_from_one_that_lacks_something() {
        let failed = |command: &str, stderr: &str| Error::Failed {
            command: command.to_owned(),
            status: "exit status: 128".to_owned(),
            stderr: stderr.to_owned(),
        };
        let unresolved = "fatal: unable to access 'https://host/': Could not resolve host: host";
        for (error, expected) in [
            (failed("fetch --no-tags origin", unresolved), true),
            (failed("ls-remote origin", unresolved), true),
            (failed("fetch --no-tags origin", "fatal: remote error: upload-pack: not our ref 00"), false),
            (failed("read-tree fetch", "fatal: not a tree"), false),
            (Error::Io { command: "fetch".to_owned(), source: io::Error::other("broken") }, true),
            (Error::Io { command: "cat-file".to_owned(), source: io::Error::other("broken") }, false),
            (Error::TooOld { found: "fetch".to_owned() }, false),
        ] {
            assert_eq!(error.is_of_remote(), expected, "{error}");
        }
    }

    #[test]
    fn credentials_are_redacted() {
        let cases = [
            (
                "fatal: https://user:pass@host/x.git and https://b@c d",
                "fatal: https://***@host/x.git and https://***@c d",
            ),
            ("https://host/a@b", "https://host/a@b"),
            ("https://a@b@host/", "https://***@host/"),
            ("=> Send header: Authorization: Basic eHg=", "=> Send header: authorization: ***"),
        ];
        for (text, expected) in cases {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn a_failure_says_what_to_do() {
        let error = Error::Failed {
            command: "fetch origin".into(),
            status: "exit status: 128".into(),
            stderr: tail(b"fatal: unable to access 'https://x:y@h/': The requested URL returned error: 403\n"),
        };
        insta::assert_snapshot!(error, @"`git fetch origin` failed (exit status: 128): fatal: unable to access 'https://***@h/': The requested URL returned error: 403; give the token the permission `contents` for this repository");
    }
}
