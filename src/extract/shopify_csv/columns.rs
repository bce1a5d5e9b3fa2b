//! The columns of a file, determined once by its header.

use crate::domain::Unstated;
use crate::extract::cells::columns;
use crate::extract::header::Header;
use crate::extract::stating::unstated;

columns! {
    /// The columns that are read, under the names that Shopify gives them.
    Columns {
        name: ["Name"];
        id: ["Id"];
        email: ["Email"];
        financial_status: ["Financial Status"];
        accepts_marketing: ["Accepts Marketing"];
        currency: ["Currency"];
        subtotal: ["Subtotal"];
        shipping: ["Shipping"];
        taxes: ["Taxes"];
        total: ["Total"];
        discount_code: ["Discount Code"];
        discount_amount: ["Discount Amount"];
        shipping_method: ["Shipping Method"];
        created_at: ["Created at"];
        line_quantity: ["Lineitem quantity"];
        line_name: ["Lineitem name"];
        line_price: ["Lineitem price"];
        line_sku: ["Lineitem sku"];
        line_discount: ["Lineitem discount"];
        cancelled_at: ["Cancelled at"];
        payment_method: ["Payment Method"];
        refunded_amount: ["Refunded Amount"];
        source: ["Source"];
        duties: ["Duties"];
    }
}

/// How the rows of one file are read.
#[derive(Debug)]
pub struct Layout {
    pub columns: Columns,
    /// What the file has no column for.
    pub unstated: Unstated,
}

impl Layout {
    pub fn of(header: &Header) -> Self {
        let unstated = unstated("shopify-csv", |name| header.has(name));
        Self { columns: Columns::of(header), unstated }
    }
}
