//! git on the bare repositories.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use super::model::{State, Time, User};

/// A `git` in `dir` that sees no configuration of the machine or the user.
pub fn command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GIT_")) {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
    command
}

/// Its output without the last newline; `None` when it fails.
pub fn attempt(dir: &Path, args: &[&str]) -> Option<String> {
    let output = command(dir).args(args).output().expect("git starts");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}

/// Its output without the last newline.
pub fn run(dir: &Path, args: &[&str]) -> String {
    let output = command(dir).args(args).output().expect("git starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "git {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text.trim_end_matches('\n').to_owned()
}

const CONFIG: &str = "
[uploadpack]
    allowAnySHA1InWant = true
    allowFilter = true
[http]
    receivepack = true
[receive]
    hideRefs = refs/pull
[gc]
    auto = 0
[maintenance]
    auto = false
";

/// Makes the bare repository as GitHub serves it: any reachable or once seen commit can be fetched by its id, and the
/// refs of pull requests cannot be pushed.
pub fn init(dir: &Path, default_branch: &str) {
    std::fs::create_dir_all(dir).unwrap();
    run(dir, &["init", "-q", "--bare", &format!("--initial-branch={default_branch}")]);
    let mut config = std::fs::OpenOptions::new().append(true).open(dir.join("config")).unwrap();
    config.write_all(CONFIG.as_bytes()).unwrap();
}

/// The commit at the tip of `branch`.
pub fn tip(dir: &Path, branch: &str) -> Option<String> {
    attempt(dir, &["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}^{{commit}}")])
}

fn signature(name: &str, email: &str, at: Time) -> String {
    format!("{name} <{email}> {} +0000", at.timestamp())
}

/// Adds one commit to `branch`, which begins at `from` when it does not exist; `None` deletes a file.
pub fn commit(
    dir: &Path,
    branch: &str,
    from: Option<&str>,
    author: &User,
    at: Time,
    message: &str,
    files: &[(&str, Option<&str>)],
) -> String {
    let parent = tip(dir, branch).or_else(|| from.map(str::to_owned));
    let who = signature(&author.login, &author.email(), at);
    let mut stream = format!("commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n");
    write!(stream, "data {}\n{message}\n", message.len()).unwrap();
    if let Some(parent) = parent {
        writeln!(stream, "from {parent}").unwrap();
    }
    for (path, text) in files {
        match text {
            Some(text) => write!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len()).unwrap(),
            None => writeln!(stream, "D {path}").unwrap(),
        }
    }
    let mut child = command(dir)
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git fast-import starts");
    child.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "git fast-import");
    tip(dir, branch).expect("the branch exists now")
}

/// The tree of `ours` and `theirs` merged; `None` on a conflict.
pub fn merge_tree(dir: &Path, base: Option<&str>, ours: &str, theirs: &str) -> Option<String> {
    let base = base.map(|base| format!("--merge-base={base}"));
    let mut args = vec!["merge-tree", "--write-tree", "--no-messages"];
    args.extend(base.as_deref());
    args.extend([ours, theirs]);
    attempt(dir, &args)
}

