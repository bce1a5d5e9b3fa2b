mod bigcommerce;
mod by_id;
mod encrypted;
mod gone;
mod hosts;
mod magento;
mod naive;
mod shopify;
mod shopify_checkouts;
mod squarespace;

use super::manifest::Counted;
use super::options::PullRequest;
use super::*;
use crate::simulator::host_faults::HostFault;
use crate::simulator::woocommerce::{ShopOrder, WooCommerce, WooOptions};
use flate2::read::GzDecoder;
use jiff::ToSpan;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl PartialEq<u64> for OrderId {
    fn eq(&self, number: &u64) -> bool {
        *self == Self::Number(*number)
    }
}

/// Orders with ids from 1, an hour apart.
fn orders(n: u64) -> Vec<ShopOrder> {
    let first = moment("2026-01-01T00:00:00Z");
    (1..=n).map(|id| ShopOrder::new(id, first + (id as i64).hours())).collect()
}

/// A shop, and the pulls of it into a folder.
struct Pulls<S> {
    shop: S,
    options: Options,
    dir: TempDir,
}

impl<S> Pulls<S> {
    fn from(shop: S, url: String, system: &'static ShopSystem, access: Access) -> Self {
        let options = Options {
            system,
            url,
            access,
            ca_file: None,
            since: None,
            overlap: SignedDuration::from_hours(1),
            full_every: SignedDuration::from_hours(7 * 24),
            gone_before: Vec::new(),
            wait_max: Options::WAIT_MAX,
        };
        Self { shop, options, dir: TempDir::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("pulls/shop")
    }

    fn folder(&self) -> Folder {
        Folder::open(self.path()).unwrap()
    }

    async fn pull(&self, request: PullRequest) -> Result<PulledWindow, PullError> {
        self.pull_until(request, CancellationToken::new()).await
    }

    async fn pull_until(
        &self,
        request: PullRequest,
        cancel: CancellationToken,
    ) -> Result<PulledWindow, PullError> {
        (self.options.system.pull)(&self.options, request, &self.folder(), cancel).await
    }
}

impl Pulls<WooCommerce> {
    async fn of(options: WooOptions, orders: Vec<ShopOrder>) -> Self {
        let access = Access::default()
            .with_secret("key", options.key.clone())
            .with_secret("secret", options.secret.clone());
        let shop = WooCommerce::start(options, orders).await.unwrap();
        let url = shop.url();
        Self::from(shop, url, &woocommerce::SYSTEM, access)
    }

    async fn full(&self) -> PulledWindow {
        let window = self.pull(PullRequest::Full).await.unwrap();
        assert_eq!(self.shop.violations(), [""; 0]);
        window
    }

    /// Moves the shop's clock to a moment.
    fn set_clock(&self, now: Timestamp) {
        let ahead = now.duration_since(Timestamp::now()).as_secs();
        self.shop.set_clock(ahead);
    }

    /// Status and total of each order, of its copy in the last file.
    fn export(&self) -> BTreeMap<u64, (String, String)> {
        let mut all = BTreeMap::new();
        for window in self.folder().export().unwrap() {
            window.verify().unwrap();
            for file in window.files() {
                let rows: Vec<serde_json::Value> =
                    serde_json::from_reader(GzDecoder::new(File::open(file).unwrap())).unwrap();
                for row in rows {
                    let text = |name: &str| row[name].as_str().unwrap().to_owned();
                    all.insert(row["id"].as_u64().unwrap(), (text("status"), text("total")));
                }
            }
        }
        all
    }

