//! An outline as the state stores it: about fifty bytes.

use super::OrderDigest;
use crate::domain::{Amount, Currency, Field, Moment};
use jiff::Timestamp;
use jiff::tz::Offset;

/// The first byte; another form gets another.
const FORM: u8 = 1;

impl OrderDigest {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(FORM);
        bytes.extend_from_slice(&self.mapping);
        bytes.extend_from_slice(&self.source);
        bytes.extend_from_slice(self.currency.code().as_bytes());
        for amount in self.amounts() {
            put(&mut bytes, amount.map_or(0, |amount| amount.minor().unsigned_abs() + 1));
        }
        for at in [Some(self.created_at), self.updated_at, self.abandoned_at] {
            put_moment(&mut bytes, at);
        }
        put(&mut bytes, u64::from(self.products));
        put(&mut bytes, self.units);
        let bit = |(n, field)| u64::from(self.hashes[field as usize].is_some()) << n;
        put(&mut bytes, hashed_fields().map(bit).sum());
        self.hashes.iter().flatten().for_each(|hash| bytes.extend_from_slice(hash));
        bytes
    }

    /// `None` if these are not the bytes of an outline, or have another form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut left = bytes;
        let [FORM] = take(&mut left)? else { return None };
        let (mapping, source) = (take(&mut left)?, take(&mut left)?);
        let code: [u8; 3] = take(&mut left)?;
        let currency = Currency::parse(std::str::from_utf8(&code).ok()?).ok()?;
        let [total, shipping, tax, discount] = [(); 4].map(|()| amount(&mut left));
        let [created_at, updated_at, abandoned_at] = [(); 3].map(|()| moment(&mut left));
        let (products, units) = (u32::try_from(number(&mut left)?).ok()?, number(&mut left)?);
        let present = number(&mut left)?;
        let mut hashes = [None; Field::ALL.len()];
        for (n, field) in hashed_fields() {
            if present >> n & 1 == 1 {
                hashes[field as usize] = Some(take(&mut left)?);
            }
        }
        left.is_empty().then_some(Self {
            mapping,
            source,
            total: total??,
            shipping: shipping?,
            tax: tax?,
            discount: discount?,
            currency,
            created_at: created_at??,
            updated_at: updated_at?,
            abandoned_at: abandoned_at?,
            products,
            units,
            hashes,
        })
    }
}

/// The fields that are stored as a hash, each with its bit.
fn hashed_fields() -> impl Iterator<Item = (usize, Field)> {
    Field::ALL.into_iter().filter(|field| field.is_hashed()).enumerate()
}

fn take<const N: usize>(left: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = left.split_first_chunk::<N>()?;
    *left = rest;
    Some(*first)
}

/// Seven bits a byte, the low ones first; the eighth says that more follow.
fn put(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn number(left: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for shift in (0..64).step_by(7) {
        let [byte] = take(left)?;
        let bits = u64::from(byte & 0x7f);
        if (bits << shift) >> shift != bits {
            return None;
        }
        n |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

/// The outer `None`: these bytes are not an amount.
fn amount(left: &mut &[u8]) -> Option<Option<Amount>> {
    let Some(minor) = number(left)?.checked_sub(1) else { return Some(None) };
    Amount::from_minor(i64::try_from(minor).ok()?).map(Some)
}

/// Seconds since 1970 and one more, 0 for none; then the offset in minutes, moved to be positive.
fn put_moment(bytes: &mut Vec<u8>, at: Option<Moment>) {
    let Some(at) = at else { return put(bytes, 0) };
    put(bytes, at.timestamp().as_second().unsigned_abs() + 1);
    put(bytes, u64::from((at.offset().seconds() / 60 + OFFSET_MINUTES_MAX).unsigned_abs()));
}

/// Offsets are within 26 hours of UTC.
const OFFSET_MINUTES_MAX: i32 = 26 * 60;

/// The outer `None`: these bytes are not a moment.
fn moment(left: &mut &[u8]) -> Option<Option<Moment>> {
    let Some(second) = number(left)?.checked_sub(1) else { return Some(None) };
    let minutes = i32::try_from(number(left)?).ok()?.checked_sub(OFFSET_MINUTES_MAX)?;
    let timestamp = Timestamp::from_second(i64::try_from(second).ok()?).ok()?;
    let offset = Offset::from_seconds(minutes.checked_mul(60)?).ok()?;
    Moment::new(timestamp, offset).ok().map(Some)
}

#[cfg(test)]
mod tests;
