use crate::domain::is_loopback;
use reqwest::Url;
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Says whether a request may leave. It must not block; once it has said no, a client refuses for a
/// while too.
#[derive(Clone)]
pub struct SendGuard(Arc<dyn Fn() -> bool + Send + Sync>);

impl SendGuard {
    pub fn new(may_send: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(may_send))
    }

    pub(super) fn may_send(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for SendGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendGuard(..)")
    }
}

/// What a client must know about one account.
#[derive(Debug, Clone)]
pub struct Options {
    /// The full API address, with or without a trailing slash or `/api/3`; `http` for loopback
    /// hosts only.
    pub url: String,
    pub token: SecretString,
    /// What the account allows for all its integrations together; the rate stays a margin below.
    /// From 1000 on, sends are not limited (rehearsals against a local target).
    pub requests_per_second: f64,
    /// Longest wait for a whole answer, 1 to [`Self::TIMEOUT_MS_MAX`].
    pub timeout_ms: u64,
    /// Longest wait for a connection, 1 to [`Self::TIMEOUT_MS_MAX`].
    pub connect_timeout_ms: u64,
    /// Longest pause ActiveCampaign may ask for; a longer one ends the run.
    pub wait_max_ms: u64,
    /// Attempts for one record before it is given up, at least 1. A 429 does not count.
    pub attempts_max: u32,
    /// How long a new record may be missing from lists.
    pub list_lag_ms: u64,
    /// PEM file of the authorities to trust, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// When the previous process sent last, so that a restart keeps the spacing.
    pub last_send_at: Option<SystemTime>,
    /// The remainder of a pause that ActiveCampaign asked the previous process for. A pause longer
    /// than `wait_max_ms` is not waited for: it ended the run that received it, and a new run tries
    /// again.
    pub pause_left: Option<Duration>,
    /// Called before each request; once it says no, the run ends.
    pub guard: Option<SendGuard>,
    /// Seed of the retry jitter, so that a rehearsal can be repeated; random if `None`.
    pub retry_seed: Option<u64>,
}

impl Options {
    /// One hour.
    pub const TIMEOUT_MS_MAX: u64 = 3_600_000;

    /// The defaults: 5 requests a second, answers within 60 s (tails of 30 s are seen), connections
    /// within 10 s, pauses of up to 15 minutes, 8 attempts,
    /// lists that lag by up to 10 s.
    pub fn new(url: impl Into<String>, token: SecretString) -> Self {
        Self {
            url: url.into(),
            token,
            requests_per_second: 5.0,
            timeout_ms: 60_000,
            connect_timeout_ms: 10_000,
            wait_max_ms: 15 * 60 * 1000,
            attempts_max: 8,
            list_lag_ms: 10_000,
            ca_file: None,
            last_send_at: None,
            pause_left: None,
            guard: None,
            retry_seed: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), ClientError> {
        let rate = self.requests_per_second;
        if !rate.is_finite() || rate < 0.1 {
            return Err(ClientError::Rate);
        }
        let timeouts = 1..=Self::TIMEOUT_MS_MAX;
        if !timeouts.contains(&self.timeout_ms) || !timeouts.contains(&self.connect_timeout_ms) {
            return Err(ClientError::Timeout);
        }
        if self.attempts_max == 0 {
            return Err(ClientError::Attempts);
        }
        Ok(())
    }
}

/// Why no client can be built from some options. No message repeats the address or the token.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(
        "the account's url {0}; expected the API URL from Settings > Developer, such as https://example.api-us1.com"
    )]
    Url(&'static str),
    #[error(
        "the account's token is empty or has characters no header can carry; copy the key from Settings > Developer again"
    )]
    Token,
    #[error("requests_per_second must be a number of at least 0.1; ActiveCampaign allows 5")]
    Rate,
    #[error("timeouts must be 1 to {} ms", Options::TIMEOUT_MS_MAX)]
    Timeout,
    #[error("attempts_max must be at least 1")]
    Attempts,
    #[error("ca_file {path}: {reason}; expected a PEM file of CA certificates", path = path.display())]
    CaFile { path: PathBuf, reason: String },
    #[error(
        "no CA certificates on this system; install ca-certificates, point SSL_CERT_FILE at a PEM bundle, or set ca_file"
    )]
    NoAuthorities,
    #[error("the HTTP client can't be set up: {0}")]
    Setup(String),
}

/// An address taken apart: where requests go, and whether that is this machine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// Ends in `/api/3`, without a slash after it.
    pub(super) root: String,
    /// With its port, unless it is the default one.
    pub(super) host: String,
    pub(super) loopback: bool,
    pub(super) encrypted: bool,
}

impl Base {
    pub(super) fn parse(text: &str) -> Result<Self, ClientError> {
        let url = Url::parse(text.trim()).map_err(|_| ClientError::Url("is not a URL"))?;
        let host = url.host_str().ok_or(ClientError::Url("names no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ClientError::Url("contains a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ClientError::Url("has a query or fragment"));
        }
        let loopback = is_loopback(host);
        let encrypted = match url.scheme() {
            "https" => true,
            "http" if loopback => false,
            "http" => {
                return Err(ClientError::Url("is not encrypted (http is for loopback hosts only)"));
            }
            _ => return Err(ClientError::Url("is not an https URL")),
        };
        let mut root = url.as_str().trim_end_matches('/').to_owned();
        if !root.ends_with("/api/3") {
            root.push_str("/api/3");
        }
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self { root, host, loopback, encrypted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_and_without_its_tail() {
        for text in [
            "https://shop.api-us1.com",
            "https://shop.api-us1.com/",
            "https://shop.api-us1.com/api/3",
            " https://shop.api-us1.com/api/3/ ",
        ] {
            assert_eq!(Base::parse(text).unwrap().root, "https://shop.api-us1.com/api/3", "{text}");
        }
        let proxied = Base::parse("https://gate.example/ac").unwrap();
        assert_eq!(proxied.root, "https://gate.example/ac/api/3");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for text in
            ["http://localhost:8025", "http://127.0.0.1", "http://127.9.9.9:1", "http://[::1]:80"]
        {
            assert!(Base::parse(text).unwrap().loopback, "{text}");
        }
        for text in [
            "http://shop.api-us1.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.nip.io",
        ] {
            assert!(matches!(Base::parse(text), Err(ClientError::Url(_))), "{text}");
        }
    }

    #[test]
    fn addresses_that_carry_secrets_or_no_host_are_refused_without_repeating_them() {
        for text in [
            "",
            "shop",
            "ftp://shop.example",
            "https://me:hunter2@shop.example",
            "https://shop.example/?api_key=hunter2",
            "https://shop.example/#hunter2",
        ] {
            let error = Base::parse(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        let options = || Options::new("https://shop.example", "t".into());
        assert!(options().check().is_ok());
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let bad = Options { requests_per_second: rate, ..options() };
            assert!(matches!(bad.check(), Err(ClientError::Rate)), "{rate}");
        }
        assert!(matches!(
            Options { timeout_ms: 0, ..options() }.check(),
            Err(ClientError::Timeout)
        ));
        assert!(matches!(
            Options { attempts_max: 0, ..options() }.check(),
            Err(ClientError::Attempts)
        ));
    }
}
