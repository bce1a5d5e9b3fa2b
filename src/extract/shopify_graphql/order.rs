//! An order with its parts, with the names of the GraphQL API.

use super::gid;
use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Text};
use crate::extract::decimal;
use crate::extract::join;
use crate::extract::json::{Record, text_or};
use crate::extract::shopify_json::status;
use crate::extract::stating::unstated;

/// An order with its lines in it.
pub fn order(record: &Record<'_>) -> SourceOrder {
    let (order, quantity) = stated(record);
    if quantity.is_some_and(|quantity| join::is_short(&order, quantity)) {
        record.fault(Reason::Truncated, "lineItems");
    }
    order
}

/// An order as its record states it, and the number of items that it states.
pub fn stated(record: &Record<'_>) -> (SourceOrder, Option<u64>) {
    let customer = record.object("customer");
    let address = customer.object("defaultEmailAddress");
    let mut order = SourceOrder {
        id: gid::number(id(record)),
        number: record.text("name"),
        email: text_or(record.text("email"), || {
            text_or(address.text("emailAddress"), || customer.text("email"))
        }),
        customer_id: gid::number(customer.id("id")),
        accepts_marketing: consent(record, &customer, &address),
        created_at: record.first(["createdAt", "processedAt"]),
        updated_at: record.text("updatedAt"),
        currency: record.text("currencyCode"),
        // The currency that the customer paid in, if the query selected it.
        paid_currency: record.text("presentmentCurrencyCode"),
        status: status(record, "displayFinancialStatus", "cancelledAt", "sourceName"),
        unstated: unstated("shopify-graphql", |key| record.states(key)),
        ..SourceOrder::default()
    };
    let total = record.object("totalPriceSet");
    if order.currency.is_empty() {
        order.currency = total.object("shopMoney").text("currencyCode");
    }
    if order.paid_currency.is_empty() {
        order.paid_currency = total.object("presentmentMoney").text("currencyCode");
    }
    order.status_word = record.text("displayFinancialStatus");
    add_amounts(record, &mut order);
    add_shipping(record, &mut order);
    for item in connection(record, "lineItems", Record::lines) {
        order.discounts.extend(discounts(&item, false));
        order.lines.push(line(&item));
    }
    order.discounts = join::summed(std::mem::take(&mut order.discounts));
    if is_cut(record, "lineItems") {
        record.fault(Reason::Truncated, "lineItems");
    }
    let quantity = record.text("subtotalLineItemsQuantity").parse().ok();
    (order, quantity)
}

/// The order's id: a global one, or a number.
pub fn id(record: &Record<'_>) -> Text {
    let id = text_or(record.id("id"), || record.id("legacyResourceId"));
    if id.starts_with("gid") && gid::parts(&id).is_none() {
        record.fault(Reason::BadId, "id");
    }
    id
}

/// The current consent to e-mail marketing; else the consent given with this order.
pub fn consent(record: &Record<'_>, customer: &Record<'_>, address: &Record<'_>) -> Option<bool> {
    let state = text_or(address.text("marketingState"), || {
        customer.object("emailMarketingConsent").text("marketingState")
    });
    match state.as_str() {
        "" => record.flag("customerAcceptsMarketing"),
        state => Some(state.eq_ignore_ascii_case("subscribed")),
    }
}

/// The subtotal is included, as lines that are separate records can get lost: they must not add up
/// to less.
fn add_amounts(record: &Record<'_>, order: &mut SourceOrder) {
    order.total = amount(record, "totalPriceSet", "totalPrice");
    order.current_total = shop_money(record, "currentTotalPriceSet");
    order.charges = decimal::sum_stated([
        shop_money(record, "totalTipReceivedSet"),
        shop_money(record, "originalTotalDutiesSet"),
    ]);
    order.subtotal = amount(record, "subtotalPriceSet", "subtotalPrice");
    order.tax = amount(record, "totalTaxSet", "totalTax");
    order.discount = amount(record, "totalDiscountsSet", "totalDiscounts");
    order.refunded = refunded(record, order);
}

