//! Questions about the REST API.

use super::prober::{Prober, Tried, number_of};
use super::questions::ProbeResult;
use super::report::NoAnswer;
use super::test_shops::{TestShops, address, amount, customer, key, line};
use crate::activecampaign::{OrderTrial, RemoteOrder};
use crate::domain::{Discount, DiscountKind, Order, OrderKey, RemoteId};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Orders and carts that all questions of the table create by REST, if the account accepts each.
pub const ORDERS_MAX: u64 = 23;

pub(super) type Answered = Result<ProbeResult, NoAnswer>;

/// One of two words.
pub(super) fn either(is_first: bool, first: &'static str, second: &'static str) -> Answered {
    Ok((if is_first { first } else { second }, None))
}

fn taken<T>(tried: &Tried<T>) -> Answered {
    either(tried.is_taken(), "accepted", "refused")
}

pub(super) fn source_of(record: &RemoteOrder) -> ProbeResult {
    let word = match record.source {
        Some(0) => "historical",
        Some(_) => "real_time",
        None => "not_stated",
    };
    (word, None)
}

/// Milliseconds since a moment.
fn since(then: Instant, now: Instant) -> Option<i64> {
    i64::try_from((now - then).as_millis()).ok()
}

pub(super) async fn rate_headers(at: &Prober<'_>) -> Answered {
    let traffic = at.client.traffic();
    if traffic.total == 0 {
        return Err(NoAnswer::because("nothing_sent"));
    }
    either(traffic.budgets_stated > 0, "stated", "not_stated")
}

/// An id that no record has.
const ID_OF_NONE: &str = "2000000000";

pub(super) async fn missing_record(at: &Prober<'_>) -> Answered {
    let id = RemoteId::new(ID_OF_NONE);
    match at.read(at.client.order(&id)).await {
        Ok(None) => Ok(("gone", None)),
        Ok(Some(_)) | Err(NoAnswer::Unanswered(_)) => Ok(("other", None)),
        Err(end) => Err(end),
    }
}

pub(super) async fn retry_after(at: &Prober<'_>) -> Answered {
    let traffic = at.client.traffic();
    match (traffic.throttled, traffic.waits_stated) {
        (0, _) => Ok(("not_met", None)),
        (_, stated) => either(stated > 0, "stated", "not_stated"),
    }
}

pub(super) async fn customer_key(at: &TestShops<'_>) -> Answered {
    let connection = &at.shop.connection;
    let is_refused = async |person, email_of| {
        let customer = customer(person, email_of)?;
        let tried = at.send(async |turn| turn.create_customer(connection, &customer).await).await?;
        Ok::<bool, NoAnswer>(!tried.is_taken())
    };
    let (by_id, by_email) = (is_refused(1, 3).await?, is_refused(3, 1).await?);
    let word = match (by_id, by_email) {
        (true, true) => "either",
        (true, false) => "externalid",
        (false, true) => "email",
        (false, false) => "both",
    };
    Ok((word, None))
}

pub(super) async fn list_lag(at: &TestShops<'_>) -> Answered {
    let order = at.shop.order("lag")?;
    at.create(&order).await?.taken()?;
    lag(at, async || is_listed(at, &at.shop.connection, &order).await).await
}

/// Whether the list of a connection has an order.
pub(super) async fn is_listed(
    at: &TestShops<'_>,
    connection: &RemoteId,
    order: &Order,
) -> Result<bool, NoAnswer> {
    Ok(at.read(at.client.order_by_key(connection, &order.key)).await?.is_some())
}

/// How long an order that was just sent is missing, according to `is_there`.
pub(super) async fn lag(
    at: &TestShops<'_>,
    is_there: impl AsyncFn() -> Result<bool, NoAnswer>,
) -> Answered {
    let sent = Instant::now();
    let look = async || {
        let asked = Instant::now();
        Ok(is_there().await?.then_some(asked))
    };
    Ok(match at.look(look).await? {
        Some(seen) => ("seen", since(sent, seen)),
        None => ("not_seen", None),
    })
}

