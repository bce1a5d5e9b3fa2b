use super::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// The place of each key that was set.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The settings file, as shown to people.
    pub file: PathBuf,
    pub of: BTreeMap<String, Place>,
}

impl Places {
    /// The place of a key, else of the innermost table around it that has one, else the file.
    pub fn nearest(&self, key: &str) -> Place {
        std::iter::successors(Some(key), |key| key.rsplit_once('.').map(|(table, _)| table))
            .find_map(|key| self.of.get(key))
            .cloned()
            .unwrap_or_else(|| Place::File(self.file.clone()))
    }

    /// The file that a key is set in; the settings file if it is in none.
    pub fn file_of(&self, key: &str) -> &PathBuf {
        match self.of.get(key) {
            Some(Place::Line { file, .. }) => file,
            _ => &self.file,
        }
    }

    /// The variable that a key was set by, where it was.
    pub fn variable(&self, key: &str) -> Option<&str> {
        match self.of.get(key) {
            Some(Place::Variable(name)) => Some(name),
            _ => None,
        }
    }

    pub fn has(&self, key: &str) -> bool {
        self.of.contains_key(key)
    }

    /// The names directly below a table, in order.
    pub fn names(&self, table: &str) -> BTreeSet<String> {
        let below = format!("{table}.");
        self.of
            .range(below.clone()..)
            .map_while(|(key, _)| key.strip_prefix(&below)?.split('.').next())
            .map(str::to_owned)
            .collect()
    }
}

/// Values by their full keys, all from one origin. A clone shares them.
#[derive(Clone, Default)]
pub(super) struct Layer(Arc<config::Map<String, config::Value>>);

impl Layer {
    pub fn set(&mut self, key: &str, value: impl Into<config::ValueKind>) {
        Arc::make_mut(&mut self.0).insert(key.to_owned(), config::Value::new(None, value));
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Removes a key, and all below it.
    pub fn unset(&mut self, key: &str) {
        Arc::make_mut(&mut self.0).retain(|other, _| {
            let rest = other.strip_prefix(key);
            !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
    }
}

impl config::Source for Layer {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<config::Map<String, config::Value>, config::ConfigError> {
        Ok((*self.0).clone())
    }
}

/// A value may be a token.
impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layer").field("keys", &self.0.len()).finish()
    }
}
