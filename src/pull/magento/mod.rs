//! Magento 2 and Adobe Commerce: the list of orders of the REST API.
//!
//! Magento pages by number, repeats the last page after the end, and moves orders between pages while
//! they are read. So only first pages are read here: each asks for the orders after the last id. Pages
//! get smaller where the shop is too slow for them, down to the one order that it can't list.

mod api;
mod list;

use super::error::PullError;
use super::examination::Examination;
use super::folder::Folder;
use super::gone::PreviousExport;
use super::http::RequestError;
use super::manifest::{Counted, Manifest, PulledWindow};
use super::options::{CredentialSet, Options, Request, ShopSystem, no_pause};
use super::order_id::OrderId;
use super::shop_api::SingleReads;
use super::window::{Extent, Window};
use super::writer::WindowWriter;
use api::{Api, CONSUMER_KEY, VERSION};
use jiff::{SignedDuration, Timestamp};
use list::{List, ReceivedPage, SIZES, in_utc};
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

pub(super) static SYSTEM: ShopSystem = ShopSystem {
    name: "magento",
    format: "magento-json",
    credential_sets: &[
        CredentialSet { by: Some(CONSUMER_KEY), secrets: &["secret", "token", "token_secret"] },
        CredentialSet { by: None, secrets: &["token"] },
    ],
    credentials_hint: "Magento shows those of an integration under System, Extensions, Integrations",
    needs: &[],
    ignored_window: "updated_at, as an extension or a proxy may make it; pulls are refused until it does not",
    lag: SignedDuration::from_mins(2),
    pause: no_pause,
    ids: list::ids_in,
    pull: |options, request, folder, cancel| Box::pin(pull(options, request, folder, cancel)),
    examine: |options, cancel| Box::pin(examine(options, cancel)),
};

/// Some versions compare dates in the zone of the database, where the clocks may have changed.
const OVERLAP_MIN: SignedDuration = SignedDuration::from_hours(2);
/// Times that a window is read before a contradiction of its counts is believed.
const READINGS_MAX: u32 = 3;
/// More orders from before the window than this mean that the shop ignores the window.
const EARLIER_MAX: u64 = 10;
/// The longest gap between ids: if no order is found within it, the shop is away.
const GAP_MAX: u64 = 1 << 40;

/// Pulls a window into the folder.
///
/// # Errors
/// When the shop refuses, does not answer or contradicts itself: nothing of the window counts then.
async fn pull(
    options: &Options,
    request: Request,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let options = &Options { overlap: options.overlap.max(OVERLAP_MIN), ..options.clone() };
    let api = Api::find(options, cancel).await?;
    let window = request.window(options, api.client.clock.now());
    let failed = match window.extent {
        Extent::Increment => folder.windows()?.pop().map(|last| last.manifest),
        Extent::Full => None,
    };
    let retried: Vec<OrderId> = failed.iter().flat_map(Manifest::failed_ids).collect();
    let mut shop = Shop { api, options, size: 0 };
    let mut writer = folder.begin(&window)?;
    let (mut manifest, ids) = shop.read_until_it_agrees(&window, &retried, &mut writer).await?;
    if window.extent == Extent::Full {
        let present = ids.into_iter().chain(manifest.failed_ids()).collect();
        let previous = PreviousExport { folder, options };
        previous.find_gone(&present, &mut shop.api, &mut manifest).await?;
    }
    manifest.query = options.query();
    manifest.requests = shop.api.client.requests;
    manifest.warnings = std::mem::take(&mut shop.api.warnings);
    writer.commit(manifest)
}

