//! Values to text: terminal, JSON, SARIF, Markdown, workflow commands.

pub mod annotations;
pub mod comment;
pub mod diff;
pub mod doctor;
pub mod escape;
pub mod json;
pub mod plan;
pub mod sarif;
pub mod summary;
pub mod terminal;
#[cfg(test)]
mod testing;
pub mod workflow;

use crate::model::Severity;

/// The severity as the first word of a line.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Notice => "Notice",
    }
}
