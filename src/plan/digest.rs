//! Builds the digest of an order, by which a later plan names the fields that changed.

use super::fingerprint::Fingerprints;
use crate::domain::{Field, Order, OrderDigest, OrderKey, Position, ShortHash, SourceOrder};
use serde_json::Value;

impl Fingerprints {
    /// `source` is the hash of the order's record, `mapping` that of the rules.
    pub fn digest(&mut self, order: &Order, source: ShortHash, mapping: ShortHash) -> OrderDigest {
        let payload = serde_json::to_value(order).unwrap_or_default();
        let hashes = Field::ALL.map(|field| {
            let value = value_of(&payload, field).filter(|_| field.is_hashed())?;
            Some(self.field(&order.key, &value))
        });
        OrderDigest {
            mapping,
            source,
            total: order.total,
            shipping: order.shipping,
            tax: order.tax,
            discount: order.discount,
            currency: order.currency,
            created_at: order.created_at,
            updated_at: order.updated_at,
            abandoned_at: order.abandoned_at,
            products: u32::try_from(order.lines.len()).unwrap_or(u32::MAX),
            units: order.lines.iter().map(|line| u64::from(line.quantity)).sum(),
            hashes,
        }
    }

    /// The hash of the content of a record, without its place in the file and its errors.
    pub fn source(&mut self, source: &SourceOrder) -> ShortHash {
        let mut stated = source.clone();
        stated.position = Position::default();
        stated.faults.clear();
        stated.lines.iter_mut().for_each(|line| line.at_line = 0);
        let [a, b, c, ..] = self.hash(b"source\0", &stated);
        [a, b, c]
    }

    /// The hash of the rules that turn records into orders, as text.
    pub fn mapping(&mut self, mapping: &str) -> ShortHash {
        let [a, b, c, ..] = self.hash(b"mapping\0", &mapping);
        [a, b, c]
    }

    /// The order's key is part of each hash, so that two orders of one buyer, or of one product,
    /// share no hash.
    fn field(&mut self, key: &OrderKey, value: &FieldValues<'_>) -> ShortHash {
        let [a, b, c, ..] = self.hash(b"field\0", &(key.ledger_text(), value));
        [a, b, c]
    }
}

/// The value of a field in a payload; for a field of products, one value per product.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum FieldValues<'a> {
    One(&'a Value),
    OfProducts(Vec<Option<&'a Value>>),
}

/// `None` if the payload has no such field.
fn value_of(payload: &Value, field: Field) -> Option<FieldValues<'_>> {
    let Some((list, name)) = field.word().split_once('.') else {
        return payload.get(field.word()).map(FieldValues::One);
    };
    let products = payload.get(list)?.as_array()?;
    let values: Vec<_> = products.iter().map(|product| product.get(name)).collect();
    values.iter().any(Option::is_some).then_some(FieldValues::OfProducts(values))
}

#[cfg(test)]
mod tests;
