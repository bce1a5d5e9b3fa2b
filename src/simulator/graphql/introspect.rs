//! Answers `__type` and `__schema` from the schema.

use super::parser::{Field, FieldDefinition, Type, TypeDefinition};
use super::schema::Schema;
use serde_json::{Map, Value, json};

/// The selected fields of a named type; null when there is none of that name.
pub(super) fn named(schema: &Schema, name: &str, selections: &[Field]) -> Value {
    if schema.types.contains_key(name) {
        type_value(schema, &Type::Named(name.to_owned()), selections)
    } else {
        Value::Null
    }
}

pub(super) fn whole(schema: &Schema, selections: &[Field]) -> Value {
    object("__Schema", selections, |field| match field.name.as_str() {
        "types" => schema.types.keys().map(|name| named(schema, name, &field.selections)).collect(),
        "queryType" => named(schema, "Query", &field.selections),
        "mutationType" => named(schema, "Mutation", &field.selections),
        _ => Value::Null,
    })
}

fn object(type_name: &str, selections: &[Field], value: impl Fn(&Field) -> Value) -> Value {
    let entry = |field: &Field| {
        let is_name = field.name == "__typename";
        let value = if is_name { json!(type_name) } else { value(field) };
        (field.key().to_owned(), value)
    };
    Value::Object(selections.iter().map(entry).collect::<Map<_, _>>())
}

fn type_value(schema: &Schema, ty: &Type, selections: &[Field]) -> Value {
    let named = match ty {
        Type::Named(name) => schema.types.get(name),
        Type::List(_) | Type::NonNull(_) => None,
    };
    object("__Type", selections, |field| match (field.name.as_str(), ty, named) {
        ("kind", Type::List(_), _) => json!("LIST"),
        ("kind", Type::NonNull(_), _) => json!("NON_NULL"),
        ("ofType", Type::List(inner) | Type::NonNull(inner), _) => {
            type_value(schema, inner, &field.selections)
        }
        (name, _, Some(definition)) => part(schema, definition, name, &field.selections),
        _ => Value::Null,
    })
}

/// One property of a named type.
fn part(schema: &Schema, ty: &TypeDefinition, name: &str, selections: &[Field]) -> Value {
    let fields = |kind: &str| -> Value {
        ty.fields.iter().map(|field| field_value(schema, field, kind, selections)).collect()
    };
    match (name, ty.keyword.as_str()) {
        ("name", _) => json!(ty.name),
        ("kind", "scalar") => json!("SCALAR"),
        ("kind", "enum") => json!("ENUM"),
        ("kind", "input") => json!("INPUT_OBJECT"),
        ("kind", _) => json!("OBJECT"),
        ("fields", "type") => fields("__Field"),
        ("inputFields", "input") => fields("__InputValue"),
        ("interfaces", "type") => json!([]),
        ("enumValues", "enum") => {
            let value = |value: &String| {
                object("__EnumValue", selections, |field| match field.name.as_str() {
                    "name" => json!(value),
                    "isDeprecated" => json!(false),
                    _ => Value::Null,
                })
            };
            ty.values.iter().map(value).collect()
        }
        _ => Value::Null,
    }
}

fn field_value(
    schema: &Schema,
    definition: &FieldDefinition,
    kind: &str,
    selections: &[Field],
) -> Value {
    object(kind, selections, |field| match field.name.as_str() {
        "name" => json!(definition.name),
        "type" => type_value(schema, &definition.ty, &field.selections),
        "isDeprecated" => json!(false),
        "args" => {
            let argument = |arg| field_value(schema, arg, "__InputValue", &field.selections);
            definition.arguments.iter().map(argument).collect()
        }
        _ => Value::Null,
    })
}
