//! WooCommerce's REST API v3.

mod api;
mod examine;
mod list;

use super::backwards;
use super::error::PullError;
use super::folder::Folder;
use super::http::ShopClient;
use super::manifest::PulledWindow;
use super::options::{CredentialSet, Options, PullRequest, ShopSystem, no_pause};
use api::Api;
use examine::examine;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

pub(super) static SYSTEM: ShopSystem = ShopSystem {
    name: "woocommerce",
    format: "woocommerce-json",
    credential_sets: &[CredentialSet { by: None, secrets: &["key", "secret"] }],
    credentials_hint: "WooCommerce shows it once, under Settings, Advanced, REST API; read permission is enough",
    needs: &[],
    ignored_window: "modified_after, as WooCommerce before 5.8 does; every pull is a full one",
    lag: SignedDuration::from_mins(2),
    pause: no_pause,
    ids: list::ids_in,
    pull: |options, request, folder, cancel| Box::pin(pull(options, request, folder, cancel)),
    examine: |options, cancel| Box::pin(examine(options, cancel)),
};

/// Pulls a window into the folder.
async fn pull(
    options: &Options,
    request: PullRequest,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let client = ShopClient::new(options, api::credentials(&options.access)?, cancel)?;
    let api = Api::find(options, request.from(options), client).await?;
    backwards::pull(api, options, request, folder).await
}
