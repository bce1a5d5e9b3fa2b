/// What an account answered to a question of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswer {
    pub question: String,
    /// One of the question's words.
    pub word: String,
    pub number: Option<i64>,
}

/// Questions whose answers a load uses.
impl ProbeAnswer {
    /// Milliseconds until a list shows a new order.
    pub const LIST_LAG: &'static str = "list_lag";
    /// Orders that one batch may have.
    pub const BULK_MAX: &'static str = "bulk_max";
    /// How a line's price is read, in the words of [`super::PriceReading`].
    pub const BULK_PRICE: &'static str = "bulk_price";
}
