use super::error::GraphqlError;
use super::parser::{Literal, Operation, document};
use serde_json::{Map, Value};

/// A request, read as far as that is possible without the schema.
pub(in crate::simulator) struct Request {
    pub operation: Operation,
    pub variables: Map<String, Value>,
}

impl Request {
    /// Reads a body, `{"query": "…", "variables": {…}}`.
    pub fn read(body: &Value) -> Result<Self, GraphqlError> {
        let Some(query) = body.get("query").and_then(Value::as_str) else {
            return Err(GraphqlError::new("The body is not a JSON object with a query."));
        };
        let variables = match body.get("variables") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(variables)) => variables.clone(),
            Some(_) => return Err(GraphqlError::new("The variables are not a JSON object.")),
        };
        let wanted = body.get("operationName").and_then(Value::as_str);
        let mut operations = document(query)?;
        let chosen = match wanted {
            Some(name) => operations.iter().position(|op| op.name.as_deref() == Some(name)),
            None => (operations.len() == 1).then_some(0),
        };
        let Some(chosen) = chosen else {
            let message = "Must provide operation name if query contains multiple operations.";
            return Err(GraphqlError::new(match wanted {
                Some(name) => format!("Unknown operation named '{name}'."),
                None => message.to_owned(),
            }));
        };
        Ok(Self { operation: operations.swap_remove(chosen), variables })
    }

    /// The names of the fields at the top.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.operation.selections.iter().map(|field| field.name.as_str())
    }

    /// The orders of all mutations, as they were sent.
    pub fn orders(&self) -> Vec<Value> {
        if !self.operation.is_mutation {
            return Vec::new();
        }
        let mut orders = Vec::new();
        for argument in self.operation.selections.iter().flat_map(|field| &field.arguments) {
            match self.raw(&argument.1) {
                Value::Array(batch) => orders.extend(batch),
                order => orders.push(order),
            }
        }
        orders
    }

    /// The lookups of this request: connection and order by `getOrder`, equality conditions by
    /// `searchOrder`.
    pub fn lookups(&self) -> Vec<(Option<String>, Option<String>)> {
        let lookup = |field: &super::parser::Field| {
            let read = |name| {
                let direct = field.argument(name).map(|value| self.raw(value));
                let filter =
                    || self.raw(field.argument("filter")?).get(name)?.get("value").cloned();
                text_of(direct.or_else(filter)?)
            };
            (read("legacyConnectionId"), read("storeOrderId"))
        };
        let fields = self.operation.selections.iter();
        fields
            .filter(|field| matches!(field.name.as_str(), "getOrder" | "searchOrder"))
            .map(lookup)
            .collect()
    }

    /// A value with its variables filled in, types as they were sent.
    pub fn raw(&self, literal: &Literal) -> Value {
        match literal {
            Literal::Variable(name) => self.variables.get(name).cloned().unwrap_or_default(),
            Literal::Int(text) | Literal::Float(text) => {
                serde_json::from_str(text).unwrap_or_default()
            }
            Literal::Text(text) | Literal::Enum(text) => Value::String(text.clone()),
            Literal::Boolean(value) => Value::Bool(*value),
            Literal::Null => Value::Null,
            Literal::List(items) => items.iter().map(|item| self.raw(item)).collect(),
            Literal::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.raw(value))).collect()
            }
        }
    }
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Connection and store order id of an order that was sent; `None` if it lacks one.
pub(in crate::simulator) fn key_of(order: &Value) -> Option<(String, String)> {
    let read = |name| order.get(name).cloned().and_then(text_of);
    Some((read("legacyConnectionId")?, read("storeOrderId")?))
}
