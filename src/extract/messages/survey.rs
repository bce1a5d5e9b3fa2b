//! Looks through all messages of a file for the stream that holds the orders: by its name, and by
//! the keys of its records.

use super::envelope::{Envelope, Message, Row};
use crate::extract::codec::Source;
use crate::extract::error::{NoMatch, ReadError};
use crate::extract::json::{JsonFormat, JsonFormats, Keys, SAMPLE_LEN_MAX, Texts, format_of};
use std::collections::BTreeMap;

/// Streams that are told apart; a tap has a few dozen.
const STREAMS_MAX: usize = 200;
const HINT_SELECT: &str =
    "select the stream of orders in the catalog of who writes this, with all its fields";

/// What a file says of one stream.
#[derive(Default)]
struct Seen {
    records: usize,
    keys: Keys,
}

type Taken = Vec<(String, &'static JsonFormat)>;

/// The streams that hold orders or abandoned carts, each with its dialect; none where there is
/// nothing to read.
///
/// # Errors
/// When the file can't be read, when several streams may be the orders, or none; or when its
/// records lack keys.
pub fn streams_of_orders(
    source: &Source,
    envelope: Envelope,
    is_named: bool,
    formats: &JsonFormats,
) -> Result<Taken, ReadError> {
    let seen = look_through(source, envelope, formats)?;
    choose(&seen, envelope, is_named, formats).map_err(|no_match| no_match.at(source.shown(), 0))
}

/// What is there of each stream. Damage ends the look: what stands before it is good, and the
/// reading tells of it.
fn look_through(
    source: &Source,
    envelope: Envelope,
    formats: &JsonFormats,
) -> Result<BTreeMap<String, Seen>, ReadError> {
    let mut texts = Texts::open(source.clone(), &[])?;
    let mut streams: BTreeMap<String, Seen> = BTreeMap::new();
    loop {
        let noted = texts.next(|document| match envelope.read(document.value) {
            Message::Record { stream, row } => note(&mut streams, stream, Some((&row, formats))),
            Message::Schema { stream } => note(&mut streams, stream, None),
            Message::State | Message::Other | Message::Damaged => {}
        });
        match noted {
            Ok(Some(_)) => {}
            Err(error) if streams.is_empty() => return Err(error),
            Ok(None) | Err(_) => return Ok(streams),
        }
    }
}

fn note(
    streams: &mut BTreeMap<String, Seen>,
    stream: String,
    record: Option<(&Row<'_>, &JsonFormats)>,
) {
    if streams.len() == STREAMS_MAX && !streams.contains_key(&stream) {
        return;
    }
    let seen = streams.entry(stream).or_default();
    let Some((record, formats)) = record else { return };
    if seen.records < SAMPLE_LEN_MAX
        && let Some(keys) = record.keys(formats)
    {
        seen.keys.add(keys);
    }
    seen.records += 1;
}

fn choose(
    streams: &BTreeMap<String, Seen>,
    envelope: Envelope,
    is_named: bool,
    formats: &JsonFormats,
) -> Result<Taken, NoMatch> {
    let with_records = || streams.iter().filter(|(_, seen)| seen.records > 0);
    let orders: Vec<_> =
        with_records().filter(|(name, _)| is_called(name, &["orders", "order"])).collect();
    let mut taken = match orders.as_slice() {
        [] => by_keys(streams, envelope, is_named, formats)?,
        [(name, seen)] => match format_of(&seen.keys, formats) {
            Ok(dialect) => vec![((*name).clone(), dialect)],
            Err(NoMatch { what, hint }) => {
                return Err(NoMatch { what: format!("its stream {}: {what}", shown(name)), hint });
            }
        },
        several => return Err(ambiguous(several.iter().map(|(name, _)| name.as_str()))),
    };
    // Carts are taken along where they fit; they are no reason to refuse the orders.
    let carts =
        with_records().filter(|(name, _)| is_called(name, &["abandoned_checkouts", "checkouts"]));
    for (name, seen) in carts {
        if let Ok(dialect) = format_of(&seen.keys, formats)
            && !taken.iter().any(|(taken, _)| taken == name)
        {
            taken.push((name.clone(), dialect));
        }
    }
    Ok(taken)
}

/// The stream whose records are orders by their keys, where none is called so.
fn by_keys(
    streams: &BTreeMap<String, Seen>,
    envelope: Envelope,
    is_named: bool,
    formats: &JsonFormats,
) -> Result<Taken, NoMatch> {
    if streams.keys().any(|name| is_called(name, &["orders", "order"])) {
        // It is announced, and this time nothing came.
        return Ok(Vec::new());
    }
    let records = || streams.iter().filter(|(_, seen)| seen.records > 0);
    let fitting = records()
        .filter_map(|(name, seen)| Some((name.clone(), format_of(&seen.keys, formats).ok()?)));
    let fitting: Vec<_> = fitting.collect();
    match (fitting.len(), records().count()) {
        (1, _) => Ok(fitting),
        (0, 0) => Ok(fitting),
        // Airbyte announces no streams: that there are no orders this time is for the settings to
        // say.
        (0, _) if is_named && envelope == Envelope::Airbyte => Ok(fitting),
        (0, 1) => match records().next().map(|(name, seen)| (name, format_of(&seen.keys, formats)))
        {
            Some((name, Err(unfit))) if name.is_empty() => Err(unfit),
            _ => Err(none_of(streams)),
        },
        (0, _) => Err(none_of(streams)),
        _ => Err(ambiguous(fitting.iter().map(|(name, _)| name.as_str()))),
    }
}

fn none_of(streams: &BTreeMap<String, Seen>) -> NoMatch {
    let names: Vec<&str> = streams.keys().map(|name| shown(name)).take(8).collect();
    NoMatch {
        what: format!("no stream of it is called orders; its streams are {}", names.join(", ")),
        hint: HINT_SELECT.to_owned(),
    }
}

fn ambiguous<'a>(names: impl Iterator<Item = &'a str>) -> NoMatch {
    let names: Vec<&str> = names.map(shown).collect();
    NoMatch {
        what: format!("holds several streams of orders: {}", names.join(", ")),
        hint: "give each shop a job of its own, and a file with its stream alone".to_owned(),
    }
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
