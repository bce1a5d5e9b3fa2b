//! Reading a window whose lists are paged by number, from the last page to the first.
//!
//! An order that leaves the window moves the orders after it forward. The end of a window lies in the
//! past, so orders only leave it: read from the last page to the first, an order that moves forward is
//! read twice and never missed. Pages are split where the shop is too slow for them, down to the one
//! order that it can't deliver.

use super::error::PullError;
use super::folder::Folder;
use super::gone::PreviousExport;
use super::http::RequestError;
use super::manifest::{Counted, Manifest, PulledWindow};
use super::options::{Options, Request};
use super::order_id::OrderId;
use super::pages::{List, Page, PagedApi, ReceivedPage};
use super::shop_api::SingleReads;
use super::window::{Extent, Window};
use super::writer::WindowWriter;
use std::collections::BTreeSet;

/// Times that a window is read before a contradiction of its counts is believed.
const READINGS_MAX: u32 = 3;
/// More orders from before the window than this mean that the shop ignores the window.
const EARLIER_MAX: u64 = 10;

/// Pulls a window into the folder.
///
/// # Errors
/// When the shop refuses, does not answer or contradicts itself: nothing of the window counts then.
pub(super) async fn pull<A: PagedApi>(
    mut api: A,
    options: &Options,
    request: Request,
    folder: &Folder,
) -> Result<PulledWindow, PullError> {
    let window = request.window(options, api.client().clock.now());
    let failed = match window.extent {
        Extent::Increment => folder.windows()?.pop().map(|last| last.manifest),
        Extent::Full => None,
    };
    let retried: Vec<OrderId> = failed.iter().flat_map(|manifest| manifest.failed_ids()).collect();
    let mut shop = Shop { api, options, size: 0 };
    shop.pull(window, &retried, folder).await
}

struct Shop<'a, A> {
    api: A,
    options: &'a Options,
    /// The largest page that the shop delivered last, as [`Page::size`].
    size: usize,
}

/// A window while it is read.
struct Reading<'w> {
    writer: &'w mut WindowWriter,
    ids: BTreeSet<OrderId>,
    singles: SingleReads,
    /// Of these, those in the list that is being read.
    in_list: BTreeSet<OrderId>,
    /// Orders from before the window.
    earlier: u64,
    /// Orders that the shop counted and left out of its pages.
    gaps: u64,
    counted: Option<Counted>,
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

impl<'w> Reading<'w> {
    fn new(writer: &'w mut WindowWriter) -> Self {
        let counted = Some(Counted { before: 0, after: 0 });
        Self {
            writer,
            ids: BTreeSet::new(),
            singles: SingleReads::default(),
            in_list: BTreeSet::new(),
            earlier: 0,
            gaps: 0,
            counted,
        }
    }

    /// Keeps a page.
    fn take(&mut self, listed: &ReceivedPage, list: &List<'_>, page: Page) -> Result<(), Misread> {
        let found = listed.rows.len() as u64;
        let before = (page.number - 1) * page.len();
        let due = listed.total.map(|total| total.saturating_sub(before).min(page.len()));
        self.gaps += due.unwrap_or(found).saturating_sub(found);
        if found == 0 {
            return Ok(());
        }
        self.singles.end_row();
        for row in &listed.rows {
            self.ids.insert(row.id.clone());
            self.in_list.insert(row.id.clone());
            self.earlier += u64::from(list.is_earlier(row));
        }
        if self.earlier > EARLIER_MAX.max(self.ids.len() as u64 / 100) {
            return Err(Misread::Unfiltered);
        }
        Ok(self.writer.add(&listed.json, "json")?)
    }
}

