use std::fmt;

/// What became of an order, in the eight kinds every shop system's own words map to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    Paid,
    PartiallyRefunded,
    Refunded,
    Cancelled,
    Failed,
    Draft,
    Test,
}

impl Status {
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Cancelled,
        Self::Failed,
        Self::Draft,
        Self::Test,
    ];

    /// The word used in settings and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Draft => "draft",
            Self::Test => "test",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
