//! Magento 2 (Adobe Commerce): orders as `GET /rest/V1/orders` returns them. Every amount is stated
//! twice, in the store's base currency and in the order's; only the order's are read. Dates are
//! UTC.

mod order;

use super::json::JsonFormat;

/// `GET /rest/V1/orders` and `/rest/V1/orders/{id}`, and dumps of them.
pub static ORDERS: JsonFormat = JsonFormat {
    name: "magento-json",
    title: "Magento orders",
    description: "Magento 2: orders of the REST API, JSON or JSON lines",
    how: "REST API: GET rest/V1/orders?searchCriteria[pageSize]=100&searchCriteria[currentPage]=N, each page as it comes.",
    wrappers: &["items", "orders", "order"],
    needs: &[
        &["entity_id", "increment_id"],
        &["customer_email"],
        &["created_at"],
        &["order_currency_code"],
        &["grand_total"],
        &["state", "status"],
        &["items.qty_ordered"],
    ],
    known_non_orders: &[
        ("items.order_item_id", "Magento's invoices, shipments or credit memos"),
        ("parameters", "an error that an API answered with"),
    ],
    read: order::order,
    keys_of_dated: &["entity_id", "increment_id"],
    has_html_entities: true,
    ..JsonFormat::USUAL
};
