use jiff::{SignedDuration, Timestamp};

/// What a shop reports before anything is pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// The API that answered, with its version.
    pub api: String,
    /// The scopes of the app, if the shop states them.
    pub scopes: Vec<String>,
    /// How far the shop's clock is ahead of this machine's, if it shows it.
    pub clock_ahead: Option<SignedDuration>,
    /// How many orders it has, if it says so.
    pub orders: Option<u64>,
    /// When the oldest order that can be seen was placed.
    pub oldest: Option<Timestamp>,
    /// Whether a window in the future has no order. A shop that lists one ignores windows.
    pub is_filtered: bool,
    /// Whether an order shows its e-mail address; `None` without an order.
    pub shows_email: Option<bool>,
    pub warnings: Vec<String>,
}
