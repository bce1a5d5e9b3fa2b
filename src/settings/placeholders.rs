use super::init::ANNOTATED;
use super::{Settings, SettingsError};

/// Keys whose values in the annotated settings are only examples. Below `jobs.NAME` and
/// `accounts.NAME`; the annotated settings have `main` and `shop`.
const ACCOUNT_KEYS: [&str; 1] = ["url"];
const JOB_KEYS: [&str; 4] =
    ["connection.externalid", "connection.name", "connection.link_url", "connection.logo_url"];

impl Settings {
    /// A fault for each value that is still the example of the annotated settings.
    pub fn placeholders(&self) -> Vec<SettingsError> {
        let Ok(annotated) = toml::from_str::<toml::Table>(ANNOTATED) else { return Vec::new() };
        let example = |path: &str| {
            let mut parts = path.split('.');
            let first = annotated.get(parts.next()?)?;
            parts.try_fold(first, |table, key| table.get(key))?.as_str().map(str::to_owned)
        };
        let mut faults = Vec::new();
        let mut compare = |key: String, value: Option<&str>, example: Option<String>| {
            let same = |one: &str, other: &str| one.trim_end_matches('/') == other;
            let example = example.filter(|example| value.is_some_and(|value| same(value, example)));
            faults.extend(example.map(|example| {
                let found = format!("`{example}` is the example of the annotated settings");
                self.fault(&key, found, "your own")
            }));
        };
        for (name, account) in &self.accounts {
            for key in ACCOUNT_KEYS {
                let own = format!("accounts.{name}.{key}");
                compare(own, Some(&account.url), example(&format!("accounts.main.{key}")));
            }
        }
        for (name, job) in &self.jobs {
            let connection = &job.connection;
            let values = [
                Some(connection.externalid.as_str()),
                Some(connection.name.as_str()).filter(|name| *name != connection.externalid),
                connection.link_url.as_deref(),
                connection.logo_url.as_deref(),
            ];
            for (key, value) in JOB_KEYS.into_iter().zip(values) {
                compare(format!("jobs.{name}.{key}"), value, example(&format!("jobs.shop.{key}")));
            }
        }
        faults
    }
}
