//! The orders of one JSON file, as a mapping reads them.

use super::cells::Values;
use super::order::{Faults, Material, order};
use super::profile::{Field, LineField, Name, OrderField, Profile, Source};
use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::ORDER_LINES_MAX;
use crate::extract::codec;
use crate::extract::error::ReadError;
use crate::extract::json::{Elements, Fields};
use crate::extract::sheet_dialect::Records;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

/// Records whose keys are looked at before a file is read: writers that leave out what is blank
/// need more than one.
const SAMPLE_LEN_MAX: usize = 20;

pub struct MappedRecords {
    elements: Elements,
    profile: Arc<Profile>,
    source: codec::Source,
    file: Arc<File>,
}

impl MappedRecords {
    /// # Errors
    /// When the file can't be read, or is not the one that was judged.
    pub fn open(source: codec::Source, profile: &Arc<Profile>) -> Result<Self, ReadError> {
        let wrappers = match &profile.source {
            Source::Json { wrappers, .. } => wrappers.iter().map(|name| interned(name)).collect(),
            Source::Csv { .. } => Vec::new(),
        };
        let stream = source.open()?;
        let elements = Elements::new(stream.bytes, source.shown(), wrappers);
        Ok(Self { elements, profile: Arc::clone(profile), source, file: stream.file })
    }

    /// The needed places that the first records of a file lack; `None` of a file without records.
    ///
    /// # Errors
    /// When the file can't be read or is no JSON.
    pub fn missing(
        source: &codec::Source,
        profile: &Arc<Profile>,
    ) -> Result<Option<Vec<String>>, ReadError> {
        let mut records = Self::open(source.clone(), profile)?;
        let mut missing = needs(profile);
        for index in 0..SAMPLE_LEN_MAX {
            let met = records.advance(|text, _| {
                let record = Record::parse(text, profile)?;
                Ok(missing.iter().map(|need| record.has(need, profile)).collect::<Vec<_>>())
            })?;
            match met {
                None if index == 0 => return Ok(None),
                None => break,
                Some((Ok(met), _)) => {
                    let mut met = met.into_iter();
                    missing.retain(|_| !met.next().unwrap_or(false));
                }
                Some((Err(_), _)) => {}
            }
        }
        Ok(Some(missing.iter().map(|need| need.shown.clone()).collect()))
    }

    /// Reads the next record; with its line. The inner error is one of a record that is no object,
    /// or says one thing twice.
    #[expect(clippy::type_complexity, reason = "one caller for each part")]
    fn advance<T>(
        &mut self,
        read: impl Fn(&str, u64) -> serde_json::Result<T>,
    ) -> Result<Option<(Result<T, ()>, u64)>, ReadError> {
        loop {
            let Some(element) = self.elements.advance()? else {
                self.source.check_unchanged(&self.file, 0)?;
                return Ok(None);
            };
            let place = element.place;
            let text = String::from_utf8_lossy(element.bytes);
            let is_lossy = matches!(text, Cow::Owned(_));
            let parsed = if is_lossy { None } else { Some(read(&text, place.line)) };
            drop(text);
            return match parsed {
                None => Ok(Some((Err(()), place.line))),
                Some(Ok(value)) => Ok(Some((Ok(value), place.line))),
                Some(Err(_)) if self.elements.take_back() => continue,
                Some(Err(error)) if error.is_data() => Ok(Some((Err(()), place.line))),
                Some(Err(error)) => Err(self.elements.no_json(place, &error)),
            };
        }
    }
}

impl Records for MappedRecords {
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
        let profile = Arc::clone(&self.profile);
        let read = |text: &str, line| Ok(order_of(&profile, &Record::parse(text, &profile)?, line));
        let Some((read, line)) = self.advance(read)? else { return Ok(None) };
        Ok(Some(read.unwrap_or_else(|()| {
            let mut order = SourceOrder {
                faults: vec![RecordError::new(Reason::MalformedRow)],
                ..SourceOrder::default()
            };
            order.position.line = line;
            order
        })))
    }
}

fn order_of(profile: &Profile, record: &Record<'_>, line: u64) -> SourceOrder {
    let mut faults = Faults::of(line);
    let (lines, is_odd) = record.lines(profile);
    if is_odd {
        faults.add(Reason::MalformedRow, "lines", line);
    }
    if lines.len() > ORDER_LINES_MAX {
        faults.add(Reason::FieldTooLong, "lines", line);
    }
    let values = Object { top: &record.0, names: &profile.names, profile };
    let names = profile.line_names.as_deref().unwrap_or_default();
    let lines: Vec<Object<'_>> =
        lines.iter().take(ORDER_LINES_MAX).map(|top| Object { top, names, profile }).collect();
    let material = Material {
        carriers: vec![&values],
        lines: lines.iter().map(|object| (object as &dyn Values, line)).collect(),
        refunds: Vec::new(),
        is_cancelled: false,
        line,
    };
    order(profile, profile.dates.all(), &material, faults)
}

/// The values of one object under their names.
#[derive(Debug)]
struct Top<'a>(Vec<(String, &'a RawValue)>);

