//! What a shop system writes into JSON, and which one wrote a file.

use super::elements::Elements;
use crate::domain::SourceOrder;
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::{bigcommerce_json, shopify_graphql, shopify_json};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

/// One kind of record, as one shop system writes it.
#[derive(Debug)]
pub struct Dialect {
    /// Its name in the settings.
    pub name: &'static str,
    /// What its records are, for messages: "Shopify orders".
    pub title: &'static str,
    pub description: &'static str,
    /// The names its records may be wrapped in; several within each other with slashes between them.
    pub wrappers: &'static [&'static str],
    /// What its records must have: one key of each group.
    pub needs: &'static [&'static [&'static str]],
    /// Other things this shop system writes, by the key they are wrapped in; with what they are.
    pub siblings: &'static [(&'static str, &'static str)],
    pub read: fn(&Document<'_>) -> serde_json::Result<SourceOrder>,
}

/// One record of a file.
pub struct Document<'a> {
    pub text: &'a str,
    /// Line of the file it begins at.
    pub line: u64,
    /// It was no UTF-8: what could not be read stands as U+FFFD in it.
    pub has_bad_bytes: bool,
}

/// The dialects that are known; of two that a file fits, the one that needs more is taken.
pub static DIALECTS: &[&Dialect] =
    &[&shopify_json::ORDERS, &shopify_json::CHECKOUTS, &shopify_graphql::ORDERS, &bigcommerce_json::ORDERS];

/// What belongs to orders of a dialect and stands in files of its own; named after that dialect, with a slash.
static PARTS: &[&Dialect] =
    &[&bigcommerce_json::PRODUCTS, &bigcommerce_json::COUPONS, &bigcommerce_json::SHIPPING];

/// Records whose keys are looked at: writers that leave out what is blank need more than one.
const SAMPLE_LEN_MAX: usize = 20;
/// A wrapper has few keys, a record many.
const WRAPPER_KEYS_MAX: usize = 4;
/// Keys shown of a file that is not recognised.
const SHOWN_LEN_MAX: usize = 8;

/// What the first records of a file look like.
struct Sample {
    keys: Vec<String>,
    /// The name the last of them were wrapped in.
    wrapper: Option<&'static str>,
    is_empty: bool,
}

/// Tells the dialect of a file by the keys of its first records. Where the settings name one, only what that needs
/// is in question.
///
/// # Errors
/// When it is no JSON, of no known dialect, or lacks keys.
pub fn recognise(source: &Source, named: Option<&'static Dialect>) -> Result<&'static Dialect, ReadError> {
    let sample = take_sample(source, named)?;
    let refused = |what: String, hint: String| Err(ReadError::new(source.shown(), 0, what, hint));
    if sample.is_empty {
        let wrapped = DIALECTS.iter().find(|d| sample.wrapper.is_some_and(|w| d.wrappers.contains(&w)));
        return match named.or(wrapped.copied()) {
            Some(dialect) => Ok(dialect),
            None => refused(
                "holds no record, so its format can't be told".to_owned(),
                "leave the file out, or name the job's format in the settings".to_owned(),
            ),
        };
    }
    let candidates: Vec<(&Dialect, Vec<String>)> = match named {
        Some(dialect) => vec![(dialect, dialect.missing(&sample.keys))],
        None => DIALECTS.iter().map(|dialect| (*dialect, dialect.missing(&sample.keys))).collect(),
    };
    let fitting = candidates.iter().filter(|(_, missing)| missing.is_empty());
    if let Some((dialect, _)) = fitting.max_by_key(|(dialect, _)| dialect.needs.len()) {
        return Ok(dialect);
    }
    let is_asked_for = |part: &&Dialect| {
        let own = |dialect: &Dialect| part.name.split('/').next() == Some(dialect.name);
        named.is_none_or(own) && part.missing(&sample.keys).is_empty()
    };
    if let Some(part) = PARTS.iter().copied().find(is_asked_for) {
        return Ok(part);
    }
    if named.is_none()
        && let Some(dialect) = recognise_deeper(source)?
    {
        return Ok(dialect);
    }
    let mut siblings = candidates.iter().flat_map(|(dialect, _)| dialect.siblings);
    let wraps =
        |mark: &str| sample.keys.len() <= WRAPPER_KEYS_MAX && sample.keys.iter().any(|key| key == mark);
    let sibling = siblings.find(|(mark, _)| wraps(mark));
    if let Some((_, kind)) = sibling {
        return refused(
            format!("looks like {kind}, expected orders"),
            "export the orders themselves".to_owned(),
        );
    }
    let is_near =
        |(d, missing): &&(&Dialect, Vec<String>)| missing.len() * 2 <= d.needs.len() || named.is_some();
    match candidates.iter().filter(is_near).min_by_key(|(_, missing)| missing.len()) {
        Some((dialect, missing)) => Err(lacking(source, dialect, missing)),
        None => refused(format!("the format is not recognised: {}", seen(&sample.keys)), nearest(candidates)),
    }
}

/// Where records lie within several wrappers, others would take the outer ones for the records.
fn recognise_deeper(source: &Source) -> Result<Option<&'static Dialect>, ReadError> {
    let mut deep = DIALECTS.iter().filter(|dialect| dialect.wrappers.iter().any(|names| names.contains('/')));
    deep.try_fold(None, |found, dialect| {
        if found.is_some() {
            return Ok(found);
        }
        let sample = take_sample(source, Some(dialect))?;
        let is_deep = sample.wrapper.is_some_and(|names| names.contains('/'));
        let missing = dialect.missing(&sample.keys);
        match (is_deep, sample.is_empty || missing.is_empty()) {
            (true, true) => Ok(Some(*dialect)),
            (true, false) => Err(lacking(source, dialect, &missing)),
            (false, _) => Ok(None),
        }
    })
}

