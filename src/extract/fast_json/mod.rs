//! Fast's seller API: orders and carts in its generic entity documents. A document is a request or
//! an answer to create, read or update one; the order in it is wrapped twice. No document states a
//! date.

mod order;

use super::json::JsonFormat;

/// Documents of `ENTITY_TYPE_ORDER`, one per file, in arrays or as JSON lines; or only the orders
/// in them.
pub static ORDERS: JsonFormat = JsonFormat {
    name: "fast-json",
    title: "Fast's orders",
    description: "Fast: entity documents of orders and carts, JSON or JSON lines",
    how: "The answers to its requests to read orders, one document each, saved as they came.",
    wrappers: &["entity", "entities", "orders"],
    // A request to create a cart has neither currency nor total; each record then reports what it
    // lacks.
    needs: &[
        &["order.order.lines", "order.lines", "lines"],
        &["order.order.currency_code", "order.currency_code", "currency_code", "order.is_cart"],
        &["order.order.total_amount", "order.total_amount", "total_amount", "order.is_cart"],
        &[
            "order.order.order_type",
            "order.order_type",
            "order_type",
            "order.order.status",
            "order.status",
            "sub_total",
        ],
    ],
    known_non_orders: &[
        ("order.external_order_id", "Fast's requests to read an order"),
        ("order.order_id", "Fast's requests to update an order, which state no amounts"),
    ],
    read: order::order,
    ..JsonFormat::USUAL
};
