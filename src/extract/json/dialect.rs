//! What a shop system writes into JSON, and which one wrote a file.

use super::documents::malformed;
use super::elements::Elements;
use super::keys::{KeyPaths, Keys};
use super::record::{Document, Record};
use crate::domain::SourceOrder;
use crate::extract::RECORD_BYTES_MAX;
use crate::extract::codec::Source;
use crate::extract::error::{MAPPING_ADVICE, NoMatch, ReadError};
use crate::extract::join::{Part, Piece};

/// One kind of record, as one shop system writes it.
#[derive(Debug)]
pub struct JsonFormat {
    /// Its name in the settings.
    pub name: &'static str,
    /// What its records are, for messages: "Shopify orders".
    pub title: &'static str,
    pub description: &'static str,
    /// How to get them out of the shop system.
    pub how: &'static str,
    /// The names its records may be wrapped in; several within each other with slashes between
    /// them.
    pub wrappers: &'static [&'static str],
    /// What its records must have: one key of each group. A key of an object inside is written
    /// `items.sku`, also where it is in a list.
    pub needs: &'static [&'static [&'static str]],
    /// Other things this shop system writes, with what they are: by the key they are wrapped in, or
    /// by one that orders don't have: a key inside, or with a slash before it (`/refunded_by`) one
    /// of the record itself.
    pub known_non_orders: &'static [(&'static str, &'static str)],
    pub read: fn(&Record<'_>) -> SourceOrder,
    /// If an order may be spread over several records.
    pub piece: Option<JsonPiece>,
    /// Records that belong to its orders and come in files of their own.
    pub parts: &'static [&'static JsonFormat],
}

impl JsonFormat {
    /// The order that a record is.
    pub fn order(&self, document: &Document<'_>) -> SourceOrder {
        match document.read(self.read) {
            Some((mut order, faults)) => {
                order.faults.splice(..0, faults);
                order
            }
            None => malformed(),
        }
    }
}

/// What a record is as a part of an order.
#[derive(Debug, Clone, Copy)]
pub struct JsonPiece {
    pub part: Part,
    pub read: ReadPiece,
}

/// What a record is; `None` if it may be part of any order.
pub type ReadPiece = fn(&Record<'_>) -> Option<Piece>;

/// The JSON formats that are known; of two that a file fits, the one that needs more is taken.
#[derive(Debug)]
pub struct JsonFormats {
    all: &'static [&'static JsonFormat],
    /// Nested keys that some format asks for.
    paths: KeyPaths,
}

impl JsonFormats {
    pub fn new(all: &'static [&'static JsonFormat]) -> Self {
        let needs = all.iter().flat_map(|format| format.needs.iter().copied().flatten());
        let marks =
            all.iter().flat_map(|format| format.known_non_orders.iter().map(|(mark, _)| mark));
        let paths = needs.chain(marks).copied().filter(|key| key.contains('.')).collect();
        Self { all, paths }
    }

    /// The keys of a record by which its format is recognised.
    ///
    /// # Errors
    /// When the text is not JSON, or not an object.
    pub fn keys_of(&self, record: &[u8]) -> serde_json::Result<Keys> {
        Keys::of(record, &self.paths)
    }
}

/// Records whose keys are looked at: writers that leave out what is blank need more than one.
pub const SAMPLE_LEN_MAX: usize = 20;
/// A record this long is looked at only where no dialect fits without it: what one dialect takes
/// for a record may be what another finds all its records in.
const SAMPLE_BYTES_MAX: u64 = 1024 * 1024;
/// A wrapper has few keys, a record many.
const WRAPPER_KEYS_MAX: usize = 4;
/// Keys shown of a file that is not recognised.
const SHOWN_LEN_MAX: usize = 8;

/// What the first records of a file look like.
struct Sample {
    keys: Keys,
    /// The name the last of them were wrapped in.
    wrapper: Option<&'static str>,
    is_empty: bool,
}

/// A dialect, with the keys of the records it finds in a file and those that it misses there.
struct Candidate<'a> {
    dialect: &'static JsonFormat,
    keys: &'a Keys,
    missing: Vec<String>,
}

