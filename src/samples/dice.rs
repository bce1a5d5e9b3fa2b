/// A small generator of numbers that look random and are the same on every machine (SplitMix64).
pub struct Dice(u64);

impl Dice {
    /// Dice of their own for one purpose and one index, so that what is dealt for an order depends
    /// on nothing else.
    pub fn of(seed: u64, purpose: u64, index: u64) -> Self {
        let mut dice = Self(seed ^ purpose.rotate_left(48));
        let start = dice.next();
        Self(start ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias is below 1 in 2^40 for the small ends used here.
        self.next() % end.max(1)
    }

    pub fn permille(&mut self, share: u16) -> bool {
        self.below(1_000) < u64::from(share)
    }
}
