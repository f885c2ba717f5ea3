//! GitHub, through octocrab.
