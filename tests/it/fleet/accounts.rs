//! Any number of accounts, each at a simulator of its own, and the settings of the nodes.

use super::encrypted::{authority, front};
use super::pace::{self, Lag};
use crate::nights::Loaded;
use crate::world::{TOKEN, until};
use jiff::{Timestamp, ToSpan};
use ordersync::samples::{Expected, GeneratorOptions, generate_csv};
use ordersync::simulator::any_shop::{AnyShop, Change, System};
use ordersync::simulator::shops::shop_named;
use ordersync::simulator::{Fault, Kind, Latency, Options, Rule, Simulator, Summary};
use std::fmt::Write;
use std::fs::Permissions;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub struct Accounts {
    dir: TempDir,
    accounts: Vec<Account>,
    runtime: Runtime,
}

struct Account {
    name: String,
    simulator: Simulator,
    began: Timestamp,
    /// What the settings name.
    url: String,
    orders: Orders,
    /// A node was stopped while it held the account: of each request that it was about to send
    /// then, one may have left late.
    was_frozen: bool,
}

/// The source of an account's orders.
enum Orders {
    /// From a file.
    Export { generated: GeneratorOptions, truth: Expected },
    /// From a shop, which each node pulls onto its own disk.
    Shop(Box<dyn AnyShop>),
}

/// The pulled shop.
fn woocommerce() -> &'static System {
    shop_named("woocommerce").unwrap()
}

fn placed(id: u64) -> Timestamp {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    first + i64::try_from(id).unwrap().minutes()
}

/// One order changes, and this many are new.
fn publish_in(shop: &dyn AnyShop, orders: u64) {
    if orders == 0 {
        return;
    }
    let (at, there) = (Timestamp::now() - 600.seconds(), shop.totals().len() as u64);
    for id in [1 + there / 2].into_iter().chain(there + 1..=there + orders) {
        shop.apply(Change::Put { id, total: 1000 + there + id, at });
    }
}

impl Account {
    /// The setting by which a node pulls the account's shop into its own folder.
    fn pulls_to(&self, dir: &Path) -> Option<(String, PathBuf)> {
        let Orders::Shop(_) = self.orders else { return None };
        let name = self.name.to_uppercase();
        Some((format!("ORDERSYNC_JOBS__{name}__PULL__DIR"), dir.join("pulls")))
    }
}

impl Orders {
    /// The line of the job's table that names its export.
    fn source(&self, name: &str) -> String {
        match self {
            Self::Export { .. } => format!("export = [\"exports/{name}/*\"]\n"),
            Self::Shop(_) => String::new(),
        }
    }

    /// The table of the shop that the job pulls.
    fn shop(&self, name: &str) -> String {
        let Self::Shop(shop) = self else { return String::new() };
        let (url, system) = (shop.url(), woocommerce());
        let mut table =
            format!("\n[jobs.{name}.pull]\nurl = \"{url}\"\nfrom = \"{}\"\n", system.name);
        for (key, _) in system.secrets {
            writeln!(table, "{key}_file = \"{key}\"").unwrap();
        }
        for (key, text) in system.texts {
            writeln!(table, "{key} = \"{text}\"").unwrap();
        }
        table
    }

    fn count(&self) -> u64 {
        match self {
            Self::Export { truth, .. } => truth.valid,
            Self::Shop(shop) => shop.totals().len() as u64,
        }
    }
}

/// More requests in a second than an account allows.
pub struct BrokenPace<'a> {
    pub account: &'a str,
    /// When the first of them arrived.
    pub at: Timestamp,
    /// By the account's own clock.
    pub arrivals_ms: Vec<u64>,
    /// How late this machine may have let one of them arrive.
    pub lag: Duration,
}

/// Requests beyond one per order and customer.
#[derive(Debug, Default)]
pub struct Extra {
    pub lookups: u64,
    /// Creates beyond one for each order and customer.
    pub creates: u64,
    /// Orders that were sent twice, which the unique key refused.
    pub refused: u64,
    /// The most requests that one account received in one second.
    pub peak: u64,
}

