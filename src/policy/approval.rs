//! `[approval]`: who must approve what.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};

use super::{
    PolicyError,
    nearest::hint,
    section::{Section, Value},
};
use crate::model::ClassOfChange;

/// GitHub's built-in repository roles, lowest first.
/// Source: <https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization>
const ROLES: [&str; 5] = ["read", "triage", "write", "maintain", "admin"];

/// Longest name of a label, in characters.
/// Source: <https://docs.github.com/en/rest/issues/labels>
const MAX_LABEL: usize = 50;

/// A week: more than that is a mistake in the unit.
const MAX_REVIEW_SECONDS: u64 = 604_800;

/// Most approvals that a policy may ask for.
const MAX_REQUIRED: u64 = 20;

/// `[approval]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// Label that approves. `schema-approved`.
    pub label: String,
    /// Label that rejects. `schema-rejected`.
    pub veto_label: String,
    /// How many approvals a change needs, by its class.
    pub required: Required,
    /// Repository roles that may approve. `maintain`, `admin`.
    pub permission: Vec<String>,
    /// Numeric ids of further people who may approve.
    pub approvers: Vec<u64>,
    /// Teams whose members may approve, `organisation/team`.
    pub teams: Vec<String>,
    /// Whether a changed file also needs the approval of one of its code owners. No.
    pub codeowners: bool,
    /// Who must be among those who approve, by path.
    pub owners: Vec<Owners>,
    /// How long the summary must have been shown before a label counts. 60.
    pub min_review_seconds: u64,
}

impl Default for ApprovalPolicy {
    fn default() -> Self {
        Self {
            label: "schema-approved".to_owned(),
            veto_label: "schema-rejected".to_owned(),
            required: Required::default(),
            permission: vec!["maintain".to_owned(), "admin".to_owned()],
            approvers: Vec::new(),
            teams: Vec::new(),
            codeowners: false,
            owners: Vec::new(),
            min_review_seconds: 60,
        }
    }
}

/// How many approvals each class of change needs: 1 for what is ordinary or less, 2 for the rest, unless the policy says
/// otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required(BTreeMap<ClassOfChange, usize>);

impl Required {
    /// The same number for every class.
    #[must_use]
    pub fn all(number: usize) -> Self {
        Self(ClassOfChange::ALL.map(|class| (class, number)).into())
    }

    /// How many approvals `class` needs.
    #[must_use]
    pub fn of(&self, class: ClassOfChange) -> usize {
        self.0.get(&class).copied().unwrap_or(1)
    }
}

impl Default for Required {
    fn default() -> Self {
        let number = |class| if class <= ClassOfChange::Ordinary { 1 } else { 2 };
        Self(ClassOfChange::ALL.map(|class| (class, number(class))).into())
    }
}

/// `[[approval.owners]]`: one of these people must be among those who approve a change of these files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owners {
    /// Globs over paths of the repository: `*` and `?` stay within a folder, `**` does not.
    pub paths: Vec<String>,
    /// Numeric user ids.
    pub approvers: Vec<u64>,
    /// `organisation/team`.
    pub teams: Vec<String>,
}

impl Owners {
    /// Whether the entry is about the file at `path`.
    #[must_use]
    pub fn owns(&self, path: &str) -> bool {
        // Globs were checked when the policy was read; one that does not compile owns everything rather than nothing.
        self.paths.iter().any(|pattern| glob(pattern).is_none_or(|glob| glob.is_match(path)))
    }
}

fn glob(pattern: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build().ok()?;
    Some(glob.compile_matcher())
}

pub(super) const KEYS: [&str; 9] = [
    "label",
    "veto_label",
    "required",
    "permission",
    "approvers",
    "teams",
    "codeowners",
    "owners",
    "min_review_seconds",
];

pub(super) fn read(section: &Section<'_>) -> Result<ApprovalPolicy, PolicyError> {
    let mut approval = ApprovalPolicy::default();
    let labels = (section.get("label"), section.get("veto_label"));
    if let Some(value) = &labels.0 {
        approval.label = label(value, "label")?;
    }
    if let Some(value) = &labels.1 {
        approval.veto_label = label(value, "veto_label")?;
    }
    if let Some(value) = labels.1.or(labels.0)
        && approval.veto_label.to_lowercase() == approval.label.to_lowercase()
    {
        return Err(value.error(format!(
            "`veto_label` and `label` must be two labels, and both are `{}`: GitHub ignores their case",
            approval.veto_label
        )));
    }
    if let Some(value) = section.get("required") {
        approval.required = required(&value)?;
    }
    if let Some(value) = section.get("permission") {
        approval.permission = permission(&value)?;
    }
    if let Some(value) = section.get("approvers") {
        approval.approvers = approvers(&value)?;
    }
    if let Some(value) = section.get("teams") {
        approval.teams = teams(&value)?;
    }
    if let Some(value) = section.get("codeowners") {
        approval.codeowners = value.boolean()?;
    }
    if let Some(value) = section.get("owners") {
        approval.owners = value.items()?.iter().map(owners).collect::<Result<_, _>>()?;
    }
    if let Some(value) = section.get("min_review_seconds") {
        approval.min_review_seconds = value.number(0..=MAX_REVIEW_SECONDS, "of seconds ")?;
    }
    Ok(approval)
}

