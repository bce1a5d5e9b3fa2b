//! Reads a window until the shop's counts agree, independent of the form of its lists.

use super::error::PullError;
use super::folder::Folder;
use super::gone::PreviousExport;
use super::manifest::{Counted, Manifest, PulledWindow};
use super::options::{Options, PullRequest};
use super::order_id::OrderId;
use super::shop_api::{ShopApi, SingleReads};
use super::window::{Extent, Window, is_ignored};
use super::writer::WindowWriter;
use std::collections::BTreeSet;

/// Times that a window is read before a contradiction in its counts is final.
const READINGS_MAX: u32 = 3;

/// How the orders of a window are listed.
pub(super) trait WindowReader: Send {
    type Api: ShopApi;
    const VERSION: &'static str;
    /// What to do about a list that contradicts itself.
    const CONTRADICTION_HINT: &'static str;
    /// The beginning and end of a page.
    const PAGE: (&'static str, &'static str) = ("[", "]");
    /// A page without orders.
    const EMPTY_PAGE: &'static str = "[]";

    fn api(&mut self) -> &mut Self::Api;

    /// Reads the lists that hold the window's orders. Returns the shop's counts of them.
    fn read_lists(
        &mut self,
        window: &Window,
        reading: &mut Reading<'_>,
    ) -> impl Future<Output = Result<Option<Counted>, Misread>> + Send;

    /// Reads an order that its list can't deliver. Returns whether it still belongs to the window.
    fn read_one(
        &mut self,
        id: &OrderId,
        reading: &mut Reading<'_>,
    ) -> impl Future<Output = Result<bool, PullError>> + Send {
        async {
            let Some(json) = reading.singles.read(self.api(), id).await? else {
                return Ok(reading.singles.failed.contains(id));
            };
            let page = [Self::PAGE.0.as_bytes(), &json, Self::PAGE.1.as_bytes()].concat();
            reading.ids.insert(id.clone());
            reading.writer.add(&page, "json")?;
            Ok(true)
        }
    }
}

/// A window while it is read.
pub(super) struct Reading<'w> {
    pub writer: &'w mut WindowWriter,
    pub ids: BTreeSet<OrderId>,
    pub singles: SingleReads,
    /// Orders from before the window.
    pub earlier: u64,
}

impl Reading<'_> {
    /// Orders found so far.
    pub(super) fn found(&self) -> u64 {
        (self.ids.len() + self.singles.failed.len()) as u64
    }

    /// Whether the shop ignores the window.
    pub(super) fn is_unfiltered(&self) -> bool {
        is_ignored(self.earlier, self.found())
    }
}

/// Why a reading of a window does not count.
pub(super) enum Misread {
    /// The shop ignores the window: all orders are read instead.
    Unfiltered,
    /// Fewer orders than the shop counts.
    Incomplete { counted: u64, found: u64 },
    /// The window is not read again.
    Failed(PullError),
}

impl From<PullError> for Misread {
    fn from(error: PullError) -> Self {
        Self::Failed(error)
    }
}

/// Pulls a window into the folder.
///
/// # Errors
/// When the shop refuses, does not answer or contradicts itself: then nothing of the
/// window counts.
pub(super) async fn pull<R: WindowReader>(
    mut reader: R,
    options: &Options,
    request: PullRequest,
    folder: &Folder,
) -> Result<PulledWindow, PullError> {
    let mut window = request.window(options, reader.api().client().clock.now());
    let last = match window.extent {
        Extent::Increment => folder.windows()?.pop().map(|last| last.manifest),
        Extent::Full => None,
    };
    let retried: Vec<OrderId> = last.iter().flat_map(Manifest::failed_ids).collect();
    let mut writer = folder.begin(&window)?;
    let mut readings = 1;
    let mut warnings_before = reader.api().client().warnings.len();
    let (mut manifest, ids) = loop {
        writer.clear()?;
        // A reading that does not count warns of nothing.
        reader.api().client().warnings.truncate(warnings_before);
        match read(&mut reader, options, &window, &retried, &mut writer).await {
            Ok(read) => break read,
            Err(Misread::Failed(error)) => return Err(error),
            Err(Misread::Unfiltered) => {
                let warnings = &mut reader.api().client().warnings;
                warnings.truncate(warnings_before);
                warnings.push(format!("the shop ignores {}", options.system.ignored_window));
                warnings_before = warnings.len();
                window = Window { extent: Extent::Full, from: None, to: window.to };
                writer.discard()?;
                writer = folder.begin(&window)?;
            }
            Err(Misread::Incomplete { counted, found }) if readings == READINGS_MAX => {
                let what = format!("counts {counted} orders and lists {found}, {readings} times");
                return Err(reader.api().client().unexpected(what, R::CONTRADICTION_HINT));
            }
            Err(Misread::Incomplete { .. }) => readings += 1,
        }
    };
    if window.extent == Extent::Full {
        let present = ids.into_iter().chain(manifest.failed_ids()).collect();
        let previous = PreviousExport { folder, options };
        previous.find_gone(&present, reader.api(), &mut manifest).await?;
    }
    manifest.query = options.query();
    manifest.requests = reader.api().client().requests;
    manifest.warnings = std::mem::take(&mut reader.api().client().warnings);
    writer.commit(manifest)
}

/// Reads the lists, and the orders that the last window could not read.
async fn read<R: WindowReader>(
    reader: &mut R,
    options: &Options,
    window: &Window,
    retried: &[OrderId],
    writer: &mut WindowWriter,
) -> Result<(Manifest, BTreeSet<OrderId>), Misread> {
    let (ids, singles) = (BTreeSet::new(), SingleReads::default());
    let mut reading = Reading { writer, ids, singles, earlier: 0 };
    let counted = reader.read_lists(window, &mut reading).await?;
    for id in retried {
        if !reading.ids.contains(id) && !reading.singles.failed.contains(id) {
            reader.read_one(id, &mut reading).await?;
        }
    }
    if reading.writer.is_empty() {
        // A shop without orders has an export too.
        reading.writer.add(R::EMPTY_PAGE.as_bytes(), "json")?;
    }
    let Reading { ids, singles, .. } = reading;
    let shop = reader.api().client().shop();
    let mut manifest = Manifest::new(options.system.name, R::VERSION, shop, *window);
    (manifest.orders, manifest.counted) = (ids.len() as u64, counted);
    manifest.failed = singles.failed.iter().map(OrderId::to_string).collect();
    Ok((manifest, ids))
}
