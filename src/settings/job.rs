use super::draft::Draft;
use super::policy;
use super::pull::{self, Pull};
use super::rules::{self, JobRule};
use super::schema;
use super::url::Url;
use crate::domain::{LoadPath, Policy, did_you_mean, one_of};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One export paired with one connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    #[serde(default)]
    pub name: String,
    /// The name of an account of the same settings.
    pub account: String,
    /// Absolute paths and patterns, in the order given; or `-` for standard input.
    #[serde(default)]
    pub export: Vec<String>,
    /// The shop that is pulled in place of an export.
    pub pull: Option<Pull>,
    /// `auto`, or the name of a format; the readers know which there are.
    pub format: String,
    /// The name of the export's encoding; the readers know which there are.
    pub encoding: Option<String>,
    /// Where the mappings are that `format` may name.
    #[serde(skip)]
    pub mappings: Vec<MappingsText>,
    /// Absolute paths and patterns of files with the e-mail addresses of customers.
    #[serde(default)]
    pub customers: Vec<String>,
    /// As in crontab, not checked yet: that is up to the schedule.
    pub schedule: Option<String>,
    /// The longest delay of a start, in seconds, 0 to 3,600.
    pub jitter_s: Option<u32>,
    /// What a scheduled start does with a job that was never loaded.
    pub first_run: FirstRun,
    /// When the job is verified, written like `schedule` and not checked yet either.
    pub verify: Option<String>,
    /// The part of the orders that a scheduled verification compares line by line; not checked
    /// here.
    pub verify_sample: Option<String>,
    /// How its orders reach ActiveCampaign.
    pub load: LoadPath,
    /// Orders in one batch of the bulk path at most, 1 to 100.
    pub bulk_max: usize,
    /// `bulk_max` is in the file or the environment.
    #[serde(default)]
    pub is_bulk_max_set: bool,
    /// The part of the accepted orders that a run reads back at its end; not checked here.
    pub bulk_sample: Option<String>,
    /// Of the schedule, and of dates in the export without an offset.
    #[serde(serialize_with = "zone_name", deserialize_with = "zone")]
    pub time_zone: TimeZone,
    /// `time_zone` is in the file or the environment.
    #[serde(default)]
    pub is_time_zone_set: bool,
    pub connection: Connection,
    pub policy: Policy,
}

impl Job {
    /// A daemon starts it.
    pub fn is_scheduled(&self) -> bool {
        self.schedule.is_some() || self.verify.is_some()
    }
}

/// What a scheduled start does with a job that was never loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstRun {
    /// It waits until an operator has begun to load it.
    Refuse,
    /// It loads the whole history.
    Load,
}

/// The ActiveCampaign connection of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub service: String,
    pub externalid: String,
    /// The external id if no name is set.
    pub name: String,
    /// Only creating a connection needs it.
    pub link_url: Option<String>,
    /// Only creating a connection needs it.
    pub logo_url: Option<String>,
}

/// The text of a file of settings, for the readers of exports: they check its `[mappings.NAME]`
/// tables.
///
/// It may contain a token, so its debug form shows none of it.
#[derive(Clone, Default)]
pub struct MappingsText {
    /// As people know the file.
    pub file: PathBuf,
    pub text: Arc<str>,
}

