use super::choices;

choices! {
    /// The API that carries the orders of a job to ActiveCampaign.
    #[derive(Default)]
    pub enum LoadPath {
        #[default]
        Rest "rest" "One order a request.";
        Bulk "bulk" "Batches of orders by GraphQL. Carts and deletes still go by REST.";
    }

    /// How ActiveCampaign reads the `priceAmount` of a line: its documentation says both.
    pub enum PriceReading {
        Unit "unit" "The price of one unit.";
        LineTotal "line_total" "The price of all units of the line.";
    }
}

/// What the canary of a connection established about the bulk path.
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
    /// The digest as text.
    pub fn schema_text(&self) -> String {
        schema_text(self.schema)
    }
}

/// A digest of input types as 16 hexadecimal digits.
pub fn schema_text(digest: i64) -> String {
    format!("{:016x}", digest.cast_unsigned())
}
