//! Checks an operation against the schema before anything is executed.

use super::coerce::Coercion;
use super::error::GraphqlError;
use super::options::GraphqlOptions;
use super::parser::{Field, FieldDefinition, Literal, Operation, Type};
use super::schema::Schema;
use serde_json::Map;
use std::collections::HashMap;

/// Fields that one request may select once, by graphql-java's good-faith rule.
const ONCE: &[&str] = &[
    "Query.__type",
    "Query.__schema",
    "__Type.fields",
    "__Type.inputFields",
    "__Type.enumValues",
    "__Type.interfaces",
    "__Type.possibleTypes",
];

/// The errors that graphql-java reports of one request at most.
const ERRORS_MAX: usize = 100;

struct Validation<'a> {
    schema: &'a Schema,
    operation: &'a Operation,
    errors: Vec<GraphqlError>,
    fields: usize,
    /// How often each field of [`ONCE`] is selected.
    introspected: HashMap<&'static str, usize>,
    used_variables: Vec<&'a str>,
}

/// The type that an operation starts from.
pub(super) fn root(operation: &Operation) -> &'static str {
    if operation.is_mutation { "Mutation" } else { "Query" }
}

/// Everything that is wrong with an operation; without errors it can be executed.
pub(super) fn validate(
    schema: &Schema,
    operation: &Operation,
    options: &GraphqlOptions,
) -> Result<(), Vec<GraphqlError>> {
    let mut validation = Validation {
        schema,
        operation,
        errors: Vec::new(),
        fields: 0,
        introspected: HashMap::new(),
        used_variables: Vec::new(),
    };
    validation.variables();
    validation.selections(&operation.selections, root(operation), &mut Vec::new());
    for variable in &operation.variables {
        if !validation.used_variables.contains(&variable.name.as_str()) {
            let detail = format!("Unused variable '{}'", variable.name);
            validation.errors.push(GraphqlError::invalid("UnusedVariable", "", detail));
        }
    }
    let Validation { mut errors, fields, introspected, .. } = validation;
    errors.truncate(ERRORS_MAX);
    if !errors.is_empty() {
        return Err(errors);
    }
    let asks_for_types =
        ["Query.__type", "Query.__schema"].iter().any(|f| introspected.contains_key(f));
    if asks_for_types && options.introspection_refused {
        let message = "Introspection has been disabled for this request";
        return Err(vec![GraphqlError::classified("IntrospectionDisabled", message)]);
    }
    if let Some(field) = ONCE.iter().find(|field| introspected.get(*field).is_some_and(|n| *n > 1))
    {
        let message = format!(
            "This request is not asking for introspection in good faith - {field} is present too often!"
        );
        return Err(vec![GraphqlError::classified("BadFaithIntrospection", message)]);
    }
    if fields > options.field_limit {
        let message = format!("Maximum field count exceeded. {fields} > {}", options.field_limit);
        return Err(vec![GraphqlError::classified("ExecutionAborted", message)]);
    }
    Ok(())
}

impl<'a> Validation<'a> {
    fn invalid(&mut self, rule: &str, path: &[&str], field: &Field, detail: String) {
        let at = Some(field.at);
        self.errors
            .push(GraphqlError { at, ..GraphqlError::invalid(rule, &path.join("/"), detail) });
    }

    fn variables(&mut self) {
        for variable in &self.operation.variables {
            let name = variable.ty.name();
            let error = match self.schema.types.get(name).map(|ty| ty.keyword.as_str()) {
                Some("type") => {
                    let detail = format!(
                        "Input variable '{}' type '{name}' is not an input type",
                        variable.name
                    );
                    GraphqlError::invalid("NonInputTypeOnVariable", "", detail)
                }
                Some(_) => continue,
                None => GraphqlError::invalid("UnknownType", "", format!("Unknown type '{name}'")),
            };
            self.errors.push(error);
        }
    }