/// Creates an order twice.
async fn twice(at: &TestShops<'_>, order: &Order) -> Answered {
    at.create(order).await?.taken()?;
    taken(&at.create(order).await?)
}

pub(super) async fn unique_order(at: &TestShops<'_>) -> Answered {
    twice(at, &at.shop.order("twice")?).await
}

fn cart(at: &TestShops<'_>, name: &str) -> Result<Order, NoAnswer> {
    let order = at.shop.order(name)?;
    let cart = OrderKey::of_cart(order.key.as_str()).map_err(|_| NoAnswer::because("constant"))?;
    Ok(Order { key: cart, abandoned_at: Some(order.created_at), ..order })
}

pub(super) async fn unique_cart(at: &TestShops<'_>) -> Answered {
    twice(at, &cart(at, "cart-twice")?).await
}

pub(super) async fn cart_and_order(at: &TestShops<'_>) -> Answered {
    at.create(&cart(at, "cart")?).await?.taken()?;
    taken(&at.create(&at.shop.order("cart")?).await?)
}

pub(super) async fn foreign_customer(at: &TestShops<'_>) -> Answered {
    let order = at.shop.order("foreign")?;
    let (connection, customer) = (&at.shop.connection, &at.bulk.customer);
    let trial = OrderTrial { connection, customer, order: &order, fields: &[] };
    taken(&at.create_as(&trial).await?)
}

/// Waits until a list shows this order.
async fn visible(at: &TestShops<'_>, order: &Order) -> Result<(), NoAnswer> {
    let look = async || at.read(at.client.order_by_key(&at.shop.connection, &order.key)).await;
    at.look(look).await?.map(|_| ()).ok_or_else(|| NoAnswer::because("not_visible"))
}

pub(super) async fn filter(at: &TestShops<'_>) -> Answered {
    let (short, long) = (at.shop.order("filter")?, at.shop.order("filter-long")?);
    for order in [&short, &long] {
        at.create(order).await?.taken()?;
        visible(at, order).await?;
    }
    let id = short.key.as_str();
    let filters = [("connectionid", at.shop.connection.as_str()), ("externalid", id)];
    let listed = at.read(at.client.listed_orders(&filters, false)).await?;
    let has = |matches: &dyn Fn(&str) -> bool| listed.iter().any(|it| matches(&it.externalid));
    let word = if has(&|it| !it.contains(id)) {
        "ignored"
    } else if has(&|it| it != id) {
        "contains"
    } else {
        "equals"
    };
    Ok((word, None))
}

pub(super) async fn filter_signs(at: &TestShops<'_>) -> Answered {
    let order = Order { key: key("a+b&c=ü")?, ..at.shop.order("signs")? };
    at.create(&order).await?.taken()?;
    let id = order.key.as_str();
    let filters = [("connectionid", at.shop.connection.as_str()), ("externalid", id)];
    let look = async || {
        let listed = at.read(at.client.listed_orders(&filters, false)).await?;
        Ok(listed.iter().any(|order| order.externalid == id).then_some(()))
    };
    either(at.look_in_time(look).await?.is_some(), "found", "not_found")
}

/// The ids of the probe's orders in a list.
async fn listed(at: &TestShops<'_>, is_newest_first: bool) -> Result<Vec<u64>, NoAnswer> {
    let filters = [("connectionid", at.shop.connection.as_str())];
    let mut listed = at.read(at.client.listed_orders(&filters, is_newest_first)).await?;
    listed.retain(|order| order.connection == at.shop.connection);
    match listed.len() {
        0 | 1 => Err(NoAnswer::because("too_few_orders")),
        _ => Ok(listed.iter().map(|order| number_of(&order.id)).collect()),
    }
}

pub(super) async fn list_order(at: &TestShops<'_>) -> Answered {
    let ids = listed(at, false).await?;
    let word = if ids.is_sorted() {
        "ascending"
    } else if ids.iter().rev().is_sorted() {
        "descending"
    } else {
        "other"
    };
    Ok((word, None))
}

pub(super) async fn list_sort(at: &TestShops<'_>) -> Answered {
    either(listed(at, true).await?.iter().rev().is_sorted(), "honoured", "ignored")
}

