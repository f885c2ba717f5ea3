//! Starting git: one environment, one set of options, one way to fail.
#![expect(clippy::disallowed_methods, reason = "the adapter that starts git")]

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    thread,
};

use super::error::{Error, OLDEST, redact, tail};

/// A repository, by a directory in it.
#[derive(Debug, Clone)]
pub struct Git {
    pub(super) dir: PathBuf,
}

/// After how long without a byte a transfer is given up.
/// Source: <https://git-scm.com/docs/git-config#Documentation/git-config.txt-httplowSpeedLimit>
const STALL_SECONDS: &str = "60";

/// What of the caller's `GIT_*` environment stays: how to connect, and where the configuration is. The rest would point
/// git at another repository, object store or index, or print headers.
/// Source: <https://git-scm.com/docs/git#_environment_variables>
const KEPT: [&str; 10] = [
    "GIT_ASKPASS",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
];

impl Git {
    /// The repository at `dir`: a bare one, or any directory in a work tree. Does not look whether there is one.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, Error> {
        checked_version()?;
        Ok(Self { dir: dir.into() })
    }

    /// Makes an empty bare repository in the folder `dir`.
    pub fn init_bare(dir: impl Into<PathBuf>) -> Result<Self, Error> {
        let git = Self::open(dir)?;
        git.run(&["init", "--quiet", "--bare", "--template="])?;
        Ok(git)
    }

    /// The work tree that `dir` is in, opened at its root; `None` where there is none.
    pub fn discover(dir: &Path) -> Result<Option<Self>, Error> {
        let git = Self::open(dir)?;
        let arguments = ["rev-parse", "--is-inside-work-tree", "--show-cdup"];
        let output = git.output(&arguments, &[])?;
        if !output.status.success() {
            let none = String::from_utf8_lossy(&output.stderr).contains("not a git repository");
            return if none { Ok(None) } else { Err(failed(&arguments, &output)) };
        }
        let answer = text(&arguments, output.stdout)?;
        // Relative, and so free of the encoding of the directories above.
        Ok(answer.strip_prefix("true\n").map(|up| Self { dir: dir.join(up.trim_end_matches('\n')) }))
    }

    /// The directory that commands run in.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A command with the environment and options that every command gets.
    pub(super) fn command<S: AsRef<OsStr>>(&self, arguments: &[S], environment: &[(String, String)]) -> Command {
        let mut command = Command::new("git");
        for name in own_environment() {
            command.env_remove(name);
        }
        command
            .envs([("GIT_TERMINAL_PROMPT", "0"), ("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_OPTIONAL_LOCKS", "0")])
            // What a partial repository lacks is fetched on purpose, with the credentials that it takes.
            .env("GIT_NO_LAZY_FETCH", "1")
            .envs([("LC_ALL", "C"), ("LANGUAGE", "C")])
            // A server that goes silent is an error, not a step that hangs.
            .envs([("GIT_HTTP_LOW_SPEED_LIMIT", "1"), ("GIT_HTTP_LOW_SPEED_TIME", STALL_SECONDS)])
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .args(["-c", "core.quotePath=false", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"])
            .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            // What is written here is pushed at once, and packed anew by whoever keeps it.
            .args(["-c", "core.compression=1", "-c", "fastimport.unpackLimit=1"])
            .args(["--no-pager", "--literal-pathspecs"])
            .args(arguments)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end, whatever its exit status.
    pub(super) fn output<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        environment: &[(String, String)],
    ) -> Result<Output, Error> {
        self.command(arguments, environment).output().map_err(|source| broken(arguments, source))
    }

    /// Runs a command that must succeed; its standard output.
    pub(super) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Vec<u8>, Error> {
        let output = self.output(arguments, &[])?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(arguments, &output)) }
    }

    /// Runs a command that must succeed and prints text; without its last line end.
    pub(super) fn line<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<String, Error> {
        let answer = text(arguments, self.run(arguments)?)?;
        Ok(answer.strip_suffix('\n').unwrap_or(&answer).to_owned())
    }

    /// Runs a question: `Some` of its answer, `None` where it exits with 1.
    pub(super) fn ask<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Option<String>, Error> {
        let output = self.output(arguments, &[])?;
        match output.status.code() {
            Some(0) => Ok(Some(text(arguments, output.stdout)?.trim_end_matches('\n').to_owned())),
            Some(1) => Ok(None),
            _ => Err(failed(arguments, &output)),
        }
    }

    /// Runs a command that must succeed, with `input` on its standard input.
    pub(super) fn pipe<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        environment: &[(String, String)],
        input: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let spawned = self.command(arguments, environment).stdin(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|source| broken(arguments, source))?;
        let Some(mut stdin) = child.stdin.take() else {
            return Err(broken(arguments, io::ErrorKind::BrokenPipe.into()));
        };
        // The writer has its own thread, so that neither side waits for the other with a full pipe.
        let (written, output) = thread::scope(|scope| {
            let writer = scope.spawn(move || stdin.write_all(input));
            let output = child.wait_with_output();
            (writer.join(), output)
        });
        let output = output.map_err(|source| broken(arguments, source))?;
        if !output.status.success() {
            return Err(failed(arguments, &output));
        }
        written
            .unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
            .map_err(|source| broken(arguments, source))?;
        Ok(output.stdout)
    }
}

