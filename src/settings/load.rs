use super::draft::Draft;
use super::job::MappingsText;
use super::layers::Places;
use super::metrics::{self, Metrics};
use super::notify::{self, Notify};
use super::rules::JobRule;
use super::schema::ROOT;
use super::search::FoundFiles;
use super::secret::{
    Secret, SecretFolders, SecretName, SecretSetting, SecretSource, SecretText, token_name,
};
use super::{
    Account, Environment, FaultKind, Fleet, Job, Place, Pull, SettingsError, account, document,
    effective, fleet, job, search, variables,
};
use crate::domain::{did_you_mean, one_of};
use config::{Config, ConfigError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that was set, with defaults for what was not. Its debug form shows no token.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The settings file, absolute; the folder `accounts.d` is beside it.
    pub file: PathBuf,
    /// Holds one state file for each account. Absolute.
    pub state_dir: PathBuf,
    /// What a run leaves free on the disk of the states, from `state.free_min_mb`.
    pub state_free_min_bytes: u64,
    /// Where the daemon listens, if it does.
    pub metrics: Option<Metrics>,
    /// Where notices of runs go, if anywhere.
    pub notify: Option<Notify>,
    /// By what several daemons share the accounts, if they do.
    pub fleet: Option<Fleet>,
    pub accounts: BTreeMap<String, Account>,
    pub jobs: BTreeMap<String, Job>,
    /// The settings in effect as TOML: with defaults, absolute paths, what the environment set
    /// marked so, and each token masked in a comment that says where it comes from.
    pub effective: String,
    /// The names of the jobs of each account, in order.
    jobs_of: BTreeMap<String, Vec<String>>,
    places: Places,
}

impl Settings {
    /// Finds the settings file and those of `accounts.d` beside it, lays the environment over them
    /// and checks the result.
    ///
    /// # Errors
    /// Every fault at once, in the order of the files and then of the variables.
    pub fn load(
        explicit: Option<&Path>,
        environment: &Environment,
    ) -> Result<Self, Vec<SettingsError>> {
        let Loaded { settings, faults, .. } = Self::load_by(explicit, environment, &[]);
        settings.filter(|_| faults.is_empty()).ok_or(faults)
    }

    /// The same by further rules, and with what can be used in spite of the faults.
    pub fn load_by(
        explicit: Option<&Path>,
        environment: &Environment,
        rules: &[JobRule],
    ) -> Loaded {
        let found = match search::find(explicit, environment) {
            Ok(found) => found,
            Err(fault) => return Loaded { settings: None, faults: vec![fault], mappings: vec![] },
        };
        let mut draft = Draft::new(found.main.shown.clone());
        found.faults.iter().for_each(|fault| draft.push(fault.clone()));
        let is_toml = document::read(&found, &mut draft);
        variables::read(environment, &mut draft);
        if is_toml {
            draft.merge();
            draft.require(ROOT, "");
            let accounts = draft.places.names("accounts");
            accounts.iter().for_each(|name| account::check(name, &mut draft));
            for name in draft.places.names("jobs") {
                job::check(&name, &mut draft, &found.base, rules);
            }
            metrics::check(&mut draft);
            notify::check(&mut draft);
            fleet::check(&mut draft);
            account::refuse_twins(&accounts, &mut draft);
        }
        let (places, values, mut faults) = draft.finish();
        let texts = MappingsTexts::of(&places, &found);
        let mappings = if is_toml { texts.0.values().cloned().collect() } else { Vec::new() };
        let settings =
            if is_toml { Self::of(&values, places, found, environment).ok() } else { None };
        if settings.is_none() && faults.is_empty() {
            // Every value was checked, so this is a mistake of ours.
            let place = Place::File(PathBuf::new());
            let expected = "values of the documented types";
            faults.push(SettingsError::new(place, "", "can't be read", expected));
        }
        Loaded { settings, faults, mappings }
    }

