//! What workflows may run and do, and who can read the secrets.

use std::collections::BTreeSet;

use globset::GlobBuilder;

use super::{APP_KEY, Finding, Installation, SIGNING_KEY, Told, Verdict, finding, workflows::action_of};
use crate::{
    model::{ActionsPolicy, AllowedActions, EnvironmentBranches},
    report::{
        terminal::printable,
        workflow::{ENVIRONMENT, RECORD_PATH},
    },
};

/// What workflows may run, and what their token may do when they do not say.
pub(super) fn of_actions(found: &Installation) -> Vec<Finding> {
    let settings = &found.settings;
    let runs = match &settings.actions {
        Err(why) => unknown("what workflows may run", why),
        Ok(policy) => may_run(found, policy),
    };
    let token = match &settings.token_writes {
        Err(why) => unknown("what the token of a workflow may do that does not say", why),
        Ok(false) => finding(Verdict::Safe, "a workflow that does not say gets a token that only reads"),
        Ok(true) => {
            let what = "it can post the status and push to the audit log; let the default be to read";
            finding(Verdict::Advisory, format!("a workflow that does not say gets a token that writes: {what}"))
        }
    };
    vec![runs, token]
}

fn unknown(what: &str, why: &str) -> Finding {
    finding(Verdict::Unknown, format!("{what} could not be read: {}", printable(why)))
}

fn may_run(found: &Installation, policy: &ActionsPolicy) -> Finding {
    if !policy.enabled {
        return finding(Verdict::Broken, "GitHub Actions is switched off: nothing is reviewed, recorded or gated");
    }
    let texts = found.workflows.iter().filter_map(|(_, text)| text.as_deref());
    let refused = texts.filter_map(action_of).find(|action| !allows(found, policy, action));
    if let Some(action) = refused {
        let what = "which the Actions policy of the repository does not allow: nothing is reviewed, recorded or gated";
        return finding(Verdict::Broken, format!("the workflows use {}, {what}", printable(action)));
    }
    if policy.pinned {
        return finding(Verdict::Safe, "workflows may only use Actions at a full commit");
    }
    let what = "require full commits, so that no Action changes under a workflow that has secrets or writes";
    finding(Verdict::Advisory, format!("workflows may use Actions by tags that can be moved: {what}"))
}

/// Whether the policy lets a workflow use `owner/name@reference`.
/// Source: <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository#allowing-select-actions-and-reusable-workflows-to-run>
fn allows(found: &Installation, policy: &ActionsPolicy, action: &str) -> bool {
    let owner = |name: &str| name.split('/').next().unwrap_or_default().to_lowercase();
    let local = || {
        let repository = found.settings.repository.as_ref();
        action.starts_with("./") || repository.is_ok_and(|it| owner(&it.full_name) == owner(action))
    };
    match &policy.allowed {
        AllowedActions::All => true,
        AllowedActions::Local => local(),
        AllowedActions::Selected { github_owned, verified, patterns } => {
            let matches = |pattern: &str| {
                let glob = GlobBuilder::new(pattern).case_insensitive(true).build();
                glob.is_ok_and(|glob| glob.compile_matcher().is_match(action))
            };
            let forbidden = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(matches);
            let of_github = *github_owned && matches!(owner(action).as_str(), "actions" | "github");
            // Whom GitHub has verified, it tells only people: then nothing is called refused that may be allowed.
            !forbidden && (*verified || local() || of_github || patterns.iter().any(|pattern| matches(pattern)))
        }
    }
}

/// Who can read the secrets that the workflows need; nothing where they need none.
pub(super) fn of_secrets(found: &Installation) -> Vec<Finding> {
    let record = found.workflows.iter().find(|(path, _)| *path == RECORD_PATH);
    let app = record.and_then(|(_, text)| text.as_deref()).is_some_and(|text| text.contains(APP_KEY));
    let needed = [(SIGNING_KEY, !found.policy.audit.keys.is_empty()), (APP_KEY, app)];
    let needed: Vec<&str> = needed.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| name).collect();
    if needed.is_empty() {
        return Vec::new();
    }
    let secrets = needed.into_iter().map(|name| of_secret(found, name));
    [of_environment(found)].into_iter().chain(secrets).collect()
}

fn of_environment(found: &Installation) -> Finding {
    let is = |verdict, what: &str| finding(verdict, format!("the environment `{ENVIRONMENT}` {what}"));
    let default = found.branches.first().map(|branch| branch.name.as_str()).unwrap_or_default();
    let only = format!("let it be used from {} alone", printable(default));
    match &found.settings.environment {
        Err(why) => unknown(&format!("from where the environment `{ENVIRONMENT}` can be used"), why),
        Ok(None) => is(Verdict::Broken, &format!("does not exist: make it, put the secrets there, and {only}")),
        Ok(Some(EnvironmentBranches::Any)) => {
            is(Verdict::Broken, &format!("can be used from any branch, and so by whoever may push one: {only}"))
        }
        Ok(Some(EnvironmentBranches::Protected)) => {
            is(Verdict::Advisory, &format!("can be used from every protected branch: {only}"))
        }
        Ok(Some(EnvironmentBranches::Named(named))) => {
            let other = |name: &str, tag: bool| tag || name != default;
            let others: Vec<String> = named
                .iter()
                .filter(|it| other(&it.name, it.tag))
                .map(|it| format!("{}{}", if it.tag { "tag " } else { "" }, printable(&it.name)))
                .collect();
            match (others.is_empty(), named.is_empty()) {
                (_, true) => is(Verdict::Broken, &format!("can be used from no branch: {only}")),
                (true, _) => is(Verdict::Safe, &format!("can be used from {} alone", printable(default))),
                (false, _) => is(Verdict::Advisory, &format!("can be used from {} as well: {only}", others.join(", "))),
            }
        }
    }
}

fn of_secret(found: &Installation, name: &str) -> Finding {
    let settings = &found.settings;
    // Names of secrets are upper case.
    let holds = |names: &Told<Vec<String>>| names.as_ref().is_ok_and(|names| names.iter().any(|it| it == name));
    for (names, whose) in settings.open_secrets.iter().zip(["repository", "organisation"]) {
        if holds(names) {
            let what = format!("every workflow of every branch can read it; move it into `{ENVIRONMENT}`");
            return finding(Verdict::Broken, format!("{name} is a secret of the {whose}: {what}"));
        }
    }
    if settings.environment_secrets.is_ok() && !holds(&settings.environment_secrets) {
        let what = format!("`gh secret set {name} --env {ENVIRONMENT}`");
        return finding(Verdict::Broken, format!("{name} is no secret of the environment `{ENVIRONMENT}`: {what}"));
    }
    let unread: BTreeSet<&String> = settings
        .open_secrets
        .iter()
        .chain([&settings.environment_secrets])
        .filter_map(|names| names.as_ref().err())
        .collect();
    if unread.is_empty() {
        return finding(
            Verdict::Safe,
            format!("{name} is a secret of the environment `{ENVIRONMENT}` and of nothing else"),
        );
    }
    let why = unread.into_iter().cloned().collect::<Vec<_>>().join("; ");
    unknown(&format!("who can read the secret {name}"), &why)
}
