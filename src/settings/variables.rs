//! The environment as settings: `ORDERSYNC_ACCOUNTS__MAIN__TOKEN` sets `accounts.main.token`.
//!
//! A variable with two underscores after the prefix must name a key; otherwise it is an error. Any
//! other is ignored, as container platforms set variables such as ORDERSYNC_PORT themselves.

use super::draft::{Draft, variable_of};
use super::schema::{self, Key, ROOT, SettingKind};
use super::search::FILE_VARIABLE;
use super::value::from_variable;
use super::{Environment, FaultKind, Place, SettingsError};
use crate::domain::nearest;

const PREFIX: &str = "ORDERSYNC_";
const UNKNOWN: &str = "unknown key";

/// Reads the variables by the table of keys into the draft, and reports every fault.
pub(super) fn read(environment: &Environment, draft: &mut Draft) {
    for (variable, value) in environment.with_prefix(PREFIX) {
        let rest = variable[PREFIX.len()..].to_ascii_lowercase();
        if variable == FILE_VARIABLE || !(rest.contains("__") || lacks_an_underscore(&rest)) {
            continue;
        }
        let set = resolve(&rest, draft).and_then(|(at, key)| {
            let text = value
                .to_str()
                .ok_or_else(|| VariableFault::of(&at, "found bytes that are not UTF-8", key))?;
            if let Some(other) = draft.places.variable(&at).filter(|other| *other != variable) {
                return Err(VariableFault::of(&at, &format!("also set by {other}"), key));
            }
            let value = from_variable(&key.kind, text).map_err(|wrong| VariableFault {
                hint: wrong.hint,
                ..VariableFault::of(&at, &wrong.found, key)
            })?;
            Ok((at, value))
        });
        match set {
            Ok((at, value)) => {
                draft.set_by(&at, variable);
                draft.environment.set(&at, value);
            }
            Err(fault) => draft.push(fault.at(variable)),
        }
    }
}

/// A fault before its variable is attached.
struct VariableFault {
    at: String,
    found: String,
    expected: String,
    hint: Option<String>,
}

impl VariableFault {
    fn of(at: &str, found: &str, key: &Key) -> Self {
        Self {
            at: at.to_owned(),
            found: found.to_owned(),
            expected: key.kind.expected(),
            hint: None,
        }
    }

    fn at(self, variable: &str) -> SettingsError {
        let place = Place::Variable(variable.to_owned());
        let kind = match self.found.as_str() {
            UNKNOWN => FaultKind::UnknownKey,
            _ => FaultKind::InvalidValue,
        };
        let fault = SettingsError::new(place, &self.at, self.found, self.expected);
        fault.of_kind(kind).hint(self.hint)
    }
}

/// `accounts_main_token`: certainly a typo, which would be ignored without this check.
fn lacks_an_underscore(rest: &str) -> bool {
    let leaves = |keys: &'static [Key]| -> bool {
        leaf_names(keys).iter().any(|leaf| rest.ends_with(&format!("_{leaf}")))
    };
    ROOT.iter().any(|table| {
        rest.starts_with(&format!("{}_", table.name))
            && match table.kind {
                SettingKind::Table(keys) | SettingKind::Named(keys) => leaves(keys),
                _ => false,
            }
    })
}

fn leaf_names(keys: &'static [Key]) -> Vec<&'static str> {
    keys.iter()
        .flat_map(|key| match key.kind {
            SettingKind::Table(below) | SettingKind::Named(below) => leaf_names(below),
            _ => vec![key.name],
        })
        .collect()
}

/// The key that a variable names, as `accounts.main.token`.
fn resolve(rest: &str, draft: &Draft) -> Result<(String, &'static Key), VariableFault> {
    let mut keys = ROOT;
    let mut at = String::new();
    let mut segments = rest.split("__");
    while let Some(segment) = segments.next() {
        let Some(key) = keys.iter().find(|key| key.name == segment) else {
            return Err(unknown(&at, segment, keys));
        };
        at = schema::join(&at, key.name);
        keys = match key.kind {
            SettingKind::Table(below) => below,
            SettingKind::Named(below) => {
                let Some(name) = segments.next() else { break };
                at = schema::join(&at, &spelled(&at, name, draft)?);
                below
            }
            _ if segments.next().is_none() => return Ok((at, key)),
            _ => &[],
        };
        if keys.is_empty() {
            break;
        }
    }
    let hint =
        keys.first().map(|key| format!("as in {}", variable_of(&schema::join(&at, key.name))));
    let expected = "the name of a single value".to_owned();
    let found = if keys.is_empty() { "a key below a single value" } else { "names a table" };
    Err(VariableFault { at, found: found.to_owned(), expected, hint })
}

fn unknown(path: &str, segment: &str, keys: &'static [Key]) -> VariableFault {
    let at = schema::join(path, segment);
    let hint = if path.is_empty() {
        Some(
            "levels are separated by two underscores, as in ORDERSYNC_ACCOUNTS__MAIN__TOKEN"
                .to_owned(),
        )
    } else {
        nearest(segment, schema::names(keys))
            .map(|name| format!("did you mean {}?", variable_of(&schema::join(path, name))))
    };
    VariableFault {
        at,
        found: UNKNOWN.to_owned(),
        expected: format!("one of: {}", schema::names(keys).collect::<Vec<_>>().join(", ")),
        hint,
    }
}

/// The name of an account or job as the file spells it: a variable can't hold the `-` of `my-shop`.
fn spelled(table: &str, name: &str, draft: &Draft) -> Result<String, VariableFault> {
    let alike = |other: &String| other.replace('-', "_") == name.replace('-', "_");
    match draft.places.names(table).into_iter().find(alike) {
        Some(name) => Ok(name),
        None if schema::is_name(name) => Ok(name.to_owned()),
        None => Err(VariableFault {
            at: schema::join(table, name),
            found: "invalid name".to_owned(),
            expected: schema::NAME_EXPECTED.to_owned(),
            hint: None,
        }),
    }
}
