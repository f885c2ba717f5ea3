//! `doctor`: what of the set-up holds, what only advises, and what is broken.

use std::fmt::Write as _;

use serde_json::json;

use super::{
    Ended,
    arguments::Format,
    block_on,
    context::Context,
    init::{branches, github_settings},
    output,
};
use crate::{
    github::Github,
    model::BranchRules,
    policy::Policy,
    report::doctor::{self, Installation, Verdict},
};

/// Rules of the gated branches, and of the log's branch; what could not be read is missing.
type Rules = (Vec<(String, Option<BranchRules>)>, Option<BranchRules>);

/// Examines the policy and the workflows of the working tree, and what GitHub and `origin` tell.
pub(super) fn run(context: &Context, format: Format) -> anyhow::Result<Ended> {
    let policy = context.policy()?;
    let ((branches, log_rules), why) = match rules(context, &policy) {
        Ok(rules) => (rules, None),
        Err(why) => {
            let known = branches(context, None, &policy)?;
            ((known.into_iter().map(|branch| (branch, None)).collect(), None), Some(why))
        }
    };
    let read = |path| {
        anyhow::Ok((path, context.workspace.read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())))
    };
    let reference = format!("refs/heads/{}", policy.audit.branch);
    let token = github_settings(context).ok().and_then(|(settings, _)| settings.token);
    let tip = context.git.as_ref().and_then(|git| git.ls_remote("origin", &reference, token.as_ref()).ok());
    let found = Installation {
        policy: &policy,
        workflows: doctor::workflow_paths().into_iter().map(read).collect::<Result<_, _>>()?,
        log: tip.map(|tip| tip.is_some()),
        branches,
        log_rules,
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

fn rules(context: &Context, policy: &Policy) -> anyhow::Result<Rules> {
    let (settings, _) = github_settings(context)?;
    block_on(async {
        let github = Github::new(settings)?;
        let facts = github.repository().await?;
        let mut found = Vec::new();
        for branch in branches(context, Some(&facts), policy)? {
            let rules = github.branch_rules(&branch).await?;
            found.push((branch, Some(rules)));
        }
        Ok((found, Some(github.branch_rules(&policy.audit.branch).await?)))
    })
}
