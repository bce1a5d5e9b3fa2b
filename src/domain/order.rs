use super::{Amount, Currency, CustomerKey, Email, Moment, OrderKey, Text, Unstated, choices};
use serde::Serialize;

/// A valid order, or an abandoned cart, typed. Serialised it is the body of ActiveCampaign's
/// `ecomOrder` without the two ids that only ActiveCampaign knows (`connectionid`, `customerid`):
/// one place determines what is sent, hashed and shown.
///
/// Fields that the source does not state are omitted, never sent as null or blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    #[serde(flatten)]
    pub key: OrderKey,
    /// The cart that the order came from, if the shop states it: if ActiveCampaign has that cart,
    /// it becomes the order.
    #[serde(skip)]
    pub cart: Option<OrderKey>,
    pub source: Historical,
    #[serde(rename = "email", serialize_with = "email_of")]
    pub customer: Customer,
    #[serde(rename = "orderNumber", skip_serializing_if = "Text::is_empty")]
    pub number: Text,
    #[serde(rename = "orderProducts")]
    pub lines: Vec<Line>,
    #[serde(rename = "orderDiscounts", skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    #[serde(rename = "orderUrl", skip_serializing_if = "Text::is_empty")]
    pub order_url: Text,
    #[serde(rename = "shippingMethod", skip_serializing_if = "Text::is_empty")]
    pub shipping_method: Text,
    #[serde(rename = "totalPrice")]
    pub total: Amount,
    #[serde(rename = "shippingAmount", skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Amount>,
    #[serde(rename = "taxAmount", skip_serializing_if = "Option::is_none")]
    pub tax: Option<Amount>,
    #[serde(rename = "discountAmount", skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount>,
    pub currency: Currency,
    #[serde(rename = "externalCreatedDate")]
    pub created_at: Moment,
    #[serde(rename = "externalUpdatedDate", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Moment>,
    /// Set for every cart, and only for carts.
    #[serde(rename = "abandonedDate", skip_serializing_if = "Option::is_none")]
    pub abandoned_at: Option<Moment>,
}

fn email_of<S: serde::Serializer>(customer: &Customer, serializer: S) -> Result<S::Ok, S::Error> {
    customer.email.serialize(serializer)
}

/// The only `source` this program can write: 0, historical, for which ActiveCampaign triggers no
/// automation.
///
/// A type with one value, so that neither a setting nor a mistake can send 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Historical;

impl Serialize for Historical {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(0)
    }
}

/// A product of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The shop's id of the product; derived from the product's other fields if the export has
    /// none, so that it is the same each time.
    #[serde(rename = "externalid")]
    pub id: Text,
    pub name: Text,
    /// Of one unit, before discounts.
    pub price: Amount,
    /// The price had to be rounded: the export states the cost of all units, which is not a
    /// multiple of their count.
    #[serde(skip)]
    pub is_price_rounded: bool,
    pub quantity: u32,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub sku: Text,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub category: Text,
    #[serde(rename = "imageUrl", skip_serializing_if = "Text::is_empty")]
    pub image_url: Text,
    #[serde(rename = "productUrl", skip_serializing_if = "Text::is_empty")]
    pub product_url: Text,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discount {
    pub name: Text,
    #[serde(rename = "type")]
    pub kind: DiscountKind,
    #[serde(rename = "discountAmount")]
    pub amount: Amount,
}

choices! {
    /// What a discount applies to, in ActiveCampaign's words.
    pub enum DiscountKind {
        Order "order" "The price of the goods.";
        Shipping "shipping" "The price of the shipping.";
    }
}

/// The buyer of an order. Serialised it is the body of ActiveCampaign's `ecomCustomer` without the
/// id that only ActiveCampaign knows (`connectionid`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Customer {
    /// Consent to marketing as the order states it; sent when the customer is created, never
    /// changed afterwards.
    #[serde(
        rename = "acceptsMarketing",
        skip_serializing_if = "Option::is_none",
        serialize_with = "zero_or_one"
    )]
    pub accepts_marketing: Option<bool>,
    pub email: Email,
    #[serde(rename = "externalid")]
    pub key: CustomerKey,
}

fn zero_or_one<S: serde::Serializer>(
    accepts: &Option<bool>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    accepts.map(|accepts| if accepts { "1" } else { "0" }).serialize(serializer)
}

/// Whether an export states what was refunded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RefundNote {
    /// The policy does not need it, or it is already subtracted from the current total.
    #[default]
    NotNeeded,
    /// Stated, perhaps as zero.
    Stated,
    Unstated,
}

/// What was assumed about a valid order beyond what its export states, and whether its parts add up
/// to its total. Counted by the plan and never sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes {
    /// Amounts that were rounded to the currency's minor unit.
    pub rounded: u32,
    /// Lines sent as one unit, as their quantity is not a whole number.
    pub fractional: u32,
    /// The currency is the job's default: the export names none.
    pub is_currency_assumed: bool,
    /// The customer paid in another currency than the shop's, which is the one that is sent.
    pub is_paid_otherwise: bool,
    /// The export states an exchange rate: the amounts may be in another currency.
    pub is_currency_doubtful: bool,
    /// It is not known whether the prices include tax; it was assumed that they do.
    pub is_tax_assumed: bool,
    /// Fields that decide whether the order is sent, and that the export lacks.
    pub unstated: Unstated,
    /// Whether the refunded amount is known, where the policy needs it.
    pub refund: RefundNote,
    /// The date is the job's default: the export states none.
    pub is_date_assumed: bool,
    /// The date has no offset, and the job's time zone is not set: UTC was assumed.
    pub is_zone_assumed: bool,
    /// `total = "current"`, but the export states only the total as ordered.
    pub is_current_assumed: bool,
    /// The total as ordered minus the sum of its parts, in minor units.
    pub difference: i64,
}
