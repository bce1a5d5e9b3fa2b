//! Carries out injected faults: edits to the account before a request, a changed answer, or an
//! answer in place of the request.

use super::call::{Call, scalar};
use super::faults::{Ending, Kind, RetryAfter};
use super::reply::{Content, Delivery, Pause, Reply, http_date};
use super::routes;
use super::world::World;
use serde_json::json;
use std::time::Duration;

/// The answer that a fault sends instead of handling the request.
pub(super) fn replacement(world: &World, kind: Kind) -> (Reply, Delivery) {
    let reply = match kind {
        Kind::Status { code, retry_after, html } => failure(world, code, retry_after, html),
        Kind::RateLimit => Reply::message(429, "Rate limit exceeded."),
        Kind::PaymentRequired => Reply::message(402, "Payment is required for this account."),
        Kind::Redirect => {
            let mut reply = Reply::json(302, json!({}));
            reply.headers.push(("location", "http://127.0.0.1:9/elsewhere".to_owned()));
            reply
        }
        Kind::ErrorsMissing => Reply::message(422, "The request could not be processed."),
        Kind::GraphqlError { message, classification } => {
            let mut error = json!({ "message": message });
            if let Some(classification) = classification {
                error["extensions"] = json!({ "classification": classification });
            }
            Reply::json(200, json!({ "data": null, "errors": [error] }))
        }
        Kind::ResetBefore => return (Reply::json(500, json!({})), Delivery::Reset),
        _ => Reply::message(403, "You are not authorized to access this resource."),
    };
    (reply, Delivery::Whole)
}

/// Changes the answer to a request that was carried out.
pub(super) fn alter_reply(world: &World, reply: &mut Reply, kind: Kind) -> Delivery {
    let kind = match kind {
        Kind::StoredInPart { then, .. } => Kind::Stored { then },
        other => other,
    };
    match kind {
        Kind::Stored { then: Ending::Status { code, retry_after, html } } => {
            let created = reply.created;
            *reply = Reply { created, ..failure(world, code, retry_after, html) };
        }
        Kind::Stored { then: Ending::Reset } => return Delivery::Reset,
        Kind::Stored { then: Ending::Cut } => return Delivery::Cut,
        Kind::Stored { then: Ending::Hold { ms } } => {
            return Delivery::Hold(Duration::from_millis(ms.into()));
        }
        Kind::NotFoundSubscriberAfterStore if reply.created => {
            *reply = Reply {
                created: true,
                ..Reply::message(404, "No Result found for Subscriber with id 1")
            };
        }
        Kind::EmptyBody => {
            reply.status = 200;
            reply.body = Content::Nothing;
        }
        Kind::TruncatedJson => {
            if let Content::Json(body) = &mut reply.body {
                reply.body = Content::HalfJson(body.take());
            }
        }
        Kind::LocalisedTitles => reply.localise(),
        Kind::ExtraKeys => reply.add_extra_keys(),
        Kind::EmptyList => {
            if let Some(listed) = reply.listed_mut() {
                listed.clear();
            }
            reply.set_total(0);
        }
        Kind::ListWithoutFirst => {
            if let Some(listed) = reply.listed_mut().filter(|listed| !listed.is_empty()) {
                listed.remove(0);
            }
        }
        Kind::TotalAsInt => {
            let meta = reply.object_mut().and_then(|body| body.get_mut("meta"));
            if let Some(total) = meta.and_then(|meta| meta.get_mut("total")) {
                *total = json!(total.as_str().and_then(|text| text.parse::<u64>().ok()));
            }
        }
        _ => {}
    }
    Delivery::Whole
}

fn failure(world: &World, code: u16, retry_after: RetryAfter, html: bool) -> Reply {
    let mut reply = Reply::message(code, format!("Scripted answer {code}."));
    if html {
        reply.body = Content::Html(format!(
            "<html><head><title>{code}</title></head><body>{code}</body></html>"
        ));
    }
    add_retry_after(world, &mut reply, retry_after);
    reply
}

/// Adds `Retry-After`, and notes the pause that it announces.
pub(super) fn add_retry_after(world: &World, reply: &mut Reply, retry_after: RetryAfter) {
    match retry_after {
        RetryAfter::None => {}
        RetryAfter::Seconds(seconds) => {
            reply.headers.push(("retry-after", seconds.to_string()));
            reply.pause = Some(Pause::For(Duration::from_secs(seconds.into())));
        }
        RetryAfter::HttpDate(seconds) => {
            let now = jiff::Timestamp::now();
            // The date has no fractions of a second: the pause ends at the full second before.
            let fraction =
                Duration::from_nanos(u64::try_from(now.subsec_nanosecond()).unwrap_or(0));
            let pause = Duration::from_secs(seconds.into()).saturating_sub(fraction);
            let end = now + Duration::from_secs(seconds.into());
            reply.headers.push(("retry-after", http_date(end)));
            // It is measured against the answer's own date, so both are from the same moment.
            reply.headers.push(("date", http_date(now)));
            reply.pause = Some(Pause::Until(world.clock() + pause));
        }
    }
}

/// Edits the account just before a request, as another client would.
pub(super) fn apply_edits(world: &mut World, call: &Call, kind: &Kind) {
    match kind {
        Kind::DeleteConnection => delete_connection(world, call),
        Kind::CreateDuplicateFirst => create_first(world, call),
        _ => {}
    }
}

/// Deletes the connection that a request names, itself or by its order or customer.
fn delete_connection(world: &mut World, call: &Call) {
    let named = scalar(call.sent().and_then(|sent| sent.get("connectionid")))
        .or_else(|| call.filter("connectionid").map(str::to_owned))
        .or_else(|| call.order_keys().next().map(|(connection, _)| connection))
        .and_then(|id| id.parse().ok());
    let of_route = || {
        let route = call.route.as_ref()?;
        match route.wrapper() {
            "connection" => Some(route.id_number()),
            "ecomOrder" => world.store.orders.get(route.id_number()).map(|row| row.connectionid),
            _ => world.store.customers.get(route.id_number()).map(|row| row.connectionid),
        }
    };
    if let Some(id) = named.or_else(of_route) {
        world.store.connections.remove(id);
    }
}

/// Stores the order of this request just before it, as another program would.
fn create_first(world: &mut World, call: &Call) {
    let is_create = call.method == "POST" && call.path.starts_with("/ecomOrders");
    let Some(sent) = call.sent().filter(|_| is_create) else {
        return;
    };
    let draft = routes::Draft::of_new(sent, &world.zone).ok();
    // The account refuses a second one from any client.
    let is_free = |draft: &_| routes::taken(world, draft, draft.connectionid, None).is_none();
    if let Some(draft) = draft.filter(is_free) {
        routes::stored(world, draft, call.now);
    }
}
