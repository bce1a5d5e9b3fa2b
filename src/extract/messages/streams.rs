//! Which streams of a file are read, and in which format.

use super::envelope::{Envelope, Message, Row};
use super::stream_scan;
use super::versions::{Superseded, Version, Versions, unreadable_row};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{
    Document, JsonFile, JsonFormat, JsonFormats, KeyUses, SAMPLE_LEN_MAX, Wrappers,
};
use crate::extract::order_versions::is_damaged;

/// A first record longer than this is not a message, but the whole file of another format.
const FIRST_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The parts of a file of messages that are read.
#[derive(Debug)]
pub struct Streams {
    pub envelope: Envelope,
    /// The streams that are read, each with the format of its records.
    pub taken: Vec<(String, &'static JsonFormat)>,
    pub superseded: Superseded,
}

/// The role of a message for the reader of orders.
pub enum Part<'a> {
    Order(&'static JsonFormat, Row<'a>),
    State,
    Other,
    /// It may have been an order.
    Damaged,
}

/// Recognises a file of messages by its first ones; then scans all of it for the stream of orders,
/// and for records that later ones replace.
///
/// # Errors
/// If the stream of orders is not clear, or its records lack keys; with a named format, also if
/// there are no messages.
pub fn recognise(
    source: &Source,
    named: Option<Envelope>,
    formats: &JsonFormats,
) -> Result<Option<Streams>, ReadError> {
    let envelope = match (envelope_of(source), named) {
        (Ok(Some(found)), Some(named)) if found != named => {
            let what = format!("looks like {}, expected {}", found.name(), named.name());
            return Err(ReadError::new(
                source.shown(),
                1,
                what,
                "name that format in the settings, or auto",
            ));
        }
        (Ok(Some(found)), _) => found,
        (Ok(None), Some(named)) => {
            let what = format!("contains no messages of {}", named.name());
            return Err(ReadError::new(
                source.shown(),
                1,
                what,
                "name another format in the settings, or auto",
            ));
        }
        (Err(error), Some(_)) => return Err(error),
        // The JSON reader reports what is wrong with it.
        (_, None) => return Ok(None),
    };
    let taken = stream_scan::streams_of_orders(source, envelope, named.is_some(), formats)?;
    let superseded = superseded_in(source, envelope, &taken)?;
    Ok(Some(Streams { envelope, taken, superseded }))
}

/// Reads the whole file to find which record of each order counts. Damage ends it, as it ends the
/// reading of orders.
fn superseded_in(
    source: &Source,
    envelope: Envelope,
    taken: &[(String, &'static JsonFormat)],
) -> Result<Superseded, ReadError> {
    let mut file = JsonFile::open(source.clone(), Wrappers::default())?;
    let (mut versions, mut record, mut is_table) = (Versions::new(), 0_u64, false);
    let mut damaged = None;
    while !versions.has_failed() && !taken.is_empty() {
        let noted = file.next(|document| match part_of(document, envelope, taken) {
            Part::Order(format, row) => {
                let order = row.order(format, document);
                is_table |= row.stamps.is_some();
                let is_sound = !is_damaged(&order);
                versions.add(Version::of(order, row.stamps, record));
                record += 1;
                is_sound
            }
            Part::Damaged => {
                record += 1;
                false
            }
            Part::State | Part::Other => true,
        });
        match noted {
            Ok(Some((true, _))) => {}
            Ok(Some((false, line))) => damaged = damaged.or(Some(line)),
            // The missing part of a table may contain the newest version, so none of its orders is
            // returned.
            Err(error) if is_table => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    match damaged.filter(|_| is_table) {
        Some(line) => Err(unreadable_row(source.shown(), line)),
        None => versions.finish(source.shown()),
    }
}

/// The protocol of a loader's table, which may contain an order in several versions; `None` if the
/// file is not such a table.
pub fn table_in(source: &Source) -> Option<Envelope> {
    let mut file = JsonFile::open(source.clone(), Wrappers::default()).ok()?;
    file.limit(FIRST_BYTES_MAX);
    let (found, _) = file.next(|document| Envelope::of_row(document.value)).ok()??;
    found
}

fn envelope_of(source: &Source) -> Result<Option<Envelope>, ReadError> {
    let mut file = JsonFile::open(source.clone(), Wrappers::default())?;
    file.limit(FIRST_BYTES_MAX);
    for _ in 0..SAMPLE_LEN_MAX {
        match file.next(|document| Envelope::of(document.value))? {
            Some((None, _)) => {}
            Some((found, _)) => return Ok(found),
            None => break,
        }
    }
    Ok(None)
}

/// Notes which keys are read, if the message is an order.
pub fn note_uses(streams: &Streams, document: &Document<'_>, uses: &mut KeyUses) {
    if let Part::Order(format, row) = part_of(document, streams.envelope, &streams.taken) {
        row.note_uses(format, document, uses);
    }
}

/// The role of a message for the reader of these streams.
pub fn part_of<'a>(
    document: &Document<'a>,
    envelope: Envelope,
    taken: &[(String, &'static JsonFormat)],
) -> Part<'a> {
    match envelope.read(document.value) {
        Message::Record { stream, row } => match taken.iter().find(|(name, _)| *name == stream) {
            Some((_, format)) => Part::Order(format, row),
            None => Part::Other,
        },
        Message::State => Part::State,
        Message::Damaged => Part::Damaged,
        Message::Schema { .. } | Message::Other => Part::Other,
    }
}
