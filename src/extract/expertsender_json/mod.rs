//! ExpertSender's customer data platform: orders as its API returns and accepts them.

mod order;
mod zones;

use super::json::JsonFormat;

/// Answers to `GET /orders/{id}` (`{status, data}`), bodies of `POST /orders` (`{mode, data:
/// […]}`), or the orders in them alone.
pub static ORDERS: JsonFormat = JsonFormat {
    name: "expertsender-json",
    title: "ExpertSender's orders",
    description: "ExpertSender: orders of the API, JSON or JSON lines",
    how: "CDP API: GET orders/{id}, each answer as it comes, or the requests that added the orders.",
    wrappers: &["data"],
    needs: &[&["id"], &["date"], &["totalValue"], &["customer"], &["products"]],
    known_non_orders: &[
        ("orderStatus", "ExpertSender's changes of status"),
        ("substatus", "an error that an API answered with"),
    ],
    read: order::order,
    ..JsonFormat::USUAL
};
