//! Metrics of a run for node_exporter's textfile collector.

use super::error::CliError;
use crate::serve::state_metrics;
use crate::settings::Settings;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A file that is written as a whole or not at all.
#[derive(Debug)]
pub(super) struct MetricsFile<'a> {
    path: &'a Path,
    /// In the same folder, so that a rename puts it in place; its name does not look like metrics.
    beside: PathBuf,
}

impl<'a> MetricsFile<'a> {
    /// Checks the folder now, so that an error occurs before the first request, not after the last.
    pub(super) fn prepare(path: &'a Path) -> Result<Self, CliError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let Some(name) = name.filter(|_| !path.is_dir()) else {
            return Err(CliError::usage(format!(
                "--metrics-file {}: expected a file",
                path.display()
            )));
        };
        let file =
            Self { path, beside: path.with_file_name(format!(".{name}.{}", std::process::id())) };
        let tried = file.write("").and_then(|()| fs::remove_file(&file.beside));
        tried.map_err(|error| CliError::usage(file.fault(&error)))?;
        Ok(file)
    }

    /// Writes the metrics of these jobs from the state, each with its account.
    pub(super) fn put(
        &self,
        settings: &Settings,
        jobs: &[(String, String)],
    ) -> Result<(), CliError> {
        let text = state_metrics(&settings.state_dir, jobs, settings.state_free_min_bytes)?;
        let placed = self.write(&text).and_then(|()| fs::rename(&self.beside, self.path));
        placed.map_err(|error| {
            // Only the failure is left to report.
            let _ = fs::remove_file(&self.beside);
            CliError::failed(self.fault(&error))
        })
    }

    /// World-readable, whatever the umask: node_exporter runs as another user, and nothing in it is
    /// secret.
    fn write(&self, text: &str) -> io::Result<()> {
        let mut file = File::create(&self.beside)?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    fn fault(&self, error: &io::Error) -> String {
        format!("--metrics-file {}: {error}", self.path.display())
    }
}
