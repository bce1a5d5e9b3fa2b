//! Seeded random numbers, so that a seed repeats a test, and numbers from the environment.

/// A number in the environment.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a whole number"))
}

#[derive(Debug, Clone)]
pub struct Rng(fastrand::Rng);

impl Rng {
    /// Scrambles the seed first, so that neighbouring seeds have nothing in common.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(fastrand::Rng::with_seed(seed).u64(..)))
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0.u64(..end.max(1))
    }

    pub fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.0.u64(range)
    }

    /// True this often in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.usize(..of.len())].clone()
    }
}
