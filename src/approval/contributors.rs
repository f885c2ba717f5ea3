//! Who had a hand in the commits of a pull request.

use std::collections::BTreeMap;

use crate::model::{CommitAddresses, Contribution, Contributors, Push};

/// What git and GitHub say about the commits of a pull request.
#[derive(Clone, Copy)]
pub struct History<'a> {
    /// Tip of the head branch.
    pub head_sha: &'a str,
    /// The commits that the base does not have, from git.
    pub commits: &'a [CommitAddresses],
    /// User ids by commit and lower-case address, as far as GitHub knows whose address it is.
    pub accounts: &'a BTreeMap<(String, String), u64>,
    /// The pushes to the head branch, newest first; or why they cannot be read.
    pub pushes: Result<&'a [Push], &'a str>,
    /// Whether a commit is one of the base's.
    pub in_base: &'a dyn Fn(&str) -> bool,
}

/// Everybody who had a hand in the commits. Addresses are what the author says; pushes are what GitHub saw.
#[must_use]
pub fn contributors(history: &History<'_>) -> Contributors {
    let mut found = Contributors::default();
    pushers(history, &mut found);
    for commit in history.commits {
        for (contribution, address) in &commit.addresses {
            let known = history.accounts.get(&(commit.sha.clone(), address.clone())).copied();
            match known.map_or_else(|| owner(address), Owner::Person) {
                Owner::Person(id) => {
                    found.people.entry(id).or_insert(*contribution);
                }
                Owner::Nobody => {}
                Owner::Unknown => found.unknown.push(format!(
                    "the address `{address}` in commit `{}` belongs to no account that GitHub knows",
                    short(&commit.sha)
                )),
            }
        }
    }
    found
}

/// Follows the pushes from the head back to the base, and adds whoever pushed one of the commits at another time.
fn pushers(history: &History<'_>, found: &mut Contributors) {
    let pushes = match history.pushes {
        Ok(pushes) => pushes,
        Err(why) => return found.unknown.push(why.to_owned()),
    };
    let ours = |sha: &str| history.commits.iter().any(|commit| commit.sha == sha);
    let mut people: Vec<&Push> = pushes.iter().filter(|push| ours(&push.after)).collect();
    let mut wanted = history.head_sha;
    let mut older = pushes.iter();
    loop {
        let Some(push) = older.find(|push| push.after == wanted) else {
            found.unknown.push(format!("GitHub does not tell who pushed commit `{}`", short(wanted)));
            break;
        };
        people.push(push);
        found.head_since.get_or_insert(push.at);
        if push.before.bytes().all(|byte| byte == b'0') || (history.in_base)(&push.before) {
            break;
        }
        wanted = &push.before;
    }
    for actor in people.iter().filter_map(|push| push.actor.as_ref()) {
        found.people.insert(actor.id, Contribution::Pushed);
    }
}

enum Owner {
    Person(u64),
    /// An address of GitHub's own or of a bot, neither of which approves anything.
    Nobody,
    Unknown,
}

/// Whose address it is, by GitHub's own scheme: `<id>+<login>@users.noreply.github.com`.
/// Source: <https://docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address>
fn owner(address: &str) -> Owner {
    let Some(local) = address.strip_suffix("@users.noreply.github.com") else {
        return if address == "noreply@github.com" { Owner::Nobody } else { Owner::Unknown };
    };
    match local.split_once('+').map(|(id, _)| id.parse()) {
        Some(Ok(id)) => Owner::Person(id),
        _ if local.ends_with("[bot]") => Owner::Nobody,
        _ => Owner::Unknown,
    }
}

