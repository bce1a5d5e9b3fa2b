//! BigCommerce's orders API, version 2: orders, and the products, coupons and shipping addresses
//! that an order only links to. Amounts are those with tax, as in the total.

mod order;

use super::join::{Holds, Part, SetKind};
use super::json::{JsonFormat, JsonPiece, ReadPiece};

/// `/v2/orders` and `/v2/orders/ID`.
pub static ORDERS: JsonFormat = JsonFormat {
    name: "bigcommerce-json",
    title: "BigCommerce orders",
    description: "BigCommerce: orders of the API version 2, JSON, together with the saved answers for their products",
    how: "API v2: GET /v2/orders, and for each order /v2/orders/ID/products (and /coupons, /shipping_addresses), the answers saved side by side.",
    needs: &[
        &["id"],
        &["status_id", "status"],
        &["date_created"],
        &["total_inc_tax"],
        &["currency_code", "default_currency_code"],
        &["billing_address"],
        &["products"],
    ],
    known_non_orders: &[("statuses", "BigCommerce's list of statuses")],
    read: order::order,
    piece: Some(piece("bigcommerce-json", Holds::Orders, order::order_piece)),
    parts: &[&PRODUCTS, &COUPONS, &SHIPPING],
    ..JsonFormat::USUAL
};

/// `/v2/orders/ID/products`.
static PRODUCTS: JsonFormat = JsonFormat {
    name: "bigcommerce-json/products",
    title: "BigCommerce's products of orders",
    needs: &[
        &["order_id"],
        &["product_id"],
        &["quantity"],
        &["name"],
        &["price_inc_tax", "base_price"],
    ],
    piece: Some(piece("bigcommerce-json/products", Holds::Parts, order::product_piece)),
    ..JsonFormat::USUAL
};

/// `/v2/orders/ID/coupons`.
static COUPONS: JsonFormat = JsonFormat {
    name: "bigcommerce-json/coupons",
    title: "BigCommerce's coupons of orders",
    needs: &[&["order_id"], &["coupon_id", "type"], &["code"], &["discount"]],
    piece: Some(piece("bigcommerce-json/coupons", Holds::Parts, order::coupon_piece)),
    ..JsonFormat::USUAL
};

/// `/v2/orders/ID/shippingaddresses`.
static SHIPPING: JsonFormat = JsonFormat {
    name: "bigcommerce-json/shippingaddresses",
    title: "BigCommerce's shipping addresses of orders",
    needs: &[&["order_id"], &["shipping_method"], &["cost_inc_tax", "base_cost"]],
    piece: Some(piece("bigcommerce-json/shippingaddresses", Holds::Parts, order::address_piece)),
    ..JsonFormat::USUAL
};

static KIND: SetKind = SetKind {
    name: "bigcommerce-json",
    stands_alone: false,
    needs: &[(
        "bigcommerce-json/products",
        "save the answer of GET /v2/orders/ID/products for each order, in one file or in many, and name those files in \
         the job's export too; the answers of …/coupons and …/shippingaddresses are read as well",
    )],
    may_hold_lines: true,
    no_orders: (
        "contains parts of orders, but no file contains the orders themselves",
        "save the answers of GET /v2/orders too, and name those files in the job's export",
    ),
    no_lines: (
        "none of the orders has a product",
        "save the answers of GET /v2/orders/ID/products for these orders",
    ),
};

const fn piece(label: &'static str, holds: Holds, read: ReadPiece) -> JsonPiece {
    JsonPiece { part: Part { kind: &KIND, label, holds, family: None }, read }
}
