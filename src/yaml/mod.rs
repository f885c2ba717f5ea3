//! YAML: the only module that knows the YAML crates.