/// The refunded amount as stated; else the sum of the refunds; else the reduction of the total.
/// Blank if that is zero.
fn refunded(record: &Record<'_>, order: &SourceOrder) -> Text {
    let mut refunded = amount(record, "totalRefundedSet", "totalRefunded");
    if refunded.is_empty() {
        let refunds = connection(record, "refunds", Record::list);
        refunded =
            decimal::sum_reductions(refunds.iter().map(|one| shop_money(one, "totalRefundedSet")));
    }
    match decimal::parse(&refunded) {
        _ if refunded.is_empty() => decimal::excess(&order.total, &order.current_total),
        Some(0) => Text::default(),
        _ => refunded,
    }
}

fn add_shipping(record: &Record<'_>, order: &mut SourceOrder) {
    let mut lines = connection(record, "shippingLines", Record::list);
    if lines.is_empty() {
        lines.extend(Some(record.object("shippingLine")).filter(Record::exists));
    }
    order.shipping = amount(record, "totalShippingPriceSet", "totalShippingPrice");
    if order.shipping.is_empty() {
        order.shipping = decimal::sum_stated(lines.iter().map(shipping_price));
    }
    order.shipping_method = lines.first().map(|line| line.free_text("title")).unwrap_or_default();
    order.discounts.extend(lines.iter().flat_map(|line| discounts(line, true)));
}

/// The price of a shipping line before discounts.
pub fn shipping_price(line: &Record<'_>) -> Text {
    amount(line, "originalPriceSet", "price")
}

/// The amounts that the codes deducted from lines or shipping. An order states its codes without
/// amounts, so these are only known if its lines state them.
pub fn discounts(line: &Record<'_>, of_shipping: bool) -> Vec<SourceDiscount> {
    let allocations = connection(line, "discountAllocations", Record::list);
    let discounts = allocations.iter().map(|allocation| SourceDiscount {
        name: allocation.object("discountApplication").text("code"),
        amount: shop_money(allocation, "allocatedAmountSet"),
        of_shipping,
    });
    discounts.filter(|one| !one.name.is_empty() && !one.amount.is_empty()).collect()
}

pub fn line(item: &Record<'_>) -> SourceLine {
    let quantity = item.amount("quantity");
    let price = amount(item, "originalUnitPriceSet", "originalUnitPrice");
    SourceLine {
        id: gid::number(text_or(item.object("variant").id("id"), || {
            item.object("product").id("id")
        })),
        name: item.first_free_text(["name", "title"]),
        unit_price: text_or(price, || {
            decimal::share(&amount(item, "originalTotalSet", "originalTotal"), &quantity)
        }),
        quantity,
        discount: amount(item, "totalDiscountSet", "totalDiscount"),
        sku: item.text("sku"),
        at_line: item.line(),
        ..SourceLine::default()
    }
}

/// The shop's money of a set; blank if it is not stated.
pub fn shop_money(record: &Record<'_>, set: &'static str) -> Text {
    record.object(set).object("shopMoney").amount("amount")
}

/// The shop's money of a set, else the number alone, which is the shop's too.
fn amount(record: &Record<'_>, set: &'static str, alone: &'static str) -> Text {
    text_or(shop_money(record, set), || record.amount(alone))
}

/// A list as a GraphQL answer spells it: `{"edges": [{"node": …}]}`, `{"nodes": […]}`, or just a
/// list.
pub fn connection<'a>(
    record: &Record<'a>,
    name: &'static str,
    entries: fn(&Record<'a>, &'static str) -> Vec<Record<'a>>,
) -> Vec<Record<'a>> {
    if !record.value(name).is_some_and(|value| value.is_object()) {
        return entries(record, name);
    }
    let connection = record.object(name);
    if !connection.has("edges") && !connection.has("nodes") {
        record.fault(Reason::MalformedRow, name);
    }
    let edges = entries(&connection, "edges");
    let mut items: Vec<Record<'a>> =
        edges.iter().map(|edge| edge.object("node")).filter(Record::exists).collect();
    items.extend(entries(&connection, "nodes"));
    items
}

/// Whether the query left more of a list on a further page.
pub fn is_cut(record: &Record<'_>, name: &'static str) -> bool {
    record.value(name).is_some_and(|value| value.is_object())
        && record.object(name).object("pageInfo").is_true("hasNextPage")
}
