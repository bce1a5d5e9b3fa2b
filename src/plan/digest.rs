//! Makes the digest of an order, and tells whether a record is the one it was.

use super::fingerprint::Fingerprints;
use crate::domain::{Order, OrderDigest, OrderKey, SourceDiscount, SourceLine, SourceOrder};
use serde::{Serialize, Serializer};

impl Fingerprints {
    /// What is kept of an order to tell later what changed. `source` is of the record it was made
    /// of, `mapping` of what made it.
    pub fn digest(&mut self, order: &Order, source: [u8; 4], mapping: [u8; 4]) -> OrderDigest {
        let (lines, mut of) = (&order.lines, Hashing { prints: self, key: &order.key });
        let hashes = [
            of.text(order.customer.email.as_str()),
            of.text(&order.number),
            of.text(&order.order_url),
            of.text(&order.shipping_method),
            of.list(&order.discounts, |discount| discount),
            of.texts(lines, |line| &line.id),
            of.texts(lines, |line| &line.name),
            of.list(lines, |line| &line.price),
            of.list(lines, |line| &line.quantity),
            of.texts(lines, |line| &line.sku),
            of.texts(lines, |line| &line.category),
            of.texts(lines, |line| &line.image_url),
            of.texts(lines, |line| &line.product_url),
        ];
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
            products: u32::try_from(lines.len()).unwrap_or(u32::MAX),
            units: lines.iter().map(|line| u64::from(line.quantity)).sum(),
            hashes,
        }
    }

    /// Of a record as its export states it, wherever it stands there.
    pub fn source(&mut self, source: &SourceOrder) -> [u8; 4] {
        self.short_of(b"source\0", &Stated(source))
    }

    /// Of what settings and program make of a record, as words.
    pub fn mapping(&mut self, mapping: &str) -> [u8; 4] {
        self.short_of(b"mapping\0", &mapping)
    }
}

/// Hashes the fields of one order. The order's key is part of each, so that two orders of one
/// buyer, or of one product, show nothing alike.
struct Hashing<'a> {
    prints: &'a mut Fingerprints,
    key: &'a OrderKey,
}

impl Hashing<'_> {
    fn text(&mut self, text: &str) -> Option<[u8; 3]> {
        (!text.is_empty()).then(|| self.field(&text))
    }

    /// One text of each item; blank ones alone are none, as they are not sent.
    fn texts<T>(&mut self, items: &[T], of: impl Fn(&T) -> &String) -> Option<[u8; 3]> {
        if items.iter().all(|item| of(item).is_empty()) { None } else { self.list(items, of) }
    }

    fn list<T, V: Serialize>(&mut self, items: &[T], of: impl Fn(&T) -> &V) -> Option<[u8; 3]> {
        (!items.is_empty()).then(|| self.field(&Each(items, of)))
    }

    fn field(&mut self, value: &impl Serialize) -> [u8; 3] {
        let [a, b, c, _] = self.prints.short_of(b"field\0", &(self.key.ledger_text(), value));
        [a, b, c]
    }
}

/// One value of each item.
struct Each<'a, T, F>(&'a [T], F);

impl<T, V: Serialize, F: Fn(&T) -> &V> Serialize for Each<'_, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
}

/// All that a record states, and not where it stands. Each field is named, so that one that is new
/// is not forgotten here.
struct Stated<'a>(&'a SourceOrder);

impl Serialize for Stated<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let SourceOrder {
            position: _,
            // What was found wrong with a record follows from what it states.
            faults: _,
            // Whether it counts at all: one that does not is never sent, and has no digest.
            is_superseded: _,
            is_deleted: _,
            id,
            checkout_id,
            abandoned_at,
            is_undated_cart,
            number,
            email,
            customer_id,
            accepts_marketing,
            created_at,
            updated_at,
            currency,
            paid_currency,
            total,
            current_total,
            subtotal,
            goods,
            shipping,
            tax,
            discount,
            charges,
            refunded,
            discounts,
            shipping_method,
            order_url,
            status,
            status_word,
            lines,
        } = self.0;
        let names =
            (id, checkout_id, number, email, customer_id, currency, shipping_method, order_url);
        let names = (names, paid_currency, status_word);
        let dates = (created_at, updated_at, abandoned_at, is_undated_cart);
        let amounts =
            (total, current_total, subtotal, goods, shipping, tax, discount, charges, refunded);
        let status = status.map(|status| status.word());
        (names, dates, amounts, status, accepts_marketing, Lines(lines), Discounts(discounts))
            .serialize(serializer)
    }
}

struct Lines<'a>(&'a [SourceLine]);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|line| {
            let SourceLine {
                id,
                name,
                variant,
                quantity,
                unit_price,
                total,
                discount,
                sku,
                category,
                image_url,
                product_url,
                at_line: _,
            } = line;
            (
                id,
                name,
                variant,
                quantity,
                unit_price,
                total,
                discount,
                sku,
                category,
                image_url,
                product_url,
            )
        }))
    }
}

struct Discounts<'a>(&'a [SourceDiscount]);

impl Serialize for Discounts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.0
                .iter()
                .map(|SourceDiscount { name, amount, of_shipping }| (name, amount, of_shipping)),
        )
    }
}

#[cfg(test)]
mod tests;
