//! A page of text with names at its left: short lines stay as they are, long ones go on below
//! themselves.

use super::text::cells;

/// Columns of the names at the left, blanks between included.
const LABEL_LEN: usize = 11;
/// What a text gets at least, however narrow the terminal is.
const TEXT_LEN_MIN: usize = 24;

/// Text as it grows.
pub(super) struct LabelledText {
    /// Columns of the terminal; `None`: lines are as long as they are.
    width: Option<usize>,
    text: String,
}

/// A line of a section: a head in columns of its own, and a text that wraps beside it.
pub(super) struct Line {
    pub head: String,
    pub text: String,
}

impl Line {
    pub fn of(text: impl Into<String>) -> Self {
        Self { head: String::new(), text: text.into() }
    }

    pub fn with(head: impl Into<String>, text: impl Into<String>) -> Self {
        Self { head: head.into(), text: text.into() }
    }
}

impl LabelledText {
    pub fn new(title: &str, width: Option<usize>) -> Self {
        Self { width, text: format!("{title}\n\n") }
    }

    /// Columns there are for the lines of a section.
    pub fn room(&self) -> Option<usize> {
        self.width.map(|width| width.saturating_sub(LABEL_LEN))
    }

    /// Lines under a name; nothing where there are none.
    pub fn section(&mut self, label: &str, lines: impl IntoIterator<Item = Line>) {
        let mut label = label;
        for Line { head, text } in lines {
            let room = self.room().map(|room| room.saturating_sub(cells(&head)).max(TEXT_LEN_MIN));
            for (n, part) in wrapped(&text, room).into_iter().enumerate() {
                let head = if n == 0 { head.clone() } else { " ".repeat(cells(&head)) };
                let line = format!("{label:<LABEL_LEN$}{head}{part}");
                self.text.push_str(line.trim_end());
                self.text.push('\n');
                label = "";
            }
        }
    }

    pub fn into_text(self) -> String {
        self.text
    }
}

/// A text in lines of at most so many columns, broken at blanks; a word that is longer stays whole,
/// so that a path can be copied.
pub fn wrapped(text: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else { return vec![text.to_owned()] };
    let mut lines = vec![String::new()];
    let mut len = 0;
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        let needs = cells(word) + usize::from(!line.is_empty());
        if line.is_empty() || len + needs <= room {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            len += needs;
        } else {
            lines.push(word.to_owned());
            len = cells(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_resumes_below_itself_and_a_path_stays_whole() {
        let mut text = LabelledText::new("Title", Some(45));
        text.section(
            "Name",
            [Line::with(
                "12  ",
                "one two three four five six /a/path/that/is/longer/than/the/line.csv:12 end",
            )],
        );
        text.section("None", []);
        let expected = "Title\n\nName       12  one two three four five six\n               /a/path/that/is/longer/than/the/line.csv:12\n               end\n";
        assert_eq!(text.into_text(), expected);
    }

    #[test]
    fn wide_letters_take_two_columns() {
        let mut text = LabelledText::new("", Some(LABEL_LEN + TEXT_LEN_MIN));
        text.section("x", [Line::of("日本語の注文番号 日本語の注文番号")]);
        assert_eq!(text.into_text().lines().filter(|line| line.contains('日')).count(), 2);
    }
}
