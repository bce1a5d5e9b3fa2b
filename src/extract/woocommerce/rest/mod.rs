//! Orders as WooCommerce's REST API returns them (`wc/v2`, `wc/v3`), and as the API before it did
//! (`wc-api/v1` to `v3`).

mod order;

use crate::extract::json::JsonFormat;

/// `wp-json/wc/v3/orders`, and its forms in backups and dumps.
pub static ORDERS: JsonFormat = JsonFormat {
    name: "woocommerce-json",
    title: "WooCommerce orders",
    description: "WooCommerce: orders of the REST API, JSON or JSON lines",
    how: "REST API: GET wp-json/wc/v3/orders?per_page=100&page=N, each page as it comes, until one is empty.",
    wrappers: &["orders", "order", "data"],
    needs: &[
        &["id", "number"],
        &["status"],
        &["currency"],
        &["total"],
        &["billing", "billing_address"],
        &["date_created", "date_created_gmt", "created_at"],
        &["line_items"],
    ],
    known_non_orders: &[
        ("/refunded_by", "WooCommerce's refunds"),
        ("order_refunds", "WooCommerce's refunds"),
        ("code", "an error that an API answered with"),
    ],
    read: order::order,
    keys_of_dated: &["id", "number", "order_number"],
    has_html_entities: true,
    ..JsonFormat::USUAL
};