/// Names of the caller's `GIT_*` variables that git must not see.
fn own_environment() -> impl Iterator<Item = OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("GIT_") && !KEPT.contains(&name.as_ref())
    })
}

/// Configuration through the environment, where no other user of the machine can read it.
/// Source: <https://git-scm.com/docs/git-config#ENVIRONMENT>
pub(super) fn configuration(settings: &[(String, String)]) -> Vec<(String, String)> {
    let mut environment = BTreeMap::from([("GIT_CONFIG_COUNT".to_owned(), settings.len().to_string())]);
    for (index, (key, value)) in settings.iter().enumerate() {
        environment.insert(format!("GIT_CONFIG_KEY_{index}"), key.clone());
        environment.insert(format!("GIT_CONFIG_VALUE_{index}"), value.clone());
    }
    environment.into_iter().collect()
}

fn checked_version() -> Result<(u32, u32), Error> {
    static VERSION: OnceLock<String> = OnceLock::new();
    let found = if let Some(found) = VERSION.get() {
        found
    } else {
        let output = Command::new("git").arg("version").output().map_err(Error::NotInstalled)?;
        VERSION.get_or_init(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    version(found).filter(|version| *version >= OLDEST).ok_or_else(|| Error::TooOld { found: found.clone() })
}

/// The first git that can be told not to fetch by itself what a partial repository lacks.
/// Source: <https://git-scm.com/docs/git#Documentation/git.txt-GITNOLAZYFETCH>
const PARTIAL: (u32, u32) = (2, 45);

/// Whether git can work in a partial repository.
pub(super) fn can_be_partial() -> bool {
    checked_version().is_ok_and(|version| version >= PARTIAL)
}

/// Major and minor of `git version 2.39.5 (Apple Git-154)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The arguments as an error shows them.
pub(super) fn shown<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy().into_owned()).collect();
    redact(&words.join(" ")).escape_default().to_string()
}

pub(super) fn failed<S: AsRef<OsStr>>(arguments: &[S], output: &Output) -> Error {
    Error::Failed { command: shown(arguments), status: output.status.to_string(), stderr: tail(&output.stderr) }
}

pub(super) fn broken<S: AsRef<OsStr>>(arguments: &[S], source: io::Error) -> Error {
    Error::Io { command: shown(arguments), source }
}

pub(super) fn unexpected<S: AsRef<OsStr>>(arguments: &[S], detail: impl Into<String>) -> Error {
    Error::Unexpected { command: shown(arguments), detail: detail.into() }
}

pub(super) fn text<S: AsRef<OsStr>>(arguments: &[S], bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| unexpected(arguments, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert!(version("git version 2.100.0") > Some(OLDEST));
        assert!(version("git version 2.39.5") < Some(OLDEST));
        assert_eq!(version("something else"), None);
    }
}
