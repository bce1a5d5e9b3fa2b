//! Lists in numbered pages: what each shop system defines, and the common part.

use super::error::PullError;
use super::http::RequestError;
use super::order_id::OrderId;
use super::shop_api::ShopApi;
use super::window::Window;
use jiff::Timestamp;

/// The API of a shop whose orders come in numbered pages, in ascending order of their ids.
pub(super) trait PagedApi: ShopApi {
    const VERSION: &'static str;
    /// Orders on a page: the most that the API accepts, then smaller numbers for slow shops. Each
    /// divides the one before, so that a page is split into whole pages; the last is 1.
    const SIZES: &'static [u64];
    /// The names of the lists that hold a window's orders together, in the order in which they are
    /// read. One may come twice, as orders move from one to another meanwhile.
    const LISTS: &'static [&'static str];
    /// How many of the lists hold every order once: the first ones.
    const COUNTED_LISTS: usize;
    /// Whether counts take separate requests, instead of being part of every answer.
    const COUNTS_APART: bool = false;
    /// What to do about a list that contradicts itself.
    const CONTRADICTION_HINT: &'static str;

    /// The page at which the search for a list's end begins, from 1. An estimate.
    fn first_asked(&self, list: &List<'_>) -> u64;

    fn page(
        &mut self,
        list: &List<'_>,
        page: Page,
    ) -> impl Future<Output = Result<ReceivedPage, RequestError>> + Send;

    /// The number of orders in a list, if the shop states it.
    fn count(
        &mut self,
        list: &List<'_>,
    ) -> impl Future<Output = Result<Option<u64>, PullError>> + Send;

    /// The ids on a page whose orders can't be listed completely.
    fn ids(
        &mut self,
        list: &List<'_>,
        page: Page,
    ) -> impl Future<Output = Result<Vec<OrderId>, PullError>> + Send;
}

/// One of the lists that a window consists of.
pub(super) struct List<'a> {
    pub window: &'a Window,
    /// One of [`PagedApi::LISTS`].
    pub name: &'static str,
    /// Leaves out orders placed before.
    pub since: Option<Timestamp>,
}

impl List<'_> {
    /// Whether an order is from before the window. One without a time is not.
    pub(super) fn is_earlier(&self, row: &Row) -> bool {
        self.window.from.zip(row.modified).is_some_and(|(from, modified)| modified < from)
    }
}

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// From 1.
    pub number: u64,
    /// Index of its size among the sizes.
    pub size: usize,
    sizes: &'static [u64],
}

impl Page {
    /// The first page of the smallest size.
    pub(super) fn smallest(sizes: &'static [u64]) -> Self {
        Self { number: 1, size: sizes.len() - 1, sizes }
    }

    /// A page of the largest size.
    pub(super) fn whole(number: u64, sizes: &'static [u64]) -> Self {
        Self { number, size: 0, sizes }
    }

    pub(super) fn len(self) -> u64 {
        self.sizes[self.size]
    }

    /// The next smaller size; `None` for a page of one order.
    pub(super) fn smaller(self) -> Option<usize> {
        (self.size + 1 < self.sizes.len()).then_some(self.size + 1)
    }

    /// The pages of a smaller size that it consists of, in ascending order.
    pub(super) fn split(self, size: usize) -> impl Iterator<Item = Self> {
        let n = self.len() / self.sizes[size];
        let first = (self.number - 1) * n + 1;
        (first..first + n).map(move |number| Self { number, size, ..self })
    }
}

/// The fields of an order that the pull itself reads.
#[derive(Debug)]
pub(super) struct Row {
    pub id: OrderId,
    pub modified: Option<Timestamp>,
}

/// A page that was received.
pub(super) struct ReceivedPage {
    pub rows: Vec<Row>,
    pub json: Vec<u8>,
    /// The shop's count of the whole list, if the answer has it.
    pub total: Option<u64>,
}