impl Accounts {
    /// `pulled`: one in this many accounts pulls its shop; 0: none does.
    pub fn new(accounts: u64, orders: u64, seed: u64, pulled: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let account = |index: u64| {
            let latency = Latency::Lognormal { median_ms: 150, sigma: 0.5 };
            let options = Options {
                token: TOKEN.to_owned(),
                latency,
                seed: seed + index,
                ..Options::default()
            };
            let orders = match index.checked_rem(pulled) {
                Some(0) => {
                    let orders = (1..=orders).map(|id| (id, placed(id))).collect();
                    Orders::Shop(runtime.block_on((woocommerce().start)(orders, 0)).unwrap())
                }
                _ => {
                    let seed = seed + index;
                    let generated = GeneratorOptions { orders, seed, ..Default::default() };
                    Orders::Export { generated, truth: Expected::default() }
                }
            };
            let began = Timestamp::now();
            let simulator = runtime.block_on(Simulator::start(options)).unwrap();
            let (name, url) = (format!("a{index:03}"), simulator.url());
            Account { name, simulator, began, url, orders, was_frozen: false }
        };
        let made = (0..accounts).map(account).collect();
        let mut all = Self { dir: TempDir::new().unwrap(), accounts: made, runtime };
        all.publish(0..accounts, 0);
        all
    }

    /// The one that the simulators run on.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// All by TLS from now on, with certificates of an authority of this test.
    pub fn encrypt(&mut self) {
        let authority = authority();
        std::fs::copy(authority.pem.path(), self.path("authority.pem")).unwrap();
        for account in &mut self.accounts {
            let config = Arc::clone(&authority.config);
            account.url = self.runtime.block_on(front(config, &account.simulator.url()));
        }
    }

