use super::layers::{Layer, Places};
use super::schema::{self, Key, ROOT, SettingKind};
use super::{FaultKind, Place, SettingsError};
use crate::domain::{did_you_mean, one_of};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Settings while they are being read: what is set and where, all faults so far, and the layers.
pub(super) struct Draft {
    pub places: Places,
    /// The file that is being read, as shown to people.
    pub reading: PathBuf,
    faults: Vec<SettingsError>,
    pub file: Layer,
    pub environment: Layer,
    /// Values resolved with the help of others, such as a day in the job's time zone.
    resolved: Layer,
    /// The merged layers; empty before.
    values: config::Config,
}

impl Draft {
    pub fn new(file: PathBuf) -> Self {
        Self {
            places: Places { file: file.clone(), of: BTreeMap::new() },
            reading: file,
            faults: Vec::new(),
            file: Layer::default(),
            environment: Layer::default(),
            resolved: Layer::default(),
            values: config::Config::default(),
        }
    }

    pub fn record_place(&mut self, key: &str, place: Place) {
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

    /// Reports an unknown key.
    pub fn unknown(&mut self, key: &str, expected: String, hint: Option<String>) {
        let fault = SettingsError::new(self.places.nearest(key), key, "unknown key", expected);
        self.push(fault.of_kind(FaultKind::UnknownKey).hint(hint));
    }

    pub fn push(&mut self, fault: SettingsError) {
        self.faults.push(fault);
    }

    /// Replaces a value.
    pub fn resolve(&mut self, key: &str, value: impl Into<config::ValueKind>) {
        self.resolved.set(key, value);
    }

    /// Merges the layers: defaults, the file over them, and the environment over both.
    pub fn merge(&mut self) {
        // Thousands of accounts take hundreds of megabytes here, so no two of these exist at the
        // same time.
        self.values = config::Config::default();
        let mut defaults = Layer::default();
        schema::defaults(ROOT, "", &self.places, &mut defaults);
        let layers = [&defaults, &self.file, &self.environment, &self.resolved];
        let merged = layers
            .into_iter()
            .fold(config::Config::builder(), |layers, layer| layers.add_source(layer.clone()))
            .build();
        match merged {
            Ok(values) => self.values = values,
            // Its message may quote a value, and a value may be a token.
            Err(_) => self.report(
                "",
                "the file and the environment can't be merged",
                "settings that agree on which keys are tables",
                "try without ORDERSYNC_ variables".to_owned(),
            ),
        }
    }

    /// The places, the values, and every fault in the order a person meets them: down the file,
    /// then the variables. If there are faults, the values are what is left without the faulty
    /// ones.
    pub fn finish(mut self) -> (Places, config::Config, Vec<SettingsError>) {
        if !self.faults.is_empty() {
            self.set_aside_faulty();
        }
        self.merge();
        let order = |fault: &SettingsError| (fault.place.clone(), fault.key.clone());
        self.faults.sort_by_key(order);
        self.faults.dedup();
        (self.places, self.values, self.faults)
    }

    /// Unsets each faulty value, and inserts a placeholder where one is needed, so that the rest
    /// can be checked.
    fn set_aside_faulty(&mut self) {
        let keys: Vec<String> = self.faults.iter().map(|fault| fault.key.to_string()).collect();
        for key in keys.iter().filter(|key| !key.is_empty()) {
            for layer in [&mut self.file, &mut self.environment, &mut self.resolved] {
                layer.unset(key);
            }
        }
        let accounts = self.places.names("accounts");
        let account = accounts.first().cloned().unwrap_or_default();
        let mut stand_ins = Vec::new();
        for name in &accounts {
            stand_ins.push((format!("accounts.{name}.url"), "https://unknown.invalid"));
        }
        for name in self.places.names("jobs") {
            stand_ins.push((format!("jobs.{name}.account"), &account));
            for leaf in ["service", "externalid", "name"] {
                stand_ins.push((format!("jobs.{name}.connection.{leaf}"), "unknown"));
            }
        }
        for (key, value) in stand_ins {
            let layers = [&self.file, &self.environment, &self.resolved];
            if !layers.iter().any(|layer| layer.has(&key)) {
                self.resolved.set(&key, value);
            }
        }
    }

    /// Reports each required key that is not set.
    pub fn require(&mut self, keys: &'static [Key], path: &str) {
        for key in keys {
            let at = schema::join(path, key.name);
            match key.kind {
                SettingKind::Table(below) if key.is_required() || self.places.has(&at) => {
                    self.require(below, &at)
                }
                SettingKind::Table(_) => {}
                SettingKind::Named(below) => self.require_each(below, &at),
                _ if key.is_required() && !self.places.has(&at) => {
                    self.missing(&at, key.kind.expected())
                }
                _ => {}
            }
        }
    }

    fn require_each(&mut self, below: &'static [Key], at: &str) {
        let names = self.places.names(at);
        if names.is_empty() {
            self.missing(at, format!("at least one table [{at}.NAME]"));
        }
        for name in &names {
            let table = schema::join(at, name);
            let lacks =
                |key: &Key| key.is_required() && !self.places.has(&schema::join(&table, key.name));
            if names.len() > 1 && self.places.variable(&table).is_some() && below.iter().any(lacks)
            {
                self.stray(at, name);
            } else {
                self.require(below, &table);
            }
        }
    }

    /// A typo in a variable's name creates a new table: one message says that, instead of one for
    /// each missing key.
    fn stray(&mut self, at: &str, name: &str) {
        let names = self.places.names(at);
        let others = || names.iter().map(String::as_str).filter(|other| *other != name);
        let hint = did_you_mean(name, others());
        let expected = one_of(others());
        self.report(&schema::join(at, name), "not in the settings file", expected, hint);
    }

    /// Reports a key that is not set.
    pub fn missing(&mut self, at: &str, expected: impl Into<Box<str>>) {
        if !self.is_faulty(at) {
            let fault = SettingsError::new(self.places.nearest(at), at, "missing", expected);
            self.push(fault.of_kind(FaultKind::MissingKey));
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

    /// The value of a key: `None` if it is neither set nor has a default, or is faulty and
    /// reported.
    pub fn get<'de, T: serde::Deserialize<'de>>(&self, key: &str) -> Option<T> {
        if self.is_faulty(key) { None } else { self.values.get(key).ok() }
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key)
    }
}

/// The environment variable that sets a key.
pub(super) fn variable_of(key: &str) -> String {
    format!("ORDERSYNC_{}", key.replace('.', "__").replace('-', "_").to_uppercase())
}
