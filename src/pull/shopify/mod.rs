//! Shopify's Admin GraphQL API: orders, and abandoned checkouts, by bulk operations.
//!
//! An operation reads the orders of a window on Shopify's side and writes them to a file, which is
//! kept only if it has the announced numbers of rows and orders. The app's permissions are checked
//! before it starts, as Shopify silently leaves out the rest. An order that changes during the
//! operation leaves the window, and is in the next one.

mod api;
mod bulk;
mod examine;
mod operation;
mod query;
mod rows;

use super::body::excerpt;
use super::error::PullError;
use super::folder::Folder;
use super::gone::{PreviousExport, ShopAnswers};
use super::manifest::{Counted, Identity, Manifest, PulledWindow};
use super::options::{CredentialSet, Options, PullRequest, ShopSystem, no_pause};
use super::order_id::OrderId;
use super::window::{Extent, Window};
use super::writer::WindowWriter;
use api::{Api, WITH_CHECKOUTS_NAME, exact_count, reads_checkouts};
use bulk::Bulk;
use examine::examine;
use jiff::SignedDuration;
use operation::BulkOperation;
use query::{Query, Subject};
use rows::OrderVersion;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio_util::sync::CancellationToken;

pub(super) static SYSTEM: ShopSystem = ORDERS_ALONE;

/// The orders, and the abandoned checkouts that some of them completed.
pub(super) static WITH_CHECKOUTS: ShopSystem =
    ShopSystem { name: WITH_CHECKOUTS_NAME, format: "auto", ..ORDERS_ALONE };

const ORDERS_ALONE: ShopSystem = ShopSystem {
    name: "shopify",
    format: "shopify-graphql",
    credential_sets: &[
        CredentialSet { by: Some("client_id"), secrets: &["client_secret"] },
        CredentialSet { by: None, secrets: &["token"] },
    ],
    credentials_hint: "an app with the scopes read_orders, read_all_orders and read_customers has a token, or an id and a secret (client_id, client_secret_file)",
    needs: &[],
    ignored_window: "the search for a window; pulls of what changed fail",
    // The search may find later changes late.
    lag: SignedDuration::from_mins(5),
    pause: no_pause,
    ids: rows::ids_in,
    pull: |options, request, folder, cancel| Box::pin(pull(options, request, folder, cancel)),
    examine: |options, cancel| Box::pin(examine(options, cancel)),
};

/// Ids in one query.
const IDS_MAX: usize = 250;
/// Searches in one query. Each costs about 5 points, and a query at most 1,000.
const SEARCHES_MAX: usize = 20;
/// A page of a list without orders.
const EMPTY_PAGE: &[u8] = br#"{"data":{"orders":{"edges":[]}}}"#;

/// Pulls a window into the folder.
pub(super) async fn pull(
    options: &Options,
    request: PullRequest,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let mut api = Api::new(options, cancel)?;
    let opening = examine::open(&mut api, options, request.from(options)).await?;
    let identity = identity_of(&mut api, &opening, folder)?;
    api.client.warnings.extend(api.client.clock.warning());
    let now = api.client.clock.now();
    let window = request.window(options, now);
    let wanted = BulkOperation {
        id: String::new(),
        shop: api.client.shop(),
        query: options.query(),
        window,
    };
    let left = BulkOperation::left(folder, &wanted, now)?;
    let window = left.as_ref().map_or(window, |left| left.window);
    let mut shop = Shop { api, options, folder, window, identity };
    let writer = folder.begin(&window)?;
    let pulled = shop.pull(&opening, &wanted, left, writer).await?;
    BulkOperation::forget(folder)?;
    Ok(pulled)
}

struct Shop<'a> {
    api: Api,
    options: &'a Options,
    folder: &'a Folder,
    window: Window,
    identity: Option<Identity>,
}

