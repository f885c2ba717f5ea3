//! "did you mean": the nearest of a few known words.

/// More candidates than this are no help to a person, and cost time for names that a request chooses.
const MOST_CANDIDATES: usize = 200;
const LONGEST_WORD: usize = 64;

/// The candidate that `word` most likely stands for, if one is near: the same but for case and separators, a beginning
/// of it, or a slip of a letter or three.
pub(super) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let folded = fold(word);
    if folded.is_empty() || word.len() > LONGEST_WORD {
        return None;
    }
    let allowed = (folded.len() / 3).clamp(1, 3);
    let scored = candidates.into_iter().take(MOST_CANDIDATES).filter_map(|candidate| {
        let other = fold(candidate);
        let begins = folded.len() >= 4 && other.starts_with(&folded);
        let distance = if begins { 1 } else { strsim::osa_distance(&folded, &other) };
        (candidate.len() <= LONGEST_WORD && distance <= allowed && distance < folded.len())
            .then_some((distance, candidate))
    });
    scored.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// `SET NULL`, `set_null` and `setNull` are one word.
pub(super) fn fold(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect::<String>().to_ascii_lowercase()
}

/// `a`, `b` or `c`.
pub(super) fn alternatives<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let keys = ["name", "type", "primaryKey", "nullable", "defaultValue", "unique"];
        let cases = [
            ("nulable", Some("nullable")),
            ("Nullable", Some("nullable")),
            ("primary_key", Some("primaryKey")),
            ("default", Some("defaultValue")),
            ("tpye", Some("type")),
            ("uniqe", Some("unique")),
            ("note", None),
            ("x", None),
            ("", None),
            ("description", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), keys), None);
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        assert_eq!(alternatives(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(alternatives(["a"]), "`a`");
    }
}
