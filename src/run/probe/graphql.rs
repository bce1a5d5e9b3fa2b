//! Questions about the bulk path.

use super::prober::{Prober, Tried};
use super::report::NoAnswer;
use super::rest::{self, Answered, either, is_listed, source_of};
use super::test_shops::{TestShops, amount, line};
use crate::activecampaign::{BulkMutation, BulkReply, BulkTrial, OrderTrial, Removable};
use crate::domain::{Currency, Line, Order, PriceReading, RemoteId};

/// Batch lengths that are tried, the longest first.
const LENGTHS: [usize; 4] = [100, 40, 20, 10];
/// Orders of a batch with a long body.
const OF_BODY: usize = 10;
/// Orders that all questions here send, each with a different id: 15 in addition to the batches.
pub const ORDERS_MAX: u64 = (LENGTHS[0] + OF_BODY + 15) as u64;

pub(super) async fn schema(at: &Prober<'_>) -> Answered {
    let schema = at.read(at.client.order_schema()).await?;
    let missing = schema.missing().len();
    Ok(match missing {
        _ if schema.is_assumed => ("refused", None),
        0 => ("documented", None),
        _ => ("differs", i64::try_from(missing).ok()),
    })
}

pub(super) async fn source_type(at: &Prober<'_>) -> Answered {
    let schema = at.read(at.client.order_schema()).await?;
    let word = match schema.type_of_order("creationSource") {
        _ if schema.is_assumed => "unknown",
        None => "absent",
        Some("String") => "text",
        Some(_) => "enum",
    };
    Ok((word, None))
}

pub(super) async fn lag(at: &TestShops<'_>) -> Answered {
    let order = at.bulk.order("lag")?;
    at.accepted(&order).await?;
    rest::lag(at, async || is_shown(at, &order).await).await
}

/// Whether GraphQL shows an order.
async fn is_shown(at: &TestShops<'_>, order: &Order) -> Result<bool, NoAnswer> {
    let keys = [&order.key];
    let reading = at.client.orders_by_key(&at.bulk.connection, &keys);
    Ok(at.read(reading).await?.iter().any(Option::is_some))
}

pub(super) async fn copy_lag(at: &TestShops<'_>) -> Answered {
    let order = at.bulk.order("copy-lag")?;
    at.accepted(&order).await?;
    rest::lag(at, async || is_listed(at, &at.bulk.connection, &order).await).await
}

pub(super) async fn price(at: &TestShops<'_>) -> Answered {
    let (unit, all) = (1_000, 2_000);
    let lines = vec![line("a", 2, unit)?];
    let order = Order { lines, total: amount(all)?, ..at.bulk.order("price")? };
    at.accepted(&order).await?;
    let copy = at.copy_of(&order.key).await?;
    let products = at.read(at.client.products_of(&copy.id)).await?;
    let word = match products.first().and_then(|product| product.price_minor) {
        Some(price) if price == unit => PriceReading::Unit.word(),
        // Read as the price of both, it is divided.
        Some(price) if price == unit / 2 => PriceReading::LineTotal.word(),
        _ => "other",
    };
    Ok((word, None))
}

pub(super) async fn source(at: &TestShops<'_>) -> Answered {
    let order = at.bulk.order("source")?;
    at.accepted(&order).await?;
    Ok(source_of(&at.copy_of(&order.key).await?))
}

pub(super) async fn tax(at: &TestShops<'_>) -> Answered {
    let order = Order { total: amount(1_200)?, ..at.bulk.order("tax")? };
    at.accepted(&order).await?;
    let tax = at.copy_of(&order.key).await?.tax_minor;
    either(tax.is_some_and(|tax| tax > 0), "shown", "not_shown")
}

pub(super) async fn units(at: &TestShops<'_>) -> Answered {
    let currency = Currency::parse("JPY").map_err(|_| NoAnswer::because("constant"))?;
    let order = Order { currency, ..at.bulk.order("units")? };
    at.accepted(&order).await?;
    let sent = order.total.minor();
    let word = match at.copy_of(&order.key).await?.total_minor {
        Some(total) if total == sent => "minor_units",
        Some(total) if total == sent * 100 => "hundredths",
        _ => "other",
    };
    Ok((word, None))
}

/// The record of an order in REST, and the ids of its lines, which change with each write.
async fn standing(at: &TestShops<'_>, id: &RemoteId) -> Result<(String, Vec<RemoteId>), NoAnswer> {
    let record = at.record(id).await?;
    let lines = at.read(at.client.products_of(id)).await?;
    Ok((record.updated, lines.into_iter().map(|line| line.id).collect()))
}

pub(super) async fn update(at: &TestShops<'_>) -> Answered {
    let lines = vec![line("a", 1, 600)?, line("b", 1, 400)?];
    let order = Order { lines, ..at.bulk.order("update")? };
    at.accepted(&order).await?;
    let copy = at.copy_of(&order.key).await?;
    let before = standing(at, &copy.id).await?;
    at.accepted(&at.bulk.order("update")?).await?;
    let look = async || {
        let now = standing(at, &copy.id).await?;
        Ok((now != before).then_some(now))
    };
    let Some((_, lines)) = at.look(look).await? else {
        return Err(NoAnswer::because("not_visible"));
    };
    either(lines.len() == 1, "replaces", "merges")
}

/// Sends a valid order and one with quantity 0, and returns the reply to each.
async fn right_and_wrong(at: &TestShops<'_>, name: &str) -> Result<[BulkReply; 2], NoAnswer> {
    let right = at.bulk.order(&format!("{name}-right"))?;
    let wrong =
        Order { lines: vec![line("a", 0, 1_000)?], ..at.bulk.order(&format!("{name}-wrong"))? };
    let Tried::Taken(replies) = at.upsert(&[right, wrong]).await? else {
        return Ok([BulkReply::BatchRefused, BulkReply::BatchRefused]);
    };
    <[BulkReply; 2]>::try_from(replies).map_err(|_| NoAnswer::because("not_answered"))
}