impl<A: PagedApi> Shop<'_, A> {
    /// Reads a window until its counts agree.
    async fn pull(
        &mut self,
        mut window: Window,
        retried: &[OrderId],
        folder: &Folder,
    ) -> Result<PulledWindow, PullError> {
        let mut writer = folder.begin(&window)?;
        let mut readings = 1;
        let (mut manifest, ids) = loop {
            writer.clear()?;
            match self.read(&window, retried, &mut writer).await {
                Ok(read) => break read,
                Err(Misread::Failed(error)) => return Err(error),
                Err(Misread::Unfiltered) => {
                    self.api
                        .warnings()
                        .push(format!("the shop ignores {}", self.options.system.ignored_window));
                    window = Window { extent: Extent::Full, from: None, to: window.to };
                    writer.discard()?;
                    writer = folder.begin(&window)?;
                }
                Err(Misread::Incomplete { counted, found }) if readings == READINGS_MAX => {
                    return Err(PullError::Unexpected {
                        shop: self.api.client().shop(),
                        what: format!(
                            "counts {counted} orders and lists {found}, {readings} times"
                        ),
                        hint: A::CONTRADICTION_HINT.to_owned(),
                    });
                }
                Err(Misread::Incomplete { .. }) => readings += 1,
            }
        };
        if window.extent == Extent::Full {
            let present = ids.into_iter().chain(manifest.failed_ids()).collect();
            let previous = PreviousExport { folder, options: self.options };
            previous.find_gone(&present, &mut self.api, &mut manifest).await?;
        }
        manifest.query = self.options.query();
        manifest.requests = self.api.client().requests;
        manifest.warnings = std::mem::take(self.api.warnings());
        writer.commit(manifest)
    }

    async fn read(
        &mut self,
        window: &Window,
        retried: &[OrderId],
        writer: &mut WindowWriter,
    ) -> Result<(Manifest, BTreeSet<OrderId>), Misread> {
        let mut reading = Reading::new(writer);
        let mut counted = None;
        for (nth, name) in A::LISTS.iter().copied().enumerate() {
            if nth == A::COUNTED_LISTS {
                counted = reading.counted;
            }
            let list = List { window, name, since: self.options.since };
            self.read_list(&list, &mut reading).await?;
        }
        for id in retried {
            if !reading.ids.contains(id) && !reading.singles.failed.contains(id) {
                self.read_one(id, &mut reading).await?;
            }
        }
        if reading.writer.is_empty() {
            // A shop without orders has an export too.
            reading.writer.add(b"[]", "json")?;
        }
        let Reading { ids, singles, gaps, .. } = reading;
        if gaps > 0 {
            let warning = format!(
                "the shop left {gaps} orders out of its pages: the key's user may not read them"
            );
            self.api.warnings().push(warning);
        }
        let mut manifest =
            Manifest::new(self.options.system.name, A::VERSION, self.api.client().shop(), *window);
        (manifest.orders, manifest.counted) = (ids.len() as u64, counted);
        manifest.failed = singles.failed.iter().map(OrderId::to_string).collect();
        Ok((manifest, ids))
    }

    /// Reads a list from its last page to its first.
    async fn read_list(
        &mut self,
        list: &List<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), Misread> {
        let gaps_before = reading.gaps;
        reading.in_list.clear();
        let Size { pages, last, total } = self.size_of(list).await?;
        let mut last_total = total;
        if let Some(listed) = &last {
            reading.take(listed, list, Page::whole(pages, A::SIZES))?;
        }
        let pages_left = pages - u64::from(last.is_some());
        for number in (1..=pages_left).rev() {
            let mut todo: Vec<Page> = Page::whole(number, A::SIZES).split(self.size).collect();
            while let Some(page) = todo.pop() {
                match self.api.page(list, page).await {
                    Ok(listed) => {
                        last_total = listed.total.or(last_total);
                        reading.take(&listed, list, page)?;
                    }
                    Err(RequestError::Fatal(error)) => return Err(error.into()),
                    Err(RequestError::TooMuch(what)) => match page.smaller() {
                        Some(size) => {
                            self.size = size;
                            todo.extend(page.split(size));
                        }
                        None => {
                            self.isolate(list, page, &what, reading).await?;
                            self.size = 0;
                        }
                    },
                }
            }
        }
        if last_total.is_none() && A::COUNTS_APART {
            last_total = self.api.count(list).await?;
        }
        let Some(after) = last_total else {
            reading.counted = None;
            return Ok(());
        };
        let found = reading.in_list.len() as u64;
        if found + (reading.gaps - gaps_before) < after {
            return Err(Misread::Incomplete { counted: after, found });
        }
        if let Some(counted) = &mut reading.counted {
            counted.before += total.unwrap_or(after);
            counted.after += after;
        }
        Ok(())
    }

    /// How large a list is. A shop whose headers are removed on the way is asked page by page until
    /// one has no order.
    async fn size_of(&mut self, list: &List<'_>) -> Result<Size, Misread> {
        let mut number = self.api.first_asked(list);
        let mut first_before = None;
        loop {
            let listed = match self.api.page(list, Page::whole(number, A::SIZES)).await {
                Ok(listed) => Some(listed),
                Err(RequestError::Fatal(error)) => return Err(error.into()),
                Err(RequestError::TooMuch(_)) => None,
            };
            let total = match &listed {
                Some(listed) => listed.total,
                // The count alone, of a shop that is too slow for the page.
                None => self.api.count(list).await?,
            };
            if let Some(total) = total {
                let pages = total.div_ceil(A::SIZES[0]);
                let last = listed.filter(|_| pages <= number);
                let pages = if last.is_some() { number } else { pages };
                return Ok(Size { pages, last, total: Some(total) });
            }
            let first = match &listed {
                Some(listed) => listed.rows.first().map(|row| row.id.clone()),
                // Too slow for a page, and counts nothing: only its ids show where the list ends.
                None => self.api.ids(list, Page::whole(number, A::SIZES)).await?.into_iter().next(),
            };
            if first.is_none() {
                return Ok(Size { pages: number - 1, last: None, total: None });
            }
            // Its count shows where it may end.
            if A::COUNTS_APART && first_before.is_none() {
                let counted = self.api.count(list).await?.unwrap_or_default();
                number = number.max(counted.div_ceil(A::SIZES[0]));
            }
            // Orders are listed by their ids.
            if first <= first_before {
                return Err(self.repeats(number).into());
            }
            first_before = first;
            number += 1;
        }
    }

    /// The error of a list without an end, which repeats an earlier page.
    fn repeats(&mut self, page: u64) -> PullError {
        PullError::Unexpected {
            shop: self.api.client().shop(),
            what: format!("answers page {page} of its orders with those of an earlier page"),
            hint: A::CONTRADICTION_HINT.to_owned(),
        }
    }

    /// A page of one order that the shop can't list: the order may be delivered by its id.
    async fn isolate(
        &mut self,
        list: &List<'_>,
        page: Page,
        what: &str,
        reading: &mut Reading<'_>,
    ) -> Result<(), Misread> {
        for id in self.api.ids(list, page).await? {
            tracing::warn!(
                order = %id,
                "the shop can't list this order ({what}); it is asked for by its id"
            );
            self.read_one(&id, reading).await?;
        }
        Ok(())
    }

    async fn read_one(&mut self, id: &OrderId, reading: &mut Reading<'_>) -> Result<(), PullError> {
        if let Some(json) = reading.singles.read(&mut self.api, id).await? {
            reading.ids.insert(id.clone());
            reading.in_list.insert(id.clone());
            reading.writer.add(&[b"[", json.as_slice(), b"]"].concat(), "json")?;
        } else if reading.singles.failed.contains(id) {
            reading.in_list.insert(id.clone());
        }
        Ok(())
    }
}

/// How large a list is.
struct Size {
    /// Of the largest size.
    pages: u64,
    /// The last page, where it was read already; there may be nothing on it.
    last: Option<ReceivedPage>,
    total: Option<u64>,
}
