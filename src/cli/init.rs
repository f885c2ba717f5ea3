//! `init`: the workflows that fit the repository, and a policy to start from.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};

use super::{
    Ended,
    arguments::{Format, Init, Visibility},
    block_on,
    context::Context,
    output, variable,
};
use crate::{
    github::{Github, Patience, Settings},
    model::{RepositoryFacts, Secret},
    policy::{POLICY_FILE, Policy},
    report::{
        terminal::printable,
        workflow::{self, ENVIRONMENT, RECORD_PATH, Setup, VALIDATE_PATH},
    },
};

/// What a run did to the working tree.
#[derive(Debug, Default, serde::Serialize)]
struct Done {
    written: Vec<&'static str>,
    unchanged: Vec<&'static str>,
}

/// Writes the workflows and, where there is none, a policy.
pub(super) fn run(context: &Context, arguments: &Init, format: Format) -> anyhow::Result<Ended> {
    let policy = context.policy()?;
    let facts = match arguments.visibility {
        Some(_) => None,
        None => Some(ask(context)?),
    };
    let visibility = facts.as_ref().map(|facts| facts.private);
    let private = visibility.unwrap_or(arguments.visibility == Some(Visibility::Private));
    let branches = branches(context, facts.as_ref(), &policy)?;
    let setup = Setup { action: &arguments.action, private, app: arguments.app, branches: &branches };

    let mut wanted = vec![(VALIDATE_PATH, workflow::validate(&setup)), (RECORD_PATH, workflow::record(&setup))];
    if context.workspace.read(POLICY_FILE)?.is_none() {
        wanted.push((POLICY_FILE, POLICY.to_owned()));
    }
    let done = write(context, &wanted, arguments.force)?;
    if format == Format::Json {
        output::print_json(&done)?;
        return Ok(Ended::Well);
    }
    let written = done.written.iter().map(|path| format!("wrote {path}\n"));
    let unchanged = done.unchanged.iter().map(|path| format!("{path} is as it should be\n"));
    let mut text: String = written.chain(unchanged).collect();
    text.push_str(&left_to_do(&setup, &policy, facts.map(|facts| facts.id)));
    output::print(&text)?;
    Ok(Ended::Well)
}

