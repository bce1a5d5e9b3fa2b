//! The side channel: how tests and operators inspect and control the simulator, outside `/api/3`
//! and its limit.

use super::edit::{Edit, EditError};
use super::faults::Fault;
use super::graphql::GraphqlOptions;
use super::pipeline::SharedState;
use super::summary::Summary;
use super::world::World;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

/// The routes under `/__sim`.
pub(super) fn routes() -> Router<SharedState> {
    Router::new()
        .route("/__sim/summary", get(summary))
        .route("/__sim/state", get(state))
        .route("/__sim/requests", get(requests))
        .route("/__sim/triggers", get(triggers))
        .route("/__sim/faults", post(add_faults).delete(clear_faults))
        .route("/__sim/graphql", post(graphql))
        .route("/__sim/edit", post(edit))
        .route("/__sim/reset", post(reset))
}

/// Everything in the account, in the form of single records; orders with their products and
/// discounts.
pub(super) fn dump(world: &World) -> Value {
    let view = world.view("");
    let order = |row: &super::store::Order| {
        let mut order = view.order(row);
        order["ecomOrderProducts"] = view.products(row).into();
        order["ecomOrderDiscounts"] = view.discounts(row).into();
        order
    };
    json!({
        "connections": world.store.connections.iter().map(|row| view.connection(row)).collect::<Vec<_>>(),
        "ecomCustomers": world.store.customers.iter().map(|row| view.customer(row)).collect::<Vec<_>>(),
        "ecomOrders": world.store.orders.iter().map(order).collect::<Vec<_>>(),
        "graphqlOrders": world.graphql.dump(),
    })
}

async fn summary(State(state): State<SharedState>) -> Json<Summary> {
    Json(Summary::of(&state.world()))
}

async fn state(State(state): State<SharedState>) -> Json<Value> {
    Json(dump(&state.world()))
}

async fn requests(State(state): State<SharedState>) -> Json<Value> {
    Json(json!(state.world().log.entries().collect::<Vec<_>>()))
}

async fn triggers(State(state): State<SharedState>) -> Json<Value> {
    Json(json!(state.world().triggers))
}

/// One fault, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Faults {
    Many(Vec<Value>),
    One(Value),
}

async fn add_faults(
    State(state): State<SharedState>,
    Json(faults): Json<Faults>,
) -> (StatusCode, Json<Value>) {
    let faults = match faults {
        Faults::Many(faults) => faults,
        Faults::One(fault) => vec![fault],
    };
    // Read one by one, so that the message is about the fault, not the list.
    let read: Result<Vec<Fault>, _> = faults.into_iter().map(serde_json::from_value).collect();
    match read {
        Ok(faults) => {
            let added = faults.len();
            let mut world = state.world();
            for fault in faults {
                world.faults.push(fault);
            }
            (StatusCode::OK, Json(json!({"added": added})))
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({"message": error.to_string()}))),
    }
}

async fn clear_faults(State(state): State<SharedState>) -> Json<Value> {
    state.world().faults.clear();
    Json(json!({}))
}

/// Replaces all options of GraphQL.
async fn graphql(
    State(state): State<SharedState>,
    Json(options): Json<GraphqlOptions>,
) -> Json<Value> {
    state.world().configure_graphql(options);
    Json(json!({}))
}

async fn edit(
    State(state): State<SharedState>,
    Json(edit): Json<Edit>,
) -> (StatusCode, Json<Value>) {
    match state.world().edit(edit) {
        Ok(id) => (StatusCode::OK, Json(json!({"id": id.to_string()}))),
        Err(error) => {
            let status = match error {
                EditError::NotThere(_) => StatusCode::NOT_FOUND,
                EditError::Order(_) => StatusCode::BAD_REQUEST,
            };
            (status, Json(json!({"message": error.to_string()})))
        }
    }
}

async fn reset(State(state): State<SharedState>) -> Json<Value> {
    state.world().reset();
    Json(json!({}))
}
