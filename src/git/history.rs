//! Commits: names, ancestry, what landed.

use super::{
    Git,
    command::{failed, unexpected},
    error::Error,
};
use crate::model::{CommitAddresses, Contribution};

/// Who wrote or committed a commit, as they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Name: hostile text.
    pub name: String,
    /// E-mail address: hostile text.
    pub email: String,
    /// Seconds since 1970 by their clock.
    pub time: i64,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub sha: String,
    /// Its first parent; `None` for a root commit, and where a shallow clone ends.
    pub parent: Option<String>,
    /// Whether it has others.
    pub is_merge: bool,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// First line of its message: hostile text.
    pub subject: String,
}

/// Which parents of a commit are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parents {
    /// All of them: whatever came to be in it.
    All,
    /// The first one: how a branch advanced.
    First,
}

/// The placeholders of [`Commit`], one a line; none of them can hold a line end.
/// Source: <https://git-scm.com/docs/git-log#_pretty_formats>
const FORMAT: &str = "--format=%H%n%P%n%an%n%ae%n%at%n%cn%n%ce%n%ct%n%s";
const FORMAT_LINES: usize = 9;

impl Git {
    /// The id of the commit that `rev` names; `None` where it names none, or the object is not here.
    pub fn resolve(&self, rev: &str) -> Result<Option<String>, Error> {
        let rev = format!("{rev}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &rev];
        let output = self.output(&arguments, &[])?;
        match output.status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())),
            Some(1) => Ok(None),
            // What is no possible name fails with 128 like a broken repository; only the latter is an error.
            _ if self.run(&["rev-parse", "--git-dir"]).is_ok() => Ok(None),
            _ => Err(failed(&arguments, &output)),
        }
    }

    /// The best common ancestor; `None` where there is none here.
    pub fn merge_base(&self, a: &str, b: &str) -> Result<Option<String>, Error> {
        let answer = self.ask(&["merge-base", "--end-of-options", a, b])?;
        Ok(answer.and_then(|bases| bases.lines().next().map(str::to_owned)))
    }

    /// The common ancestors that are ancestors of no other: more than one where branches were merged crosswise.
    pub fn merge_bases(&self, a: &str, b: &str) -> Result<Vec<String>, Error> {
        let answer = self.ask(&["merge-base", "--all", "--end-of-options", a, b])?.unwrap_or_default();
        Ok(answer.lines().map(str::to_owned).collect())
    }

    /// Whether `ancestor` is `descendant` or one of its ancestors. In a shallow clone `false` may mean "cannot tell".
    pub fn is_ancestor(&self, ancestor: &str, descendant: &str) -> Result<bool, Error> {
        Ok(self.ask(&["merge-base", "--is-ancestor", "--end-of-options", ancestor, descendant])?.is_some())
    }

    /// The tip of the default branch, as well as a clone can know: `origin/HEAD`, `origin/main`, `origin/master`,
    /// `main`, `master`.
    pub fn default_branch_tip(&self) -> Result<Option<String>, Error> {
        // A branch of the remote can be called `HEAD`, too; what says which branch is the default one is symbolic.
        let head = self.ask(&["symbolic-ref", "--quiet", "--end-of-options", "refs/remotes/origin/HEAD"])?;
        let usual = ["remotes/origin/main", "remotes/origin/master", "heads/main", "heads/master"];
        for name in head.into_iter().chain(usual.map(|name| format!("refs/{name}"))) {
            if let Some(tip) = self.resolve(&name)? {
                return Ok(Some(tip));
            }
        }
        Ok(None)
    }

    /// The name of the default branch, as well as a clone can know: what `origin/HEAD` points at, else the branch that is
    /// checked out; `None` where neither is one.
    pub fn default_branch(&self) -> Result<Option<String>, Error> {
        let known = self.default_branch_of_remote()?;
        if known.is_some() { Ok(known) } else { self.branch_of("HEAD", "refs/heads/") }
    }

    /// The name of the default branch, where the clone knows it from the remote.
    pub fn default_branch_of_remote(&self) -> Result<Option<String>, Error> {
        self.branch_of("refs/remotes/origin/HEAD", "refs/remotes/origin/")
    }

    fn branch_of(&self, symbolic: &str, prefix: &str) -> Result<Option<String>, Error> {
        let target = self.ask(&["symbolic-ref", "--quiet", "--end-of-options", symbolic])?;
        Ok(target.and_then(|target| target.strip_prefix(prefix).map(str::to_owned)))
    }

    /// Whether history ends before its beginning.
    pub fn is_shallow(&self) -> Result<bool, Error> {
        Ok(self.line(&["rev-parse", "--is-shallow-repository"])? == "true")
    }

    /// Whether the history of `tip` along these parents, without `from` and its ancestors, ends before its beginning: that
    /// of another branch may, and its own be whole.
    pub fn is_cut_off(&self, tip: &str, from: Option<&str>, along: Parents) -> Result<bool, Error> {
        if !self.is_shallow()? {
            return Ok(false);
        }
        let without = from.map(|from| format!("^{from}"));
        let mut arguments = vec!["rev-list", "--max-parents=0"];
        arguments.extend((along == Parents::First).then_some("--first-parent"));
        arguments.extend(["--end-of-options", tip]);
        arguments.extend(without.as_deref());
        let roots = self.line(&arguments)?;
        for root in roots.lines() {
            // What is in the object is not cut.
            let commit = self.run(&["cat-file", "commit", root])?;
            let header = String::from_utf8_lossy(&commit).into_owned();
            if header.lines().take_while(|line| !line.is_empty()).any(|line| line.starts_with("parent ")) {
                return Ok(true);
            }
        }
        match from {
            // What leads to a beginning may be in the history of `from` all the same, beyond where that is cut off.
            Some(from) if !roots.is_empty() => self.is_cut_off(from, None, Parents::All),
            _ => Ok(false),
        }
    }

    /// Whether objects may be missing here that the remote has: a shallow or a partial clone.
    /// Source: <https://git-scm.com/docs/partial-clone>
    pub(super) fn is_partial(&self) -> Result<bool, Error> {
        let promisors = ["config", "--type=bool", "--get-regexp", r"^remote\..*\.promisor$", "^true$"];
        Ok(self.is_shallow()? || self.ask(&promisors)?.is_some())
    }

    /// The first-parent history of `to`, oldest first, without `from` and its ancestors.
    ///
    /// Where the first commit's parent is not `from`, the branch did not advance along first parents: it was
    /// fast-forwarded onto a branch that had merged it, or its history was rewritten ([`Git::is_ancestor`] tells).
    pub fn first_parent(&self, from: Option<&str>, to: &str) -> Result<Vec<Commit>, Error> {
        let without = from.map(|from| format!("^{from}"));
        let mut arguments =
            vec!["rev-list", "--first-parent", "--reverse", "--no-commit-header", "--encoding=UTF-8", FORMAT];
        arguments.extend(["--end-of-options", to]);
        arguments.extend(without.as_deref());
        let answer = self.run(&arguments)?;
        let answer = String::from_utf8_lossy(&answer);
        let lines: Vec<&str> = answer.strip_suffix('\n').map(|lines| lines.split('\n').collect()).unwrap_or_default();
        lines
            .chunks(FORMAT_LINES)
            .map(|lines| {
                commit(lines).ok_or_else(|| unexpected(&arguments, lines.join("|").escape_debug().to_string()))
            })
            .collect()
    }

    /// Whether a commit that is in `to` and not in `from` is a merge.
    pub fn has_merges(&self, from: &str, to: &str) -> Result<bool, Error> {
        let without = format!("^{from}");
        let arguments = ["rev-list", "--min-parents=2", "--max-count=1", "--end-of-options", to, &without];
        Ok(!self.line(&arguments)?.is_empty())
    }

    /// The commits of the first-parent history of `tip` that changed the file at `path`, newest first, without those up to
    /// `from`. Where a shallow clone ends counts as such a commit if it has the file.
    pub fn changed_at(&self, tip: &str, path: &str, from: Option<&str>) -> Result<Vec<String>, Error> {
        let without = from.map(|from| format!("^{from}"));
        let mut arguments = vec!["rev-list", "--first-parent", "--end-of-options", tip];
        arguments.extend(without.as_deref());
        arguments.extend(["--", path]);
        Ok(self.line(&arguments)?.lines().map(str::to_owned).collect())
    }

    /// The addresses in the commits that are in `head` and not in `base`, newest first.
    pub fn addresses(&self, base: &str, head: &str) -> Result<Vec<CommitAddresses>, Error> {
        let without = format!("^{base}");
        let format = "--format=%H%n%ae%n%ce%n%B%x00";
        let arguments =
            ["rev-list", "--no-commit-header", "--encoding=UTF-8", format, "--end-of-options", head, &without];
        let answer = self.run(&arguments)?;
        let answer = String::from_utf8_lossy(&answer);
        let commits = answer.split('\0').map(str::trim_start).filter(|record| !record.is_empty());
        commits
            .map(|record| addresses(record).ok_or_else(|| unexpected(&arguments, record.escape_debug().to_string())))
            .collect()
    }
}

