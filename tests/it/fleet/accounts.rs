//! Any number of accounts, each at a simulator of its own, and the settings of the nodes.

use super::pace;
use crate::world::{TOKEN, until};
use ordersync::samples::{Expected, GeneratorOptions, generate_csv};
use ordersync::simulator::{Fault, Kind, Latency, Options, Rule, Simulator, Summary};
use std::fmt::Write;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub struct Accounts {
    dir: TempDir,
    accounts: Vec<Account>,
    _runtime: Runtime,
}

struct Account {
    name: String,
    simulator: Simulator,
    generated: GeneratorOptions,
    truth: Expected,
    /// A node was stopped while it held the account: of each request that it was about to send then,
    /// one may have left late.
    was_frozen: bool,
}

/// What was sent beyond the orders and customers.
#[derive(Debug, Default)]
pub struct Extra {
    pub lookups: u64,
    /// Creates beyond one for each order and customer.
    pub creates: u64,
    /// Orders that were sent twice, which the unique key refused.
    pub refused: u64,
    /// The most requests that one account got in one second.
    pub peak: u64,
}

/// [`until`] for what takes a while to find out.
fn seldom_until(what: &str, mut is_so: impl FnMut() -> bool) {
    until(what, || {
        thread::park_timeout(Duration::from_millis(50));
        is_so()
    });
}

impl Accounts {
    pub fn new(accounts: u64, orders: u64, seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let account = |index: u64| {
            let latency = Latency::Lognormal { median_ms: 150, sigma: 0.5 };
            let options = Options {
                token: TOKEN.to_owned(),
                latency,
                seed: seed + index,
                ..Options::default()
            };
            Account {
                name: format!("a{index:03}"),
                simulator: runtime.block_on(Simulator::start(options)).unwrap(),
                generated: GeneratorOptions { orders, seed: seed + index, ..Default::default() },
                truth: Expected::default(),
                was_frozen: false,
            }
        };
        let accounts = (0..accounts).map(account).collect();
        let mut all = Self { dir: TempDir::new().unwrap(), accounts, _runtime: runtime };
        all.publish(0);
        all
    }

    pub fn write_settings(&self, lease_s: u64, at_once_max: usize) {
        let mut text = format!(
            "[fleet]\nurl_file = \"url\"\nlease_s = {lease_s}\naccounts_max = {at_once_max}\n"
        );
        for Account { name, simulator, .. } in &self.accounts {
            let url = simulator.url();
            write!(
                text,
                r#"
[accounts.{name}]
url = "{url}"
token_file = "token"
list_lag_s = 0
in_flight_max = 4

[jobs.{name}]
account = "{name}"
export = ["exports/{name}/*"]
time_zone = "America/New_York"
first_run = "load"
schedule = "* * * * * *"

[jobs.{name}.connection]
service = "shopify"
externalid = "{name}"
name = "{name}"
link_url = "https://shop.example.com"
logo_url = "https://shop.example.com/logo.png"
"#
            )
            .unwrap();
        }
        std::fs::write(self.path("ordersync.toml"), text).unwrap();
        std::fs::write(self.path("token"), TOKEN).unwrap();
        std::fs::set_permissions(self.path("token"), Permissions::from_mode(0o600)).unwrap();
    }

