//! Which keys of records a format reads, observed while it reads some.

use super::tree::Value;
use std::collections::BTreeSet;

/// The most different keys that are stored.
const KEYS_MAX: usize = 2_000;
/// The most items of a list that are examined.
const ITEMS_MAX: usize = 5;

/// Where a key is: the names from the record to it. Items of a list have no name.
pub type KeyPath = Vec<String>;

/// The keys that records state, and those that were read.
#[derive(Debug, Default)]
pub struct KeyUses {
    stated: BTreeSet<KeyPath>,
    read: BTreeSet<KeyPath>,
    /// Objects and lists whose keys were read one by one; the others were read as a whole.
    entered: BTreeSet<KeyPath>,
}

impl KeyUses {
    pub(super) fn add_read(&mut self, key: KeyPath) {
        self.read.insert(key);
    }

    pub(super) fn add_entered(&mut self, key: KeyPath) {
        self.entered.insert(key);
    }

    /// A key that is read, with the objects and lists around it.
    pub fn add_place(&mut self, place: &[String]) {
        for len in 1..=place.len() {
            self.read.insert(place[..len].to_vec());
            self.entered.insert(place[..len - 1].to_vec());
        }
    }

    /// A key of the record itself.
    pub fn add_stated_name(&mut self, name: &str) {
        self.stated.insert(vec![name.to_owned()]);
    }

    pub fn add_stated(&mut self, record: Value<'_>) {
        self.walk(record, &mut KeyPath::new());
    }

    fn walk(&mut self, value: Value<'_>, at: &mut KeyPath) {
        if value.is_list() {
            for item in value.items().take(ITEMS_MAX) {
                self.walk(item, at);
            }
        }
        for (key, value) in value.members().filter(|(_, value)| !is_blank(*value)) {
            if self.stated.len() >= KEYS_MAX {
                return;
            }
            at.push(key.into_owned());
            self.stated.insert(at.clone());
            self.walk(value, at);
            at.pop();
        }
    }

    /// The keys of the records themselves that were read, stated or not.
    pub fn outer_read(&self) -> impl Iterator<Item = &str> {
        self.read.iter().filter_map(|key| match key.as_slice() {
            [name] => Some(name.as_str()),
            _ => None,
        })
    }

    /// The keys that were stated and not read; of an object that was not read at all, only its own
    /// key: `line_items.vendor`.
    pub fn unread(&self) -> impl Iterator<Item = String> {
        let is_unread = |key: &&KeyPath| {
            let around = &key[..key.len() - 1];
            !self.read.contains(*key) && (around.is_empty() || self.entered.contains(around))
        };
        self.stated.iter().filter(is_unread).map(|key| key.join("."))
    }
}

fn is_blank(value: Value<'_>) -> bool {
    let is_empty = (value.is_object() || value.is_list()) && value.items().len() == 0;
    value.is_null() || is_empty || value.raw() == "\"\""
}
