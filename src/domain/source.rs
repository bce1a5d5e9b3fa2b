use super::{KeyError, OrderKey, RecordError, Status, Text};
use serde::{Deserialize, Serialize};

/// The place of a record in its export.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// Ordinal of the record in reading order over all files of the export, from 0.
    pub record: u64,
    /// Index of the file in the export's list of files, in reading order.
    pub file: u32,
    /// The line at which the record begins, from 1.
    pub line: u64,
    /// Ordinal of the record in its file, from 1, if several may be on a line (JSON); else 0.
    pub in_file: u64,
}

/// A field that the export lacks, though other exports of its shop system have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unstated {
    /// What was paid: the order was assumed to be paid.
    pub status: bool,
    /// Whether the order was cancelled.
    pub cancelled: bool,
    /// Whether it is a test.
    pub test: bool,
}

/// One order as its export states it: text under our names, nothing interpreted. An empty text
/// means: not stated.
///
/// Amounts are decimal numbers with `.`, without a sign for currency; dates as in the export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceOrder {
    pub position: Position,
    /// The shop's own id of the order, preferred as its key.
    pub id: Text,
    /// The shop's id of the checkout or cart that the order came from; for an abandoned cart, its
    /// own id.
    pub checkout_id: Text,
    /// When the cart was abandoned; set only for abandoned carts.
    pub abandoned_at: Text,
    /// Superseded by another record of the order: a newer or an identical one.
    pub is_superseded: bool,
    /// Deleted at its source, according to the export: it is not sent.
    pub is_deleted: bool,
    pub unstated: Unstated,
    /// It is not known whether the prices include tax; it was assumed.
    pub is_tax_assumed: bool,
    /// The amounts may be in another currency than the stated one, which has an exchange rate.
    pub is_currency_doubtful: bool,
    /// Amounts are whole numbers of the currency's minor unit: `1999` is 19.99 dollars, 1999 yen.
    pub in_minor_units: bool,
    /// An abandoned cart without a date of its abandonment: the date of the order is used.
    pub is_undated_cart: bool,
    /// The order number that people use; the key if there is no id.
    pub number: Text,
    pub email: Text,
    /// The shop's id of the customer's account; empty for guests, and if the export has none.
    pub customer_id: Text,
    /// Whether the customer accepted marketing, if the export says.
    pub accepts_marketing: Option<bool>,
    pub created_at: Text,
    pub updated_at: Text,
    pub currency: Text,
    /// The currency that the customer paid in, if the export states it in addition to the shop's;
    /// the amounts are in the shop's.
    pub paid_currency: Text,
    /// What the customer was charged, with tax and shipping. If the export states several totals,
    /// the one as ordered.
    pub total: Text,
    /// The total as it is now, after edits and refunds, if the export states it in addition to the
    /// one as ordered.
    pub current_total: Text,
    /// The total of the lines after discounts, if stated; detects truncated orders.
    pub subtotal: Text,
    /// Lower bound of the line total before discounts, if derivable; used like `subtotal` to detect
    /// truncated orders.
    pub goods: Text,
    pub shipping: Text,
    pub tax: Text,
    pub discount: Text,
    /// The rest of the total that is in no line, such as tips, duties and fees; not sent, but part
    /// of the sum.
    pub charges: Text,
    pub refunded: Text,
    pub discounts: Vec<SourceDiscount>,
    pub shipping_method: Text,
    pub order_url: Text,
    /// `None` if the format doesn't know the export's word for it; an error then reports it.
    pub status: Option<Status>,
    /// The export's word for its status, before refunds and cancellation.
    pub status_word: Text,
    pub lines: Vec<SourceLine>,
    /// Errors that the reader found.
    pub faults: Vec<RecordError>,
}

impl SourceOrder {
    pub fn is_cart(&self) -> bool {
        self.is_undated_cart || !self.abandoned_at.is_empty()
    }

    /// What identifies the order: its id, else its number; for a cart, the checkout's id.
    pub fn key(&self) -> Result<OrderKey, KeyError> {
        if self.is_cart() {
            return OrderKey::of_cart(&self.checkout_id);
        }
        OrderKey::parse(if self.id.is_empty() { &self.number } else { &self.id })
    }

    /// The name that people use for the order: its number, else its id, else the checkout's.
    pub fn label(&self) -> &str {
        let names = [&self.number, &self.id, &self.checkout_id];
        names.into_iter().find(|name| !name.is_empty()).map_or("", Text::as_str)
    }
}

/// A line of an order, as its export states it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceLine {
    pub id: Text,
    pub name: Text,
    /// The variant of the product, such as `XL / red`, if the export states it in addition to the
    /// name.
    pub variant: Text,
    pub quantity: Text,
    /// Of one unit, before discounts.
    pub unit_price: Text,
    /// The price of all units, before discounts, if the export states it and `unit_price` is empty.
    pub total: Text,
    /// Discount of the whole line, if the export states it.
    pub discount: Text,
    pub sku: Text,
    pub category: Text,
    pub image_url: Text,
    pub product_url: Text,
    /// The line of the file at which this order line begins, from 1.
    pub at_line: u64,
}

/// A discount of an order, as its export states it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceDiscount {
    pub name: Text,
    pub amount: Text,
    /// It lowered the shipping price, not the price of the goods.
    pub of_shipping: bool,
}

impl SourceDiscount {
    /// A discount that may have no name.
    pub fn named(name: Text, amount: Text, of_shipping: bool) -> Self {
        let name = if name.is_empty() { "Discount".into() } else { name };
        Self { name, amount, of_shipping }
    }
}
