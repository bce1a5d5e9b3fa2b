//! Squarespace's Commerce API 1.0: lists of orders by modification time, page by page with a
//! cursor.
//!
//! A cursor is not a snapshot: an order that changes while a list is read leaves the list, and may
//! move an unread order to a page that was read already. As the end of a window is in the past, an
//! order that left does not come back. So if a second reading contains every order of the first,
//! none had left, and none was moved.

use super::body::{excerpt, json_in};
use super::credentials::Credentials;
use super::error::PullError;
use super::examination::Examination;
use super::folder::Folder;
use super::gone::PreviousExport;
use super::http::{Answer, RequestError, ShopClient};
use super::manifest::{Manifest, PulledWindow};
use super::options::{CredentialSet, Options, PullRequest, ShopSystem};
use super::order_id::OrderId;
use super::shop_api::ShopApi;
use super::window::{Extent, Window, is_ignored};
use super::writer::WindowWriter;
use jiff::{SignedDuration, Timestamp, Unit};
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const VERSION: &str = "1.0";

pub(super) static SYSTEM: ShopSystem = ShopSystem {
    name: "squarespace",
    format: "squarespace-json",
    credential_sets: &[CredentialSet { by: None, secrets: &["token"] }],
    credentials_hint: "Squarespace makes one under Settings, Developer Tools, Developer API Keys; the permission Orders, Read Only is enough",
    needs: &[],
    ignored_window: "modifiedAfter and modifiedBefore, as a proxy may make it; pulls are refused until it does not",
    lag: SignedDuration::from_mins(2),
    pause: |status, _| (status == StatusCode::TOO_MANY_REQUESTS).then_some(Duration::from_secs(60)),
    ids: ids_in,
    pull: |options, request, folder, cancel| Box::pin(pull(options, request, folder, cancel)),
    examine: |options, cancel| Box::pin(examine(options, cancel)),
};

/// Times that a window of several pages is read.
const READINGS_MAX: u32 = 5;
/// Before the first order of any shop.
const BEGINNING: Timestamp = Timestamp::UNIX_EPOCH;

/// The body of a page.
#[derive(Debug, Deserialize)]
struct PageBody {
    result: Vec<Row>,
    pagination: Pagination,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    has_next_page: bool,
    next_page_cursor: Option<String>,
}

/// The fields of an order that the pull itself reads.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    created_on: Option<Timestamp>,
    modified_on: Option<Timestamp>,
    customer_email: Option<String>,
}

/// The ids of the orders on a page; none if it is damaged.
fn ids_in(page: &[u8]) -> Vec<OrderId> {
    #[derive(Deserialize)]
    struct Orders {
        result: Vec<Row>,
    }
    let page = serde_json::from_slice(page);
    page.map(|Orders { result }| result.iter().map(|row| row.id.as_str().into()).collect())
        .unwrap_or_default()
}

/// Pulls a window into the folder.
async fn pull(
    options: &Options,
    request: PullRequest,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let mut shop = Shop::find(options, cancel).await?;
    let window = request.window(options, shop.client.clock.now());
    let mut writer = folder.begin(&window)?;
    let orders = shop.read(&window, options.since, &mut writer).await?;
    let mut manifest = Manifest::new(SYSTEM.name, VERSION, shop.client.shop(), window);
    manifest.orders = orders.len() as u64;
    if window.extent == Extent::Full {
        let previous = PreviousExport { folder, options };
        previous.find_gone(&orders, &mut shop, &mut manifest).await?;
    }
    (manifest.query, manifest.requests) = (options.query(), shop.client.requests);
    manifest.warnings = shop.client.warnings;
    writer.commit(manifest)
}

/// Checks whether a pull would succeed, in two requests.
async fn examine(options: &Options, cancel: CancellationToken) -> Result<Examination, PullError> {
    let mut shop = Shop::find(options, cancel).await?;
    let now = shop.client.clock.now();
    let from = options.since.unwrap_or(BEGINNING);
    let (page, _) = shop.page(&between(from, now)).await?;
    let is_whole = !page.pagination.has_next_page;
    let oldest = page.result.iter().filter_map(|row| row.created_on).min();
    Ok(Examination {
        api: format!("Squarespace Commerce API {VERSION}"),
        scopes: Vec::new(),
        clock_ahead: shop.client.clock.ahead(),
        // The API has no counts, and its lists begin with the newest change.
        orders: is_whole.then_some(page.result.len() as u64),
        oldest: oldest.filter(|_| is_whole),
        // Proven when the shop was found.
        is_filtered: true,
        shows_email: page
            .result
            .first()
            .map(|row| row.customer_email.as_ref().is_some_and(|email| !email.is_empty())),
        warnings: shop.client.warnings,
    })
}

/// Both bounds, as the API doesn't accept only one.
fn between(from: Timestamp, to: Timestamp) -> Vec<(&'static str, String)> {
    vec![("modifiedAfter", from.to_string()), ("modifiedBefore", to.to_string())]
}

struct Shop {
    client: ShopClient,
}

impl ShopApi for Shop {
    fn client(&mut self) -> &mut ShopClient {
        &mut self.client
    }

    async fn order(&mut self, id: &OrderId) -> Result<Option<Vec<u8>>, RequestError> {
        let answer = self.get(&[&id.to_string()], &[]).await?;
        if answer.status == StatusCode::NOT_FOUND && message_in(&answer).is_some() {
            return Ok(None);
        }
        let json = self.accept(&answer)?;
        match serde_json::from_slice::<Row>(&json) {
            Ok(row) if OrderId::from(row.id.as_str()) == *id => Ok(Some(json)),
            _ => Err(self.contradiction("answers a question about an order with another").into()),
        }
    }
}

