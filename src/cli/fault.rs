//! One thing that is wrong, as programs read it.

use crate::extract::{OpenError, ReadError};
use crate::run::Job;
use crate::settings::{Place, SecretError, SettingsError};
use crate::state::StateError;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;

/// What is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The kind of fault, such as `unknown_key`.
    pub code: &'static str,
    pub message: String,
    pub location: Location,
    pub hint: Option<String>,
}

/// The location; what does not apply is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Location {
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u64>,
    /// From 1.
    pub column: Option<u64>,
    /// A key of the settings, an environment variable, or an argument.
    pub key: Option<String>,
}

impl Fault {
    /// Of a message with a hint at its end.
    pub(super) fn of_text(code: &'static str, text: &str) -> Self {
        let (message, hint) = match text.split_once("hint: ") {
            Some((message, hint)) => (message.trim_end(), Some(hint.to_owned())),
            None => (text, None),
        };
        Self { code, message: message.to_owned(), location: Location::default(), hint }
    }

    pub(super) fn at_key(mut self, key: impl Into<String>) -> Self {
        self.location.key.get_or_insert(key.into());
        self
    }

    pub(super) fn of_state(code: &'static str, error: &StateError) -> Self {
        let path = match error {
            StateError::Locked { path }
            | StateError::Newer { path, .. }
            | StateError::Elsewhere { path, .. }
            | StateError::HandedOver { path }
            | StateError::Io { path, .. }
            | StateError::LowDisk { path, .. }
            | StateError::ReadOnly { path, .. }
            | StateError::Sqlite { path, .. } => Some(path),
            StateError::Scratch(_) | StateError::Sql(_) => None,
        };
        let fault = Self::of_text(code, &error.to_string());
        Self {
            location: Location { file: path.map(|path| shown(path)), ..Location::default() },
            ..fault
        }
    }

    /// Of wrong arguments.
    pub(super) fn of_arguments(error: &clap::Error) -> Self {
        let code = match error.kind() {
            ErrorKind::UnknownArgument => "unknown_argument",
            ErrorKind::InvalidSubcommand => "unknown_verb",
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                "missing_verb"
            }
            ErrorKind::MissingRequiredArgument => "missing_argument",
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => "invalid_value",
            _ => "usage",
        };
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let mut paragraphs = text.split("\n\n").map(str::trim);
        let message = match code {
            "missing_verb" => "a verb is missing",
            _ => paragraphs.next().unwrap_or_default(),
        };
        let tip = paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: "));
        let contexts =
            [ContextKind::InvalidArg, ContextKind::InvalidSubcommand].map(|kind| error.get(kind));
        let key = contexts.into_iter().flatten().find_map(|value| match value {
            ContextValue::String(text) => Some(text.clone()),
            ContextValue::Strings(texts) => texts.first().cloned(),
            _ => None,
        });
        Self {
            code,
            message: message.split_whitespace().collect::<Vec<_>>().join(" "),
            location: Location { key, ..Location::default() },
            hint: Some(tip.unwrap_or("`ordersync help VERB` lists what a verb takes").to_owned()),
        }
    }

    /// Whether the message needs the key in front of it; those of exports and secrets name it.
    fn needs_key(&self) -> bool {
        self.location.key.is_some() && !matches!(self.code, "export" | "secret")
    }

    pub(super) fn json(&self) -> Value {
        let Self { code, message, location, hint } = self;
        let location = (*location != Location::default()).then_some(location);
        json!({ "code": code, "message": message, "where": location, "hint": hint })
    }
}

/// Place, message and hint, each hint on a separate line.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { file, line, column, key } = &self.location;
        // A text that was not parsed names its place itself.
        if let Some(file) = file.as_ref().filter(|file| !self.message.starts_with(file.as_str())) {
            write!(f, "{file}")?;
            let (at_line, at_column) = match self.code {
                "export" => (", line ", ", column "),
                _ => (":", ":"),
            };
            line.iter().try_for_each(|line| write!(f, "{at_line}{line}"))?;
            column.iter().try_for_each(|column| write!(f, "{at_column}{column}"))?;
            f.write_str(": ")?;
        }
        if let Some(key) = key.as_ref().filter(|_| self.needs_key()) {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl From<&SettingsError> for Fault {
    fn from(error: &SettingsError) -> Self {
        let SettingsError { place, kind, key, found, expected, hint } = error;
        let mut location = Location { key: Some(key.to_string()), ..Location::default() };
        location.key.take_if(|key| key.is_empty());
        let mut message = format!("{found}; expected {expected}");
        match place {
            Place::File(file) => location.file = Some(shown(file)),
            Place::Line { file, line, column } => {
                location.file = Some(shown(file));
                location.line = Some(*line as u64);
                location.column = Some(*column as u64);
            }
            Place::Variable(name) => message = format!("environment variable {name}: {message}"),
            Place::Argument => {}
        }
        let hint = hint.as_deref().map(str::to_owned);
        Self { code: kind.word(), message, location, hint }
    }
}

impl From<&ReadError> for Fault {
    fn from(error: &ReadError) -> Self {
        let known = |number: u64| (number > 0).then_some(number);
        Self {
            code: "export",
            message: error.what.clone(),
            location: Location {
                file: Some(error.file.clone()),
                line: known(error.line),
                column: known(error.column),
                key: None,
            },
            hint: (!error.hint.is_empty()).then(|| error.hint.clone()),
        }
    }
}

impl From<&SecretError> for Fault {
    fn from(error: &SecretError) -> Self {
        Self::of_text("secret", &error.to_string()).at_key(error.key())
    }
}

/// The faults of an export, each at the setting that names it.
pub(super) fn of_export(job: &Job, error: &OpenError) -> Vec<Fault> {
    let setting = if job.pulls.is_some() { "pull" } else { "export" };
    let key = format!("jobs.{}.{setting}", job.name);
    let fault = |fault| {
        let mut fault = Fault::from(fault).at_key(&key);
        // A pull as a whole has no file.
        fault.location.file.take_if(|file| job.pulls.is_some() && file == "pull");
        fault
    };
    error.faults.iter().map(fault).collect()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
