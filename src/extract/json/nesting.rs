//! The brackets around the records: what may come next between them, and the names that records are
//! wrapped in.

use crate::domain::OtherRow;
use std::fmt::Debug;
use std::sync::Arc;

/// The names of the wrappers around a value, with slashes between them: the beginning of a wrapping
/// that a format knows.
pub type Path = &'static str;

/// The most brackets around a record, far more than any export has.
const DEPTH_MAX: usize = 16;

/// The brackets that are open at the current position.
#[derive(Debug)]
pub struct Nesting {
    levels: Vec<Level>,
    pub expected: Expected,
    /// The value whose records are being skipped.
    passing: Option<Passing>,
}

/// A value whose records are skipped.
#[derive(Debug, Clone)]
pub struct Passing {
    pub kind: OtherRow,
    /// Its name, unless that may be data.
    pub list: Option<Arc<str>>,
    /// The brackets around it.
    depth: usize,
}

/// A path that no wrapper has, so that nothing below it matches one.
pub const NOWHERE: Path = "/";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Within the wrappers of this path.
    List(Path),
    /// An object that holds records under a name. `names` is its own path, `values` that of the
    /// name's value.
    Wrapper { names: Path, values: Path },
    /// An object that holds one record under each number.
    Map,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Value,
    /// A value, or the end of the list.
    FirstValue,
    /// A comma, or the end of what is open.
    Next,
    Name,
}

impl Nesting {
    pub fn none() -> Self {
        Self { levels: Vec::new(), expected: Expected::Value, passing: None }
    }

    /// Enters a list, or an object at the value of one of its names.
    pub fn enter(&mut self, level: Level) -> Result<(), &'static str> {
        if self.levels.len() == DEPTH_MAX {
            return Err("expected a record within 16 brackets");
        }
        self.levels.push(level);
        self.expected = match level {
            Level::List(_) => Expected::FirstValue,
            Level::Wrapper { .. } | Level::Map => Expected::Value,
        };
        Ok(())
    }

    pub fn leave(&mut self) {
        self.levels.pop();
        self.value_ended();
    }

    /// Skips the records of the next value, unless an outer one is skipped already.
    pub fn pass_over(&mut self, kind: OtherRow, name: &[u8]) {
        let is_name = |name: &&str| {
            name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c))
        };
        let list = std::str::from_utf8(name).ok().filter(is_name).map(Arc::from);
        let depth = self.levels.len();
        self.passing.get_or_insert(Passing { kind, list, depth });
    }

    /// Why a record that was read here is skipped.
    pub fn passing(&self) -> Option<&Passing> {
        self.passing.as_ref()
    }

    pub fn value_ended(&mut self) {
        let depth = self.levels.len();
        self.passing = self.passing.take().filter(|passing| depth > passing.depth);
        self.expected = if self.is_outermost() { Expected::Value } else { Expected::Next };
    }

    /// Takes the byte after a value.
    ///
    /// # Errors
    /// What was expected there.
    pub fn after_value(&mut self, sign: u8) -> Result<(), &'static str> {
        match (self.levels.last(), sign) {
            (Some(Level::List(_)), b']') | (Some(Level::Wrapper { .. } | Level::Map), b'}') => {
                self.leave()
            }
            (Some(Level::List(_)), b',') => self.expected = Expected::Value,
            (Some(_), b',') => self.expected = Expected::Name,
            (Some(Level::List(_)), _) => return Err("expected `,` or `]`"),
            _ => return Err("expected `,` or `}`"),
        }
        Ok(())
    }

    pub fn is_outermost(&self) -> bool {
        self.levels.is_empty()
    }

    /// Whether all values here are records, not only those under a wrapping name.
    pub fn holds_records_only(&self) -> bool {
        !matches!(self.levels.last(), Some(Level::Wrapper { .. }))
    }

    /// The path of the values here.
    pub fn path(&self) -> Path {
        match self.levels.last() {
            None => "",
            Some(Level::List(path)) => path,
            Some(Level::Wrapper { values, .. }) => values,
            Some(Level::Map) => NOWHERE,
        }
    }

    /// The path of the object whose names are read here.
    pub fn path_of_names(&self) -> Path {
        match self.levels.last() {
            Some(Level::Wrapper { names, .. }) => names,
            _ => NOWHERE,
        }
    }

    /// Switches to another name of the wrapping object that contains records too.
    pub fn rename(&mut self, path: Path) {
        if let Some(Level::Wrapper { values, .. }) = self.levels.last_mut() {
            *values = path;
        }
    }

    /// Whether one more object may be searched for further records.
    pub fn may_look_inside(&self) -> bool {
        self.levels.len() < DEPTH_MAX / 2
    }

    /// Whether an object here may hold records under their numbers.
    pub fn may_map(&self) -> bool {
        self.levels.iter().all(|level| matches!(level, Level::Wrapper { .. }))
    }
}