impl Shop {
    /// Queries the changes of a day in the far future. A shop that returns no order exists, accepts
    /// the credentials, filters, and shows its clock.
    async fn find(options: &Options, cancel: CancellationToken) -> Result<Self, PullError> {
        let token = options.access.secret("token")?;
        let bearer = SecretString::from(format!("Bearer {}", token.expose_secret()));
        let credentials = Credentials::Header("authorization", bearer);
        let client = ShopClient::new(options, credentials, cancel)?;
        let mut shop = Self { client };
        let day = SignedDuration::from_hours(24);
        let from = Timestamp::now().checked_add(day * 3650).unwrap_or(Timestamp::MAX);
        let from = from.round(Unit::Second).unwrap_or(from);
        let to = from.checked_add(day).unwrap_or(Timestamp::MAX);
        match shop.page(&between(from, to)).await? {
            (page, _) if page.result.is_empty() => {
                shop.client.warnings.extend(shop.client.clock.warning());
                Ok(shop)
            }
            _ => Err(shop.contradiction(&format!("ignores {}", SYSTEM.ignored_window))),
        }
    }

    /// Reads the window until a reading contains every order of the previous one; a single page is
    /// consistent. Returns its orders.
    async fn read(
        &mut self,
        window: &Window,
        since: Option<Timestamp>,
        writer: &mut WindowWriter,
    ) -> Result<BTreeSet<OrderId>, PullError> {
        let from = window.from.or(since).unwrap_or(BEGINNING);
        let mut before: Option<BTreeSet<OrderId>> = None;
        for _ in 0..READINGS_MAX {
            writer.clear()?;
            let (orders, pages) = self.read_once(between(from, window.to), from, writer).await?;
            if pages == 1 || before.is_some_and(|before| before.is_subset(&orders)) {
                return Ok(orders);
            }
            before = Some(orders);
        }
        let hint = "pull at a time at which fewer orders change".to_owned();
        let what = format!("orders changed while they were read, {READINGS_MAX} times");
        Err(PullError::Unavailable { shop: self.client.shop(), what, hint })
    }

    /// Returns the orders, and how many pages they were on.
    async fn read_once(
        &mut self,
        mut query: Vec<(&'static str, String)>,
        from: Timestamp,
        writer: &mut WindowWriter,
    ) -> Result<(BTreeSet<OrderId>, usize), PullError> {
        let (mut orders, mut cursors, mut earlier) = (BTreeSet::new(), BTreeSet::new(), 0);
        loop {
            let (page, json) = self.page(&query).await?;
            let is_earlier = |row: &&Row| row.modified_on.is_some_and(|at| at < from);
            earlier += page.result.iter().filter(is_earlier).count();
            if is_ignored(earlier as u64, orders.len() as u64) {
                return Err(self.contradiction(&format!("ignores {}", SYSTEM.ignored_window)));
            }
            orders.extend(page.result.iter().map(|row| OrderId::from(row.id.as_str())));
            writer.add(&json, "json")?;
            if !page.pagination.has_next_page {
                return Ok((orders, cursors.len() + 1));
            }
            let cursor = page.pagination.next_page_cursor.filter(|cursor| !cursor.is_empty());
            let Some(cursor) = cursor else {
                return Err(self.contradiction("has a next page and no cursor for it"));
            };
            if !cursors.insert(cursor.clone()) {
                return Err(self.contradiction("answers with a cursor that it gave before"));
            }
            query = vec![("cursor", cursor)];
        }
    }

    /// A page, parsed and as received.
    async fn page(
        &mut self,
        query: &[(&'static str, String)],
    ) -> Result<(PageBody, Vec<u8>), PullError> {
        let answer = self.get(&[], query).await.map_err(|error| self.client.fatal(error))?;
        let json = self.accept(&answer)?;
        match serde_json::from_slice(&json) {
            Ok(page) => Ok((page, json)),
            Err(_) => Err(self.contradiction("answers a list of orders with other JSON")),
        }
    }

    async fn get(
        &mut self,
        resource: &[&str],
        query: &[(&'static str, String)],
    ) -> Result<Answer, RequestError> {
        let path = [&[VERSION, "commerce", "orders"], resource].concat();
        self.client.get(&path, query).await
    }

    /// The JSON of a success response.
    fn accept(&self, answer: &Answer) -> Result<Vec<u8>, PullError> {
        let status = answer.status.as_u16();
        let said = message_in(answer).unwrap_or_else(|| excerpt(&answer.body));
        match (status, json_in(&answer.body)) {
            (200, Ok((json, _))) => Ok(json.to_vec()),
            (401 | 403, _) => Err(self.client.refused(
                format!("refuses the key with {status}: {said}"),
                "check the key, and that it has the permission Orders, Read Only",
            )),
            (404, _) => Err(PullError::Settings {
                what: format!("{}: has no Commerce API; it answers \"{said}\"", self.client.shop()),
                expected: "the address of Squarespace's API".to_owned(),
                hint: "set url = \"https://api.squarespace.com\"; the key says which shop it is"
                    .to_owned(),
            }),
            _ => Err(self.contradiction(&format!("answered {status}: {said}"))),
        }
    }

    fn contradiction(&self, what: &str) -> PullError {
        self.client.unexpected(what, "see Squarespace's status page, and pull again later")
    }
}

/// The message of an error.
fn message_in(answer: &Answer) -> Option<String> {
    #[derive(Deserialize)]
    struct ApiError {
        message: String,
    }
    let (json, _) = json_in(&answer.body).ok()?;
    let ApiError { message } = serde_json::from_slice(json).ok()?;
    Some(excerpt(message.as_bytes()))
}
