use serde::{Deserialize, Serialize};

/// The API that carries the orders of a job to ActiveCampaign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadPath {
    /// One order a request.
    #[default]
    Rest,
    /// Batches of orders by GraphQL. Carts and deletes still go by REST.
    Bulk,
}

impl LoadPath {
    /// As the settings and the state name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Bulk => "bulk",
        }
    }
}

/// What ActiveCampaign takes the `priceAmount` of a line for: its documentation says both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceReading {
    /// The price of one unit.
    Unit,
    /// The price of all units of the line.
    LineTotal,
}

impl PriceReading {
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Unit, Self::LineTotal].into_iter().find(|reading| reading.word() == word)
    }

    /// As the state and the reports name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::LineTotal => "line_total",
        }
    }
}

/// What the canary of a connection found out about the bulk path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BulkFindings {
    /// Digest of the input types that the orders were built by.
    pub schema: i64,
    /// `None`: no order with a line of several units was sent yet. For all others the two readings
    /// are the same.
    pub price: Option<PriceReading>,
    /// Whether the copy in the REST API shows a tax; `None`: no order with a tax was sent yet.
    pub has_tax: Option<bool>,
}

impl BulkFindings {
    /// The digest as people and scripts see it.
    pub fn schema_text(&self) -> String {
        schema_text(self.schema)
    }
}

/// A digest of input types as 16 hexadecimal digits.
pub fn schema_text(digest: i64) -> String {
    format!("{:016x}", digest.cast_unsigned())
}
