//! A fast hash for long texts, to be hashed once more.

/// Words hashed into one sum.
const BLOCK_LEN: usize = 128;

/// NH of UMAC (Black et al., CRYPTO 1999; RFC 4418, section 5.2), over words of 64 bits: for any
/// two different texts of one length, the share of keys under which they have the same sums is at
/// most 2^-64. The sums themselves hide nothing: whoever keeps anything of them hashes them again,
/// with a key.
pub(super) struct Universal {
    key: [u64; BLOCK_LEN],
}

impl Universal {
    /// `fill` gives the bytes of the key, which must be as good as random and nobody else's.
    pub(super) fn new(fill: impl FnOnce(&mut [u8])) -> Self {
        let mut bytes = [0; BLOCK_LEN * 8];
        fill(&mut bytes);
        let mut key = [0; BLOCK_LEN];
        for (word, bytes) in key.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Self { key }
    }

    /// Hands on one sum for each block, and the length: zeros at the end of a text count.
    pub(super) fn sums(&self, text: &[u64], mut hand_on: impl FnMut(&[u8])) {
        for block in text.chunks(BLOCK_LEN) {
            hand_on(&self.sum(block).to_le_bytes());
        }
        hand_on(&(text.len() as u64).to_le_bytes());
    }

    fn sum(&self, block: &[u64]) -> u128 {
        let product = |a: u64, b: u64, [k, l]: [u64; 2]| {
            u128::from(a.wrapping_add(k)) * u128::from(b.wrapping_add(l))
        };
        // Two sums side by side, as each addition waits for the one before it.
        let (fours, rest) = block.as_chunks::<4>();
        let (mut sum, mut other) = (0_u128, 0_u128);
        for ([a, b, c, d], [k, l, m, n]) in fours.iter().zip(self.key.as_chunks::<4>().0) {
            sum = sum.wrapping_add(product(*a, *b, [*k, *l]));
            other = other.wrapping_add(product(*c, *d, [*m, *n]));
        }
        let keys = self.key.as_chunks::<2>().0.iter().skip(fours.len() * 2);
        for (pair, key) in rest.chunks(2).zip(keys) {
            let last = pair.get(1).copied().unwrap_or_default();
            sum = sum.wrapping_add(product(pair[0], last, *key));
        }
        sum.wrapping_add(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn universal() -> Universal {
        let mut state = 7_u64;
        Universal::new(|bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
        })
    }

    fn hashed(text: &[u64]) -> Vec<u8> {
        let mut sums = Vec::new();
        universal().sums(text, |sum| sums.extend_from_slice(sum));
        sums
    }

    /// As NH is defined: pair after pair, a zero for what the last one lacks.
    fn defined(block: &[u64], key: &[u64]) -> u128 {
        let word = |at: usize| block.get(at).copied().unwrap_or(0).wrapping_add(key[at]);
        (0..block.len())
            .step_by(2)
            .map(|at| u128::from(word(at)) * u128::from(word(at + 1)))
            .fold(0, u128::wrapping_add)
    }

    /// Ledgers hold what follows from these sums.
    #[test]
    fn the_sums_are_those_of_the_definition_at_every_length() {
        let universal = universal();
        for len in 0..=BLOCK_LEN {
            let block: Vec<u64> =
                (0..len as u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            assert_eq!(universal.sum(&block), defined(&block, &universal.key), "{len}");
        }
    }

    proptest! {
        #[test]
        fn another_word_anywhere_makes_other_sums(
            text in prop::collection::vec(any::<u64>(), 1..400),
            at in any::<prop::sample::Index>(),
            change in 1_u64..,
        ) {
            let mut other = text.clone();
            other[at.index(text.len())] ^= change;
            prop_assert_ne!(hashed(&text), hashed(&other));
        }

        #[test]
        fn zeros_at_the_end_count(text in prop::collection::vec(any::<u64>(), 0..300), zeros in 1_usize..40) {
            let longer = [&text, &vec![0; zeros][..]].concat();
            prop_assert_ne!(hashed(&text), hashed(&longer));
        }
    }
}
