//! Shopify's GraphQL Admin API: the results of bulk operations, where an order's lines are separate
//! records anywhere in the file, and pages of ordinary queries, where the lines are in the order.
//! Amounts are in the shop's currency, as stated; only fields that the query selected exist.

mod checkout;
mod gid;
mod order;
mod row;

use super::join::{Holds, Part, SetKind};
use super::json::{CartKey, JsonFormat, JsonPiece};

const NAME: &str = "shopify-graphql";
const CHECKOUTS_NAME: &str = "shopify-checkouts-graphql";

/// An order with its lines in it. Rows of a bulk operation are read as its pieces.
pub static ORDERS: JsonFormat = JsonFormat {
    name: NAME,
    title: "Shopify orders of the GraphQL API",
    description: "Shopify: orders of the GraphQL Admin API, as pages, JSON lines or the result of a bulk operation",
    how: "The result of a bulk operation (bulkOperationRunQuery over orders with their lineItems), JSON lines as downloaded; or the answers to a query, each page as it comes.",
    wrappers: &[
        "data/orders/edges/node",
        "data/orders/nodes",
        "data/order",
        "orders/edges/node",
        "orders/nodes",
    ],
    needs: &[
        &["id", "name"],
        &["email", "customer"],
        &["createdAt", "processedAt"],
        &["totalPriceSet", "totalPrice"],
        &["currencyCode", "totalPriceSet"],
    ],
    read: order::order,
    piece: Some(JsonPiece {
        part: Part { kind: &KIND, label: NAME, holds: Holds::Orders, family: None },
        read: row::piece,
    }),
    ..JsonFormat::USUAL
};

/// Abandoned carts. They are identified by the numbers of their checkouts, as the API does not show
/// the tokens.
pub static CHECKOUTS: JsonFormat = JsonFormat {
    name: CHECKOUTS_NAME,
    title: "Shopify's abandoned checkouts of the GraphQL API",
    description: "Shopify: abandoned checkouts of the GraphQL Admin API, as pages, JSON lines or the result of a bulk operation",
    how: "A pull of `from = \"shopify-checkouts\"`; or the result of a bulk operation over abandonedCheckouts with their lineItems, JSON lines as downloaded.",
    wrappers: &[
        "data/abandonedCheckouts/edges/node",
        "data/abandonedCheckouts/nodes",
        "abandonedCheckouts/edges/node",
        "abandonedCheckouts/nodes",
    ],
    needs: &[
        &["id"],
        &["abandonedCheckoutUrl"],
        &["customer"],
        &["createdAt", "updatedAt"],
        &["completedAt"],
        &["totalPriceSet"],
    ],
    read: checkout::checkout,
    piece: Some(JsonPiece {
        part: Part {
            kind: &CHECKOUTS_KIND,
            label: CHECKOUTS_NAME,
            holds: Holds::Orders,
            family: None,
        },
        read: checkout::piece,
    }),
    cart_key: Some(CartKey::Number),
    ..JsonFormat::USUAL
};

static CHECKOUTS_KIND: SetKind = SetKind {
    name: CHECKOUTS_NAME,
    no_orders: (
        "contains no abandoned checkouts of Shopify, only other records",
        "ask for `abandonedCheckouts` in the query, with their `id`",
    ),
    no_lines: (
        "none of its checkouts has a line: the query did not ask for them",
        "ask for `lineItems` of each checkout, as docs/formats.md shows it",
    ),
    ..KIND
};

static KIND: SetKind = SetKind {
    name: NAME,
    stands_alone: true,
    needs: &[],
    may_hold_lines: true,
    no_orders: (
        "contains no Shopify orders, only other records",
        "ask for `orders` in the query, with their `id`",
    ),
    no_lines: (
        "none of its orders has a line: the query did not ask for them",
        "ask for `lineItems { edges { node { id name sku quantity originalUnitPriceSet { shopMoney { amount } } } } }` \
         of each order",
    ),
};
