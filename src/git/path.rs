//! Paths as git has them, which are bytes.

use std::fmt::Write as _;

/// The path as text. Bytes that are not UTF-8 become `%` and two hexadecimal digits, so that the path can be named in
/// a violation; no name that the project knows holds a `%`, so that such a path is never taken for another.
pub(super) fn text(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The fields of an answer to `-z`, which ends each with NUL.
pub(super) fn fields(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    answer.strip_suffix(b"\0").into_iter().flat_map(|answer| answer.split(|byte| *byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf8_are_escaped() {
        assert_eq!(text(b"a/\xff\xc3\xa4.yaml"), "a/%FFä.yaml");
        assert_eq!(text(b"plain %41"), "plain %41");
    }

    #[test]
    fn fields_end_with_nul() {
        assert_eq!(fields(b"a\0b\nc\0").collect::<Vec<_>>(), [&b"a"[..], b"b\nc"]);
        assert_eq!(fields(b"").count(), 0);
    }
}
