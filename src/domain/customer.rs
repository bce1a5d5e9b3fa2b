use super::{CustomerKey, Email};

/// The buyer of an order, as an `ecomCustomer` of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub key: CustomerKey,
    pub email: Email,
    /// What the order says of consent to marketing; sent when the customer is created, never
    /// changed after.
    pub accepts_marketing: Option<bool>,
}
