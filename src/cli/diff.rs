//! `diff`: how two catalogs differ.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::{
    Ended,
    arguments::{Diff, Rendering},
    context::{Context, MAX_FILE_BYTES, is_request},
    output,
};
use crate::{
    model::{File, Tree},
    pipeline,
    report::diff,
    workspace::Workspace,
};

/// Prints what differs between two revisions, folders or files.
pub(super) fn run(context: &Context, directory: &Path, arguments: &Diff, format: Rendering) -> anyhow::Result<Ended> {
    let before = side(context, directory, &arguments.before)?;
    let policy = context.policy()?;
    let after = if let Some(name) = &arguments.after {
        side(context, directory, name)?
    } else {
        let mut tree = context.working_tree(&policy)?;
        tree.retain(|path, _| is_request(&policy, path));
        tree
    };
    let difference = pipeline::compare_catalogs(&policy.database, &before, &after);
    match format {
        Rendering::Human => output::print(&diff::human(&difference, context.style))?,
        Rendering::Json => output::print_json(&diff::DiffReport::new(&difference))?,
        Rendering::Markdown => output::print(&diff::markdown(&difference))?,
        Rendering::Github | Rendering::Sarif => return Err(format.refused()),
    }
    if let [first, others @ ..] = difference.unread.as_slice() {
        let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        bail!(
            "{first:?}{more} cannot be read as a request, so not everything was compared; `schema-registry check --all` says why"
        );
    }
    Ok(Ended::well_if(!arguments.exit_code || difference.is_empty()))
}

/// The request files of a revision, a folder or a file.
fn side(context: &Context, directory: &Path, name: &str) -> anyhow::Result<Tree> {
    let place = directory.join(name);
    let commit = match &context.git {
        Some(git) => git.resolve(name)?.map(|commit| (git, commit)),
        None => None,
    };
    match (commit, place.exists()) {
        (Some(_), true) => bail!(
            "{name:?} is a revision and a path; write `./{name}` for the path, `refs/heads/{name}` for the branch"
        ),
        (Some((git, commit)), false) => {
            let policy = Context::policy_of(git, &commit)?;
            Ok(git.read_tree(&commit, &|path| is_request(&policy, path), MAX_FILE_BYTES)?)
        }
        (None, true) => files(&place),
        (None, false) => {
            bail!("{name:?} is no revision, folder or file here; fetch the revision first, or name another")
        }
    }
}

/// Every YAML file of a folder, or of the folder of requests where it is a repository; or one file.
fn files(place: &Path) -> anyhow::Result<Tree> {
    if !place.is_dir() {
        let name = place.file_name().and_then(|name| name.to_str()).context("the name of a file is not UTF-8")?;
        let bytes = Workspace::new(place.parent().unwrap_or(Path::new("."))).read(name)?;
        return Ok(bytes.map(|bytes| (name.to_owned(), File::regular(bytes))).into_iter().collect());
    }
    let workspace = Workspace::new(place);
    let policy = super::context::policy_of_folder(&workspace)?;
    let is_repository = place.join(&policy.requests).is_dir();
    let wanted = |path: &str| if is_repository { is_request(&policy, path) } else { is_yaml(path) };
    Ok(workspace.read_tree(&[""], &wanted, MAX_FILE_BYTES)?)
}

fn is_yaml(path: &str) -> bool {
    path.strip_suffix(".yaml").is_some() && !path.split('/').any(|segment| segment.starts_with('.'))
}
