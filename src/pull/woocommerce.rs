//! WooCommerce's REST API v3.
//!
//! Its lists are paged by number, so an order that leaves the window moves those behind it forward.
//! The end of a window lies in the past, so orders only leave it: read from the last page to the
//! first, what moves forward is met again and never missed. Pages are split where the shop is too
//! slow for them, down to the one order that it can't deliver.

use super::body::{excerpt, json_in};
use super::error::PullError;
use super::folder::Folder;
use super::http::{Answer, ShopClient, Trouble};
use super::manifest::{Counted, Manifest, PulledWindow};
use super::window::{Extent, Window};
use super::writer::WindowWriter;
use super::{Options, Request};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde::Deserialize;
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

const API: &str = "woocommerce";
const VERSION: &str = "wc/v3";
/// A window ends this long before the shop's present: later changes may not be visible yet.
const LAG: SignedDuration = SignedDuration::from_mins(2);
/// Orders on a page: the API's most, and what is tried where that is too much. Each divides the one
/// before, so that a page is split into whole pages.
const SIZES: [u64; 5] = [100, 50, 25, 5, 1];
/// Times that a window is read before a contradiction of its counts is believed.
const READINGS_MAX: u32 = 3;
/// More orders from before the window than this mean that the shop ignores the window.
const EARLIER_MAX: u64 = 10;
/// An order in the trash is deleted for the shop. The trash is listed first: what is put there or
/// taken out meanwhile is then in one of the lists at least.
const STATUSES: [&str; 2] = ["trash", "any"];

/// Where the API is on a site: by its permalinks.
#[derive(Debug, Clone, Copy)]
enum AddressForm {
    Pretty,
    Plain,
    Index,
}

const FORMS: [AddressForm; 3] = [AddressForm::Pretty, AddressForm::Plain, AddressForm::Index];

/// Pulls a window into the folder.
///
/// # Errors
/// When the shop refuses, does not answer or contradicts itself: nothing of the window counts then.
pub async fn pull(
    options: &Options,
    request: Request,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let mut shop = Shop::find(options, ShopClient::new(options, cancel)?).await?;
    let end = shop.client.clock.now().checked_sub(LAG).unwrap_or(Timestamp::MIN);
    let window = match request {
        Request::Full => Window { extent: Extent::Full, from: None, to: end },
        Request::Since(last) => {
            let from = last.checked_sub(options.overlap).unwrap_or(Timestamp::MIN);
            Window { extent: Extent::Increment, from: Some(from), to: end }
        }
    };
    let retried = match request {
        Request::Full => Vec::new(),
        Request::Since(_) => {
            folder.windows()?.pop().map(|last| last.manifest.failed).unwrap_or_default()
        }
    };
    shop.window(window, &retried, folder).await
}

struct Shop<'a> {
    client: ShopClient,
    options: &'a Options,
    form: AddressForm,
    /// The largest page that the shop managed lately, as an index of `SIZES`.
    size: usize,
    warnings: Vec<String>,
}

/// A page of a list: its number from 1, and the index of its size in `SIZES`.
#[derive(Debug, Clone, Copy)]
struct Page {
    number: u64,
    size: usize,
}

impl Page {
    fn len(self) -> u64 {
        SIZES[self.size]
    }

    /// The smaller pages that it consists of, in ascending order.
    fn split(self, size: usize) -> impl Iterator<Item = Self> {
        let n = self.len() / SIZES[size];
        let first = (self.number - 1) * n + 1;
        (first..first + n).map(move |number| Self { number, size })
    }
}

/// What the pull itself reads of an order.
#[derive(Debug, Deserialize)]
struct Row {
    id: u64,
    date_modified_gmt: Option<String>,
}

/// A page that was received.
struct Listed {
    rows: Vec<Row>,
    json: Vec<u8>,
    /// The shop's count of the whole list, and of its pages.
    total: Option<u64>,
}

