//! The brackets around the records, and what may come next between them.

use super::wrappers::Path;

/// Brackets around a record, far more than anyone wraps it in.
const DEPTH_MAX: usize = 16;

/// What is open around the place where reading is.
#[derive(Debug)]
pub struct Nesting {
    levels: Vec<Level>,
    pub expected: Expected,
}

/// No wrapper's name, so that nothing more is taken for one.
const NOWHERE: Path = "/";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Within the wrappers of this path.
    List(Path),
    /// An object that holds records under a name. `names` is the path it lies at, `values` that of
    /// the name's value.
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
        Self { levels: Vec::new(), expected: Expected::Value }
    }

    /// Goes into a list, or into an object at the value of one of its names.
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

    pub fn value_ended(&mut self) {
        self.expected = match self.is_outermost() {
            true => Expected::Value,
            false => Expected::Next,
        };
    }

    /// Takes the sign after a value, or says what it should have been.
    pub fn go_on(&mut self, sign: u8) -> Result<(), &'static str> {
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

    /// Whether the values here are all records, and not only those under a name that records are
    /// wrapped in.
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

    /// Another name of the wrapping object, with records under it too.
    pub fn rename(&mut self, path: Path) {
        if let Some(Level::Wrapper { values, .. }) = self.levels.last_mut() {
            *values = path;
        }
    }

    /// Whether an object here may hold records under their numbers.
    pub fn may_map(&self) -> bool {
        matches!(self.levels.as_slice(), [] | [Level::Wrapper { .. }])
    }
}
