use crate::domain::choices;
use std::fmt;
use std::path::PathBuf;

/// The place of a setting or of an error in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The settings file as a whole, or a place where one was expected.
    File(PathBuf),
    /// A place in the settings file; line and column count from 1, the column in characters.
    Line { file: PathBuf, line: usize, column: usize },
    /// An environment variable.
    Variable(String),
    /// A command-line argument.
    Argument,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Line { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Argument => f.write_str("command line"),
        }
    }
}

choices! {
    /// The kind of fault, for programs.
    pub enum FaultKind {
        NoFile "no_settings" "There is no settings file, or it can't be read.";
        Syntax "syntax" "It is not TOML.";
        UnknownKey "unknown_key" "A key is not known.";
        MissingKey "missing_key" "A key that is needed is not set.";
        InvalidValue "invalid_value" "A value is not one that the key takes.";
        UnknownJob "unknown_job" "A job is not in the settings.";
    }
}

/// One fault of the settings: where, which key, what was found, what was expected, and what to try.
///
/// Contains no secret: values of keys that may contain one are never quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    pub place: Place,
    pub kind: FaultKind,
    /// The dotted key, as in `accounts.main.url`; empty when the fault is of no single key.
    pub key: Box<str>,
    pub found: Box<str>,
    pub expected: Box<str>,
    pub hint: Option<Box<str>>,
}

impl SettingsError {
    /// A fault with no hint yet.
    pub(super) fn new(
        place: Place,
        key: &str,
        found: impl Into<Box<str>>,
        expected: impl Into<Box<str>>,
    ) -> Self {
        let (found, expected) = (found.into(), expected.into());
        let kind = FaultKind::InvalidValue;
        Self { place, kind, key: key.into(), found, expected, hint: None }
    }

    pub(super) fn of_kind(self, kind: FaultKind) -> Self {
        Self { kind, ..self }
    }

    /// The same with what to try.
    pub fn hint(self, hint: impl Into<Option<String>>) -> Self {
        Self { hint: hint.into().map(String::into_boxed_str), ..self }
    }
}

/// Up to three lines: place, key and finding; what was expected; a hint.
impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}\n  expected {}", self.found, self.expected)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SettingsError {}