/// What was read of a window so far.
#[derive(Default)]
struct Reading {
    ids: BTreeSet<u64>,
    failed: Vec<u64>,
    /// Orders from before the window.
    earlier: u64,
    /// Places on full pages where an order is missing.
    gaps: u64,
}

/// Why a window has to be read in another way.
enum Misread {
    /// The shop ignores the window.
    Unfiltered,
    /// Fewer orders than it counts.
    Incomplete {
        counted: u64,
        found: u64,
    },
    Failed(PullError),
}

impl From<PullError> for Misread {
    fn from(error: PullError) -> Self {
        Self::Failed(error)
    }
}

impl<'a> Shop<'a> {
    /// Finds the API under the shop's address.
    async fn find(options: &'a Options, client: ShopClient) -> Result<Self, PullError> {
        let mut shop =
            Self { client, options, form: AddressForm::Pretty, size: 0, warnings: Vec::new() };
        let mut seen = String::new();
        for form in FORMS {
            shop.form = form;
            let query = [("per_page", "1".to_owned()), ("orderby", "id".to_owned())];
            let answer = shop.get("orders", &query).await.map_err(|trouble| shop.fatal(trouble))?;
            match json_in(&answer.body) {
                Ok(_) if !is_no_route(&answer) => {
                    shop.accept(&answer)?;
                    shop.warnings.extend(shop.client.clock.warning());
                    return Ok(shop);
                }
                Err(_) if answer.status == StatusCode::FORBIDDEN => {
                    return Err(shop.refused(&answer));
                }
                Ok(_) => {}
                Err(text) if seen.is_empty() => seen = text,
                Err(_) => {}
            }
        }
        let shown =
            if seen.is_empty() { String::new() } else { format!("; it answers \"{seen}\"") };
        Err(PullError::Settings {
            what: format!("{}: has no WooCommerce REST API{shown}", shop.client.shop()),
            expected: format!("orders at {}/wp-json/{VERSION}/orders", shop.client.shop()),
            hint: "check the address, with the folder that WordPress is in; WooCommerce must be active".to_owned(),
        })
    }

    /// Reads a window until its counts agree.
    async fn window(
        &mut self,
        mut window: Window,
        retried: &[u64],
        folder: &Folder,
    ) -> Result<PulledWindow, PullError> {
        let mut writer = folder.begin(&window)?;
        let mut attempt = 1;
        let (reading, counted) = loop {
            writer.clear()?;
            match self.read(&window, retried, &mut writer).await {
                Ok(read) => break read,
                Err(Misread::Failed(error)) => return Err(error),
                Err(Misread::Unfiltered) => {
                    self.warnings.push("the shop ignores modified_after, as WooCommerce before 5.8 does: every pull is a full one".to_owned());
                    window = Window { extent: Extent::Full, from: None, to: window.to };
                    writer.discard()?;
                    writer = folder.begin(&window)?;
                }
                Err(Misread::Incomplete { counted, found }) if attempt == READINGS_MAX => {
                    return Err(PullError::Unexpected {
                        shop: self.client.shop(),
                        what: format!("counts {counted} orders and lists {found}, {READINGS_MAX} times"),
                        hint: "a cache or a plug-in may change its lists; exclude /wp-json/ from caches and pull again".to_owned(),
                    });
                }
                Err(Misread::Incomplete { .. }) => attempt += 1,
            }
        };
        if reading.gaps > 0 {
            self.warnings.push(format!(
                "the shop left {} orders out of its pages: the key's user may not read them",
                reading.gaps
            ));
        }
        let mut manifest = Manifest::new(API, VERSION, self.client.shop(), window);
        manifest.query = self.query_text();
        manifest.orders = reading.ids.len() as u64;
        manifest.requests = self.client.requests;
        manifest.counted = counted;
        manifest.failed = reading.failed;
        manifest.warnings = std::mem::take(&mut self.warnings);
        writer.commit(manifest)
    }

