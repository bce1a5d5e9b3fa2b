//! Squarespace: orders as `GET /1.0/commerce/orders` returns them. Dates are UTC, and every amount
//! states its currency.

mod order;

use super::json::JsonFormat;

/// `GET /1.0/commerce/orders` and `/1.0/commerce/orders/{id}`, and dumps of them.
pub static ORDERS: JsonFormat = JsonFormat {
    name: "squarespace-json",
    title: "Squarespace orders",
    description: "Squarespace: orders of the Commerce API 1.0, JSON or JSON lines",
    how: "Commerce API: GET 1.0/commerce/orders, then with the cursor of each page, each page as it comes.",
    wrappers: &["result"],
    needs: &[
        &["id"],
        &["orderNumber"],
        &["customerEmail"],
        &["createdOn"],
        &["grandTotal"],
        &["fulfillmentStatus", "paymentState"],
        &["lineItems"],
    ],
    known_non_orders: &[
        ("salesOrderId", "Squarespace's transactions"),
        ("contextId", "an error that an API answered with"),
    ],
    read: order::order,
    keys_of_dated: &["id"],
    ..JsonFormat::USUAL
};
