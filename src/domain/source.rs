use super::{KeyError, OrderKey, RecordError, Status};
use serde::{Deserialize, Serialize};

/// Where a record stands in its export.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// Ordinal of the record in reading order over all files of the export, from 0.
    pub record: u64,
    /// Index of the file in the export's list of files, in reading order.
    pub file: u32,
    /// Line the record begins at, from 1.
    pub line: u64,
}

/// One order as its export states it: text under our names, nothing interpreted. An empty text
/// means: not stated.
///
/// Amounts are decimal numbers with `.`, without a sign for currency; dates as in the export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceOrder {
    pub position: Position,
    /// The shop's own id of the order, preferred as its key.
    pub id: String,
    /// The shop's id of the checkout or cart that the order came from; of an abandoned cart its own
    /// id.
    pub checkout_id: String,
    /// When the cart was abandoned; stated only of abandoned carts, which are no orders.
    pub abandoned_at: String,
    /// A later record of the same file takes its place; so it says nothing any more.
    pub is_superseded: bool,
    /// It is gone at its source, as whoever extracted it says: nothing is sent of it.
    pub is_deleted: bool,
    /// It is an abandoned cart of which the export does not say when that was: the date of the
    /// order is taken for it.
    pub is_undated_cart: bool,
    /// The number people know the order by; the key where there is no id.
    pub number: String,
    pub email: String,
    /// The shop's id of the customer's account; empty for guests and where the export has none.
    pub customer_id: String,
    /// Whether the customer accepted marketing, where the export says.
    pub accepts_marketing: Option<bool>,
    pub created_at: String,
    pub updated_at: String,
    pub currency: String,
    /// The currency that the customer paid in, where the export states it beside the shop's, which
    /// the amounts are in.
    pub paid_currency: String,
    /// What the customer was charged: with tax and shipping. Where the export states several, the
    /// one as ordered.
    pub total: String,
    /// The total as it is now, after edits and refunds, where the export states it beside the one
    /// as ordered.
    pub current_total: String,
    /// The lines after discounts, where the export states it: tells a cut order from a whole one.
    pub subtotal: String,
    /// The lines before discounts, or less than that, where it follows from what is stated: tells
    /// the same, but also where what was cut off is worth no more than the discounts.
    pub goods: String,
    pub shipping: String,
    pub tax: String,
    pub discount: String,
    /// What else is in the total and in no line, such as tips, duties and fees; not sent, but part
    /// of the sum.
    pub charges: String,
    pub refunded: String,
    pub discounts: Vec<SourceDiscount>,
    pub shipping_method: String,
    pub order_url: String,
    /// `None` when the export's word for it is not one this dialect knows (a fault then says so).
    pub status: Option<Status>,
    /// The export's word for the status, where it is not known.
    pub status_word: String,
    pub lines: Vec<SourceLine>,
    /// What the reader itself found wrong.
    pub faults: Vec<RecordError>,
}

impl SourceOrder {
    pub fn is_cart(&self) -> bool {
        self.is_undated_cart || !self.abandoned_at.is_empty()
    }

    /// What identifies the order: its id, else its number; of a cart the checkout's id.
    ///
    /// # Errors
    /// When that text can't identify anything.
    pub fn key(&self) -> Result<OrderKey, KeyError> {
        match (self.is_cart(), self.id.as_str()) {
            (true, _) => OrderKey::of_cart(&self.checkout_id),
            (false, "") => OrderKey::parse(&self.number),
            (false, id) => OrderKey::parse(id),
        }
    }

    /// What people know the order by: its number, else its id, else the checkout's.
    pub fn label(&self) -> &str {
        let names = [&self.number, &self.id, &self.checkout_id];
        names.into_iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }
}

/// A line of an order, as its export states it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    pub id: String,
    pub name: String,
    /// What tells it from other forms of the product, such as `XL / red`, where the export states
    /// it beside the name.
    pub variant: String,
    pub quantity: String,
    /// Of one unit, before discounts.
    pub unit_price: String,
    /// Of all units, before discounts; where the export states this, and `unit_price` is empty.
    pub total: String,
    /// Discount of the whole line, where the export states it.
    pub discount: String,
    pub sku: String,
    pub category: String,
    pub image_url: String,
    pub product_url: String,
    /// Line of the file this order line begins at, from 1.
    pub at_line: u64,
}

/// A discount of an order, as its export states it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceDiscount {
    pub name: String,
    pub amount: String,
    /// It lowered the shipping price, not the price of the goods.
    pub of_shipping: bool,
}

impl SourceDiscount {
    /// A discount that may have no name.
    pub fn named(name: String, amount: String, of_shipping: bool) -> Self {
        let name = if name.is_empty() { "Discount".to_owned() } else { name };
        Self { name, amount, of_shipping }
    }
}
