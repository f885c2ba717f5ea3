//! The reader of request files: the repository's own examples, a second opinion on them, and hostile bytes.
#![expect(clippy::disallowed_methods, reason = "the examples are read from the repository")]

mod examples;
mod hostile;
mod second_opinion;

use std::path::Path;

/// The request files of the repository: path and text, sorted.
fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema-requests");
    let mut files: Vec<_> = folder
        .read_dir()
        .expect("the folder exists")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.ends_with(".yaml"))
        .map(|name| (format!("schema-requests/{name}"), std::fs::read_to_string(folder.join(&name)).expect("a file")))
        .collect();
    files.sort();
    files
}
