//! The address of a shop: how it is read, how it is shown, and what of it a redirect may change.

use super::error::PullError;
use reqwest::{Url, redirect};

const REDIRECTS_MAX: usize = 2;

/// Follows redirects only within the same scheme, host and port.
pub(super) fn same_host() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let Some(before) = attempt.previous().last() else { return attempt.stop() };
        let to = attempt.url();
        let is_same = to.host_str() == before.host_str()
            && to.port_or_known_default() == before.port_or_known_default()
            && to.scheme() == before.scheme();
        if is_same && attempt.previous().len() <= REDIRECTS_MAX {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

pub(super) fn root_of(text: &str) -> Result<Url, PullError> {
    let fault = |what: &str| PullError::Settings {
        what: format!("the shop's url {what}"),
        expected: "its address, such as https://shop.example.com".to_owned(),
        hint: "http is for loopback hosts only: the key would be sent unencrypted".to_owned(),
    };
    let url = Url::parse(text).map_err(|_| fault("is no address"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(fault("has a user name or a query in it"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(fault("is not encrypted")),
    }
}

/// The name of a shop in manifests, independent of how its address is written.
pub(super) fn shop_at(url: &str) -> Result<String, PullError> {
    root_of(url).map(|root| shown(&root))
}

pub(super) fn shown(root: &Url) -> String {
    root.as_str().trim_end_matches('/').to_owned()
}

pub(super) fn is_loopback(url: &Url) -> bool {
    crate::domain::is_loopback(url.host_str().unwrap_or_default())
}
