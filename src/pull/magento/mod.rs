//! Magento 2 and Adobe Commerce: the list of orders of the REST API.
//!
//! Magento pages by number, repeats the last page after the end, and moves orders between pages
//! while they are read. So only first pages are read here: each asks for the orders after the last
//! id. Pages get smaller if the shop is too slow for them, down to the one order that it can't
//! list.

mod api;
mod list;

use super::error::PullError;
use super::examination::Examination;
use super::folder::Folder;
use super::http::RequestError;
use super::manifest::{Counted, PulledWindow};
use super::options::{CredentialSet, Options, PullRequest, ShopSystem, no_pause};
use super::reading::{self, Misread, Reading, WindowReader};
use super::window::{Extent, Window};
use api::{Api, CONSUMER_KEY, CONTRADICTION_HINT, VERSION};
use jiff::{SignedDuration, Timestamp};
use list::{List, ReceivedPage, SIZES, in_utc};
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
/// The longest gap between ids: if no order is found within it, the shop counts as unavailable.
const GAP_MAX: u64 = 1 << 40;

/// Pulls a window into the folder.
async fn pull(
    options: &Options,
    request: PullRequest,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let options = &Options { overlap: options.overlap.max(OVERLAP_MIN), ..options.clone() };
    let api = Api::find(options, cancel).await?;
    reading::pull(Shop { api, options, size: 0 }, options, request, folder).await
}

/// Checks whether a pull would succeed, in three requests.
async fn examine(options: &Options, cancel: CancellationToken) -> Result<Examination, PullError> {
    let mut api = Api::find(options, cancel).await?;
    let now = api.client.clock.now();
    let all = Window { extent: Extent::Full, from: None, to: now };
    let first = match api.page(&List::of(&all, options), 1).await {
        Ok(listed) => Some(listed),
        Err(RequestError::TooMuch(what)) => {
            api.client.warnings.push(format!("the shop can't list its oldest order: {what}"));
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
        warnings: std::mem::take(&mut api.client.warnings),
    })
}

struct Shop<'a> {
    api: Api,
    options: &'a Options,
    /// The largest page that the shop delivered last, as an index of [`SIZES`].
    size: usize,
}

/// The list of a window while it is read.
struct Listing<'r, 'w> {
    reading: &'r mut Reading<'w>,
    /// The first count of the window.
    counted: Option<u64>,
    pages: u64,
}

impl Listing<'_, '_> {
    /// Keeps a page. Returns the id after which the list continues; `None` at its end.
    fn take(
        &mut self,
        listed: &ReceivedPage,
        list: &List<'_>,
        size: u64,
    ) -> Result<Option<u64>, Misread> {
        let (found, total) = (self.reading.found(), listed.total);
        if list.up_to.is_none() {
            self.counted.get_or_insert(found + total);
        }
        let rows = listed.rows.len() as u64;
        if rows < total.min(size) {
            return Err(Misread::Incomplete { counted: found + total, found: found + rows });
        }
        let Some(last) = listed.rows.last() else { return Ok(None) };
        self.pages += 1;
        self.reading.singles.end_row();
        for row in &listed.rows {
            self.reading.ids.insert(row.entity_id.into());
            self.reading.earlier += u64::from(list.is_earlier(row));
        }
        self.reading.writer.add(&listed.json, "json")?;
        Ok((total > rows || list.up_to.is_some()).then_some(last.entity_id))
    }
}

impl WindowReader for Shop<'_> {
    type Api = Api;
    const VERSION: &'static str = VERSION;
    const CONTRADICTION_HINT: &'static str = CONTRADICTION_HINT;
    const PAGE: (&'static str, &'static str) = (r#"{"items":["#, "]}");
    const EMPTY_PAGE: &'static str = r#"{"items":[],"total_count":0}"#;

    fn api(&mut self) -> &mut Api {
        &mut self.api
    }

    async fn read_lists(
        &mut self,
        window: &Window,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Counted>, Misread> {
        let mut listing = Listing { reading, counted: None, pages: 0 };
        self.read_list(List::of(window, self.options), &mut listing).await?;
        self.count_again(window, &listing).await
    }
}

impl Shop<'_> {
    /// Reads a list from its first order to its last.
    async fn read_list(
        &mut self,
        mut list: List<'_>,
        listing: &mut Listing<'_, '_>,
    ) -> Result<(), Misread> {
        loop {
            let next = match self.api.page(&list, SIZES[self.size]).await {
                Ok(listed) => listing.take(&listed, &list, SIZES[self.size])?,
                Err(RequestError::Fatal(error)) => return Err(error.into()),
                Err(RequestError::TooMuch(_)) if self.size + 1 < SIZES.len() => {
                    self.size += 1;
                    continue;
                }
                Err(RequestError::TooMuch(what)) => {
                    self.size = 0;
                    Some(self.isolate(list, &what, listing).await?)
                }
            };
            if listing.reading.is_unfiltered() {
                let what = format!("ignores {}", SYSTEM.ignored_window);
                return Err(self.api.contradiction(what).into());
            }
            match next {
                Some(last) => list.after = last,
                None => return Ok(()),
            }
        }
    }

    /// The counts of the window before and after. Orders only leave it, so it can't contain more
    /// than were found. A single page is consistent, and an order that breaks lists breaks this one
    /// too.
    async fn count_again(
        &mut self,
        window: &Window,
        listing: &Listing<'_, '_>,
    ) -> Result<Option<Counted>, Misread> {
        let Some(before) = listing.counted else { return Ok(None) };
        if listing.pages <= 1 && listing.reading.singles.failed.is_empty() {
            return Ok(Some(Counted { before, after: before }));
        }
        match self.api.count(&List::of(window, self.options).filters()).await {
            Ok(counted) if counted > listing.reading.found() => {
                Err(Misread::Incomplete { counted, found: listing.reading.found() })
            }
            Ok(after) => Ok(Some(Counted { before, after })),
            Err(RequestError::TooMuch(_)) => Ok(None),
            Err(RequestError::Fatal(error)) => Err(error.into()),
        }
    }

    /// Gets past the first order of a list that can't be listed: it is found by lists of ever fewer
    /// ids, as those before it are empty, and requested by its id. Returns the id after which the
    /// list continues.
    async fn isolate(
        &mut self,
        list: List<'_>,
        what: &str,
        listing: &mut Listing<'_, '_>,
    ) -> Result<u64, Misread> {
        let (mut without, mut broken) = (list.after, None);
        let mut up_to = list.after + 1;
        while broken.is_none_or(|broken| broken - without > 1) {
            if up_to - list.after > GAP_MAX {
                return Err(self.api.client.unavailable(what.to_owned()).into());
            }
            let few = List { up_to: Some(up_to), ..list };
            match self.api.page(&few, 1).await {
                Ok(listed) => match listing.take(&listed, &few, 1)? {
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
        self.read_one(&id.into(), listing.reading).await?;
        Ok(id)
    }
}
