//! A digest as the state stores it: about fifty bytes.

use super::OrderDigest;
use crate::domain::{Amount, Currency, Field, Moment};
use jiff::Timestamp;
use jiff::tz::Offset;

/// The first byte; another form gets another.
const FORM: u8 = 2;

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
        put_moment(&mut bytes, Some(self.created_at), Moment::EPOCH);
        for at in [self.updated_at, self.abandoned_at] {
            put_moment(&mut bytes, at, self.created_at);
        }
        put(&mut bytes, u64::from(self.products));
        put(&mut bytes, self.units);
        let bit = |(n, field)| u64::from(self.hashes[field as usize].is_some()) << n;
        put(&mut bytes, hashed_fields().map(bit).sum());
        self.hashes.iter().flatten().for_each(|hash| bytes.extend_from_slice(hash));
        bytes
    }

    /// `None` if these are not the bytes of a digest, or have another form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut left = bytes;
        let [FORM] = take(&mut left)? else { return None };
        let (mapping, source) = (take(&mut left)?, take(&mut left)?);
        let code: [u8; 3] = take(&mut left)?;
        let currency = Currency::parse(std::str::from_utf8(&code).ok()?).ok()?;
        let [total, shipping, tax, discount] = [(); 4].map(|()| amount(&mut left));
        let created_at = moment(&mut left, Moment::EPOCH)??;
        let [updated_at, abandoned_at] = [(); 2].map(|()| moment(&mut left, created_at));
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
            created_at,
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

/// 0 for none. Else the seconds since `from` and whether the offset is another than its own; then
/// that offset.
fn put_moment(bytes: &mut Vec<u8>, at: Option<Moment>, from: Moment) {
    let Some(at) = at else { return put(bytes, 0) };
    let is_elsewhere = at.offset() != from.offset();
    let seconds = at.timestamp().as_second() - from.timestamp().as_second();
    put(bytes, (zigzag(seconds) << 1 | u64::from(is_elsewhere)) + 1);
    if is_elsewhere {
        put_offset(bytes, at.offset());
    }
}

/// The outer `None`: these bytes are not a moment.
fn moment(left: &mut &[u8], from: Moment) -> Option<Option<Moment>> {
    let Some(n) = number(left)?.checked_sub(1) else { return Some(None) };
    let second = from.timestamp().as_second().checked_add(unzigzag(n >> 1))?;
    let offset = if n & 1 == 0 { from.offset() } else { offset(left)? };
    Moment::new(Timestamp::from_second(second).ok()?, offset).ok().map(Some)
}

/// Twice the quarters of an hour, or twice the minutes and one more, as few offsets need minutes.
fn put_offset(bytes: &mut Vec<u8>, offset: Offset) {
    let minutes = i64::from(offset.seconds() / 60);
    let is_in_quarters = minutes % 15 == 0;
    let n = if is_in_quarters { minutes / 15 } else { minutes };
    put(bytes, zigzag(n) << 1 | u64::from(!is_in_quarters));
}

fn offset(left: &mut &[u8]) -> Option<Offset> {
    let n = number(left)?;
    let unit = if n & 1 == 0 { 15 * 60 } else { 60 };
    Offset::from_seconds(i32::try_from(unzigzag(n >> 1)).ok()?.checked_mul(unit)?).ok()
}

/// Numbers near zero become small, whatever their sign.
fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)).cast_unsigned()
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -(n & 1).cast_signed()
}

#[cfg(test)]
mod tests;