    /// The orders of the shop, as the export should contain them.
    fn truth(&self) -> BTreeMap<u64, (String, String)> {
        let shown = |order: &ShopOrder| {
            (order.status.clone(), format!("{}.{:02}", order.total / 100, order.total % 100))
        };
        self.shop.orders().iter().map(|order| (order.id, shown(order))).collect()
    }
}

#[tokio::test]
async fn a_full_pull_is_the_whole_shop_and_complete() {
    let pulls = Pulls::of(WooOptions::default(), orders(250)).await;
    let window = pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
    assert_eq!(
        (window.manifest.orders, window.manifest.counted),
        (250, Some(Counted { before: 250, after: 250 }))
    );
    // One request to find the API and count the orders, two for the trash, and the pages.
    assert_eq!((pulls.shop.requests().len(), window.manifest.requests), (6, 6));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&window.dir), 0o700);
    assert!(window.files().all(|file| mode(&file) == 0o600));
    assert_eq!(mode(&pulls.path().join("CACHEDIR.TAG")), 0o600);
}

#[tokio::test]
async fn an_order_deleted_while_pages_are_read_costs_no_other() {
    for request in 3..=7 {
        let pulls = Pulls::of(WooOptions::default(), orders(350)).await;
        pulls.shop.change_before(request, |orders| drop(orders.remove(&5)));
        pulls.full().await;
        let mut export = pulls.export();
        export.remove(&5);
        assert_eq!(export, pulls.truth(), "deleted before request {request}");
    }
}

#[tokio::test]
async fn an_increment_holds_what_changed_and_the_later_file_counts() {
    let pulls = Pulls::of(WooOptions::default(), orders(250)).await;
    let full = pulls.full().await;
    let end = full.manifest.window.to;
    pulls.shop.change(|orders| {
        let order = orders.get_mut(&7).unwrap();
        (order.total, order.modified) = (99_999, end);
        let order = orders.get_mut(&8).unwrap();
        (order.status, order.modified) = ("trash".to_owned(), end);
        orders.insert(251, ShopOrder::new(251, end));
    });
    pulls.shop.set_clock(600);
    let before = pulls.shop.requests().len();
    let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
    assert_eq!(window.manifest.orders, 3);
    assert_eq!(pulls.shop.requests().len() - before, 4);
    assert!(window.manifest.warnings[0].contains("clock is"), "{:?}", window.manifest.warnings);
    assert_eq!(pulls.export(), pulls.truth());
    assert_eq!(pulls.folder().export().unwrap().len(), 2);
    assert_eq!(pulls.shop.violations(), [""; 0]);
}

#[tokio::test]
async fn a_night_takes_the_pages_of_its_overlap_and_three_requests() {
    let pulls = Pulls::of(WooOptions::default(), orders(420)).await;
    let end = pulls.full().await.manifest.window.to;
    pulls.shop.set_clock(600);
    for (changed, requests) in [(0, 4), (99, 4), (100, 4), (101, 5), (301, 7)] {
        pulls.shop.change(|orders| {
            orders.values_mut().take(changed).for_each(|order| order.modified = end);
        });
        let before = pulls.shop.requests().len();
        let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
        assert_eq!(window.manifest.orders, changed as u64);
        assert_eq!(pulls.shop.requests().len() - before, requests, "{changed}");
    }
}

/// The count of the first answer is from another moment than the list.
#[tokio::test]
async fn a_list_that_grows_after_it_was_counted_is_read_whole() {
    let mut orders = orders(250);
    orders.iter_mut().skip(20).for_each(|order| order.status = "trash".to_owned());
    let pulls = Pulls::of(WooOptions::default(), orders).await;
    pulls.shop.change_before(2, |orders| {
        orders.values_mut().for_each(|order| order.status = "completed".to_owned());
    });
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
}

/// Whether or not that counts as a modification.
#[tokio::test]
async fn an_order_that_is_trashed_or_restored_between_lists_is_pulled() {
    for request in 2..=7 {
        for (before, after) in [("completed", "trash"), ("trash", "completed")] {
            let mut orders = orders(250);
            orders[4].status = before.to_owned();
            let pulls = Pulls::of(WooOptions::default(), orders).await;
            pulls.shop.change_before(request, move |orders| {
                orders.get_mut(&5).unwrap().status = after.to_owned();
            });
            let window = pulls.full().await;
            assert_eq!(window.manifest.orders, 250, "{before} before request {request}");
            let status = &pulls.export()[&5].0;
            // After it was read it is unchanged until the next window.
            assert!(status == after || status == before, "{status}");
        }
    }
}