    async fn read(
        &mut self,
        window: &Window,
        retried: &[u64],
        writer: &mut WindowWriter,
    ) -> Result<(Reading, Option<Counted>), Misread> {
        let mut reading = Reading::default();
        let mut counted = Some(Counted { before: 0, after: 0 });
        for status in STATUSES {
            let list = List { window, status };
            let of_list = self.read_list(&list, &mut reading, writer).await?;
            counted = counted.zip(of_list).map(|(all, list)| Counted {
                before: all.before + list.before,
                after: all.after + list.after,
            });
        }
        for id in retried {
            if !reading.ids.contains(id) {
                self.read_one(*id, &mut reading, writer).await?;
            }
        }
        if writer.is_empty() {
            // A shop without orders has an export too.
            writer.add(b"[]", "json")?;
        }
        Ok((reading, counted))
    }

    /// Reads a list from its last page to its first.
    async fn read_list(
        &mut self,
        list: &List<'_>,
        reading: &mut Reading,
        writer: &mut WindowWriter,
    ) -> Result<Option<Counted>, Misread> {
        let before = reading.ids.len() as u64 + reading.failed.len() as u64;
        let gaps_before = reading.gaps;
        let (pages, mut first, total) = self.pages_of(list).await?;
        let mut last_total = total;
        for number in (1..=pages).rev() {
            let listed = first.take().filter(|_| number == 1 && pages == 1);
            if let Some(listed) = listed {
                self.take(listed, SIZES[0], pages == number, list, reading, writer)?;
                continue;
            }
            let mut todo: Vec<Page> = Page { number, size: 0 }.split(self.size).collect();
            while let Some(page) = todo.pop() {
                match self.page(list, page).await {
                    Ok(listed) => {
                        last_total = listed.total.or(last_total);
                        let is_last = number == pages;
                        self.take(listed, page.len(), is_last, list, reading, writer)?;
                    }
                    Err(Trouble::Fatal(error)) => return Err(error.into()),
                    Err(Trouble::TooMuch(_)) if page.size + 1 < SIZES.len() => {
                        self.size = page.size + 1;
                        todo.extend(page.split(self.size));
                    }
                    Err(Trouble::TooMuch(what)) => {
                        self.isolate(list, page, &what, reading, writer).await?;
                    }
                }
            }
        }
        let Some(after) = last_total else { return Ok(None) };
        let found = reading.ids.len() as u64 + reading.failed.len() as u64 - before;
        if found + (reading.gaps - gaps_before) < after {
            return Err(Misread::Incomplete { counted: after, found });
        }
        Ok(total.map(|before| Counted { before, after }))
    }

    /// How many pages of the largest size a list has. A shop whose headers are removed on the way
    /// is asked page by page until one has no order.
    async fn pages_of(
        &mut self,
        list: &List<'_>,
    ) -> Result<(u64, Option<Listed>, Option<u64>), Misread> {
        let mut number = 1;
        loop {
            let page = Page { number, size: 0 };
            let listed = match self.page(list, page).await {
                Ok(listed) => Some(listed),
                Err(Trouble::Fatal(error)) => return Err(error.into()),
                Err(Trouble::TooMuch(_)) => None,
            };
            let total = match &listed {
                Some(listed) => listed.total,
                // The count alone, of a shop that is too slow for the page.
                None => self.count(list).await?,
            };
            if let Some(total) = total {
                let first = listed.filter(|_| number == 1);
                return Ok((
                    total.div_ceil(SIZES[0]).max(u64::from(first.is_some())),
                    first,
                    Some(total),
                ));
            }
            match listed {
                Some(listed) if listed.rows.is_empty() => return Ok((number - 1, None, None)),
                Some(_) => number += 1,
                None => {
                    return Err(self
                        .client
                        .away("does not say how many orders it has".to_owned())
                        .into());
                }
            }
        }
    }