pub(super) async fn update_lines(at: &TestShops<'_>) -> Answered {
    let order = at.shop.order("update")?;
    let id = at.create(&order).await?.taken()?;
    let (connection, customer) = (&at.shop.connection, &at.shop.customer);
    let fields = [("orderProducts", Value::Null)];
    let trial = OrderTrial { connection, customer, order: &order, fields: &fields };
    at.send(async |turn| turn.try_update(&id, &trial).await).await?.taken()?;
    either(at.read(at.client.products_of(&id)).await?.is_empty(), "removed", "kept")
}

pub(super) async fn update_discounts(at: &TestShops<'_>) -> Answered {
    let discount =
        Discount { name: "test".into(), kind: DiscountKind::Order, amount: amount(100)? };
    let (discounts, total) = (vec![discount], amount(900)?);
    let order =
        Order { discounts, total, discount: Some(amount(100)?), ..at.shop.order("discounts")? };
    let id = at.create(&order).await?.taken()?;
    if at.read(at.client.discounts_of(&id)).await?.is_empty() {
        return Err(NoAnswer::because("not_kept"));
    }
    let (connection, customer) = (&at.shop.connection, &at.shop.customer);
    let fields = [("orderDiscounts", Value::Null)];
    let trial = OrderTrial { connection, customer, order: &order, fields: &fields };
    at.send(async |turn| turn.try_update(&id, &trial).await).await?.taken()?;
    either(at.read(at.client.discounts_of(&id)).await?.is_empty(), "removed", "kept")
}

async fn with_total(at: &TestShops<'_>, name: &str, total: Value) -> Answered {
    taken(&at.create_with(&at.shop.order(name)?, &[("totalPrice", total)]).await?)
}

pub(super) async fn amount_empty(at: &TestShops<'_>) -> Answered {
    with_total(at, "empty", json!("")).await
}

pub(super) async fn amount_fraction(at: &TestShops<'_>) -> Answered {
    with_total(at, "fraction", json!(1000.5)).await
}

pub(super) async fn amount_negative(at: &TestShops<'_>) -> Answered {
    with_total(at, "negative", json!(-1000)).await
}

pub(super) async fn amount_large(at: &TestShops<'_>) -> Answered {
    with_total(at, "large", json!(1_i64 << 31)).await
}

pub(super) async fn total_products(at: &TestShops<'_>) -> Answered {
    let lines = vec![line("a", 3, 200)?, line("b", 1, 400)?];
    let order = Order { lines, total: amount(1_000)?, ..at.shop.order("products")? };
    let id = at.create(&order).await?.taken()?;
    let word = match at.record(&id).await?.products {
        Some(2) => "lines",
        Some(4) => "pieces",
        _ => "other",
    };
    Ok((word, None))
}

pub(super) async fn currency_unknown(at: &TestShops<'_>) -> Answered {
    let order = at.shop.order("currency")?;
    taken(&at.create_with(&order, &[("currency", json!("QQQ"))]).await?)
}

pub(super) async fn currency_lower(at: &TestShops<'_>) -> Answered {
    let order = at.shop.order("currency-lower")?;
    let tried = at.create_with(&order, &[("currency", json!("usd"))]).await?;
    let Tried::Taken(id) = tried else { return Ok(("refused", None)) };
    let word = match at.record(&id).await?.currency.as_str() {
        "USD" => "uppercased",
        "usd" => "kept",
        _ => "other",
    };
    Ok((word, None))
}

pub(super) async fn source(at: &TestShops<'_>) -> Answered {
    let id = at.create(&at.shop.order("source")?).await?.taken()?;
    Ok(source_of(&at.record(&id).await?))
}

pub(super) async fn contact(at: &TestShops<'_>) -> Answered {
    let (order, address) = (at.shop.order("contact")?, address(4));
    at.create_with(&order, &[("email", json!(address))]).await?.taken()?;
    let look = async || at.read(at.client.contact_of(&address)).await;
    either(at.look_in_time(look).await?.is_some(), "created", "not_created")
}
