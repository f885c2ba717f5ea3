//! The commits of a branch since some commit, all at once.

use std::collections::HashMap;

use super::{Git, command::unexpected, error::Error};

/// The commits that a tip has and another commit has not, with their first parents.
#[derive(Debug, Default)]
pub struct Lineage(HashMap<String, Parents>);

#[derive(Debug)]
struct Parents {
    /// `None` for a root commit, and where a shallow clone ends.
    first: Option<String>,
    others: bool,
}

impl Git {
    /// The commits of `tip` without those of `without`. Grows with their number.
    pub fn lineage(&self, tip: &str, without: Option<&str>) -> Result<Lineage, Error> {
        let without = without.map(|without| format!("^{without}"));
        let mut arguments = vec!["rev-list", "--parents", "--end-of-options", tip];
        arguments.extend(without.as_deref());
        let answer = self.line(&arguments)?;
        let commits = answer.lines().map(|line| {
            let mut ids = line.split(' ').map(str::to_owned);
            let commit = ids.next().ok_or_else(|| unexpected(&arguments, line.escape_debug().to_string()))?;
            Ok((commit, Parents { first: ids.next(), others: ids.next().is_some() }))
        });
        commits.collect::<Result<_, _>>().map(Lineage)
    }
}

impl Lineage {
    /// Whether it has the commit.
    #[must_use]
    pub fn contains(&self, commit: &str) -> bool {
        self.0.contains_key(commit)
    }

    /// Whether the commit has a second parent.
    #[must_use]
    pub fn is_merge(&self, commit: &str) -> bool {
        self.0.get(commit).is_some_and(|parents| parents.others)
    }

    /// The commits from `before`, which is left out, to `after` along first parents, oldest first; `None` where first
    /// parents do not lead from one to the other.
    #[must_use]
    pub fn chain(&self, before: &str, after: &str) -> Option<Vec<String>> {
        let (mut chain, mut commit) = (Vec::new(), after);
        while commit != before {
            chain.push(commit.to_owned());
            commit = self.0.get(commit)?.first.as_deref()?;
        }
        chain.reverse();
        Some(chain)
    }
}
