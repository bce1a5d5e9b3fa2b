//! Pulls: a shop's API turned into an ordinary export on disk. The only HTTP to shops.
//!
//! A pull reads the orders that changed in a *window* of time and writes each answer as it was
//! received. `manifest.json`, written last, makes the window complete; a folder without it is never
//! read. The last full window and the increments after it are the whole export: of an order in
//! several windows the later file counts. Knows nothing of ActiveCampaign.

mod body;
mod clock;
mod error;
mod folder;
mod http;
mod manifest;
#[cfg(test)]
mod tests;
mod window;
mod woocommerce;
mod writer;

pub use error::PullError;
pub use folder::Folder;
pub use http::Credentials;
pub use manifest::{Counted, Manifest, PulledFile, PulledWindow};
pub use window::{Extent, Window};
pub use woocommerce::pull as pull_woocommerce;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::path::PathBuf;

/// What a pull has to know of a shop.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address of the shop, with the folder that it is in; `http` for loopback hosts only.
    pub url: String,
    pub key: SecretString,
    pub secret: SecretString,
    /// Sends the key in the address instead of a header. Addresses end up in the logs of servers.
    pub is_key_in_query: bool,
    /// PEM file of the authorities to trust, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// The first pull begins here; left out, with the first order.
    pub since: Option<Timestamp>,
    /// How far an increment reaches back before the end of the window before.
    pub overlap: SignedDuration,
}

/// What is to be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Full,
    /// What changed since the end of the last window.
    Since(Timestamp),
}
