//! Words in names. Rules match words, never substrings: `dropbox_files` drops nothing, `candidate_id` is no date.

/// The words of a name in lower case: `userId`, `user_id` and `User-ID` are all `user`, `id`; `HTTPServer2` is `http`,
/// `server2`.
pub(super) fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, &char) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        let after = chars.get(at + 1);
        let starts = char.is_uppercase()
            && before.is_some_and(|before| !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()));
        if starts || !char.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| char.is_alphanumeric()) {
            word.extend(char.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The name in `snake_case`.
pub(super) fn snake_case(name: &str) -> String {
    words(name).join("_")
}

/// Whether a name is lower-case `snake_case`: letters, digits and underscores that do not begin with a digit.
pub(super) fn is_snake_case(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.bytes().all(plain) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a column holds the time of one of `verbs`: `created_at`, `inserted_on`, `last_modified_at`; not `created_by`.
pub(super) fn is_time_of(name: &str, verbs: &[&str]) -> bool {
    let words = words(name);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let words = words.strip_prefix(&["last"]).unwrap_or(&words);
    matches!(words, [verb, "at" | "on" | "time" | "date" | "timestamp"] if verbs.contains(verb))
}

/// Mass nouns of databases that the plural rules of English do not know.
const MASS_NOUNS: [&str; 12] = [
    "audit",
    "config",
    "content",
    "data",
    "feedback",
    "history",
    "info",
    "inventory",
    "media",
    "metadata",
    "staff",
    "usage",
];

/// The plural of the last word of a table's name, where the name plainly is a singular: what ends in `s` (`status`,
/// `news`, `series`), mass nouns, and what is no word (`v2`) are left alone.
pub(super) fn plural(name: &str) -> Option<String> {
    let all = words(name);
    let (last, first) = all.split_last()?;
    let is_word = last.len() > 2 && last.chars().all(|char| char.is_ascii_alphabetic());
    if !is_word || last.ends_with('s') || MASS_NOUNS.contains(&last.as_str()) {
        return None;
    }
    let plural = pluralizer::pluralize(last, 2, false);
    (plural != *last).then(|| first.iter().map(String::as_str).chain([plural.as_str()]).collect::<Vec<_>>().join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, expected) in [
            ("userId", "user_id"),
            ("UserProfile", "user_profile"),
            ("HTTPServer", "http_server"),
            ("userID", "user_id"),
            ("user-id", "user_id"),
            ("user id", "user_id"),
            ("address2", "address2"),
            ("user_id", "user_id"),
            ("SKU", "sku"),
            ("__", ""),
        ] {
            assert_eq!(snake_case(name), expected, "{name}");
        }
    }

    #[test]
    fn snake_case_is_recognised() {
        for name in ["user_id", "users", "address2", "_prisma_migrations", "a__b"] {
            assert!(is_snake_case(name), "{name}");
        }
        for name in ["userId", "User", "user-id", "2fa_codes", "user id", "naïve"] {
            assert!(!is_snake_case(name), "{name}");
        }
    }

    #[test]
    fn times_are_recognised_by_word() {
        for (name, expected) in [
            ("created_at", true),
            ("createdAt", true),
            ("last_created_on", true),
            ("created_by", false),
            ("recreated_at", false),
            ("created_at_utc", false),
            ("created", false),
        ] {
            assert_eq!(is_time_of(name, &["created"]), expected, "{name}");
        }
    }

    #[test]
    fn plurals_and_mass_nouns_are_left_alone() {
        for name in [
            "users",
            "user_profiles",
            "news",
            "series",
            "user_status",
            "address",
            "data",
            "form_data",
            "people",
            "children",
            "audit_history",
            "user_media",
            "equipment",
            "dropbox_files",
            "candidates",
            "events_v2",
            "orders_2024",
            "sheep",
            "feedback",
            "statuses",
            "categories",
            "indices",
        ] {
            assert_eq!(plural(name), None, "{name}");
        }
        for (name, expected) in [
            ("user", "users"),
            ("user_profile", "user_profiles"),
            ("category", "categories"),
            ("UserProfile", "user_profiles"),
            ("person", "people"),
        ] {
            assert_eq!(plural(name).as_deref(), Some(expected), "{name}");
        }
    }
}
