//! "Did you mean": the nearest of the words that would have been right.

/// Longer words are no slips of ours, and measuring them would take a hostile request's time.
const LONGEST: usize = 64;

/// The candidate that `word` was probably meant to be; `None` where none is near enough to suggest.
///
/// Case, `_` and `-` do not count, so that `Primary_Key` finds `primary-key`. Ties go to the first candidate.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let word = plain(word);
    let most = (word.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean ...?`, or nothing where no candidate is near.
pub(super) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |candidate| format!("; did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typos_and_leaves_other_words_alone() {
        let words = ["required", "permission", "approvers", "missing-primary-key"];
        for (word, expected) in [
            ("requried", Some("required")),
            ("permissions", Some("permission")),
            ("Missing_Primary_Key", Some("missing-primary-key")),
            ("x", None),
            ("nothing-like-it", None),
            ("required-required-required-required-required-required-required-required", None),
        ] {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
    }
}