/// Id, author, committer, then the message. Whatever looks like a trailer that names co-authors is taken for one,
/// wherever it stands.
/// Sources: <https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors>,
/// <https://git-scm.com/docs/git-interpret-trailers>
fn addresses(record: &str) -> Option<CommitAddresses> {
    let mut lines = record.split('\n');
    let sha = lines.next()?.to_owned();
    let mut addresses = Vec::new();
    for contribution in [Contribution::Authored, Contribution::Committed] {
        addresses.push((contribution, lines.next()?.trim().to_lowercase()));
    }
    addresses.extend(co_authors(lines).into_iter().map(|address| (Contribution::CoAuthored, address)));
    Some(CommitAddresses { sha, addresses })
}

/// Every `<address>` of the trailers that name co-authors. A line that begins with a blank continues the one before.
fn co_authors<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in lines {
        let named = line.split_once(':').filter(|(key, _)| key.trim().eq_ignore_ascii_case("co-authored-by"));
        if let Some((_, value)) = named {
            values.push(value.to_owned());
            goes_on = true;
        } else if let Some(value) = values.last_mut().filter(|_| goes_on && line.starts_with(char::is_whitespace)) {
            value.push_str(line);
        } else {
            goes_on = false;
        }
    }
    let of_value = |value: &String| -> Vec<String> {
        let addresses = value.split('<').skip(1).filter_map(|rest| rest.split('>').next());
        addresses.map(|address| address.trim().to_lowercase()).collect()
    };
    values.iter().flat_map(of_value).collect()
}

