//! Compares the keys of records with what formats need: which format matches, or what the closest
//! lacks.

use super::format::{JsonFormat, JsonFormats};
use super::keys::Keys;
use super::nesting::Wrappers;
use super::reader::JsonFile;
use crate::extract::codec::Source;
use crate::extract::error::{MAPPING_ADVICE, NoMatch, ReadError};

/// Records whose keys are examined: more than one, as writers may omit blank fields.
pub const SAMPLE_LEN_MAX: usize = 20;
/// Names the order of a row that is a part of one, in results of bulk operations.
const PARENT: &str = "__parentId";
/// Parts that are examined in addition.
const PARTS_MAX: usize = 100_000;
/// A wrapper has few keys, a record many.
const WRAPPER_KEYS_MAX: usize = 4;
/// Keys shown of a file that is not recognised.
const SHOWN_LEN_MAX: usize = 8;

/// The keys of a file's first records, split as one format splits them.
#[derive(Default)]
pub struct KeySample {
    pub keys: Keys,
    pub records: usize,
    /// The wrapper of the last record.
    pub wrapper: Option<&'static str>,
}

/// A format, with the keys of the records it finds in a file and those that it misses there.
pub struct Candidate<'a> {
    pub format: &'static JsonFormat,
    keys: &'a Keys,
    missing: Vec<String>,
}

/// The format of records with these keys.
///
/// # Errors
/// If none matches, what the closest one lacks.
pub fn format_of(keys: &Keys, formats: &JsonFormats) -> Result<&'static JsonFormat, NoMatch> {
    let candidates: Vec<_> = formats.iter().map(|format| Candidate::new(format, keys)).collect();
    choose(&candidates, false)
}

/// Whether records with these keys have half or more of what some format needs.
pub fn is_near(keys: &Keys, formats: &JsonFormats) -> bool {
    formats.iter().any(|format| Candidate::new(format, keys).is_near())
}

/// The format of records, of these candidates; `is_named` if the settings name it.
///
/// # Errors
/// If none matches, what the closest one lacks.
pub fn choose(
    candidates: &[Candidate<'_>],
    is_named: bool,
) -> Result<&'static JsonFormat, NoMatch> {
    if let Some(matching) = matching(candidates) {
        return matching;
    }
    // A mark is a key of the records themselves, or the name that wraps them.
    let is_own = |mark: &str| mark.contains('.') || mark.starts_with('/');
    let by_own_key = |mark: &str, _: &Keys| is_own(mark);
    let as_wrapper =
        |mark: &str, keys: &Keys| keys.outer().count() <= WRAPPER_KEYS_MAX && !is_own(mark);
    let closest = |counts: &dyn Fn(&Candidate<'_>) -> bool| {
        let counting = candidates.iter().filter(|one| counts(one));
        counting.min_by_key(|one| one.missing.len()).map(Candidate::lacking)
    };
    let no_match = known_non_order(candidates, by_own_key)
        .or_else(|| closest(&|one| one.is_near()))
        .or_else(|| known_non_order(candidates, as_wrapper))
        .or_else(|| closest(&|_| is_named));
    Err(no_match.unwrap_or_else(|| {
        let best = candidates.iter().min_by_key(|one| one.distance());
        let keys = best.map_or_else(String::new, |one| shown(one.keys));
        NoMatch::new(format!("the format is not recognised: {keys}"), advice(candidates))
    }))
}

