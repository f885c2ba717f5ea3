//! Values to text: terminal, JSON, Markdown, workflow commands.

pub mod json;
pub mod terminal;
