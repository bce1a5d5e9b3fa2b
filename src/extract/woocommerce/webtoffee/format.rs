use super::columns::{Columns, Lines, OrderColumns};
use super::dates::{DateReading, DateSample, Undecided, civil};
use crate::extract::error::NoMatch;
use crate::extract::format::{About, CsvHead, CsvLayout};
use crate::extract::header::{ABSENT, Header};
use crate::extract::shop_csv::{OtherNeed, ShopCsv};
use crate::extract::woocommerce::others::{INSTEAD, OTHERS};
use csv::ByteRecord;
use std::sync::Arc;

/// The order export of WebToffee's plugin.
pub static FORMAT: ShopCsv = ShopCsv {
    about: About {
        name: "webtoffee-csv",
        title: "WooCommerce export of WebToffee's plugin",
        description: "WooCommerce: WebToffee's Order Export, CSV in each of its layouts",
        how: "WordPress admin: WebToffee Import Export > Export > Orders, as CSV with all columns and line items.",
    },
    needed: &[
        &["order_id", "order_number"],
        &["order_date"],
        &["status"],
        &["order_total"],
        &["order_currency"],
        &["billing_email", "customer_email"],
    ],
    also_needed: Some(OtherNeed {
        what: "line_item_1 or item_name, item_quantity and item_subtotal",
        is_met: |header| Lines::of(header).is_some(),
    }),
    known: &[
        "product item 1 name",
        "product item 1 quantity",
        "product item 1 subtotal",
        "order_number",
        "paid_date",
        "shipping_total",
        "shipping_tax_total",
        "fee_total",
        "fee_tax_total",
        "tax_total",
        "cart_discount",
        "order_discount",
        "discount_total",
        "order_subtotal",
        "order_key",
        "payment_method",
        "payment_method_title",
        "transaction_id",
        "shipping_method",
        "customer_id",
        "customer_user",
        "customer_email",
        "customer_note",
        "wt_import_key",
        "tax_items",
        "shipping_items",
        "fee_items",
        "coupon_items",
        "refund_items",
        "order_notes",
        "download_permissions",
        "item_name",
        "item_sku",
        "item_quantity",
        "item_subtotal",
        "item_total",
    ],
    identifying: &["line_item_*", "product item *"],
    is_near: |it| it.missing <= 3 && it.known >= 8,
    hint: "export again with WebToffee's Order Export as CSV, with all columns and with line items",
    others: OTHERS,
    instead: INSTEAD,
    layout,
};

fn layout(head: &CsvHead<'_>) -> Result<Arc<dyn CsvLayout>, NoMatch> {
    let samples = samples(head.rows, head.header);
    let dates = DateReading::decide(head.webtoffee_date_shift, head.zone, &samples)
        .map_err(|undecided| undecided.refusal())?;
    let lines = Lines::of(head.header).unwrap_or(Lines::Packed(Vec::new()));
    Ok(Arc::new(Columns { order: OrderColumns::of(head.header), lines, dates }))
}

/// The dates of the first orders; rows of one order count once.
fn samples(rows: &[ByteRecord], names: &Header) -> Vec<DateSample> {
    let text = |row: &ByteRecord, at: usize| -> String {
        String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned()
    };
    let (key, date, paid) = (
        names.first_of(&["order_id", "order_number"]),
        names.at("order_date"),
        names.at("paid_date"),
    );
    let mut last = None;
    let mut samples = Vec::new();
    for row in rows.iter().filter(|row| row.len() == names.len()) {
        let order = text(row, key);
        if last.as_ref() == Some(&order) {
            continue;
        }
        last = Some(order);
        if let Some(ordered) = civil(&text(row, date)) {
            let paid = if paid == ABSENT { None } else { civil(&text(row, paid)) };
            samples.push(DateSample { ordered, paid });
        }
    }
    samples
}

impl Undecided {
    fn refusal(&self) -> NoMatch {
        let (what, hint) = match self {
            Self::NoEvidence => (
                "its order dates may be shifted by the shop's UTC offset, as this plugin does in some shops, and too few \
                 orders were paid at once to decide",
                "compare an order with the shop, then set `webtoffee_date_shift` in the job's policy: \"none\" if its time is \
                 right, \"offset\" if it is shifted",
            ),
            Self::WrongZone => (
                "its order dates look shifted by the shop's UTC offset, and that is not the offset of the job's time zone \
                 (orders were paid whole hours after they were placed, or before)",
                "set the job's `time_zone` to the shop's zone; or, if the dates are right, `webtoffee_date_shift = \"none\"` \
                 in its policy",
            ),
        };
        NoMatch::new(what, hint)
    }
}
