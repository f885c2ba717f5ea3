//! Which function answers which request; who asks; what it may do.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde_json::Value;

use super::{
    comments, commits, git_backend, graphql, labels,
    model::{Access, Repo, Scope, State, Token, Visibility, Who},
    people, pulls,
    reply::{Fault, Outcome, Reply},
    reviews,
    server::{API, Exchange, Incoming, LoggedCall},
    settings, statuses,
};

/// A request to a route of a repository.
#[derive(Debug)]
pub struct Call {
    pub repo: u64,
    /// The path after the repository, as sent: links of pages repeat it.
    pub rest: String,
    /// What stands for the `{...}` of the template, decoded, without owner and repository.
    pub params: Vec<String>,
    pub query: BTreeMap<String, String>,
    pub body: Value,
    pub token: Option<Token>,
}

type Handler = fn(&mut State, &Call) -> Outcome;

const ROUTES: &[(&str, &str, Handler)] = &[
    ("GET", "", commits::repository),
    ("GET", "/pulls", pulls::list),
    ("GET", "/pulls/{number}", pulls::get),
    ("POST", "/pulls/{number}/reviews", reviews::create),
    ("POST", "/pulls/{number}/comments", reviews::comment),
    ("GET", "/commits/{sha}/pulls", pulls::of_commit),
    ("GET", "/commits/{sha}/status", statuses::combined),
    ("POST", "/statuses/{sha}", statuses::create),
    ("GET", "/compare/{basehead}", commits::compare),
    ("GET", "/collaborators/{login}/permission", commits::permission),
    ("GET", "/activity", people::activity),
    ("GET", "/rules/branches/{branch}", commits::rules),
    ("GET", "/branches/{branch}/protection", settings::protection),
    ("GET", "/actions/permissions", settings::actions),
    ("GET", "/actions/permissions/selected-actions", settings::selected),
    ("GET", "/actions/permissions/workflow", settings::workflow),
    ("GET", "/actions/secrets", settings::repository_secrets),
    ("GET", "/actions/organization-secrets", settings::organisation_secrets),
    ("GET", "/environments/{environment_name}", settings::environment),
    ("GET", "/environments/{environment_name}/deployment-branch-policies", settings::branches),
    ("GET", "/environments/{environment_name}/secrets", settings::environment_secrets),
    ("GET", "/issues/{number}/timeline", labels::timeline),
    ("POST", "/issues/{number}/comments", comments::create),
    ("PATCH", "/issues/comments/{id}", comments::update),
    ("POST", "/issues/{number}/labels", labels::add),
    ("DELETE", "/issues/{number}/labels/{name}", labels::remove),
];

/// Members of a team; the one route that is not of a repository.
const MEMBERS: &str = "/orgs/{org}/teams/{team_slug}/members";

/// Every route of the REST API that there is: `GET /repos/{owner}/{repo}/pulls`.
pub fn templates() -> Vec<String> {
    let of_repositories =
        ROUTES.iter().map(|(method, template, _)| format!("{method} /repos/{{owner}}/{{repo}}{template}"));
    of_repositories.chain([format!("GET {MEMBERS}")]).collect()
}

impl Call {
    pub fn number(&self) -> Result<u64, Reply> {
        self.params[0].parse().map_err(|_| Reply::not_found())
    }

    /// The number of an existing pull request.
    pub fn pull(&self, state: &State) -> Result<u64, Reply> {
        let number = self.number()?;
        if state.repo(self.repo).pulls.contains_key(&number) { Ok(number) } else { Err(Reply::not_found()) }
    }

    /// Refuses unless the token may do it in one of the scopes. What is public may be read by everyone.
    pub fn require(&self, state: &State, access: Access, scopes: &[Scope]) -> Result<(), Reply> {
        if access == Access::Read && state.repo(self.repo).visibility == Visibility::Public {
            return Ok(());
        }
        let Some(token) = &self.token else {
            return Err(Reply::error(401, "Requires authentication"));
        };
        if token.repo == self.repo && scopes.iter().any(|scope| token.permissions.of(*scope) >= access) {
            return Ok(());
        }
        Err(refusal(state, token))
    }

    /// Who acts; only for calls whose access was checked.
    pub fn who(&self) -> Who {
        self.token.as_ref().expect("writes need a token").who.clone()
    }

    /// A string of the body, refused where it is missing or not one.
    pub fn text(&self, field: &str) -> Result<&str, Reply> {
        self.body[field].as_str().ok_or_else(|| {
            let message = format!("Invalid request.\n\n\"{field}\" wasn't supplied.");
            Reply::unprocessable(&message, &Value::Array(Vec::new()))
        })
    }
}

fn refusal(state: &State, token: &Token) -> Reply {
    let kind = if state.users[&token.who.login].bot { "integration" } else { "personal access token" };
    Reply::error(403, &format!("Resource not accessible by {kind}"))
}

/// Whether the repository exists for whoever asks.
pub fn visible(repo: &Repo, token: Option<&Token>) -> bool {
    repo.visibility == Visibility::Public || token.is_some_and(|token| token.repo == repo.id)
}

