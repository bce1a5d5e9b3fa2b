//! Restores a record from the row of a loader's table: loaders write lists and objects into one
//! column as text.

use crate::extract::json::{Tree, Value};

/// The object with every list and object that was written as text; `None` if there is none.
pub fn unfolded(object: Value<'_>) -> Option<String> {
    let mut built = Built::default();
    let mut is_other = false;
    for (key, value) in object.members() {
        let text = if value.raw().starts_with('"') { value.text().ok() } else { None };
        let inner = text.as_deref().and_then(structure);
        is_other |= inner.is_some();
        built.add(&key, inner.unwrap_or(value.raw()));
    }
    is_other.then(|| built.end())
}

/// A CSV row as an object. Cells that are blank, or `null`, are left out; numbers keep their
/// digits.
pub fn object_of<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut built = Built::default();
    for (name, cell) in cells {
        match cell {
            "" | "null" => {}
            cell if is_number(cell) => built.add(name, cell),
            cell if cell.eq_ignore_ascii_case("true") => built.add(name, "true"),
            cell if cell.eq_ignore_ascii_case("false") => built.add(name, "false"),
            cell => match structure(cell) {
                Some(inner) => built.add(name, inner),
                None => built.add(name, &quoted(cell)),
            },
        }
    }
    built.end()
}

/// The text, if it is a complete object or list.
fn structure(text: &str) -> Option<&str> {
    let text = text.trim_ascii();
    let is_one = text.starts_with(['{', '[']) && Tree::parse(text).is_ok();
    is_one.then_some(text)
}

/// As in JSON: no leading zeros, so that `00102` stays a text.
fn is_number(cell: &str) -> bool {
    cell.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && Tree::parse(cell).is_ok()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An object being written.
#[derive(Default)]
struct Built(String);

impl Built {
    fn add(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quoted(key));
        self.0.push(':');
        self.0.push_str(value);
    }

    fn end(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_object_that_it_was() {
        let cells = [
            ("id", "12"),
            ("name", "00102"),
            ("note", "[gift"),
            ("test", "TRUE"),
            ("tip", "null"),
            ("x", ""),
        ];
        let lines = [("lines", "[{\"price\": \"1.50\"}]"), ("sum", "1.50")];
        let object = object_of(cells.into_iter().chain(lines));
        assert_eq!(
            object,
            r#"{"id":12,"name":"00102","note":"[gift","test":true,"lines":[{"price": "1.50"}],"sum":1.50}"#
        );
        assert_eq!(object_of([("a", "")].into_iter()), "{}");
    }

    #[test]
    fn only_values_written_as_text_are_unfolded() {
        let text = r#"{"a":"[{\"b\":1.10}]","c":"{no json","d":1.10,"e":"x","f":{"g":"[1]"}}"#;
        assert_eq!(
            unfolded(Tree::parse(text).unwrap().root()).unwrap(),
            r#"{"a":[{"b":1.10}],"c":"{no json","d":1.10,"e":"x","f":{"g":"[1]"}}"#
        );
        assert!(unfolded(Tree::parse("{\"a\":\"{\"}").unwrap().root()).is_none());
    }
}
