use super::draft::Draft;
use super::secret::{Secret, SecretError, SecretSource};
use super::url::{AddressFault, Url, check_account_address};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What ActiveCampaign allows an account, per second and for all its integrations together.
const REQUESTS_PER_SECOND_MAX: f64 = 5.0;
/// For the simulator, where the limit is what this machine can do.
const REQUESTS_PER_SECOND_MAX_LOOPBACK: f64 = 1_000_000.0;

/// An ActiveCampaign account. Its debug form shows no token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    #[serde(default)]
    pub name: String,
    /// The API address: `https`, or `http` for a loopback host; with or without `/api/3`.
    pub url: String,
    /// What the account allows, 0.1 to 5; higher only for a loopback host.
    pub requests_per_second: f64,
    pub token_file: Option<PathBuf>,
    /// Concurrent requests, 1 to 64.
    pub in_flight_max: usize,
    /// How long one request may take, in seconds, 1 to 600.
    pub timeout_s: u64,
    /// The longest pause that ActiveCampaign may ask for, in seconds, 0 to 86,400; a longer
    /// one ends the run.
    pub wait_max_s: u64,
    /// How long lists may miss a new record, in seconds, 0 to 600.
    pub list_lag_s: u64,
    /// `list_lag_s` is in the file or the environment.
    #[serde(default)]
    pub is_list_lag_set: bool,
    /// CA certificates to trust instead of the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// `state.free_min_mb` in bytes: what has to be free on the disk of its state.
    #[serde(default)]
    pub state_free_min_bytes: u64,
    /// Several daemons share it, and nothing else writes to it.
    #[serde(default)]
    pub is_shared: bool,
    #[serde(skip)]
    pub(super) token: Secret,
}

impl Account {
    /// The token, from the first of these that exists: `$CREDENTIALS_DIRECTORY/<name>.token`,
    /// `token_file`, the environment, the settings file if only its owner can read it,
    /// `<name>.token` beside the settings file.
    pub fn token(&self) -> Result<SecretString, SecretError> {
        self.token.read()
    }

    /// Where [`Account::token`] takes the token from.
    pub fn token_source(&self) -> Option<SecretSource> {
        self.token.source()
    }

    /// The file that the token is taken from, if users besides its owner can read it, and its mode.
    pub fn exposed_token_file(&self) -> Option<(PathBuf, u32)> {
        self.token.exposed_file()
    }
}

/// Host and port, which identify an ActiveCampaign account however its URL is written.
fn authority(url: &str) -> Option<String> {
    let url = Url::parse(url)?;
    let port = if url.secure { ":443" } else { ":80" };
    let authority = url.authority.to_ascii_lowercase();
    Some(authority.strip_suffix(port).unwrap_or(&authority).to_owned())
}

/// Checks what the table of keys can't.
pub(super) fn check(name: &str, draft: &mut Draft) {
    let (url, pace) =
        (format!("accounts.{name}.url"), format!("accounts.{name}.requests_per_second"));
    check_url(&url, draft);
    check_pace(&pace, draft.text(&url), draft);
}

fn check_url(key: &str, draft: &mut Draft) {
    let Some(text) = draft.text(key) else { return };
    // The text is not quoted: a wrongly pasted one may hold a token.
    let expected = "the URL that ActiveCampaign shows under Settings, Developer, such as https://example.api-us1.com";
    match check_account_address(&text) {
        Err(AddressFault::Invalid) => {
            let hint = (!text.contains("://")).then(|| "put https:// in front of it".to_owned());
            draft.report(key, "invalid URL", expected, hint);
        }
        Err(AddressFault::NotEncrypted) => {
            let hint =
                "the token would be sent unencrypted; http is only for a simulator on this machine"
                    .to_owned();
            draft.report(key, "not encrypted", "https://", hint);
        }
        Err(AddressFault::HasPath) => {
            let hint = "leave out what follows the host name".to_owned();
            draft.report(key, "a path after the host name", expected, hint);
        }
        Ok(()) => {}
    }
}

fn check_pace(key: &str, url: Option<String>, draft: &mut Draft) {
    let Some(pace) = draft.get::<f64>(key) else { return };
    let is_loopback = url.and_then(|url| Some(Url::parse(&url)?.is_loopback())).unwrap_or(false);
    let max = if is_loopback { REQUESTS_PER_SECOND_MAX_LOOPBACK } else { REQUESTS_PER_SECOND_MAX };
    if !(0.1..=max).contains(&pace) {
        let hint = (pace > max && !is_loopback).then(|| {
            "higher only for a simulator on this machine; ActiveCampaign allows 5".to_owned()
        });
        draft.report(key, format!("found {pace}"), format!("a number from 0.1 to {max}"), hint);
    }
}

/// Two tables for one ActiveCampaign account would have two ledgers and exceed its rate limit.
pub(super) fn refuse_twins(names: &BTreeSet<String>, draft: &mut Draft) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        let key = format!("accounts.{name}.url");
        let Some(authority) = draft.text(&key).and_then(|url| authority(&url)) else { continue };
        if let Some(twin) = seen.insert(authority, name) {
            let found = format!("the same ActiveCampaign account as accounts.{twin}");
            let hint = "several jobs may share an account".to_owned();
            draft.report(&key, found, "one table for each account", hint);
        }
    }
}
