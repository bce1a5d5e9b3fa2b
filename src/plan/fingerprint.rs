use crate::domain::{CustomerHash, CustomerKey, Fingerprint, Order, OrderKey};
use serde::Serialize;

/// Makes fingerprints and key hashes with the account's own secret key: without that key, guesses
/// can't be hashed to find out whose orders are in the state.
pub struct Fingerprints {
    key: [u8; 32],
    /// The last hashed text, kept to reuse its allocation: a prefix for the kind of hash, then
    /// JSON.
    text: Vec<u8>,
}

const PAYLOAD: &[u8] = b"payload\0";

/// The payload of an order.
pub struct Payload<'a> {
    key: &'a [u8; 32],
    text: &'a [u8],
}

impl<'a> Payload<'a> {
    /// The first 64 bits of keyed BLAKE3 over the JSON. Every ledger contains these numbers: if the
    /// JSON or the hash changes, every order looks changed, once.
    pub fn fingerprint(&self) -> Fingerprint {
        let [a, b, c, d, e, f, g, h, ..] = *blake3::keyed_hash(self.key, self.text).as_bytes();
        Fingerprint::from_bytes([a, b, c, d, e, f, g, h])
    }

    /// The hashed JSON: exactly the bytes that are sent, without the two ids that only
    /// ActiveCampaign knows.
    pub fn json(&self) -> &'a [u8] {
        self.text.get(PAYLOAD.len()..).unwrap_or_default()
    }

    /// Checked on the bytes and for every payload, so that a report can show that no automation
    /// will run. JSON escapes the quotes in a text, so only a field can look like this.
    pub fn is_historical(&self) -> bool {
        const FIELD: &[u8] = b",\"source\":0,";
        self.json().windows(FIELD.len()).any(|bytes| bytes == FIELD)
    }
}

impl Fingerprints {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, text: Vec::with_capacity(1024) }
    }

    pub fn payload(&mut self, order: &Order) -> Payload<'_> {
        write_hashed(&mut self.text, PAYLOAD, order);
        Payload { key: &self.key, text: &self.text }
    }

    /// The fingerprint of an order's payload.
    pub fn fingerprint(&self, order: &Order) -> Fingerprint {
        let mut text = Vec::new();
        write_hashed(&mut text, PAYLOAD, order);
        Payload { key: &self.key, text: &text }.fingerprint()
    }

    pub fn customer(&self, key: &CustomerKey) -> CustomerHash {
        self.short(b"customer\0", key.as_str())
    }

    pub fn order(&self, key: &OrderKey) -> [u8; 16] {
        self.short(b"order\0", &key.ledger_text())
    }

    /// `kind` keeps hashes of different things apart.
    pub(super) fn hash(&mut self, kind: &[u8], value: &impl Serialize) -> [u8; 32] {
        write_hashed(&mut self.text, kind, value);
        *blake3::keyed_hash(&self.key, &self.text).as_bytes()
    }

    fn short<const N: usize>(&self, kind: &[u8], text: &str) -> [u8; N] {
        // Nearly every key fits, and hashing one chunk costs a third of hashing two.
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
        let mut short = [0; N];
        short.copy_from_slice(&hash.as_bytes()[..N]);
        short
    }
}

fn write_hashed(text: &mut Vec<u8>, kind: &[u8], value: &impl Serialize) {
    text.clear();
    text.extend_from_slice(kind);
    // Writing to memory can't fail, and no `Serialize` of ours does. If one ever did, the truncated
    // JSON would still give a fingerprint, and at worst an unnecessary update.
    let _ = serde_json::to_writer(text, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests_order;

    fn print(key: u8, order: &Order) -> Fingerprint {
        Fingerprints::new([key; 32]).fingerprint(order)
    }

    #[test]
    fn equal_payloads_have_equal_fingerprints_and_others_do_not() {
        let first = print(1, &tests_order("1"));
        assert_eq!(print(1, &tests_order("1")), first);
        assert_ne!(print(1, &tests_order("2")), first);
        assert_ne!(print(2, &tests_order("1")), first, "another account, another key");
    }

    #[test]
    fn the_hashed_json_is_the_json_that_is_sent() {
        let mut prints = Fingerprints::new([1; 32]);
        prints.payload(&tests_order("2"));
        let order = tests_order("1");
        let payload = prints.payload(&order);
        assert_eq!(payload.json(), serde_json::to_vec(&order).unwrap());
        assert_eq!(payload.fingerprint(), print(1, &order));
        assert!(payload.is_historical());
    }

    #[test]
    fn a_text_is_not_mistaken_for_the_source() {
        for (json, expected) in [
            (r#"{"externalid":"1","source":0,"email":"a@b.c"}"#, true),
            (r#"{"externalid":"1","source":1,"email":"a@b.c"}"#, false),
            (r#"{"externalid":"1","email":"a@b.c"}"#, false),
            (r#"{"externalid":"1","name":"x,\"source\":0,"}"#, false),
        ] {
            let text = [PAYLOAD, json.as_bytes()].concat();
            let payload = Payload { key: &[0; 32], text: &text };
            assert_eq!(payload.is_historical(), expected, "{json}");
        }
    }

    /// Ledgers contain these numbers: if this one changes, every order of every ledger looks
    /// changed.
    #[test]
    fn fingerprints_stay_what_they_are() {
        assert_eq!(format!("{:?}", print(1, &tests_order("1"))), "6fd36469412c3859");
    }

    #[test]
    fn an_order_of_many_lines_counts_to_its_last() {
        let mut order = tests_order("1");
        order.lines = vec![order.lines[0].clone(); 500];
        let first = print(1, &order);
        order.lines[499].quantity += 1;
        assert_ne!(print(1, &order), first);
        order.lines.truncate(499);
        assert_ne!(print(1, &order), first);
    }
}
