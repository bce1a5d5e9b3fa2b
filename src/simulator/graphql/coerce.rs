//! Turns sent values into values of the schema, as strictly as graphql-java from version 22 on.

use super::error::GraphqlError;
use super::parser::{Literal, Operation, Type, TypeDefinition};
use super::schema::Schema;
use serde_json::{Map, Number, Value};

pub(super) struct Coercion<'a> {
    pub schema: &'a Schema,
    /// Coerced variables that a literal in a document can name; `None` for a value that comes from
    /// JSON, where an enum is a string.
    pub variables: Option<&'a Map<String, Value>>,
}

/// The variables of an operation, coerced to their declared types.
pub(super) fn variables(
    schema: &Schema,
    operation: &Operation,
    sent: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<GraphqlError>> {
    let from_json = Coercion { schema, variables: None };
    let (mut coerced, mut errors) = (Map::new(), Vec::new());
    for variable in &operation.variables {
        let value = match (sent.get(&variable.name), &variable.default) {
            (Some(value), _) => literal(value),
            (None, Some(default)) => default.clone(),
            (None, None) if !variable.ty.is_required() => continue,
            (None, None) => Literal::Null,
        };
        match from_json.value(&variable.ty, &value, &variable.name) {
            Ok(value) => _ = coerced.insert(variable.name.clone(), value),
            Err(why) => {
                let message = format!("Variable '{}' has an invalid value: {why}", variable.name);
                errors.push(GraphqlError::classified("ValidationError", message));
            }
        }
    }
    if errors.is_empty() { Ok(coerced) } else { Err(errors) }
}

fn literal(value: &Value) -> Literal {
    match value {
        Value::Null => Literal::Null,
        Value::Bool(value) => Literal::Boolean(*value),
        Value::Number(number) => match number.to_string() {
            text if text.contains(['.', 'e', 'E']) => Literal::Float(text),
            text => Literal::Int(text),
        },
        Value::String(text) => Literal::Text(text.clone()),
        Value::Array(items) => Literal::List(items.iter().map(literal).collect()),
        Value::Object(fields) => Literal::Object(
            fields.iter().map(|(name, value)| (name.clone(), literal(value))).collect(),
        ),
    }
}

impl Coercion<'_> {
    /// The value at `path`, which only names it in an error.
    pub fn value(&self, ty: &Type, value: &Literal, path: &str) -> Result<Value, String> {
        if let (Literal::Variable(name), Some(variables)) = (value, self.variables) {
            return Ok(variables.get(name).cloned().unwrap_or_default());
        }
        match (ty, value) {
            (Type::NonNull(_), Literal::Null) => {
                Err(format!("'{path}' has coerced Null value for NonNull type '{ty}'"))
            }
            (Type::NonNull(inner), _) => self.value(inner, value, path),
            (_, Literal::Null) => Ok(Value::Null),
            (Type::List(inner), Literal::List(items)) => {
                let item = |(n, item)| self.value(inner, item, &format!("{path}[{n}]"));
                items.iter().enumerate().map(item).collect()
            }
            // A single item counts as a list of one.
            (Type::List(inner), item) => Ok(Value::Array(vec![self.value(inner, item, path)?])),
            (Type::Named(name), _) => match self.schema.types.get(name) {
                Some(ty) if ty.keyword == "input" => self.object(ty, value, path),
                Some(ty) if ty.keyword == "enum" => self.enum_value(ty, value, path),
                _ => scalar(name, value).ok_or_else(|| {
                    format!("'{path}' expected a value that can be converted to type '{name}' but it was a '{}'", kind(value))
                }),
            },
        }
    }

    fn object(&self, ty: &TypeDefinition, value: &Literal, path: &str) -> Result<Value, String> {
        let Literal::Object(fields) = value else {
            return Err(format!(
                "'{path}' expected a value of type '{}' but it was a '{}'",
                ty.name,
                kind(value)
            ));
        };
        let mut object = Map::new();
        for (name, value) in fields {
            let Some(field) = ty.fields.iter().find(|field| field.name == *name) else {
                return Err(format!("'{path}' contains a field not in '{}': '{name}'", ty.name));
            };
            let coerced = self.value(&field.ty, value, &format!("{path}.{name}"))?;
            object.insert(name.clone(), coerced);
        }
        let missing =
            ty.fields.iter().find(|f| f.ty.is_required() && !object.contains_key(&f.name));
        match missing {
            Some(field) => Err(format!(
                "Field '{}' of '{path}' has coerced Null value for NonNull type '{}'",
                field.name, field.ty
            )),
            None => Ok(Value::Object(object)),
        }
    }

    fn enum_value(
        &self,
        ty: &TypeDefinition,
        value: &Literal,
        path: &str,
    ) -> Result<Value, String> {
        let name = match value {
            Literal::Enum(name) => name,
            Literal::Text(name) if self.variables.is_none() => name,
            _ => return Err(format!("'{path}' is a '{}' for enum '{}'", kind(value), ty.name)),
        };
        if ty.values.contains(name) {
            return Ok(Value::String(name.clone()));
        }
        Err(format!(
            "'{path}': Invalid input for enum '{}'. No value found for name '{name}'",
            ty.name
        ))
    }
}

fn scalar(name: &str, value: &Literal) -> Option<Value> {
    let number = |text: &str| serde_json::from_str::<Number>(text).ok().map(Value::Number);
    match (name, value) {
        ("String", Literal::Text(text)) => Some(Value::String(text.clone())),
        ("Boolean", Literal::Boolean(value)) => Some(Value::Bool(*value)),
        ("Int", Literal::Int(text)) => {
            text.parse::<i32>().ok()?;
            number(text)
        }
        ("BigDecimal", Literal::Int(text) | Literal::Float(text) | Literal::Text(text)) => {
            number(text)
        }
        _ => None,
    }
}

/// The name of a value's type in messages.
fn kind(value: &Literal) -> &'static str {
    match value {
        Literal::Variable(_) => "Variable",
        Literal::Int(_) => "Integer",
        Literal::Float(_) => "Double",
        Literal::Text(_) => "String",
        Literal::Boolean(_) => "Boolean",
        Literal::Null => "null",
        Literal::Enum(_) => "EnumValue",
        Literal::List(_) => "List",
        Literal::Object(_) => "Map",
    }
}
