use super::nearest::did_you_mean;
use super::schema::{self, Key, Kind};
use super::{Place, SettingsError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Where each key that was set stands.
#[derive(Debug, Clone)]
pub(super) struct Places {
    file: PathBuf,
    of: BTreeMap<String, Place>,
}

impl Places {
    /// The place of a key, else of the innermost table around it that stands somewhere, else the
    /// file.
    pub fn nearest(&self, key: &str) -> Place {
        std::iter::successors(Some(key), |key| key.rsplit_once('.').map(|(table, _)| table))
            .find_map(|key| self.of.get(key))
            .cloned()
            .unwrap_or_else(|| Place::File(self.file.clone()))
    }

    /// The variable that a key was set by, where it was.
    pub fn variable(&self, key: &str) -> Option<&str> {
        match self.of.get(key) {
            Some(Place::Variable(name)) => Some(name),
            _ => None,
        }
    }

    fn has(&self, key: &str) -> bool {
        self.of.contains_key(key)
    }

    /// The names directly below a table, in order.
    pub fn names(&self, table: &str) -> BTreeSet<String> {
        self.of
            .keys()
            .filter_map(|key| key.strip_prefix(table)?.strip_prefix('.')?.split('.').next())
            .map(str::to_owned)
            .collect()
    }
}

/// Settings while they are being read: what is set and where, all faults so far, and the layers put
/// together.
pub(super) struct Draft {
    pub places: Places,
    faults: Vec<SettingsError>,
    /// Absent until the layers are put together.
    values: Option<config::Config>,
}

/// What the environment sets, checked against the schema.
#[derive(Default)]
pub(super) struct Overlay {
    /// Texts and numbers, under their variables' names.
    pub variables: config::Map<String, String>,
    /// Lists by key. The `config` crate reads lists from variables only when it also guesses at
    /// every other type, and a guess turns the token `00123` into `123`.
    pub lists: Vec<(String, Vec<String>)>,
}

impl Draft {
    pub fn new(file: PathBuf) -> Self {
        let of = BTreeMap::new();
        Self { places: Places { file, of }, faults: Vec::new(), values: None }
    }

    pub fn stands_at(&mut self, key: &str, line: usize, column: usize) {
        let file = self.places.file.clone();
        let place = Place::Line { file, line, column };
        self.places.of.insert(key.to_owned(), place);
    }

    /// Notes that a variable sets `key`, and so brings about the tables around it.
    pub fn set_by(&mut self, key: &str, variable: &str) {
        let place = Place::Variable(variable.to_owned());
        for (dot, _) in key.match_indices('.') {
            self.places.of.entry(key[..dot].to_owned()).or_insert_with(|| place.clone());
        }
        self.places.of.insert(key.to_owned(), place);
    }

    /// Records a fault at the place of its key.
    pub fn report(
        &mut self,
        key: &str,
        found: impl Into<Box<str>>,
        expected: impl Into<Box<str>>,
        hint: impl Into<Option<String>>,
    ) {
        let place = self.places.nearest(key);
        self.push(SettingsError::new(place, key, found, expected).hint(hint));
    }

    pub fn push(&mut self, fault: SettingsError) {
        self.faults.push(fault);
    }

    /// Every fault, in the order a person meets them: down the file, then the variables.
    pub fn into_faults(mut self) -> Result<Places, Vec<SettingsError>> {
        if self.faults.is_empty() {
            return Ok(self.places);
        }
        let order = |fault: &SettingsError| (fault.place.clone(), fault.key.clone());
        self.faults.sort_by_key(order);
        self.faults.dedup();
        Err(self.faults)
    }

    /// Lays the environment over the file.
    pub fn merge(&mut self, text: &str, overlay: Overlay) {
        let variables = config::Environment::with_prefix("ORDERSYNC")
            .prefix_separator("_")
            .separator("__")
            .source(Some(overlay.variables));
        let layers = config::Config::builder()
            .add_source(config::File::from_str(text, config::FileFormat::Toml))
            .add_source(variables);
        let merged = overlay
            .lists
            .into_iter()
            .try_fold(layers, |layers, (key, list)| layers.set_override(key, list))
            .and_then(|layers| layers.build());
        match merged {
            Ok(values) => self.values = Some(values),
            // Such as a number beyond what the crate can hold: already reported with its place.
            Err(_) if !self.faults.is_empty() => {}
            // Both layers were read strictly before, so this is a fault of ours or of the crate;
            // its message may quote a value, and a value may be a token.
            Err(_) => self.report(
                "",
                "the file and the environment can't be put together",
                "settings that agree on which keys are tables",
                "try without ORDERSYNC_ variables".to_owned(),
            ),
        }
    }

    /// Reports each required key that is nowhere set.
    pub fn require(&mut self, keys: &'static [Key], path: &str) {
        for key in keys {
            let at = schema::join(path, key.name);
            match key.kind {
                Kind::Table(below) if key.required || self.places.has(&at) => {
                    self.require(below, &at)
                }
                Kind::Table(_) => {}
                Kind::Named(below) => self.require_each(below, &at),
                _ if key.required && !self.places.has(&at) => self.missing(key, &at),
                _ => {}
            }
        }
    }

    fn require_each(&mut self, below: &'static [Key], at: &str) {
        let names = self.places.names(at);
        if names.is_empty() && !self.is_faulty(at) {
            let expected = format!("at least one table [{at}.NAME]");
            self.report(at, "missing", expected, None);
        }
        for name in &names {
            let table = schema::join(at, name);
            let lacks =
                |key: &Key| key.required && !self.places.has(&schema::join(&table, key.name));
            if names.len() > 1 && self.places.variable(&table).is_some() && below.iter().any(lacks)
            {
                self.stray(at, name);
            } else {
                self.require(below, &table);
            }
        }
    }

    /// A slip in a variable's name makes a table of its own: one message says that, not each key it
    /// lacks.
    fn stray(&mut self, at: &str, name: &str) {
        let names = self.places.names(at);
        let others: Vec<&str> =
            names.iter().map(String::as_str).filter(|other| *other != name).collect();
        let hint = did_you_mean(name, others.iter().copied());
        let expected = format!("one of: {}", others.join(", "));
        self.report(&schema::join(at, name), "not in the settings file", expected, hint);
    }

    fn missing(&mut self, key: &Key, at: &str) {
        if !self.is_faulty(at) {
            self.report(at, "missing", key.kind.expected(), None);
        }
    }

    /// Whether a fault of this key, or of a table around it, was reported.
    fn is_faulty(&self, key: &str) -> bool {
        self.faults.iter().any(|fault| {
            !fault.key.is_empty()
                && key
                    .strip_prefix(&*fault.key)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// The value of a key: `None` when it is not set, or faulty and reported.
    pub fn get<'de, T: serde::Deserialize<'de>>(&mut self, key: &str) -> Option<T> {
        if !self.places.has(key) || self.is_faulty(key) {
            return None;
        }
        let value = self.values.as_ref()?.get(key).ok();
        if value.is_none() {
            // Never a silent default in place of what somebody wrote.
            self.report(key, "can't be read", "a value of the documented type", None);
        }
        value
    }

    pub fn text(&mut self, key: &str) -> Option<String> {
        self.get(key)
    }
}

/// The environment variable that sets a key.
pub(super) fn variable_of(key: &str) -> String {
    format!("ORDERSYNC_{}", key.replace('.', "__").replace('-', "_").to_uppercase())
}
