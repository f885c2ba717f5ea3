//! The reader of request files: the repository's own examples, a second opinion on them, and hostile bytes.
#![expect(clippy::disallowed_methods, reason = "the examples are read from the repository")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::format_collect, reason = "short tests beat fast ones")]

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
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "yaml"))
        .map(|name| (format!("schema-requests/{name}"), std::fs::read_to_string(folder.join(&name)).expect("a file")))
        .collect();
    files.sort();
    files
}
