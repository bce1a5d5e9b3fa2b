//! Which hashes were met, in fixed memory: it may say yes of one that was not (Bloom's filter),
//! never no of one that was.

/// Probes for each hash.
const PROBES: u64 = 6;
const BITS_MIN: u64 = 1 << 19;
/// 16 MiB: eight bits for each of 16 million orders.
const BITS_MAX: u64 = 1 << 27;

pub struct Filter {
    words: Vec<u64>,
}

impl Filter {
    /// Wide enough for a file of this many bytes, within its limits.
    pub fn for_file(size_bytes: u64) -> Self {
        // Compressed files hold about ten times as much; a bit for each byte is plenty for what is
        // not.
        let bits = size_bytes.saturating_mul(2).clamp(BITS_MIN, BITS_MAX).next_power_of_two();
        Self { words: vec![0; usize::try_from(bits / 64).unwrap_or(1)] }
    }

    /// Notes the hash; whether it was met before, as far as can be told.
    pub fn meet(&mut self, hash: u64) -> bool {
        let mask = self.words.len() as u64 * 64 - 1;
        // The step is odd, so that it reaches every bit.
        let step = hash.rotate_left(32) | 1;
        let mut was_met = true;
        for probe in 0..PROBES {
            let bit = hash.wrapping_add(probe.wrapping_mul(step)) & mask;
            let at = usize::try_from(bit / 64).unwrap_or(0);
            if let Some(word) = self.words.get_mut(at) {
                was_met &= *word & (1 << (bit % 64)) != 0;
                *word |= 1 << (bit % 64);
            }
        }
        was_met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_is_known_and_hardly_anything_else() {
        let hash = |n: u64| {
            u64::from_le_bytes(blake3::hash(&n.to_le_bytes()).as_bytes()[..8].try_into().unwrap())
        };
        let mut filter = Filter::for_file(0);
        let wrong = (0..10_000).filter(|n| filter.meet(hash(*n))).count();
        assert!(wrong < 10, "{wrong}");
        assert!((0..10_000).all(|n| filter.meet(hash(n))));
    }
}
