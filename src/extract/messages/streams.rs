//! Which streams of a file are read, and by which dialect.

use super::envelope::{Envelope, Message, Row};
use super::reader::order_of;
use super::rows::lost;
use super::superseded::{Superseded, Versions};
use super::survey;
use super::version::{Version, is_damaged};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{Document, JsonFormat, JsonFormats, SAMPLE_LEN_MAX, Texts};

/// A first message longer than this is none: it would be another format's whole file.
const FIRST_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What is read of a file of messages.
#[derive(Debug)]
pub struct Streams {
    pub envelope: Envelope,
    /// The streams that are read, each with the dialect of its records.
    pub taken: Vec<(String, &'static JsonFormat)>,
    pub superseded: Superseded,
}

/// What a message is to who reads orders.
pub enum Part<'a> {
    Order(&'static JsonFormat, Row<'a>),
    State,
    Other,
    /// It may have been an order.
    Damaged,
}

/// Tells whether a file holds messages, by its first ones; then surveys all of it for the stream of
/// orders, and for records that later ones take the place of.
///
/// # Errors
/// When no stream of orders can be told from the others, or its records lack keys; with a format
/// that is named, also when there is no message.
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
            let what = format!("holds no message of {}", named.name());
            return Err(ReadError::new(
                source.shown(),
                1,
                what,
                "name another format in the settings, or auto",
            ));
        }
        (Err(error), Some(_)) => return Err(error),
        // What is wrong with it as JSON is for that to say.
        (_, None) => return Ok(None),
    };
    let taken = survey::streams_of_orders(source, envelope, named.is_some(), formats)?;
    let superseded = superseded_in(source, envelope, &taken)?;
    Ok(Some(Streams { envelope, taken, superseded }))
}

/// Reads the whole file, and notes which record of each order counts. Damage ends it, as it does
/// the reading.
fn superseded_in(
    source: &Source,
    envelope: Envelope,
    taken: &[(String, &'static JsonFormat)],
) -> Result<Superseded, ReadError> {
    let mut texts = Texts::open(source.clone(), &[])?;
    let (mut versions, mut record, mut is_table) = (Versions::new(), 0_u64, false);
    let mut damaged = None;
    while !versions.has_failed() && !taken.is_empty() {
        let noted = texts.next(|document| match part_of(document, envelope, taken) {
            Part::Order(dialect, row) => {
                let order = order_of(dialect, &row, document);
                is_table |= row.stamps.is_some();
                let is_sound = !is_damaged(&order);
                versions.note(Version::of(order, row.stamps, record));
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
            // In a table the newest version may have stood in what is missing, so nothing of it is
            // given out.
            Err(error) if is_table => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    // There the record that can't be read may be the newest version of any order.
    match damaged.filter(|_| is_table) {
        Some(line) => Err(lost(source.shown(), line)),
        None => Superseded::among(versions, source.shown()),
    }
}

/// Whether a file holds rows of a loader's table, in which an order may stand in several versions;
/// and whose.
pub fn table_in(source: &Source) -> Option<Envelope> {
    let mut texts = Texts::open(source.clone(), &[]).ok()?;
    texts.limit(FIRST_BYTES_MAX);
    let (found, _) = texts.next(|document| Envelope::of_row(document.value)).ok()??;
    found
}

fn envelope_of(source: &Source) -> Result<Option<Envelope>, ReadError> {
    let mut texts = Texts::open(source.clone(), &[])?;
    texts.limit(FIRST_BYTES_MAX);
    for _ in 0..SAMPLE_LEN_MAX {
        match texts.next(|document| Envelope::of(document.value))? {
            Some((None, _)) => {}
            Some((found, _)) => return Ok(found),
            None => break,
        }
    }
    Ok(None)
}

/// What a message is to who reads these streams.
pub fn part_of<'a>(
    document: &Document<'a>,
    envelope: Envelope,
    taken: &[(String, &'static JsonFormat)],
) -> Part<'a> {
    match envelope.read(document.value) {
        Message::Record { stream, row } => match taken.iter().find(|(name, _)| *name == stream) {
            Some((_, dialect)) => Part::Order(dialect, row),
            None => Part::Other,
        },
        Message::State => Part::State,
        Message::Damaged => Part::Damaged,
        Message::Schema { .. } | Message::Other => Part::Other,
    }
}
