//! Seeded schedules of a shop's nights in paused time: pulls, runs and removals that fail, are
//! stopped or killed anywhere, of a shop that changes meanwhile. Whatever happens, in the end the
//! account has exactly the shop's orders.

use crate::nights::Loaded;
use crate::random::{Rng, number};
use crate::rehearsal::{End, KillPoint, LastSend, ProcessOptions, Rehearsal};
use jiff::{SignedDuration, Timestamp, ToSpan};
use ordersync::domain::Gone;
use ordersync::pull::{self, Access, Extent, Folder};
use ordersync::run::{Job, Pulls};
use ordersync::simulator::any_shop::{AnyShop, Change, System};
use ordersync::simulator::host_faults::HostFault;
use ordersync::simulator::shops::SHOPS;
use ordersync::simulator::{self, Ending, Fault};
use ordersync::state::{Kind, RunEnd, Store};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Schedules of the quick suite, for each shop; `ORDERSYNC_PROOF_PULL_SCHEDULES` sets another
/// number.
const SCHEDULES: u64 = 12;
/// The most undisturbed nights until everything is loaded.
const CALM_MAX: usize = 12;

/// How a pull ends.
#[derive(Debug, Clone, Copy)]
enum PullEnd {
    Done,
    /// Asked to stop at a request.
    StoppedAt(usize),
    /// Killed at a request.
    KilledAt(usize),
    /// Killed when all files were written but not the manifest.
    KilledBeforeManifest,
}

struct Nights {
    shop: Box<dyn AnyShop>,
    options: pull::Options,
    rehearsal: Rehearsal,
    ahead_s: i64,
    story: Vec<String>,
    /// Kills and stops, by their point.
    ends: BTreeMap<&'static str, u64>,
}

impl Nights {
    async fn new(system: &System, rng: &mut Rng) -> Self {
        let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let placed = |id: u64| first + (id as i64).hours();
        let orders = (1..=rng.within(5..160)).map(|id| (id, placed(id))).collect();
        let shop = (system.start)(orders, rng.below(1000)).await.unwrap();
        let planned = pull::shop_named(system.name).unwrap();
        let mut access = Access::default();
        for (key, secret) in system.secrets {
            access = access.with_secret(key, *secret);
        }
        for (key, text) in system.texts {
            access = access.with(key, *text);
        }
        let options = simulator::Options { requests_per_second: None, ..Default::default() };
        let mut rehearsal = Rehearsal::new(options);
        rehearsal.allowed_per_second = 1000.0;
        rehearsal.rules.policy.gone = Gone::Delete;
        rehearsal.rules.policy.gone_max_percent = 100;
        rehearsal.pulls = Some(Pulls { dir: rehearsal.path("pulls"), keeps_export: true });
        rehearsal.format = planned.format;
        drop(Store::open(&rehearsal.path(""), "main").unwrap());
        let options = pull::Options {
            system: planned,
            url: shop.url(),
            access,
            ca_file: None,
            since: None,
            overlap: SignedDuration::from_hours(1),
            full_every: SignedDuration::from_hours(7 * 24),
            gone_before: Vec::new(),
            wait_max: pull::Options::WAIT_MAX,
        };
        let (story, ends) = (vec![system.name.to_owned()], BTreeMap::new());
        Self { shop, options, rehearsal, ahead_s: 0, story, ends }
    }

    fn job(&self) -> Job {
        self.rehearsal.job()
    }

    /// Advances the shop's clock; returns its time.
    fn pass(&mut self, seconds: u64) -> Timestamp {
        self.ahead_s += seconds as i64;
        self.shop.set_clock(self.ahead_s);
        Timestamp::now() + self.ahead_s.seconds()
    }

    fn change(&self, rng: &mut Rng, at: Timestamp) -> Change {
        let known: Vec<u64> = self.shop.totals().into_keys().collect();
        let total = 2000 + rng.below(90_000);
        match rng.below(6) {
            5 => Change::Silent { id: rng.pick(&known), total },
            0 if known.len() > 3 => Change::Delete { id: rng.pick(&known) },
            1 | 2 => Change::Put { id: known.last().map_or(1, |id| id + 1), total, at },
            _ => Change::Put { id: rng.pick(&known), total, at },
        }
    }

    async fn night(&mut self, rng: &mut Rng) {
        let now = self.pass(600 + rng.below(90_000));
        for _ in 0..rng.below(5) {
            let change = self.change(rng, now - 400.seconds());
            self.story.push(format!("{change:?}"));
            self.shop.apply(change);
        }
        let waits = !self.job().unsettled_windows(&self.rehearsal.view()).unwrap().is_empty();
        // As the program does, although a manual pull remains possible.
        if !waits || rng.percent(15) {
            self.disturb(rng, now);
            let end = pull_end(rng);
            self.pull(end, rng.percent(30)).await;
        }
        if rng.percent(15) {
            self.note("before the run", String::new());
            return;
        }
        self.run(rng).await;
        self.remove_replaced(rng);
    }

