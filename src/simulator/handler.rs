//! Handles one request: the checks in their order, then the answer.

use super::call::{Call, Resource};
use super::delays;
use super::fault_injection::{add_retry_after, alter_reply, apply_edits, replacement};
use super::fault_queue::{Stage, Target};
use super::faults::{Kind, RetryAfter};
use super::graphql;
use super::judge::judge;
use super::reply::{Content, Delivery, Reply};
use super::routes;
use super::store::Row;
use super::world::{Admission, RequestEnd, World};
use super::write_tracker::{Lookup, RecordKey};
use serde_json::{Value, json};
use std::time::Duration;

/// A request decided, but not yet answered.
pub(super) struct Outcome {
    pub reply: Reply,
    pub delivery: Delivery,
    /// Time until the answer leaves.
    pub wait: Duration,
    pub end: RequestEnd,
}

/// Decides a request synchronously: everything it changes is changed when this returns.
pub(super) fn handle(world: &mut World, call: &Call, admission: &Admission) -> Outcome {
    world.note_names(call);
    let keys = RecordKey::all_of(call, &world.store);
    for key in &keys {
        world.writes.begin(call, key, &mut world.violations);
    }
    let mut wait = delays::latency(&mut world.rng, world.options.latency);
    let (reply, delivery) = match matching_fault(world, call, Stage::BeforeChecks) {
        Some(kind) => replacement(world, kind),
        None => {
            let (mut reply, delivery, slower) = match refusal(world, call, admission) {
                Some(refusal) => (refusal, Delivery::Whole, Duration::ZERO),
                None => answer_admitted(world, call),
            };
            wait += slower;
            if let (true, Some(left)) = (world.options.rate_headers, admission.allowance.remaining)
            {
                let limit = world.options.requests_per_second.unwrap_or_default();
                reply.headers.push(("ratelimit-limit", limit.to_string()));
                reply.headers.push(("ratelimit-remaining", left.to_string()));
            }
            (reply, delivery)
        }
    };
    let end = end(call, keys, &reply, delivery);
    Outcome { reply, delivery, wait, end }
}

fn end(call: &Call, keys: Vec<RecordKey>, reply: &Reply, delivery: Delivery) -> RequestEnd {
    let whole =
        delivery == Delivery::Whole && matches!(reply.body, Content::Json(_) | Content::Html(_));
    // A refusal with `Retry-After` is a clear answer, unless something was stored nevertheless.
    let unclear = reply.status >= 500 && !(reply.status == 503 && reply.pause.is_some());
    let email = call.sent().and_then(|sent| sent.get("email")).and_then(Value::as_str);
    let is_answered = whole && reply.succeeded();
    RequestEnd {
        number: call.number,
        status: (!matches!(delivery, Delivery::Reset | Delivery::Hold(_))).then_some(reply.status),
        keys,
        creates: call.method == "POST",
        lost: !whole || unclear || (reply.created && !reply.succeeded()),
        email: email.map(str::to_owned),
        lookups: if is_answered { Lookup::all_of(call, reply.list_ends) } else { Vec::new() },
        pause: reply.pause,
    }
}

fn matching_fault(world: &mut World, call: &Call, stage: Stage) -> Option<Kind> {
    let mut keys: Vec<String> = Vec::new();
    for name in ["externalid", "externalcheckoutid"] {
        keys.extend(super::call::scalar(call.sent().and_then(|sent| sent.get(name))));
        keys.extend(call.filter(name).map(str::to_owned));
    }
    if let Some(route) = call.route.as_ref().filter(|route| route.id.is_some()) {
        let id = route.id_number();
        keys.extend(match route.wrapper() {
            "ecomOrder" => world.store.orders.get(id).map(|row| row.key()),
            "ecomCustomer" => world.store.customers.get(id).and_then(|row| row.field("externalid")),
            _ => None,
        });
    }
    keys.extend(call.order_keys().map(|(_, id)| id));
    let lookups = call.request().map(graphql::Request::lookups).unwrap_or_default();
    keys.extend(lookups.into_iter().filter_map(|(_, id)| id));
    let operations: Vec<&str> =
        call.request().into_iter().flat_map(graphql::Request::operations).collect();
    let (method, path) = (call.method.as_str(), call.path.as_str());
    let target = Target { method, path, operations: &operations, keys: &keys };
    world.faults.next_match(stage, &target, &mut world.rng)
}

/// The refusal of a request; `None` admits it.
fn refusal(world: &mut World, call: &Call, admission: &Admission) -> Option<Reply> {
    if !admission.authorised {
        return Some(Reply::message(403, "You are not authorized to access this resource."));
    }
    if !admission.allowance.admitted {
        world.log.refuse(call.method.as_str());
        let status = if world.options.limit_as_503 { 503 } else { 429 };
        let mut reply = Reply::message(status, "Rate limit exceeded.");
        add_retry_after(
            world,
            &mut reply,
            world.options.retry_after_s.map_or(RetryAfter::None, RetryAfter::Seconds),
        );
        return Some(reply);
    }
    world.log.accepted += 1;
    let Some(route) = &call.route else {
        return Some(Reply::message(404, "No route found for this path."));
    };
    let is_wrapped = route.resource != Resource::Graphql;
    if is_wrapped && matches!(call.method.as_str(), "POST" | "PUT") && call.sent().is_none() {
        let wrapper = route.wrapper();
        let title = format!("The body is not a JSON object with {wrapper}.");
        let error = json!({"title": title, "detail": "", "source": {"parameter": wrapper}});
        return Some(Reply::json(400, json!({"errors": [error]})));
    }
    (!route.allows(&call.method)).then(|| Reply::message(405, "Method not allowed for this path."))
}

fn answer_admitted(world: &mut World, call: &Call) -> (Reply, Delivery, Duration) {
    let is_trial = world.is_trial(call);
    judge(call, &world.store, is_trial, &mut world.violations);
    graphql::judge(world, call);
    graphql::note_rest_write(world, call);
    let fault = matching_fault(world, call, Stage::AfterChecks);
    if let Some(kind) = &fault {
        apply_edits(world, call, kind);
    }
    let mut reply = match &call.route {
        Some(route) => routes::answer(world, call, route, fault.as_ref()),
        None => Reply::message(404, "No route found for this path."),
    };
    if call.path.starts_with("/ecomOrders") && reply.has_code("duplicate") {
        world.duplicate_orders += 1;
    }
    let slower = match fault {
        Some(Kind::Slow { ms }) => Duration::from_millis(ms.into()),
        _ => Duration::ZERO,
    };
    let delivery = fault.map_or(Delivery::Whole, |kind| alter_reply(world, &mut reply, kind));
    (reply, delivery, slower)
}
