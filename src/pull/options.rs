use super::window::{Extent, Window};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::path::PathBuf;

/// What a pull has to know of a shop.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address of the shop, with the folder that it is in; `http` for loopback hosts only.
    pub url: String,
    pub source: Source,
    /// PEM file of the authorities to trust, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// The first pull begins here; left out, with the first order.
    pub since: Option<Timestamp>,
    /// How far an increment reaches back before the end of the window before.
    pub overlap: SignedDuration,
    /// The longest time between two full pulls.
    pub full_every: SignedDuration,
    /// Orders that the full pull before found gone: the next one looks for them too.
    pub gone_before: Vec<u64>,
}

/// The API that is read, with what it takes to be let in.
#[derive(Debug, Clone)]
pub enum Source {
    WooCommerce {
        key: SecretString,
        secret: SecretString,
        /// Sends the key in the address instead of a header. Addresses end up in the logs of
        /// servers.
        is_key_in_query: bool,
    },
    Shopify(ShopifyAccess),
    /// Single orders, by a list of ids in a file.
    ById {
        api: ByIdApi,
        token: SecretString,
        ids: PathBuf,
    },
}

/// What lets an app in at Shopify.
#[derive(Debug, Clone)]
pub enum ShopifyAccess {
    Token(SecretString),
    /// An app's id and secret, for which Shopify grants a token of a day.
    Client {
        id: String,
        secret: SecretString,
    },
}

/// An API without a list of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByIdApi {
    ExpertSender,
    Fast { app_id: String },
}

impl Options {
    /// What is asked of the shop besides the window. With another one, only a full pull makes an
    /// export.
    pub(super) fn query(&self) -> String {
        self.since.map(|since| format!("after={since}")).unwrap_or_default()
    }
}

/// What is to be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Full,
    /// What changed since the end of the last window.
    Since(Timestamp),
}

impl Request {
    /// The window that ends at `end`; a full one too where the shop's clock was set back since.
    pub(super) fn window(self, options: &Options, end: Timestamp) -> Window {
        match self {
            Self::Since(last) if last <= end => {
                Window { extent: Extent::Increment, from: self.from(options), to: end }
            }
            Self::Full | Self::Since(_) => Window { extent: Extent::Full, from: None, to: end },
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
