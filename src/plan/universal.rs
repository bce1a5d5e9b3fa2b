//! A fast hash for long texts, to be hashed once more.

/// Words hashed into one sum.
const BLOCK_LEN: usize = 128;

/// NH of UMAC (Black et al., CRYPTO 1999; RFC 4418, section 5.2), over words of 64 bits: for any two different texts of one
/// length, the share of keys under which they have the same sums is at most 2^-64. The sums themselves hide nothing:
/// whoever keeps anything of them hashes them again, with a key.
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
        let (pairs, rest) = block.as_chunks::<2>();
        let last = rest.first().map(|word| [*word, 0]);
        let products = pairs
            .iter()
            .chain(&last)
            .zip(self.key.as_chunks::<2>().0)
            .map(|([a, b], [k, l])| u128::from(a.wrapping_add(*k)) * u128::from(b.wrapping_add(*l)));
        products.fold(0, u128::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hashed(text: &[u64]) -> Vec<u8> {
        let mut state = 7_u64;
        let universal = Universal::new(|bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
        });
        let mut sums = Vec::new();
        universal.sums(text, |sum| sums.extend_from_slice(sum));
        sums
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