    /// A node with its disk in `dir`, and PostgreSQL at this address.
    pub fn node(&self, dir: &str, url: &str) -> Command {
        let url_file = self.path(&format!("{dir}.url"));
        std::fs::write(&url_file, url).unwrap();
        let mut command = Command::new("/bin/sh");
        // Fewer open files than many accounts take, as systems have it until a process asks for more.
        command
            .args(["-c", r#"ulimit -Sn 256; exec "$0" "$@""#, env!("CARGO_BIN_EXE_ordersync")])
            .arg("--config")
            .arg(self.path("ordersync.toml"))
            .args(["daemon", "--color", "never", "--grace", "5s"])
            .env_clear()
            .env("ORDERSYNC_STATE__DIR", self.path(dir))
            .env("ORDERSYNC_FLEET__URL_FILE", url_file)
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    pub fn remove_dir(&self, dir: &str) {
        std::fs::remove_dir_all(self.path(dir)).unwrap();
    }

    /// So many further orders come to each shop.
    pub fn publish(&mut self, orders: u64) {
        let dir = self.dir.path();
        for Account { name, generated, truth, .. } in &mut self.accounts {
            generated.extra_orders += orders;
            let mut text = Vec::new();
            *truth = generate_csv(generated, &mut text).unwrap();
            std::fs::create_dir_all(dir.join("exports").join(&name)).unwrap();
            std::fs::write(dir.join("half-written"), text).unwrap();
            let export = dir.join("exports").join(&name).join("orders.csv");
            std::fs::rename(dir.join("half-written"), export).unwrap();
        }
    }

    /// No create of an order is answered any more.
    pub fn hold_orders(&self) {
        let held = Fault::new(Kind::Slow { ms: 86_400_000 }).on("POST", "/ecomOrders").forever();
        self.accounts.iter().for_each(|account| account.simulator.inject(held.clone()));
    }

    /// Waits until a create of an order is held in each account.
    pub fn wait_until_held(&self) {
        for Account { name, simulator, .. } in &self.accounts {
            seldom_until(&format!("{name} creates orders"), || simulator.summary().orders > 0);
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
        self.accounts.iter().map(|account| account.truth.valid).sum()
    }

    /// For as long as more and more orders arrive.
    pub fn wait_until_all_arrived(&self) {
        let mut arrived = 0;
        while arrived < self.orders() {
            let orders = || self.summaries().map(|(_, summary)| summary.orders as u64).sum();
            seldom_until("orders arrive", || orders() > arrived);
            arrived = orders();
        }
    }

    /// Waits for so many requests in all.
    pub fn wait_for_requests(&self, requests: u64) {
        let sent = || self.summaries().map(|(_, summary)| summary.requests).sum::<u64>();
        let before = sent();
        seldom_until("requests are sent", || sent() >= before + requests);
    }

    /// Waits until each account had two more runs: one that has nothing to send asks for its connection.
    pub fn wait_for_idle_runs(&self) {
        let asked = |simulator: &Simulator| {
            simulator.summary().by_route.get("GET /connections").copied().unwrap_or_default()
        };
        for Account { name, simulator, .. } in &self.accounts {
            let before = asked(simulator);
            seldom_until(&format!("{name} runs again"), || asked(simulator) >= before + 3);
        }
    }

    fn summaries(&self) -> impl Iterator<Item = (&Account, Summary)> {
        self.accounts.iter().map(|account| (account, account.simulator.summary()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Each order is there once and to the cent, each customer once, and no account got more than it
    /// allows; `lag` is how late this machine may have let a request arrive.
    pub fn assert_exactly_once(&self, lag: Duration) -> Extra {
        let mut extra = Extra::default();
        for (account, summary) in self.summaries() {
            let Account { name, truth, simulator, was_frozen, .. } = account;
            let objections = summary.violations.iter().filter(|found| found.rule != Rule::Paused);
            let objections: Vec<_> = objections.collect();
            assert!(objections.is_empty(), "{name}: {objections:?}");
            assert_eq!(summary.orders as u64, truth.valid, "{name}");
            assert_eq!(summary.customers as u64, truth.customers, "{name}");
            for (code, sum) in &truth.totals {
                let there = &summary.by_currency[*code];
                let there = (there.orders, there.total_minor.unsigned_abs());
                assert_eq!(there, (sum.orders, sum.minor_units), "{name}: {code}");
            }
            let refused = summary.duplicate_orders_refused;
            assert!(*was_frozen || refused == 0, "{name}: {refused} orders were sent twice");
            pace::assert_kept(name, simulator, 5 + usize::from(*was_frozen), lag);
            let of = |route: &str| summary.by_route.get(route).copied().unwrap_or_default();
            extra.lookups += of("GET /ecomOrders") + of("GET /ecomCustomers");
            extra.creates += (of("POST /ecomOrders") + of("POST /ecomCustomers"))
                .saturating_sub(truth.valid + truth.customers);
            extra.refused += refused;
            extra.peak = extra.peak.max(summary.peak_in_one_second);
        }
        extra
    }
}
