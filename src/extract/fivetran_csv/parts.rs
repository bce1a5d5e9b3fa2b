//! Reads rows of the tables around `order` as parts of their order.

use super::values::amount;
use crate::domain::{SourceDiscount, SourceLine, SourceOrder};
use crate::extract::cells::{Cells, columns};
use crate::extract::decimal;
use crate::extract::rows::Row;

columns! {
    /// The columns of the table `order_line` that are read.
    Lines {
        variant_id: ["variant_id"];
        product_id: ["product_id"];
        name: ["name", "title"];
        quantity: ["quantity"];
        price: ["price", "original_unit_price_set_shop_amount"];
        total: ["original_total_set_shop_amount"];
        discount: ["total_discount", "total_discount_set_shop_amount"];
        sku: ["sku"];
    }
}

columns! {
    /// The columns of the table `order_discount_code` that are read.
    Codes {
        code: ["code"];
        amount: ["amount"];
        kind: ["type"];
    }
}

columns! {
    /// The columns of the table `order_shipping_line` that are read.
    Shipping {
        title: ["title"];
        price: ["price", "original_price_set_shop_amount", "price_set_shop_amount", "price_set"];
    }
}

columns! {
    /// The columns of the tables `refund` and `transaction` that are read. Only in the newer
    /// version does `refund` state the amount; in the older one it is that of the transactions.
    Refunds {
        amount: ["total_refunded_set_shop_amount", "amount"];
        currency: ["total_refunded_set_shop_currency_code", "currency"];
        kind: ["kind"];
        status: ["status"];
    }
}

impl Lines {
    pub fn read(&self, row: &Row<'_>) -> SourceOrder {
        let cells = &mut Cells::of(row);
        let quantity = cells.text(&self.quantity);
        let variant = cells.text(&self.variant_id);
        let price = match amount(cells, &self.price) {
            blank if blank.is_empty() => decimal::share(&amount(cells, &self.total), &quantity),
            price => price,
        };
        let line = SourceLine {
            id: if variant.is_empty() { cells.text(&self.product_id) } else { variant },
            name: cells.free_text(&self.name),
            quantity,
            unit_price: price,
            discount: amount(cells, &self.discount),
            sku: cells.text(&self.sku),
            at_line: row.line,
            ..SourceLine::default()
        };
        SourceOrder {
            lines: vec![line],
            faults: std::mem::take(&mut cells.faults),
            ..SourceOrder::default()
        }
    }
}

impl Codes {
    pub fn read(&self, row: &Row<'_>) -> SourceOrder {
        let cells = &mut Cells::of(row);
        let discount = SourceDiscount {
            name: cells.text(&self.code),
            amount: amount(cells, &self.amount),
            of_shipping: cells.text(&self.kind).eq_ignore_ascii_case("shipping"),
        };
        let faults = std::mem::take(&mut cells.faults);
        SourceOrder { discounts: vec![discount], faults, ..SourceOrder::default() }
    }
}

impl Shipping {
    pub fn read(&self, row: &Row<'_>) -> SourceOrder {
        let cells = &mut Cells::of(row);
        SourceOrder {
            shipping_method: cells.free_text(&self.title),
            shipping: amount(cells, &self.price),
            faults: std::mem::take(&mut cells.faults),
            ..SourceOrder::default()
        }
    }
}

impl Refunds {
    /// A transaction other than a successful refund adds nothing.
    pub fn read(&self, row: &Row<'_>) -> SourceOrder {
        let cells = &mut Cells::of(row);
        let is_transaction = self.kind.is_there();
        let went_through = cells.text(&self.kind).eq_ignore_ascii_case("refund")
            && cells.text(&self.status).eq_ignore_ascii_case("success");
        if is_transaction && !went_through {
            return SourceOrder {
                faults: std::mem::take(&mut cells.faults),
                ..SourceOrder::default()
            };
        }
        SourceOrder {
            refunded: amount(cells, &self.amount),
            currency: cells.text(&self.currency),
            faults: std::mem::take(&mut cells.faults),
            ..SourceOrder::default()
        }
    }
}
