use std::time::Duration;

/// The rate of sends is this share of the account's limit: a margin against network jitter.
pub const PACE_SHARE: f64 = 0.98;
/// ActiveCampaign's limit for an account; only a simulator on this machine allows more.
const ALLOWED_MAX: f64 = 5.0;
/// From a request to its answer, as recorded of ActiveCampaign: the median was 0.44 s for creates
/// of orders and 0.59 s for customers.
const ROUND_TRIP: Duration = Duration::from_millis(500);
/// The same for a simulator on this machine, with each answer made durable before the next request.
const ROUND_TRIP_LOCAL: Duration = Duration::from_millis(5);

/// The assumptions of a forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assumptions {
    /// The account's limit for all its integrations together, in requests per second, above 0.
    pub allowed_per_second: f64,
    /// Concurrent steps, at least 1.
    pub in_flight_max: usize,
    /// From a request to its answer.
    pub round_trip: Duration,
}

impl Assumptions {
    /// With the usual round trip of such an account.
    pub fn new(allowed_per_second: f64, in_flight_max: usize) -> Self {
        let is_local = allowed_per_second > ALLOWED_MAX;
        let round_trip = if is_local { ROUND_TRIP_LOCAL } else { ROUND_TRIP };
        Self { allowed_per_second, in_flight_max, round_trip }
    }

    /// Requests per second that the limit allows.
    pub fn pace(&self) -> f64 {
        self.allowed_per_second * PACE_SHARE
    }

    /// Requests per second with this many in flight: each waits for its answer, so slow answers can
    /// reduce the rate below the limit.
    fn rate(&self, in_flight: usize) -> f64 {
        self.pace().min(in_flight as f64 / self.round_trip.as_secs_f64())
    }

    /// The round trip above which slow answers reduce the rate, not the limit.
    pub fn round_trip_max(&self) -> Duration {
        Duration::try_from_secs_f64(self.in_flight_max as f64 / self.pace())
            .unwrap_or(Duration::MAX)
    }

    /// Slow answers reduce the rate, not the limit.
    pub fn is_bound_by_answers(&self) -> bool {
        self.rate(self.in_flight_max) < self.pace()
    }
}

/// What a run would take, from counts alone.
///
/// Assumes one request for each new customer, each order to write and each lookup, no other client
/// on the account's budget, no retries, and none of the records to create at ActiveCampaign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Without `one_by_one`, which a run without requests does not send. All except `in_turn` run
    /// concurrently.
    pub requests: u64,
    /// Sequential requests before them: the connection, or pages of a list.
    pub one_by_one: u64,
    /// The sequential ones among `requests`.
    pub in_turn: u64,
    /// Time in which nothing is sent while waiting for records to appear.
    pub waits: Duration,
    /// How many of `requests` may turn out to be unnecessary: the records may exist already.
    pub unsure: u64,
    /// Orders in one batch at most; `None`: each order has a separate request.
    pub batch_max: Option<u64>,
    pub terms: Assumptions,
}

impl Forecast {
    pub fn new(requests: u64, terms: Assumptions) -> Self {
        let (in_turn, waits) = (0, Duration::ZERO);
        Self { requests, one_by_one: 0, in_turn, waits, unsure: 0, batch_max: None, terms }
    }

    /// The same with sequential requests before it.
    #[must_use]
    pub fn after(self, one_by_one: u64) -> Self {
        Self { one_by_one, ..self }
    }

    /// The same for an account that allows this many requests a second.
    #[must_use]
    pub fn at(self, allowed_per_second: f64) -> Self {
        Self { terms: Assumptions { allowed_per_second, ..self.terms }, ..self }
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.requests + self.one_by_one
    }

    /// The rate of concurrent requests: the limit, or less with slow answers.
    pub fn requests_per_second(&self) -> f64 {
        self.terms.rate(self.terms.in_flight_max)
    }

    /// The average rate, including waits.
    pub fn average_per_second(&self) -> f64 {
        let seconds = self.after_those().as_secs_f64();
        if seconds > 0.0 { self.requests as f64 / seconds } else { self.requests_per_second() }
    }

    /// All of it.
    pub fn duration(&self) -> Duration {
        self.before().saturating_add(self.after_those())
    }

    /// The time of the sequential requests before the others.
    pub fn before(&self) -> Duration {
        time(self.one_by_one as f64 / self.terms.rate(1))
    }

    /// The time of the others, including waits.
    pub fn after_those(&self) -> Duration {
        let side_by_side = self.requests.saturating_sub(self.in_turn);
        time(side_by_side as f64 / self.requests_per_second())
            .saturating_add(time(self.in_turn as f64 / self.terms.rate(1)))
            .saturating_add(self.waits)
    }

    /// Runs needed if each is stopped after this long, above 0; at least 1.
    pub fn runs_of(&self, longest: Duration) -> u64 {
        let runs = self.duration().as_millis().div_ceil(longest.as_millis().max(1)).max(1);
        u64::try_from(runs).unwrap_or(u64::MAX)
    }
}

/// As far as it can be estimated.
fn time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Assumptions {
        Assumptions::new(5.0, 16)
    }

    #[test]
    fn the_rate_is_the_limit_less_the_margin() {
        let forecast = Forecast::new(1780, terms());
        assert_eq!(forecast.requests_per_second(), 4.9);
        assert_eq!(forecast.duration().as_millis(), 363_265);
        assert!(!forecast.terms.is_bound_by_answers());
    }

    #[test]
    fn slow_answers_bind_where_too_few_are_in_flight() {
        let slow = Assumptions { in_flight_max: 8, round_trip: Duration::from_secs(2), ..terms() };
        assert_eq!(Forecast::new(1, slow).requests_per_second(), 4.0);
        assert!(slow.is_bound_by_answers());
        assert_eq!(slow.round_trip_max().as_millis(), 1632);
        let one = Assumptions { in_flight_max: 1, ..terms() };
        assert_eq!(
            Forecast::new(10, one).duration(),
            Duration::from_secs(5),
            "each waits for the one before"
        );
        let enough =
            Assumptions { in_flight_max: 10, round_trip: Duration::from_secs(2), ..terms() };
        assert_eq!(Forecast::new(1, enough).requests_per_second(), 4.9);
    }

    #[test]
    fn sequential_requests_are_no_faster_than_their_answers() {
        let listing = Forecast::new(0, terms()).after(100);
        assert_eq!((listing.total(), listing.duration()), (100, Duration::from_secs(50)));
        let at_1 = listing.at(1.0);
        assert_eq!(at_1.duration().as_millis(), 102_040, "the limit binds where it is lower");
    }

    #[test]
    fn a_simulator_on_this_machine_answers_at_once() {
        assert_eq!(
            Forecast::new(3200, Assumptions::new(100_000.0, 16)).duration(),
            Duration::from_secs(1)
        );
    }

    #[test]
    fn nights_are_counted_up() {
        let forecast = Forecast::new(4_900, terms());
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        assert_eq!(forecast.duration(), Duration::from_secs(1000));
        assert_eq!(forecast.runs_of(hours(6)), 1);
        assert_eq!(forecast.runs_of(Duration::from_secs(500)), 2);
        assert_eq!(forecast.runs_of(Duration::from_secs(499)), 3);
        assert_eq!(Forecast::new(0, terms()).runs_of(hours(6)), 1);
        assert!(
            Forecast::new(u64::MAX, terms()).duration() > hours(1_000_000_000),
            "and nothing overflows"
        );
    }
}