struct Record<'a>(Top<'a>);

/// Places of which a record must have one.
struct Need {
    places: Vec<Vec<Name>>,
    is_of_line: bool,
    shown: String,
}

impl<'a> Record<'a> {
    fn parse(text: &'a str, _: &Profile) -> serde_json::Result<Self> {
        serde_json::from_str(text).map(Record)
    }

    /// The objects of its list of lines; and whether something else stands there.
    fn lines(&self, profile: &Profile) -> (Vec<Top<'a>>, bool) {
        let Source::Json { lines, .. } = &profile.source else { return (Vec::new(), false) };
        let Some(list) =
            lines.iter().find_map(|place| self.0.at(place)).filter(|raw| raw.get() != "null")
        else {
            return (Vec::new(), false);
        };
        match serde_json::from_str::<Vec<&RawValue>>(list.get()) {
            Ok(items) => {
                let objects: Vec<Top<'a>> =
                    items.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect();
                let is_odd = objects.len() < items.len();
                (objects, is_odd)
            }
            Err(_) => (Vec::new(), true),
        }
    }

    fn has(&self, need: &Need, profile: &Profile) -> bool {
        let names = match need.is_of_line {
            true => profile.line_names.as_deref().unwrap_or_default(),
            false => &profile.names,
        };
        let has = |top: &Top<'_>, name: &Name| {
            names.get(*name).is_some_and(|place| top.at(place).is_some())
        };
        let is_met =
            |top: &Top<'_>| need.places.iter().any(|all| all.iter().all(|name| has(top, name)));
        match need.is_of_line {
            true => self.lines(profile).0.iter().any(is_met),
            false => is_met(&self.0),
        }
    }
}

fn needs(profile: &Profile) -> Vec<Need> {
    use {LineField as L, OrderField as F};
    let order = [F::Id, F::Number, F::Email, F::CreatedAt, F::Currency, F::Total];
    let order = order.iter().filter_map(|field| Some((profile.order_field(*field)?, false)));
    let line = [L::Name, L::Quantity, L::UnitPrice, L::Total];
    let line = line.iter().filter_map(|field| Some((profile.line_field(*field)?, true)));
    let need = |(field, is_of_line): (&Field, bool)| {
        let places = field.needs();
        let names = if is_of_line { profile.line_names.as_ref()? } else { &profile.names };
        let told = |all: &Vec<Name>| {
            all.iter()
                .filter_map(|name| names.get(*name))
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" and ")
        };
        let shown = places.iter().map(told).collect::<Vec<_>>().join(" or ");
        (!places.is_empty()).then_some(Need { places, is_of_line, shown })
    };
    order.chain(line).filter_map(need).collect()
}

impl<'a> Top<'a> {
    /// The value at a JSON pointer (RFC 6901); a place without a slash before it is a key of this
    /// very object.
    fn at(&self, place: &str) -> Option<&'a RawValue> {
        let Some(pointer) = place.strip_prefix('/') else { return self.key(place) };
        let mut tokens =
            pointer.split('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
        let first = self.key(&tokens.next()?)?;
        tokens.try_fold(first, |raw, token| match raw.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str::<Top<'a>>(raw.get()).ok()?.key(&token),
            Some(b'[') => {
                let items: Vec<&'a RawValue> = serde_json::from_str(raw.get()).ok()?;
                items.get(token.parse::<usize>().ok()?).copied()
            }
            _ => None,
        })
    }

    fn key(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, raw)| *raw)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Top<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfTop).map(Top)
    }
}

struct OfTop;

impl<'de> Visitor<'de> for OfTop {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut top: Self::Value = Vec::new();
        while let Some((key, raw)) = map.next_entry::<String, &'de RawValue>()? {
            if top.iter().any(|(known, _)| *known == key) {
                return Err(serde::de::Error::custom("a key stands there twice"));
            }
            top.push((key, raw));
        }
        Ok(top)
    }
}

/// An object under the names of a mapping.
struct Object<'a> {
    top: &'a Top<'a>,
    names: &'a [String],
    profile: &'a Profile,
}

impl Values for Object<'_> {
    fn value(&self, name: Name) -> Result<Cow<'_, str>, Reason> {
        let Some(raw) = self.names.get(name).and_then(|place| self.top.at(place)) else {
            return Ok(Cow::Borrowed(""));
        };
        let mut fields = Fields::new(false);
        let text = fields.text(Some(raw), "");
        if let Some(fault) = fields.faults.first() {
            return Err(fault.reason);
        }
        // JSON's own numbers have a point, whatever mark the amounts in quotes have.
        let is_number = !raw.get().starts_with('"');
        let mark = self.profile.form.decimal_mark;
        Ok(Cow::Owned(if is_number && mark != '.' {
            text.replacen('.', &mark.to_string(), 1)
        } else {
            text
        }))
    }
}

/// The names records are wrapped in, for as long as the program runs: a settings file has a handful
/// of them.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    match names.iter().find(|known| **known == name) {
        Some(known) => known,
        None => {
            let kept: &'static str = String::leak(name.to_owned());
            names.push(kept);
            kept
        }
    }
}
