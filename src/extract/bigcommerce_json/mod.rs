//! The dialect of BigCommerce's orders API, version 2: orders, and what an order only links to,
//! each the answers of an address of its own: products, coupons and shipping addresses. Amounts are
//! those with tax, as those of the total are.

mod order;

use super::join::{Holds, JsonPart, Kind, Part};
use super::json::Dialect;

/// `/v2/orders` and `/v2/orders/ID`.
pub static ORDERS: Dialect = Dialect {
    name: "bigcommerce-json",
    title: "BigCommerce orders",
    description: "BigCommerce: orders of the API version 2, JSON, together with the saved answers for their products",
    wrappers: &[],
    needs: &[
        &["id"],
        &["status_id", "status"],
        &["date_created"],
        &["total_inc_tax"],
        &["currency_code", "default_currency_code"],
        &["billing_address"],
        &["products"],
    ],
    siblings: &[("statuses", "BigCommerce's list of statuses")],
    read: order::order,
};

/// `/v2/orders/ID/products`.
pub static PRODUCTS: Dialect = Dialect {
    name: "bigcommerce-json/products",
    title: "BigCommerce's products of orders",
    description: "",
    wrappers: &[],
    needs: &[
        &["order_id"],
        &["product_id"],
        &["quantity"],
        &["name"],
        &["price_inc_tax", "base_price"],
    ],
    siblings: &[],
    read: order::product,
};

/// `/v2/orders/ID/coupons`.
pub static COUPONS: Dialect = Dialect {
    name: "bigcommerce-json/coupons",
    title: "BigCommerce's coupons of orders",
    description: "",
    wrappers: &[],
    needs: &[&["order_id"], &["coupon_id", "type"], &["code"], &["discount"]],
    siblings: &[],
    read: order::coupon,
};

/// `/v2/orders/ID/shippingaddresses`.
pub static SHIPPING: Dialect = Dialect {
    name: "bigcommerce-json/shippingaddresses",
    title: "BigCommerce's shipping addresses of orders",
    description: "",
    wrappers: &[],
    needs: &[&["order_id"], &["shipping_method"], &["cost_inc_tax", "base_cost"]],
    siblings: &[],
    read: order::address,
};

static KIND: Kind = Kind {
    name: ORDERS.name,
    stands_alone: false,
    needs: &[(
        PRODUCTS.name,
        "save the answer of GET /v2/orders/ID/products for each order, in one file or in many, and name those files in \
         the job's export too; the answers of …/coupons and …/shippingaddresses are read as well",
    )],
    may_hold_lines: true,
    no_orders: (
        "holds what belongs to orders, but no file holds the orders themselves",
        "save the answers of GET /v2/orders too, and name those files in the job's export",
    ),
    no_lines: (
        "none of the orders has a product",
        "save the answers of GET /v2/orders/ID/products for these orders",
    ),
};

const fn part(dialect: &'static Dialect, holds: Holds) -> Part {
    Part { kind: &KIND, label: dialect.name, holds, family: None }
}

pub static PARTS: [JsonPart; 4] = [
    JsonPart { dialect: &ORDERS, part: part(&ORDERS, Holds::Orders), read: order::order_piece },
    JsonPart {
        dialect: &PRODUCTS,
        part: part(&PRODUCTS, Holds::Parts),
        read: order::product_piece,
    },
    JsonPart { dialect: &COUPONS, part: part(&COUPONS, Holds::Parts), read: order::coupon_piece },
    JsonPart {
        dialect: &SHIPPING,
        part: part(&SHIPPING, Holds::Parts),
        read: order::address_piece,
    },
];
