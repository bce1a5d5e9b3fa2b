//! An order with ExpertSender's field names.

use super::zones::zone_named;
use crate::domain::{Moment, Reason, SourceLine, SourceOrder, Status, Text};
use crate::extract::json::Record;
use crate::extract::stating::unstated;
use crate::extract::statuses::after_refunds;
use compact_str::ToCompactString;
use jiff::tz::TimeZone;

/// The attribute that names the shipping method.
const SHIPPING_METHOD: &str = "Shipping Method";

pub fn order(record: &Record<'_>) -> SourceOrder {
    let customer = record.object("customer");
    // Customer 0 does not exist.
    let mut customer_ids = ["crmId", "id"].into_iter().map(|name| customer.id(name));
    let customer_id = customer_ids.find(|id| !matches!(id.as_str(), "" | "0"));
    let id = record.id("id");
    let total = record.amount("totalValue");
    let refunded = record.amount("returnsValue");
    let mut order = SourceOrder {
        number: id.clone(),
        id,
        email: customer.text("email"),
        customer_id: customer_id.unwrap_or_default(),
        created_at: date(record),
        currency: record.text("currency"),
        status: status(record, &refunded, &total),
        unstated: unstated("expertsender-json", |_| !record.text("status").is_empty()),
        total,
        refunded,
        shipping_method: shipping_method(record),
        lines: record.lines("products").iter().map(line).collect(),
        ..SourceOrder::default()
    };
    order.status_word = record.text("status");
    order
}

/// The date unchanged, if it states its offset or the order names no zone; else with the offset
/// that the zone had then. An unknown zone is an error and never replaced by another.
fn date(record: &Record<'_>) -> Text {
    let (date, zone) = (record.text("date"), record.text("timeZone"));
    let read_in =
        |zone: &TimeZone| Moment::parse(&date, zone).map(|moment| moment.to_compact_string()).ok();
    let (utc, elsewhere) =
        (read_in(&TimeZone::UTC), read_in(&TimeZone::fixed(jiff::tz::offset(1))));
    // A date that is the same in any zone states its offset; one that can't be read in any is not a
    // date.
    if zone.is_empty() || utc == elsewhere {
        return date;
    }
    match zone_named(&zone) {
        Some(zone) => read_in(&zone).unwrap_or(date),
        None => {
            record.fault(Reason::BadDate, "timeZone");
            date
        }
    }
}

/// Case is ignored. An order without a status counts as placed.
fn status(record: &Record<'_>, refunded: &str, total: &str) -> Option<Status> {
    let status = match record.text("status").to_ascii_lowercase().as_str() {
        "placed" => Status::Pending,
        "canceled" | "cancelled" | "deleted" => Status::Cancelled,
        "paid" | "completed" | "" => after_refunds(Status::Paid, refunded, total),
        _ => {
            record.fault(Reason::UnknownStatus, "status");
            return None;
        }
    };
    Some(status)
}

fn shipping_method(record: &Record<'_>) -> Text {
    let attributes = record.list("orderAttributes");
    let method = attributes
        .iter()
        .find(|attribute| attribute.text("name").eq_ignore_ascii_case(SHIPPING_METHOD));
    method.map(|attribute| attribute.free_text("value")).unwrap_or_default()
}

fn line(product: &Record<'_>) -> SourceLine {
    let (quantity, returned) = (product.amount("quantity"), product.amount("returned"));
    if let (Ok(quantity), Ok(returned)) = (quantity.parse::<u64>(), returned.parse::<u64>())
        && returned > quantity
    {
        product.fault(Reason::BadQuantity, "returned");
    }
    SourceLine {
        id: product.id("id"),
        name: product.free_text("name"),
        quantity,
        unit_price: product.amount("price"),
        category: product.free_text("category"),
        image_url: product.text("imageUrl"),
        product_url: product.text("url"),
        at_line: product.line(),
        ..SourceLine::default()
    }
}