#[tokio::test]
async fn an_emptied_window_has_no_orders_and_keeps_its_time() {
    let pulls = Pulls::of(WooOptions::default(), orders(20)).await;
    let window = pulls.full().await;
    let folder = pulls.folder();
    folder.empty(&window).unwrap();
    let emptied = folder.export().unwrap().remove(0);
    assert_eq!((emptied.files().count(), emptied.manifest.bytes()), (0, 0));
    assert_eq!(fs::read_dir(&window.dir).unwrap().count(), 1);
    // Killed in between.
    fs::write(window.dir.join("000001.json.gz"), "left").unwrap();
    drop(folder);
    drop(pulls.folder());
    assert_eq!(fs::read_dir(&window.dir).unwrap().count(), 1);
    let next = pull(&pulls.options, false, &pulls.folder(), CancellationToken::new()).await;
    assert_eq!(next.unwrap().manifest.window.extent, Extent::Increment);
}

#[tokio::test]
async fn a_shop_that_ignores_the_window_is_pulled_in_full() {
    let pulls = Pulls::of(WooOptions { is_old: true, ..WooOptions::default() }, orders(40)).await;
    let full = pulls.full().await;
    let window = pulls.pull(PullRequest::Since(full.manifest.window.to)).await.unwrap();
    assert_eq!((window.manifest.window.extent, window.manifest.orders), (Extent::Full, 40));
    assert!(window.manifest.warnings[0].contains("ignores modified_after"));
    let left = fs::read_dir(pulls.path()).unwrap();
    let windows = left.filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(windows.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_too_much_are_split() {
    for hides_totals in [false, true] {
        let host = WooOptions { orders_at_once_max: 7, hides_totals, ..WooOptions::default() };
        let pulls = Pulls::of(host, orders(120)).await;
        pulls.full().await;
        assert_eq!(pulls.export(), pulls.truth(), "{hides_totals}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_breaks_its_list_is_read_by_its_id_or_named() {
    let host = WooOptions {
        unlistable: [17, 60, 130].into(),
        broken: [60].into(),
        ..WooOptions::default()
    };
    let pulls = Pulls::of(host, orders(130)).await;
    let window = pulls.full().await;
    assert_eq!(window.manifest.failed, ["60"]);
    // Only the pages around the three are split.
    assert!(window.manifest.requests < 90, "{}", window.manifest.requests);
    assert_eq!(pulls.full().await.manifest.gone, [0_u64; 0]);
    let mut truth = pulls.truth();
    truth.remove(&60);
    assert_eq!(pulls.export(), truth);

    pulls.shop.set(|options| options.broken.clear());
    let window = pulls.pull(PullRequest::Since(window.manifest.window.to)).await.unwrap();
    assert_eq!(window.manifest.failed, [""; 0]);
    assert_eq!(pulls.export(), pulls.truth());
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_does_not_count_leaves_no_warning() {
    // The broken order is met before it is clear that the shop ignores the window.
    let host = WooOptions {
        is_old: true,
        unlistable: [120].into(),
        broken: [120].into(),
        ..WooOptions::default()
    };
    let pulls = Pulls::of(host, orders(130)).await;
    let full = pulls.full().await;
    let window = pulls.pull(PullRequest::Since(full.manifest.window.to)).await.unwrap();
    assert_eq!(window.manifest.failed, ["120"]);
    let [ignored, failed] = &window.manifest.warnings[..] else { panic!("{window:?}") };
    assert!(ignored.contains("ignores modified_after"), "{ignored}");
    assert!(failed.contains("order 120"), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_order_ends_the_pull() {
    let host = WooOptions { unlistable: [7].into(), echoes: Some(8), ..WooOptions::default() };
    let pulls = Pulls::of(host, orders(20)).await;
    let error = pulls.pull(PullRequest::Full).await.unwrap_err().to_string();
    assert!(error.contains("order 8 to a question about order 7"), "{error}");
    assert!(pulls.folder().windows().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_delivers_no_order_at_all_is_unavailable() {
    let all: std::collections::BTreeSet<u64> = (1..=30).collect();
    let host = WooOptions { unlistable: all.clone(), broken: all, ..WooOptions::default() };
    let pulls = Pulls::of(host, orders(30)).await;
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(matches!(error, PullError::Unavailable { .. }), "{error}");
    assert!(pulls.folder().windows().unwrap().is_empty());
}

#[tokio::test]
async fn orders_that_the_key_may_not_read_are_counted() {
    let host = WooOptions { unreadable: [3, 150].into(), ..WooOptions::default() };
    let pulls = Pulls::of(host, orders(150)).await;
    let window = pulls.full().await;
    assert_eq!(window.manifest.orders, 148);
    assert!(
        window.manifest.warnings[0].contains("left 2 orders out"),
        "{:?}",
        window.manifest.warnings
    );
}

#[tokio::test]
async fn a_key_that_the_shop_refuses_is_refused_with_the_way_out() {
    let mut pulls =
        Pulls::of(WooOptions { strips_authorization: true, ..WooOptions::default() }, orders(3))
            .await;
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(matches!(error, PullError::Refused { .. }));
    assert!(error.to_string().contains("key_in_query = true"), "{error}");
    pulls.options.access = pulls.options.access.clone().with("key_in_query", "true");
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
}

#[tokio::test]
async fn a_site_without_the_api_is_named() {
    let mut pulls =
        Pulls::of(WooOptions { folder: "shop".to_owned(), ..WooOptions::default() }, orders(3))
            .await;
    pulls.options.url = pulls.options.url.replace("/shop", "");
    let error = pulls.pull(PullRequest::Full).await.unwrap_err().to_string();
    assert!(error.contains("has no WooCommerce REST API"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_transient_fault_is_waited_out_and_a_lasting_one_is_an_outage() {
    let pulls = Pulls::of(WooOptions::default(), orders(3)).await;
    pulls.shop.fail_next(HostFault::Page(503));
    pulls.shop.fail_next(HostFault::Page(502));
    pulls.full().await;
    (0..4).for_each(|_| pulls.shop.fail_next(HostFault::Page(503)));
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(matches!(error, PullError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn a_window_that_was_cut_off_never_counts() {
    let pulls = Pulls::of(WooOptions::default(), orders(250)).await;
    pulls.full().await;
    let cancel = CancellationToken::new();
    let cut = cancel.clone();
    pulls.shop.change_before(10, move |_| cut.cancel());
    let error = pulls.pull_until(PullRequest::Full, cancel).await.unwrap_err();
    assert!(matches!(error, PullError::Interrupted));
    let path = pulls.path();
    let folders = |path: &std::path::Path| {
        fs::read_dir(path).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count()
    };
    assert_eq!((folders(&path), Folder::view(path.clone()).windows().unwrap().len()), (2, 1));
    pulls.folder();
    assert_eq!(folders(&path), 1);
    let dir = path.join("000009-20260101T000000Z-full");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("000001.json.gz"), "cut").unwrap();
    assert_eq!(Folder::view(path).windows().unwrap().len(), 1);
    assert_eq!(pulls.folder().windows().unwrap().len(), 1);
    assert!(!dir.exists());
}

#[tokio::test]
async fn folders_of_other_names_are_left_alone() {
    let pulls = Pulls::of(WooOptions::default(), orders(1)).await;
    drop(pulls.folder());
    let path = pulls.path().join("2024-01-31");
    fs::create_dir(&path).unwrap();
    pulls.full().await;
    assert!(path.exists());
}

#[tokio::test]
async fn a_pull_that_fails_leaves_no_folder_of_its_window() {
    let pulls = Pulls::of(WooOptions::default(), orders(230)).await;
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    pulls.shop.change_before(4, move |_| stop.cancel());
    let folder = pulls.folder();
    let error = pull(&pulls.options, true, &folder, cancel).await.unwrap_err();
    assert!(matches!(error, PullError::Interrupted), "{error}");
    let entries = fs::read_dir(pulls.path()).unwrap().map(|entry| entry.unwrap().path());
    let folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    assert!(folders.is_empty(), "{folders:?}");
}

#[tokio::test]
async fn another_window_is_full_where_an_increment_would_not_continue_the_export() {
    let mut pulls = Pulls::of(WooOptions::default(), orders(30)).await;
    async fn next(pulls: &Pulls<WooCommerce>) -> Extent {
        let pulled = pull(&pulls.options, false, &pulls.folder(), CancellationToken::new()).await;
        pulled.unwrap().manifest.window.extent
    }
    assert_eq!(next(&pulls).await, Extent::Full);
    assert_eq!(next(&pulls).await, Extent::Increment);
    pulls.options.url.push('/');
    assert_eq!(next(&pulls).await, Extent::Increment);
    pulls.options.since = Some(moment("2026-01-01T10:00:00Z"));
    assert_eq!(next(&pulls).await, Extent::Full);
    assert_eq!(pulls.export().keys().min(), Some(&10));
    pulls.shop.set_clock(-7200);
    assert_eq!(next(&pulls).await, Extent::Full);
    pulls.options.full_every = SignedDuration::ZERO;
    assert_eq!(next(&pulls).await, Extent::Full);
}

#[tokio::test]
async fn a_folder_is_private_and_of_one_pull() {
    let pulls = Pulls::of(WooOptions::default(), orders(1)).await;
    let held = pulls.folder();
    let path = pulls.path();
    assert!(Folder::open(path.clone()).unwrap_err().to_string().contains("another process"));
    drop(held);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    assert!(Folder::open(path.clone()).unwrap_err().to_string().contains("others can read it"));
    assert!(Folder::view(path).export().unwrap_err().to_string().contains("chmod 700"));
}

#[tokio::test]
async fn a_folder_of_another_user_is_refused() {
    let pulls = Pulls::of(WooOptions::default(), orders(1)).await;
    drop(pulls.folder());
    // Only the superuser can change the owner of a folder.
    if std::os::unix::fs::chown(pulls.path(), Some(4711), None).is_ok() {
        let refused = Folder::open(pulls.path()).unwrap_err().to_string();
        assert!(refused.contains("belongs to the user 4711"), "{refused}");
    }
}

#[tokio::test]
async fn everything_is_pulled_again_where_a_file_is_damaged_or_missing() {
    /// A way to damage a file, and the message that it must give.
    type Damage = (fn(&std::path::Path), &'static str);
    let damages: [Damage; 3] = [
        (|file| fs::write(file, b"something else").unwrap(), "is not what was pulled"),
        (|file| drop(File::options().write(true).open(file).unwrap().set_len(99)), "is not what"),
        (|file| fs::remove_file(file).unwrap(), "is missing"),
    ];
    for (damage, what) in damages {
        let pulls = Pulls::of(WooOptions::default(), orders(5)).await;
        let window = pulls.full().await;
        damage(&window.files().next().unwrap());
        let fault = window.verify().unwrap_err().to_string();
        assert!(fault.contains(what) && fault.contains("000001.json.gz"), "{fault}");
        let next = pull(&pulls.options, false, &pulls.folder(), CancellationToken::new()).await;
        assert_eq!(next.unwrap().manifest.window.extent, Extent::Full);
        assert_eq!(pulls.export(), pulls.truth());
    }
}
