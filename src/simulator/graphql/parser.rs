//! Reads documents and type definitions: operations, variables, aliases, arguments, values and
//! selections with inline fragments. Named fragments and directives are refused.

use super::error::{GraphqlError, Position};
use super::lexer::{Token, offending, tokens};
use std::fmt;

/// Nesting of selections, lists and objects. graphql-java allows 500 nested grammar rules, and a
/// level is about three of them.
const DEPTH_MAX: usize = 160;

#[derive(Debug, Clone, PartialEq)]
pub(in crate::simulator) enum Literal {
    Variable(String),
    /// A number, as it was written.
    Int(String),
    Float(String),
    Text(String),
    Boolean(bool),
    Null,
    Enum(String),
    List(Vec<Literal>),
    Object(Vec<(String, Literal)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Named(String),
    List(Box<Type>),
    NonNull(Box<Type>),
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::simulator) struct Field {
    pub alias: Option<String>,
    /// [`Self::FRAGMENT`] for `... on Type`.
    pub name: String,
    /// The type of a fragment.
    pub on: Option<String>,
    pub arguments: Vec<(String, Literal)>,
    pub selections: Vec<Field>,
    pub at: Position,
}

#[derive(Debug)]
pub(super) struct Variable {
    pub name: String,
    pub ty: Type,
    pub default: Option<Literal>,
}

#[derive(Debug)]
pub(in crate::simulator) struct Operation {
    pub is_mutation: bool,
    pub name: Option<String>,
    pub(super) variables: Vec<Variable>,
    pub selections: Vec<Field>,
}

/// A type of the schema. Scalars have neither fields nor values.
#[derive(Debug, Clone)]
pub(super) struct TypeDefinition {
    /// `scalar`, `enum`, `input` or `type`.
    pub keyword: String,
    pub name: String,
    pub fields: Vec<FieldDefinition>,
    pub values: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct FieldDefinition {
    pub name: String,
    pub arguments: Vec<FieldDefinition>,
    pub ty: Type,
}

impl Field {
    const FRAGMENT: &str = "...";

    /// The key in the response.
    pub fn key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }

    pub fn argument(&self, name: &str) -> Option<&Literal> {
        self.arguments.iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }
}

impl Type {
    /// The named type inside.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }

    pub fn is_required(&self) -> bool {
        matches!(self, Self::NonNull(_))
    }