/// Tells the dialect of a file by the keys of its first records, as each dialect finds them. Where
/// the settings name one, only what that needs is in question.
///
/// # Errors
/// When it is no JSON, of no known dialect, or lacks keys.
pub fn recognise(
    source: &Source,
    named: Option<&'static JsonFormat>,
    formats: &JsonFormats,
) -> Result<&'static JsonFormat, ReadError> {
    let asked = named.map_or_else(|| formats.all.to_vec(), |format| vec![format]);
    let mut found = Err(ReadError::new(source.shown(), 0, "holds nothing to look at", ""));
    for bytes_max in [SAMPLE_BYTES_MAX, RECORD_BYTES_MAX] {
        found = recognise_within(source, &asked, bytes_max, formats);
        if found.is_ok() {
            return found;
        }
    }
    part_in(source, &asked, formats).map_or(found, Ok)
}

/// What belongs to the orders of other files, where a file holds that.
fn part_in(
    source: &Source,
    asked: &[&'static JsonFormat],
    formats: &JsonFormats,
) -> Option<&'static JsonFormat> {
    let mut parts = asked.iter().flat_map(|format| format.parts.iter().copied());
    parts.find(|part| {
        // Broken files have already been reported.
        take_sample(source, part, RECORD_BYTES_MAX, formats)
            .is_ok_and(|sample| !sample.is_empty && sample.keys.missing_of(part.needs).is_empty())
    })
}

fn recognise_within(
    source: &Source,
    asked: &[&'static JsonFormat],
    bytes_max: u64,
    formats: &JsonFormats,
) -> Result<&'static JsonFormat, ReadError> {
    let mut samples: Vec<(&'static JsonFormat, Sample)> = Vec::new();
    let mut error: Option<ReadError> = None;
    for dialect in asked {
        match take_sample(source, dialect, bytes_max, formats) {
            Ok(sample) => samples.push((dialect, sample)),
            // Who came furthest understood most of it.
            Err(other) => match &error {
                Some(error) if (other.line, other.column) <= (error.line, error.column) => {}
                _ => error = Some(other),
            },
        }
    }
    let refused = |what: String, hint: String| Err(ReadError::new(source.shown(), 0, what, hint));
    let mut tried = Vec::new();
    for (dialect, sample) in &samples {
        match sample.is_empty {
            true if asked.len() == 1 || sample.wrapper.is_some() => return Ok(dialect),
            true => {}
            false => tried.push(Candidate {
                dialect,
                keys: &sample.keys,
                missing: sample.keys.missing_of(dialect.needs),
            }),
        }
    }
    match (error, tried.is_empty()) {
        (Some(error), true) => Err(error),
        (None, true) => refused(
            "holds no record, so its format can't be told".to_owned(),
            "leave the file out, or name the job's format in the settings".to_owned(),
        ),
        (_, false) => {
            choose(&tried, asked.len() == 1).or_else(|unfit| refused(unfit.what, unfit.hint))
        }
    }
}

/// The dialect of records with these keys.
///
/// # Errors
/// When there is none: what is missing to the nearest.
pub fn format_of(keys: &Keys, formats: &JsonFormats) -> Result<&'static JsonFormat, NoMatch> {
    let missing = |dialect: &JsonFormat| keys.missing_of(dialect.needs);
    let tried: Vec<_> = formats
        .all
        .iter()
        .map(|dialect| Candidate { dialect, keys, missing: missing(dialect) })
        .collect();
    choose(&tried, false)
}