    fn of(
        values: &Config,
        places: Places,
        found: FoundFiles,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let folders = Arc::new(SecretFolders {
            credentials: environment
                .get("CREDENTIALS_DIRECTORY")
                .map(|folder| environment.working_dir().join(folder)),
            beside: found.main.path.with_file_name(""),
        });
        let secrets = Secrets { values, places: &places, found: &found, folders };
        let mut accounts: BTreeMap<String, Account> = values.get("accounts")?;
        let fleet = fleet_of(values, &secrets)?;
        let free_min_mb: u64 = values.get("state.free_min_mb")?;
        let state_free_min_bytes = free_min_mb.saturating_mul(1_000_000);
        for (name, account) in &mut accounts {
            account.state_free_min_bytes = state_free_min_bytes;
            let from_base = |path: &mut PathBuf| *path = found.base.join(&path);
            account.token_file.iter_mut().chain(&mut account.ca_file).for_each(from_base);
            account.name.clone_from(name);
            account.is_shared = fleet.is_some();
            account.is_list_lag_set = places.has(&format!("accounts.{name}.list_lag_s"));
            account.token = secrets.of(token_name(name));
        }
        let mut jobs: BTreeMap<String, Job> = values.get("jobs")?;
        let mappings = MappingsTexts::of(&places, &found);
        for (name, job) in &mut jobs {
            job.name.clone_from(name);
            job.mappings = mappings.for_job(name, &places);
            if let Some(pull) = &mut job.pull {
                complete_pull(pull, name, &secrets)?;
            }
            job.is_bulk_max_set = places.has(&format!("jobs.{name}.bulk_max"));
            job.is_time_zone_set = places.has(&format!("jobs.{name}.time_zone"));
        }
        let listens = places.has("metrics.listen");
        let mut sources = secret_sources(&accounts, &jobs, fleet.as_ref());
        for key in ["notify.url", "notify.ping_url"].into_iter().filter(|key| places.has(key)) {
            sources.insert(key.to_owned(), source_of(key, &places, &found));
        }
        Ok(Self {
            state_dir: state_dir(values, &found, fleet.is_some())?,
            state_free_min_bytes,
            metrics: if listens { Some(values.get("metrics")?) } else { None },
            notify: notify_of(values)?,
            fleet,
            effective: effective::of(values, &places, &sources, &found),
            file: found.main.path,
            jobs_of: jobs_by_account(&jobs),
            accounts,
            jobs,
            places,
        })
    }

    /// The jobs of an account, in the order of their names.
    pub fn jobs_of(&self, account: &str) -> impl Iterator<Item = &Job> {
        self.jobs_of.get(account).into_iter().flatten().filter_map(|name| self.jobs.get(name))
    }

