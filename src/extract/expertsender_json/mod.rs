//! The dialect of ExpertSender's customer data platform: orders as its API answers and takes them.

mod order;
mod zones;

use super::json::Dialect;

/// Answers to `GET /orders/{id}` (`{status, data}`), bodies of `POST /orders` (`{mode, data:
/// […]}`), or the orders in them alone.
pub static ORDERS: Dialect = Dialect {
    name: "expertsender-json",
    title: "ExpertSender's orders",
    description: "ExpertSender: orders of the API, JSON or JSON lines",
    wrappers: &["data"],
    needs: &[&["id"], &["date"], &["totalValue"], &["customer"], &["products"]],
    siblings: &[
        ("orderStatus", "ExpertSender's changes of status"),
        ("substatus", "an error that an API answered with"),
    ],
    read: order::order,
};
