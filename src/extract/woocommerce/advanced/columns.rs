//! The columns of a file, determined once by its header.

use crate::extract::cells::{Column, columns};

columns! {
    /// The columns of one file.
    Columns {
        id: ["Order ID"];
        number: ["Order Number"];
        status: ["Order Status"];
        date: ["Order Date"];
        updated: ["Modification Date"];
        email: ["Email (Billing)"];
        user_email: ["Customer User Email"];
        customer: ["Customer User ID"];
        currency: ["Currency"];
        total: ["Order Total Amount"];
        subtotal: ["Order Subtotal Amount"];
        shipping: ["Order Shipping Amount"];
        tax: ["Order Total Tax Amount"];
        discount: ["Cart Discount Amount"];
        refunded: ["Order Refund Amount"];
        shipping_method: ["Shipping Method Title"];
        coupon: ["Coupon Code"];
        coupon_amount: ["Discount Amount"];
        ordinal: ["Item #"];
        line_name: ["Item Name", "Product Name"];
        product: ["Product Id"];
        variation: ["Variation Id"];
        sku: ["SKU"];
        /// As ordered, or minus the refunded quantity if only that is stated.
        quantity: ["Quantity", "Quantity (- Refund)"];
        price_before_coupons: ["Item Cost Before Discount"];
        price_after_coupons: ["Item Cost"];
        category: ["Category"];
        image: ["Image URL"];
        url: ["Product URL"];
    }
}

impl Columns {
    /// The column that names an order in each of its rows.
    pub fn key(&self) -> &Column {
        if self.number.is_there() { &self.number } else { &self.id }
    }
}
