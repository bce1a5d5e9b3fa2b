use super::layers::Places;
use super::schema::{self, Key, ROOT, SettingKind, Unset};
use super::search::FoundFiles;
use super::secret::SecretSource;
use super::value::to_toml;
use config::{Config, Value, ValueKind};
use std::collections::BTreeMap;
use std::path::Path;

/// The settings in effect as TOML; see [`super::Settings`].
pub(super) fn of(
    values: &Config,
    places: &Places,
    secrets: &BTreeMap<String, SecretSource>,
    found: &FoundFiles,
) -> String {
    let text = found.files().map(|file| format!("# {}\n", file.path.display())).collect();
    let mut out = Toml { values, places, secrets, base: &found.base, text };
    out.table(ROOT, "");
    out.text
}

struct Toml<'a> {
    values: &'a Config,
    places: &'a Places,
    secrets: &'a BTreeMap<String, SecretSource>,
    base: &'a Path,
    text: String,
}

impl Toml<'_> {
    fn table(&mut self, keys: &[Key], path: &str) {
        for key in keys {
            let at = schema::join(path, key.name);
            match &key.kind {
                // Without an address the table is left out, whatever else is set.
                SettingKind::Table(_) if at == "metrics" && !self.places.has("metrics.listen") => {}
                SettingKind::Table(_)
                    if matches!(key.unset, Unset::Absent) && !self.places.has(&at) => {}
                SettingKind::Table(_)
                    if at == "fleet"
                        && !["fleet.url", "fleet.url_file"]
                            .iter()
                            .any(|key| self.places.has(key)) => {}
                SettingKind::Table(_) if at == "notify" && !self.has_receiver() => {}
                SettingKind::Table(keys) => self.headed(keys, &at),
                SettingKind::Named(keys) => {
                    for name in self.places.names(&at) {
                        self.headed(keys, &schema::join(&at, &name));
                    }
                }
                SettingKind::Mappings => {
                    for name in self.places.names(&at) {
                        self.line(&format!("\n# [mappings.{name}] as in the file"));
                    }
                }
                SettingKind::Secret => self.secret(key.name, &at),
                kind => self.entry(kind, key.name, &at),
            }
        }
    }

    fn headed(&mut self, keys: &[Key], path: &str) {
        self.line(&format!("\n[{path}]"));
        self.table(keys, path);
    }

    fn has_receiver(&self) -> bool {
        ["notify.url", "notify.ping_url", "notify.command"].iter().any(|key| self.places.has(key))
    }

    fn secret(&mut self, name: &str, at: &str) {
        match self.secrets.get(at) {
            Some(source) => self.line(&format!("# {name} = \"********\" (from {source})")),
            None => self.line(&format!("# {name}: none set")),
        }
    }

    /// A key that is not set and has no default is left out.
    fn entry(&mut self, kind: &SettingKind, name: &str, at: &str) {
        let value = match self.values.get::<Value>(at).map(|value| value.kind) {
            Err(_) | Ok(ValueKind::Nil) => return,
            Ok(ValueKind::String(path)) if matches!(kind, SettingKind::Path) => {
                ValueKind::String(self.base.join(path).to_string_lossy().into_owned())
            }
            Ok(value) => value,
        };
        let origin = self.places.variable(at).map(|variable| format!(" # {variable}"));
        self.line(&format!("{name} = {}{}", to_toml(&value), origin.unwrap_or_default()));
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}