impl Shop<'_> {
    /// Reads what changed in the window, checkouts before orders: an order is written with the cart
    /// that it completed.
    async fn pull(
        &mut self,
        opening: &Value,
        wanted: &BulkOperation,
        left: Option<BulkOperation>,
        mut writer: WindowWriter,
    ) -> Result<PulledWindow, PullError> {
        let mut manifest = self.manifest();
        let mut recovered = self.recovered_before()?;
        let known = recovered.len();
        if reads_checkouts(self.options) && !self.is_unchanged(Subject::Checkouts, opening)? {
            let none = BTreeMap::new();
            let mut checkouts = self.bulk(Subject::Checkouts, &none);
            let received = checkouts.read(wanted, None, &mut writer).await?;
            manifest.carts = received.count;
            manifest.recovered = self.find_orders(received.completed, &recovered).await?;
            recovered.extend(&manifest.recovered);
        }
        let is_read = left.is_some()
            || recovered.len() > known
            || !self.is_unchanged(Subject::Orders, opening)?;
        let mut numbers = BTreeSet::new();
        manifest.counted = Some(Counted { before: 0, after: 0 });
        let before = writer.len();
        if is_read {
            let received =
                self.bulk(Subject::Orders, &recovered).read(wanted, left, &mut writer).await?;
            (manifest.orders, manifest.counted) = (received.count, received.counted);
            numbers = received.numbers;
        }
        if writer.len() == before {
            // A night without changes, or a result without a row.
            writer.add(EMPTY_PAGE, "json")?;
        }
        self.commit(manifest, &numbers, writer).await
    }

    fn bulk<'b>(&'b mut self, subject: Subject, recovered: &'b BTreeMap<u64, u64>) -> Bulk<'b> {
        let Self { api, options, folder, window, .. } = self;
        let search = query::search(window.from, Some(window.to), options.since);
        Bulk { api, options, folder, subject, window: *window, search, recovered }
    }

    /// The carts of orders that are known from the previous windows, which this one continues.
    fn recovered_before(&self) -> Result<BTreeMap<u64, u64>, PullError> {
        if self.window.extent == Extent::Full || !reads_checkouts(self.options) {
            return Ok(BTreeMap::new());
        }
        let export = self.folder.export()?;
        Ok(export.into_iter().flat_map(|window| window.manifest.recovered).collect())
    }

    /// The orders that completed checkouts, each with its checkout. Checkouts with a known order
    /// are not queried.
    async fn find_orders(
        &mut self,
        completed: BTreeMap<u64, String>,
        known: &BTreeMap<u64, u64>,
    ) -> Result<BTreeMap<u64, u64>, PullError> {
        let known: BTreeSet<u64> = known.values().copied().collect();
        let searched = completed.iter().filter(|(cart, _)| !known.contains(cart));
        let searched: Vec<(u64, Option<String>)> =
            searched.map(|(cart, url)| (*cart, query::order_of_checkout(url))).collect();
        let mut found = BTreeMap::new();
        let asked: Vec<(u64, String)> =
            searched.iter().filter_map(|(cart, search)| Some((*cart, search.clone()?))).collect();
        for some in asked.chunks(SEARCHES_MAX) {
            let searches: Vec<String> = some.iter().map(|(_, search)| search.clone()).collect();
            let data = self.api.ask(&Query::Found { searches: &searches }).await?;
            for (n, (cart, _)) in some.iter().enumerate() {
                let edges = data[format!("s{n}")]["edges"].as_array().map(Vec::as_slice);
                let Some([edge]) = edges else { continue };
                let order = edge["node"]["id"].as_str().and_then(|id| Subject::Orders.number(id));
                found.extend(order.map(|order| (order, *cart)));
            }
        }
        let unknown = searched.len() - found.len();
        if unknown > 0 {
            self.api.client.warnings.push(format!(
                "{unknown} abandoned checkouts became orders that the shop does not find by them; their orders are loaded beside the carts"
            ));
        }
        Ok(found)
    }

    /// Whether the export already contains the current state of everything that changed of a
    /// subject since the last window, by the first answer. If that shows only some of many, nothing
    /// is compared.
    fn is_unchanged(&self, subject: Subject, opening: &Value) -> Result<bool, PullError> {
        let Some(from) = self.window.from else { return Ok(false) };
        let edges = opening[subject.list()]["edges"].as_array().map(Vec::as_slice);
        let edges = edges.unwrap_or_default();
        let mut unknown: BTreeSet<OrderVersion> =
            edges.iter().filter_map(|edge| OrderVersion::of(&edge["node"])).collect();
        if exact_count(&opening[subject.counter()]) != Some(unknown.len() as u64) {
            return Ok(false);
        }
        let mut export = self.folder.export()?;
        export.retain(|window| window.manifest.window.to >= from);
        for window in export.iter().rev() {
            if unknown.is_empty() {
                break;
            }
            for row in window.parts().filter_map(|row| serde_json::from_slice(&row).ok()) {
                unknown.remove(&row);
            }
        }
        Ok(unknown.is_empty())
    }

    fn manifest(&self) -> Manifest {
        let shop = self.api.client.shop();
        let mut manifest =
            Manifest::new(self.options.system.name, &self.api.served, shop, self.window);
        manifest.identity.clone_from(&self.identity);
        manifest
    }

    async fn commit(
        &mut self,
        mut manifest: Manifest,
        orders: &BTreeSet<u64>,
        writer: WindowWriter,
    ) -> Result<PulledWindow, PullError> {
        if self.window.extent == Extent::Full {
            let previous = PreviousExport { folder: self.folder, options: self.options };
            let present = orders.iter().copied().map(OrderId::Number).collect();
            let missing = previous.missing(&manifest.shop, &present)?;
            let answers = self.ask_for(&missing.now).await?;
            missing.settle(answers, &mut manifest, &mut self.api.client.warnings);
        }
        manifest.query = self.options.query();
        manifest.requests = self.api.client.requests;
        manifest.warnings = std::mem::take(&mut self.api.client.warnings);
        writer.commit(manifest)
    }

    /// Asks the shop which of these orders it has. Without an answer the pull ends.
    async fn ask_for(&mut self, missing: &[OrderId]) -> Result<ShopAnswers, PullError> {
        let mut answers = ShopAnswers::default();
        for some in missing.chunks(IDS_MAX) {
            let ids: Vec<String> =
                some.iter().map(|id| format!("gid://shopify/Order/{id}")).collect();
            let data = self.api.ask(&Query::Known { ids: &ids }).await?;
            let nodes = data["nodes"].as_array().filter(|nodes| nodes.len() == ids.len());
            let Some(nodes) = nodes else {
                return Err(self
                    .api
                    .unexpected("answers another number of ids than was asked for"));
            };
            answers.gone.extend(
                some.iter().zip(nodes).filter(|(_, node)| node.is_null()).map(|(id, _)| id.clone()),
            );
        }
        Ok(answers)
    }
}

