//! `[jobs.NAME.pull]`: the shop whose orders a job pulls, in place of an export.

use super::draft::Draft;
use super::secret::{Secret, SecretError, SecretName};
use super::url::Url;
use crate::pull::{Access, ShopSystem, shop_named};
use jiff::civil::Date;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A shop, and how its orders are pulled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pull {
    #[serde(serialize_with = "system_name", deserialize_with = "system")]
    pub from: &'static ShopSystem,
    /// `https`, or `http` for a loopback host; with the folder that the shop is in.
    pub url: String,
    /// Of orders to pull by id: a list, or a column of a CSV. Absolute.
    pub ids: Option<PathBuf>,
    /// Orders placed before this day, in the job's time zone, are not pulled.
    pub since: Option<Date>,
    /// How far an increment reaches back before the end of the window before.
    #[serde(serialize_with = "duration_text", deserialize_with = "duration")]
    pub overlap: SignedDuration,
    /// The longest time between two full pulls.
    #[serde(serialize_with = "duration_text", deserialize_with = "duration")]
    pub full_every: SignedDuration,
    pub keep: Keep,
    /// Holds the job's windows. Absolute.
    pub dir: PathBuf,
    /// Sends the key in the address instead of a header.
    pub key_in_query: bool,
    /// Certificates to trust instead of those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// What else the shop system is set, by the keys.
    #[serde(default)]
    pub(super) texts: BTreeMap<String, String>,
    #[serde(skip)]
    pub(super) secrets: Vec<Secret>,
}

/// What stays on disk of orders that were loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The last full window and those after it.
    Latest,
    /// Nothing but what was pulled when.
    None,
}

impl Pull {
    /// The credentials of the shop: its secrets, by the settings that choose between several sets.
    pub fn access(&self) -> Result<Access, SecretError> {
        let mut access = Access::default();
        if let Some(ids) = &self.ids {
            access = access.with_ids(ids.clone());
        }
        for key in self.from.texts() {
            if let Some(text) = self.texts.get(key) {
                access = access.with(key, text);
            }
        }
        if self.key_in_query {
            access = access.with("key_in_query", "true");
        }
        for name in self.from.secrets_for(&access) {
            access = access.with_secret(name, self.secret(name)?);
        }
        Ok(access)
    }

    /// One of the shop's secrets, by its key, from the first of the places of secrets that exists.
    fn secret(&self, name: &str) -> Result<SecretString, SecretError> {
        let secret = self.secrets.iter().find(|secret| secret.name.name == name);
        secret.cloned().unwrap_or_default().read()
    }

    /// The names of the secrets of a job's pull.
    pub(super) fn secret_names(&self, job: &str) -> Vec<SecretName> {
        let named = |name: &'static str| SecretName {
            table: format!("jobs.{job}.pull"),
            name,
            credential: format!("{job}.{name}"),
            hint: self.from.credentials_hint,
        };
        self.from.secrets().into_iter().map(named).collect()
    }
}

/// `90m`, `2h`, `7d`; a day has 24 hours.
fn parse_duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative()).then_some(duration)
}

fn system<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static ShopSystem, D::Error> {
    let name = String::deserialize(deserializer)?;
    shop_named(&name).ok_or_else(|| serde::de::Error::custom("not a shop system"))
}

fn system_name<S: Serializer>(system: &ShopSystem, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(system.name)
}

fn duration_text<S: Serializer>(
    duration: &SignedDuration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(duration)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).ok_or_else(|| serde::de::Error::custom("not a duration"))
}

/// `1`, `1,3`.
fn is_list_of_ids(text: &str) -> bool {
    text.split(',').all(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Checks what the table of keys can't.
pub(super) fn check(table: &str, draft: &mut Draft) {
    let at = |leaf: &str| format!("{table}.{leaf}");
    if let Some(text) = draft.text(&at("url")) {
        match Url::parse(&text) {
            None => draft.report(
                &at("url"),
                "invalid URL",
                "the shop's address, such as https://shop.example.com",
                None,
            ),
            Some(url) if !url.secure && !url.is_loopback() => {
                let hint =
                    "the key would be sent unencrypted; http is only for this machine".to_owned();
                draft.report(&at("url"), "not encrypted", "https://", hint);
            }
            Some(_) => {}
        }
    }
    if let Some(system) = draft.text(&at("from")).and_then(|name| shop_named(&name)) {
        for leaf in system.needs {
            if !draft.places.has(&at(leaf)) {
                draft.missing(
                    &at(leaf),
                    format!("a string that is not empty, for {}", system.format),
                );
            }
        }
    }
    if draft.text(&at("store_ids")).is_some_and(|text| !is_list_of_ids(&text)) {
        draft.report(
            &at("store_ids"),
            "no ids",
            "numbers with commas between them, such as 1,3",
            None,
        );
    }
    for leaf in ["overlap", "full_every"] {
        if draft.text(&at(leaf)).is_some_and(|text| parse_duration(&text).is_none()) {
            draft.report(&at(leaf), "not a duration", "a time such as 90m, 2h or 7d", None);
        }
    }
    if draft.text(&at("since")).is_some_and(|text| text.parse::<Date>().is_err()) {
        draft.report(&at("since"), "not a day", "a day such as 2019-01-31", None);
    }
}
