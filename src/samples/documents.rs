//! The same generated orders as Shopify's REST API answers with, one to a line.

use super::deal::{Deal, Defect, Line};
use super::generate::{Generated, count};
use super::sheet::Decimal;
use super::truth::{Seen, Truth};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes JSON lines: an order each, with most of the fields that the API sends and a loader has no
/// use for. The orders are those of [`super::generate()`] with the same options; `rows` counts
/// lines of the file.
///
/// # Errors
/// Those of `out`.
pub fn generate_documents(options: &Generated, out: &mut impl Write) -> io::Result<Truth> {
    let zone = TimeZone::get("America/New_York").map_err(io::Error::other)?;
    let (mut truth, mut seen) = (Truth::default(), Seen::none());
    for index in 0..options.orders.saturating_add(options.extra_orders) {
        let deal = Deal::new(options, index, &zone);
        serde_json::to_writer(&mut *out, &document(&deal))?;
        out.write_all(b"\n")?;
        count(&deal, &mut truth, &mut seen);
        truth.rows += 1;
    }
    truth.customers = seen.count;
    Ok(truth)
}

fn document(deal: &Deal) -> Value {
    let id = 5_400_000_000_000 + deal.index * 1_024;
    let email = email(deal);
    let created_at = match deal.defect {
        Some(Defect::BadDate) => deal.placed.strftime("%d/%m/%Y %H:%M").to_string(),
        _ => deal.placed.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    };
    let total = match deal.defect {
        Some(Defect::BadTotal) => "1.234,50".to_owned(),
        _ => amount(deal, deal.total),
    };
    let codes = match deal.discount {
        0 => json!([]),
        discount => {
            json!([{ "code": "WELCOME10", "amount": amount(deal, discount), "type": "percentage" }])
        }
    };
    let lines = deal.lines.iter().enumerate().map(|(index, line)| line_item(deal, index, line));
    json!({
        "id": id,
        "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
        "name": format!("#{}", 1_001 + deal.index),
        "email": email, "contact_email": email, "phone": null,
        "created_at": created_at, "updated_at": created_at, "processed_at": created_at,
        "cancelled_at": null, "closed_at": null,
        "currency": currency(deal), "presentment_currency": deal.money.code,
        "buyer_accepts_marketing": deal.customer.is_multiple_of(3),
        "financial_status": "paid", "fulfillment_status": "fulfilled", "source_name": "web", "test": false,
        "subtotal_price": amount(deal, deal.subtotal), "subtotal_price_set": both(deal, deal.subtotal),
        "total_price": total, "total_price_set": both(deal, deal.total),
        "total_tax": amount(deal, deal.tax), "total_tax_set": both(deal, deal.tax),
        "total_discounts": amount(deal, deal.discount), "total_discounts_set": both(deal, deal.discount),
        "total_shipping_price_set": both(deal, deal.shipping),
        "discount_codes": codes,
        "customer": { "id": 7_000_000 + deal.customer, "email": email, "state": "disabled", "tags": "" },
        "billing_address": address(deal), "shipping_address": address(deal),
        "shipping_lines": [{ "title": "Standard", "code": "STD", "price": amount(deal, deal.shipping) }],
        "refunds": [], "note": null, "note_attributes": [], "tags": "",
        "line_items": lines.collect::<Vec<_>>(),
    })
}

fn line_item(deal: &Deal, index: usize, line: &Line) -> Value {
    let (name, sku, _) = line.product;
    let quantity = match deal.defect {
        Some(Defect::BadQuantity) if index == 0 => json!(1.5),
        _ => json!(line.quantity),
    };
    json!({
        "id": deal.index * 8 + index as u64, "title": name, "name": name, "sku": sku,
        "product_id": sku, "variant_id": sku, "variant_title": null, "vendor": "Sample Tea House",
        "quantity": quantity, "price": amount(deal, line.price), "price_set": both(deal, line.price),
        "total_discount": amount(deal, 0), "total_discount_set": both(deal, 0),
        "requires_shipping": true, "taxable": true, "gift_card": false, "fulfillment_status": "fulfilled",
        "grams": 200, "properties": [], "tax_lines": [], "duties": [], "discount_allocations": [],
    })
}

fn email(deal: &Deal) -> Value {
    let customer = deal.customer;
    let domain = ["example.com", "example.org", "example.net"][(customer % 3) as usize];
    match deal.defect {
        Some(Defect::NoEmail) => Value::Null,
        Some(Defect::BadEmail) => json!(format!("buyer{customer} at {domain}")),
        _ => json!(format!("buyer{customer}@{domain}")),
    }
}

fn currency(deal: &Deal) -> &'static str {
    if deal.defect == Some(Defect::BadCurrency) { "XQZ" } else { deal.money.code }
}

fn address(deal: &Deal) -> Value {
    json!({
        "first_name": "Buyer", "last_name": deal.customer.to_string(), "name": format!("Buyer {}", deal.customer),
        "address1": format!("{} Sample Street", deal.customer % 200 + 1), "address2": "Back door", "company": null,
        "city": "Sampletown", "zip": "00000", "province": null, "country": "United States", "country_code": "US",
        "latitude": null, "longitude": null, "phone": null,
    })
}

/// An amount as the API states it twice: in the shop's currency and in the buyer's.
fn both(deal: &Deal, minor: u64) -> Value {
    let money = json!({ "amount": amount(deal, minor), "currency_code": deal.money.code });
    json!({ "shop_money": money, "presentment_money": money })
}

fn amount(deal: &Deal, minor: u64) -> String {
    Decimal { minor, digits: deal.money.digits }.to_string()
}
