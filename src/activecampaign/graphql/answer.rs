//! What a GraphQL answer says, whatever its status: data, errors, or both.

use super::super::wire::{json_of, text_of};
use super::errors::GraphqlError;
use serde_json::Value;

/// An answer of the GraphQL API.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Answer {
    pub(super) data: Value,
    pub(super) errors: Vec<GraphqlError>,
}

impl Answer {
    pub(super) fn read(body: &[u8]) -> Result<Self, &'static str> {
        let mut answer = json_of(body)?;
        let errors = answer.get("errors").and_then(Value::as_array);
        let errors: Vec<_> = errors.into_iter().flatten().map(GraphqlError::read).collect();
        let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
        if errors.is_empty() && !data.is_object() {
            return Err("answer_unreadable");
        }
        Ok(Self { data, errors })
    }

    /// A field of `data`; `None` if it is absent or null.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.data.get(name).filter(|value| !value.is_null())
    }
}

impl GraphqlError {
    fn read(error: &Value) -> Self {
        let extensions = error.get("extensions").and_then(Value::as_object);
        let texts = extensions.into_iter().flatten().map(|(key, value)| {
            (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
        let path = error.get("path").and_then(Value::as_array);
        let in_path = path.and_then(|path| path.iter().find_map(Value::as_u64));
        let message = text_of(error, "message");
        Self {
            classification: error
                .get("extensions")
                .map(|extensions| text_of(extensions, "classification"))
                .unwrap_or_default(),
            has_path: path.is_some(),
            index: in_path.and_then(|index| usize::try_from(index).ok()),
            extensions: texts.collect(),
            message,
        }
    }

    /// What it says about the order with this key, which is the element `index` of the list. The
    /// end of a key of `extensions` is compared and not searched: of `orders[1]-storeOrderId-2` the
    /// order is `2`.
    pub(super) fn text_about(&self, key: &str, index: usize) -> Option<&str> {
        let about = self.extensions.iter().find(|(name, _)| {
            let before = name.strip_suffix(key);
            before.is_some_and(|before| before.is_empty() || before.ends_with("storeOrderId-"))
        });
        let in_list = (self.index == Some(index)).then_some(&*self.message);
        about.map(|(_, text)| text.as_str()).or(in_list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_is_named_by_the_end_of_a_key_or_by_its_place_in_the_list() {
        let body = json!({ "errors": [
            { "message": "Validation errors", "extensions": { "orders[1]-storeOrderId-2": "t2", "x-storeOrderId-A-2": "ta" } },
            { "message": "m", "path": ["bulkUpsertOrders", 4] },
        ] });
        let answer = Answer::read(body.to_string().as_bytes()).unwrap();
        let about = |key: &str, index| answer.errors.iter().find_map(|e| e.text_about(key, index));
        assert_eq!(about("2", 0), Some("t2"));
        assert_eq!(about("1", 1), None, "the index in a prefix is no id");
        assert_eq!(about("A-2", 2), Some("ta"), "an id may contain the sign that separates");
        assert_eq!(about("7", 4), Some("m"));
    }

    #[test]
    fn an_answer_without_data_and_errors_proves_nothing() {
        assert!(Answer::read(b"{}").is_err());
        assert!(Answer::read(br#"{"data":null}"#).is_err());
        assert!(Answer::read(br#"{"data":null,"errors":[{}]}"#).is_ok());
    }
}
