//! Projects a value by a selection, and to the rows of a bulk operation.

use super::graphql::Field;
use serde_json::{Map, Value};

/// Shows the selected fields of a value.
///
/// # Errors
/// With the first field that does not exist, or is selected without its own fields.
pub(super) fn project(value: &Value, selection: &Field) -> Result<Value, String> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Array(values) => values.iter().map(|value| project(value, selection)).collect(),
        Value::Object(_) if selection.fields.is_empty() => {
            Err(format!("Field '{}' must have selections", selection.name))
        }
        Value::Object(object)
            if object.contains_key("edges") && !selection.arguments.contains_key("first") =>
        {
            Err(format!("you must provide one of first or last on '{}'", selection.name))
        }
        Value::Object(object) => {
            let mut shown = Map::new();
            select(object, &selection.fields, &mut shown)?;
            Ok(Value::Object(shown))
        }
        _ if !selection.fields.is_empty() => {
            Err(format!("Field '{}' has no fields", selection.name))
        }
        scalar => Ok(scalar.clone()),
    }
}

fn select(
    object: &Map<String, Value>,
    fields: &[Field],
    shown: &mut Map<String, Value>,
) -> Result<(), String> {
    for field in fields {
        if let Some(kind) = &field.on {
            if object.get("__typename").and_then(Value::as_str) == Some(kind) {
                select(object, &field.fields, shown)?;
            }
            continue;
        }
        // A list of nodes has them under two names.
        let nodes = || {
            let edges = object.get("edges").filter(|_| field.name == "nodes")?.as_array()?;
            Some(Value::Array(edges.iter().map(|edge| edge["node"].clone()).collect()))
        };
        let value = object.get(&field.name).cloned().or_else(nodes);
        let value = value.ok_or_else(|| format!("Field '{}' doesn't exist", field.name))?;
        shown.insert(field.shown.clone(), project(&value, field)?);
    }
    Ok(())
}

/// The rows of a node: its own, and those of its lists of nodes.
pub(super) struct Rows {
    pub own: Value,
    pub children: Vec<Value>,
}

/// The rows that a bulk operation writes for a node.
pub(super) fn rows(node: &Value, selection: &Field) -> Result<Rows, String> {
    let is_list = |field: &&Field| field.node().is_some();
    let (lists, plain): (Vec<&Field>, Vec<&Field>) = selection.fields.iter().partition(is_list);
    let plain = Field { fields: plain.into_iter().cloned().collect(), ..selection.clone() };
    let own = project(node, &plain)?;
    let mut children = Vec::new();
    for list in lists {
        let selection = list.node().ok_or("a list without nodes")?;
        for edge in node[&list.name]["edges"].as_array().into_iter().flatten() {
            let mut child = project(&edge["node"], selection)?;
            child["__parentId"] = node["id"].clone();
            children.push(child);
        }
    }
    Ok(Rows { own, children })
}

/// Lists of nodes in a selection, and their nesting.
pub(super) fn lists(fields: &[Field]) -> (usize, usize) {
    fields.iter().fold((0, 0), |(count, depth), field| {
        let (below, deeper) = lists(&field.fields);
        let own = usize::from(field.node().is_some());
        (count + below + own, depth.max(deeper + own))
    })
}
