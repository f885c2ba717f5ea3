//! Fetching and pushing.

use std::{path::Path, process::Output};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::model::Secret;

use super::{
    Git,
    command::{can_be_partial, configuration, failed},
    error::Error,
};

/// What to fetch.
#[derive(Debug, Clone, Copy)]
pub struct Fetch<'a> {
    /// URL, or the name of a configured remote.
    pub remote: &'a str,
    /// Commit ids and refspecs. A commit id is fetched into the object store and gets no ref.
    pub refspecs: &'a [&'a str],
    /// How many commits of each history. Heeded where the repository is shallow or empty: in a complete one the
    /// missing commits are few, and a depth would cut the history that is there.
    pub depth: Option<u32>,
    /// Token for HTTP remotes.
    pub token: Option<&'a Secret>,
}

/// What became of a push with a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The remote ref is the pushed commit.
    Accepted,
    /// Somebody else was faster: read again, and try again.
    Lost,
}

impl Git {
    /// Fetches commits; writes no `FETCH_HEAD`, no tags and no submodules.
    pub fn fetch(&self, fetch: &Fetch) -> Result<(), Error> {
        let depth = match fetch.depth {
            Some(depth) if self.is_shallow()? || self.is_empty()? => Some(format!("--depth={depth}")),
            _ => None,
        };
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
        arguments.extend(depth.as_deref());
        arguments.extend(["--end-of-options", fetch.remote]);
        arguments.extend(fetch.refspecs);
        let output = self.output(&arguments, &self.authorization(fetch.remote, fetch.token))?;
        if output.status.success() { Ok(()) } else { Err(failed(&arguments, &output)) }
    }

    /// Fetches objects by id, of trees and their history only what `filter` lets through. Where git here or there knows no
    /// filters, more arrives. Like git's own, this fetch reads the ids from its standard input: there may be more than a command
    /// line takes.
    /// Source: <https://git-scm.com/docs/git-rev-list#Documentation/git-rev-list.txt---filterfilter-spec>
    /// Source: <https://github.com/git/git/blob/v2.47.0/promisor-remote.c>
    pub(super) fn fetch_part(
        &self,
        remote: &str,
        ids: &[&str],
        filter: &str,
        token: Option<&Secret>,
    ) -> Result<(), Error> {
        let filter = format!("--filter={filter}");
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
        arguments.push("--depth=1");
        if can_be_partial() {
            arguments.push(&filter);
        }
        arguments.extend(["--stdin", "--end-of-options", remote]);
        self.pipe(&arguments, &self.authorization(remote, token), ids.join("\n").as_bytes()).map(drop)
    }

    /// The commit that `reference` (`refs/heads/main`) has on `remote`; `None` where there is no such ref.
    pub fn ls_remote(&self, remote: &str, reference: &str, token: Option<&Secret>) -> Result<Option<String>, Error> {
        let arguments = ["ls-remote", "--quiet", "--end-of-options", remote, reference];
        let output = self.output(&arguments, &self.authorization(remote, token))?;
        if !output.status.success() {
            return Err(failed(&arguments, &output));
        }
        // The pattern also matches the end of longer names.
        let answer = String::from_utf8_lossy(&output.stdout);
        let mut refs = answer.lines().filter_map(|line| line.split_once('\t'));
        Ok(refs.find(|(_, name)| *name == reference).map(|(sha, _)| sha.to_owned()))
    }

    /// The branches of `remote` whose names begin with `prefix` (`a/b/`), with their commits, by name without
    /// `refs/heads/`.
    pub fn remote_branches(
        &self,
        remote: &str,
        prefix: &str,
        token: Option<&Secret>,
    ) -> Result<Vec<(String, String)>, Error> {
        let pattern = format!("refs/heads/{prefix}*");
        let arguments = ["ls-remote", "--quiet", "--end-of-options", remote, &pattern];
        let output = self.output(&arguments, &self.authorization(remote, token))?;
        if !output.status.success() {
            return Err(failed(&arguments, &output));
        }
        // The pattern also matches the end of longer names.
        let answer = String::from_utf8_lossy(&output.stdout);
        let refs = answer.lines().filter_map(|line| line.split_once("\trefs/heads/"));
        let refs = refs.filter(|(_, name)| name.starts_with(prefix));
        Ok(refs.map(|(sha, name)| (name.to_owned(), sha.to_owned())).collect())
    }

    /// The URL of a configured remote; one that is a path is made a `file` URL, so that it means the same in another
    /// repository, and as a name of a remote.
    pub fn remote_url(&self, remote: &str) -> Result<String, Error> {
        let url = self.line(&["remote", "get-url", "--", remote])?;
        let path = self.dir.join(&url).canonicalize().ok();
        // Git decodes `%` in URLs.
        let path = path.as_deref().and_then(Path::to_str).map(|path| format!("file://{}", path.replace('%', "%25")));
        Ok(path.unwrap_or(url))
    }

