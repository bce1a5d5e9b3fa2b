//! Shopify's Admin GraphQL API: orders by bulk operations.
//!
//! An operation reads the orders of a window on Shopify's side and writes them to a file, which is
//! taken whole or not at all: by its number of rows, and of orders. What may be seen is proven before
//! it starts, as Shopify leaves out in silence what an app may not see. An order that changes while
//! the operation is at work leaves the window, and is in the next one.

mod api;
mod examine;
mod operation;
mod question;
mod rows;

use super::body::excerpt;
use super::error::PullError;
use super::folder::Folder;
use super::gone::{Answers, Before};
use super::http::Trouble;
use super::manifest::{Counted, Identity, Manifest, PulledWindow};
use super::options::{Options, Request, ShopSystem, WayIn, no_silence};
use super::order_id::OrderId;
use super::window::{Extent, Window};
use super::writer::WindowWriter;
use api::{Api, exact_count};
use examine::examine;
use jiff::SignedDuration;
use operation::Operation;
use question::Question;
use reqwest::StatusCode;
use rows::{Rows, Version};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(super) static SYSTEM: ShopSystem = ShopSystem {
    name: "shopify",
    format: "shopify-graphql",
    ways: &[
        WayIn { by: Some("client_id"), secrets: &["client_secret"] },
        WayIn { by: None, secrets: &["token"] },
    ],
    credentials: "an app with the scopes read_orders, read_all_orders and read_customers has a token, or an id and a secret (client_id, client_secret_file)",
    needs: &[],
    ignored_window: "the search for a window; pulls of what changed fail",
    // The search may find later changes late.
    lag: SignedDuration::from_mins(5),
    silence: no_silence,
    ids: rows::ids_in,
    pull: |options, request, folder, cancel| Box::pin(pull(options, request, folder, cancel)),
    examine: |options, cancel| Box::pin(examine(options, cancel)),
};

/// Operations started for one window.
const STARTS_MAX: u32 = 3;
/// The longest wait for an operation, and for others to end before it. The next pull goes on waiting.
const WAIT_MAX: Duration = Duration::from_secs(6 * 60 * 60);
/// Between two looks at an operation.
const POLL_MAX: Duration = Duration::from_secs(60);
/// Addresses of a result that are tried.
const DOWNLOADS_MAX: u32 = 4;
/// More orders from before the window than this mean that the shop ignores the window.
const EARLIER_MAX: u64 = 10;
/// Orders among which one has an e-mail address, in any shop that shows them.
const EMAIL_SAMPLE: u64 = 20;
/// Ids asked for at once.
const IDS_MAX: usize = 250;
/// How a page of a list without an order looks.
const EMPTY_PAGE: &[u8] = br#"{"data":{"orders":{"edges":[]}}}"#;

/// Pulls a window into the folder.
///
/// # Errors
/// When the shop refuses, does not answer or contradicts itself: nothing of the window counts then.
pub(super) async fn pull(
    options: &Options,
    request: Request,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let mut api = Api::new(options, cancel)?;
    let opening = examine::open(&mut api, options, request.from(options)).await?;
    let identity = identity_of(&mut api, &opening, folder)?;
    api.warnings.extend(api.client.clock.warning());
    let now = api.client.clock.now();
    let window = request.window(options, now);
    let wanted =
        Operation { id: String::new(), shop: api.client.shop(), query: options.query(), window };
    let left = Operation::left(folder, &wanted, now)?;
    let window = left.as_ref().map_or(window, |left| left.window);
    let search = question::search((window.from, Some(window.to)), options.since);
    let mut shop = Shop { api, options, folder, window, search, identity };
    let writer = folder.begin(&window)?;
    let is_unchanged = left.is_none() && shop.is_unchanged(&opening)?;
    let pulled = if is_unchanged {
        shop.commit_unchanged(writer).await?
    } else {
        shop.pull(wanted, left, writer).await?
    };
    Operation::forget(folder)?;
    Ok(pulled)
}

