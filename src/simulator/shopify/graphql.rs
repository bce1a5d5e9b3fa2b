//! Queries with their variables filled in.

use super::super::graphql::{self, Literal, Request};
use serde_json::{Map, Value, json};

/// The content of one request.
#[derive(Debug, PartialEq)]
pub(super) struct Document {
    pub is_mutation: bool,
    pub fields: Vec<Field>,
}

/// A field with its arguments and selection, or a fragment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub name: String,
    /// Its name in the answer.
    pub shown: String,
    pub arguments: Map<String, Value>,
    pub fields: Vec<Field>,
    /// The type of a fragment.
    pub on: Option<String>,
}

impl Field {
    pub(super) fn text(&self, argument: &str) -> Option<&str> {
        self.arguments.get(argument)?.as_str()
    }

    /// A field below this one.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The selection for each node of a list of nodes.
    pub(super) fn node(&self) -> Option<&Field> {
        self.field("edges").and_then(|edges| edges.field("node")).or_else(|| self.field("nodes"))
    }
}

/// Reads a document; variables are replaced by their values.
pub(super) fn parse(text: &str, variables: &Value) -> Result<Document, String> {
    let request = Request::read(&json!({ "query": text, "variables": variables }))
        .map_err(|error| error.message)?;
    let fields = fields(&request.operation.selections, &request)?;
    Ok(Document { is_mutation: request.operation.is_mutation, fields })
}

fn fields(selections: &[graphql::Field], request: &Request) -> Result<Vec<Field>, String> {
    selections.iter().map(|field| resolve(field, request)).collect()
}

fn resolve(field: &graphql::Field, request: &Request) -> Result<Field, String> {
    let argument = |(name, value): &(String, Literal)| match value {
        Literal::Variable(variable) if !request.variables.contains_key(variable) => {
            Err(format!("the variable {variable} has no value"))
        }
        value => Ok((name.clone(), request.raw(value))),
    };
    Ok(Field {
        name: field.name.clone(),
        shown: field.key().to_owned(),
        arguments: field.arguments.iter().map(argument).collect::<Result<_, _>>()?,
        fields: fields(&field.selections, request)?,
        on: field.on.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_with_its_arguments_and_variables() {
        let text = r#"query Q($id: ID!) { bulkOperation(id: $id) { status } orders(first: 1, query: "a:>='b'") { nodes { ... on Order { id } } } }"#;
        let document = parse(text, &json!({"id": "gid"})).unwrap();
        assert!(!document.is_mutation);
        assert_eq!(document.fields[0].text("id"), Some("gid"));
        assert_eq!(document.fields[1].text("query"), Some("a:>='b'"));
        let node = document.fields[1].node().unwrap();
        assert_eq!(node.fields[0].on.as_deref(), Some("Order"));
    }

    #[test]
    fn only_queries_are_accepted() {
        for text in
            ["", "{", "{ }", "{ a(b: $c) }", "{ a } b", "subscription { a }", "{ a(b: \"c) }"]
        {
            assert!(parse(text, &json!({})).is_err(), "{text}");
        }
    }
}
