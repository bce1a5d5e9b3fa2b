//! The keys of records, by which their format is recognised.

use super::tree::Value;
use std::collections::BTreeSet;

/// Keys kept of all records together.
const KEYS_MAX: usize = 1_000;
/// How deep nested keys are searched, far enough for `order.order.lines`.
const DEPTH_MAX: usize = 3;

/// The keys of some records in order of appearance, and the nested keys that a format needs.
#[derive(Debug, Default)]
pub struct Keys {
    outer: Vec<String>,
    /// Those of them that are `null`, or an empty list or object, in every record.
    empty: BTreeSet<String>,
    inner: BTreeSet<String>,
}

/// Nested keys that are searched for, as `items.sku`.
pub type KeyPaths = BTreeSet<&'static str>;

impl Keys {
    /// The keys of a record; none if it is not an object.
    pub fn of(record: Value<'_>, paths: &KeyPaths) -> Self {
        let mut keys = Self::default();
        for (key, value) in record.members() {
            keys.look_into(value, &key, 1, paths);
            let is_bracket = value.is_list() || value.is_object();
            if value.is_null() || (is_bracket && value.items().len() == 0) {
                keys.empty.insert(key.to_string());
            }
            if keys.outer.len() < KEYS_MAX {
                keys.outer.push(key.into_owned());
            }
        }
        keys
    }

    /// The columns of a table, which has no nested keys.
    pub fn of_columns(names: &[String]) -> Self {
        Self { outer: names.to_vec(), ..Self::default() }
    }

    fn look_into(&mut self, value: Value<'_>, path: &str, depth: usize, paths: &KeyPaths) {
        if depth == DEPTH_MAX {
            return;
        }
        for (key, value) in value.members() {
            let path = format!("{path}.{key}");
            self.look_into(value, &path, depth + 1, paths);
            if paths.contains(path.as_str()) {
                self.inner.insert(path);
            }
        }
        if value.is_list() {
            value.items().for_each(|item| self.look_into(item, path, depth + 1, paths));
        }
    }

    /// Adds those of another record.
    pub fn add(&mut self, other: Self) {
        let is_empty =
            |keys: &Self, key: &String| keys.empty.contains(key) || !keys.outer.contains(key);
        let empty = self.empty.union(&other.empty);
        self.empty =
            empty.filter(|key| is_empty(self, key) && is_empty(&other, key)).cloned().collect();
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

    /// Whether a key exists, and is not only `null` or empty.
    pub fn is_filled(&self, key: &str) -> bool {
        self.contains(key) && !self.empty.contains(key)
    }

    /// The groups without any key, each with all its keys.
    pub fn missing_of(&self, needs: &[&[&str]]) -> Vec<String> {
        let missing = needs.iter().filter(|group| !group.iter().any(|key| self.contains(key)));
        missing.map(|group| group.join(" or ")).collect()
    }
}