fn label(value: &Value<'_>, key: &str) -> Result<String, PolicyError> {
    let label = value.string()?.trim();
    if label.chars().count() > MAX_LABEL || label.chars().any(char::is_control) {
        return Err(value.error(format!("`{key}` must be one line of at most {MAX_LABEL} characters")));
    }
    Ok(label.to_owned())
}

/// One number for every class of change, or a table that sets some.
fn required(value: &Value<'_>) -> Result<Required, PolicyError> {
    let number = |value: &Value<'_>| Ok(usize::try_from(value.number(0..=MAX_REQUIRED, "")?).unwrap_or(usize::MAX));
    let Some(section) = value.table(&ClassOfChange::ALL.map(ClassOfChange::key)) else {
        return Ok(Required::all(number(value)?));
    };
    let section = section?;
    let mut required = Required::default();
    for class in ClassOfChange::ALL {
        if let Some(value) = section.get(class.key()) {
            required.0.insert(class, number(&value)?);
        }
    }
    Ok(required)
}

/// A string names the lowest built-in role that may approve; a list names exactly the roles that may, custom ones too.
fn permission(value: &Value<'_>) -> Result<Vec<String>, PolicyError> {
    if !value.is_string() {
        return Ok(value.strings()?.iter().map(|role| (*role).to_owned()).collect());
    }
    let role = value.string()?;
    match ROLES.iter().position(|known| *known == role) {
        Some(lowest) => Ok(ROLES[lowest..].iter().map(|role| (*role).to_owned()).collect()),
        None => Err(value.error(format!(
            "{role:?} is no built-in role; use one of {}, which stands for itself and the roles above it, or a list of \
             exact role names{}",
            ROLES.join(", "),
            hint(role, ROLES)
        ))),
    }
}

fn approvers(value: &Value<'_>) -> Result<Vec<u64>, PolicyError> {
    let mut ids = Vec::new();
    for item in value.items()? {
        if item.is_string() {
            let login = item.string()?;
            return Err(item.error(format!(
                "approvers are numeric user ids: a login can be given up and taken by someone else; write \
                 `{{ id = <id>, login = {login:?} }}` with the id that `gh api users/LOGIN --jq .id` prints"
            )));
        }
        let number = match item.table(&["id", "login"]) {
            None => item.number(1..=u64::MAX, "")?,
            Some(section) => {
                let section = section?;
                if let Some(login) = section.get("login") {
                    login.string()?;
                }
                let id =
                    section.get("id").ok_or_else(|| item.error("an approver needs an `id`, the numeric user id"))?;
                id.number(1..=u64::MAX, "")?
            }
        };
        if ids.contains(&number) {
            return Err(item.error(format!("{number} is already an approver; name each person once")));
        }
        ids.push(number);
    }
    Ok(ids)
}

/// Teams as code owners are written, without the `@`.
/// Source: <https://docs.github.com/en/rest/teams/teams#get-a-team-by-name>
fn teams(value: &Value<'_>) -> Result<Vec<String>, PolicyError> {
    let mut teams = Vec::new();
    for item in value.items()? {
        let name = item.string()?;
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match name.split_once('/') {
            Some((organisation, slug)) if plain(organisation) && plain(slug) => teams.push(name.to_lowercase()),
            _ => {
                return Err(item.error(format!(
                    "{name:?} is no team; write `organisation/team` as in the team's address, without `@`"
                )));
            }
        }
    }
    Ok(teams)
}

fn owners(value: &Value<'_>) -> Result<Owners, PolicyError> {
    let section = value.table(&["paths", "approvers", "teams"]).unwrap_or_else(|| Err(value.wrong("tables")))?;
    let Some(paths) = section.get("paths") else {
        return Err(value.error("`owners` needs `paths`: globs such as \"schema-requests/billing/**\""));
    };
    let mut owners = Owners { paths: Vec::new(), approvers: Vec::new(), teams: Vec::new() };
    for item in paths.items()? {
        let pattern = item.string()?;
        if pattern.starts_with('/') || glob(pattern).is_none() {
            return Err(item.error(format!("{pattern:?} is no glob over paths of the repository")));
        }
        owners.paths.push(pattern.to_owned());
    }
    if let Some(value) = section.get("approvers") {
        owners.approvers = approvers(&value)?;
    }
    if let Some(value) = section.get("teams") {
        owners.teams = teams(&value)?;
    }
    if owners.paths.is_empty() || (owners.approvers.is_empty() && owners.teams.is_empty()) {
        return Err(value.error("`owners` needs at least one path, and `approvers` or `teams`"));
    }
    Ok(owners)
}