    /// The jobs run every `every_s` seconds, 1 to 60, and not all at the same time.
    pub fn write_settings(&self, lease_s: u64, at_once_max: usize, every_s: u64) {
        let mut text = format!(
            "[fleet]\nurl_file = \"url\"\nlease_s = {lease_s}\naccounts_max = {at_once_max}\n"
        );
        for (index, Account { name, url, orders, .. }) in self.accounts.iter().enumerate() {
            let (source, shop) = (orders.source(name), orders.shop(name));
            let first_s = index as u64 % every_s;
            let seconds: Vec<_> =
                (first_s..60).step_by(every_s as usize).map(|s| s.to_string()).collect();
            let seconds = seconds.join(",");
            let ca_file =
                if url.starts_with("https") { "ca_file = \"authority.pem\"\n" } else { "" };
            write!(
                text,
                r#"
[accounts.{name}]
url = "{url}"
token_file = "token"
list_lag_s = 0
in_flight_max = 4
{ca_file}
[jobs.{name}]
account = "{name}"
{source}time_zone = "America/New_York"
first_run = "load"
schedule = "{seconds} * * * * *"

[jobs.{name}.connection]
service = "shopify"
externalid = "{name}"
name = "{name}"
link_url = "https://shop.example.com"
logo_url = "https://shop.example.com/logo.png"
{shop}"#
            )
            .unwrap();
        }
        std::fs::write(self.path("ordersync.toml"), text).unwrap();
        let secrets = woocommerce().secrets.iter().copied();
        for (file, secret) in secrets.chain([("token", TOKEN)]) {
            std::fs::write(self.path(file), secret).unwrap();
            std::fs::set_permissions(self.path(file), Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// A node with its disk in `dir`, and PostgreSQL at this address.
    pub fn node(&self, dir: &str, url: &str) -> Command {
        let url_file = self.path(&format!("{dir}.url"));
        std::fs::write(&url_file, url).unwrap();
        let mut command = Command::new("/bin/sh");
        // A default soft limit of open files, fewer than many accounts need.
        command
            .args(["-c", r#"ulimit -Sn 256; exec "$0" "$@""#, env!("CARGO_BIN_EXE_ordersync")])
            .arg("--config")
            .arg(self.path("ordersync.toml"))
            .args(["daemon", "--color", "never", "--grace", "5s"])
            .env_clear()
            .env("ORDERSYNC_STATE__DIR", self.path(dir))
            .env("ORDERSYNC_FLEET__URL_FILE", url_file)
            .envs(self.accounts.iter().filter_map(|account| account.pulls_to(&self.path(dir))))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    pub fn remove_dir(&self, dir: &str) {
        std::fs::remove_dir_all(self.path(dir)).unwrap();
    }

    /// The shops of these accounts get this many further orders each; numbers beyond the last
    /// account start again at the first.
    pub fn publish(&mut self, accounts: Range<u64>, orders: u64) {
        let (dir, all) = (self.dir.path(), self.accounts.len() as u64);
        for index in accounts {
            let Account { name, orders: source, .. } = &mut self.accounts[(index % all) as usize];
            let (generated, truth) = match source {
                Orders::Export { generated, truth } => (generated, truth),
                Orders::Shop(shop) => {
                    publish_in(&**shop, orders);
                    continue;
                }
            };
            generated.extra_orders += orders;
            let mut text = Vec::new();
            *truth = generate_csv(generated, &mut text).unwrap();
            std::fs::create_dir_all(dir.join("exports").join(&*name)).unwrap();
            std::fs::write(dir.join("half-written"), text).unwrap();
            let export = dir.join("exports").join(&*name).join("orders.csv");
            std::fs::rename(dir.join("half-written"), export).unwrap();
        }
    }

    /// From now on, no create of an order is answered.
    pub fn hold_orders(&self) {
        let held = Fault::new(Kind::Slow { ms: 86_400_000 }).on("POST", "/ecomOrders").forever();
        self.accounts.iter().for_each(|account| account.simulator.inject(held.clone()));
    }

    /// Waits until a create of an order is held in each account.
    pub fn wait_until_held(&self) {
        for Account { name, simulator, .. } in &self.accounts {
            self.seldom_until(&format!("{name} creates orders"), || simulator.summary().orders > 0);
        }
    }

    pub fn note_frozen(&mut self, names: &[String]) {
        let held = self.accounts.iter_mut().filter(|account| names.contains(&account.name));
        held.for_each(|account| account.was_frozen = true);
    }

    pub fn writes(&self) -> u64 {
        self.summaries().map(|(_, summary)| summary.writes).sum()
    }

    pub fn orders(&self) -> u64 {
        self.accounts.iter().map(|account| account.orders.count()).sum()
    }

    /// Waits, as long as orders keep arriving, until at most this many accounts lack any.
    pub fn wait_until_loading(&self, accounts_max: usize) {
        let all: Vec<u64> = self.accounts.iter().map(|account| account.orders.count()).collect();
        let arrived = || self.accounts.iter().map(|account| account.simulator.order_count() as u64);
        let is_enough =
            || arrived().zip(&all).filter(|(arrived, all)| arrived < all).count() <= accounts_max;
        let mut before = 0;
        while !is_enough() {
            self.seldom_until("orders arrive", || arrived().sum::<u64>() > before);
            before = arrived().sum();
        }
    }

    pub fn wait_until_all_arrived(&self) {
        self.wait_until_loading(0);
        for Account { name, simulator, orders, .. } in &self.accounts {
            if let Orders::Shop(shop) = orders {
                let is_same = || Loaded::of(&simulator.state()).orders == shop.totals();
                self.seldom_until(&format!("{name} has what its shop changed"), is_same);
            }
        }
    }

    /// Waits for this many requests in total.
    pub fn wait_for_requests(&self, requests: u64) {
        let received = self.accounts.iter().map(|account| account.simulator.request_count());
        let sent = || received.clone().sum::<u64>();
        let before = sent();
        self.seldom_until("requests are sent", || sent() >= before + requests);
    }

    /// Waits until each account had two more runs: one with nothing to send queries its connection,
    /// or its shop.
    pub fn wait_for_idle_runs(&self) {
        /// The most requests of a pull without changes.
        const OF_QUIET_PULL: u64 = 4;
        let runs = |account: &Account| match &account.orders {
            Orders::Shop(shop) => shop.requests() as u64 / OF_QUIET_PULL,
            Orders::Export { .. } => {
                let by_route = account.simulator.summary().by_route;
                by_route.get("GET /connections").copied().unwrap_or_default()
            }
        };
        let before: Vec<u64> = self.accounts.iter().map(runs).collect();
        for (account, before) in self.accounts.iter().zip(before) {
            let name = &account.name;
            self.seldom_until(&format!("{name} runs again"), || runs(account) >= before + 3);
        }
    }

    /// [`until`] for conditions that take a while to check, the longer the more accounts there are.
    fn seldom_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let pause = Duration::from_millis(5) * self.accounts.len() as u32;
        until(what, || {
            thread::park_timeout(pause.max(Duration::from_millis(50)));
            is_so()
        });
    }

    fn summaries(&self) -> impl Iterator<Item = (&Account, Summary)> {
        self.accounts.iter().map(|account| (account, account.simulator.summary()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where accounts got more requests than they allow, though no delay of this machine explains
    /// it.
    pub fn paces_broken(&self, lag: &Lag) -> Vec<BrokenPace<'_>> {
        let broken = self.accounts.iter().flat_map(
            |Account { name, began, simulator, was_frozen, .. }| {
                let at = |ms: u64| *began + i64::try_from(ms).unwrap().milliseconds();
                let allowed = 5 + usize::from(*was_frozen);
                let found = pace::too_close(simulator, allowed, |first, last| {
                    lag.between(at(first), at(last))
                });
                found.into_iter().map(move |arrivals_ms| {
                    let lag =
                        lag.between(at(arrivals_ms[0]), at(arrivals_ms[arrivals_ms.len() - 1]));
                    BrokenPace { account: name, at: at(arrivals_ms[0]), arrivals_ms, lag }
                })
            },
        );
        broken.collect()
    }

    /// Each order exists once and to the cent, and each customer once.
    pub fn assert_exactly_once(&self) -> Extra {
        let mut extra = Extra::default();
        for (account, summary) in self.summaries() {
            let Account { name, orders, simulator, was_frozen, .. } = account;
            let objections = summary.violations.iter().filter(|found| found.rule != Rule::Paused);
            let objections: Vec<_> = objections.collect();
            assert!(objections.is_empty(), "{name}: {objections:?}");
            assert_eq!(summary.orders as u64, orders.count(), "{name}");
            match orders {
                Orders::Shop(shop) => {
                    Loaded::of(&simulator.state()).assert_is(&**shop);
                    assert_eq!(shop.violations(), [""; 0], "{name}");
                }
                Orders::Export { truth, .. } => {
                    assert_eq!(summary.customers as u64, truth.customers, "{name}");
                    for (code, sum) in &truth.totals {
                        let there = &summary.by_currency[*code];
                        let there = (there.orders, there.total_minor.unsigned_abs());
                        assert_eq!(there, (sum.orders, sum.minor_units), "{name}: {code}");
                    }
                }
            }
            let refused = summary.duplicate_orders_refused;
            assert!(*was_frozen || refused == 0, "{name}: {refused} orders were sent twice");
            let of = |route: &str| summary.by_route.get(route).copied().unwrap_or_default();
            extra.lookups += of("GET /ecomOrders") + of("GET /ecomCustomers");
            extra.creates += (of("POST /ecomOrders") + of("POST /ecomCustomers"))
                .saturating_sub((summary.orders + summary.customers) as u64);
            extra.refused += refused;
            extra.peak = extra.peak.max(summary.peak_in_one_second);
        }
        extra
    }
}
