//! Who had a hand in the commits of a pull request.

use crate::model::{Account, AccountKind, CommitAccounts, CommitAddresses, Contribution, Contributors, Push, Unknown};

/// Whoever starts or writes a workflow acts through it.
const WORKFLOWS: &str = "github-actions[bot]";

/// What git and GitHub say about the commits of a pull request.
#[derive(Clone, Copy)]
pub struct History<'a> {
    /// Tip of the head branch.
    pub head_sha: &'a str,
    /// Who opened the pull request.
    pub author: Option<&'a Account>,
    /// The commits that the base does not have, from git.
    pub commits: &'a [CommitAddresses],
    /// Whom GitHub names in the commits.
    pub accounts: &'a CommitAccounts,
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
        named(history, &commit.sha, &mut found);
        for (contribution, address) in &commit.addresses {
            let known = history.accounts.owners.get(&(commit.sha.clone(), address.clone())).copied();
            match known.map_or_else(|| owner(address), Owner::Person) {
                Owner::Person(id) => {
                    found.people.entry(id).or_insert(*contribution);
                }
                Owner::Nobody => {}
                Owner::Unknown => found.unknown.push(Unknown::for_now(format!(
                    "the address `{address}` in commit `{}` belongs to no account that GitHub knows",
                    short(&commit.sha)
                ))),
            }
        }
    }
    found
}

/// Adds whom GitHub names in a commit, whatever the message looks like here.
fn named(history: &History<'_>, sha: &str, found: &mut Contributors) {
    for (_, contribution, id) in history.accounts.named.iter().filter(|(of, ..)| of == sha) {
        found.people.entry(*id).or_insert(*contribution);
    }
    if history.accounts.crowded.iter().any(|of| of == sha) {
        let what = format!("commit `{}` has more authors than GitHub tells at once", short(sha));
        found.unknown.push(Unknown::for_now(what));
    }
}

/// Follows the pushes from the head back to the base, and adds whoever pushed one of the commits at another time.
fn pushers(history: &History<'_>, found: &mut Contributors) {
    let pushes = match history.pushes {
        Ok(pushes) => pushes,
        Err(why) => return found.unknown.push(Unknown::for_now(why)),
    };
    let ours = |sha: &str| history.commits.iter().any(|commit| commit.sha == sha);
    let mut people: Vec<&Push> = pushes.iter().filter(|push| ours(&push.after)).collect();
    let mut wanted = history.head_sha;
    let mut older = pushes.iter();
    loop {
        let Some(push) = older.find(|push| push.after == wanted) else {
            let what = format!("GitHub does not tell who pushed commit `{}`", short(wanted));
            found.unknown.push(Unknown::for_now(what));
            break;
        };
        people.push(push);
        found.head_since.get_or_insert(push.at);
        if push.before.bytes().all(|byte| byte == b'0') || (history.in_base)(&push.before) {
            break;
        }
        wanted = &push.before;
    }
    for push in people {
        if let Some(account) = &push.actor {
            found.people.insert(account.actor.id, Contribution::Pushed);
        }
        let unknown = behind(history, push).map(|what| Unknown { what, stays: true });
        found.unknown.extend(unknown.filter(|unknown| !found.unknown.contains(unknown)));
    }
}