fn choose(tried: &[Candidate<'_>], is_named: bool) -> Result<&'static JsonFormat, NoMatch> {
    if let Some(found) = fitting(tried) {
        return found;
    }
    let is_own = |mark: &str| mark.contains('.') || mark.starts_with('/');
    let by_own_key = |mark: &str, _: &Keys| is_own(mark);
    let as_wrapper =
        |mark: &str, keys: &Keys| keys.outer().count() <= WRAPPER_KEYS_MAX && !is_own(mark);
    let near = |is_near: &dyn Fn(&Candidate<'_>) -> bool| {
        tried
            .iter()
            .filter(|one| is_near(one))
            .min_by_key(|one| one.missing.len())
            .map(Candidate::lacking)
    };
    let refusal = known_non_order(tried, by_own_key)
        .or_else(|| near(&|one| one.missing.len() * 2 <= one.dialect.needs.len()))
        .or_else(|| known_non_order(tried, as_wrapper))
        .or_else(|| near(&|_| is_named));
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let best = tried.iter().min_by_key(|one| one.distance());
    let what = best.map_or_else(String::new, |one| seen(one.keys));
    Err(NoMatch { what: format!("the format is not recognised: {what}"), hint: nearest(tried) })
}

/// The dialect of which nothing is missing. Of several the one that needs most tells most; where
/// two need as much, nothing tells which of them wrote the file. `None` where something is missing
/// to each.
fn fitting(tried: &[Candidate<'_>]) -> Option<Result<&'static JsonFormat, NoMatch>> {
    let fitting = || tried.iter().filter(|one| one.missing.is_empty()).map(|one| one.dialect);
    let most = fitting().map(|dialect| dialect.needs.len()).max()?;
    let best: Vec<&'static JsonFormat> =
        fitting().filter(|dialect| dialect.needs.len() == most).collect();
    match best.as_slice() {
        [only] => Some(Ok(only)),
        several => {
            let names =
                several.iter().map(|dialect| dialect.name).collect::<Vec<_>>().join(" and ");
            let what =
                format!("its records have all that {names} need, so the format can't be told");
            Some(Err(NoMatch { what, hint: "name the job's format in the settings".to_owned() }))
        }
    }
}

impl Candidate<'_> {
    /// What is missing, in parts of a hundred.
    fn distance(&self) -> usize {
        self.missing.len() * 100 / self.dialect.needs.len().max(1)
    }

    fn lacking(&self) -> NoMatch {
        let (title, missing) = (self.dialect.title, self.missing.join(", "));
        NoMatch {
            what: format!("looks like {title}, but its records lack: {missing}"),
            hint: "export again with all fields".to_owned(),
        }
    }
}

/// Other things than orders, told by the marks of their kind that `counts`.
fn known_non_order(
    tried: &[Candidate<'_>],
    counts: impl Fn(&str, &Keys) -> bool,
) -> Option<NoMatch> {
    let marks = |one: &Candidate<'_>| {
        let mut non_orders = one.dialect.known_non_orders.iter();
        non_orders
            .find(|(mark, _)| {
                counts(mark, one.keys) && one.keys.contains(mark.trim_start_matches('/'))
            })
            .map(|(_, kind)| *kind)
    };
    tried.iter().find_map(marks).map(|kind| NoMatch {
        what: format!("looks like {kind}, expected orders"),
        hint: "export the orders themselves".to_owned(),
    })
}

fn take_sample(
    source: &Source,
    dialect: &JsonFormat,
    bytes_max: u64,
    formats: &JsonFormats,
) -> Result<Sample, ReadError> {
    let mut elements =
        Elements::new(source.open()?.bytes, source.shown(), dialect.wrappers.to_vec());
    elements.limit(bytes_max);
    let mut sample = Sample { keys: Keys::default(), wrapper: None, is_empty: true };
    for index in 0..SAMPLE_LEN_MAX {
        let element = match elements.advance() {
            Ok(Some(element)) => element,
            Ok(None) => break,
            // What comes later is for the reading to say.
            Err(_) if index > 0 => break,
            Err(error) => return Err(error),
        };
        let (place, parsed) = (element.place, formats.keys_of(element.bytes));
        // What one wrapper holds is of one kind; the next may hold another.
        if index > 0 && elements.wrapper() != sample.wrapper {
            break;
        }
        sample.wrapper = elements.wrapper();
        match parsed {
            Ok(keys) => sample.keys.add(keys),
            Err(_) if elements.take_back() => continue,
            Err(error) if error.is_data() || index > 0 => {}
            Err(error) => return Err(elements.syntax_error(place, &error)),
        }
        sample.is_empty = false;
    }
    if sample.is_empty {
        sample.wrapper = elements.wrapper();
    }
    Ok(sample)
}

/// The first keys, unless they may be data: no value of an order is ever shown.
fn seen(keys: &Keys) -> String {
    let is_name = |key: &str| {
        key.len() <= 40
            && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-$ ".contains(c))
    };
    if keys.outer().next().is_none() {
        return "its records are no objects".to_owned();
    }
    match keys.outer().all(is_name) {
        false => "its keys look like data, not like names".to_owned(),
        true => {
            let shown: Vec<&str> = keys.outer().take(SHOWN_LEN_MAX).collect();
            format!("its keys are {}", shown.join(", "))
        }
    }
}

/// The dialects that come nearest, with what the file lacks of them.
fn nearest(tried: &[Candidate<'_>]) -> String {
    let mut near: Vec<&Candidate<'_>> =
        tried.iter().filter(|one| one.missing.len() < one.dialect.needs.len()).collect();
    near.sort_by_key(|one| one.distance());
    let told = near
        .iter()
        .take(2)
        .map(|one| format!("{} would need {}", one.dialect.name, one.missing.join(", ")));
    match near.is_empty() {
        true => format!("if these are orders, {MAPPING_ADVICE}"),
        false => format!("{}; {MAPPING_ADVICE}", told.collect::<Vec<_>>().join("; ")),
    }
}
