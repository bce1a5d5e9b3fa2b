use super::init::ANNOTATED;
use super::{Settings, SettingsError};

impl Settings {
    /// A fault for each value that is still the example of the annotated settings, which have
    /// `accounts.main` and `jobs.shop`.
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
            let key = format!("accounts.{name}.url");
            compare(key, Some(&account.url), example("accounts.main.url"));
        }
        for (name, job) in &self.jobs {
            let connection = &job.connection;
            let values = [
                ("externalid", Some(connection.externalid.as_str())),
                (
                    "name",
                    Some(connection.name.as_str()).filter(|name| *name != connection.externalid),
                ),
                ("link_url", connection.link_url.as_deref()),
                ("logo_url", connection.logo_url.as_deref()),
            ];
            for (key, value) in values {
                let own = format!("jobs.{name}.connection.{key}");
                compare(own, value, example(&format!("jobs.shop.connection.{key}")));
            }
        }
        faults
    }
}
