use super::columns::{Columns, Lines};
use super::dates::{Dates, Sample, Undecided, civil};
use crate::extract::error::NoMatch;
use crate::extract::format::{CsvFormat, CsvHead, CsvMatch, Format, Syntax};
use crate::extract::header::{ABSENT, Header, is_same};
use crate::extract::woocommerce::others;
use csv::ByteRecord;
use std::sync::Arc;

/// The order export of WebToffee's plugin.
#[derive(Debug)]
pub struct WebToffee;

pub static FORMAT: WebToffee = WebToffee;

/// Without these nothing can be sent: one of each group.
const NEEDED: &[&[&str]] = &[
    &["order_id", "order_number"],
    &["order_date"],
    &["status"],
    &["order_total"],
    &["order_currency"],
    &["billing_email", "customer_email"],
];

/// Columns that identify this export, besides those that are needed.
const TELLING: &[&str] = &[
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
];

/// Columns of lines, for a message.
const LINES_NAMED: &str = "line_item_1 or item_name, item_quantity and item_subtotal";

impl Format for WebToffee {
    fn name(&self) -> &str {
        "webtoffee-csv"
    }

    fn title(&self) -> &str {
        "WooCommerce export of WebToffee's plugin"
    }

    fn description(&self) -> &str {
        "WooCommerce: WebToffee's Order Export, CSV in each of its layouts"
    }

    fn needs(&self) -> Vec<String> {
        let groups = NEEDED.iter().map(|group| group.join(" or "));
        groups.chain([LINES_NAMED.to_owned()]).collect()
    }

    fn how(&self) -> String {
        "WordPress admin: WebToffee Import Export > Export > Orders, as CSV with all columns and line items.".to_owned()
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for WebToffee {
    fn known_columns(&self, header: &Header) -> usize {
        known(header).max(others::known(header))
    }

    fn column_names(&self) -> Vec<&str> {
        NEEDED.iter().copied().flatten().chain(TELLING).copied().collect()
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        if !head.is_named
            && let Some(refusal) = others::refusal(head.header)
        {
            return CsvMatch::Unusable(refusal);
        }
        let mut missing = head.header.missing(NEEDED);
        let lines = Lines::of(head.header);
        if lines.is_none() {
            missing.push(LINES_NAMED.to_owned());
        }
        let is_ours = head.is_named || (missing.len() <= 3 && known(head.header) >= 8);
        match lines {
            Some(lines) if missing.is_empty() => complete(head, lines),
            _ if is_ours => CsvMatch::MissingColumns {
                columns: missing,
                hint:
                    "export again with WebToffee's Order Export as CSV, with all columns and with line items"
                        .to_owned(),
            },
            _ => CsvMatch::NotThisFormat,
        }
    }
}

fn known(header: &Header) -> usize {
    let known = || NEEDED.iter().copied().flatten().chain(TELLING);
    let is_line = |name: &str| {
        let name = name.to_lowercase();
        name.starts_with("line_item_") || name.starts_with("product item ")
    };
    header.count(|name| known().any(|known| is_same(name, known)) || is_line(name))
}

fn complete(head: &CsvHead<'_>, lines: Lines) -> CsvMatch {
    let samples = samples(head.rows, head.header);
    match Dates::decide(head.webtoffee_date_shift, head.zone, &samples) {
        Ok(dates) => CsvMatch::Complete(Arc::new(Columns::of(head.header, lines, dates))),
        Err(undecided) => CsvMatch::Unusable(undecided.refusal()),
    }
}

/// The dates of the first orders; rows of one order count once.
fn samples(rows: &[ByteRecord], names: &Header) -> Vec<Sample> {
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
            samples.push(Sample { ordered, paid });
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
