//! Exports of WooCommerce shops that no orders can come of: what each is, and what to take instead.

use super::names::Names;
use csv::ByteRecord;

/// An export by columns that stand together only there.
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

/// What an export is, and what to take instead, where it is one of these.
pub fn refusal(names: &Names) -> Option<(String, String)> {
    let is = |other: &&Other| {
        names.has_all(other.marks) && !other.without.iter().any(|name| names.has(name))
    };
    OTHERS.iter().find(is).map(|other| (other.what.to_owned(), INSTEAD.to_owned()))
}

/// How many columns tell of one of these, which tells the delimiter.
pub fn known(header: &ByteRecord) -> usize {
    let names = Names::of(header);
    let known =
        OTHERS.iter().filter(|other| names.has_all(other.marks)).map(|other| other.marks.len());
    known.max().unwrap_or(0)
}
