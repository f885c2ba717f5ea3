//! Writing what `generate` fills in into a request file.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::yaml::{self, CannotEdit};

/// The file with `requestMetadata.requestedAt` set to `at`, in RFC 3339 and UTC to the second; its byte-order mark,
/// comments, notation and everything else stay. The file must be one that the reader accepts.
pub fn set_requested_at(file: &[u8], at: DateTime<Utc>) -> Result<Vec<u8>, CannotEdit> {
    set(file, &["requestMetadata", "requestedAt"], &at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// The file with `registryId: id` in it, which a renamed table carries along; the rest stays as it is, comments and
/// notation included.
pub fn set_registry_id(file: &[u8], id: uuid::Uuid) -> Result<Vec<u8>, CannotEdit> {
    set(file, &["registryId"], &id.to_string())
}

fn set(file: &[u8], path: &[&str], value: &str) -> Result<Vec<u8>, CannotEdit> {
    let text = std::str::from_utf8(file).map_err(|_| CannotEdit)?;
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let edits = yaml::set(body, path, value)?;
    let mut stamped = text[..text.len() - body.len()].to_owned();
    stamped.push_str(&yaml::apply(body, &edits));
    Ok(stamped.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_order_mark_stays() {
        let at = DateTime::from_timestamp(1_701_792_000, 5).expect("in range");
        let stamped = set_requested_at("\u{feff}a: 1\n".as_bytes(), at).expect("it can be edited");
        let expected = "\u{feff}a: 1\nrequestMetadata:\n  requestedAt: 2023-12-05T16:00:00Z\n";
        assert_eq!(String::from_utf8(stamped).as_deref(), Ok(expected));
        assert_eq!(set_requested_at(b"\xff", at), Err(CannotEdit));
    }
}
