use super::options::GraphqlOptions;
use serde_json::{Map, Value, json};

/// Line and column in a document, both from 1.
pub(in crate::simulator) type Position = (usize, usize);

/// One entry of `errors`, in the form of graphql-java.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::simulator) struct GraphqlError {
    pub message: String,
    /// `extensions.classification`.
    pub classification: Option<&'static str>,
    pub at: Option<Position>,
    /// Response keys and indexes that lead to the value that is missing.
    pub path: Vec<Value>,
    pub extensions: Map<String, Value>,
}

impl GraphqlError {
    pub fn new(message: impl Into<String>) -> Self {
        let (classification, at) = (None, None);
        let (path, extensions) = (Vec::new(), Map::new());
        Self { message: message.into(), classification, at, path, extensions }
    }

    pub fn classified(classification: &'static str, message: impl Into<String>) -> Self {
        Self { classification: Some(classification), ..Self::new(message) }
    }

    /// Of the account's own check of orders.
    pub fn of_orders(options: &GraphqlOptions, message: impl Into<String>) -> Self {
        let classification = options.classified.then_some("ValidationError");
        Self { classification, ..Self::new(message) }
    }

    pub fn syntax(at: Position, message: impl Into<String>) -> Self {
        Self { at: Some(at), ..Self::classified("InvalidSyntax", message) }
    }

    /// A violated rule of validation, such as `FieldUndefined`, at a path of the document.
    pub fn invalid(rule: &str, path: &str, detail: impl AsRef<str>) -> Self {
        let message = format!("Validation error ({rule}@[{path}]) : {}", detail.as_ref());
        Self::classified("ValidationError", message)
    }

    pub fn json(&self) -> Value {
        let mut error = json!({"message": self.message});
        if let Some((line, column)) = self.at {
            error["locations"] = json!([{"line": line, "column": column}]);
        }
        if !self.path.is_empty() {
            error["path"] = json!(self.path);
        }
        let mut extensions = self.extensions.clone();
        if let Some(classification) = self.classification {
            extensions.insert("classification".to_owned(), classification.into());
        }
        if !extensions.is_empty() {
            error["extensions"] = Value::Object(extensions);
        }
        error
    }
}
