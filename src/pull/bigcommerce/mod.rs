//! BigCommerce's orders API, version 2.
//!
//! Orders come with their lines (`include=consignments.line_items`). Parts that an answer leaves
//! out (lines after the fiftieth, coupons) replace the order's links to them. The quota belongs to
//! the shop, and other apps use it too.

mod api;
mod examine;
mod parts;

use super::backwards;
use super::error::PullError;
use super::folder::Folder;
use super::manifest::PulledWindow;
use super::options::{CredentialSet, Options, PullRequest, ShopSystem};
use api::Api;
use examine::examine;
use jiff::SignedDuration;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) static SYSTEM: ShopSystem = ShopSystem {
    name: "bigcommerce",
    format: "bigcommerce-json",
    credential_sets: &[CredentialSet { by: None, secrets: &["token"] }],
    credentials_hint: "BigCommerce shows it once, under Settings, Store-level API accounts; the scope Orders, read-only, is enough",
    needs: &[],
    ignored_window: "min_date_modified; every pull is a full one",
    lag: SignedDuration::from_mins(2),
    pause,
    ids: parts::ids_in,
    pull: |options, request, folder, cancel| Box::pin(pull(options, request, folder, cancel)),
    examine: |options, cancel| Box::pin(examine(options, cancel)),
};

/// One in this many requests of the quota is left to the shop's other apps.
const FREE_PART: u64 = 5;

/// Pulls a window into the folder.
async fn pull(
    options: &Options,
    request: PullRequest,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let api = Api::find(options, request.from(options), cancel).await?;
    backwards::pull(api, options, request, folder).await
}

/// The time until the quota is full again, if it is used up or only the other apps' part is left. A
/// 429 without these headers is an overload of the platform.
fn pause(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| -> Option<u64> { headers.get(name)?.to_str().ok()?.parse().ok() };
    let reset = Duration::from_millis(number("x-rate-limit-time-reset-ms")?);
    let left = number("x-rate-limit-requests-left").zip(number("x-rate-limit-requests-quota"));
    let is_others = left.is_some_and(|(left, quota)| left < quota.div_ceil(FREE_PART));
    (status == StatusCode::TOO_MANY_REQUESTS || is_others).then_some(reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_quota_stays_free() {
        let pause = |status: u16, left: &'static str| {
            let mut headers = HeaderMap::new();
            for (name, value) in [("time-reset-ms", "1500"), ("requests-quota", "150")] {
                let name: reqwest::header::HeaderName =
                    format!("x-rate-limit-{name}").parse().unwrap();
                headers.insert(name, value.parse().unwrap());
            }
            headers.insert("x-rate-limit-requests-left", left.parse().unwrap());
            super::pause(StatusCode::from_u16(status).unwrap(), &headers)
        };
        let reset = Some(Duration::from_millis(1500));
        assert_eq!((pause(200, "30"), pause(200, "29")), (None, reset));
        assert_eq!((pause(429, "149"), pause(204, "0")), (reset, reset));
        assert_eq!(super::pause(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new()), None);
    }
}
