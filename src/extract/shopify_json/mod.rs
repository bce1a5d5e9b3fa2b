//! Shopify's REST Admin API: orders and abandoned checkouts, as in its responses or dumps of them.
//! Amounts are in the shop's currency, as stated.

mod order;

use super::json::{CartKey, JsonFormat};
pub use order::{leave_or_complete, status};

/// `orders.json`, and its forms in webhooks and dumps.
pub static ORDERS: JsonFormat = JsonFormat {
    name: "shopify-json",
    title: "Shopify orders",
    description: "Shopify: orders of the REST Admin API, JSON or JSON lines",
    how: "REST Admin API: GET orders.json?status=any&limit=250 with all fields, each page as it comes; needs read_all_orders \
         for orders older than 60 days.",
    wrappers: &["orders", "order"],
    needs: &[
        &["id", "name"],
        &["email", "contact_email", "customer"],
        &["created_at"],
        &["currency"],
        &["total_price"],
        &["line_items"],
    ],
    known_non_orders: &[
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
    keys_of_dated: &["id", "name"],
    ..JsonFormat::USUAL
};

/// `checkouts.json`: abandoned carts.
pub static CHECKOUTS: JsonFormat = JsonFormat {
    name: "shopify-checkouts-json",
    title: "Shopify's abandoned checkouts",
    description: "Shopify: abandoned checkouts of the REST Admin API, JSON or JSON lines",
    how: "REST Admin API: GET checkouts.json, each page as it comes.",
    wrappers: &["checkouts", "checkout", "orders"],
    needs: &[
        &["abandoned_checkout_url"],
        &["token"],
        &["email", "customer"],
        &["created_at", "updated_at"],
        &["currency"],
        &["total_price"],
        &["line_items"],
    ],
    read: order::checkout,
    keys_of_dated: &["token"],
    cart_key: Some(CartKey::Token),
    ..JsonFormat::USUAL
};
