//! Values to text: terminal, JSON, Markdown, workflow commands.
