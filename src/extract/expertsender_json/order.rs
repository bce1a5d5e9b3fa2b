//! From an order's fields to what is sent of it.

use super::fields::{Order, Product};
use super::zones::zone_named;
use crate::domain::{Moment, Reason, SourceLine, SourceOrder, Status};
use crate::extract::decimal;
use crate::extract::json::{Document, Fields};
use jiff::tz::TimeZone;

/// The attribute that names the way of shipping.
const SHIPPING_METHOD: &str = "Shipping Method";

/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: Order<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let customer = fields.object(&stated.customer, "customer");
    let id = fields.id(stated.id, "id");
    let total = fields.text(stated.total_value, "totalValue");
    let refunded = fields.text(stated.returns_value, "returnsValue");
    let mut order = SourceOrder {
        number: id.clone(),
        id,
        email: fields.text(customer.and_then(|customer| customer.email), "customer.email"),
        customer_id: [
            fields.id(customer.and_then(|customer| customer.crm_id), "customer.crmId"),
            fields.id(customer.and_then(|customer| customer.id), "customer.id"),
        ]
        .into_iter()
        // Nobody is customer 0.
        .find(|id| !matches!(id.as_str(), "" | "0"))
        .unwrap_or_default(),
        created_at: date(&stated, &mut fields),
        currency: fields.text(stated.currency, "currency"),
        status: status(&stated, &refunded, &total, &mut fields),
        total,
        refunded,
        shipping_method: shipping_method(&stated, &mut fields),
        lines: fields
            .list(&stated.products, "products")
            .iter()
            .map(|product| line_of(product, document.line, &mut fields))
            .collect(),
        ..SourceOrder::default()
    };
    if order.status.is_none() {
        order.status_word = fields.text(stated.status, "status");
    }
    order.faults = fields.faults;
    Ok(order)
}

/// The date as it stands, where it says its offset or the order names no zone; else with the offset
/// that the zone it names had then. A zone that is not known is never passed over for another.
fn date(stated: &Order<'_>, fields: &mut Fields) -> String {
    let date = fields.text(stated.date, "date");
    let zone = fields.text(stated.time_zone, "timeZone");
    let read_in =
        |zone: &TimeZone| Moment::parse(&date, zone).map(|moment| moment.to_string()).ok();
    let (utc, elsewhere) =
        (read_in(&TimeZone::UTC), read_in(&TimeZone::fixed(jiff::tz::offset(1))));
    // What reads the same in any zone says its offset itself; what reads in none is no date.
    if zone.is_empty() || utc == elsewhere {
        return date;
    }
    match zone_named(&zone) {
        Some(zone) => read_in(&zone).unwrap_or(date),
        None => {
            fields.add(Reason::BadDate, "timeZone");
            date
        }
    }
}

/// In any case. An order of which no status is stated is one that was made.
fn status(stated: &Order<'_>, refunded: &str, total: &str, fields: &mut Fields) -> Option<Status> {
    let returned = decimal::parse(refunded).filter(|amount| *amount > 0);
    match fields.text(stated.status, "status").to_ascii_lowercase().as_str() {
        "placed" => Some(Status::Pending),
        "canceled" | "cancelled" | "deleted" => Some(Status::Cancelled),
        "paid" | "completed" | "" => Some(match (returned, decimal::parse(total)) {
            (Some(returned), Some(total)) if returned >= total => Status::Refunded,
            (Some(_), _) => Status::PartiallyRefunded,
            (None, _) => Status::Paid,
        }),
        _ => {
            fields.add(Reason::UnknownStatus, "status");
            None
        }
    }
}

fn shipping_method(stated: &Order<'_>, fields: &mut Fields) -> String {
    for attribute in fields.list(&stated.order_attributes, "orderAttributes") {
        if fields.text(attribute.name, "orderAttributes").eq_ignore_ascii_case(SHIPPING_METHOD) {
            return fields.text(attribute.value, "orderAttributes");
        }
    }
    String::new()
}

fn line_of(product: &Product<'_>, line: u64, fields: &mut Fields) -> SourceLine {
    let quantity = fields.text(product.quantity, "quantity");
    let returned = fields.text(product.returned, "returned");
    if let (Ok(quantity), Ok(returned)) = (quantity.parse::<u64>(), returned.parse::<u64>())
        && returned > quantity
    {
        fields.add(Reason::BadQuantity, "returned");
    }
    SourceLine {
        id: fields.id(product.id, "products.id"),
        name: fields.text(product.name, "products.name"),
        quantity,
        unit_price: fields.text(product.price, "price"),
        category: fields.text(product.category, "category"),
        image_url: fields.text(product.image_url, "imageUrl"),
        product_url: fields.text(product.url, "url"),
        at_line: line,
        ..SourceLine::default()
    }
}