    async fn count(&mut self, list: &List<'_>) -> Result<Option<u64>, Misread> {
        let mut query = self.query(list, Page { number: 1, size: SIZES.len() - 1 });
        query.push(("_fields", "id".to_owned()));
        let answer = self.get("orders", &query).await.map_err(|trouble| self.fatal(trouble))?;
        self.accept(&answer)?;
        Ok(answer.number("x-wp-total"))
    }

    async fn page(&mut self, list: &List<'_>, page: Page) -> Result<Listed, Trouble> {
        let answer = self.get("orders", &self.query(list, page)).await?;
        let json = self.accept(&answer)?;
        let rows: Vec<Row> = serde_json::from_slice(&json).map_err(|_| self.unexpected(&json))?;
        Ok(Listed { rows, total: answer.number("x-wp-total"), json })
    }

    /// Notes and keeps what a page holds.
    fn take(
        &mut self,
        listed: Listed,
        len: u64,
        is_last: bool,
        list: &List<'_>,
        reading: &mut Reading,
        writer: &mut WindowWriter,
    ) -> Result<(), Misread> {
        let found = listed.rows.len() as u64;
        if found == 0 {
            return Ok(());
        }
        if !is_last {
            reading.gaps += len.saturating_sub(found);
        }
        for row in &listed.rows {
            reading.ids.insert(row.id);
            reading.earlier += u64::from(list.is_earlier(row));
        }
        if reading.earlier > EARLIER_MAX.max(reading.ids.len() as u64 / 100) {
            return Err(Misread::Unfiltered);
        }
        writer.add(&listed.json, "json")?;
        Ok(())
    }

    /// A page of one order that the shop can't list: the order may be delivered by its id.
    async fn isolate(
        &mut self,
        list: &List<'_>,
        page: Page,
        what: &str,
        reading: &mut Reading,
        writer: &mut WindowWriter,
    ) -> Result<(), Misread> {
        let mut query = self.query(list, page);
        query.push(("_fields", "id".to_owned()));
        let answer = self.get("orders", &query).await.map_err(|trouble| self.fatal(trouble))?;
        let json = self.accept(&answer)?;
        #[derive(Deserialize)]
        struct Id {
            id: u64,
        }
        let ids: Vec<Id> = serde_json::from_slice(&json).map_err(|_| self.unexpected(&json))?;
        for Id { id } in ids {
            tracing::warn!(
                order = id,
                "the shop can't list this order ({what}); it is asked for by its id"
            );
            self.read_one(id, reading, writer).await?;
        }
        Ok(())
    }

    async fn read_one(
        &mut self,
        id: u64,
        reading: &mut Reading,
        writer: &mut WindowWriter,
    ) -> Result<(), Misread> {
        let answer = match self.get(&format!("orders/{id}"), &[]).await {
            Ok(answer) => answer,
            Err(Trouble::Fatal(error)) => return Err(error.into()),
            Err(Trouble::TooMuch(what)) => {
                self.warnings.push(format!("order {id}: {what}"));
                reading.failed.push(id);
                return Ok(());
            }
        };
        if answer.status == StatusCode::NOT_FOUND {
            // Deleted since it was listed.
            return Ok(());
        }
        let json = self.accept(&answer)?;
        reading.ids.insert(id);
        writer.add(&[b"[", json.as_slice(), b"]"].concat(), "json")?;
        Ok(())
    }

    async fn get(&mut self, resource: &str, query: &[(&str, String)]) -> Result<Answer, Trouble> {
        match self.form {
            AddressForm::Pretty => {
                self.client.get(&format!("wp-json/{VERSION}/{resource}"), query).await
            }
            AddressForm::Index => {
                self.client.get(&format!("index.php/wp-json/{VERSION}/{resource}"), query).await
            }
            AddressForm::Plain => {
                let route = ("rest_route", format!("/{VERSION}/{resource}"));
                let query: Vec<_> = [route].into_iter().chain(query.iter().cloned()).collect();
                self.client.get("", &query).await
            }
        }
    }

