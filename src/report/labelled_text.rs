//! A page of text with labels on the left; long lines wrap.

use super::text::{cells, columns};

/// Columns of the labels on the left, including spaces.
const LABEL_LEN: usize = 11;
/// The minimum width of a text, however narrow the terminal is.
const TEXT_LEN_MIN: usize = 24;

/// Text under construction.
pub(super) struct LabelledText {
    /// Columns of the terminal; `None`: no wrapping.
    width: Option<usize>,
    text: String,
}

/// A line of a section: a head in fixed columns, and a text that wraps next to it.
pub(super) struct LabelledLine {
    pub head: String,
    pub text: String,
}

impl LabelledLine {
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

    /// Columns available for the lines of a section.
    pub fn room(&self) -> Option<usize> {
        self.width.map(|width| width.saturating_sub(LABEL_LEN))
    }

    /// Lines next to a label; nothing if there are none.
    pub fn section(&mut self, label: &str, lines: impl IntoIterator<Item = LabelledLine>) {
        let mut label = label;
        for LabelledLine { head, text } in lines {
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

/// A text in lines of at most so many columns, broken at blanks; a longer word is not broken, so
/// that a path can be copied.
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

/// A text whose longer lines continue on the next line, indented by two columns.
pub fn fitted(text: &str, width: Option<usize>) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match width {
            Some(width) if cells(line) > width => hang(&mut out, line.trim_start(), indent, width),
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

fn hang(out: &mut String, text: &str, indent: usize, width: usize) {
    let room = width.saturating_sub(indent + 2).max(TEXT_LEN_MIN);
    for (n, part) in wrapped(text, Some(room)).into_iter().enumerate() {
        let further = if n == 0 { 0 } else { 2 };
        out.push_str(&" ".repeat(indent + further));
        out.push_str(&part);
        out.push('\n');
    }
}

/// Rows in columns, if the terminal is wide enough.
pub(super) struct ColumnTable<'a> {
    /// As in [`columns`].
    pub align: &'a str,
    /// Names of the columns; may be empty.
    pub head: &'a [&'a str],
    /// The number of leading columns that identify a row.
    pub lead: usize,
    pub rows: &'a [Vec<String>],
}

impl ColumnTable<'_> {
    /// If the columns are too wide, each row becomes a paragraph: its leading cells, and the other
    /// cells, each with the name of its column.
    pub fn text(&self, width: Option<usize>) -> String {
        let head = (!self.head.is_empty()).then(|| self.head.iter().map(|&name| name.to_owned()));
        let rows: Vec<Vec<String>> =
            head.map(Iterator::collect).into_iter().chain(self.rows.iter().cloned()).collect();
        let whole = columns(self.align, &rows);
        let Some(width) = width.filter(|width| whole.lines().any(|line| cells(line) > *width))
        else {
            return whole;
        };
        let mut out = String::new();
        for row in self.rows {
            hang(&mut out, &self.paragraph(row), 2, width);
        }
        out
    }

    fn paragraph(&self, row: &[String]) -> String {
        let (lead, rest) = row.split_at(self.lead.min(row.len()));
        let names = self.head.iter().skip(self.lead).map(|name| format!("{name} "));
        let names = names.chain(std::iter::repeat(String::new()));
        let cells = rest.iter().zip(names).map(|(cell, name)| format!("{name}{cell}"));
        format!("{}: {}", lead.join("  "), cells.collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_resumes_below_itself_and_a_path_stays_whole() {
        let mut text = LabelledText::new("Title", Some(45));
        text.section(
            "Name",
            [LabelledLine::with(
                "12  ",
                "one two three four five six /a/path/that/is/longer/than/the/line.csv:12 end",
            )],
        );
        text.section("None", []);
        let expected = "Title\n\nName       12  one two three four five six\n               /a/path/that/is/longer/than/the/line.csv:12\n               end\n";
        assert_eq!(text.into_text(), expected);
    }

    #[test]
    fn a_table_that_is_too_wide_becomes_paragraphs_with_the_names_of_its_columns() {
        let row = |order: &str, place: &str| {
            vec!["shop".to_owned(), order.to_owned(), "missing_email".to_owned(), place.to_owned()]
        };
        let rows = [row("#1001", "orders.csv:7"), row("#1002", "a/much/longer/path/orders.csv:12")];
        let head = ["job", "order", "reasons", "where"];
        let table = ColumnTable { align: "<<<<", head: &head, lead: 2, rows: &rows };
        let wide = table.text(None);
        assert_eq!(wide.lines().nth(1), Some("  shop  #1001  missing_email  orders.csv:7"));
        assert_eq!(table.text(Some(80)), wide, "it fits");
        assert_eq!(
            table.text(Some(60)),
            "  shop  #1001: reasons missing_email; where orders.csv:7\n  shop  #1002: reasons missing_email; where\n    a/much/longer/path/orders.csv:12\n"
        );
    }

    #[test]
    fn only_lines_that_are_too_long_are_broken() {
        let text = "short\n  one two three four five six seven eight\n";
        assert_eq!(fitted(text, None), text);
        assert_eq!(
            fitted(text, Some(34)),
            "short\n  one two three four five six\n    seven eight\n"
        );
    }

    #[test]
    fn wide_letters_take_two_columns() {
        let mut text = LabelledText::new("", Some(LABEL_LEN + TEXT_LEN_MIN));
        text.section("x", [LabelledLine::of("日本語の注文番号 日本語の注文番号")]);
        assert_eq!(text.into_text().lines().filter(|line| line.contains('日')).count(), 2);
    }
}
