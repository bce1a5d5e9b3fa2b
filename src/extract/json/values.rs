//! From JSON values to the text of fields. Nothing here fails: a value of the wrong kind is a fault
//! of its record.

use crate::domain::{Reason, RecordError};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;

/// A value as it stands in the file, numbers with all their digits; `None` where it is `null` or
/// not there.
pub type Raw<'a> = Option<&'a RawValue>;

/// For a field where `null` says something else than no field at all.
pub fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Raw<'de>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// An object; absent where there is `null` or nothing, or an empty list: some writers know no empty
/// object.
#[derive(Debug)]
pub struct Object<T> {
    inner: Option<T>,
    is_odd: bool,
}

/// A list of objects, or the values of one: some writers make one of a list with gaps. At most
/// `MAX` are kept.
#[derive(Debug)]
pub struct List<T, const MAX: usize> {
    items: Vec<T>,
    is_odd: bool,
    is_overlong: bool,
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self { inner: None, is_odd: false }
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self { items: Vec::new(), is_odd: false, is_overlong: false }
    }
}

/// Takes fields out of one record, and keeps what is wrong with them.
pub struct Fields {
    pub faults: Vec<RecordError>,
    /// The record was no UTF-8: what could not be read stands as U+FFFD in it.
    has_bad_bytes: bool,
}

impl Fields {
    pub fn new(has_bad_bytes: bool) -> Self {
        Self { faults: Vec::new(), has_bad_bytes }
    }

    /// The text of a string without the blanks around it, or of a number, as it stands. Blank where
    /// there is none.
    pub fn text(&mut self, raw: Raw<'_>, field: &'static str) -> String {
        let raw = raw.map_or("null", RawValue::get);
        let text = match raw.as_bytes() {
            [b'"', .., b'"'] if raw.contains('\\') => match serde_json::from_str::<String>(raw) {
                Ok(text) => text.trim_ascii().to_owned(),
                // Half of a surrogate pair: text that was cut within a sign.
                Err(_) => {
                    self.add(Reason::BadEncoding, field);
                    raw.to_owned()
                }
            },
            [b'"', .., b'"'] => raw[1..raw.len() - 1].trim_ascii().to_owned(),
            [b'{' | b'[', ..] => {
                self.add(Reason::MalformedRow, field);
                String::new()
            }
            _ if raw == "null" => String::new(),
            _ => raw.to_owned(),
        };
        if self.has_bad_bytes && text.contains('\u{fffd}') {
            self.add(Reason::BadEncoding, field);
        }
        text
    }

    /// The text of an id. A number with a fraction or an exponent went through a spreadsheet or a
    /// float, and may be another id by now.
    pub fn id(&mut self, raw: Raw<'_>, field: &'static str) -> String {
        let is_number = raw.is_some_and(|raw| !raw.get().starts_with('"'));
        let text = self.text(raw, field);
        if is_number && text.contains(['.', 'e', 'E']) {
            self.add(Reason::BadId, field);
        }
        text
    }

    /// The first of several fields that is not blank.
    pub fn first<const N: usize>(&mut self, fields: [(Raw<'_>, &'static str); N]) -> String {
        let texts = fields.into_iter().map(|(raw, field)| self.text(raw, field));
        texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }

    pub fn object<'o, T>(&mut self, object: &'o Object<T>, field: &'static str) -> Option<&'o T> {
        if object.is_odd {
            self.add(Reason::MalformedRow, field);
        }
        object.inner.as_ref()
    }

    pub fn list<'l, T, const MAX: usize>(
        &mut self,
        list: &'l List<T, MAX>,
        field: &'static str,
    ) -> &'l [T] {
        if list.is_odd {
            self.add(Reason::MalformedRow, field);
        }
        if list.is_overlong {
            self.add(Reason::FieldTooLong, field);
        }
        &list.items
    }

    /// Adds a fault, once for each reason and field.
    pub fn add(&mut self, reason: Reason, field: &'static str) {
        let fault = RecordError::of(reason, field);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// Whether a value says yes, as `true` or as text.
pub fn is_true(raw: Raw<'_>) -> bool {
    raw.is_some_and(|raw| matches!(raw.get(), "true" | "\"true\"" | "1" | "\"1\""))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfObject(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfList(PhantomData))
    }
}

/// What a visitor makes of a value of a kind it has no use for.
macro_rules! odd {
    ($odd:expr; $($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Self::Value, E> { Ok($odd) })*
    };
}

struct OfObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfObject<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let inner = T::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Object { inner: Some(inner), is_odd: false })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut is_odd = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            is_odd = true;
        }
        Ok(Object { inner: None, is_odd })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Object::default())
    }

    odd!(Object { inner: None, is_odd: true }; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

struct OfList<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for OfList<T, MAX> {
    type Value = List<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = List::default();
        while let Some(item) = seq.next_element::<Object<T>>()? {
            list.push(item);
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = List::default();
        while let Some((_, item)) = map.next_entry::<IgnoredAny, Object<T>>()? {
            list.push(item);
        }
        Ok(list)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(List::default())
    }

    odd!(List { is_odd: true, ..List::default() }; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

impl<T, const MAX: usize> List<T, MAX> {
    fn push(&mut self, item: Object<T>) {
        match item.inner {
            None => self.is_odd = true,
            Some(_) if self.items.len() == MAX => self.is_overlong = true,
            Some(item) => self.items.push(item),
        }
    }
}
