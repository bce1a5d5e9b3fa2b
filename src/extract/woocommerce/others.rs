//! Exports of WooCommerce shops that no orders can come of: what each is, and what to take instead.

use crate::extract::error::NoMatch;
use crate::extract::header::Header;

/// An export that is identified by columns that only it has together.
struct Other {
    marks: &'static [&'static str],
    /// Columns that it lacks, where others have the marks as well.
    without: &'static [&'static str],
    what: &'static str,
}

const INSTEAD: &str = "export the orders with WebToffee's Order Export or with Advanced Order Export as CSV, or save the answers \
                       of the REST API (wp-json/wc/v3/orders) as JSON";

const DUMP: &str =
    "is a dump of one of WooCommerce's database tables, which holds only a part of each order";

const OTHERS: &[Other] = &[
    Other {
        marks: &["order #", "customer type", "items sold"],
        without: &[],
        what: "is the download of Analytics > Orders: it has no e-mail address, no product prices, and no total but the net \
               revenue",
    },
    Other {
        marks: &["order_item_1"],
        without: &[],
        what: "looks like an export of SkyVerge's CSV suite: its product cells name no prices before discounts, and its dates \
               don't say whether the month or the day comes first",
    },
    Other {
        marks: &["date_created_gmt", "total_amount", "parent_order_id"],
        without: &[],
        what: DUMP,
    },
    Other { marks: &["order_id", "address_type", "first_name"], without: &[], what: DUMP },
    Other { marks: &["order_id", "created_via", "woocommerce_version"], without: &[], what: DUMP },
    Other { marks: &["order_item_id", "order_item_type"], without: &[], what: DUMP },
    Other { marks: &["meta_id", "order_item_id", "meta_key"], without: &[], what: DUMP },
    Other { marks: &["id", "order_id", "meta_key", "meta_value"], without: &[], what: DUMP },
    Other {
        marks: &["order id", "date created", "product name", "total amount"],
        without: &["quantity", "price"],
        what: "looks like a list that a script of the site made: each product stands beside the total of its order, with \
               neither its quantity nor its price",
    },
    Other {
        marks: &["order_number", "order_date", "product_name", "quantity", "item_total"],
        without: &["item_subtotal"],
        what: "looks like a list that a script of the site made: what its products cost is stated after discounts only, and \
               the order's id is not stated",
    },
];

/// What an export is, and what to take instead, if it is one of these.
pub fn refusal(header: &Header) -> Option<NoMatch> {
    let is = |other: &&Other| header.has_all(other.marks) && !header.has_any(other.without);
    OTHERS.iter().find(is).map(|other| NoMatch::new(other.what, INSTEAD))
}

/// How many columns mark one of these, which decides the delimiter.
pub fn known(header: &Header) -> usize {
    let found = OTHERS.iter().filter(|other| header.has_all(other.marks));
    found.map(|other| other.marks.len()).max().unwrap_or(0)
}