    /// Faults of the shop's host, and changes during requests.
    fn disturb(&mut self, rng: &mut Rng, now: Timestamp) {
        for _ in 0..rng.below(3) {
            let busy = HostFault::Busy { status: 429, retry_after: "3".to_owned() };
            let pages = [200, 403, 500, 502, 503, 504].map(HostFault::Page);
            let whole = [HostFault::Gzip, HostFault::Mark, HostFault::Trickle { seconds: 20 }];
            let slow = HostFault::Trickle { seconds: 180 };
            let broken =
                [HostFault::Reset, HostFault::Cut, HostFault::Short, HostFault::Empty, slow, busy];
            self.shop.fail_next(rng.pick(&[&pages[..], &whole, &broken].concat()));
        }
        if rng.percent(30) {
            self.shop.inject_own_fault(rng.below(100));
        }
        let asked = self.shop.requests();
        let mut request = asked;
        for _ in 0..rng.below(3) {
            request += 1 + rng.below(4) as usize;
            let change = self.change(rng, now);
            self.story.push(format!("before request {}: {change:?}", request - asked));
            self.shop.apply_before(request, change);
        }
    }

    async fn pull(&mut self, end: PullEnd, is_full: bool) {
        self.options.gone_before = self.job().gone_before(&self.rehearsal.view()).unwrap();
        let folder = Folder::open(self.rehearsal.path("pulls")).unwrap();
        let (cancel, kill) = (CancellationToken::new(), Arc::new(Notify::new()));
        match end {
            PullEnd::StoppedAt(n) => {
                let cancel = cancel.clone();
                self.shop.call_before(self.shop.requests() + n, Box::new(move || cancel.cancel()));
            }
            PullEnd::KilledAt(n) => {
                let kill = Arc::clone(&kill);
                self.shop
                    .call_before(self.shop.requests() + n, Box::new(move || kill.notify_one()));
            }
            PullEnd::Done | PullEnd::KilledBeforeManifest => {}
        }
        let pulled = tokio::select! {
            biased;
            () = kill.notified() => None,
            pulled = pull::pull(&self.options, is_full, &folder, cancel) => Some(pulled),
        };
        // A change in a later night would have the time of this one.
        self.shop.forget_changes();
        let words = match (&pulled, end) {
            (Some(Ok(window)), PullEnd::KilledBeforeManifest) => {
                std::fs::remove_file(window.dir.join("manifest.json")).unwrap();
                "before the manifest"
            }
            (Some(Ok(_)), _) => "pulled",
            (Some(Err(_)), _) => "failed or stopped in a pull",
            (None, _) => "killed in a pull",
        };
        let shown = pulled.map(|pulled| match pulled {
            Ok(window) => window.name,
            Err(error) => error.to_string(),
        });
        self.note(words, format!("{end:?}, full {is_full}: {shown:?}"));
    }

    async fn run(&mut self, rng: &mut Rng) {
        for _ in 0..rng.below(3) {
            let kinds = [
                simulator::Kind::ResetBefore,
                simulator::Kind::RateLimit,
                simulator::Kind::Stored { then: Ending::Reset },
                simulator::Kind::EmptyBody,
            ];
            self.rehearsal.simulator.inject(Fault::new(rng.pick(&kinds)));
        }
        let n = 1 + rng.below(30);
        let moments = [KillPoint::BeforeItLeaves, KillPoint::OnItsWay, KillPoint::Answered];
        let end = match rng.below(8) {
            0 | 1 => End::Killed(rng.pick(&moments), n),
            2 => End::KilledAt(Duration::from_millis(rng.below(3000))),
            3 => End::StoppedAround(n),
            _ => End::Done,
        };
        let export_is_empty = self.export_is_empty();
        let report = self.live(end).await;
        self.rehearsal.simulator.clear_faults();
        let words = match report {
            Some(RunEnd::Finished) => "ran",
            Some(_) => "stopped in a run",
            None if export_is_empty => "before the first pull",
            None => "killed in a run",
        };
        self.note(words, format!("{end:?}: {report:?}"));
    }

    fn export_is_empty(&self) -> bool {
        Folder::view(self.rehearsal.path("pulls")).export().unwrap().is_empty()
    }

    /// One process; `None` if it was killed, or nothing was pulled yet.
    async fn live(&self, end: End) -> Option<RunEnd> {
        if self.export_is_empty() {
            return None;
        }
        let grace = Duration::from_secs(30);
        let life = ProcessOptions { kind: Kind::Sync, end, last_send: LastSend::LongAgo, grace };
        self.rehearsal.live(life).await.map(|report| report.end)
    }

