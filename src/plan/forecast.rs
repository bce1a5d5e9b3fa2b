use std::time::Duration;

/// The pace kept is this share of what the account allows: the margin against jitter on the way.
pub const PACE_SHARE: f64 = 0.98;

/// What a run would take, from counts alone.
///
/// Assumes one request for each new customer, each new order and each changed one, nobody else spending the
/// account's budget, and no retries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    pub requests: u64,
    pub requests_per_second: f64,
}

impl Forecast {
    pub fn new(requests: u64, allowed_per_second: f64) -> Self {
        Self { requests, requests_per_second: allowed_per_second * PACE_SHARE }
    }

    pub fn duration(&self) -> Duration {
        Duration::try_from_secs_f64(self.requests as f64 / self.requests_per_second).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_limit_less_the_margin() {
        let forecast = Forecast::new(1780, 5.0);
        assert_eq!(forecast.requests_per_second, 4.9);
        assert_eq!(forecast.duration().as_millis(), 363_265);
    }
}
