//! Exports of WooCommerce shops that contain no usable orders: what each is, and what to export
//! instead.

use crate::extract::shop_csv::OtherExport;

pub const INSTEAD: &str = "export the orders with WebToffee's Order Export or with Advanced Order Export as CSV, or save the answers \
                       of the REST API (wp-json/wc/v3/orders) as JSON";

const DUMP: &str =
    "is a dump of one of WooCommerce's database tables, which holds only a part of each order";

pub const OTHERS: &[OtherExport] = &[
    OtherExport {
        marks: &["order #", "customer type", "items sold"],
        without: &[],
        what: "is the download of Analytics > Orders: it has no e-mail address, no product prices, and no total but the net \
               revenue",
    },
    OtherExport {
        marks: &["order_item_1"],
        without: &[],
        what: "looks like an export of SkyVerge's CSV suite: its product cells name no prices before discounts, and its dates \
               don't say whether the month or the day comes first",
    },
    OtherExport {
        marks: &["date_created_gmt", "total_amount", "parent_order_id"],
        without: &[],
        what: DUMP,
    },
    OtherExport { marks: &["order_id", "address_type", "first_name"], without: &[], what: DUMP },
    OtherExport {
        marks: &["order_id", "created_via", "woocommerce_version"],
        without: &[],
        what: DUMP,
    },
    OtherExport { marks: &["order_item_id", "order_item_type"], without: &[], what: DUMP },
    OtherExport { marks: &["meta_id", "order_item_id", "meta_key"], without: &[], what: DUMP },
    OtherExport { marks: &["id", "order_id", "meta_key", "meta_value"], without: &[], what: DUMP },
    OtherExport {
        marks: &["order id", "date created", "product name", "total amount"],
        without: &["quantity", "price"],
        what: "looks like a list that a script of the site made: each product is beside the total of its order, with \
               neither its quantity nor its price",
    },
    OtherExport {
        marks: &["order_number", "order_date", "product_name", "quantity", "item_total"],
        without: &["item_subtotal"],
        what: "looks like a list that a script of the site made: what its products cost is stated after discounts only, and \
               the order's id is not stated",
    },
];
