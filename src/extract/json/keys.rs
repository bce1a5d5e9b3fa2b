//! The keys of records, by which their dialect is told.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;

/// Keys kept of all records together.
const KEYS_MAX: usize = 1_000;
/// How deep keys inside are looked for, far enough for `order.order.lines`.
const DEPTH_MAX: usize = 3;

/// The keys of some records, in the order they were met: their own, and of those inside the ones
/// that a dialect asks for, as `items.sku`.
#[derive(Debug, Default)]
pub struct Keys {
    outer: Vec<String>,
    inner: BTreeSet<String>,
}

/// Nested keys that are looked for, as `items.sku`.
pub type KeyPaths = BTreeSet<&'static str>;

impl Keys {
    /// # Errors
    /// When the text is no JSON, or no object.
    pub fn of(record: &[u8], paths: &KeyPaths) -> serde_json::Result<Self> {
        let mut keys = Self::default();
        let mut search = Search { paths, found: &mut keys.inner };
        each_member(&String::from_utf8_lossy(record), |key, value| {
            search.look_into(value, &key, 1);
            if keys.outer.len() < KEYS_MAX {
                keys.outer.push(key);
            }
        })?;
        Ok(keys)
    }

    /// Adds those of another record.
    pub fn add(&mut self, other: Self) {
        for key in other.outer {
            if self.outer.len() < KEYS_MAX && !self.outer.contains(&key) {
                self.outer.push(key);
            }
        }
        self.inner.extend(other.inner);
    }

    /// The records' own.
    pub fn outer(&self) -> impl Iterator<Item = &str> {
        self.outer.iter().map(String::as_str)
    }

    pub fn contains(&self, key: &str) -> bool {
        self.inner.contains(key) || self.outer().any(|outer| outer == key)
    }

    /// The groups that no key is there of, each with all its keys.
    pub fn missing_of(&self, needs: &[&[&str]]) -> Vec<String> {
        let missing = needs.iter().filter(|group| !group.iter().any(|key| self.contains(key)));
        missing.map(|group| group.join(" or ")).collect()
    }
}

/// Hands each member of an object to a function.
struct Members<F>(F);

impl<'de, F: FnMut(String, &'de str)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            (self.0)(key, value.get());
        }
        Ok(())
    }
}

/// Hands each member of an object to `told`: its name, and its value as it stands.
///
/// # Errors
/// When the text is no JSON, or no object.
pub fn each_member<'de>(
    object: &'de str,
    told: impl FnMut(String, &'de str),
) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_str(object);
    json.deserialize_map(Members(told))?;
    json.end()
}

/// Collects the nested keys of a record that are looked for. Values that are not objects are
/// reported later, when the record is read.
struct Search<'a> {
    paths: &'a KeyPaths,
    found: &'a mut BTreeSet<String>,
}

impl Search<'_> {
    fn look_into(&mut self, text: &str, path: &str, depth: usize) {
        match text.as_bytes().first() {
            Some(b'{') if depth < DEPTH_MAX => {
                let _ = each_member(text, |key, value| {
                    let path = format!("{path}.{key}");
                    self.look_into(value, &path, depth + 1);
                    if self.paths.contains(path.as_str()) {
                        self.found.insert(path);
                    }
                });
            }
            Some(b'[') if depth < DEPTH_MAX => {
                for item in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
                    self.look_into(item.get(), path, depth + 1);
                }
            }
            _ => {}
        }
    }
}