/// How members of a wrapping object without a wrapping name are treated.
pub trait Further: Debug + Send + Sync {
    /// Whether records under this name may be orders.
    fn is_sought(&self, name: &[u8]) -> bool;

    /// What the value at the front of these bytes, under this name, is; `None` if more bytes are
    /// needed.
    fn member(&self, name: &[u8], bytes: &[u8]) -> Option<Member>;
}

/// What such a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// A record, or a list of records.
    Records,
    /// Records that are skipped.
    PassedOver(OtherRow),
    /// An object that may contain records further inside, which may be skipped.
    Object(Option<OtherRow>),
    Other,
}

/// What records may be wrapped in: a name, or nested names with slashes between them.
#[derive(Debug, Clone, Default)]
pub struct Wrappers {
    names: Vec<Path>,
    is_declared: bool,
    further: Option<Arc<dyn Further>>,
}

/// Wrapping names that records have as fields too.
const RECORDS_OWN: &[&str] = &["items"];

impl Wrappers {
    /// Those of the format. A file may have others.
    pub fn known(names: &[Path]) -> Self {
        Self { names: names.to_vec(), ..Self::default() }
    }

    /// Those that a mapping declares for its files, or that were found in the file.
    pub fn declared(names: Vec<Path>) -> Self {
        Self { names, is_declared: true, further: None }
    }

    /// With other lists of records next to them.
    pub fn with_further(self, further: Arc<dyn Further>) -> Self {
        Self { further: Some(further), ..self }
    }

    pub fn further(&self) -> Option<&Arc<dyn Further>> {
        self.further.as_ref()
    }

    /// Whether a name may be a field of a record as well.
    pub fn is_ambiguous(&self, name: &[u8]) -> bool {
        !self.is_declared && RECORDS_OWN.iter().any(|own| own.as_bytes() == name)
    }

    /// Whether objects at this path may wrap records. Below the last wrapper, the same name belongs
    /// to a record.
    pub fn may_wrap_at(&self, path: Path) -> bool {
        self.names.iter().any(|names| below(names, path).is_some())
    }

    /// The path of the value under this name, if records are wrapped in it.
    pub fn step(&self, path: Path, name: &[u8]) -> Option<Path> {
        self.names.iter().copied().find_map(|names| {
            let rest = below(names, path)?;
            let first = rest.split('/').next()?;
            let len = names.len() - rest.len() + first.len();
            (first.as_bytes() == name).then(|| &names[..len])
        })
    }
}

/// The rest of the names below a path; `None` if the path is not a beginning of them, or all of
/// them.
fn below(names: &'static str, path: Path) -> Option<&'static str> {
    match path {
        "" => Some(names),
        path => names.strip_prefix(path)?.strip_prefix('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_wrap_one_by_one_and_no_further() {
        let wrappers = Wrappers::known(&["orders", "data/orders/nodes"]);
        assert_eq!(wrappers.step("", b"data"), Some("data"));
        assert_eq!(wrappers.step("data", b"orders"), Some("data/orders"));
        assert_eq!(wrappers.step("data/orders", b"nodes"), Some("data/orders/nodes"));
        assert_eq!(wrappers.step("data", b"nodes"), None);
        assert_eq!(wrappers.step("", b"dat"), None);
        assert!(wrappers.may_wrap_at("data/orders") && !wrappers.may_wrap_at("data/orders/nodes"));
        assert!(!wrappers.may_wrap_at("orders") && !wrappers.may_wrap_at("/"));
    }
}
