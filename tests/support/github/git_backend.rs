//! The repositories over smart HTTP, through git's own CGI program.
//! Source: <https://git-scm.com/docs/git-http-backend>

use std::{collections::BTreeMap, io::Write as _, process::Stdio};

use super::{
    git,
    model::{Access, Scope, State, Token, Visibility},
    people,
    reply::{Outcome, Reply},
    routes::{Route, visible},
    server::Incoming,
};

/// `/{owner}/{repo}[.git]/...`
pub fn serve(state: &mut State, incoming: &Incoming, token: Option<&Token>, route: &mut Route) -> Outcome {
    let mut parts = incoming.path.trim_start_matches('/').splitn(3, '/');
    let (owner, name, rest) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
    let name = format!("{}/{}", owner.unwrap_or_default(), name.unwrap_or_default().trim_end_matches(".git"));
    let push = rest == "git-receive-pack" || incoming.query.contains("service=git-receive-pack");
    route.template =
        format!("git {rest}{}", if rest == "info/refs" && push { "?service=git-receive-pack" } else { "" });
    route.write = rest == "git-receive-pack";
    let repo = state.repositories.values().find(|repo| repo.full_name().eq_ignore_ascii_case(&name));
    // Whoever shows no token is asked for one, also where there is nothing: git tries again with it.
    let repo = repo.filter(|repo| visible(repo, token)).ok_or_else(|| match token {
        None => challenge(),
        Some(_) => plain(404, "Repository not found."),
    })?;
    let may = |access| match token {
        Some(token) => token.repo == repo.id && token.permissions.of(Scope::Contents) >= access,
        None => false,
    };
    if push && token.is_none() {
        return Err(challenge());
    }
    if push && !may(Access::Write) {
        return Err(plain(403, "Write access to repository not granted."));
    }
    if repo.visibility == Visibility::Private && !may(Access::Read) {
        return Err(plain(403, "Resource not accessible by integration"));
    }
    let id = repo.id;
    route.fault(state)?;
    let before = if route.write { heads(state, id) } else { BTreeMap::new() };
    let reply = backend(state, incoming, &format!("/{id}.git/{rest}"), push.then_some(token).flatten());
    if let (true, Some(token)) = (route.write, token) {
        for (branch, sha) in heads(state, id) {
            let old = before.get(&branch);
            if old != Some(&sha) {
                people::pushed(state, id, &branch, old.map(String::as_str), &sha, &token.who.login);
            }
        }
        git::synchronise(state);
    }
    Ok(reply)
}

/// The branches and their tips.
fn heads(state: &State, repo: u64) -> BTreeMap<String, String> {
    let format = "--format=%(refname:lstrip=2) %(objectname)";
    let refs = git::run(&state.repo(repo).git, &["for-each-ref", format, "refs/heads"]);
    let refs = refs.lines().filter_map(|line| line.rsplit_once(' '));
    refs.map(|(name, sha)| (name.to_owned(), sha.to_owned())).collect()
}

fn challenge() -> Reply {
    plain(401, "Repository not found.").header("www-authenticate", "Basic realm=\"GitHub\"")
}

fn plain(status: u16, message: &str) -> Reply {
    let headers = vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
    Reply { status, headers, body: message.as_bytes().to_vec() }
}

fn backend(state: &State, incoming: &Incoming, path: &str, pusher: Option<&Token>) -> Reply {
    // A file, not a pipe: the program may answer before it has read everything.
    let mut input = tempfile::tempfile().expect("a temporary file");
    input.write_all(&incoming.body).expect("the body fits");
    std::io::Seek::rewind(&mut input).expect("the file rewinds");
    let mut command = git::command(&state.home);
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &state.home)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("REQUEST_METHOD", &incoming.method)
        .env("QUERY_STRING", &incoming.query)
        .env("CONTENT_TYPE", incoming.header("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", incoming.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", incoming.header("content-encoding").unwrap_or_default())
        .env("GIT_PROTOCOL", incoming.header("git-protocol").unwrap_or_default())
        .stdin(Stdio::from(input));
    if let Some(pusher) = pusher {
        command.env("REMOTE_USER", &pusher.who.login);
    }
    let output = command.output().expect("git http-backend starts");
    let end = output.stdout.windows(4).position(|window| window == b"\r\n\r\n").expect("a CGI answer has headers");
    let mut reply = Reply { status: 200, headers: Vec::new(), body: output.stdout[end + 4..].to_vec() };
    for line in String::from_utf8_lossy(&output.stdout[..end]).lines() {
        match line.split_once(": ") {
            Some(("Status", status)) => reply.status = status[..3].parse().expect("a status"),
            Some((name, value)) => reply.headers.push((name.to_lowercase(), value.to_owned())),
            None => {}
        }
    }
    reply
}
