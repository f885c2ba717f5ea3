//! What the name of a request file says.

use crate::model::{DEFAULT_SCHEMA, TableName};

/// The extension of request files.
const EXTENSION: &str = ".yaml";

/// The last segment of a path.
pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What the name of a request file says that it is named after.
#[must_use]
pub fn stem(path: &str) -> &str {
    let base = base(path);
    base.rsplit_once('.').map_or(base, |(stem, _)| stem)
}

/// The name that the file of a table has.
pub(super) fn of(table: &TableName) -> String {
    format!("{}{EXTENSION}", table.short())
}

/// The name with the right extension, where the path has another.
pub(super) fn with_extension(path: &str) -> Option<String> {
    let base = base(path);
    if base.ends_with(EXTENSION) {
        return None;
    }
    Some(format!("{}{EXTENSION}", stem(path)))
}

/// The table that the name of a file tells.
pub(super) fn table(path: &str) -> Option<TableName> {
    let base = base(path);
    let stem = base.strip_suffix(EXTENSION).or_else(|| base.strip_suffix(".yml"))?;
    let (schema, name) = stem.split_once('.').unwrap_or((DEFAULT_SCHEMA, stem));
    (!schema.is_empty() && !name.is_empty()).then(|| TableName::new(schema, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_table() {
        let cases = [
            ("schema-requests/users.yaml", Some(TableName::public("users"))),
            ("schema-requests/a/b/audit.events.yaml", Some(TableName::new("audit", "events"))),
            ("users.yml", Some(TableName::public("users"))),
            ("users.json", None),
            (".yaml", None),
            ("a/.b.yaml", None),
        ];
        for (path, expected) in cases {
            assert_eq!(table(path), expected, "{path}");
        }
        assert_eq!(with_extension("a/b.yml"), Some("b.yaml".to_owned()));
        assert_eq!(with_extension("a/b"), Some("b.yaml".to_owned()));
        assert_eq!(with_extension("a/b.yaml"), None);
    }
}
