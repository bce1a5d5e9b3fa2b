use crate::domain::{CustomerKey, Fingerprint, Order, OrderKey};

/// Makes fingerprints and key hashes with the account's own secret key, so that nobody can find out from a
/// state file whose orders it holds by hashing guesses.
pub struct Fingerprints {
    key: [u8; 32],
    payload: Vec<u8>,
}

impl Fingerprints {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, payload: Vec::with_capacity(1024) }
    }

    /// Of the payload we would send for this order.
    pub fn of(&mut self, order: &Order) -> Fingerprint {
        self.payload.clear();
        // Writing an `Order` to memory can't fail: it has no map with other than text keys. Should that ever
        // change, the half-written payload still gives a fingerprint, and at worst an update too many.
        let _ = serde_json::to_writer(&mut self.payload, order);
        let hash = blake3::keyed_hash(&self.key, &self.payload);
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        Fingerprint::from_bytes(first)
    }

    /// The payload hashed last says `source: 0`; counted, so that a report can show it of every single one.
    pub fn last_was_historical(&self) -> bool {
        const HISTORICAL: &[u8] = br#","source":0,"#;
        self.payload.windows(HISTORICAL.len()).any(|window| window == HISTORICAL)
    }

    pub fn customer(&self, key: &CustomerKey) -> [u8; 16] {
        self.short(b"customer", key.as_str())
    }

    pub fn order(&self, key: &OrderKey) -> [u8; 16] {
        self.short(b"order", &key.ledger_text())
    }

    fn short(&self, kind: &[u8], text: &str) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(kind).update(&[0]).update(text.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
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
        assert_ne!(Fingerprints::new([2; 32]).of(&tests_order("1")), print, "another account, another key");
    }

    #[test]
    fn every_payload_is_seen_to_be_historical() {
        let mut prints = Fingerprints::new([1; 32]);
        assert!(!prints.last_was_historical(), "nothing hashed yet");
        prints.of(&tests_order("1"));
        assert!(prints.last_was_historical());
    }
}