    fn selections(&mut self, fields: &'a [Field], parent: &str, path: &mut Vec<&'a str>) {
        let schema = self.schema;
        for (n, field) in fields.iter().enumerate() {
            self.fields += 1;
            path.push(&field.name);
            let same_key = fields[..n].iter().find(|earlier| earlier.key() == field.key());
            if same_key.is_some_and(|it| it.name != field.name || it.arguments != field.arguments) {
                let detail = format!("'{}' : fields have different argument values", field.key());
                self.invalid("FieldsConflict", path, field, detail);
            }
            let full = format!("{parent}.{}", field.name);
            if let Some(once) = ONCE.iter().find(|once| **once == full) {
                *self.introspected.entry(once).or_default() += 1;
            }
            match schema.field(parent, &field.name) {
                Some(definition) => self.field(field, definition, path),
                None if field.name == "__typename" => {}
                None => {
                    let detail = format!("Field '{}' in type '{parent}' is undefined", field.name);
                    self.invalid("FieldUndefined", path, field, detail);
                }
            }
            path.pop();
        }
    }

    fn field(&mut self, field: &'a Field, definition: &FieldDefinition, path: &mut Vec<&'a str>) {
        for (name, value) in &field.arguments {
            match definition.arguments.iter().find(|known| known.name == *name) {
                Some(argument) => self.argument(field, argument, value, path),
                None => {
                    let detail = format!("Unknown field argument '{name}'");
                    self.invalid("UnknownArgument", path, field, detail);
                }
            }
        }
        for argument in definition.arguments.iter().filter(|argument| argument.ty.is_required()) {
            if field.argument(&argument.name).is_none() {
                let detail = format!("Missing field argument '{}'", argument.name);
                self.invalid("MissingFieldArgument", path, field, detail);
            }
        }
        let ty = definition.ty.name();
        let is_leaf = self.schema.types.get(ty).is_none_or(|ty| ty.keyword != "type");
        let name = &field.name;
        if is_leaf && !field.selections.is_empty() {
            let detail = format!("Subselection not allowed on leaf type '{ty}' of field '{name}'");
            self.invalid("SubselectionNotAllowed", path, field, detail);
        } else if !is_leaf && field.selections.is_empty() {
            let detail = format!("Subselection required for type '{ty}' of field '{name}'");
            self.invalid("SubselectionRequired", path, field, detail);
        } else {
            self.selections(&field.selections, ty, path);
        }
    }

    fn argument(
        &mut self,
        field: &'a Field,
        argument: &FieldDefinition,
        value: &'a Literal,
        path: &[&str],
    ) {
        let mut used = Vec::new();
        variables_in(value, &mut used);
        for name in &used {
            if !self.operation.variables.iter().any(|declared| declared.name == *name) {
                let detail = format!("Undefined variable '{name}'");
                self.invalid("UndefinedVariable", path, field, detail);
            }
        }
        self.used_variables.extend(used);
        if let Literal::Variable(name) = value {
            let declared = self.operation.variables.iter().find(|declared| declared.name == *name);
            let given = declared.map(|declared| match declared.default {
                Some(_) => Type::NonNull(Box::new(declared.ty.clone())),
                None => declared.ty.clone(),
            });
            if let Some(given) = given.filter(|given| !given.fits(&argument.ty)) {
                let detail = format!(
                    "Variable type '{given}' does not match expected type '{}'",
                    argument.ty
                );
                self.invalid("VariableTypeMismatch", path, field, detail);
            }
            return;
        }
        let coercion = Coercion { schema: self.schema, variables: Some(&Map::new()) };
        if let Err(why) = coercion.value(&argument.ty, value, &argument.name) {
            self.invalid("WrongType", path, field, format!("argument '{}' {why}", argument.name));
        }
    }
}

fn variables_in<'a>(value: &'a Literal, found: &mut Vec<&'a str>) {
    match value {
        Literal::Variable(name) => found.push(name),
        Literal::List(items) => items.iter().for_each(|item| variables_in(item, found)),
        Literal::Object(fields) => fields.iter().for_each(|(_, value)| variables_in(value, found)),
        _ => {}
    }
}