pub(super) async fn error(at: &TestShops<'_>) -> Answered {
    let [_, wrong] = right_and_wrong(at, "error").await?;
    let word = match wrong {
        BulkReply::Named(_) => "named",
        BulkReply::Accepted => "accepted",
        BulkReply::NotStored | BulkReply::BatchRefused => "not_named",
        BulkReply::Unclear => return Err(NoAnswer::because("unclear")),
    };
    Ok((word, None))
}

pub(super) async fn part(at: &TestShops<'_>) -> Answered {
    match right_and_wrong(at, "part").await? {
        [_, BulkReply::Accepted] => Err(NoAnswer::because("no_fault")),
        [BulkReply::Accepted, _] => Ok(("stored", None)),
        [BulkReply::Unclear, _] => Err(NoAnswer::because("unclear")),
        _ => Ok(("not_stored", None)),
    }
}

pub(super) async fn blank(at: &TestShops<'_>) -> Answered {
    let order = at.bulk.order("blank")?;
    let trial = BulkTrial { mutation: BulkMutation::Upsert, blank: Some("shippingMethod") };
    either(at.try_bulk(&order, trial).await?.is_taken(), "accepted", "refused")
}

pub(super) async fn asynchronous(at: &TestShops<'_>) -> Answered {
    let order = at.bulk.order("async")?;
    let trial = BulkTrial { mutation: BulkMutation::UpsertAsync, blank: None };
    if !at.try_bulk(&order, trial).await?.is_taken() {
        return Ok(("refused", None));
    }
    let look = async || Ok(is_shown(at, &order).await?.then_some(()));
    either(at.look(look).await?.is_some(), "seen", "not_seen")
}

/// Lines of each order, the most first, and the length that they give a body, in KiB.
const BODIES: [(usize, i64); 3] = [(174, 500), (87, 250), (34, 100)];
const NAME_LEN: usize = 200;

pub(super) async fn body(at: &TestShops<'_>) -> Answered {
    for (lines, kib) in BODIES {
        let one = |n: usize| {
            let name = format!("{}-{n:03}", "long ".repeat(NAME_LEN / 5));
            Ok::<_, NoAnswer>(Line { name: name.into(), ..line(&format!("{n:03}"), 1, 1)? })
        };
        let lines = (0..lines).map(one).collect::<Result<Vec<_>, _>>()?;
        let total = amount(i64::try_from(lines.len()).unwrap_or(1))?;
        let order = |n| {
            let order = at.bulk.order(&format!("body-{n}"))?;
            Ok::<_, NoAnswer>(Order { lines: lines.clone(), total, ..order })
        };
        let orders = (0..OF_BODY).map(order).collect::<Result<Vec<_>, _>>()?;
        if is_accepted(at, &orders).await? {
            return Ok(("accepted", Some(kib)));
        }
    }
    Ok(("refused", None))
}

/// Whether a batch is accepted as a whole. One that is too long may get no clear answer either.
async fn is_accepted(at: &TestShops<'_>, orders: &[Order]) -> Result<bool, NoAnswer> {
    match at.upsert(orders).await {
        Ok(Tried::Taken(replies)) => Ok(replies.iter().all(|it| *it == BulkReply::Accepted)),
        Ok(Tried::Refused) | Err(NoAnswer::Unanswered(_)) => Ok(false),
        Err(end) => Err(end),
    }
}

pub(super) async fn max(at: &TestShops<'_>) -> Answered {
    let orders = (0..LENGTHS[0]).map(|n| at.bulk.order(&format!("batch-{n}")));
    let orders = orders.collect::<Result<Vec<_>, _>>()?;
    for length in LENGTHS {
        if is_accepted(at, &orders[..length]).await? {
            return Ok(("accepted", i64::try_from(length).ok()));
        }
    }
    Ok(("refused", None))
}

pub(super) async fn over_rest(at: &TestShops<'_>) -> Answered {
    let order = at.bulk.order("over-rest")?;
    let (connection, customer) = (&at.bulk.connection, &at.bulk.customer);
    let trial = OrderTrial { connection, customer, order: &order, fields: &[] };
    let id = at.create_as(&trial).await?.taken()?;
    let before = standing(at, &id).await?;
    at.accepted(&order).await?;
    let email = order.customer.email.as_str();
    let is_second = async || {
        let found = at.read(at.client.orders_like(connection, &order.key, email)).await?;
        let of_key = found.iter().filter(|it| it.externalid == order.key.as_str());
        Ok::<bool, NoAnswer>(of_key.count() > 1)
    };
    let look = async || {
        let is_changed = is_second().await? || standing(at, &id).await? != before;
        Ok(is_changed.then_some(()))
    };
    if at.look(look).await?.is_none() {
        return Err(NoAnswer::because("not_visible"));
    }
    at.copied.borrow_mut().push(order.key.clone());
    let look = async || Ok(is_second().await?.then_some(()));
    either(at.look_in_time(look).await?.is_some(), "second_record", "one_record")
}

pub(super) async fn delete(at: &TestShops<'_>) -> Answered {
    let order = at.bulk.order("delete")?;
    at.accepted(&order).await?;
    let copy = at.copy_of(&order.key).await?;
    at.send(async |turn| turn.remove(Removable::Order, &copy.id).await).await?.taken()?;
    let look = async || Ok((!is_shown(at, &order).await?).then_some(()));
    either(at.look_in_time(look).await?.is_some(), "deleted", "kept")
}