fn commit(lines: &[&str]) -> Option<Commit> {
    let [sha, parents, author, author_email, author_time, committer, committer_email, committer_time, subject] = lines
    else {
        return None;
    };
    let person = |name: &str, email: &str, time: &str| {
        Some(Person { name: name.to_owned(), email: email.to_owned(), time: time.parse().ok()? })
    };
    Some(Commit {
        sha: (*sha).to_owned(),
        parent: parents.split(' ').next().filter(|parent| !parent.is_empty()).map(str::to_owned),
        is_merge: parents.contains(' '),
        author: person(author, author_email, author_time)?,
        committer: person(committer, committer_email, committer_time)?,
        subject: (*subject).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn co_authors_are_found_however_the_trailer_is_spelt() {
        let cases: [(&str, &[&str]); 11] = [
            ("Co-authored-by: Eve <Eve@example.com>", &["eve@example.com"]),
            ("co-AUTHORED-by:Eve<eve@example.com>\r", &["eve@example.com"]),
            ("Co-authored-by : Eve <eve@example.com>", &["eve@example.com"]),
            ("Co-authored-by\t:\tEve <eve@example.com>", &["eve@example.com"]),
            ("  Co-authored-by: Eve <eve@example.com>", &["eve@example.com"]),
            ("Co-authored-by: Eve\n <eve@example.com>", &["eve@example.com"]),
            ("Co-authored-by:\n\tEve\n <eve@example.com>\n <ann@example.com>", &["eve@example.com", "ann@example.com"]),
            ("Co-authored-by: Eve <eve@example.com>, Ann <ann@example.com>", &["eve@example.com", "ann@example.com"]),
            ("Co-authored-by: Eve <eve@example.com", &["eve@example.com"]),
            ("Co-authored-by: Eve\n\n <eve@example.com>", &[]),
            ("Reviewed-by: Eve <eve@example.com>\n <ann@example.com>", &[]),
        ];
        for (message, found) in cases {
            assert_eq!(co_authors(format!("Ask\n\n{message}\n").lines()), found, "{message:?}");
        }
    }
}
