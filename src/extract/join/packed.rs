//! Pieces as bytes, so that they can wait on disk. Only this process reads them again.

use super::piece::{Piece, Role};
use crate::domain::{
    Position, Reason, RecordError, SourceDiscount, SourceLine, SourceOrder, Status,
};

/// Turns pieces into bytes and back. What lasts as long as the program, the names of fields, is
/// kept beside them.
#[derive(Debug, Default)]
pub struct Packer {
    fields: Vec<&'static str>,
}

impl Packer {
    /// Appends a piece, without its key.
    pub fn pack(&mut self, piece: &Piece, bytes: &mut Vec<u8>) {
        let Piece { role, key: _, id, quantity, stated } = piece;
        bytes.push(*role as u8);
        put_text(bytes, id);
        put_number(bytes, quantity.map_or(0, |n| n.saturating_add(1)));
        self.pack_order(stated, bytes);
    }

    /// What [`Self::pack`] made of a piece with this key; `None` for anything else.
    pub fn unpack(&self, key: String, bytes: &[u8]) -> Option<Piece> {
        let mut rest = Rest(bytes);
        Some(Piece {
            role: match rest.byte()? {
                0 => Role::Order,
                1 => Role::Part,
                _ => Role::Deleted,
            },
            key,
            id: rest.text()?,
            quantity: rest.number()?.checked_sub(1),
            stated: self.unpack_order(&mut rest)?,
        })
    }

    /// Every field is named here, so that one that is added can't be forgotten.
    fn pack_order(&mut self, order: &SourceOrder, bytes: &mut Vec<u8>) {
        let SourceOrder {
            position,
            is_superseded,
            is_deleted,
            is_undated_cart,
            is_tax_assumed,
            in_minor_units,
            id,
            checkout_id,
            abandoned_at,
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
            charges,
            discount,
            refunded,
            discounts,
            shipping_method,
            order_url,
            status,
            status_word,
            lines,
            faults,
        } = order;
        put_number(bytes, position.record);
        put_number(bytes, u64::from(position.file));
        put_number(bytes, position.line);
        let texts =
            [id, checkout_id, abandoned_at, number, email, customer_id, created_at, updated_at];
        let amounts = [
            currency,
            total,
            current_total,
            subtotal,
            goods,
            shipping,
            tax,
            charges,
            discount,
            refunded,
        ];
        let more = [shipping_method, order_url, status_word, paid_currency];
        texts.into_iter().chain(amounts).chain(more).for_each(|text| put_text(bytes, text));
        bytes.push(u8::from(*is_superseded));
        bytes.push(u8::from(*is_deleted));
        bytes.push(u8::from(*is_undated_cart));
        bytes.push(u8::from(*is_tax_assumed));
        bytes.push(u8::from(*in_minor_units));
        bytes.push(accepts_marketing.map_or(0, |accepts| 1 + u8::from(accepts)));
        let place = status.and_then(|status| Status::ALL.iter().position(|one| *one == status));
        put_number(bytes, place.map_or(0, |place| place as u64 + 1));
        put_number(bytes, discounts.len() as u64);
        for SourceDiscount { name, amount, of_shipping } in discounts {
            put_text(bytes, name);
            put_text(bytes, amount);
            bytes.push(u8::from(*of_shipping));
        }
        put_number(bytes, lines.len() as u64);
        lines.iter().for_each(|line| pack_line(line, bytes));
        put_number(bytes, faults.len() as u64);
        for RecordError { reason, field, line } in faults {
            put_text(bytes, reason.word());
            put_number(bytes, field.map_or(0, |field| self.place_of(field) + 1));
            put_number(bytes, *line);
        }
    }

    fn unpack_order(&self, rest: &mut Rest<'_>) -> Option<SourceOrder> {
        Some(SourceOrder {
            position: Position {
                record: rest.number()?,
                file: u32::try_from(rest.number()?).ok()?,
                line: rest.number()?,
            },
            id: rest.text()?,
            checkout_id: rest.text()?,
            abandoned_at: rest.text()?,
            number: rest.text()?,
            email: rest.text()?,
            customer_id: rest.text()?,
            created_at: rest.text()?,
            updated_at: rest.text()?,
            currency: rest.text()?,
            total: rest.text()?,
            current_total: rest.text()?,
            subtotal: rest.text()?,
            goods: rest.text()?,
            shipping: rest.text()?,
            tax: rest.text()?,
            charges: rest.text()?,
            discount: rest.text()?,
            refunded: rest.text()?,
            shipping_method: rest.text()?,
            order_url: rest.text()?,
            status_word: rest.text()?,
            paid_currency: rest.text()?,
            is_superseded: rest.byte()? == 1,
            is_deleted: rest.byte()? == 1,
            is_undated_cart: rest.byte()? == 1,
            is_tax_assumed: rest.byte()? == 1,
            in_minor_units: rest.byte()? == 1,
            accepts_marketing: match rest.byte()? {
                0 => None,
                accepts => Some(accepts == 2),
            },
            status: match rest.place()?.checked_sub(1) {
                Some(place) => Some(*Status::ALL.get(place)?),
                None => None,
            },
            discounts: rest.list(|rest| {
                let (name, amount) = (rest.text()?, rest.text()?);
                Some(SourceDiscount { name, amount, of_shipping: rest.byte()? == 1 })
            })?,
            lines: rest.list(unpack_line)?,
            faults: rest.list(|rest| {
                let reason = Reason::from_word(&rest.text()?)?;
                let field = match rest.place()?.checked_sub(1) {
                    Some(place) => Some(*self.fields.get(place)?),
                    None => None,
                };
                Some(RecordError { reason, field, line: rest.number()? })
            })?,
        })
    }

    fn place_of(&mut self, field: &'static str) -> u64 {
        let known = self.fields.iter().position(|known| *known == field);
        let place = known.unwrap_or_else(|| {
            self.fields.push(field);
            self.fields.len() - 1
        });
        place as u64
    }
}

fn pack_line(line: &SourceLine, bytes: &mut Vec<u8>) {
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
        at_line,
    } = line;
    let texts = [id, name, variant, quantity, unit_price, total, discount, sku];
    texts
        .into_iter()
        .chain([category, image_url, product_url])
        .for_each(|text| put_text(bytes, text));
    put_number(bytes, *at_line);
}

fn unpack_line(rest: &mut Rest<'_>) -> Option<SourceLine> {
    Some(SourceLine {
        id: rest.text()?,
        name: rest.text()?,
        variant: rest.text()?,
        quantity: rest.text()?,
        unit_price: rest.text()?,
        total: rest.text()?,
        discount: rest.text()?,
        sku: rest.text()?,
        category: rest.text()?,
        image_url: rest.text()?,
        product_url: rest.text()?,
        at_line: rest.number()?,
    })
}

/// Seven bits a byte, the high bit says that more follow: most numbers here are small.
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// What is still to be unpacked.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn place(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn text(&mut self) -> Option<String> {
        let len = self.place()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let len = self.number()?;
        (0..len).map(|_| one(self)).collect()
    }
}
