//! The same generated orders in the form of Shopify's REST API, one per line.

use super::expected::{Expected, ExpectedCounter};
use super::order::{GeneratorOptions, Line, Order, orders};
use serde_json::{Number, Value, json};
use std::io::{self, Write};

/// Writes JSON lines: one order each, with most of the fields that the API sends but the loader
/// does not read. The orders are those of [`super::generate_csv`] with the same options; `rows`
/// counts lines of the file.
pub fn generate_json(options: &GeneratorOptions, out: &mut impl Write) -> io::Result<Expected> {
    let mut counter = ExpectedCounter::default();
    let mut rows = 0;
    for order in orders(options)? {
        serde_json::to_writer(&mut *out, &document(&order))?;
        out.write_all(b"\n")?;
        counter.add(&order);
        rows += 1;
    }
    Ok(counter.finish(rows))
}

fn document(order: &Order) -> Value {
    let (id, email) = (order.id(), order.stated_email());
    let created_at = order.stated_date("%Y-%m-%dT%H:%M:%S%:z");
    let codes = match order.discount {
        0 => json!([]),
        discount => {
            json!([{ "code": "WELCOME10", "amount": order.amount(discount).to_string(), "type": "percentage" }])
        }
    };
    let lines = order.lines.iter().enumerate().map(|(index, line)| line_item(order, index, line));
    json!({
        "id": id,
        "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
        "name": format!("#{}", 1_001 + order.index),
        "email": email, "contact_email": email, "phone": null,
        "created_at": created_at, "updated_at": created_at, "processed_at": created_at,
        "cancelled_at": null, "closed_at": null,
        "currency": order.stated_currency(), "presentment_currency": order.pricing.code,
        "buyer_accepts_marketing": order.customer.is_multiple_of(3),
        "financial_status": "paid", "fulfillment_status": "fulfilled", "source_name": "web", "test": false,
        "subtotal_price": order.amount(order.subtotal).to_string(), "subtotal_price_set": both(order, order.subtotal),
        "total_price": order.stated_total(), "total_price_set": both(order, order.total),
        "total_tax": order.amount(order.tax).to_string(), "total_tax_set": both(order, order.tax),
        "total_discounts": order.amount(order.discount).to_string(), "total_discounts_set": both(order, order.discount),
        "total_shipping_price_set": both(order, order.shipping),
        "discount_codes": codes,
        "customer": { "id": 7_000_000 + order.customer, "email": email, "state": "disabled", "tags": "" },
        "billing_address": address(order), "shipping_address": address(order),
        "shipping_lines": [{ "title": "Standard", "code": "STD", "price": order.amount(order.shipping).to_string() }],
        "refunds": [], "note": null, "note_attributes": [], "tags": "",
        "line_items": lines.collect::<Vec<_>>(),
    })
}

fn line_item(order: &Order, index: usize, line: &Line) -> Value {
    let (name, sku, _) = line.product;
    let quantity: Number = order.stated_quantity(index).parse().unwrap_or_else(|_| (-1).into());
    json!({
        "id": order.index * 8 + index as u64, "title": name, "name": name, "sku": sku,
        "product_id": sku, "variant_id": sku, "variant_title": null, "vendor": "Sample Tea House",
        "quantity": quantity, "price": order.amount(line.price).to_string(), "price_set": both(order, line.price),
        "total_discount": order.amount(0).to_string(), "total_discount_set": both(order, 0),
        "requires_shipping": true, "taxable": true, "gift_card": false, "fulfillment_status": "fulfilled",
        "grams": 200, "properties": [], "tax_lines": [], "duties": [], "discount_allocations": [],
    })
}

fn address(order: &Order) -> Value {
    json!({
        "first_name": "Buyer", "last_name": order.customer.to_string(), "name": format!("Buyer {}", order.customer),
        "address1": format!("{} Sample Street", order.customer % 200 + 1), "address2": "Back door", "company": null,
        "city": "Sampletown", "zip": "00000", "province": null, "country": "United States", "country_code": "US",
        "latitude": null, "longitude": null, "phone": null,
    })
}

/// An amount as the API states it twice: in the shop's currency and in the buyer's.
fn both(order: &Order, minor: u64) -> Value {
    let money =
        json!({ "amount": order.amount(minor).to_string(), "currency_code": order.pricing.code });
    json!({ "shop_money": money, "presentment_money": money })
}
