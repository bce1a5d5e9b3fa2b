use super::error::PullError;
use super::examination::Examination;
use super::folder::Folder;
use super::manifest::PulledWindow;
use super::order_id::OrderId;
use super::window::{Extent, Window};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A shop system whose orders can be pulled, with its particulars. `shops.rs` lists them.
#[derive(Debug)]
pub struct ShopSystem {
    /// Its name in settings and manifests.
    pub name: &'static str,
    /// The format of its answers; `auto` if they have several.
    pub format: &'static str,
    /// The credentials that it accepts. The first set whose setting is set is used.
    pub credential_sets: &'static [CredentialSet],
    /// Where to find its credentials.
    pub credentials_hint: &'static str,
    /// Settings that it needs in addition.
    pub needs: &'static [&'static str],
    /// What the shop ignores if it lists orders for a window in the future, and the consequence;
    /// part of a message.
    pub ignored_window: &'static str,
    /// A window ends this long before the shop's present: later changes may not be visible yet.
    pub lag: SignedDuration,
    /// The pause that an answer asks for, other than by `Retry-After`.
    pub(super) pause: fn(StatusCode, &HeaderMap) -> Option<Duration>,
    /// The ids of the orders in one of its answers, by which full pulls are compared.
    pub(super) ids: fn(&[u8]) -> Vec<OrderId>,
    pub(super) pull: for<'a> fn(
        &'a Options,
        PullRequest,
        &'a Folder,
        CancellationToken,
    ) -> Pending<'a, PulledWindow>,
    pub(super) examine: for<'a> fn(&'a Options, CancellationToken) -> Pending<'a, Examination>,
}

/// Secrets that a shop accepts together.
#[derive(Debug)]
pub struct CredentialSet {
    /// The setting that selects it; `None` for the set without such a setting.
    pub by: Option<&'static str>,
    pub secrets: &'static [&'static str],
}

/// Settings that exclude orders of a shop.
const NARROWING: [&str; 1] = ["store_ids"];

/// The future of one task at a shop.
pub(super) type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, PullError>> + Send + 'a>>;

impl ShopSystem {
    /// The secrets of all sets.
    pub fn secrets(&self) -> BTreeSet<&'static str> {
        self.credential_sets.iter().flat_map(|set| set.secrets).copied().collect()
    }

    /// The secrets of the set that these settings select.
    pub fn secrets_for(&self, access: &Access) -> &'static [&'static str] {
        let chosen =
            self.credential_sets.iter().find(|set| set.by.is_none_or(|key| access.has(key)));
        chosen.map_or(&[], |set| set.secrets)
    }

    /// Its particular settings that are texts.
    pub fn texts(&self) -> BTreeSet<&'static str> {
        let chosen_by = self.credential_sets.iter().filter_map(|set| set.by);
        let needed = self.needs.iter().copied().filter(|key| *key != "ids");
        chosen_by.chain(needed).chain(NARROWING).collect()
    }
}

/// For a shop that only asks for pauses by `Retry-After`.
pub(super) fn no_pause(_: StatusCode, _: &HeaderMap) -> Option<Duration> {
    None
}

/// What a pull must know about a shop.
#[derive(Debug, Clone)]
pub struct Options {
    pub system: &'static ShopSystem,
    /// The address of the shop, with the folder that it is in; `http` for loopback hosts only.
    pub url: String,
    pub access: Access,
    /// PEM file of the authorities to trust, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// The first pull begins here; `None`: with the first order.
    pub since: Option<Timestamp>,
    /// How far an increment reaches back before the end of the window before.
    pub overlap: SignedDuration,
    /// The longest time between two full pulls.
    pub full_every: SignedDuration,
    /// Orders that the last full pull found gone: the next one requests them too.
    pub gone_before: Vec<OrderId>,
    /// The longest pause that the shop may ask for; a longer one ends the pull.
    pub wait_max: Duration,
}

/// The credentials of a pull and the other values that requests to the shop need, by their keys in
/// the settings.
#[derive(Debug, Clone, Default)]
pub struct Access {
    secrets: BTreeMap<&'static str, SecretString>,
    texts: BTreeMap<&'static str, String>,
    /// Lists the orders to pull, for shops without lists.
    ids: Option<PathBuf>,
}

impl Access {
    #[must_use]
    pub fn with_secret(mut self, key: &'static str, secret: impl Into<SecretString>) -> Self {
        self.secrets.insert(key, secret.into());
        self
    }

    #[must_use]
    pub fn with(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.texts.insert(key, text.into());
        self
    }

    #[must_use]
    pub fn with_ids(mut self, ids: PathBuf) -> Self {
        self.ids = Some(ids);
        self
    }

    /// Whether a setting is set.
    pub fn has(&self, key: &str) -> bool {
        self.text(key).is_some()
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    pub(super) fn needed(&self, key: &str) -> Result<&str, PullError> {
        self.text(key).ok_or_else(|| missing(key))
    }

    pub(super) fn secret(&self, key: &str) -> Result<SecretString, PullError> {
        self.secrets.get(key).cloned().ok_or_else(|| missing(key))
    }

    pub(super) fn ids(&self) -> Result<&Path, PullError> {
        self.ids.as_deref().ok_or_else(|| missing("ids"))
    }
}

fn missing(key: &str) -> PullError {
    PullError::Settings {
        what: format!("the pull has no {key}"),
        expected: format!("the setting {key}"),
        hint: "docs/pulls.md has the settings of each shop".to_owned(),
    }
}

impl Options {
    /// How long a pull waits for a shop that asks for it.
    pub const WAIT_MAX: Duration = Duration::from_secs(15 * 60);

    /// The query to the shop in addition to the window. After a change, only a full pull makes an
    /// export.
    pub(super) fn query(&self) -> String {
        let since = self.since.map(|since| format!("after={since}"));
        let narrowed =
            NARROWING.iter().filter_map(|key| Some(format!("{key}={}", self.access.text(key)?)));
        since.into_iter().chain(narrowed).collect::<Vec<_>>().join("&")
    }
}

/// What is to be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PullRequest {
    Full,
    /// What changed since the end of the last window.
    Since(Timestamp),
}

impl PullRequest {
    /// The window that ends just before the shop's present, `now`; also a full one if the shop's
    /// clock was set back since.
    pub(super) fn window(self, options: &Options, now: Timestamp) -> Window {
        let to = now.checked_sub(options.system.lag).unwrap_or(Timestamp::MIN);
        match self {
            Self::Since(last) if last <= to => {
                Window { extent: Extent::Increment, from: self.from(options), to }
            }
            Self::Full | Self::Since(_) => Window { extent: Extent::Full, from: None, to },
        }
    }

    /// Where the window begins, whatever its end.
    pub(super) fn from(self, options: &Options) -> Option<Timestamp> {
        let Self::Since(last) = self else { return None };
        // Bounds are exclusive in some APIs.
        let overlap = options.overlap.saturating_add(SignedDuration::from_secs(1));
        Some(last.checked_sub(overlap).unwrap_or(Timestamp::MIN))
    }
}
