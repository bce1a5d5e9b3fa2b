//! Reads a row of the table `order`.

use super::values::{amount, moment};
use crate::domain::{Reason, RecordError, SourceOrder, Status, Text, Unstated};
use crate::extract::cells::{Cells, columns};
use crate::extract::join::{Piece, Role};
use crate::extract::rows::Row;
use crate::extract::shopify_csv::Words;
use crate::extract::stating::unstated;

columns! {
    /// The columns of the table `order` that are read.
    Orders {
        id: ["id"];
        name: ["name"];
        email: ["email"];
        customer_id: ["customer_id"];
        accepts_marketing: ["buyer_accepts_marketing", "customer_accepts_marketing"];
        created_at: ["created_at", "processed_at"];
        updated_at: ["updated_at"];
        currency: ["currency", "currency_code", "total_price_set_shop_currency_code"];
        total: ["total_price", "total_price_set_shop_amount"];
        subtotal: ["subtotal_price", "subtotal_price_set_shop_amount"];
        shipping: ["total_shipping_price_set", "total_shipping_price_set_shop_amount"];
        tax: ["total_tax", "total_tax_set_shop_amount"];
        discount: ["total_discounts", "total_discounts_set_shop_amount"];
        status: ["financial_status", "display_financial_status"];
        test: ["test"];
        cancelled_at: ["cancelled_at"];
        source: ["source_name"];
        checkout: ["checkout_token", "cart_token"];
        deleted: ["_fivetran_deleted"];
        active: ["_fivetran_active"];
    }
}

impl Orders {
    /// The content of a row. If it has another number of cells than the header, none of it is used.
    pub fn piece(&self, row: &Row<'_>) -> Piece {
        let mut stated = SourceOrder::default();
        stated.position.line = row.line;
        if !row.is_whole {
            stated.faults.push(RecordError::new(Reason::MalformedRow));
            return Piece { stated, ..Piece::default() };
        }
        let cells = &mut Cells::of(row);
        let id = cells.text(&self.id);
        if cells.deciding_flag(&self.deleted) == Some(true) {
            return Piece { role: Role::Deleted, key: id, stated, ..Piece::default() };
        }
        if cells.deciding_flag(&self.active) == Some(false) {
            stated.id.clone_from(&id);
            stated.number = cells.text(&self.name);
            return Piece { role: Role::Former, key: id, stated, ..Piece::default() };
        }
        let mut order = SourceOrder {
            id: id.clone(),
            number: cells.text(&self.name),
            email: cells.text(&self.email),
            customer_id: cells.text(&self.customer_id),
            accepts_marketing: cells.flag(&self.accepts_marketing),
            created_at: moment(cells, &self.created_at),
            updated_at: moment(cells, &self.updated_at),
            currency: cells.text(&self.currency),
            total: amount(cells, &self.total),
            subtotal: amount(cells, &self.subtotal),
            shipping: amount(cells, &self.shipping),
            tax: amount(cells, &self.tax),
            discount: amount(cells, &self.discount),
            checkout_id: cells.text(&self.checkout),
            status: self.status_of(cells),
            unstated: self.unstated(),
            faults: std::mem::take(&mut cells.faults),
            ..stated
        };
        order.status_word = Cells::of(row).text(&self.status);
        Piece { role: Role::Order, key: id, id: Text::default(), quantity: None, stated: order }
    }

    fn unstated(&self) -> Unstated {
        let columns = [&self.status, &self.cancelled_at, &self.test];
        let is_there = |name: &str| columns.iter().any(|own| own.name == name && own.is_there());
        unstated("fivetran-csv", is_there)
    }

    fn status_of(&self, cells: &mut Cells<'_>) -> Option<Status> {
        let is_cancelled = cells.is_dated(&self.cancelled_at);
        let financial = cells.text(&self.status);
        let source = cells.text(&self.source);
        let words = Words {
            is_test: cells.deciding_flag(&self.test) == Some(true),
            is_cancelled,
            financial: Some(financial.as_bytes()).filter(|_| self.status.is_there()),
            source: source.as_bytes(),
        };
        let status = words.status();
        if status.is_none() {
            cells.fault(Reason::UnknownStatus, &self.status);
        }
        status
    }
}
