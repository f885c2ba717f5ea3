//! Where results go: standard output, once, and a closed pipe is not an error.

use std::io::{self, IsTerminal as _, Write as _};

use super::arguments::Color;
use crate::report::terminal::Style;

/// Writes `text` to standard output. Whoever closed the other end has seen enough.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes `value` as indented JSON.
pub(super) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(print(&(serde_json::to_string_pretty(value)? + "\n"))?)
}

/// How to print on standard output.
pub(super) fn style(color: Color, no_color: bool) -> Style {
    let terminal = io::stdout().is_terminal();
    let color = match color {
        Color::Auto => terminal && !no_color,
        Color::Always => true,
        Color::Never => false,
    };
    Style { color, width: terminal_width().filter(|_| terminal).unwrap_or(100) }
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| usize::from(width))
}

/// Writes an error with its causes to standard error.
#[expect(clippy::print_stderr, reason = "the one place where errors leave the program")]
pub(super) fn complain(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
