//! What a run costs, whatever the size: calls to GitHub, counted.

use std::fmt::Write as _;

use crate::{
    actors::{Ran, Stage},
    request::another,
    support::github::{Method, Visibility},
};

/// A request with so many columns in camel case, which is one error each.
fn request(table: &str, errors: usize) -> String {
    let mut columns = String::new();
    for number in 0..errors {
        let _ = writeln!(columns, "    - {{name: someThing{number}, type: TEXT, nullable: false}}");
    }
    another(table).replace("    - {name: note_title", &format!("{columns}    - {{name: note_title"))
}

/// A pull request with so many requests, each with so many errors, and so many other files.
fn opened(requests: usize, errors: usize, others: usize) -> (Stage, u64) {
    let stage = Stage::with_log(Visibility::Private, "[approval]\nrequired = 1\n");
    let tables = (0..requests).map(|number| format!("things_of_{number}s"));
    let mut files: Vec<(String, String)> =
        tables.map(|table| (format!("schema-requests/{table}.yaml"), request(&table, errors))).collect();
    files.extend((0..others).map(|number| (format!("docs/{number}.md"), format!("page {number}\n"))));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let number = stage.open("things", "main", &files);
    (stage, number)
}

/// Calls of the API, and of git over HTTP.
fn calls(ran: &Ran) -> (Vec<&str>, usize) {
    let (git, api): (Vec<&str>, Vec<&str>) =
        ran.calls.iter().map(String::as_str).partition(|call| call.contains(" git "));
    (api, git.len())
}

#[test]
fn a_first_review_takes_eight_calls_whatever_there_is_to_say() {
    let mut of_git = Vec::new();
    for (requests, errors, others) in [(1, 1, 0), (1, 30, 0), (100, 5, 2_900)] {
        let (stage, number) = opened(requests, errors, others);
        let ran = stage.review(number, "opened", "ann");
        let total = requests * errors;
        assert_eq!((ran.code, ran.output("errors")), (1, total.to_string().as_str()));
        let (api, git) = calls(&ran);
        insta::allow_duplicates! {
            insta::assert_snapshot!(api.join("\n"), @"
            GET /repos/{owner}/{repo}/pulls/{number}
            GET /repos/{owner}/{repo}/compare/{basehead}
            POST query viewer repository
            GET /repos/{owner}/{repo}/issues/{number}/timeline
            POST query repository
            POST /repos/{owner}/{repo}/statuses/{sha}
            POST /repos/{owner}/{repo}/pulls/{number}/reviews
            POST /repos/{owner}/{repo}/issues/{number}/comments
            ");
        }
        of_git.push(git);
        assert_eq!(stage.open_threads(number).len(), total.min(30));
        assert!(stage.summary(number).contains(&format!("{total} error")));
        let again = stage.review(number, "synchronize", "ann");
        assert_eq!(again.writes, [""; 0]);
    }
    assert_eq!(of_git, [of_git[0]; 3], "git is not called more often either");
}

#[test]
fn what_is_there_costs_one_call_for_each_further_page() {
    let (stage, number) = opened(1, 1, 0);
    for comment in 0..250 {
        stage.repo.comment(number, "ann", &format!("{comment}"));
    }
    let ran = stage.review(number, "opened", "ann");
    let (api, _) = calls(&ran);
    let of = |route: &str| api.iter().filter(|call| call.ends_with(route)).count();
    assert_eq!((of("query viewer repository"), of("/timeline")), (3, 3), "a hundred a page: {api:#?}");
    assert_eq!(api.len(), 8 + 2 + 2, "{api:#?}");
    stage.summary(number);
    stage.open_threads(number);
}

/// Most pushes to the base change nothing governed, and the log has no entry of them.
#[test]
fn commits_that_change_nothing_governed_cost_no_call() {
    let (stage, number) = opened(1, 1, 0);
    stage.review(number, "opened", "ann");
    let before = calls(&stage.review(number, "edited", "ann")).0.len();
    for n in 0..30 {
        let path = ["README.md", "schema-requests/README.md"][n % 2];
        stage.repo.commit("main", "max", "Words", &[(path, Some(&n.to_string()))]);
    }
    stage.repo.commit("topic", "max", "Words", &[("TOPIC.md", Some("hello\n"))]);
    let merged = stage.repo.open_pull_request("max", "topic", "main", "Words");
    stage.repo.merge(merged, "max", Method::Merge);
    let ran = stage.review(number, "edited", "ann");
    let (api, _) = calls(&ran);
    assert!(api.len() <= before, "{before}: {api:#?}");
    stage.open_threads(number);
    stage.summary(number);
}
