//! `doctor`: what of the set-up holds, what only advises, and what is broken.

use std::fmt::Write as _;

use serde_json::json;

use super::{
    Ended,
    arguments::Format,
    block_on,
    context::{Context, MAX_FILE_BYTES},
    init::{branches, github_settings},
    output,
};
use crate::{
    github::{Error, Github},
    model::SecretsOf,
    policy::Policy,
    report::{
        doctor::{self, Branch, Installation, Settings, Told, Verdict},
        workflow::ENVIRONMENT,
    },
};

/// What GitHub tells.
struct Asked {
    branches: Vec<Branch>,
    log_branch: Branch,
    settings: Settings,
}

/// Examines the policy and the workflows of the working tree, and what GitHub and `origin` tell.
pub(super) fn run(context: &Context, format: Format) -> anyhow::Result<Ended> {
    let policy = context.policy()?;
    let (asked, why) = match ask(context, &policy) {
        Ok(asked) => (asked, None),
        Err(why) => (unasked(context, &policy)?, Some(why)),
    };
    let read = |path| {
        anyhow::Ok((path, context.workspace.read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())))
    };
    let reference = format!("refs/heads/{}", policy.audit.branch);
    let token = github_settings(context).ok().and_then(|(settings, _)| settings.token);
    let tip = context.git.as_ref().and_then(|git| git.ls_remote("origin", &reference, token.as_ref()).ok());
    let Asked { branches, log_branch, settings } = asked;
    let found = Installation {
        policy: &policy,
        workflows: doctor::workflow_paths().into_iter().map(read).collect::<Result<_, _>>()?,
        other_workflows: other_workflows(context)?,
        log: tip.map(|tip| tip.is_some()),
        branches,
        log_branch,
        settings,
    };
    let (findings, rulesets) = (doctor::examine(&found), doctor::rulesets(&found));
    let broken = findings.iter().any(|finding| finding.verdict == Verdict::Broken);
    if format == Format::Json {
        output::print_json(&json!({"success": !broken, "findings": findings, "rulesets": rulesets}))?;
        return Ok(Ended::well_if(!broken));
    }
    let mut text = String::new();
    for finding in &findings {
        let _ = writeln!(text, "{:<8}  {}", finding.verdict.as_str(), finding.what);
    }
    if let Some(why) = why {
        let _ = writeln!(text, "\nGitHub was not asked: {why:#}");
    }
    if !rulesets.is_empty() {
        text.push_str("\nWhat rules can mend:\n");
    }
    for ruleset in rulesets {
        let body = serde_json::to_string_pretty(&ruleset)?;
        let _ = write!(text, "\ngh api repos/{{owner}}/{{repo}}/rulesets --input - <<'END'\n{body}\nEND\n");
    }
    output::print(&text)?;
    Ok(Ended::well_if(!broken))
}

/// The workflow files that `init` does not write.
fn other_workflows(context: &Context) -> anyhow::Result<Vec<(String, String)>> {
    let ours = doctor::workflow_paths();
    let wanted = |path: &str| {
        let name = path.strip_prefix(WORKFLOWS).unwrap_or_default().trim_start_matches('/');
        let workflow = [".yml", ".yaml"].iter().any(|extension| name.ends_with(extension));
        workflow && !name.contains('/') && !ours.contains(&path)
    };
    let tree = context.workspace.read_tree(&[WORKFLOWS], &wanted, MAX_FILE_BYTES)?;
    Ok(tree.into_iter().map(|(path, file)| (path, String::from_utf8_lossy(&file.bytes).into_owned())).collect())
}

const WORKFLOWS: &str = ".github/workflows";

/// What is said of everything when GitHub cannot be asked.
fn unasked(context: &Context, policy: &Policy) -> anyhow::Result<Asked> {
    const WHY: &str = "GitHub was not asked";
    let known = branches(context, None, policy)?;
    Ok(Asked {
        branches: known.into_iter().map(|branch| Branch::unread(branch, WHY)).collect(),
        log_branch: Branch::unread(policy.audit.branch.clone(), WHY),
        settings: Settings::unread(WHY),
    })
}

fn ask(context: &Context, policy: &Policy) -> anyhow::Result<Asked> {
    let (settings, _) = github_settings(context)?;
    block_on(async {
        let github = Github::new(settings)?;
        let facts = github.repository().await?;
        let mut gated = Vec::new();
        for branch in branches(context, Some(&facts), policy)? {
            gated.push(ask_of_branch(&github, branch).await?);
        }
        let log_branch = ask_of_branch(&github, policy.audit.branch.clone()).await?;
        let environment = told(github.environment_branches(ENVIRONMENT).await);
        let environment_secrets = match &environment {
            Ok(None) => Ok(Vec::new()),
            _ => told(github.secret_names(SecretsOf::Environment(ENVIRONMENT)).await),
        };
        let settings = Settings {
            repository: Ok(facts),
            actions: told(github.actions_policy().await),
            token_writes: told(github.workflow_token_writes().await),
            environment,
            environment_secrets,
            open_secrets: [
                told(github.secret_names(SecretsOf::Repository).await),
                told(github.secret_names(SecretsOf::Organisation).await),
            ],
        };
        Ok(Asked { branches: gated, log_branch, settings })
    })
}

async fn ask_of_branch(github: &Github, name: String) -> anyhow::Result<Branch> {
    let rules = github.branch_rules(&name).await?;
    let protection = told(github.branch_protection(&name).await);
    Ok(Branch { name, rules: Ok(rules), protection })
}

/// What GitHub tells; or which token it would tell.
fn told<T>(answer: Result<T, Error>) -> Told<T> {
    answer.map_err(|error| match error {
        Error::Forbidden(failure) | Error::NotFound(failure) => {
            format!("a token with the permission `{}` would tell", failure.permission)
        }
        other => other.to_string(),
    })
}
