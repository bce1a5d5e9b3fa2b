use super::coerce::{Coercion, variables};
use super::error::GraphqlError;
use super::introspect;
use super::orders::{Fields, write};
use super::parser::{Field, Literal};
use super::request::Request;
use super::schema::Schema;
use super::search;
use super::validate::{root, validate};
use crate::simulator::call::Call;
use crate::simulator::faults::Kind;
use crate::simulator::reply::{Content, Reply};
use crate::simulator::world::World;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Answers `POST /ecom/graphql`.
pub(in crate::simulator) fn answer(world: &mut World, call: &Call, fault: Option<&Kind>) -> Reply {
    if call.body_len > world.options.graphql.body_limit {
        let mut reply = Reply::json(413, Value::Null);
        reply.body = Content::Html("<html><body>413 Request Entity Too Large</body></html>".into());
        return reply;
    }
    let status = world.options.graphql.validation_status;
    let request = match &call.graphql {
        Some(Ok(request)) => request,
        Some(Err(error)) => return refusal(status, std::slice::from_ref(error)),
        None => return Reply::message(400, "The body is not JSON."),
    };
    let schema = Arc::clone(&world.graphql.schema);
    let checked = validate(&schema, &request.operation, &world.options.graphql)
        .and_then(|()| variables(&schema, &request.operation, &request.variables));
    let variables = match checked {
        Ok(variables) => variables,
        Err(errors) => return refusal(status, &errors),
    };
    let execution = Execution { schema: &schema, request, variables, call, fault };
    execution.run(world)
}

fn refusal(status: u16, errors: &[GraphqlError]) -> Reply {
    let errors: Vec<Value> = errors.iter().map(GraphqlError::json).collect();
    Reply::json(status, json!({"data": null, "errors": errors}))
}

struct Execution<'a> {
    schema: &'a Schema,
    request: &'a Request,
    variables: Map<String, Value>,
    call: &'a Call,
    fault: Option<&'a Kind>,
}

/// The value of a field at the top, with the errors of its parts.
#[derive(Default)]
struct Resolved {
    value: Value,
    errors: Vec<GraphqlError>,
    /// Whether a search reached its last order.
    ends: bool,
}

impl Execution<'_> {
    fn run(&self, world: &mut World) -> Reply {
        let mut data = Map::new();
        let (mut errors, mut ends) = (Vec::new(), false);
        for field in &self.request.operation.selections {
            match self.resolve(world, field) {
                Ok(resolved) => {
                    data.insert(field.key().to_owned(), resolved.value);
                    errors.extend(resolved.errors.iter().map(GraphqlError::json));
                    ends |= resolved.ends;
                }
                // Nothing of a refused mutation is stored; those before it in the request are.
                Err(reply) => {
                    return Reply {
                        created: self.request.operation.is_mutation && !data.is_empty(),
                        ..reply
                    };
                }
            }
        }
        let mut body = json!({"data": data});
        if !errors.is_empty() {
            body["errors"] = errors.into();
        }
        let created = self.request.operation.is_mutation;
        Reply { created, list_ends: ends, ..Reply::json(200, body) }
    }

    fn resolve(&self, world: &mut World, field: &Field) -> Result<Resolved, Reply> {
        let status = world.options.graphql.validation_status;
        let refused = |error: GraphqlError| refusal(status, &[error]);
        let root = root(&self.request.operation);
        if field.name == "__typename" {
            return Ok(Resolved { value: json!(root), ..Resolved::default() });
        }
        let mut arguments = self
            .arguments(root, field)
            .map_err(|why| refused(GraphqlError::invalid("WrongType", &field.name, why)))?;
        let mut resolved = Resolved::default();
        match field.name.as_str() {
            "__type" => {
                let name = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
                resolved.value = introspect::named(self.schema, name, &field.selections);
                return Ok(resolved);
            }
            "__schema" => {
                resolved.value = introspect::whole(self.schema, &field.selections);
                return Ok(resolved);
            }
            "getOrder" => resolved.value = search::get(world, &arguments),
            "searchOrder" => {
                let filter = arguments.get("filter").and_then(Value::as_object).cloned();
                let found = search::search(world, &filter.unwrap_or_default());
                (resolved.value, resolved.ends) = found.map_err(|why| {
                    refused(GraphqlError::classified("DataFetchingException", why))
                })?;
            }
            _ => {
                let orders = match arguments.remove("orders").or_else(|| arguments.remove("order"))
                {
                    Some(Value::Array(orders)) => orders,
                    order => order.into_iter().collect(),
                };
                self.mutate(world, field, orders, &mut resolved)?;
            }
        }
        let ty = self.schema.field(root, &field.name).map(|definition| definition.ty.name());
        resolved.value = self.select(ty.unwrap_or_default(), &resolved.value, &field.selections);
        Ok(resolved)
    }

    fn mutate(
        &self,
        world: &mut World,
        field: &Field,
        orders: Vec<Value>,
        resolved: &mut Resolved,
    ) -> Result<(), Reply> {
        let options = &world.options.graphql;
        let status = options.validation_status;
        if let Some(limit) = options.batch_limit.filter(|limit| orders.len() > *limit) {
            let message =
                format!("The batch has {} orders; at most {limit} are allowed.", orders.len());
            let status = if options.classified { status } else { 400 };
            return Err(refusal(status, &[GraphqlError::of_orders(options, message)]));
        }
        let is_list = options.receipt_list;
        let objects = orders.into_iter().filter_map(|order| match order {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
        let written = write(world, self.call, field, objects.collect(), self.fault)
            .map_err(|error| refusal(status, &[error]))?;
        resolved.errors = written.errors;
        resolved.value = match field.name.as_str() {
            "upsertOrder" => written.receipts.into_iter().next().unwrap_or_default(),
            "bulkUpsertOrders" => Value::Array(written.receipts),
            _ => {
                world.graphql.receipts += 1;
                let receipt = json!({"recordId": format!("record-{:06}", world.graphql.receipts)});
                if is_list { json!([receipt]) } else { receipt }
            }
        };
        Ok(())
    }

    fn arguments(&self, root: &str, field: &Field) -> Result<Fields, String> {
        let coercion = Coercion { schema: self.schema, variables: Some(&self.variables) };
        let definitions = self.schema.field(root, &field.name).map(|field| &field.arguments);
        let mut arguments = Fields::new();
        for definition in definitions.into_iter().flatten() {
            let Some(value) = field.argument(&definition.name) else { continue };
            if matches!(value, Literal::Variable(name) if !self.variables.contains_key(name)) {
                continue;
            }
            let value = coercion.value(&definition.ty, value, &definition.name)?;
            arguments.insert(definition.name.clone(), value);
        }
        Ok(arguments)
    }

    /// The selected fields of a value; those it lacks are null.
    fn select(&self, ty: &str, value: &Value, selections: &[Field]) -> Value {
        let fields = match value {
            Value::Array(items) => {
                return items.iter().map(|item| self.select(ty, item, selections)).collect();
            }
            Value::Object(fields) => fields,
            leaf => return leaf.clone(),
        };
        let select = |field: &Field| {
            let definition = self.schema.field(ty, &field.name);
            let value = match (definition, fields.get(&field.name)) {
                (None, _) => json!(ty),
                (Some(field_definition), Some(value)) => {
                    self.select(field_definition.ty.name(), value, &field.selections)
                }
                (Some(_), None) => Value::Null,
            };
            (field.key().to_owned(), value)
        };
        Value::Object(selections.iter().map(select).collect())
    }
}