/// Asks whether a pull would succeed, in three requests.
///
/// # Errors
/// As a pull.
async fn examine(options: &Options, cancel: CancellationToken) -> Result<Examination, PullError> {
    let mut api = Api::find(options, cancel).await?;
    let now = api.client.clock.now();
    let all = Window { extent: Extent::Full, from: None, to: now };
    let first = match api.page(&List::of(&all, options), 1).await {
        Ok(listed) => Some(listed),
        Err(RequestError::TooMuch(what)) => {
            api.warnings.push(format!("the shop can't list its oldest order: {what}"));
            None
        }
        Err(RequestError::Fatal(error)) => return Err(error),
    };
    let tomorrow = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    let future = [("updated_at", "gteq", in_utc(tomorrow))];
    let changed = api.count(&future).await.map_err(|error| api.client.fatal(error))?;
    let orders = first.as_ref().map(|listed| listed.total);
    let oldest = first.as_ref().and_then(|listed| listed.rows.first());
    Ok(Examination {
        api: format!("Magento REST API {VERSION}"),
        scopes: Vec::new(),
        clock_ahead: api.client.clock.ahead(),
        orders,
        oldest: oldest.and_then(|row| list::moment(row.created_at.as_deref()?)),
        is_filtered: changed == 0,
        shows_email: oldest
            .map(|row| row.customer_email.as_ref().is_some_and(|email| !email.is_empty())),
        warnings: std::mem::take(&mut api.warnings),
    })
}

struct Shop<'a> {
    api: Api,
    options: &'a Options,
    /// The largest page that the shop delivered last, as an index of [`SIZES`].
    size: usize,
}

/// A window while it is read.
struct Reading<'w> {
    writer: &'w mut WindowWriter,
    ids: BTreeSet<OrderId>,
    singles: SingleReads,
    /// Orders from before the window.
    earlier: u64,
    /// The first count of the window.
    counted: Option<u64>,
    pages: u64,
}

/// Why a window has to be read again.
enum Misread {
    /// Fewer orders than the shop counts.
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

impl Reading<'_> {
    /// Orders that were found so far.
    fn found(&self) -> u64 {
        (self.ids.len() + self.singles.failed.len()) as u64
    }

    /// Keeps a page. Returns the id after which the list continues; `None` at its end.
    fn take(
        &mut self,
        listed: &ReceivedPage,
        list: &List<'_>,
        size: u64,
    ) -> Result<Option<u64>, Misread> {
        let (found, total) = (self.found(), listed.total);
        if list.up_to.is_none() {
            self.counted.get_or_insert(found + total);
        }
        let rows = listed.rows.len() as u64;
        if rows < total.min(size) {
            return Err(Misread::Incomplete { counted: found + total, found: found + rows });
        }
        let Some(last) = listed.rows.last() else { return Ok(None) };
        self.pages += 1;
        self.singles.end_row();
        for row in &listed.rows {
            self.ids.insert(row.entity_id.into());
            self.earlier += u64::from(list.is_earlier(row));
        }
        self.writer.add(&listed.json, "json")?;
        Ok((total > rows || list.up_to.is_some()).then_some(last.entity_id))
    }
}

