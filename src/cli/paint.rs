//! Colours of standard output.

use super::options::Color;
use std::io::{self, IsTerminal};

/// The longest label of a list; the column of labels is one wider.
const LABEL_LEN: usize = "Automation".len();

/// Colours words, or leaves them as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    is_on: bool,
}

impl Paint {
    pub(super) fn of_stdout(color: Color) -> Self {
        Self { is_on: color.is_on(io::stdout().is_terminal()) }
    }

    pub(super) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn doubtful(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(super) fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Paints the beginning of each line that is not indented: a label, a name, or a whole title.
    pub(super) fn headings(self, text: &str) -> String {
        if !self.is_on {
            return text.to_owned();
        }
        let paint = |line: &str| {
            let ends = ["  ", ": ", " ("].into_iter().filter_map(|end| line.find(end));
            // One space follows a label that fills its column.
            let full = line.find(' ').filter(|end| *end == LABEL_LEN);
            match ends.chain(full).min().unwrap_or(line.len()) {
                0 => line.to_owned(),
                end => format!("{}{}", self.heading(&line[..end]), &line[end..]),
            }
        };
        text.split('\n').map(paint).collect::<Vec<_>>().join("\n")
    }

    /// By a code of ECMA-48.
    fn paint(self, code: &str, text: &str) -> String {
        if self.is_on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_titles_are_headings_and_what_is_below_them_is_not() {
        let text = "Plan of shop. Nothing was sent.\n\nRecords    read  7\n           more\nAutomation none, of 7\nshop (account main): 7 orders\n";
        let painted = Paint { is_on: true }.headings(text);
        assert_eq!(
            painted,
            "\u{1b}[1mPlan of shop. Nothing was sent.\u{1b}[0m\n\n\u{1b}[1mRecords\u{1b}[0m    read  7\n           more\n\u{1b}[1mAutomation\u{1b}[0m none, of 7\n\u{1b}[1mshop\u{1b}[0m (account main): 7 orders\n"
        );
        assert_eq!(Paint { is_on: false }.headings(text), text);
    }
}
