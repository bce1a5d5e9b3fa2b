use super::payload::Payload;
use super::universal::Universal;
use crate::domain::{CustomerKey, Fingerprint, Order, OrderKey};

/// Makes fingerprints and key hashes with the account's own secret key, so that nobody can find out
/// from what is kept whose orders it tells of by hashing guesses, unless that key is known too.
///
/// A fingerprint is the first 64 bits of keyed BLAKE3 over a universal hash of the payload: as hard
/// to turn round as BLAKE3 alone, and two payloads of one order have the same by chance once in
/// 2^63 pairs.
pub struct Fingerprints {
    key: [u8; 32],
    universal: Universal,
    payload: Payload,
    /// What is hashed last, kept for its room.
    text: Vec<u8>,
}

impl Fingerprints {
    pub fn new(key: [u8; 32]) -> Self {
        let mut stream = blake3::Hasher::new_keyed(&key);
        let mut stream = stream.update(b"universal\0").finalize_xof();
        let universal = Universal::new(|bytes| stream.fill(bytes));
        Self { key, universal, payload: Payload::default(), text: Vec::with_capacity(64) }
    }

    /// Of the payload we would send for this order. What is hashed and how is a promise to every
    /// ledger: where it changes, a migration in `state/` has to say that the fingerprints there are
    /// of another kind.
    pub fn of(&mut self, order: &Order) -> Fingerprint {
        let payload = self.payload.take(order);
        self.text.clear();
        self.text.extend_from_slice(b"payload\0");
        self.universal.sums(payload, |sum| self.text.extend_from_slice(sum));
        let hash = blake3::keyed_hash(&self.key, &self.text);
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        Fingerprint::from_bytes(first)
    }

    /// The payload hashed last by [`Self::of`] says `source: 0`; counted, so that a report can show
    /// it of every single one.
    pub fn last_was_historical(&self) -> bool {
        self.payload.is_historical()
    }

    pub fn customer(&self, key: &CustomerKey) -> [u8; 16] {
        self.short(b"customer\0", key.as_str())
    }

    pub fn order(&self, key: &OrderKey) -> [u8; 16] {
        self.short(b"order\0", &key.ledger_text())
    }

    /// A short hash of anything, of which `kind` keeps others apart.
    pub(super) fn short_of(&mut self, kind: &[u8], value: &impl serde::Serialize) -> [u8; 4] {
        let words = self.payload.take(value);
        self.text.clear();
        self.text.extend_from_slice(kind);
        self.universal.sums(words, |sum| self.text.extend_from_slice(sum));
        let [a, b, c, d, ..] = *blake3::keyed_hash(&self.key, &self.text).as_bytes();
        [a, b, c, d]
    }

    fn short(&self, kind: &[u8], text: &str) -> [u8; 16] {
        // Nearly every key fits, and the hash of one piece costs a third of that of two.
        let mut room = [0; 128];
        let hash = match room.get_mut(..kind.len() + text.len()) {
            Some(whole) => {
                let (front, back) = whole.split_at_mut(kind.len());
                front.copy_from_slice(kind);
                back.copy_from_slice(text.as_bytes());
                blake3::keyed_hash(&self.key, whole)
            }
            None => {
                blake3::Hasher::new_keyed(&self.key).update(kind).update(text.as_bytes()).finalize()
            }
        };
        let mut short = [0; 16];
        short.copy_from_slice(&hash.as_bytes()[..16]);
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests_order;

    #[test]
    fn equal_payloads_have_equal_fingerprints_and_others_do_not() {
        let mut prints = Fingerprints::new([1; 32]);
        let print = prints.of(&tests_order("1"));
        assert_eq!(prints.of(&tests_order("1")), print);
        assert_ne!(prints.of(&tests_order("2")), print);
        assert_ne!(
            Fingerprints::new([2; 32]).of(&tests_order("1")),
            print,
            "another account, another key"
        );
    }

    #[test]
    fn every_payload_is_seen_to_be_historical() {
        let mut prints = Fingerprints::new([1; 32]);
        assert!(!prints.last_was_historical(), "nothing hashed yet");
        prints.of(&tests_order("1"));
        assert!(prints.last_was_historical());
    }

    /// Ledgers hold such numbers: where this one changes, every order of every ledger looks
    /// changed.
    #[test]
    fn fingerprints_stay_what_they_are() {
        let print = Fingerprints::new([1; 32]).of(&tests_order("1"));
        assert_eq!(format!("{print:?}"), "58ca8a1a85bd6308");
    }

    #[test]
    fn an_order_of_many_lines_counts_to_its_last() {
        let mut prints = Fingerprints::new([1; 32]);
        let mut order = tests_order("1");
        order.lines = vec![order.lines[0].clone(); 500];
        let print = prints.of(&order);
        order.lines[499].quantity += 1;
        assert_ne!(prints.of(&order), print);
        order.lines.truncate(499);
        assert_ne!(prints.of(&order), print);
    }
}