    /// The name and the commit of the default branch of `remote`; `None` where it has none yet.
    pub fn remote_head(&self, remote: &str) -> Result<Option<(String, String)>, Error> {
        let answer = self.run(&["ls-remote", "--quiet", "--symref", "--end-of-options", remote, "HEAD"])?;
        let answer = String::from_utf8_lossy(&answer);
        let symref = |line: &str| Some(line.strip_prefix("ref: refs/heads/")?.strip_suffix("\tHEAD")?.to_owned());
        let branch = answer.lines().find_map(symref);
        let mut commits = answer.lines().filter(|line| !line.starts_with("ref: "));
        let commit = commits.find_map(|line| line.strip_suffix("\tHEAD")).map(str::to_owned);
        Ok(branch.zip(commit))
    }

    /// Pushes `sha` to `reference`, which must still be `expected` there, or not exist. A push whose answer was lost is
    /// told by reading the ref again.
    /// Source: <https://git-scm.com/docs/git-push#Documentation/git-push.txt---force-with-leaserefnameexpect>
    pub fn push(
        &self,
        remote: &str,
        sha: &str,
        reference: &str,
        expected: Option<&str>,
        token: Option<&Secret>,
    ) -> Result<Pushed, Error> {
        let lease = format!("--force-with-lease={reference}:{}", expected.unwrap_or_default());
        let refspec = format!("{sha}:{reference}");
        let mut arguments = vec!["push", "--porcelain", "--quiet", "--no-verify", "--no-signed", "--no-follow-tags"];
        arguments.extend(["--recurse-submodules=no", &lease, "--end-of-options", remote, &refspec]);
        let output = self.output(&arguments, &self.authorization(remote, token))?;
        if output.status.success() {
            return Ok(Pushed::Accepted);
        }
        let error = failed(&arguments, &with_reasons(&output));
        let Ok(now) = self.ls_remote(remote, reference, token) else { return Err(error) };
        if now.as_deref() == Some(sha) {
            return Ok(Pushed::Accepted);
        }
        if now.as_deref() != expected || busy(&output.stdout) || busy(&output.stderr) {
            return Ok(Pushed::Lost);
        }
        Err(error)
    }

    /// Whether no ref exists, as after `git init`.
    fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.line(&["for-each-ref", "--count=1"])?.is_empty())
    }

    /// The environment that carries `token`: no command line, no file. Only HTTP remotes take one.
    fn authorization(&self, remote: &str, token: Option<&Secret>) -> Vec<(String, String)> {
        let Some(token) = token else { return Vec::new() };
        let configured =
            self.ask(&["config", "--get", "--end-of-options", &format!("remote.{remote}.url")]).ok().flatten();
        let url = configured.unwrap_or_else(|| remote.to_owned());
        let Some(key) = header_key(&url) else { return Vec::new() };
        let credentials = BASE64_STANDARD.encode(format!("x-access-token:{}", token.reveal()));
        // The empty value drops headers configured before (actions/checkout leaves one): two of them are an error 400.
        let mut environment = configuration(&[
            (key.clone(), String::new()),
            (key, format!("AUTHORIZATION: basic {credentials}")),
            ("credential.helper".to_owned(), String::new()),
        ]);
        environment.push(("GIT_ASKPASS".to_owned(), String::new()));
        environment
    }
}

/// `http.<url>.extraheader` for an HTTP URL, the most specific there is, without user information.
/// Source: <https://git-scm.com/docs/git-config#Documentation/git-config.txt-httplturlgt>
fn header_key(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next()?;
    Some(format!("http.{scheme}://{host}{path}.extraheader"))
}

/// Whether the remote said that somebody else was writing at that moment. Where many do, what they unpack gets in each
/// other's way, too.
/// Source: <https://github.com/git/git/blob/v2.47.0/builtin/receive-pack.c>
fn busy(answer: &[u8]) -> bool {
    const WORDS: [&str; 9] = [
        "cannot lock ref",
        "failed to update ref",
        "stale info",
        "incorrect old value",
        "reference already exists",
        "unable to migrate objects to permanent storage",
        "unpacker error",
        "missing necessary objects",
        "remote failed to report status",
    ];
    let answer = String::from_utf8_lossy(answer);
    WORDS.iter().any(|words| answer.contains(words))
}

/// What a push says to people, with the reasons that `--porcelain` prints elsewhere: `! <refs> [remote rejected] (<why>)`.
/// Source: <https://git-scm.com/docs/git-push#_output>
fn with_reasons(output: &Output) -> Output {
    let told = String::from_utf8_lossy(&output.stdout);
    let reasons = told.lines().filter(|line| line.starts_with('!')).map(|line| line.replace('\t', " ") + "\n");
    let mut stderr = output.stderr.clone();
    stderr.extend(reasons.flat_map(String::into_bytes));
    Output { stderr, ..output.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_the_remote_alone() {
        let cases = [
            ("https://github.com/o/r", Some("http.https://github.com/o/r.extraheader")),
            ("https://x:y@github.com/o/r.git", Some("http.https://github.com/o/r.git.extraheader")),
            ("http://127.0.0.1:8080", Some("http.http://127.0.0.1:8080.extraheader")),
            ("git@github.com:o/r", None),
            ("ssh://git@github.com/o/r", None),
            ("/srv/r.git", None),
        ];
        for (url, expected) in cases {
            assert_eq!(header_key(url).as_deref(), expected, "{url}");
        }
    }
}
