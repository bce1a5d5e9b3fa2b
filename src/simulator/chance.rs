use super::options::Latency;
use std::time::Duration;

/// Seeded random numbers (splitmix64), so that a rehearsal can be repeated.
#[derive(Debug)]
pub(super) struct Chance {
    state: u64,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly spread in 0 ≤ x < 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// The delay on the way in: half of a normal curve of this spread.
    pub fn jitter(&mut self, spread_ms: u32) -> Duration {
        if spread_ms == 0 {
            return Duration::ZERO;
        }
        milliseconds(self.normal().abs() * f64::from(spread_ms))
    }

    /// The time an answer takes.
    pub fn latency(&mut self, latency: Latency) -> Duration {
        match latency {
            Latency::None => Duration::ZERO,
            Latency::Fixed { ms } => Duration::from_millis(ms.into()),
            Latency::Lognormal { median_ms, sigma } => {
                milliseconds(f64::from(median_ms) * (sigma * self.normal()).exp())
            }
        }
    }
}

/// At most ten minutes, so that no draw hangs a rehearsal.
fn milliseconds(ms: f64) -> Duration {
    Duration::from_secs_f64(if ms.is_finite() { ms.clamp(0.0, 600_000.0) / 1000.0 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_delays() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (0..5).map(|_| chance.jitter(30)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn half_of_the_answers_take_longer_than_the_median() {
        let mut chance = Chance::new(3);
        let latency = Latency::Lognormal { median_ms: 440, sigma: 0.35 };
        let slow =
            (0..4000).filter(|_| chance.latency(latency) > Duration::from_millis(440)).count();
        assert!((1800..2200).contains(&slow), "{slow} of 4000");
    }
}
