//! `requestMetadata`, `waivers` and the like: who wants it, why and since when.

use chrono::{DateTime, NaiveDate, Timelike, Utc};

use super::reader::{Present, Reader, subject};
use crate::{
    model::{Edit, RequestMetadata, Route, Waiver},
    yaml::{ScalarKind, Value, excerpt},
};

const METADATA: &[&str] =
    &["requestedBy", "requestedByUsername", "justification", "relatedIssue", "featureId", "requestedAt"];
const WAIVER: &[&str] = &["rule", "reason", "expires"];

/// The first second that a file name cannot hold: 10000-01-01T00:00:00Z.
const END_OF_TIME: i64 = 253_402_300_800;

/// `requestMetadata`.
pub(super) fn metadata(cx: &mut Reader, field: &Present<'_>) -> Option<RequestMetadata> {
    let fields = cx.fields(field.node, &field.route, METADATA)?;
    Some(RequestMetadata {
        route: field.route.clone(),
        requested_by: fields.field(cx, "requestedBy", Reader::text),
        requested_by_username: fields.field(cx, "requestedByUsername", Reader::text),
        justification: fields.field(cx, "justification", Reader::text),
        related_issue: fields.field(cx, "relatedIssue", Reader::verbatim),
        feature_id: fields.field(cx, "featureId", Reader::verbatim),
        requested_at: fields.field(cx, "requestedAt", instant),
    })
}

/// The metadata of a file that has none.
pub(super) fn no_metadata() -> RequestMetadata {
    RequestMetadata { route: Route::root().key("requestMetadata"), ..RequestMetadata::default() }
}

/// Unix seconds, or RFC 3339; fractions of a second are dropped.
/// Source: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>
fn instant(cx: &mut Reader, field: &Present<'_>) -> Option<DateTime<Utc>> {
    let text = cx.verbatim(field)?;
    let number = match &field.node.value {
        Value::Scalar(scalar) => matches!(scalar.kind(), ScalarKind::Int | ScalarKind::Float),
        Value::List(_) | Value::Mapping(_) => false,
    };
    let parsed = if number { unix(&text) } else { DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc()) };
    let parsed = parsed.and_then(|at| at.with_nanosecond(0));
    let valid = parsed.filter(|at| (0..END_OF_TIME).contains(&at.timestamp()));
    if valid.is_some() {
        return valid;
    }
    let name = subject(&field.route);
    let message = format!("{name} is neither Unix seconds nor an RFC 3339 time: `{}`", excerpt(&text));
    let span = field.node.span;
    // What JavaScript's `Date.now()` gives when nobody divides it by 1000.
    let milliseconds = unix_seconds(&text).filter(|value| number && (END_OF_TIME..END_OF_TIME * 1000).contains(value));
    match milliseconds {
        Some(value) => {
            let seconds = (value / 1000).to_string();
            let suggestion = format!("Write seconds, not milliseconds: `{seconds}`");
            cx.refuse(&field.route, span, message, suggestion).fix.push(Edit { span, text: seconds });
        }
        None => {
            cx.refuse(&field.route, span, message, "Write it as `2026-11-24T03:00:00Z`, or let `generate` fill it in");
        }
    }
    None
}

fn unix(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(unix_seconds(text)?, 0)
}

/// The whole seconds of a number.
fn unix_seconds(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let seconds: f64 = text.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is to go, and the range was checked")]
    (seconds.abs() < 1e15).then_some(seconds.trunc() as i64)
}

/// One item of `waivers`.
pub(super) fn waiver(cx: &mut Reader, item: &Present<'_>) -> Option<Waiver> {
    let fields = cx.fields(item.node, &item.route, WAIVER)?;
    let rule = fields.required(cx, "rule", Reader::words);
    let reason = fields.required(cx, "reason", Reader::words);
    let expires = fields.required(cx, "expires", date);
    Some(Waiver { route: item.route.clone(), rule: rule?, reason: reason?, expires: expires? })
}

fn date(cx: &mut Reader, field: &Present<'_>) -> Option<NaiveDate> {
    let text = cx.words(field)?;
    let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| text.len() == "2027-01-01".len());
    if date.is_none() {
        let message = format!("{} is not a date: `{}`", subject(&field.route), excerpt(&text));
        cx.refuse(&field.route, field.node.span, message, "Write it as `2027-01-01`");
    }
    date
}