/// The format that lacks nothing; of several the one that needs most. `None` if each lacks
/// something.
pub fn matching(candidates: &[Candidate<'_>]) -> Option<Result<&'static JsonFormat, NoMatch>> {
    let matching = || candidates.iter().filter(|one| one.missing.is_empty()).map(|one| one.format);
    let most = matching().map(|format| format.needs.len()).max()?;
    let best: Vec<&'static JsonFormat> =
        matching().filter(|format| format.needs.len() == most).collect();
    if let [only] = best.as_slice() {
        return Some(Ok(only));
    }
    let names = best.iter().map(|format| format.name).collect::<Vec<_>>().join(" and ");
    let what = format!("its records have all that {names} need, so the format is ambiguous");
    Some(Err(NoMatch::new(what, "name the job's format in the settings")))
}

impl<'a> Candidate<'a> {
    pub fn new(format: &'static JsonFormat, keys: &'a Keys) -> Self {
        Self { format, keys, missing: keys.missing_of(format.needs) }
    }

    /// How many of its needs are not met.
    pub fn lack_len(&self) -> usize {
        self.missing.len()
    }

    /// The percentage of its needs that are not met.
    pub fn distance(&self) -> usize {
        self.missing.len() * 100 / self.format.needs.len().max(1)
    }

    /// Whether half or more of its needs are met.
    pub fn is_near(&self) -> bool {
        self.distance() <= 50
    }

    fn lacking(&self) -> NoMatch {
        let (title, missing) = (self.format.title, self.missing.join(", "));
        let what = format!("looks like {title}, but its records lack: {missing}");
        NoMatch::new(what, "export again with all fields")
    }
}

/// Recognises records other than orders by those of their known marks that `counts`.
fn known_non_order(
    candidates: &[Candidate<'_>],
    counts: impl Fn(&str, &Keys) -> bool,
) -> Option<NoMatch> {
    let kind_of = |one: &Candidate<'_>| {
        // A response may have an empty list of errors.
        let is_there =
            |mark: &str| counts(mark, one.keys) && one.keys.is_filled(mark.trim_start_matches('/'));
        let mut known = one.format.known_non_orders.iter();
        known.find(|(mark, _)| is_there(mark)).map(|(_, kind)| *kind)
    };
    let kind = candidates.iter().find_map(kind_of)?;
    let what = format!("looks like {kind}, expected orders");
    Some(NoMatch::new(what, "export the orders themselves"))
}

/// The first records within these wrappers.
///
/// # Errors
/// If the file is not JSON before its first record.
pub fn take_sample(
    source: &Source,
    wrappers: Wrappers,
    bytes_max: u64,
    formats: &JsonFormats,
) -> Result<KeySample, ReadError> {
    let mut file = JsonFile::open(source.clone(), wrappers)?;
    file.limit(bytes_max);
    let mut sample = KeySample::default();
    let mut parts = 0;
    while sample.records < SAMPLE_LEN_MAX + parts {
        let keys = match file.next(|document| formats.keys_of(document.value)) {
            Ok(Some((keys, _))) => keys,
            Ok(None) => break,
            // Errors further down are reported when the file is read.
            Err(_) if sample.records > 0 => break,
            Err(error) => return Err(error),
        };
        // One wrapper holds one kind of records; the next may hold another.
        if sample.records > 0 && file.wrapper() != sample.wrapper {
            break;
        }
        sample.wrapper = file.wrapper();
        // The parts of many orders may come before the first order.
        parts += usize::from(parts < PARTS_MAX && keys.contains(PARENT));
        sample.keys.add(keys);
        sample.records += 1;
    }
    if sample.records == 0 {
        sample.wrapper = file.wrapper();
    }
    Ok(sample)
}

/// The first keys, unless they may be data: no value of an order is ever shown.
pub fn shown(keys: &Keys) -> String {
    let is_name = |key: &str| {
        key.len() <= 40
            && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-$ ".contains(c))
    };
    if keys.outer().next().is_none() {
        return "its records are not objects".to_owned();
    }
    if !keys.outer().all(is_name) {
        return "its keys look like data, not like names".to_owned();
    }
    let names: Vec<&str> = keys.outer().take(SHOWN_LEN_MAX).collect();
    format!("its keys are {}", names.join(", "))
}

/// What the closest formats would need.
fn advice(candidates: &[Candidate<'_>]) -> String {
    let mut close: Vec<&Candidate<'_>> =
        candidates.iter().filter(|one| one.missing.len() < one.format.needs.len()).collect();
    if close.is_empty() {
        return format!("if these are orders, {MAPPING_ADVICE}");
    }
    close.sort_by_key(|one| one.distance());
    let lacks =
        |one: &&Candidate<'_>| format!("{} would need {}", one.format.name, one.missing.join(", "));
    let lacks: Vec<String> = close.iter().take(2).map(lacks).collect();
    format!("{}; {MAPPING_ADVICE}", lacks.join("; "))
}
