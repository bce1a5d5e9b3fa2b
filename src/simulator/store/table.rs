use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// A record with an id and text fields that lists can filter and sort by.
pub(in crate::simulator) trait Row {
    /// Fields that have an index: lists filtered by one of them stay fast.
    const INDEXED: &'static [&'static str];
    /// Other fields that lists can be filtered and sorted by.
    const SEARCHED: &'static [&'static str] = &[];

    fn id(&self) -> u64;

    /// The text of a field; `None` if it is null, or can't be filtered by.
    fn field(&self, name: &str) -> Option<String>;

    /// Whether lists can be filtered and sorted by this field.
    fn knows(name: &str) -> bool {
        name == "id" || Self::INDEXED.contains(&name) || Self::SEARCHED.contains(&name)
    }
}

/// Rows by id, with indexes. Ids rise and are never used again.
pub(in crate::simulator) struct Table<R> {
    rows: BTreeMap<u64, R>,
    last_id: u64,
    indexes: HashMap<&'static str, HashMap<String, BTreeSet<u64>>>,
    /// Counts changes, so that the ids of the last list can be used again for its next page.
    version: u64,
    last_list: Option<(u64, Selection, Vec<u64>)>,
    /// When rows were added that may not be visible yet.
    added: BTreeMap<u64, Duration>,
}

/// A minimum age of rows, and the time since the start.
#[derive(Clone, Copy)]
pub(in crate::simulator) struct Age {
    pub lag: Duration,
    pub now: Duration,
}

/// The selection of a list: field and value; field and whether ascending.
#[derive(PartialEq, Eq, Default)]
pub(in crate::simulator) struct Selection {
    pub filters: Vec<(String, String)>,
    pub sort: Vec<(String, bool)>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            last_id: 0,
            indexes: HashMap::new(),
            version: 0,
            last_list: None,
            added: BTreeMap::new(),
        }
    }
}

impl<R: Row> Table<R> {
    /// The id that the next new row takes.
    pub fn take_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Notes when a row was added, by the account's clock.
    pub fn note_added(&mut self, id: u64, at: Duration) {
        self.added.insert(id, at);
    }

    /// Whether a row has this age, or no noted time.
    pub fn is_older(&self, id: u64, age: Age) -> bool {
        self.added.get(&id).is_none_or(|added| *added + age.lag <= age.now)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn get(&self, id: u64) -> Option<&R> {
        self.rows.get(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.values()
    }

    pub fn insert(&mut self, row: R) {
        self.version += 1;
        let id = row.id();
        for name in R::INDEXED {
            if let Some(value) = row.field(name) {
                self.indexes
                    .entry(name)
                    .or_default()
                    .entry(folded(name, &value))
                    .or_default()
                    .insert(id);
            }
        }
        self.rows.insert(id, row);
    }

    pub fn remove(&mut self, id: u64) -> Option<R> {
        let row = self.rows.remove(&id)?;
        self.version += 1;
        for name in R::INDEXED {
            let (Some(value), Some(index)) = (row.field(name), self.indexes.get_mut(name)) else {
                continue;
            };
            if let Entry::Occupied(mut ids) = index.entry(folded(name, &value)) {
                ids.get_mut().remove(&id);
                if ids.get().is_empty() {
                    ids.remove();
                }
            }
        }
        Some(row)
    }

    /// Changes a row in place and updates its indexes; does nothing if there is no such row.
    pub fn change(&mut self, id: u64, change: impl FnOnce(&mut R)) {
        if let Some(mut row) = self.remove(id) {
            change(&mut row);
            self.insert(row);
        }
    }

    /// The rows whose indexed field has this value, in rising order of id.
    pub fn having(&self, name: &str, value: &str) -> impl Iterator<Item = &R> + use<'_, R> {
        let ids = self.indexes.get(name).and_then(|index| index.get(&folded(name, value)));
        ids.into_iter().flatten().filter_map(|id| self.rows.get(id))
    }

    /// A page of the selected rows that are that old, and how many are selected in all.
    pub fn page(
        &mut self,
        selection: Selection,
        offset: usize,
        limit: usize,
        age: Age,
    ) -> (Vec<&R>, usize) {
        let known =
            |list: &(u64, Selection, Vec<u64>)| list.0 == self.version && list.1 == selection;
        let ids = match self.last_list.take() {
            Some(list) if known(&list) => list.2,
            _ => self.select(&selection),
        };
        let listed = || ids.iter().copied().filter(|id| self.is_older(*id, age));
        let total = if age.lag.is_zero() { ids.len() } else { listed().count() };
        let page: Vec<u64> = listed().skip(offset).take(limit).collect();
        self.last_list = Some((self.version, selection, ids));
        (page.iter().filter_map(|id| self.rows.get(id)).collect(), total)
    }

    fn select(&self, selection: &Selection) -> Vec<u64> {
        let indexed = selection
            .filters
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| R::INDEXED.contains(&name.as_str()));
        let best = indexed.min_by_key(|(_, (name, value))| self.count_having(name, value));
        let rest = || {
            selection
                .filters
                .iter()
                .enumerate()
                .filter(|(n, _)| best.is_none_or(|(used, _)| used != *n))
        };
        let fits = |row: &&R| {
            rest().all(|(_, (name, value))| {
                row.field(name).is_some_and(|held| folded(name, &held) == folded(name, value))
            })
        };
        let mut rows: Vec<&R> = match best {
            Some((_, (name, value))) => self.having(name, value).filter(fits).collect(),
            None => self.rows.values().filter(fits).collect(),
        };
        if !selection.sort.is_empty() {
            rows.sort_by_cached_key(|row| sort_key(*row, &selection.sort));
        }
        rows.iter().map(|row| row.id()).collect()
    }

