use super::draft::Draft;
use super::search::Found;
use super::token::{TokenError, TokenSource, Tokens};
use super::url::Url;
use super::{Environment, Settings, SettingsError};
use secrecy::SecretString;
use std::path::PathBuf;

/// What ActiveCampaign allows an account, per second and for all its integrations together.
const REQUESTS_PER_SECOND_MAX: f64 = 5.0;
/// For the simulator, where the limit is what this machine can do.
const REQUESTS_PER_SECOND_MAX_LOOPBACK: f64 = 1_000_000.0;

/// An ActiveCampaign account. Its debug form shows no token.
#[derive(Debug, Clone)]
pub struct Account {
    pub name: String,
    /// The API address: `https`, or `http` for a loopback host; with or without `/api/3`.
    pub url: String,
    /// What the account allows, 0.1 to 5; higher only for a loopback host.
    pub requests_per_second: f64,
    pub token_file: Option<PathBuf>,
    /// Requests on their way at one time, 1 to 64.
    pub in_flight_max: usize,
    /// How long one request may take, in seconds, 1 to 600.
    pub timeout_s: u64,
    /// The longest pause that the target may ask for, in seconds, 0 to 86,400; a longer one ends
    /// the run.
    pub wait_max_s: u64,
    /// Certificates to trust besides those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    pub(super) tokens: Tokens,
}

impl Account {
    /// The token, from the first of these that is there: `$CREDENTIALS_DIRECTORY/<name>.token`,
    /// `token_file`, the environment, the settings file if nobody but its owner can read it.
    ///
    /// # Errors
    /// When none is there, or the first that is there can't be read or holds no token.
    pub fn token(&self) -> Result<SecretString, TokenError> {
        self.tokens.read(&self.name)
    }

    /// Where [`Account::token`] takes the token from.
    pub fn token_source(&self) -> Option<TokenSource> {
        self.tokens.source()
    }

    /// Whether the account is on this machine: a simulator.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.url).is_some_and(|url| url.is_loopback())
    }

    /// What tells one ActiveCampaign account from another, however its address is written.
    fn authority(&self) -> String {
        Url::parse(&self.url).map_or_else(String::new, |url| {
            let port = if url.secure { ":443" } else { ":80" };
            let authority = url.authority.to_ascii_lowercase();
            authority.strip_suffix(port).unwrap_or(&authority).to_owned()
        })
    }
}

pub(super) fn read(
    name: &str,
    draft: &mut Draft,
    found: &Found,
    environment: &Environment,
) -> Account {
    let key = |leaf: &str| format!("accounts.{name}.{leaf}");
    let url = read_url(&key("url"), draft);
    let loopback = Url::parse(&url).is_some_and(|url| url.is_loopback());
    let path =
        |draft: &mut Draft, leaf: &str| draft.text(&key(leaf)).map(|path| found.base.join(path));
    let token_file = path(draft, "token_file");
    let token_source = match draft.places.variable(&key("token")) {
        Some(variable) => TokenSource::Variable(variable.to_owned()),
        None => TokenSource::Settings(found.path.clone()),
    };
    let token = draft.text(&key("token")).map(SecretString::from);
    Account {
        name: name.to_owned(),
        url,
        requests_per_second: read_pace(&key("requests_per_second"), loopback, draft),
        in_flight_max: draft.get(&key("in_flight_max")).unwrap_or(16),
        timeout_s: draft.get(&key("timeout_s")).unwrap_or(60),
        wait_max_s: draft.get(&key("wait_max_s")).unwrap_or(900),
        ca_file: path(draft, "ca_file"),
        tokens: Tokens {
            credentials: environment
                .get("CREDENTIALS_DIRECTORY")
                .map(|dir| environment.working_dir().join(dir).join(format!("{name}.token"))),
            file: token_file.clone(),
            text: token.map(|token| (token_source, token)),
        },
        token_file,
    }
}

fn read_url(key: &str, draft: &mut Draft) -> String {
    let Some(text) = draft.text(key) else {
        return String::new();
    };
    // The text is not quoted: a wrongly pasted one may hold a token.
    let expected = "the address that ActiveCampaign shows under Settings, Developer, such as https://example.api-us1.com";
    match Url::parse(&text) {
        None => draft.report(key, "no such address", expected, None),
        Some(url) if !url.secure && !url.is_loopback() => {
            let hint =
                "the token would travel unencrypted; http is for a simulator on this machine"
                    .to_owned();
            draft.report(key, "not encrypted", "https://", hint);
        }
        Some(url) if !matches!(url.path, "" | "api/3") => {
            let hint = "leave out what follows the host name".to_owned();
            draft.report(key, "a path after the host name", expected, hint);
        }
        Some(_) => {}
    }
    text
}

fn read_pace(key: &str, loopback: bool, draft: &mut Draft) -> f64 {
    let Some(pace) = draft.get::<f64>(key) else {
        return REQUESTS_PER_SECOND_MAX;
    };
    let max = if loopback { REQUESTS_PER_SECOND_MAX_LOOPBACK } else { REQUESTS_PER_SECOND_MAX };
    if !(0.1..=max).contains(&pace) {
        let hint = (pace > max && !loopback).then(|| {
            "higher only for a simulator on this machine; ActiveCampaign allows 5".to_owned()
        });
        draft.report(key, format!("found {pace}"), format!("a number from 0.1 to {max}"), hint);
    }
    pace
}

/// Two tables for one ActiveCampaign account would keep two ledgers and go at twice its pace.
pub(super) fn refuse_twins(
    accounts: &std::collections::BTreeMap<String, Account>,
    draft: &mut Draft,
) {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for account in accounts.values().filter(|account| !account.url.is_empty()) {
        let authority = account.authority();
        if let Some((_, twin)) = seen.iter().find(|(other, _)| *other == authority) {
            let found = format!("the same ActiveCampaign account as accounts.{twin}");
            let hint = "several jobs may share an account".to_owned();
            draft.report(
                &format!("accounts.{}.url", account.name),
                found,
                "one table for each account",
                hint,
            );
        }
        seen.push((authority, &account.name));
    }
}

impl Settings {
    /// The account of a job; [`Settings::load`] has seen to it that there is one.
    ///
    /// # Errors
    /// When the job is not one of these settings.
    pub fn account_of(&self, job: &super::Job) -> Result<&Account, SettingsError> {
        self.accounts.get(&job.account).ok_or_else(|| {
            let key = format!("jobs.{}.account", job.name);
            self.fault(&key, "no such account", "the name of an account")
        })
    }
}
