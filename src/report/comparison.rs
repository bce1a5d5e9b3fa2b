use super::text::columns;

/// A report of counts and lists, as text or as part of a page. Its texts may contain text from an
/// export.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    pub(super) title: String,
    pub(super) sections: Vec<Section>,
}

#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Empty for the first one, which comes below the title of the whole.
    pub title: String,
    /// The cells of each row; the second is a number.
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
            for line in lines {
                text.push_str(&format!("  {line}\n"));
            }
        }
        text
    }
}
