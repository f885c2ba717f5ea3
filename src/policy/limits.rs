//! `[limits]`: how much one author may ask for.

use super::{
    PolicyError,
    section::{Section, Value},
};

/// `[limits]`. Nothing is limited unless the policy says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LimitsPolicy {
    /// Most open pull requests with requests that one author may have.
    pub open_requests: Option<usize>,
    /// Most pull requests with requests that one author may open within 24 hours.
    pub requests_per_day: Option<usize>,
    /// Most tables that one pull request may change.
    pub tables_per_change: Option<usize>,
}

/// More is no limit.
const MOST: u64 = 10_000;

pub(super) fn read(root: &Section<'_>) -> Result<LimitsPolicy, PolicyError> {
    let mut limits = LimitsPolicy::default();
    let Some(section) = root.section("limits", &["open_requests", "requests_per_day", "tables_per_change"])? else {
        return Ok(limits);
    };
    let read = |value: Value<'_>| Ok(usize::try_from(value.number(1..=MOST, "")?).ok());
    if let Some(value) = section.get("open_requests") {
        limits.open_requests = read(value)?;
    }
    if let Some(value) = section.get("requests_per_day") {
        limits.requests_per_day = read(value)?;
    }
    if let Some(value) = section.get("tables_per_change") {
        limits.tables_per_change = read(value)?;
    }
    Ok(limits)
}