    /// The account of a job; [`Settings::load`] has checked that it exists.
    pub fn account_of(&self, job: &Job) -> Result<&Account, SettingsError> {
        self.accounts.get(&job.account).ok_or_else(|| {
            let key = format!("jobs.{}.account", job.name);
            self.fault(&key, "no such account", "the name of an account")
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

    /// The account of this name.
    ///
    /// # Errors
    /// When there is none, with the nearest name there is.
    pub fn account_named(&self, name: &str) -> Result<&Account, SettingsError> {
        self.accounts.get(name).ok_or_else(|| {
            let names = || self.accounts.keys().map(String::as_str);
            let (found, expected) = (format!("no account `{name}`"), one_of(names()));
            SettingsError::new(Place::Argument, "", found, expected)
                .hint(did_you_mean(name, names()))
        })
    }

    fn no_job(&self, name: &str) -> SettingsError {
        let names = || self.jobs.keys().map(String::as_str);
        let expected = one_of(names());
        SettingsError::new(Place::Argument, "", format!("no job `{name}`"), expected)
            .of_kind(FaultKind::UnknownJob)
            .hint(did_you_mean(name, names()))
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

/// What was read of the settings.
#[derive(Debug)]
pub struct Loaded {
    /// If there are faults, with what could be read, and stand-ins for what is needed: good for a
    /// check, and for nothing else.
    pub settings: Option<Settings>,
    /// In the order of the files and then of the variables.
    pub faults: Vec<SettingsError>,
    /// For the readers of mappings: each file that has any. None if one is no TOML.
    pub mappings: Vec<MappingsText>,
}

/// The texts of the files that have mappings, by file.
struct MappingsTexts(BTreeMap<PathBuf, MappingsText>);

impl MappingsTexts {
    fn of(places: &Places, found: &FoundFiles) -> Self {
        let mut texts = BTreeMap::new();
        for name in places.names("mappings") {
            let file = found.file_of(places.of.get(&format!("mappings.{name}")));
            texts.entry(file.shown.clone()).or_insert_with(|| MappingsText {
                file: file.shown.clone(),
                text: file.text.as_str().into(),
            });
        }
        Self(texts)
    }

    /// Those of the settings file, and those of the file that the job is in.
    fn for_job(&self, name: &str, places: &Places) -> Vec<MappingsText> {
        let files = BTreeSet::from([&places.file, places.file_of(&format!("jobs.{name}"))]);
        files.into_iter().filter_map(|file| self.0.get(file)).cloned().collect()
    }
}

/// Adds what deserializing the table of a pull leaves out.
fn complete_pull(pull: &mut Pull, job: &str, secrets: &Secrets<'_>) -> Result<(), ConfigError> {
    let names = pull.secret_names(job);
    pull.secrets = names.into_iter().map(|name| secrets.of(name)).collect();
    for key in pull.from.texts() {
        let at = format!("jobs.{job}.pull.{key}");
        if secrets.places.has(&at) {
            pull.texts.insert(key.to_owned(), secrets.values.get(&at)?);
        }
    }
    let base = &secrets.found.base;
    pull.dir = base.join(&pull.dir).join(job);
    let paths = pull.ca_file.iter_mut().chain(&mut pull.ids);
    paths.for_each(|path| *path = base.join(&path));
    Ok(())
}

fn jobs_by_account(jobs: &BTreeMap<String, Job>) -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, job) in jobs {
        names.entry(job.account.clone()).or_default().push(name.clone());
    }
    names
}

/// `None` without a receiver of notices.
fn notify_of(values: &Config) -> Result<Option<Notify>, ConfigError> {
    let address = |key: &str| values.get::<String>(key).ok().map(Into::into);
    let (url, ping_url) = (address("notify.url"), address("notify.ping_url"));
    let command: Vec<String> = values.get("notify.command").unwrap_or_default();
    if url.is_none() && ping_url.is_none() && command.is_empty() {
        return Ok(None);
    }
    Ok(Some(Notify { url, ping_url, command, away_after_s: values.get("notify.away_after_s")? }))
}

/// Those of a fleet are apart from the ledgers of a machine of its own, of which it knows nothing.
fn state_dir(values: &Config, found: &FoundFiles, is_fleet: bool) -> Result<PathBuf, ConfigError> {
    let dir = found.base.join(values.get::<PathBuf>("state.dir")?);
    Ok(if is_fleet { dir.join("fleet") } else { dir })
}

/// `None` without an address.
fn fleet_of(values: &Config, secrets: &Secrets<'_>) -> Result<Option<Fleet>, ConfigError> {
    if !["fleet.url", "fleet.url_file"].iter().any(|key| secrets.places.has(key)) {
        return Ok(None);
    }
    let name = SecretName {
        table: "fleet".to_owned(),
        name: "url",
        credential: "fleet.url".to_owned(),
        hint: "write it as postgres://USER:PASSWORD@HOST/DATABASE",
    };
    let own_state_dir = secrets.found.base.join(values.get::<PathBuf>("state.dir")?);
    let read: Fleet = values.get("fleet")?;
    let ca_file = read.ca_file.as_ref().map(|path| secrets.found.base.join(path));
    Ok(Some(Fleet { url: secrets.of(name), ca_file, own_state_dir, ..read }))
}

/// Where each secret that is set comes from, by its key.
fn secret_sources(
    accounts: &BTreeMap<String, Account>,
    jobs: &BTreeMap<String, Job>,
    fleet: Option<&Fleet>,
) -> BTreeMap<String, SecretSource> {
    let pulls = jobs.values().filter_map(|job| job.pull.as_ref());
    let secrets = accounts.values().map(|account| &account.token);
    let secrets = secrets.chain(pulls.flat_map(|pull| &pull.secrets));
    let secrets = secrets.chain(fleet.map(|fleet| &fleet.url));
    let key = |name: &SecretName| format!("{}.{}", name.table, name.name);
    secrets.filter_map(|secret| Some((key(&secret.name), secret.source()?))).collect()
}

/// Where a secret comes from that is set as text.
fn source_of(key: &str, places: &Places, found: &FoundFiles) -> SecretSource {
    match places.variable(key) {
        Some(variable) => SecretSource::Variable(variable.to_owned()),
        None => SecretSource::Settings(found.file_of(places.of.get(key)).path.clone()),
    }
}

/// Where secrets may come from.
struct Secrets<'a> {
    values: &'a Config,
    places: &'a Places,
    found: &'a FoundFiles,
    folders: Arc<SecretFolders>,
}

impl Secrets<'_> {
    fn of(&self, name: SecretName) -> Secret {
        let key = format!("{}.{}", name.table, name.name);
        let source = source_of(&key, self.places, self.found);
        let file: Option<PathBuf> = self.values.get(&format!("{key}_file")).ok();
        let text: Option<String> = self.values.get(&key).ok();
        let set = SecretSetting {
            file: file.map(|file| self.found.base.join(file)),
            text: text.map(|secret| (source, SecretText(secret.into()))),
        };
        Secret { name: name.into(), folders: Arc::clone(&self.folders), set }
    }
}