fn short(sha: &str) -> &str {
    sha.get(..12).unwrap_or(sha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{approval::testing::at, model::Actor};

    /// Name, pushes, who they are by, what is unknown.
    type Case<'a> = (&'a str, &'a [Push], &'a [u64], Option<&'a str>);

    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn push(before: &str, after: &str, who: u64) -> Push {
        let actor = (who > 0).then(|| Actor { id: who, login: who.to_string() });
        Push { before: before.to_owned(), after: after.to_owned(), actor, at: at(i64::try_from(who).unwrap()) }
    }

    fn commit(sha: &str, author: &str, committer: &str, co_author: Option<&str>) -> CommitAddresses {
        let mut addresses =
            vec![(Contribution::Authored, author.to_owned()), (Contribution::Committed, committer.to_owned())];
        addresses.extend(co_author.map(|co_author| (Contribution::CoAuthored, co_author.to_owned())));
        CommitAddresses { sha: sha.to_owned(), addresses }
    }

    fn of(head: &str, commits: &[CommitAddresses], pushes: Result<&[Push], &str>) -> (Vec<u64>, Vec<String>) {
        let accounts = BTreeMap::from([(("c1".to_owned(), "known@example.com".to_owned()), 50)]);
        let history = History { head_sha: head, commits, accounts: &accounts, pushes, in_base: &|sha| sha == "base" };
        let found = contributors(&history);
        (found.people.into_keys().collect(), found.unknown)
    }

    #[test]
    fn everybody_who_pushed_what_is_there_counts() {
        let commits = ["c1", "c2"].map(|sha| commit(sha, "noreply@github.com", "noreply@github.com", None));
        let cases: &[Case<'_>] = &[
            ("one push", &[push(ZERO, "c2", 1)], &[1], None),
            ("onto the base", &[push("base", "c2", 1)], &[1], None),
            ("an empty commit on somebody's work", &[push("c1", "c2", 2), push(ZERO, "c1", 1)], &[1, 2], None),
            ("force-pushed over", &[push("old", "c2", 2), push("c1", "old", 3), push(ZERO, "c1", 1)], &[1, 2, 3], None),
            (
                "deleted, and made again by another",
                &[push(ZERO, "c2", 2), push("c2", ZERO, 2), push(ZERO, "c2", 1)],
                &[1, 2],
                None,
            ),
            ("older than the branch's last merge", &[push("base", "c2", 1), push(ZERO, "base", 9)], &[1], None),
            ("a deleted account", &[push("c1", "c2", 0), push(ZERO, "c1", 1)], &[1], None),
            ("not known yet", &[push(ZERO, "c1", 1)], &[1], Some("GitHub does not tell who pushed commit `c2`")),
            ("a gap", &[push("c1", "c2", 2)], &[2], Some("GitHub does not tell who pushed commit `c1`")),
            ("nothing known", &[], &[], Some("GitHub does not tell who pushed commit `c2`")),
        ];
        for (name, pushes, people, unknown) in cases {
            let found = of("c2", &commits, Ok(pushes));
            assert_eq!(found, (people.to_vec(), unknown.map(str::to_owned).into_iter().collect()), "{name}");
        }
        assert_eq!(of("c2", &commits, Err("no access")), (vec![], vec!["no access".to_owned()]));
    }

    #[test]
    fn addresses_name_accounts_or_count_against() {
        let pushes = [push(ZERO, "c1", 1)];
        let person = "7+ann@users.noreply.github.com";
        let bot = "github-actions[bot]@users.noreply.github.com";
        for (author, committer, co_author, people, unknown) in [
            (person, "noreply@github.com", None, vec![1, 7], 0),
            (person, person, Some("8+ben@users.noreply.github.com"), vec![1, 7, 8], 0),
            ("known@example.com", bot, None, vec![1, 50], 0),
            ("ann@example.com", bot, None, vec![1], 1),
            ("ann@users.noreply.github.com", "x+y@users.noreply.github.com", None, vec![1], 2),
            (bot, bot, Some("who@example.com"), vec![1], 1),
        ] {
            let found = of("c1", &[commit("c1", author, committer, co_author)], Ok(&pushes));
            assert_eq!((found.0, found.1.len()), (people, unknown), "{author} {committer} {co_author:?}");
        }
        let other = commit("c1", "known@example.com", bot, None);
        let other = CommitAddresses { sha: "c2".to_owned(), ..other };
        assert_eq!(of("c1", &[other], Ok(&pushes)).1.len(), 1, "what GitHub says of another commit");
    }

    #[test]
    fn the_head_is_as_old_as_the_push_that_brought_it() {
        let pushes = [push("c1", "c2", 2), push(ZERO, "c1", 1)];
        let accounts = BTreeMap::new();
        let history =
            History { head_sha: "c2", commits: &[], accounts: &accounts, pushes: Ok(&pushes), in_base: &|_| false };
        assert_eq!(contributors(&history).head_since, Some(at(2)));
    }
}