fn lacking(source: &Source, dialect: &Dialect, missing: &[String]) -> ReadError {
    let what = format!("looks like {}, but its records lack: {}", dialect.title, missing.join(", "));
    ReadError::new(source.shown(), 0, what, "export again with all fields")
}

impl Dialect {
    /// The needed keys that are not there.
    fn missing(&self, keys: &[String]) -> Vec<String> {
        let has = |key: &str| keys.iter().any(|seen| seen == key);
        self.needs
            .iter()
            .filter(|group| !group.iter().any(|key| has(key)))
            .map(|group| group.join(" or "))
            .collect()
    }
}

fn take_sample(source: &Source, named: Option<&'static Dialect>) -> Result<Sample, ReadError> {
    let wrappers = match named {
        Some(dialect) => dialect.wrappers.to_vec(),
        None => {
            let all = DIALECTS.iter().flat_map(|dialect| dialect.wrappers).copied();
            all.filter(|names| !names.contains('/')).collect()
        }
    };
    let mut elements = Elements::new(source.open()?.bytes, source.shown(), wrappers);
    let mut sample = Sample { keys: Vec::new(), wrapper: None, is_empty: true };
    for index in 0..SAMPLE_LEN_MAX {
        let element = match elements.advance() {
            Ok(Some(element)) => element,
            Ok(None) => break,
            // What comes later is for the reading to say.
            Err(_) if index > 0 => break,
            Err(error) => return Err(error),
        };
        let (place, parsed) = (element.place, serde_json::from_slice::<Keys>(element.bytes));
        // What one wrapper holds is of one kind; the next may hold another.
        if index > 0 && elements.wrapper() != sample.wrapper {
            break;
        }
        sample.wrapper = elements.wrapper();
        match parsed {
            Ok(Keys(keys)) => sample.keys.extend(keys),
            Err(_) if elements.take_back() => continue,
            Err(error) if error.is_data() || index > 0 => {}
            Err(error) => return Err(elements.no_json(place, &error)),
        }
        sample.is_empty = false;
    }
    if sample.is_empty {
        sample.wrapper = elements.wrapper();
    }
    let mut met = BTreeSet::new();
    sample.keys.retain(|key| met.insert(key.clone()));
    Ok(sample)
}

/// The first keys, unless they may be data: no value of an order is ever shown.
fn seen(keys: &[String]) -> String {
    let is_name = |key: &String| {
        key.len() <= 40
            && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-$ ".contains(c))
    };
    match keys {
        [] => "its records are no objects".to_owned(),
        keys if !keys.iter().all(is_name) => "its keys look like data, not like names".to_owned(),
        keys => format!(
            "its keys are {}",
            keys.iter().take(SHOWN_LEN_MAX).cloned().collect::<Vec<_>>().join(", ")
        ),
    }
}

/// The dialects that come nearest, with what the file lacks of them.
fn nearest(mut candidates: Vec<(&Dialect, Vec<String>)>) -> String {
    candidates.retain(|(dialect, missing)| missing.len() < dialect.needs.len());
    candidates.sort_by_key(|(_, missing)| missing.len());
    let told =
        candidates.iter().take(2).map(|(d, missing)| format!("{} would need {}", d.name, missing.join(", ")));
    match candidates.is_empty() {
        true => "export the orders of the shop system this job is for".to_owned(),
        false => told.collect::<Vec<_>>().join("; "),
    }
}

/// The keys of an object.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfKeys)
    }
}

struct OfKeys;

impl<'de> Visitor<'de> for OfKeys {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry::<String, _>()? {
            if keys.len() < KEYS_MAX {
                keys.push(key);
            }
        }
        Ok(Keys(keys))
    }
}

/// Keys looked at of one record.
const KEYS_MAX: usize = 1_000;
