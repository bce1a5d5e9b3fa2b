//! Random delays, from the seed of the options, so that a rehearsal can be repeated.

use super::options::Latency;
use fastrand::Rng;
use std::time::Duration;

/// Longest delay, so that no draw hangs a rehearsal.
const DELAY_MAX_MS: f64 = 600_000.0;

/// The delay of a request on its way in: half of a normal distribution with this spread.
pub(super) fn jitter(rng: &mut Rng, spread_ms: u32) -> Duration {
    if spread_ms == 0 {
        return Duration::ZERO;
    }
    milliseconds(normal(rng).abs() * f64::from(spread_ms))
}

/// The time until the answer.
pub(super) fn latency(rng: &mut Rng, latency: Latency) -> Duration {
    match latency {
        Latency::None => Duration::ZERO,
        Latency::Fixed { ms } => Duration::from_millis(ms.into()),
        Latency::Lognormal { median_ms, sigma } => {
            milliseconds(f64::from(median_ms) * (sigma * normal(rng)).exp())
        }
    }
}

/// Standard normal, by the Box-Muller transform.
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

fn milliseconds(ms: f64) -> Duration {
    let ms = if ms.is_finite() { ms.clamp(0.0, DELAY_MAX_MS) } else { 0.0 };
    Duration::from_secs_f64(ms / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_delays() {
        let draw = |seed| {
            let mut rng = Rng::with_seed(seed);
            (0..5).map(|_| jitter(&mut rng, 30)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn half_of_the_answers_take_longer_than_the_median() {
        let mut rng = Rng::with_seed(3);
        let shape = Latency::Lognormal { median_ms: 440, sigma: 0.35 };
        let is_slow = |_: &i32| latency(&mut rng, shape) > Duration::from_millis(440);
        let slow = (0..4000).filter(is_slow).count();
        assert!((1800..2200).contains(&slow), "{slow} of 4000");
    }
}