struct Shop<'a> {
    api: Api,
    options: &'a Options,
    folder: &'a Folder,
    window: Window,
    /// What finds the orders of the window.
    search: String,
    identity: Option<Identity>,
}

/// A finished operation.
struct Finished {
    id: String,
    /// None for a result without a row.
    url: Option<String>,
    rows: u64,
    roots: u64,
    counted: Option<Counted>,
}

/// How an operation ended.
enum Ended {
    Completed(Finished),
    /// It has to be started again.
    Failed(String),
}

impl Shop<'_> {
    async fn pull(
        &mut self,
        wanted: Operation,
        left: Option<Operation>,
        mut writer: WindowWriter,
    ) -> Result<PulledWindow, PullError> {
        let mut next = left;
        let mut what = String::new();
        for _ in 0..STARTS_MAX {
            let operation = match next.take() {
                Some(operation) => operation,
                None => self.start(&wanted).await?,
            };
            let finished = match self.follow(&operation).await? {
                Ended::Completed(finished) => finished,
                Ended::Failed(fault) => {
                    what = fault;
                    continue;
                }
            };
            writer.clear()?;
            match self.receive(finished, &mut writer).await? {
                Ok((manifest, orders)) => {
                    return self.commit(manifest, &orders, writer).await;
                }
                Err(fault) => what = fault,
            }
        }
        Operation::forget(self.folder)?;
        Err(self.api.unexpected(&format!("{what}, {STARTS_MAX} times")))
    }

    /// Whether the export already holds every order of an increment as it is now, by the orders that
    /// the first answer shows. Of many orders it shows some, and nothing is compared.
    fn is_unchanged(&self, opening: &Value) -> Result<bool, PullError> {
        let Some(from) = self.window.from else { return Ok(false) };
        let edges = opening["orders"]["edges"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut unknown: BTreeSet<Version> =
            edges.iter().filter_map(|edge| Version::of(&edge["node"])).collect();
        if exact_count(&opening["ordersCount"]) != Some(unknown.len() as u64) {
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

    /// Writes the window of a night without changes, for which no operation has to be started.
    async fn commit_unchanged(
        &mut self,
        mut writer: WindowWriter,
    ) -> Result<PulledWindow, PullError> {
        writer.add(EMPTY_PAGE, "json")?;
        let mut manifest = self.manifest();
        manifest.counted = Some(Counted { before: 0, after: 0 });
        self.commit(manifest, &BTreeSet::new(), writer).await
    }

    fn manifest(&self) -> Manifest {
        let shop = self.api.client.shop();
        let mut manifest = Manifest::new(SYSTEM.name, &self.api.served, shop, self.window);
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
            let (folder, shop) = (self.folder, &manifest.shop);
            let before = Before { folder, shop, options: self.options };
            let present = orders.iter().copied().map(OrderId::Number).collect();
            let missing = before.missing(&present)?;
            let answers = self.ask_for(&missing.now).await?;
            missing.settle(answers, &mut manifest, &mut self.api.warnings);
        }
        manifest.query = self.options.query();
        manifest.requests = self.api.client.requests;
        manifest.warnings = std::mem::take(&mut self.api.warnings);
        writer.commit(manifest)
    }

    /// Starts an operation, after others of the app if the shop says so. None of another client is
    /// ever cancelled.
    async fn start(&mut self, wanted: &Operation) -> Result<Operation, PullError> {
        let bulk = question::bulk(&self.search);
        let (begun, mut wait) = (Instant::now(), self.api.client.poll_interval());
        loop {
            let data = self.api.ask(&Question::Run { bulk: &bulk }).await?;
            let run = &data["bulkOperationRunQuery"];
            if let Some(id) = run["bulkOperation"]["id"].as_str() {
                let operation =
                    Operation { id: id.to_owned(), window: self.window, ..wanted.clone() };
                operation.note(self.folder)?;
                // A small one is finished when it is looked at first.
                self.api.client.pause(self.api.client.poll_interval()).await?;
                return Ok(operation);
            }
            let error = &run["userErrors"][0];
            let message = excerpt(error["message"].as_str().unwrap_or_default().as_bytes());
            let is_busy =
                matches!(error["code"].as_str(), Some("OPERATION_IN_PROGRESS" | "LIMIT_REACHED"));
            if !is_busy {
                return Err(self.api.unexpected(&format!("starts no bulk operation: {message}")));
            }
            if begun.elapsed() > WAIT_MAX {
                let what = "is at work for other clients of this app".to_owned();
                return Err(self.api.client.away(what));
            }
            wait = self.wait(wait).await?;
        }
    }

    async fn wait(&self, wait: Duration) -> Result<Duration, PullError> {
        self.api.client.pause(wait).await?;
        Ok((wait * 3 / 2).min(POLL_MAX))
    }

    /// Waits for the end of an operation.
    async fn follow(&mut self, operation: &Operation) -> Result<Ended, PullError> {
        let (begun, mut wait) = (Instant::now(), self.api.client.poll_interval());
        let mut before = None;
        loop {
            let (id, search) = (operation.id.clone(), self.search.clone());
            let poll = Question::Poll { operation: &id, search: &search };
            let data = self.api.ask(&poll).await?;
            let found = &data["bulkOperation"];
            let after = exact_count(&data["ordersCount"]);
            let before = *before.get_or_insert(after);
            match found["status"].as_str() {
                Some("CREATED" | "RUNNING" | "CANCELING") => {}
                Some("COMPLETED") => {
                    let number =
                        |name: &str| found[name].as_str().and_then(|text| text.parse().ok());
                    let rows = number("objectCount").unwrap_or_default();
                    let finished = Finished {
                        id,
                        url: found["url"].as_str().map(str::to_owned),
                        rows,
                        roots: number("rootObjectCount").unwrap_or(rows),
                        counted: before.zip(after).map(|(before, after)| Counted { before, after }),
                    };
                    return Ok(Ended::Completed(finished));
                }
                Some("FAILED") if found["errorCode"] == "ACCESS_DENIED" => {
                    Operation::forget(self.folder)?;
                    return Err(self.api.refused(
                        "the bulk operation ended with ACCESS_DENIED",
                        "give the app the scopes read_orders, read_all_orders and read_customers, and access to protected customer data",
                    ));
                }
                status => {
                    let status = status.unwrap_or("nothing known of it");
                    let code = found["errorCode"].as_str().unwrap_or_default();
                    return Ok(Ended::Failed(format!(
                        "the bulk operation ended with {status} {code}"
                    )));
                }
            }
            if begun.elapsed() > WAIT_MAX {
                let what = "is still at work on the bulk operation".to_owned();
                return Err(self.api.client.away(what));
            }
            wait = self.wait(wait).await?;
        }
    }

    /// Receives a result, and compares it with what was announced. The inner error says in what it
    /// falls short.
    async fn receive(
        &mut self,
        mut finished: Finished,
        writer: &mut WindowWriter,
    ) -> Result<Result<(Manifest, BTreeSet<u64>), String>, PullError> {
        let window = self.window;
        let mut downloads = 0;
        let rows = loop {
            let mut rows = Rows::new(&window, self.options.since);
            let Some(url) = finished.url.as_deref() else { break rows };
            downloads += 1;
            let what = match self.download(url, &mut rows, writer).await {
                _ if rows.excess.is_some() => return Ok(Err(rows.excess.unwrap_or_default())),
                Ok(StatusCode::OK) => break rows,
                Ok(status) => format!("answers {} for the file of the result", status.as_u16()),
                Err(Trouble::TooMuch(what)) => what,
                Err(Trouble::Fatal(error)) => return Err(error),
            };
            if downloads == DOWNLOADS_MAX {
                return Err(self.api.client.away(what));
            }
            // Asked for again, the result gets a new address.
            self.api.client.pause(self.api.client.poll_interval()).await?;
            let Finished { id, .. } = &finished;
            let operation =
                Operation { id: id.clone(), shop: String::new(), query: String::new(), window };
            match self.follow(&operation).await? {
                Ended::Completed(again) => {
                    finished = Finished { counted: finished.counted, ..again }
                }
                Ended::Failed(fault) => return Ok(Err(fault)),
            }
        };
        if let Some(fault) = fault_of(&finished, &rows) {
            return Ok(Err(fault));
        }
        self.judge(&rows)?;
        if writer.is_empty() {
            // A result without a row has no file.
            writer.add(EMPTY_PAGE, "json")?;
        }
        let mut manifest = self.manifest();
        (manifest.orders, manifest.counted) = (rows.roots, finished.counted);
        Ok(Ok((manifest, rows.orders)))
    }

    /// Receives a file into the window, and its rows.
    async fn download(
        &mut self,
        url: &str,
        rows: &mut Rows<'_>,
        writer: &mut WindowWriter,
    ) -> Result<StatusCode, Trouble> {
        let mut file = writer.open("jsonl")?;
        let take = |piece: &[u8]| {
            rows.take(piece);
            match &rows.excess {
                Some(excess) => Err(Trouble::TooMuch(excess.clone())),
                None => Ok(file.write(piece)?),
            }
        };
        let status = self.api.client.download(url, take).await?;
        if status == StatusCode::OK {
            rows.end();
            writer.close(file)?;
        }
        Ok(status)
    }

    /// What Shopify does in silence. A result that is refused is not downloaded a second time.
    fn judge(&self, rows: &Rows<'_>) -> Result<(), PullError> {
        if rows.earlier > EARLIER_MAX.max(rows.roots / 100) {
            Operation::forget(self.folder)?;
            return Err(self.api.unexpected("ignores the search for a window"));
        }
        if rows.roots >= EMAIL_SAMPLE && rows.with_email == 0 {
            Operation::forget(self.folder)?;
            return Err(self.api.refused(
                &format!("shows no e-mail address in any of {} orders", rows.roots),
                api::PROTECTED_DATA_HINT,
            ));
        }
        Ok(())
    }

    /// Whether the shop knows the orders by their ids. Without an answer the pull ends.
    async fn ask_for(&mut self, missing: &[OrderId]) -> Result<Answers, PullError> {
        let mut answers = Answers::default();
        for some in missing.chunks(IDS_MAX) {
            let ids: Vec<String> =
                some.iter().map(|id| format!("gid://shopify/Order/{id}")).collect();
            let data = self.api.ask(&Question::Known { ids: &ids }).await?;
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

/// Which shop answers. A copy of a shop, or another one under its address, has another id.
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
    api.warnings.extend(renamed.map(|last| {
        format!("the shop is called {domain} now; it was {} in the last pull", last.domain)
    }));
    Ok(Some(Identity { id, domain }))
}

/// In what a result differs from what was announced, if in anything.
fn fault_of(finished: &Finished, rows: &Rows<'_>) -> Option<String> {
    let least = finished.counted.map_or(0, |counted| counted.after.min(counted.before));
    if rows.broken > 0 {
        Some(format!("wrote {} rows that are no JSON", rows.broken))
    } else if rows.count != finished.rows {
        Some(format!("announced {} rows and wrote {}", finished.rows, rows.count))
    } else if rows.roots != finished.roots {
        Some(format!("announced {} orders and wrote {}", finished.roots, rows.roots))
    } else if rows.orphaned() > 0 {
        Some(format!("wrote lines of {} orders that it did not write", rows.orphaned()))
    } else if rows.roots < least {
        Some(format!("counts {least} orders and wrote {}", rows.roots))
    } else {
        None
    }
}
