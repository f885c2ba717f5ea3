//! Edits.
/// Why.
#[derive(Debug)]
pub struct CannotEdit;
/// Sets.
pub fn set() {}