impl fmt::Debug for MappingsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappingsText").field("file", &self.file).finish_non_exhaustive()
    }
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    TimeZone::get(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Every zone of the settings has a name: it was found by it.
fn zone_name<S: Serializer>(zone: &TimeZone, serializer: S) -> Result<S::Ok, S::Error> {
    let name = zone.iana_name().ok_or_else(|| serde::ser::Error::custom("a zone without a name"));
    serializer.serialize_str(name?)
}

/// Checks what the table of keys can't, and resolves what depends on other values.
pub(super) fn check(name: &str, draft: &mut Draft, base: &Path, rules: &[JobRule]) {
    let key = |leaf: &str| format!("jobs.{name}.{leaf}");
    check_account(&key("account"), draft);
    check_source(name, draft);
    resolve_patterns(&key("export"), draft, base);
    resolve_patterns(&key("customers"), draft, base);
    let zone = check_time_zone(&key("time_zone"), draft);
    check_connection(&key("connection"), draft);
    policy::check(&key("policy"), &zone, draft);
    rules::check(rules, name, &zone, draft);
}

/// A job reads files, or pulls a shop.
fn check_source(name: &str, draft: &mut Draft) {
    let (export, pull) = (format!("jobs.{name}.export"), format!("jobs.{name}.pull"));
    let has = |key: &str| draft.places.has(key);
    match (has(&export), has(&pull)) {
        (false, false) => {
            draft.missing(&export, "a list of paths and patterns; or a table [jobs.NAME.pull]")
        }
        (true, true) => draft.report(&export, "set beside pull", "export or pull, not both", None),
        (true, false) => {}
        (false, true) => pull::check(&pull, draft),
    }
    check_gone(name, draft);
}

/// Gone orders are known by the ids of one full pull that the next one lacks.
fn check_gone(name: &str, draft: &mut Draft) {
    let policy = |leaf: &str| format!("jobs.{name}.policy.{leaf}");
    let pull = |leaf: &str| format!("jobs.{name}.pull.{leaf}");
    if draft.text(&policy("gone")).as_deref() != Some("delete") {
        return;
    }
    let (what, expected) = if draft.text(&policy("order_key")).as_deref() == Some("number") {
        ("gone orders are known by their ids", "order_key = \"id\"")
    } else if draft.text(&pull("keep")).as_deref() == Some("none") {
        ("without the last full pull it is not known what is gone", "keep = \"latest\"")
    } else {
        return;
    };
    draft.report(&policy("gone"), what, expected, None);
}

fn check_account(key: &str, draft: &mut Draft) {
    let Some(account) = draft.text(key) else { return };
    if schema::is_name(&account) && draft.places.has(&format!("accounts.{account}")) {
        return;
    }
    let accounts = draft.places.names("accounts");
    if !accounts.is_empty() {
        let hint = did_you_mean(&account, accounts.iter().map(String::as_str));
        draft.report(
            key,
            format!("no account `{account}`"),
            one_of(accounts.iter().map(String::as_str)),
            hint,
        );
    }
}

/// Puts the project folder before relative patterns; characters of that folder are never part of a
/// pattern. `-` is standard input and stays what it is.
fn resolve_patterns(key: &str, draft: &mut Draft, base: &Path) {
    let Some(patterns) = draft.get::<Vec<String>>(key) else { return };
    if base.to_str().is_none() && patterns.iter().any(|pattern| Path::new(pattern).is_relative()) {
        let found = "a relative path below a folder whose name is not UTF-8";
        draft.report(key, found, "an absolute path", None);
    }
    let base = base.to_string_lossy();
    let base = glob::Pattern::escape(base.trim_end_matches('/'));
    let absolute = |pattern: String| {
        let is_complete = Path::new(&pattern).is_absolute() || pattern == "-";
        if is_complete { pattern } else { format!("{base}/{pattern}") }
    };
    draft.resolve(key, patterns.into_iter().map(absolute).collect::<Vec<_>>());
}

/// UTC replaces a zone that does not exist, to check the rest.
fn check_time_zone(key: &str, draft: &mut Draft) -> TimeZone {
    let Some(name) = draft.text(key) else { return TimeZone::UTC };
    if let Ok(zone) = TimeZone::get(&name) {
        draft.resolve(key, zone.iana_name().unwrap_or(&name));
        return zone;
    }
    let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    let hint = did_you_mean(&name, known.iter().map(String::as_str));
    let found = format!("no time zone `{name}`");
    draft.report(key, found, "an IANA name such as Europe/Berlin or UTC", hint);
    TimeZone::UTC
}

fn check_connection(table: &str, draft: &mut Draft) {
    for leaf in ["link_url", "logo_url"] {
        let key = format!("{table}.{leaf}");
        if draft.text(&key).is_some_and(|url| Url::parse(&url).is_none()) {
            let expected = "a URL such as https://example.com";
            draft.report(&key, "invalid URL", expected, None);
        }
    }
    let name = format!("{table}.name");
    if draft.text(&name).is_none()
        && let Some(externalid) = draft.text(&format!("{table}.externalid"))
    {
        draft.resolve(&name, externalid);
    }
}