/// Writes all of it, or nothing where a file is there that differs.
fn write(context: &Context, wanted: &[(&'static str, String)], force: bool) -> anyhow::Result<Done> {
    let mut done = Done::default();
    let mut differing = Vec::new();
    for (path, text) in wanted {
        match context.workspace.read(path)? {
            Some(bytes) if bytes == text.as_bytes() => done.unchanged.push(*path),
            Some(_) if !force => differing.push(*path),
            _ => done.written.push(*path),
        }
    }
    if !differing.is_empty() {
        let (differing, verb) = (differing.join(" and "), if differing.len() == 1 { "differs" } else { "differ" });
        bail!("{differing} {verb} from what would be written; keep what is yours elsewhere, then use --force");
    }
    for (path, text) in wanted.iter().filter(|(path, _)| done.written.contains(path)) {
        context.workspace.write(path, text.as_bytes())?;
    }
    Ok(done)
}

/// The branches whose pull requests are gated, the default branch first.
pub(super) fn branches(
    context: &Context,
    facts: Option<&RepositoryFacts>,
    policy: &Policy,
) -> anyhow::Result<Vec<String>> {
    let default = match facts {
        Some(facts) => Some(facts.default_branch.clone()),
        None => context.git()?.default_branch()?,
    };
    let default = default.context(
        "the name of the default branch is not known here; check it out, or run `git remote set-head origin --auto`",
    )?;
    let others = policy.gate_branches.iter().filter(|branch| **branch != default).cloned().collect::<Vec<_>>();
    Ok([vec![default], others].concat())
}

/// What GitHub says of the repository that `origin` points at.
fn ask(context: &Context) -> anyhow::Result<RepositoryFacts> {
    const SAY: &str = "say it with --visibility public or --visibility private";
    let (settings, variable) = github_settings(context)
        .map_err(|why| anyhow::anyhow!("whether the repository is public cannot be asked: {why}; {SAY}"))?;
    let repository = settings.repository.clone();
    block_on(async { Ok(Github::new(settings)?.repository().await?) }).with_context(|| {
        format!(
            "GitHub does not say whether {} is public; {SAY}, or set {} to a token that may read it",
            printable(&repository),
            variable,
        )
    })
}

/// The repository that `origin` points at, on its server, with the token of the environment, and the name of the variable
/// that should hold one.
pub(super) fn github_settings(context: &Context) -> anyhow::Result<(Settings, &'static str)> {
    let url = context.git()?.remote_url("origin").context("this clone has no remote `origin`")?;
    let (host, repository) = located(&url).context("`origin` is not on a GitHub server")?;
    // The variables that `gh` reads, each for its servers only.
    let (api_url, names) = match (variable("GITHUB_API_URL"), host) {
        (Some(url), _) => (url, ["GH_TOKEN", "GITHUB_TOKEN"]),
        (None, "github.com") => ("https://api.github.com".to_owned(), ["GH_TOKEN", "GITHUB_TOKEN"]),
        (None, host) => (format!("https://{host}/api/v3"), ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]),
    };
    let token = names.into_iter().filter_map(variable).find(|token| !token.is_empty());
    let settings = Settings {
        api_url,
        token: token.map(Secret::new),
        repository: repository.to_owned(),
        patience: Patience::default(),
    };
    Ok((settings, names[0]))
}

/// Host and `owner/name` of a repository's URL as git takes it.
/// Source: <https://git-scm.com/docs/git-clone#_git_urls>
fn located(url: &str) -> Option<(&str, &str)> {
    let (host, path) = match url.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        None => url.split_once(':')?,
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let whole = path.split('/').count() == 2 && path.split('/').all(|part| !part.is_empty());
    whole.then_some((host, path)).filter(|(host, _)| !host.is_empty())
}

/// A policy that says what holds without one.
const POLICY: &str = r#"# How changes of the schema are judged. A pull request is judged by the policy of its base branch.

[database]
version = 15                    # major version of PostgreSQL

[approval]
label = "schema-approved"       # the label that approves
permission = "maintain"         # whose label counts: that role of the repository or a higher one
min_review_seconds = 60         # how long the summary must have been shown

[approval.required]             # how many people, by class of change
metadata = 1                    # comments, owners, justifications
ordinary = 1
waived_error = 2
data_loss = 2
drop = 2
raw_sql = 2                     # the SQL of a request is run as it is written
baseline = 2
control_file = 2                # this file, the workflows, CODEOWNERS, .gitattributes

[review]
comment = "full"                # or "summary": none on lines; or "off"

[rules]                         # error, warning, notice or off; `schema-registry explain` lists all
"#;

fn left_to_do(setup: &Setup<'_>, policy: &Policy, id: Option<u64>) -> String {
    let id = id.map_or_else(String::new, |id| format!(" --repo-id {id}"));
    let mut steps = vec![
        format!("Read {POLICY_FILE}, and merge all of it into {}.", printable(&setup.branches[0])),
        format!("Create the audit log: schema-registry audit init{id}"),
        format!("Create the label that approves: gh label create {}", printable(&policy.approval.label)),
        format!(
            "In a ruleset, require the status `schema-registry` on {}{}, and let nobody delete or force-push {}.",
            printable(&setup.branches.join(", ")),
            if setup.app { " from your App" } else { "" },
            printable(&policy.audit.branch),
        ),
    ];
    if setup.app {
        steps.insert(
            1,
            format!(
                "Make a GitHub App with the repository permissions Contents, Pull requests and Commit statuses (write), \
                 install it here, and put its client id and key into the environment `{ENVIRONMENT}`, which only {} may \
                 use:\n   gh variable set SCHEMA_REGISTRY_APP_CLIENT_ID --env {ENVIRONMENT}\n   \
                 gh secret set SCHEMA_REGISTRY_APP_PRIVATE_KEY --env {ENVIRONMENT} < KEY.pem",
                printable(&setup.branches[0])
            ),
        );
    }
    let mut text = "\nWhat is left to do:\n".to_owned();
    for (number, step) in steps.iter().enumerate() {
        let _ = writeln!(text, "{}. {step}", number + 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn the_policy_says_what_holds_without_one() {
        let policy = Policy::parse(POLICY, &rules::configurable()).expect("a policy");
        assert_eq!(format!("{policy:?}"), format!("{:?}", Policy::default()));
    }

    #[test]
    fn a_remote_is_located_however_git_spells_it() {
        let octo = Some(("github.com", "octo/app"));
        let cases = [
            ("https://github.com/octo/app", octo),
            ("https://github.com/octo/app.git", octo),
            ("https://ann:secret@github.com/octo/app.git/", octo),
            ("git@github.com:octo/app.git", octo),
            ("ssh://git@github.com:22/octo/app.git", octo),
            ("https://git.example.com:8443/octo/app.js", Some(("git.example.com", "octo/app.js"))),
            ("/srv/git/app.git", None),
            ("file:///srv/git/app", None),
            ("https://github.com/app", None),
            ("https://gitlab.example/a/b/c", None),
        ];
        for (url, expected) in cases {
            assert_eq!(located(url), expected, "{url}");
        }
    }
}
