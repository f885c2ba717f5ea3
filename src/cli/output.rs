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

/// A line on standard error that says what is being done, where that is a terminal; it goes away when this is dropped.
pub(super) struct Progress {
    width: Option<usize>,
}

impl Progress {
    pub(super) fn on_terminal() -> Self {
        Self { width: io::stderr().is_terminal().then(|| terminal_width().unwrap_or(80)) }
    }

    /// Replaces the line by `text`, which must be printable, cut to the width of the terminal.
    pub(super) fn show(&self, text: &str) {
        let Some(width) = self.width else { return };
        let text: String = text.chars().take(width.saturating_sub(1)).collect();
        let mut out = io::stderr().lock();
        let _ = write!(out, "\r{text}\x1b[K").and_then(|()| out.flush());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

/// Writes an error with its causes to standard error.
#[expect(clippy::print_stderr, reason = "the one place where errors leave the program")]
pub(super) fn complain(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
