//! What happened, for people; the README shows it.

/// The lines of a story.
#[derive(Default)]
pub(crate) struct Transcript {
    text: String,
}

const BEGIN: &str = "<!-- transcript: begin -->\n";
const END: &str = "<!-- transcript: end -->";

impl Transcript {
    /// Somebody does something.
    pub(crate) fn event(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    /// What comes of it.
    pub(crate) fn outcome(&mut self, line: &str) {
        self.event(&format!("    {line}"));
    }

    /// Prints it, and compares it with the README's.
    pub(crate) fn finish(self) {
        std::io::Write::write_all(&mut std::io::stdout(), self.text.as_bytes()).expect("prints");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(path).expect("there is a README");
        let block = format!("{BEGIN}```text\n{}```\n{END}", self.text);
        let begin = readme.find(BEGIN).expect("the README has a place for the transcript");
        let end = readme.find(END).expect("and an end of it") + END.len();
        if readme[begin..end] == block {
            return;
        }
        assert!(
            std::env::var_os("UPDATE_DOCS").is_some(),
            "the README shows another transcript; refresh it with `UPDATE_DOCS=1 cargo test --test lifecycle`"
        );
        std::fs::write(path, format!("{}{block}{}", &readme[..begin], &readme[end..])).expect("writes the README");
    }
}
