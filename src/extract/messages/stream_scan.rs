//! Scans all messages of a file for the stream that holds the orders: by its name, and by the keys
//! of its records.

use super::envelope::{Envelope, Message, Row};
use crate::extract::codec::Source;
use crate::extract::error::{NoMatch, ReadError};
use crate::extract::json::{
    JsonFile, JsonFormat, JsonFormats, Keys, SAMPLE_LEN_MAX, Wrappers, format_of,
};
use std::collections::BTreeMap;

/// Streams that are distinguished; a tap has a few dozen.
const STREAMS_MAX: usize = 200;
const HINT_SELECT: &str =
    "select the stream of orders, with all its fields, in the catalog of the tap or source";

/// What a file contains of one stream.
#[derive(Default)]
struct StreamContent {
    records: usize,
    keys: Keys,
}

type TakenStreams = Vec<(String, &'static JsonFormat)>;

struct StreamScan<'a> {
    streams: BTreeMap<String, StreamContent>,
    envelope: Envelope,
    /// The settings name the format.
    is_named: bool,
    formats: &'a JsonFormats,
}

/// The streams that hold orders or abandoned carts, each with its format; none if there is nothing
/// to read.
///
/// # Errors
/// When the file can't be read, when several streams may be the orders, or none; or when its
/// records lack keys.
pub fn streams_of_orders(
    source: &Source,
    envelope: Envelope,
    is_named: bool,
    formats: &JsonFormats,
) -> Result<TakenStreams, ReadError> {
    let mut scan = StreamScan { streams: BTreeMap::new(), envelope, is_named, formats };
    scan.read(JsonFile::open(source.clone(), Wrappers::default())?)?;
    scan.choose().map_err(|no_match| no_match.at(source.shown(), 0))
}

impl StreamScan<'_> {
    /// Damage ends the scan: the part before it is valid, and the error is reported when the file
    /// is read.
    fn read(&mut self, mut file: JsonFile) -> Result<(), ReadError> {
        loop {
            let next = file.next(|document| match self.envelope.read(document.value) {
                Message::Record { stream, row } => self.add(stream, Some(&row)),
                Message::Schema { stream } => self.add(stream, None),
                Message::State | Message::Other | Message::Damaged => {}
            });
            match next {
                Ok(Some(_)) => {}
                Err(error) if self.streams.is_empty() => return Err(error),
                Ok(None) | Err(_) => return Ok(()),
            }
        }
    }

    fn add(&mut self, name: String, record: Option<&Row<'_>>) {
        if self.streams.len() == STREAMS_MAX && !self.streams.contains_key(&name) {
            return;
        }
        let stream = self.streams.entry(name).or_default();
        let Some(record) = record else { return };
        if stream.records < SAMPLE_LEN_MAX
            && let Some(keys) = record.keys(self.formats)
        {
            stream.keys.add(keys);
        }
        stream.records += 1;
    }

    fn with_records(&self) -> impl Iterator<Item = (&String, &StreamContent)> {
        self.streams.iter().filter(|(_, stream)| stream.records > 0)
    }

    fn format_of(&self, stream: &StreamContent) -> Result<&'static JsonFormat, NoMatch> {
        format_of(&stream.keys, self.formats)
    }

    fn choose(&self) -> Result<TakenStreams, NoMatch> {
        let orders: Vec<_> = self.with_records().filter(|(name, _)| is_of_orders(name)).collect();
        let mut taken = match orders.as_slice() {
            [] => self.by_keys()?,
            [(name, stream)] => match self.format_of(stream) {
                Ok(format) => vec![((*name).clone(), format)],
                Err(NoMatch { what, hint }) => {
                    return Err(NoMatch::new(format!("its stream {}: {what}", shown(name)), hint));
                }
            },
            several => {
                return Err(ambiguous("orders", several.iter().map(|(name, _)| name.as_str())));
            }
        };
        // Carts are added if their format is known; if not, the orders are still read.
        let is_of_carts = |name: &str| is_called(name, &["abandoned_checkouts", "checkouts"]);
        for (name, stream) in self.with_records().filter(|(name, _)| is_of_carts(name)) {
            if let Ok(format) = self.format_of(stream)
                && !taken.iter().any(|(taken, _)| taken == name)
            {
                taken.push((name.clone(), format));
            }
        }
        Ok(taken)
    }

    /// The stream whose records are orders by their keys, and that of carts beside it, if none is
    /// named so.
    fn by_keys(&self) -> Result<TakenStreams, NoMatch> {
        if self.streams.keys().any(|name| is_of_orders(name)) {
            // It was announced, but has no records this time.
            return Ok(Vec::new());
        }
        let all: Vec<_> =
            self.with_records().map(|(name, stream)| (name, self.format_of(stream))).collect();
        let (carts, mut orders): (TakenStreams, TakenStreams) = all
            .iter()
            .filter_map(|(name, format)| Some(((*name).clone(), *format.as_ref().ok()?)))
            .partition(|(_, format)| format.cart_key.is_some());
        // Airbyte announces no streams: if the settings name it, there are no orders this time.
        let may_be_none = all.is_empty() || (self.is_named && self.envelope == Envelope::Airbyte);
        match (orders.len(), carts.len(), all.as_slice()) {
            (1, 0, _) | (0 | 1, 1, _) => {
                orders.extend(carts);
                Ok(orders)
            }
            (0, 0, _) if may_be_none => Ok(orders),
            (0, 0, [(name, Err(no_match))]) if name.is_empty() => Err(no_match.clone()),
            (0, 0, _) => Err(self.no_orders()),
            (0 | 1, ..) => {
                Err(ambiguous("abandoned checkouts", carts.iter().map(|(name, _)| name.as_str())))
            }
            _ => Err(ambiguous("orders", orders.iter().map(|(name, _)| name.as_str()))),
        }
    }

    fn no_orders(&self) -> NoMatch {
        let names: Vec<&str> = self.streams.keys().map(|name| shown(name)).take(8).collect();
        let what =
            format!("none of its streams is called orders; its streams are {}", names.join(", "));
        NoMatch::new(what, HINT_SELECT)
    }
}

fn ambiguous<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> NoMatch {
    let names: Vec<&str> = names.map(shown).collect();
    NoMatch::new(
        format!("contains several streams of {what}: {}", names.join(", ")),
        "give each shop its own job, with a file of its stream only",
    )
}

fn is_of_orders(name: &str) -> bool {
    is_called(name, &["orders", "order"])
}

/// Whether the last part of a stream's name is one of these: `public.orders` and `tap-shop:Orders`
/// are `orders`.
fn is_called(name: &str, words: &[&str]) -> bool {
    let last = name.rsplit(['.', '-', ':', '/']).next().unwrap_or(name);
    words.iter().any(|word| word.eq_ignore_ascii_case(last))
}

/// A stream's name, unless it may be data.
fn shown(name: &str) -> &str {
    let is_name =
        name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:/ ".contains(c));
    match name {
        "" => "(without a name)",
        name if is_name => name,
        _ => "(another)",
    }
}