/// The identity of the shop. A copy of a shop, or another one under its address, has another id.
///
/// # Errors
/// When it is not the shop of the last window.
fn identity_of(
    api: &mut Api,
    opening: &Value,
    folder: &Folder,
) -> Result<Option<Identity>, PullError> {
    let shop = &opening["shop"];
    let text = |name: &str| shop[name].as_str().map(|text| excerpt(text.as_bytes()));
    let Some((id, domain)) = text("id").zip(text("myshopifyDomain")) else { return Ok(None) };
    let before = folder.windows()?.pop().and_then(|last| last.manifest.identity);
    if let Some(last) = before.as_ref().filter(|last| last.id != id) {
        return Err(PullError::Settings {
            what: format!(
                "{}: is the shop {domain} ({id}), and not {} ({}), which was pulled last",
                api.client.shop(),
                last.domain,
                last.id
            ),
            expected: "the same shop in every pull of a job".to_owned(),
            hint: "check `url`; give another shop a job of its own, or remove the pulled windows if it replaces the old one".to_owned(),
        });
    }
    let renamed = before.filter(|last| last.domain != domain);
    api.client.warnings.extend(renamed.map(|last| {
        format!("the shop is called {domain} now; it was {} in the last pull", last.domain)
    }));
    Ok(Some(Identity { id, domain }))
}
