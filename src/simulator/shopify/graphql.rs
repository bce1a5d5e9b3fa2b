//! The part of GraphQL that queries for orders need.

use serde_json::{Map, Value};
use std::iter::Peekable;
use std::vec::IntoIter;

/// What one request asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Document {
    pub is_mutation: bool,
    pub fields: Vec<Field>,
}

/// A field with its arguments and selection, or a fragment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub name: String,
    /// What it is called in the answer.
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
///
/// # Errors
/// With what is wrong in it.
pub(super) fn parse(text: &str, variables: &Value) -> Result<Document, String> {
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), variables };
    let mut is_mutation = false;
    if let Some(Token::Name(_)) = parser.tokens.peek() {
        is_mutation = match parser.name()?.as_str() {
            "query" => false,
            "mutation" => true,
            other => return Err(format!("unknown operation {other}")),
        };
        if let Some(Token::Name(_)) = parser.tokens.peek() {
            parser.name()?;
        }
        parser.skip_declarations()?;
    }
    let fields = parser.fields()?;
    match parser.tokens.next() {
        None => Ok(Document { is_mutation, fields }),
        Some(token) => Err(format!("{token:?} after the operation")),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Sign(char),
    Spread,
    Name(String),
    Text(String),
    Number(i64),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut chars = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() || c == ',' => {}
            '{' | '}' | '(' | ')' | ':' | '$' | '!' | '[' | ']' => tokens.push(Token::Sign(c)),
            '.' => {
                if chars.next() != Some('.') || chars.next() != Some('.') {
                    return Err("a lone point".to_owned());
                }
                tokens.push(Token::Spread);
            }
            '"' => tokens.push(Token::Text(string(&mut chars)?)),
            c if c.is_ascii_digit() || c == '-' => {
                let mut number = c.to_string();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                tokens.push(Token::Number(number.parse().map_err(|_| "a lone minus".to_owned())?));
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let mut name = c.to_string();
                while let Some(more) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(more);
                }
                tokens.push(Token::Name(name));
            }
            c => return Err(format!("an unexpected {c:?}")),
        }
    }
    Ok(tokens)
}

fn string(chars: &mut Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match chars.next() {
            Some('"') => return Ok(text),
            Some('\\') => match chars.next() {
                Some(c @ ('"' | '\\' | '/')) => text.push(c),
                other => return Err(format!("an escape of {other:?}")),
            },
            Some('\n') | None => return Err("a string without its end".to_owned()),
            Some(c) => text.push(c),
        }
    }
}

struct Parser<'a> {
    tokens: Peekable<IntoIter<Token>>,
    variables: &'a Value,
}

impl Parser<'_> {
    fn name(&mut self) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Name(name)) => Ok(name),
            other => Err(format!("expected a name, found {other:?}")),
        }
    }

    fn sign(&mut self, sign: char) -> Result<(), String> {
        match self.tokens.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            other => Err(format!("expected {sign:?}, found {other:?}")),
        }
    }

    fn is_sign(&mut self, sign: char) -> bool {
        self.tokens.next_if_eq(&Token::Sign(sign)).is_some()
    }

    /// `($id: ID!)`: types are not checked.
    fn skip_declarations(&mut self) -> Result<(), String> {
        if !self.is_sign('(') {
            return Ok(());
        }
        while !self.is_sign(')') {
            self.tokens.next().ok_or("declarations without their end")?;
        }
        Ok(())
    }

    fn fields(&mut self) -> Result<Vec<Field>, String> {
        self.sign('{')?;
        let mut fields = Vec::new();
        while !self.is_sign('}') {
            fields.push(self.field()?);
        }
        if fields.is_empty() { Err("an empty selection".to_owned()) } else { Ok(fields) }
    }

    fn field(&mut self) -> Result<Field, String> {
        let on = if self.tokens.next_if_eq(&Token::Spread).is_some() {
            match self.name()?.as_str() {
                "on" => Some(self.name()?),
                name => return Err(format!("the fragment {name} is not defined")),
            }
        } else {
            None
        };
        let shown = if on.is_some() { "...".to_owned() } else { self.name()? };
        let is_alias = on.is_none() && self.is_sign(':');
        let name = if is_alias { self.name()? } else { shown.clone() };
        let mut arguments = Map::new();
        if on.is_none() && self.is_sign('(') {
            while !self.is_sign(')') {
                let name = self.name()?;
                self.sign(':')?;
                arguments.insert(name, self.value()?);
            }
        }
        let has_fields = self.tokens.peek() == Some(&Token::Sign('{'));
        let fields = if has_fields { self.fields()? } else { Vec::new() };
        Ok(Field { name, shown, arguments, fields, on })
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(Value::String(text)),
            Some(Token::Number(number)) => Ok(Value::from(number)),
            Some(Token::Name(name)) => Ok(match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => Value::String(name),
            }),
            Some(Token::Sign('$')) => {
                let name = self.name()?;
                let value = self.variables.get(&name);
                value.cloned().ok_or_else(|| format!("the variable {name} has no value"))
            }
            Some(Token::Sign('[')) => {
                let mut list = Vec::new();
                while !self.is_sign(']') {
                    list.push(self.value()?);
                }
                Ok(Value::Array(list))
            }
            other => Err(format!("expected a value, found {other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
    fn what_is_not_a_query_is_refused() {
        for text in
            ["", "{", "{ }", "{ a(b: $c) }", "{ a } b", "subscription { a }", "{ a(b: \"c) }"]
        {
            assert!(parse(text, &json!({})).is_err(), "{text}");
        }
    }
}
