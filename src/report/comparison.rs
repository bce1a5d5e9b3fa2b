use super::text::columns;

/// A report of counts and lists, as text or as part of a page. Its texts may contain text from an
/// export.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    pub(super) title: String,
    /// Each with its title.
    pub(super) sections: Vec<Section>,
}

#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Blank for the first one, which comes below the title.
    pub title: String,
    /// Cells of one row each; the second is a number.
    pub rows: Vec<Vec<String>>,
    /// Sentences below them.
    pub lines: Vec<String>,
}

impl Comparison {
    /// Adds a section, unless it is empty.
    pub(super) fn add(&mut self, title: &str, rows: Vec<Vec<String>>, lines: Vec<String>) {
        if !rows.is_empty() || !lines.is_empty() {
            self.sections.push(Section { title: title.to_owned(), rows, lines });
        }
    }

    /// As text for a terminal.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for Section { title, rows, lines } in &self.sections {
            if !title.is_empty() {
                text.push_str(&format!("\n{title}\n"));
            }
            text.push_str(&columns("<><", rows));
            lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        text
    }
}
