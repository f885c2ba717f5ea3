//! Where the server's programs are.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::PostgresError;

/// Where Debian and Ubuntu install servers, one folder for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder that holds `initdb` and `postgres`: `pg_bin` (from the environment variable `PG_BIN`) and nothing else where
/// it is given, then what `pg_config --bindir` says, then the newest of Debian's.
pub fn find_binaries(pg_bin: Option<&Path>) -> Result<PathBuf, PostgresError> {
    let candidates = match pg_bin {
        Some(folder) => vec![folder.to_owned()],
        None => pg_config().into_iter().chain(debian(Path::new(DEBIAN))).collect(),
    };
    let found = candidates.iter().find(|folder| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file()));
    found.cloned().ok_or_else(|| {
        let mut looked = candidates.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>();
        if pg_bin.is_none() {
            looked.push(format!("`pg_config --bindir` and {DEBIAN}/*/bin"));
        }
        PostgresError::NoBinaries { looked }
    })
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(folder.trim_end()))
}

/// `<root>/<major>/bin`, newest first.
fn debian(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().filter_map(Result::ok);
    let versions = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut versions = versions.collect::<Vec<_>>();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|version| root.join(version.to_string()).join("bin")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_debian_comes_first() {
        let root = tempfile::tempdir().expect("a temporary folder");
        for version in ["9", "15", "16", "contrib"] {
            fs::create_dir_all(root.path().join(version).join("bin")).expect("it is writable");
        }
        let expected = ["16", "15", "9"].map(|version| root.path().join(version).join("bin"));
        assert_eq!(debian(root.path()), expected);
    }

    #[test]
    fn a_pg_bin_without_a_server_is_an_error_that_says_where_it_looked() {
        let error = find_binaries(Some(Path::new("/nowhere"))).expect_err("there is nothing");
        insta::assert_snapshot!(error, @"no PostgreSQL server was found: looked for `initdb` and `postgres` in /nowhere; install one (Debian, Ubuntu: `apt-get install postgresql`) or set PG_BIN to the folder of its programs");
    }
}