impl Shop<'_> {
    async fn read_until_it_agrees(
        &mut self,
        window: &Window,
        retried: &[OrderId],
        writer: &mut WindowWriter,
    ) -> Result<(Manifest, BTreeSet<OrderId>), PullError> {
        let mut readings = 1;
        loop {
            writer.clear()?;
            match self.read(window, retried, writer).await {
                Ok(read) => return Ok(read),
                Err(Misread::Failed(error)) => return Err(error),
                Err(Misread::Incomplete { counted, found }) if readings == READINGS_MAX => {
                    return Err(self.api.contradiction(format!(
                        "counts {counted} orders and lists {found}, {readings} times"
                    )));
                }
                Err(Misread::Incomplete { .. }) => readings += 1,
            }
        }
    }

    async fn read(
        &mut self,
        window: &Window,
        retried: &[OrderId],
        writer: &mut WindowWriter,
    ) -> Result<(Manifest, BTreeSet<OrderId>), Misread> {
        let mut reading = Reading {
            writer,
            ids: BTreeSet::new(),
            singles: SingleReads::default(),
            earlier: 0,
            counted: None,
            pages: 0,
        };
        self.read_list(List::of(window, self.options), &mut reading).await?;
        let counted = self.count_again(window, &reading).await?;
        for id in retried {
            if !reading.ids.contains(id) && !reading.singles.failed.contains(id) {
                self.read_one(id, &mut reading).await?;
            }
        }
        if reading.writer.is_empty() {
            // A shop without orders has an export too.
            reading.writer.add(br#"{"items":[],"total_count":0}"#, "json")?;
        }
        let Reading { ids, singles, .. } = reading;
        let mut manifest = Manifest::new(SYSTEM.name, VERSION, self.api.client.shop(), *window);
        (manifest.orders, manifest.counted) = (ids.len() as u64, counted);
        manifest.failed = singles.failed.iter().map(OrderId::to_string).collect();
        Ok((manifest, ids))
    }

    /// Reads a list from its first order to its last.
    async fn read_list(
        &mut self,
        mut list: List<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), Misread> {
        loop {
            let next = match self.api.page(&list, SIZES[self.size]).await {
                Ok(listed) => reading.take(&listed, &list, SIZES[self.size])?,
                Err(RequestError::Fatal(error)) => return Err(error.into()),
                Err(RequestError::TooMuch(_)) if self.size + 1 < SIZES.len() => {
                    self.size += 1;
                    continue;
                }
                Err(RequestError::TooMuch(what)) => {
                    self.size = 0;
                    Some(self.isolate(list, &what, reading).await?)
                }
            };
            if reading.earlier > EARLIER_MAX.max(reading.found() / 100) {
                let what = format!("ignores {}", SYSTEM.ignored_window);
                return Err(self.api.contradiction(what).into());
            }
            match next {
                Some(last) => list.after = last,
                None => return Ok(()),
            }
        }
    }

    /// The counts of the window before and after. Orders only leave it, so it can't hold more than
    /// were found. A single page is of one moment, and an order that breaks lists breaks this one
    /// too.
    async fn count_again(
        &mut self,
        window: &Window,
        reading: &Reading<'_>,
    ) -> Result<Option<Counted>, Misread> {
        let Some(before) = reading.counted else { return Ok(None) };
        if reading.pages <= 1 && reading.singles.failed.is_empty() {
            return Ok(Some(Counted { before, after: before }));
        }
        match self.api.count(&List::of(window, self.options).filters()).await {
            Ok(counted) if counted > reading.found() => {
                Err(Misread::Incomplete { counted, found: reading.found() })
            }
            Ok(after) => Ok(Some(Counted { before, after })),
            Err(RequestError::TooMuch(_)) => Ok(None),
            Err(RequestError::Fatal(error)) => Err(error.into()),
        }
    }

    /// Gets past the first order of a list that can't be listed: it is found by lists of ever fewer
    /// ids, as those before it are empty, and asked for by its id. Returns the id after which the list
    /// continues.
    async fn isolate(
        &mut self,
        list: List<'_>,
        what: &str,
        reading: &mut Reading<'_>,
    ) -> Result<u64, Misread> {
        let (mut without, mut broken) = (list.after, None);
        let mut up_to = list.after + 1;
        while broken.is_none_or(|broken| broken - without > 1) {
            if up_to - list.after > GAP_MAX {
                return Err(self.api.client.away(what.to_owned()).into());
            }
            let few = List { up_to: Some(up_to), ..list };
            match self.api.page(&few, 1).await {
                Ok(listed) => match reading.take(&listed, &few, 1)? {
                    // The shop delivers the order now.
                    Some(last) => return Ok(last),
                    None => without = up_to,
                },
                Err(RequestError::TooMuch(_)) => broken = Some(up_to),
                Err(RequestError::Fatal(error)) => return Err(error.into()),
            }
            up_to = match broken {
                Some(broken) => without + (broken - without) / 2,
                None => list.after + 2 * (up_to - list.after),
            };
        }
        let id = broken.unwrap_or(up_to);
        tracing::warn!(
            order = id,
            "the shop can't list this order ({what}); it is asked for by its id"
        );
        self.read_one(&id.into(), reading).await?;
        Ok(id)
    }

    async fn read_one(&mut self, id: &OrderId, reading: &mut Reading<'_>) -> Result<(), PullError> {
        let Some(json) = reading.singles.read(&mut self.api, id).await? else { return Ok(()) };
        reading.ids.insert(id.clone());
        reading.writer.add(&[br#"{"items":["#, &json[..], b"]}"].concat(), "json")
    }
}