/// Answers, and logs; the fault is what the server still has to do to the answer.
pub fn dispatch(state: &mut State, incoming: &Incoming) -> (Reply, Option<Fault>) {
    let mut route = Route { template: incoming.path.clone(), write: incoming.method != "GET", fault: None };
    let mut reply = match find(state, incoming, &mut route) {
        Ok(reply) | Err(reply) => reply,
    };
    if let Some(Fault::Link(link)) = &route.fault {
        reply.headers.retain(|(name, _)| name != "link");
        reply = reply.header("link", link.clone());
    }
    if route.fault.is_none() && incoming.path.starts_with("/api/") {
        state.exchanges.push(Exchange {
            method: incoming.method.clone(),
            route: route.template.clone(),
            path: incoming.path.clone(),
            query: incoming.query.clone(),
            request: serde_json::from_slice(&incoming.body).unwrap_or_default(),
            status: reply.status,
            response: serde_json::from_slice(&reply.body).unwrap_or_default(),
        });
    }
    state.log.push(LoggedCall {
        method: incoming.method.clone(),
        route: route.template,
        status: reply.status,
        write: route.write,
    });
    (reply, route.fault)
}

/// What is known about the request so far.
pub struct Route {
    pub template: String,
    pub write: bool,
    pub fault: Option<Fault>,
}

impl Route {
    /// Takes the next fault of this route; `Err` when it replaces the effect.
    pub fn fault(&mut self, state: &mut State) -> Result<(), Reply> {
        if let Some(at) = state.surprises.iter().position(|(template, _)| *template == self.template) {
            let (_, surprise) = state.surprises.remove(at);
            (surprise.0)(state);
        }
        let Some(at) = state.faults.iter().position(|(template, _)| *template == self.template) else {
            return Ok(());
        };
        let fault = state.faults.remove(at).1;
        let instead = fault.instead();
        let lost_before = fault == Fault::Reset;
        self.fault = Some(fault);
        match instead {
            Some(reply) => Err(reply),
            None if lost_before => Err(Reply::error(500, "never sent")),
            None => Ok(()),
        }
    }
}

fn find(state: &mut State, incoming: &Incoming, route: &mut Route) -> Outcome {
    let path = incoming.path.as_str();
    if path == "/api/graphql" {
        let token = authenticate(state, incoming)?;
        return graphql::serve(state, incoming, token.as_ref(), route);
    }
    if let Some(path) = path.strip_prefix(API) {
        return rest(state, incoming, path, route);
    }
    if path.contains("/info/refs") || path.ends_with("/git-upload-pack") || path.ends_with("/git-receive-pack") {
        let token = authenticate(state, incoming)?;
        return git_backend::serve(state, incoming, token.as_ref(), route);
    }
    unknown(state, incoming)
}

fn unknown(state: &mut State, incoming: &Incoming) -> Outcome {
    state.problems.push(format!("the in-memory GitHub has no route {} {}", incoming.method, incoming.path));
    Err(Reply::error(501, "Not Implemented"))
}

fn rest(state: &mut State, incoming: &Incoming, path: &str, route: &mut Route) -> Outcome {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (repo, rest) = match segments.as_slice() {
        ["repos", owner, name, rest @ ..] => {
            let name = format!("{}/{}", decode(owner), decode(name));
            (state.repositories.values().find(|repo| repo.full_name().eq_ignore_ascii_case(&name)), rest)
        }
        ["orgs", organisation, "teams", team, "members"] if incoming.method == "GET" => {
            MEMBERS.clone_into(&mut route.template);
            route.fault(state)?;
            let token = authenticate(state, incoming)?;
            return people::members(state, token.as_ref(), &format!("{}/{}", decode(organisation), decode(team)));
        }
        ["repositories", id, rest @ ..] => (id.parse().ok().and_then(|id: u64| state.repositories.get(&id)), rest),
        _ => return unknown(state, incoming),
    };
    let repo = repo.map(|repo| repo.id);
    let rest: String = rest.iter().flat_map(|segment| ["/", segment]).collect();
    let found = ROUTES.iter().find_map(|(method, template, handler)| {
        (*method == incoming.method)
            .then(|| matches(template, &rest))
            .flatten()
            .map(|params| (template, params, handler))
    });
    let Some((template, params, handler)) = found else {
        return unknown(state, incoming);
    };
    route.template = format!("/repos/{{owner}}/{{repo}}{template}");
    route.fault(state)?;
    let token = authenticate(state, incoming)?;
    let repo = repo.filter(|repo| visible(state.repo(*repo), token.as_ref())).ok_or_else(Reply::not_found)?;
    let body = if incoming.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&incoming.body).map_err(|_| Reply::error(400, "Problems parsing JSON"))?
    };
    let query = query(&incoming.query);
    handler(state, &Call { repo, rest, params, query, body, token })
}

/// What stands for the placeholders of `template`.
fn matches(template: &str, path: &str) -> Option<Vec<String>> {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut params = Vec::new();
    for (expected, actual) in template.iter().zip(path) {
        if expected.starts_with('{') {
            params.push(decode(actual));
        } else if *expected != actual {
            return None;
        }
    }
    Some(params)
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// The token of a request, sent as git or as REST clients do; `None` for nobody, 401 for an unknown one.
fn authenticate(state: &State, incoming: &Incoming) -> Result<Option<Token>, Reply> {
    let Some(header) = incoming.header("authorization") else {
        return Ok(None);
    };
    let secret = match header.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token") => {
            Some(secret.to_owned())
        }
        Some((scheme, text)) if scheme.eq_ignore_ascii_case("basic") => base64::engine::general_purpose::STANDARD
            .decode(text)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| text.split_once(':').map(|(_, password)| password.to_owned())),
        _ => None,
    };
    let token = secret.and_then(|secret| state.tokens.get(&secret).cloned());
    token.map(Some).ok_or_else(|| Reply::error(401, "Bad credentials"))
}
