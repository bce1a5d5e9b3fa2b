//! Finds records of a known format within an envelope that no format names, such as
//! `{"code": 0, "message": "…", "data": {"orders": […]}}`.

use super::candidates::{Candidate, KeySample, choose, matching, shown, take_sample};
use super::format::{JsonFormat, JsonFormats};
use super::further_lists::not_sold;
use super::layout::JsonLayout;
use super::nesting::{Path, Wrappers};
use super::tree::Tree;
use crate::domain::interned;
use crate::extract::RECORD_BYTES_MAX;
use crate::extract::codec::Source;
use crate::extract::error::{NoMatch, ReadError};
use std::io::Read;
use std::ops::Range;

/// How much of a file is searched for the names of its envelope.
const PREFIX_BYTES: u64 = 64 * 1024;
/// The most names around a record; `data/shop/orders/edges/node` has five.
const NAMES_MAX: usize = 6;
/// The most places that are examined. The outermost come first, and an envelope has few.
const PLACES_MAX: usize = 64;

/// Where records of one of these formats are, or why they are not orders.
///
/// # Errors
/// If there are none, why.
pub fn find(
    source: &Source,
    asked: &[&'static JsonFormat],
    formats: &'static JsonFormats,
) -> Result<JsonLayout, NotFound> {
    let mut near: Option<(usize, NoMatch)> = None;
    let mut blank = None;
    let mut unknown: Option<(usize, String)> = None;
    for place in places(source).unwrap_or_default() {
        let layout = |format| JsonLayout { format, envelope: Some(place), formats };
        let Some(KeySample { keys, records, wrapper }) = sample_at(source, place, formats) else {
            continue;
        };
        if records == 0 {
            if blank.is_none() && wrapper == Some(place) {
                let named = asked.iter().copied().find(|format| is_named(format, place));
                blank = named.map(layout);
            }
            continue;
        }
        let candidates: Vec<_> = asked.iter().map(|format| Candidate::new(format, &keys)).collect();
        if let Some(found) = matching(&candidates) {
            if not_sold(place).is_some() {
                near = Some((0, unsold(place)));
                continue;
            }
            return found.map(layout).map_err(NotFound::Near);
        }
        let names = keys.outer().count();
        if unknown.as_ref().is_none_or(|(most, _)| names > *most) {
            unknown = Some((names, format!("within {place}, {}", shown(&keys))));
        }
        let nearest = candidates.iter().filter(|one| one.is_near()).map(Candidate::distance).min();
        if let Some(distance) = nearest
            && near.as_ref().is_none_or(|(least, _)| distance < *least)
        {
            let why = choose(&candidates, false).err();
            near = why.map(|NoMatch { what, hint }| {
                (distance, NoMatch::new(format!("within {place}: {what}"), hint))
            });
        }
    }
    match (blank, near) {
        (Some(layout), _) => failure(source).map_or(Ok(layout), |why| Err(NotFound::Near(why))),
        (None, Some((_, why))) => Err(NotFound::Near(why)),
        (None, None) => Err(NotFound::Unknown(unknown.map(|(_, shown)| shown))),
    }
}

/// Where records are in a file whose list of orders is blank.
pub fn filled(
    source: &Source,
    asked: &[&'static JsonFormat],
    formats: &'static JsonFormats,
) -> Option<JsonLayout> {
    let sold = |place: &Path| not_sold(place).is_none();
    places(source).ok()?.into_iter().filter(sold).find_map(|place| {
        let KeySample { keys, records, .. } = sample_at(source, place, formats)?;
        let candidates: Vec<_> = asked.iter().map(|format| Candidate::new(format, &keys)).collect();
        let format = matching(&candidates).filter(|_| records > 0)?.ok()?;
        Some(JsonLayout { format, envelope: Some(place), formats })
    })
}

/// Why an envelope contains no records of a known format.
#[derive(Debug)]
pub enum NotFound {
    /// What the closest records lack, or what the file is instead.
    Near(NoMatch),
    /// None are close: the keys of those that have the most, if there are any.
    Unknown(Option<String>),
}

fn unsold(place: Path) -> NoMatch {
    let what = format!("its records are within {place}, which names no sold orders");
    NoMatch::new(what, "export the orders themselves")
}

/// The failed request that a small file without records reports: `{"code": 401, "data": []}`.
pub fn failure(source: &Source) -> Option<NoMatch> {
    const FAILED: Range<u32> = 400..600;
    const WORDS: [&str; 4] = ["error", "fail", "failed", "failure"];
    let mut text = String::new();
    source.open().ok()?.bytes.take(PREFIX_BYTES).read_to_string(&mut text).ok()?;
    let tree = Tree::parse(&text).ok()?;
    let value = |key: &str| tree.root().get(key).ok().flatten();
    let text = |key: &str| value(key).and_then(|value| value.text().ok()).unwrap_or_default();
    let is_false = |key: &str| text(key) == "false";
    let is_failed = |key: &str| {
        let text = text(key).to_lowercase();
        WORDS.contains(&text.as_str()) || text.parse().is_ok_and(|code| FAILED.contains(&code))
    };
    let is_stated = |key: &str| {
        value(key).is_some_and(|value| match value.text() {
            Ok(text) => !["", "false", "0", "null"].contains(&&*text),
            Err(_) => !["{}", "[]"].contains(&value.raw()),
        })
    };
    let has_failed = ["success", "ok"].into_iter().any(is_false)
        || ["status", "code", "status_code", "statusCode"].into_iter().any(is_failed)
        || ["error", "errors"].into_iter().any(is_stated);
    has_failed.then(|| {
        NoMatch::new(
            "looks like an error that an API answered with, expected orders",
            "export the orders themselves",
        )
    })
}

/// Whether an empty list at a place is one of this format's orders: by its name.
fn is_named(format: &JsonFormat, place: Path) -> bool {
    format.wrappers.contains(&"orders") && place.rsplit('/').next() == Some("orders")
}

/// The first records at a place; `None` if they are known not to be orders, or the file is broken.
fn sample_at(source: &Source, place: Path, formats: &JsonFormats) -> Option<KeySample> {
    let is_non_order = place.split('/').any(|name| formats.is_non_order(name));
    let wrappers = || Wrappers::declared(vec![place]);
    let sample = || take_sample(source, wrappers(), RECORD_BYTES_MAX, formats).ok();
    (!is_non_order).then(sample).flatten()
}

/// The names under which the beginning of a file has objects and lists, outermost first.
pub fn places(source: &Source) -> Result<Vec<Path>, ReadError> {
    let mut prefix = Vec::new();
    let bytes = source.open()?.bytes;
    let read = bytes.take(PREFIX_BYTES).read_to_end(&mut prefix);
    read.map_err(|error| ReadError::from_io(&source.shown(), 0, &error))?;
    let mut places = Outline::of(&prefix).places;
    places.sort_by_key(|place| place.split('/').count());
    Ok(places)
}

/// The objects and lists of a text, as far as it goes.
#[derive(Default)]
struct Outline {
    places: Vec<Path>,
    /// For each open bracket the place of its values; `None` if it is not searched.
    open: Vec<Option<Path>>,
    /// The last string, which is the name of what opens next.
    name: Option<String>,
}

impl Outline {
    fn of(text: &[u8]) -> Self {
        let mut outline = Self::default();
        let mut rest = text;
        while let [first, behind @ ..] = rest {
            rest = behind;
            match first {
                b'"' => rest = outline.string(behind),
                b'{' | b'[' => outline.enter(),
                b'}' | b']' => {
                    outline.open.pop();
                    // A last string was a value, not the name of the next document.
                    outline.name = None;
                }
                b',' => outline.name = None,
                _ => {}
            }
        }
        outline
    }

    /// Reads a string as the name of what follows; returns the rest.
    fn string<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let mut is_escaped = false;
        let end = text.iter().position(|byte| {
            let ends = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            ends
        });
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        self.name = Some(String::from_utf8_lossy(name).into_owned());
        rest.get(1..).unwrap_or_default()
    }

    fn enter(&mut self) {
        let around = self.open.last().copied().unwrap_or(Some(""));
        let place = match (around, self.name.take()) {
            (Some(around), Some(name)) => self.place(around, &name),
            (around, _) => around,
        };
        self.open.push(place);
    }

    fn place(&mut self, around: Path, name: &str) -> Option<Path> {
        let is_name = (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let is_deep = around.split('/').count() >= NAMES_MAX;
        if !is_name || is_deep || self.places.len() >= PLACES_MAX {
            return None;
        }
        let names = [around, name].into_iter().filter(|name| !name.is_empty());
        let place = interned(&names.collect::<Vec<_>>().join("/"));
        if !self.places.contains(&place) {
            self.places.push(place);
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_the_names_around_objects_and_lists() {
        let text = br#"{"code": 0, "message": "a \"b\": {", "data": [{"orders": [{"id": 1, "x y": {"z": {}}}]}], "e": {}"#;
        assert_eq!(Outline::of(text).places, ["data", "data/orders", "e"]);
        assert!(Outline::of(br#"[[{"id": "data"}, "x", {}]]"#).places.is_empty());
        let lines = b"{\"status\": \"paid\"}\n{\"data\": [{\"id\": \"7\"}]}\n{}";
        assert_eq!(Outline::of(lines).places, ["data"]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in "[\\[\\]{}\",:a\\\\ ]{0,60}") {
            let _ = Outline::of(text.as_bytes());
        }
    }
}
