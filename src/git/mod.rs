//! git, through its command line.
