//! What does not hold in a chain.

use std::collections::BTreeSet;

use super::{Chain, Chains, Link};
use crate::model::{Digest, TableName};

/// What does not hold in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainProblem {
    /// The up files that it is about.
    pub paths: Vec<String>,
    /// What is wrong, one sentence without a full stop: hostile text.
    pub message: String,
    /// What to do about it, imperative.
    pub suggestion: String,
}

const FORKED: &str = "Another change of the table came first: update the branch from its base and run `schema-registry \
    generate`";
const MISSING: &str = "Restore the migrations that are missing in between, or run `schema-registry generate` where they \
    are of this branch";

impl Chains {
    /// What does not hold in `chain`: links that do not start from the state in which the one before left the table, and
    /// links of which a part is missing. `start` is the state in which the table was before its first migration; `None`
    /// where it did not exist.
    #[must_use]
    pub fn problems(&self, chain: &Chain, start: Option<Digest>) -> Vec<ChainProblem> {
        let mut problems = chain.taken.clone();
        let mut last: Option<&Link> = None;
        for link in &chain.links {
            problems.extend(parts(link));
            let state = last.map_or(start, |last| last.header.after);
            if link.header.before != state {
                problems.push(self.misfit(chain, link, last, state));
            }
            last = Some(link);
        }
        problems
    }

    fn misfit(&self, chain: &Chain, link: &Link, last: Option<&Link>, state: Option<Digest>) -> ChainProblem {
        let (name, before) = (link.name(), link.header.before);
        let problem = |other: Option<&Link>, message: String, suggestion: &str| ChainProblem {
            paths: other.into_iter().chain([link]).flat_map(|link| &link.files).map(|file| file.path.clone()).collect(),
            message,
            suggestion: suggestion.to_owned(),
        };
        if let Some(last) = last.filter(|last| last.header.before == before) {
            let message = format!("Migrations {} and {name} both start from {}", last.name(), named(before));
            return problem(Some(last), message, FORKED);
        }
        let old = link.header.renamed_from.as_ref().or(link.header.subject.table());
        let away = old.and_then(|old| Some((old, self.renamed_away.get(old).filter(|_| before.is_some())?)));
        if let (None, Some((old, (rename, new)))) = (last, away) {
            let message = format!(
                "Migration {name} is of table `{}`, which {rename} renamed to `{}` before it",
                old.short(),
                new.short()
            );
            return problem(None, message, FORKED);
        }
        let later = chain.links.iter().skip_while(|other| *other != link).skip(1);
        if let Some(later) = later.into_iter().find(|other| before.is_some() && other.header.after == before) {
            let message = format!("Migration {name} runs before {}, from whose state it starts", later.name());
            return problem(Some(later), message, "Run `schema-registry generate`, which gives it a later time");
        }
        let left = match last {
            None => "no migration of the table comes".to_owned(),
            Some(last) => format!("{} leaves {}", last.name(), named(state)),
        };
        problem(last, format!("Migration {name} starts from {}, but {left} before it", named(before)), MISSING)
    }
}

fn named(state: Option<Digest>) -> String {
    state.map_or_else(|| "a table that does not exist".to_owned(), |digest| format!("state {}", digest.short()))
}

/// Whether the migrations of one change are all there, each once.
fn parts(link: &Link) -> Option<ChainProblem> {
    let (name, files) = (link.name(), &link.files);
    let problem = |message: String| ChainProblem {
        paths: files.iter().map(|file| file.path.clone()).collect(),
        message,
        suggestion: "Restore the files as the base has them, or run `schema-registry generate` where they are of this \
                     branch"
            .to_owned(),
    };
    let other = files.iter().find(|file| {
        let header = &file.header;
        (header.before, header.after, &header.renamed_from, header.format)
            != (link.header.before, link.header.after, &link.header.renamed_from, link.header.format)
    });
    if let Some(other) = other {
        let message =
            format!("Migrations {} and {} have one time and are of different changes", link.first(), other.stem);
        return Some(problem(message));
    }
    let phases: Vec<_> = files.iter().map(|file| file.header.phase).collect();
    let of = match phases.as_slice() {
        [None] => return None,
        [Some(first), ..] => first.of,
        _ => 0,
    };
    if phases.iter().any(|phase| phase.is_none_or(|phase| phase.of != of)) {
        return Some(problem(format!("The migrations of {name} do not agree on how many they are")));
    }
    let mut missing: BTreeSet<u32> = (1..=of).collect();
    for number in phases.iter().flatten().map(|phase| phase.number) {
        if !missing.remove(&number) {
            return Some(problem(format!("Change {name} has two migrations with the number {number}")));
        }
    }
    let numbers: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let plural = if numbers.len() == 1 { "number" } else { "numbers" };
    let missing = format!("Change {name} takes {of} migrations, and {plural} {} missing", is_or_are(&numbers));
    (!numbers.is_empty()).then(|| problem(missing))
}

fn is_or_are(numbers: &[String]) -> String {
    format!("{} {}", numbers.join(", "), if numbers.len() == 1 { "is" } else { "are" })
}

/// A name that a live table had already when a rename took it.
pub(super) fn taken(table: &TableName, by: &Link, from: &Chain) -> ChainProblem {
    ChainProblem {
        paths: by
            .files
            .iter()
            .chain(from.end().into_iter().flat_map(|link| &link.files))
            .map(|file| file.path.clone())
            .collect(),
        message: format!("Migration {} gives its table the name `{}`, which another has", by.name(), table.short()),
        suggestion: "Choose another name".to_owned(),
    }
}
