//! What becomes of one request: the gates in their order, and the answer behind them. What the
//! faults do is told in `mischief`.

use super::call::Call;
use super::faults::{Kind, RetryAfter};
use super::judge::judge;
use super::mischief::{announce, meddle, replaced, spoil};
use super::reply::{Content, Reply};
use super::routes;
use super::script::{Stage, Target};
use super::store::Row;
use super::watch::{Key, Lookup};
use super::world::{Closing, Ticket, World};
use serde_json::{Value, json};
use std::time::Duration;

/// A request decided, but not yet answered.
pub(super) struct Outcome {
    pub reply: Reply,
    pub delivery: Delivery,
    /// Time until the answer leaves.
    pub wait: Duration,
    pub closing: Closing,
}

/// How much of the answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// All but its end.
    Cut,
    /// Nothing: the connection is reset.
    Reset,
    /// Nothing for this long, then a reset.
    Hold(Duration),
}

/// Decides a request at once: everything it changes is changed when this returns.
pub(super) fn handle(world: &mut World, call: &Call, ticket: &Ticket) -> Outcome {
    world.note_names(call);
    let key = Key::of(call, &world.store);
    if let Some(key) = &key {
        world.watch.begin(call, key, &mut world.violations);
    }
    let mut wait = world.chance.latency(world.options.latency);
    let (reply, delivery) = match strike(world, call, Stage::LimitedListener) {
        Some(kind) => replaced(world, kind),
        None => {
            let (mut reply, delivery, slower) = match gate(world, call, ticket) {
                Some(refusal) => (refusal, Delivery::Whole, Duration::ZERO),
                None => behind_the_gates(world, call),
            };
            wait += slower;
            if let (true, Some(left)) = (world.options.rate_headers, ticket.allowance.remaining) {
                let limit = world.options.requests_per_second.unwrap_or_default();
                reply.headers.push(("ratelimit-limit", limit.to_string()));
                reply.headers.push(("ratelimit-remaining", left.to_string()));
            }
            (reply, delivery)
        }
    };
    let closing = closing(call, key, &reply, delivery);
    Outcome { reply, delivery, wait, closing }
}

fn closing(call: &Call, key: Option<Key>, reply: &Reply, delivery: Delivery) -> Closing {
    let whole =
        delivery == Delivery::Whole && matches!(reply.body, Content::Json(_) | Content::Html(_));
    // A refusal with a time to come back is a clear answer, unless something was stored all the
    // same.
    let unclear = reply.status >= 500 && !(reply.status == 503 && reply.pause.is_some());
    let email = call.sent().and_then(|sent| sent.get("email")).and_then(Value::as_str);
    Closing {
        number: call.number,
        status: (!matches!(delivery, Delivery::Reset | Delivery::Hold(_))).then_some(reply.status),
        key,
        creates: call.method == "POST",
        lost: !whole || unclear || (reply.created && !reply.succeeded()),
        email: email.map(str::to_owned),
        lookup: (whole && reply.succeeded()).then(|| Lookup::of(call, reply.list_ends)).flatten(),
        pause: reply.pause,
    }
}

fn strike(world: &mut World, call: &Call, stage: Stage) -> Option<Kind> {
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
    let target = Target { method: call.method.as_str(), path: &call.path, keys: &keys };
    world.script.strike(stage, &target, &mut world.chance)
}

/// The refusal of a request that doesn't pass; `None` lets it in.
fn gate(world: &mut World, call: &Call, ticket: &Ticket) -> Option<Reply> {
    if !ticket.authorised {
        return Some(Reply::message(403, "You are not authorized to access this resource."));
    }
    if !ticket.allowance.admitted {
        world.journal.refuse(call.method.as_str());
        let status = if world.options.limit_as_503 { 503 } else { 429 };
        let mut reply = Reply::message(status, "Rate limit exceeded.");
        announce(
            world,
            &mut reply,
            world.options.retry_after_s.map_or(RetryAfter::None, RetryAfter::Seconds),
        );
        return Some(reply);
    }
    world.journal.accepted += 1;
    let Some(route) = &call.route else {
        return Some(Reply::message(404, "No route found for this path."));
    };
    if matches!(call.method.as_str(), "POST" | "PUT") && call.sent().is_none() {
        let wrapper = route.wrapper();
        let title = format!("The body is not a JSON object with {wrapper}.");
        let error = json!({"title": title, "detail": "", "source": {"parameter": wrapper}});
        return Some(Reply::json(400, json!({"errors": [error]})));
    }
    (!route.allows(&call.method)).then(|| Reply::message(405, "Method not allowed for this path."))
}

fn behind_the_gates(world: &mut World, call: &Call) -> (Reply, Delivery, Duration) {
    judge(call, &world.store, &mut world.violations);
    let fault = strike(world, call, Stage::Inside);
    if let Some(kind) = &fault {
        meddle(world, call, kind);
    }
    let mut reply = match &call.route {
        Some(route) => routes::answer(world, call, route, fault == Some(Kind::IgnoreFilters)),
        None => Reply::message(404, "No route found for this path."),
    };
    if call.path.starts_with("/ecomOrders") && reply.has_code("duplicate") {
        world.duplicate_orders += 1;
    }
    let slower = match fault {
        Some(Kind::Slow { ms }) => Duration::from_millis(ms.into()),
        _ => Duration::ZERO,
    };
    let delivery = fault.map_or(Delivery::Whole, |kind| spoil(world, &mut reply, kind));
    (reply, delivery, slower)
}