    fn query(&self, list: &List<'_>, page: Page) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("status", list.status.to_owned()),
            ("orderby", "id".to_owned()),
            ("order", "asc".to_owned()),
            ("per_page", page.len().to_string()),
            ("page", page.number.to_string()),
            ("dates_are_gmt", "true".to_owned()),
            ("modified_before", bare(list.window.to)),
        ];
        query.extend(list.window.from.map(|from| ("modified_after", bare(from))));
        query.extend(self.options.since.map(|since| ("after", bare(since))));
        query
    }

    fn query_text(&self) -> String {
        let since = self.options.since.map(|since| format!("&after={since}")).unwrap_or_default();
        format!("status={}{since}", STATUSES.join(","))
    }

    /// The JSON of an answer that is a success.
    fn accept(&mut self, answer: &Answer) -> Result<Vec<u8>, PullError> {
        let json = match json_in(&answer.body) {
            Ok((json, noise)) => {
                let warning =
                    noise.map(|noise| format!("the shop prints text before its JSON: {noise}"));
                self.warnings.extend(warning.filter(|warning| !self.warnings.contains(warning)));
                json
            }
            Err(_) if answer.status == StatusCode::FORBIDDEN => return Err(self.refused(answer)),
            Err(text) => {
                let what = format!("answered {} with no JSON: \"{text}\"", answer.status.as_u16());
                return Err(PullError::Unexpected {
                    shop: self.client.shop(),
                    what,
                    hint: "a firewall, a login page or a cache answers in place of the API; exclude /wp-json/ from it".to_owned(),
                });
            }
        };
        match answer.status {
            StatusCode::OK => Ok(json.to_vec()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.refused(answer)),
            _ => Err(self.unexpected(json)),
        }
    }

    fn refused(&self, answer: &Answer) -> PullError {
        let hint = if self.options.is_key_in_query {
            "check key and secret, and that the key's user may read orders"
        } else {
            "check key and secret, and that the key's user may read orders; where a server drops the Authorization header, set key_in_query = true"
        };
        PullError::Refused {
            shop: self.client.shop(),
            what: format!(
                "refuses the key with {}: {}",
                answer.status.as_u16(),
                message_in(&answer.body)
            ),
            hint: hint.to_owned(),
        }
    }

    fn unexpected(&self, json: &[u8]) -> PullError {
        PullError::Unexpected {
            shop: self.client.shop(),
            what: format!("answers a list of orders with {}", message_in(json)),
            hint: format!("the API that is read is {VERSION}; look at the shop's log"),
        }
    }

    /// Where nothing smaller can be asked for.
    fn fatal(&self, trouble: Trouble) -> PullError {
        match trouble {
            Trouble::Fatal(error) => error,
            Trouble::TooMuch(what) => self.client.away(what),
        }
    }
}

/// One of the lists that a window consists of.
struct List<'a> {
    window: &'a Window,
    status: &'static str,
}

impl List<'_> {
    /// Whether an order lies before the window. One without a time does not.
    fn is_earlier(&self, row: &Row) -> bool {
        let modified =
            row.date_modified_gmt.as_deref().and_then(|text| format!("{text}Z").parse().ok());
        self.window
            .from
            .zip(modified)
            .is_some_and(|(from, modified): (_, Timestamp)| modified < from)
    }
}

/// A moment as the API compares it: UTC without an offset. With one, it would be converted into the
/// site's zone and compared with the UTC column.
fn bare(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The error that WordPress answers for an address it does not know.
fn is_no_route(answer: &Answer) -> bool {
    answer.status == StatusCode::NOT_FOUND && message_in(&answer.body).starts_with("rest_no_route")
}

/// Code and message of an error, or what the text begins with.
fn message_in(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct ApiError {
        code: String,
        message: String,
    }
    let json = json_in(body).map_or(body, |(json, _)| json);
    match serde_json::from_slice(json) {
        Ok(ApiError { code, message }) => excerpt(format!("{code}: {message}").as_bytes()),
        Err(_) => excerpt(body),
    }
}
