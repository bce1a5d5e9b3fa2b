use super::draft::{Draft, Places};
use super::metrics::{self, Metrics};
use super::nearest::did_you_mean;
use super::schema::ROOT;
use super::{
    Account, Environment, Job, Place, SettingsError, account, document, job, search, variables,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that was set, with defaults for what was not. Its debug form shows no token.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The settings file, absolute.
    pub file: PathBuf,
    /// Holds one state file for each account. Absolute.
    pub state_dir: PathBuf,
    /// Where the daemon listens, if it does.
    pub metrics: Option<Metrics>,
    pub accounts: BTreeMap<String, Account>,
    pub jobs: BTreeMap<String, Job>,
    pub(super) places: Places,
}

impl Settings {
    /// Finds the settings file, lays the environment over it and judges the result.
    ///
    /// # Errors
    /// Every fault at once, in the order of the file and then of the variables.
    pub fn load(
        explicit: Option<&Path>,
        environment: &Environment,
    ) -> Result<Self, Vec<SettingsError>> {
        let found = search::find(explicit, environment).map_err(|fault| vec![fault])?;
        let mut draft = Draft::new(found.shown.clone());
        let whole = document::read(&found.text, &found.shown, &mut draft);
        let overlay = variables::read(environment, &mut draft);
        if whole {
            draft.merge(&found.text, overlay);
            draft.require(ROOT, "");
        }
        let state_dir = draft.text("state.dir").unwrap_or_else(|| "state".to_owned());
        let named = |draft: &Draft, table: &str| {
            if whole { draft.places.names(table) } else { [].into() }
        };
        let accounts: BTreeMap<_, _> = named(&draft, "accounts")
            .into_iter()
            .map(|name| (name.clone(), account::read(&name, &mut draft, &found, environment)))
            .collect();
        let jobs = named(&draft, "jobs")
            .into_iter()
            .map(|name| (name.clone(), job::read(&name, &mut draft, &found)))
            .collect();
        let metrics = metrics::read(&mut draft);
        account::refuse_twins(&accounts, &mut draft);
        Ok(Self {
            places: draft.into_faults()?,
            state_dir: found.base.join(state_dir),
            file: found.path,
            metrics,
            accounts,
            jobs,
        })
    }

    /// The jobs of these names, in the order given and each once; without names every job.
    ///
    /// # Errors
    /// When there is no job of a name, with the nearest name there is.
    pub fn jobs_named(&self, names: &[String]) -> Result<Vec<&Job>, SettingsError> {
        if names.is_empty() {
            return Ok(self.jobs.values().collect());
        }
        let mut jobs: Vec<&Job> = Vec::new();
        for name in names {
            let job = self.jobs.get(name).ok_or_else(|| self.no_job(name))?;
            if !jobs.iter().any(|other| other.name == job.name) {
                jobs.push(job);
            }
        }
        Ok(jobs)
    }

    fn no_job(&self, name: &str) -> SettingsError {
        let names: Vec<&str> = self.jobs.keys().map(String::as_str).collect();
        let expected = format!("one of: {}", names.join(", "));
        SettingsError::new(Place::Argument, "", format!("no job `{name}`"), expected)
            .hint(did_you_mean(name, names.iter().copied()))
    }

    /// A fault of a value that only its own module can judge, such as `jobs.shop.schedule`, at the
    /// value's place.
    pub fn fault(
        &self,
        key: &str,
        found: impl Into<Box<str>>,
        expected: impl Into<Box<str>>,
    ) -> SettingsError {
        SettingsError::new(self.places.nearest(key), key, found, expected)
    }
}
