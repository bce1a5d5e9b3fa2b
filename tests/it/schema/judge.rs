//! JSON compared with `docs/schema/`, by a standard validator.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// A schema as published: further keys are allowed, as keys may be added.
pub fn published(name: &str) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The names of all schemas.
pub fn names() -> BTreeSet<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// The same, without keys that it does not describe.
pub fn closed(mut schema: Value) -> Value {
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("additionalProperties").or_insert(json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The errors of a value by a schema; empty if it is valid.
pub fn faults(schema: &Value, value: &Value) -> Option<String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("schema.json", schema.clone()).unwrap();
    let compiled =
        compiler.compile("schema.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    schemas.validate(value, compiled).err().map(|error| error.to_string())
}

/// Validates a document against a schema that must describe every key.
pub fn assert_fits(name: &str, value: &Value) {
    if let Some(faults) = faults(&closed(published(name)), value) {
        panic!("docs/schema/{name}.json does not describe this: {faults}\n{value:#}");
    }
}

/// The keys that a schema describes but none of these documents contains.
pub fn never_written<'a>(name: &str, documents: impl Iterator<Item = &'a Value>) -> Option<String> {
    let written: BTreeSet<String> = documents.flat_map(places_written).collect();
    let described = places_described(&published(name));
    let never: Vec<&String> = described.difference(&written).collect();
    (!never.is_empty())
        .then(|| format!("docs/schema/{name}.json names {never:?}, and nothing writes them"))
}

/// Asserts that every key in a schema is in one of these documents.
#[cfg(feature = "fleet")]
pub fn assert_all_written(name: &str, documents: &[Value]) {
    assert_eq!(never_written(name, documents.iter()), None);
}

/// The path of every key that a schema describes, following references: `/plans/*/job`.
fn places_described(schema: &Value) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    describe("", schema, &schema["$defs"], &mut places);
    places
}

fn describe(at: &str, schema: &Value, defs: &Value, places: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        describe(at, &defs[name], defs, places);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        describe(&at, property, defs, places);
        places.insert(at);
    }
    for one in
        [&schema["oneOf"], &schema["anyOf"]].into_iter().filter_map(Value::as_array).flatten()
    {
        describe(at, one, defs, places);
    }
    if schema["items"].is_object() {
        describe(&format!("{at}/*"), &schema["items"], defs, places);
    }
}

/// The place of every key that a document has.
fn places_written(value: &Value) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    write("", value, &mut places);
    places
}

fn write(at: &str, value: &Value, places: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let at = format!("{at}/{name}");
            write(&at, value, places);
            places.insert(at);
        }),
        Value::Array(items) => {
            items.iter().for_each(|item| write(&format!("{at}/*"), item, places))
        }
        _ => {}
    }
}
