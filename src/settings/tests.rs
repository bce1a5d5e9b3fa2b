//! What a user notices of settings: values, errors and places.

mod annotated;
mod drop_ins;
mod faults;
mod layers;
mod packed;
mod paths;
mod tokens;

use super::{Environment, Settings, SettingsError};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The smallest complete settings.
const SMALL: &str = r#"
[accounts.main]
url = "https://example.api-us1.com"
[jobs.shop]
account = "main"
export = ["exports/orders*.csv"]
[jobs.shop.connection]
service = "shopify"
externalid = "example-store"
"#;

/// A project folder with settings in it.
struct Project {
    dir: TempDir,
}

impl Project {
    fn with(text: &str) -> Self {
        let project = Self { dir: TempDir::new().unwrap() };
        project.write("config/ordersync.toml", text);
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(path)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Settings, Vec<SettingsError>> {
        self.load_from(".", None, variables)
    }

    /// Loads from a folder of the project, with the argument of `--config`.
    fn load_from(
        &self,
        working_dir: &str,
        explicit: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Result<Settings, Vec<SettingsError>> {
        let working_dir = match working_dir {
            "." => self.path("").components().collect(),
            _ => self.path(working_dir),
        };
        std::fs::create_dir_all(&working_dir).unwrap();
        let environment = Environment::new(working_dir, variables.iter().copied());
        Settings::load(explicit.map(Path::new), &environment)
    }
}

/// All the faults of a text, as printed.
fn faults(text: &str, variables: &[(&str, &str)]) -> String {
    let faults = Project::with(text).load(variables).map(|_| ()).unwrap_err();
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The small settings with one key of the account changed or added.
fn with_account(line: &str) -> String {
    let key = line.split(' ').next().unwrap();
    let rest: Vec<&str> =
        SMALL.lines().filter(|line| !line.starts_with(&format!("{key} ="))).collect();
    rest.join("\n").replace("[accounts.main]", &format!("[accounts.main]\n{line}"))
}

/// The small settings with a key of the job changed or added.
fn with_job(line: &str) -> String {
    let key = line.split(' ').next().unwrap();
    let rest: Vec<&str> =
        SMALL.lines().filter(|line| !line.starts_with(&format!("{key} ="))).collect();
    rest.join("\n").replace("[jobs.shop]", &format!("[jobs.shop]\n{line}"))
}