    fn count_having(&self, name: &str, value: &str) -> usize {
        let ids = self.indexes.get(name).and_then(|index| index.get(&folded(name, value)));
        ids.map_or(0, BTreeSet::len)
    }
}

/// E-mail addresses are compared without regard to case, everything else exactly.
fn folded(name: &str, value: &str) -> String {
    if name == "email" { value.to_lowercase() } else { value.to_owned() }
}

/// A key that sorts as asked: numbers by size, texts by letter, descending by turning each byte
/// over.
fn sort_key<R: Row>(row: &R, sort: &[(String, bool)]) -> Vec<Vec<u8>> {
    let part = |(name, ascending): &(String, bool)| {
        let text = if name == "id" { Some(row.id().to_string()) } else { row.field(name) }
            .unwrap_or_default();
        let padded = match text.parse::<u64>() {
            Ok(number) if number.to_string() == text => format!("{number:020}"),
            _ => text,
        };
        let mut bytes = padded.into_bytes();
        if !ascending {
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
            bytes.push(u8::MAX);
        }
        bytes
    };
    sort.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pet(u64, &'static str, &'static str);

    impl Row for Pet {
        const INDEXED: &'static [&'static str] = &["kind"];

        fn id(&self) -> u64 {
            self.0
        }

        fn field(&self, name: &str) -> Option<String> {
            match name {
                "kind" => Some(self.1.to_owned()),
                "name" => Some(self.2.to_owned()),
                _ => None,
            }
        }

        fn knows(name: &str) -> bool {
            matches!(name, "kind" | "name")
        }
    }

    const NO_LAG: Age = Age { lag: Duration::ZERO, now: Duration::ZERO };

    fn zoo() -> Table<Pet> {
        let mut table = Table::default();
        for (kind, name) in [("cat", "Mia"), ("dog", "Rex"), ("cat", "Leo")] {
            let id = table.take_id();
            table.insert(Pet(id, kind, name));
        }
        table
    }

    fn names(
        table: &mut Table<Pet>,
        filters: &[(&str, &str)],
        sort: &[(&str, bool)],
    ) -> Vec<&'static str> {
        let filters = filters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let sort = sort.iter().map(|(n, up)| ((*n).to_owned(), *up)).collect();
        table.page(Selection { filters, sort }, 0, 100, NO_LAG).0.iter().map(|pet| pet.2).collect()
    }

    #[test]
    fn lists_filter_and_sort() {
        let mut zoo = zoo();
        assert_eq!(names(&mut zoo, &[("kind", "cat")], &[]), ["Mia", "Leo"]);
        assert_eq!(names(&mut zoo, &[("kind", "cat"), ("name", "Leo")], &[]), ["Leo"]);
        assert_eq!(names(&mut zoo, &[], &[("name", true)]), ["Leo", "Mia", "Rex"]);
        assert_eq!(names(&mut zoo, &[], &[("kind", false), ("name", true)]), ["Rex", "Leo", "Mia"]);
    }

    #[test]
    fn an_index_follows_changes() {
        let mut zoo = zoo();
        assert_eq!(names(&mut zoo, &[("kind", "dog")], &[]), ["Rex"]);
        zoo.change(1, |pet| pet.1 = "dog");
        assert_eq!(names(&mut zoo, &[("kind", "dog")], &[]), ["Mia", "Rex"]);
        zoo.remove(2);
        assert_eq!(names(&mut zoo, &[("kind", "dog")], &[]), ["Mia"]);
    }

    #[test]
    fn pages_join_up() {
        let mut zoo = zoo();
        let (first, total) = zoo.page(Selection::default(), 0, 2, NO_LAG);
        assert_eq!((first.len(), total), (2, 3));
        let (second, _) = zoo.page(Selection::default(), 2, 2, NO_LAG);
        assert_eq!(second.iter().map(|pet| pet.0).collect::<Vec<_>>(), [3]);
    }
}
