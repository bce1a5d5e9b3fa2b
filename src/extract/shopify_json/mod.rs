//! The dialects of Shopify's REST Admin API: orders and abandoned checkouts, as its answers or a
//! dump of them hold them. They name the fields; amounts are the shop's currency, as stated, and
//! nothing is made up.

mod order;

use super::json::Dialect;
pub use order::status;

/// `orders.json`, and what webhooks and dumps make of it.
pub static ORDERS: Dialect = Dialect {
    name: "shopify-json",
    title: "Shopify orders",
    description: "Shopify: orders of the REST Admin API, JSON or JSON lines",
    wrappers: &["orders", "order"],
    needs: &[
        &["id", "name"],
        &["email", "contact_email", "customer"],
        &["created_at"],
        &["currency"],
        &["total_price"],
        &["line_items"],
    ],
    siblings: &[
        ("draft_orders", "Shopify's draft orders"),
        ("draft_order", "Shopify's draft orders"),
        ("transactions", "Shopify's transactions"),
        ("tender_transactions", "Shopify's transactions"),
        ("refunds", "Shopify's refunds"),
        ("refund", "Shopify's refunds"),
        ("customers", "Shopify's customers"),
        ("products", "Shopify's products"),
        ("orders", "the answer to a GraphQL query"),
        ("errors", "an error that an API answered with"),
    ],
    read: order::order,
};

/// `checkouts.json`: carts that were left at the checkout.
pub static CHECKOUTS: Dialect = Dialect {
    name: "shopify-checkouts-json",
    title: "Shopify's abandoned checkouts",
    description: "Shopify: abandoned checkouts of the REST Admin API, JSON or JSON lines",
    wrappers: &["checkouts", "checkout"],
    needs: &[
        &["abandoned_checkout_url"],
        &["token"],
        &["email", "customer"],
        &["created_at", "updated_at"],
        &["currency"],
        &["total_price"],
        &["line_items"],
    ],
    siblings: &[],
    read: order::checkout,
};