/// What is unknown of the person behind a push. A bot does what somebody tells it; only one that also opened the pull
/// request, as those do that update dependencies, is believed to act for itself, and workflows never are.
fn behind(history: &History<'_>, push: &Push) -> Option<String> {
    let Some(Account { actor, kind }) = &push.actor else {
        return Some(format!("GitHub names no account that pushed commit `{}`", short(&push.after)));
    };
    let opened = history.author.is_some_and(|author| author.actor.id == actor.id);
    if *kind == AccountKind::User || (opened && actor.login != WORKFLOWS) {
        return None;
    }
    Some(format!("commit `{}` was pushed by `{}`, and a bot acts for somebody", short(&push.after), actor.login))
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

    /// Who pushes in the tests: a person, the bot that opened the pull request, another one, and that of workflows.
    const BOT: u64 = 100;
    const OTHER_BOT: u64 = 101;
    const JOB: u64 = 102;

    /// Name, pushes, who they are by, what is unknown.
    type Case<'a> = (&'a str, &'a [Push], &'a [u64], Option<&'a str>);

    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn account(id: u64) -> Account {
        let login = if id == JOB { WORKFLOWS.to_owned() } else { id.to_string() };
        let kind = if id < BOT { AccountKind::User } else { AccountKind::Bot };
        Account { actor: Actor { id, login }, kind }
    }

    fn push(before: &str, after: &str, who: u64) -> Push {
        let actor = (who > 0).then(|| account(who));
        Push { before: before.to_owned(), after: after.to_owned(), actor, at: at(i64::try_from(who).unwrap()) }
    }

    fn commit(sha: &str, author: &str, committer: &str, co_author: Option<&str>) -> CommitAddresses {
        let mut addresses =
            vec![(Contribution::Authored, author.to_owned()), (Contribution::Committed, committer.to_owned())];
        addresses.extend(co_author.map(|co_author| (Contribution::CoAuthored, co_author.to_owned())));
        CommitAddresses { sha: sha.to_owned(), addresses }
    }

    fn of(head: &str, commits: &[CommitAddresses], pushes: Result<&[Push], &str>) -> (Vec<u64>, Vec<String>) {
        opened(BOT, head, commits, pushes)
    }

    fn opened(
        author: u64,
        head: &str,
        commits: &[CommitAddresses],
        pushes: Result<&[Push], &str>,
    ) -> (Vec<u64>, Vec<String>) {
        let owners = [(("c1".to_owned(), "known@example.com".to_owned()), 50)].into();
        let accounts = CommitAccounts { owners, ..CommitAccounts::default() };
        let (author, in_base) = (Some(&account(author)), &|sha: &str| sha == "base");
        let found = contributors(&History { head_sha: head, author, commits, accounts: &accounts, pushes, in_base });
        (found.people.into_keys().collect(), found.unknown.into_iter().map(|unknown| unknown.what).collect())
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
            (
                "a deleted account, or none",
                &[push("c1", "c2", 0), push(ZERO, "c1", 1)],
                &[1],
                Some("GitHub names no account that pushed commit `c2`"),
            ),
            ("the bot that opened it", &[push("c1", "c2", BOT), push(ZERO, "c1", BOT)], &[BOT], None),
            (
                "another bot, pushed over",
                &[push("old", "c2", 1), push("c1", "old", OTHER_BOT), push(ZERO, "c1", 1)],
                &[1, OTHER_BOT],
                Some("commit `old` was pushed by `101`, and a bot acts for somebody"),
            ),
            (
                "another bot, before the branch was made again",
                &[push(ZERO, "c2", 1), push("old", ZERO, 1), push(ZERO, "old", OTHER_BOT)],
                &[1],
                None,
            ),
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
    fn a_workflow_acts_for_somebody_even_where_it_opened_the_pull_request() {
        let commits = [commit("c1", "noreply@github.com", "noreply@github.com", None)];
        let found = opened(JOB, "c1", &commits, Ok(&[push(ZERO, "c1", JOB)]));
        let unknown = format!("commit `c1` was pushed by `{WORKFLOWS}`, and a bot acts for somebody");
        assert_eq!(found, (vec![JOB], vec![unknown]));
    }

    fn with_accounts(accounts: &CommitAccounts) -> Contributors {
        let commits = [commit("c1", "noreply@github.com", "noreply@github.com", None)];
        let pushes = [push(ZERO, "c1", 1)];
        let (pushes, in_base) = (Ok(&pushes[..]), &|_: &str| false);
        contributors(&History { head_sha: "c1", author: None, commits: &commits, accounts, pushes, in_base })
    }

    #[test]
    fn whom_github_names_counts_whatever_the_message_looks_like_here() {
        let named = |sha: &str, contribution, id| (sha.to_owned(), contribution, id);
        let found = with_accounts(&CommitAccounts {
            named: vec![
                named("c1", Contribution::Authored, 1),
                named("c1", Contribution::CoAuthored, 7),
                named("c1", Contribution::Committed, 8),
                named("elsewhere", Contribution::Authored, 9),
            ],
            ..CommitAccounts::default()
        });
        let people = [(1, Contribution::Pushed), (7, Contribution::CoAuthored), (8, Contribution::Committed)];
        assert_eq!((found.people, found.unknown), (people.into(), Vec::new()));
    }

    #[test]
    fn a_commit_with_more_authors_than_github_tells_is_unknown() {
        for (crowded, unknown) in [("c1", 1), ("elsewhere", 0)] {
            let found =
                with_accounts(&CommitAccounts { crowded: vec![crowded.to_owned()], ..CommitAccounts::default() });
            let what = "commit `c1` has more authors than GitHub tells at once";
            assert_eq!(found.unknown, vec![Unknown::for_now(what); unknown], "{crowded}");
        }
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
        let history = History {
            head_sha: "c2",
            author: None,
            commits: &[],
            accounts: &CommitAccounts::default(),
            pushes: Ok(&pushes),
            in_base: &|_| false,
        };
        assert_eq!(contributors(&history).head_since, Some(at(2)));
    }
}
