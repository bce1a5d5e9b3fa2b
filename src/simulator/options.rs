use super::graphql::GraphqlOptions;
use std::fmt;

/// How the simulated account behaves. [`Options::default`] is the account as documented and
/// observed.
#[derive(Clone)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The only value of `Api-Token` that is accepted.
    pub token: String,
    /// Requests accepted in a second, for the whole account; `None` is unlimited.
    pub requests_per_second: Option<u32>,
    /// How a second is measured.
    pub window: Window,
    /// Time between a request and its answer.
    pub latency: Latency,
    /// Spread of the half-normal delay on the way in, in milliseconds, before the limit is checked.
    /// It makes evenly sent requests arrive in bursts, as in a real network.
    pub jitter_ms: u32,
    /// Seed of every random draw: latency, jitter, faults with a probability.
    pub seed: u64,
    /// IANA name of the account's time zone: dates are answered in it.
    pub time_zone: String,
    /// What makes two customers of a connection duplicates; the real rule is unknown.
    pub customer_key: CustomerRule,
    /// Seconds announced with a refusal for the rate; `None` sends no `Retry-After`.
    pub retry_after_s: Option<u32>,
    /// Refuse for the rate with 503 instead of 429.
    pub limit_as_503: bool,
    /// Send `RateLimit-Limit` and `RateLimit-Remaining`.
    pub rate_headers: bool,
    /// Answer a new connection with 200 (as documented) instead of 201 (as recorded).
    pub connection_created_as_200: bool,
    /// Refuse a customer without `externalid`.
    pub customer_externalid_required: bool,
    /// Refuse an order with a customer of another connection.
    pub foreign_customer_refused: bool,
    /// Answer 404 to a live order (source 1) without a contact for its e-mail address, after it was
    /// stored.
    pub email_mismatch_as_404: bool,
    /// Write `/` as `\/` in JSON, as the real account does.
    pub escape_slashes: bool,
    /// Send `meta.total` as a number instead of a text.
    pub total_as_int: bool,
    /// Answer lists as if no filter had been sent.
    pub ignore_filters: bool,
    /// Answer each page of a list with the first one.
    pub ignore_offset: bool,
    /// Milliseconds until an order or customer that a client created appears in lists.
    pub list_lag_ms: u32,
    /// Milliseconds until an order or customer that a client created counts when another one's key
    /// is checked.
    pub uniqueness_lag_ms: u32,
    /// What `totalProducts` counts; the real rule is unknown.
    pub total_products: ProductCount,
    pub graphql: GraphqlOptions,
}

/// How the accepted requests of a second are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// Never more than the limit in any trailing second. Refused requests don't count.
    #[default]
    Sliding,
    /// A fresh allowance at each full second since the start.
    FixedSecond,
    /// A bucket as deep as the limit, refilled evenly.
    TokenBucket,
}

/// Time the account takes to answer, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Latency {
    #[default]
    None,
    Fixed {
        ms: u32,
    },
    /// Log-normal around `median_ms`; twenty recorded creates of orders took 303 to 983 ms, with a
    /// median of 440.
    Lognormal {
        median_ms: u32,
        sigma: f64,
    },
}

/// What makes two customers of one connection duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CustomerRule {
    #[default]
    ByExternalId,
    ByEmail,
}

/// What `totalProducts` of an order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProductCount {
    #[default]
    Lines,
    Quantity,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            token: "simulator".to_owned(),
            requests_per_second: Some(5),
            window: Window::default(),
            latency: Latency::default(),
            jitter_ms: 0,
            seed: 1,
            time_zone: "America/Chicago".to_owned(),
            customer_key: CustomerRule::default(),
            retry_after_s: Some(1),
            limit_as_503: false,
            rate_headers: true,
            connection_created_as_200: false,
            customer_externalid_required: true,
            foreign_customer_refused: true,
            email_mismatch_as_404: true,
            escape_slashes: true,
            total_as_int: false,
            ignore_filters: false,
            ignore_offset: false,
            list_lag_ms: 0,
            uniqueness_lag_ms: 0,
            total_products: ProductCount::default(),
            graphql: GraphqlOptions::default(),
        }
    }
}

/// Leaves the token out.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("port", &self.port)
            .field("requests_per_second", &self.requests_per_second)
            .field("window", &self.window)
            .field("latency", &self.latency)
            .field("time_zone", &self.time_zone)
            .finish_non_exhaustive()
    }
}