    /// Whether a variable of this type can be passed where `wanted` is declared.
    pub fn fits(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::NonNull(given), Self::NonNull(wanted)) => given.fits(wanted),
            (_, Self::NonNull(_)) => false,
            (Self::NonNull(given), wanted) => given.fits(wanted),
            (Self::List(given), Self::List(wanted)) => given.fits(wanted),
            (given, wanted) => given == wanted,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "{name}"),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

/// The operations of a document.
pub(super) fn document(text: &str) -> Result<Vec<Operation>, GraphqlError> {
    let mut parser = Parser::new(text)?;
    let mut operations = Vec::new();
    while *parser.peek() != Token::End || operations.is_empty() {
        operations.push(parser.operation()?);
    }
    Ok(operations)
}

/// The types of a schema.
pub(super) fn type_definitions(text: &str) -> Result<Vec<TypeDefinition>, GraphqlError> {
    let mut parser = Parser::new(text)?;
    let mut types = Vec::new();
    while *parser.peek() != Token::End {
        types.push(parser.type_definition()?);
    }
    Ok(types)
}

struct Parser {
    tokens: Vec<(Token, Position)>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, GraphqlError> {
        Ok(Self { tokens: tokens(text)?, next: 0, depth: 0 })
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        // The end stays the next one.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    /// Takes this punctuator, if it is next.
    fn takes(&mut self, punctuator: char) -> bool {
        let is_next = *self.peek() == Token::Punctuator(punctuator);
        if is_next {
            self.take();
        }
        is_next
    }

    fn expect(&mut self, punctuator: char) -> Result<(), GraphqlError> {
        if self.takes(punctuator) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> GraphqlError {
        let (token, at) = &self.tokens[self.next];
        let text = match token {
            Token::Punctuator('.') => "...".to_owned(),
            Token::Punctuator(c) => c.to_string(),
            Token::Name(text) | Token::Int(text) | Token::Float(text) | Token::Text(text) => {
                text.clone()
            }
            Token::End => "<EOF>".to_owned(),
        };
        offending(&text, *at)
    }

    fn name(&mut self) -> Result<String, GraphqlError> {
        let Token::Name(name) = self.peek().clone() else { return Err(self.unexpected()) };
        self.take();
        Ok(name)
    }

    /// At least one item, up to this punctuator.
    fn many<T>(
        &mut self,
        end: char,
        item: impl Fn(&mut Self) -> Result<T, GraphqlError>,
    ) -> Result<Vec<T>, GraphqlError> {
        let mut items = vec![item(self)?];
        while !self.takes(end) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Goes one level down, unless it is too deep.
    fn nested<T>(
        &mut self,
        item: impl FnOnce(&mut Self) -> Result<T, GraphqlError>,
    ) -> Result<T, GraphqlError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = "More than 500 deep 'grammar' rules have been entered.";
            return Err(GraphqlError::syntax(self.tokens[self.next].1, message));
        }
        let item = item(self);
        self.depth -= 1;
        item
    }

    fn operation(&mut self) -> Result<Operation, GraphqlError> {
        let (mut name, mut variables, mut is_mutation) = (None, Vec::new(), false);
        if *self.peek() != Token::Punctuator('{') {
            is_mutation = match self.peek() {
                Token::Name(keyword) if keyword == "query" => false,
                Token::Name(keyword) if keyword == "mutation" => true,
                _ => return Err(self.unexpected()),
            };
            self.take();
            name = if matches!(self.peek(), Token::Name(_)) { Some(self.name()?) } else { None };
            if self.takes('(') {
                variables = self.many(')', Self::variable)?;
            }
        }
        Ok(Operation { is_mutation, name, variables, selections: self.selections()? })
    }

    fn variable(&mut self) -> Result<Variable, GraphqlError> {
        self.expect('$')?;
        let name = self.name()?;
        self.expect(':')?;
        let ty = self.ty()?;
        let default = if self.takes('=') { Some(self.value()?) } else { None };
        Ok(Variable { name, ty, default })
    }

    fn ty(&mut self) -> Result<Type, GraphqlError> {
        let ty = if self.takes('[') {
            let inner = self.nested(Self::ty)?;
            self.expect(']')?;
            Type::List(Box::new(inner))
        } else {
            Type::Named(self.name()?)
        };
        Ok(if self.takes('!') { Type::NonNull(Box::new(ty)) } else { ty })
    }

    fn selections(&mut self) -> Result<Vec<Field>, GraphqlError> {
        self.expect('{')?;
        self.many('}', |parser| parser.nested(Self::field))
    }

    fn field(&mut self) -> Result<Field, GraphqlError> {
        let at = self.tokens[self.next].1;
        if self.takes('.') {
            return self.fragment(at);
        }
        let mut name = self.name()?;
        let mut alias = None;
        if self.takes(':') {
            alias = Some(std::mem::replace(&mut name, self.name()?));
        }
        let arguments =
            if self.takes('(') { self.many(')', Self::named_value)? } else { Vec::new() };
        let has_selections = *self.peek() == Token::Punctuator('{');
        let selections = if has_selections { self.selections()? } else { Vec::new() };
        Ok(Field { alias, name, on: None, arguments, selections, at })
    }

    fn fragment(&mut self, at: Position) -> Result<Field, GraphqlError> {
        if *self.peek() != Token::Name("on".to_owned()) {
            return Err(self.unexpected());
        }
        self.take();
        let (name, on) = (Field::FRAGMENT.to_owned(), Some(self.name()?));
        let (alias, arguments) = (None, Vec::new());
        Ok(Field { alias, name, on, arguments, selections: self.selections()?, at })
    }

    fn named_value(&mut self) -> Result<(String, Literal), GraphqlError> {
        let name = self.name()?;
        self.expect(':')?;
        Ok((name, self.nested(Self::value)?))
    }

    fn value(&mut self) -> Result<Literal, GraphqlError> {
        let unexpected = self.unexpected();
        Ok(match self.take() {
            Token::Punctuator('$') => Literal::Variable(self.name()?),
            Token::Int(text) => Literal::Int(text),
            Token::Float(text) => Literal::Float(text),
            Token::Text(text) => Literal::Text(text),
            Token::Name(name) => match name.as_str() {
                "true" => Literal::Boolean(true),
                "false" => Literal::Boolean(false),
                "null" => Literal::Null,
                _ => Literal::Enum(name),
            },
            Token::Punctuator('[') if self.takes(']') => Literal::List(Vec::new()),
            Token::Punctuator('[') => {
                Literal::List(self.many(']', |parser| parser.nested(Self::value))?)
            }
            Token::Punctuator('{') if self.takes('}') => Literal::Object(Vec::new()),
            Token::Punctuator('{') => Literal::Object(self.many('}', Self::named_value)?),
            _ => return Err(unexpected),
        })
    }

    fn type_definition(&mut self) -> Result<TypeDefinition, GraphqlError> {
        let (keyword, name) = (self.name()?, self.name()?);
        let (mut fields, mut values) = (Vec::new(), Vec::new());
        if self.takes('{') {
            if keyword == "enum" {
                values = self.many('}', Self::name)?;
            } else {
                fields = self.many('}', Self::field_definition)?;
            }
        }
        Ok(TypeDefinition { keyword, name, fields, values })
    }

    fn field_definition(&mut self) -> Result<FieldDefinition, GraphqlError> {
        let name = self.name()?;
        let arguments =
            if self.takes('(') { self.many(')', Self::field_definition)? } else { Vec::new() };
        self.expect(':')?;
        Ok(FieldDefinition { name, arguments, ty: self.ty()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_document_may_be_deep_but_not_endless() {
        let selections = |depth| format!("{}{}", "{ a ".repeat(depth), "}".repeat(depth));
        let list = |depth| format!("{{ a(b: {}{}) }}", "[".repeat(depth), "]".repeat(depth));
        let ty =
            |depth| format!("query($a: {}Int{}) {{ a }}", "[".repeat(depth), "]".repeat(depth));
        for deep in [selections(150), list(150), ty(150)] {
            assert!(document(&deep).is_ok());
        }
        for endless in [selections(5_000), list(5_000), ty(5_000)] {
            let error = document(&endless).unwrap_err();
            assert!(error.message.starts_with("More than 500 deep"), "{error:?}");
        }
    }

    #[test]
    fn numbers_texts_and_comments_are_read_as_they_are_meant() {
        let text =
            r#"{ a(i: -12, f: 1.50e3, t: "a\"é\n", b: """ c "d" """, l: [true, null X]) # end"#;
        let fields = document(&format!("{text}\n}}")).unwrap().remove(0).selections;
        let values: Vec<&Literal> = fields[0].arguments.iter().map(|(_, value)| value).collect();
        let text = |text: &str| Literal::Text(text.to_owned());
        assert_eq!(*values[0], Literal::Int("-12".to_owned()));
        assert_eq!(*values[1], Literal::Float("1.50e3".to_owned()));
        assert_eq!((values[2], values[3]), (&text("a\"é\n"), &text("c \"d\"")));
        let list = vec![Literal::Boolean(true), Literal::Null, Literal::Enum("X".to_owned())];
        assert_eq!(*values[4], Literal::List(list));
        for (wrong, token) in [
            ("{ a(b: 01) }", "'01'"),
            ("{ a(b: \"x) }", "'\"x) }'"),
            ("{ a ? }", "'?'"),
            ("", "'<EOF>'"),
        ] {
            assert!(document(wrong).unwrap_err().message.contains(token), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_input_is_read_or_refused(
            text in "[ {}()\\[\\]:!$.=\"\\\\#\\-0-9aé,\n]{0,60}",
            any in ".{0,60}",
        ) {
            for text in [text.clone(), any, format!("{{ a(b: {text}) }}"), format!("query({text}")] {
                let _ = document(&text);
                let _ = type_definitions(&text);
            }
        }
    }
}
