//! Symbolic addresses of the fields of a request, stable when lines or list items move.

use std::fmt;

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Segment {
    Key(String),
    Item(String),
}

/// The address of a field: `schemaJson.columns[user_id].type`.
///
/// A list item is addressed by its `name` (a plain string item by its value) so that inserting a line above it changes
/// nothing; by its index from 1, `#3`, where it has none; and by `name#2` where an earlier item has the same name. Names
/// come from the request and are hostile: print a route through `Display` only where the sink escapes its input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Route(Vec<Segment>);

impl Route {
    /// The document itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The value under `key` of the mapping at `self`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// The list item labelled `label` of the list at `self`.
    #[must_use]
    pub fn item(&self, label: &str) -> Self {
        self.with(Segment::Item(label.to_owned()))
    }

    /// The address that holds this one; `None` at the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, parents) = self.0.split_last()?;
        Some(Self(parents.to_vec()))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if index == 0 => write!(f, "{key}")?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Item(label) => write!(f, "[{label}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_people_write_it() {
        let route = Route::root().key("schemaJson").key("columns").item("user_id").key("type");
        assert_eq!(route.to_string(), "schemaJson.columns[user_id].type");
        assert_eq!(route.parent(), Some(Route::root().key("schemaJson").key("columns").item("user_id")));
        assert_eq!(Route::root().to_string(), "");
        assert_eq!(Route::root().parent(), None);
    }
}