    /// Removes what a newer full pull replaces, or is killed before or during it.
    fn remove_replaced(&mut self, rng: &mut Rng) {
        let (job, view) = (self.job(), self.rehearsal.view());
        let windows = Folder::view(self.rehearsal.path("pulls")).windows().unwrap();
        let settled = view.settled_windows(&job.name).unwrap();
        let is_loaded_full = |window: &&pull::PulledWindow| {
            window.manifest.window.extent == Extent::Full && settled.contains(&window.name)
        };
        let last = windows.iter().rev().find(is_loaded_full);
        let replaced =
            windows.iter().find(|window| last.is_some_and(|last| window.name < last.name));
        match (rng.below(4), replaced) {
            (0, _) => self.note("before the removal", String::new()),
            (1, Some(window)) => {
                // The manifest is removed first.
                std::fs::remove_file(window.dir.join("manifest.json")).unwrap();
                self.note("in the removal", String::new());
            }
            _ => drop(job.remove_replaced_windows(&view).unwrap()),
        }
    }

    /// Nights without faults, until everything is loaded.
    async fn calm_down(&mut self) {
        for calm in 0..CALM_MAX {
            self.pass(7200);
            if self.job().unsettled_windows(&self.rehearsal.view()).unwrap().is_empty() {
                self.pull(PullEnd::Done, calm >= 6).await;
            }
            let end = self.live(End::Done).await;
            let view = self.rehearsal.view();
            let waits = self.job().unsettled_windows(&view).unwrap();
            let is_full = Folder::view(self.rehearsal.path("pulls")).export().unwrap().len() == 1;
            if end == Some(RunEnd::Finished) && waits.is_empty() && calm >= 7 && is_full {
                self.job().remove_replaced_windows(&view).unwrap();
                return;
            }
        }
        panic!("it never comes to its end");
    }

    fn note(&mut self, words: &'static str, more: String) {
        *self.ends.entry(words).or_default() += 1;
        self.story.push(format!("{words} {more}"));
    }
}

fn pull_end(rng: &mut Rng) -> PullEnd {
    let n = 1 + rng.below(9) as usize;
    match rng.below(10) {
        0 | 1 => PullEnd::StoppedAt(n),
        2..=4 => PullEnd::KilledAt(n),
        5 => PullEnd::KilledBeforeManifest,
        _ => PullEnd::Done,
    }
}

async fn run_schedule(system: &System, seed: u64, nights_out: &mut Option<Nights>) {
    let mut rng = Rng::new(seed);
    let nights = nights_out.insert(Nights::new(system, &mut rng).await);
    for _ in 0..rng.within(2..7) {
        nights.night(&mut rng).await;
    }
    nights.calm_down().await;
    Loaded::of(&nights.rehearsal.simulator.state()).assert_is(&*nights.shop);
    assert_eq!(nights.shop.violations(), [""; 0]);
    let summary = nights.rehearsal.simulator.summary();
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    nights.pass(7200);
    nights.pull(PullEnd::Done, false).await;
    let writes = nights.rehearsal.simulator.summary().writes;
    assert_eq!(nights.live(End::Done).await, Some(RunEnd::Finished));
    assert_eq!(nights.rehearsal.simulator.summary().writes, writes, "nothing is left to send");
}

#[test]
fn after_any_nights_the_account_has_exactly_the_shops_orders() {
    let schedules = number("ORDERSYNC_PROOF_PULL_SCHEDULES").unwrap_or(SCHEDULES);
    let seeds = number("ORDERSYNC_PROOF_SEED").map_or(1..=schedules, |seed| seed..=seed);
    let (mut failed, mut ends) = (Vec::new(), BTreeMap::<&str, u64>::new());
    for seed in seeds.clone() {
        for system in SHOPS {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().start_paused(true).build().unwrap();
            let mut nights = None;
            let ended = catch_unwind(AssertUnwindSafe(|| {
                runtime.block_on(run_schedule(system, seed, &mut nights));
            }));
            let nights = nights.expect("it begins");
            for (words, n) in &nights.ends {
                *ends.entry(words).or_default() += n;
            }
            if ended.is_err() {
                println!("{:#?}\nORDERSYNC_PROOF_SEED={seed} repeats it\n", nights.story);
                failed.push((system.name, seed));
            }
            let _guard = runtime.enter();
            drop(nights);
        }
    }
    println!("{} schedules for each shop: {ends:?}", seeds.count());
    assert!(failed.is_empty(), "seeds that failed: {failed:?}");
}
