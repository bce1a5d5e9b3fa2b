//! Reads a window whose lists are paged by number, from the last page to the first.
//!
//! An order that leaves the window moves the orders after it forward. The end of a window is in the
//! past, so orders only leave it: read from the last page to the first, an order that moves forward
//! is read twice and never missed. Pages are split if the shop is too slow for them, down to the
//! one order that it can't deliver.

use super::error::PullError;
use super::folder::Folder;
use super::http::RequestError;
use super::manifest::{Counted, PulledWindow};
use super::options::{Options, PullRequest};
use super::order_id::OrderId;
use super::pages::{List, Page, PagedApi, ReceivedPage};
use super::reading::{self, Misread, Reading, WindowReader};
use super::window::Window;
use std::collections::BTreeSet;

/// Pulls a window into the folder.
pub(super) async fn pull<A: PagedApi>(
    api: A,
    options: &Options,
    request: PullRequest,
    folder: &Folder,
) -> Result<PulledWindow, PullError> {
    reading::pull(Shop { api, options, size: 0 }, options, request, folder).await
}

struct Shop<'a, A> {
    api: A,
    options: &'a Options,
    /// The largest page that the shop delivered last, as [`Page::size`].
    size: usize,
}

/// The lists of a window while they are read.
struct OpenLists<'r, 'w> {
    reading: &'r mut Reading<'w>,
    /// The orders of the list that is being read.
    in_list: BTreeSet<OrderId>,
    /// Orders that the shop counted but left out of its pages.
    gaps: u64,
    /// The shop's counts of the lists so far; `None` once it stated none of a list.
    counted: Option<Counted>,
}

impl OpenLists<'_, '_> {
    /// Keeps a page.
    fn take(&mut self, listed: &ReceivedPage, list: &List<'_>, page: Page) -> Result<(), Misread> {
        let found = listed.rows.len() as u64;
        let before = (page.number - 1) * page.len();
        let due = listed.total.map(|total| total.saturating_sub(before).min(page.len()));
        self.gaps += due.unwrap_or(found).saturating_sub(found);
        if found == 0 {
            return Ok(());
        }
        self.reading.singles.end_row();
        for row in &listed.rows {
            self.reading.ids.insert(row.id.clone());
            self.in_list.insert(row.id.clone());
            self.reading.earlier += u64::from(list.is_earlier(row));
        }
        if self.reading.is_unfiltered() {
            return Err(Misread::Unfiltered);
        }
        Ok(self.reading.writer.add(&listed.json, "json")?)
    }
}

impl<A: PagedApi> WindowReader for Shop<'_, A> {
    type Api = A;
    const VERSION: &'static str = A::VERSION;
    const CONTRADICTION_HINT: &'static str = A::CONTRADICTION_HINT;

    fn api(&mut self) -> &mut A {
        &mut self.api
    }

    async fn read_lists(
        &mut self,
        window: &Window,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Counted>, Misread> {
        let counted = Some(Counted { before: 0, after: 0 });
        let mut lists = OpenLists { reading, in_list: BTreeSet::new(), gaps: 0, counted };
        // The counts of the lists that hold every order once.
        let mut counted = None;
        for (nth, name) in A::LISTS.iter().copied().enumerate() {
            if nth == A::COUNTED_LISTS {
                counted = lists.counted;
            }
            let list = List { window, name, since: self.options.since };
            self.read_list(&list, &mut lists).await?;
        }
        if lists.gaps > 0 {
            let gaps = lists.gaps;
            let warning = format!(
                "the shop left {gaps} orders out of its pages: the key's user may not read them"
            );
            self.api.client().warnings.push(warning);
        }
        Ok(counted)
    }
}

impl<A: PagedApi> Shop<'_, A> {
    /// Reads a list from its last page to its first.
    async fn read_list(
        &mut self,
        list: &List<'_>,
        lists: &mut OpenLists<'_, '_>,
    ) -> Result<(), Misread> {
        let gaps_before = lists.gaps;
        lists.in_list.clear();
        let Size { pages, last, total } = self.size_of(list).await?;
        let mut last_total = total;
        if let Some(listed) = &last {
            lists.take(listed, list, Page::whole(pages, A::SIZES))?;
        }
        let pages_left = pages - u64::from(last.is_some());
        for number in (1..=pages_left).rev() {
            let mut todo: Vec<Page> = Page::whole(number, A::SIZES).split(self.size).collect();
            while let Some(page) = todo.pop() {
                match self.api.page(list, page).await {
                    Ok(listed) => {
                        last_total = listed.total.or(last_total);
                        lists.take(&listed, list, page)?;
                    }
                    Err(RequestError::Fatal(error)) => return Err(error.into()),
                    Err(RequestError::TooMuch(what)) => match page.smaller() {
                        Some(size) => {
                            self.size = size;
                            todo.extend(page.split(size));
                        }
                        None => {
                            self.isolate(list, page, &what, lists).await?;
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
            lists.counted = None;
            return Ok(());
        };
        let found = lists.in_list.len() as u64;
        if found + (lists.gaps - gaps_before) < after {
            return Err(Misread::Incomplete { counted: after, found });
        }
        if let Some(counted) = &mut lists.counted {
            counted.before += total.unwrap_or(after);
            counted.after += after;
        }
        Ok(())
    }

    /// How large a list is. If a shop's headers are stripped by a proxy, it is read page by page
    /// until one has no order.
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
                // The count alone, for a shop that is too slow for the page.
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
                // Too slow for a page, and without counts: only its ids show where the list ends.
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
        let what = format!("answers page {page} of its orders with those of an earlier page");
        self.api.client().unexpected(what, A::CONTRADICTION_HINT)
    }

    /// A page of one order that the shop can't list: it may deliver the order by its id.
    async fn isolate(
        &mut self,
        list: &List<'_>,
        page: Page,
        what: &str,
        lists: &mut OpenLists<'_, '_>,
    ) -> Result<(), Misread> {
        for id in self.api.ids(list, page).await? {
            tracing::warn!(
                order = %id,
                "the shop can't list this order ({what}); it is asked for by its id"
            );
            if self.read_one(&id, lists.reading).await? {
                lists.in_list.insert(id);
            }
        }
        Ok(())
    }
}

/// How large a list is.
struct Size {
    /// Number of pages of the largest size.
    pages: u64,
    /// The last page, if it was read already; it may be empty.
    last: Option<ReceivedPage>,
    total: Option<u64>,
}
