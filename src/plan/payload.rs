//! A payload as words to hash: the same `Serialize` that decides what is sent, without the cost of
//! writing JSON.

use serde::ser::{self, Serialize, Serializer};
use std::fmt::Error;

/// What was serialised last, in words of 64 bits: each value with a mark of its kind, and a length
/// or an end, so that two payloads which differ in any name, value, kind or place differ in their
/// words.
#[derive(Default)]
pub(super) struct Payload {
    words: Vec<u64>,
    source: Option<bool>,
}

/// Marks stand in the highest byte; what is below it of a text's is its length.
const TEXT: u64 = 1 << 56;
const NUMBER: u64 = 2 << 56;
const NEGATIVE: u64 = 3 << 56;
const FLOAT: u64 = 4 << 56;
const TRUTH: u64 = 5 << 56;
const NOTHING: u64 = 6 << 56;
const LIST: u64 = 7 << 56;
const OBJECT: u64 = 8 << 56;
const END: u64 = 9 << 56;
const VARIANT: u64 = 10 << 56;

impl Payload {
    /// Takes the words of this value in place of those of the last one.
    pub(super) fn take(&mut self, value: &impl Serialize) -> &[u64] {
        self.words.clear();
        self.source = None;
        // Nothing here fails, unless a `Serialize` of ours says so itself, and none does. Should
        // that ever change, the half-written payload still gives a fingerprint, and at worst an
        // update too many.
        let _ = value.serialize(&mut *self);
        &self.words
    }

    /// Whether the outermost object has a `source`, and it is 0.
    pub(super) fn is_historical(&self) -> bool {
        self.source == Some(true)
    }

    /// Always inlined, as are the names of fields: what is known of them is worked out by the
    /// compiler then.
    #[inline(always)]
    fn text(&mut self, text: &[u8]) {
        self.words.push(TEXT | text.len() as u64);
        let (words, rest) = text.as_chunks::<8>();
        self.words.extend(words.iter().map(|word| u64::from_le_bytes(*word)));
        if rest.is_empty() {
            return;
        }
        // The length is known, so the last word may say again what the one before it said.
        let last = match text.last_chunk::<8>() {
            Some(last) => u64::from_le_bytes(*last),
            None => rest.iter().rev().fold(0, |word, b| (word << 8) | u64::from(*b)),
        };
        self.words.push(last);
    }

    #[inline]
    fn number(&mut self, mark: u64, number: u64) -> Result<(), Error> {
        self.words.extend_from_slice(&[mark, number]);
        Ok(())
    }

    #[inline]
    fn mark(&mut self, mark: u64) -> Result<(), Error> {
        self.words.push(mark);
        Ok(())
    }

    fn variant(&mut self, name: &'static str) {
        self.words.push(VARIANT);
        self.text(name.as_bytes());
    }
}

macro_rules! numbers {
    ($mark:expr; $($name:ident: $kind:ty),*) => {
        $(#[inline] fn $name(self, value: $kind) -> Result<(), Error> { self.number($mark, value as u64) })*
    };
}

impl<'p> Serializer for &'p mut Payload {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Object<'p>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    numbers!(NUMBER; serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_char: char);
    numbers!(TRUTH; serialize_bool: bool);

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.serialize_i64(i64::from(value))
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.serialize_i64(i64::from(value))
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.serialize_i64(i64::from(value))
    }

    /// As in JSON a number is the same whether its type has a sign or not.
    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.number(if value < 0 { NEGATIVE } else { NUMBER }, value.unsigned_abs())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.number(FLOAT, value.to_bits())
    }

    #[inline(always)]
    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.text(value.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.mark(LIST)?;
        self.text(value);
        self.mark(END)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.mark(NOTHING)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.mark(NOTHING)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.mark(NOTHING)
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(name)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant(name);
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        self.mark(LIST)?;
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.variant(name);
        self.serialize_seq(None)
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Object<'p>, Error> {
        let is_outermost = self.words.is_empty();
        self.mark(OBJECT)?;
        Ok(Object { payload: self, is_outermost })
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        self.mark(OBJECT)?;
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.variant(name);
        self.mark(OBJECT)?;
        Ok(self)
    }
}

/// The name of the field that must be 0.
const SOURCE: [u64; 2] = [TEXT | 6, u64::from_le_bytes(*b"source\0\0")];

/// An object whose names are values too: an order, as its key's name depends on its kind.
pub(super) struct Object<'p> {
    payload: &'p mut Payload,
    is_outermost: bool,
}

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(&mut *self.payload)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.payload)
    }

    #[inline(always)]
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Error> {
        self.serialize_key(key)?;
        let is_source = self.is_outermost && self.payload.words.ends_with(&SOURCE);
        let begin = self.payload.words.len();
        self.serialize_value(value)?;
        if is_source {
            let is_zero = self.payload.words.get(begin..) == Some(&[NUMBER, 0]);
            self.payload.source = Some(is_zero && self.payload.source != Some(false));
        }
        Ok(())
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.payload.mark(END)
    }
}

macro_rules! lists {
    ($($of:ident $add:ident),*) => {
        $(impl ser::$of for &mut Payload {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                value.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.mark(END)
            }
        })*
    };
}

lists!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field);

macro_rules! objects {
    ($($of:ident),*) => {
        $(impl ser::$of for &mut Payload {
            type Ok = ();
            type Error = Error;

            #[inline(always)]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.text(name.as_bytes());
                value.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.mark(END)
            }
        })*
    };
}

objects!(SerializeStruct, SerializeStructVariant);

#[cfg(test)]
mod tests;