/// A commit of `tree`.
pub fn commit_tree(dir: &Path, tree: &str, parents: &[&str], author: (&str, &str), at: Time, message: &str) -> String {
    let date = format!("{} +0000", at.timestamp());
    let mut command = command(dir);
    command.args(["commit-tree", tree, "-m", message]);
    for parent in parents {
        command.args(["-p", parent]);
    }
    command
        .env("GIT_AUTHOR_NAME", author.0)
        .env("GIT_AUTHOR_EMAIL", author.1)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_NAME", "GitHub")
        .env("GIT_COMMITTER_EMAIL", "noreply@github.com")
        .env("GIT_COMMITTER_DATE", &date);
    let output = command.output().expect("git starts");
    assert!(output.status.success(), "git commit-tree: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A hunk of a diff: the lines of the head's side that it shows, and its text.
pub struct Hunk {
    pub first: u64,
    pub last: u64,
    pub text: String,
}

/// The hunks of `path` between the merge base and `head`, with three lines of context; `None` when the pull request
/// does not touch the file.
pub fn hunks(dir: &Path, base: &str, head: &str, path: &str) -> Option<Vec<Hunk>> {
    let range = format!("{base}...{head}");
    let diff = run(dir, &["diff", "--unified=3", "--no-color", "--no-ext-diff", "--find-renames", &range, "--", path]);
    if diff.is_empty() {
        return None;
    }
    let mut hunks: Vec<Hunk> = Vec::new();
    for line in diff.lines() {
        if let Some(rest) = line.strip_prefix("@@ ") {
            let new = rest.split_whitespace().nth(1).and_then(|range| range.strip_prefix('+')).expect("a hunk header");
            let (first, count) = new.split_once(',').unwrap_or((new, "1"));
            let (first, count): (u64, u64) = (first.parse().unwrap(), count.parse().unwrap());
            hunks.push(Hunk { first, last: (first + count).saturating_sub(1), text: line.to_owned() });
        } else if let Some(hunk) = hunks.last_mut() {
            write!(hunk.text, "\n{line}").unwrap();
        }
    }
    Some(hunks)
}

/// Takes over into the model what happened to branches: heads of open pull requests, their refs and test merges.
pub fn synchronise(state: &mut State) {
    let pulls: Vec<(u64, u64)> = state
        .repositories
        .values()
        .flat_map(|repo| repo.pulls.values().filter(|pull| pull.open).map(|pull| (repo.id, pull.number)))
        .collect();
    for (repo, number) in pulls {
        let pull = state.pull(repo, number);
        let dir = state.repo(repo).git.clone();
        let head = pull.head_repo.and_then(|head| tip(&state.repo(head).git, &pull.head_ref));
        let base = tip(&dir, &pull.base_ref).expect("the base branch exists");
        let head = head.unwrap_or_else(|| pull.head_sha.clone());
        if head != pull.head_sha {
            moved(state, repo, number, &head, &base);
        }
        test_merge(state, repo, number, &head, &base);
    }
}

fn moved(state: &mut State, repo: u64, number: u64, head: &str, base: &str) {
    let dir = state.repo(repo).git.clone();
    let pull = state.pull(repo, number);
    let (old, author) = (pull.head_sha.clone(), pull.author.clone());
    if let Some(from) = pull.head_repo.filter(|from| *from != repo) {
        let from = state.repo(from).git.to_string_lossy().into_owned();
        run(&dir, &["fetch", "-q", "--no-auto-maintenance", &from, head]);
    }
    run(&dir, &["update-ref", &format!("refs/pull/{number}/head"), head]);
    let who = super::model::Who::person(&author);
    let forward = !old.is_empty() && attempt(&dir, &["merge-base", "--is-ancestor", &old, head]).is_some();
    if !old.is_empty() && !forward {
        state.happened(repo, number, &who, super::model::Happening::ForcePushed);
    }
    let from = if forward { old.clone() } else { base.to_owned() };
    for sha in run(&dir, &["rev-list", "--reverse", &format!("{from}..{head}")]).lines() {
        state.happened(repo, number, &who, super::model::Happening::Committed(sha.to_owned()));
    }
    let now = state.clock.now();
    let pull = state.pull_mut(repo, number);
    head.clone_into(&mut pull.head_sha);
    base.clone_into(&mut pull.base_sha);
    pull.updated_at = now;
    for thread in &mut pull.threads {
        thread.outdated = thread.line > 0 && lines_changed(&dir, thread, head);
    }
}

/// Whether the lines of a thread are others at `head`; lines that only moved are the same.
fn lines_changed(dir: &Path, thread: &super::model::Thread, head: &str) -> bool {
    let diff = run(dir, &["diff", "-U0", "--no-color", &thread.commit, head, "--", &thread.path]);
    let mut old = diff.lines().filter_map(|line| line.strip_prefix("@@ -")?.split(' ').next());
    old.any(|range| {
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        let (start, count): (u64, u64) = (start.parse().unwrap(), count.parse().unwrap());
        start <= thread.line && thread.start_line.unwrap_or(thread.line) < start + count
    })
}

fn test_merge(state: &mut State, repo: u64, number: u64, head: &str, base: &str) {
    let dir = state.repo(repo).git.clone();
    let parents = |sha: &str| run(&dir, &["rev-list", "--parents", "--max-count=1", sha]);
    let pull = state.pull(repo, number);
    if pull.test_merge.as_ref().is_some_and(|merge| parents(merge).ends_with(&format!("{base} {head}"))) {
        return;
    }
    let at = state.clock.now();
    let message = format!("Merge {head} into {base}");
    let merge = merge_tree(&dir, None, base, head)
        .map(|tree| commit_tree(&dir, &tree, &[base, head], ("GitHub", "noreply@github.com"), at, &message));
    if let Some(merge) = &merge {
        run(&dir, &["update-ref", &format!("refs/pull/{number}/merge"), merge]);
    }
    let pull = state.pull_mut(repo, number);
    pull.test_merge = merge;
    pull.mergeable_known = false;
}
