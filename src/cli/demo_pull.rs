//! `demo --pull`: a simulated shop that changes between two nights, pulled and loaded.

use super::demo_parts::{
    DemoFolder, DemoJob, JOB, Promises, RATE, TOKEN, run_json, usual_promises, verification_json,
};
use super::error::CliError;
use super::exit::Exit;
use super::pull::{options_of, window_json, window_line};
use crate::pull::{Folder, PulledWindow, pull};
use crate::report;
use crate::run::{RunReport, Verification};
use crate::settings::{Pull, Settings};
use crate::simulator::any_shop::{AnyShop, Change, System};
use crate::simulator::{Options, Simulator, Summary};
use crate::state::Kind;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Orders of the shop on the first day.
const ORDERS: u64 = 12;
/// What is changed, new and deleted on the second.
const CHANGED: [u64; 2] = [3, 4];
const NEW: [u64; 3] = [ORDERS + 1, ORDERS + 2, ORDERS + 3];
const DELETED: u64 = 7;
/// A night is over: windows end in the past.
const DAY_S: i64 = 86_400;
/// Requests of a night without changes: an empty page and three others.
const QUIET_MAX: u64 = 4;

/// One night: what was pulled, how the run ended, and how many writes the account saw.
struct Night {
    pulled: PulledWindow,
    report: RunReport,
    writes: u64,
}

/// What the demo saw.
struct DemoCounts {
    nights: [Night; 4],
    /// Carts that changed or became orders in the shop's day.
    changed_carts: u64,
    verification: Verification,
}

/// The shop, and the state of its load.
struct Nights<'a> {
    demo: DemoJob<'a>,
    pull: &'a Pull,
    shop: &'a dyn AnyShop,
}

pub(super) async fn show(folder: &DemoFolder<'_>, from: &System) -> Result<Exit, CliError> {
    let options =
        Options { token: TOKEN.to_owned(), requests_per_second: Some(RATE), ..Options::default() };
    let simulator = Simulator::start(options).await.map_err(CliError::failed)?;
    let first = Timestamp::now() - (24 * 30).hours();
    let orders = (1..=ORDERS).map(|id| (id, first + (id as i64).hours())).collect();
    let shop = (from.start)(orders, 0).await.map_err(CliError::failed)?;
    let settings = write_settings(folder, from, &simulator.url(), &shop.url())?;
    folder.show(&format!(
        "A simulated shop at {} is pulled into a simulated ActiveCampaign at {}, over real HTTP.\n",
        shop.url(),
        simulator.url()
    ));
    let demo = DemoJob::new(folder, &settings, &simulator)?;
    let pull = demo.planned.pull.as_ref();
    let pull = pull.ok_or_else(|| CliError::failed("the demo's settings have no pull"))?;
    let seen = Nights { demo, pull, shop: &*shop }.run_steps().await?;
    let summary = simulator.summary();
    let promises = promises(&seen, &summary, &*shop);
    simulator.stop().await;
    let DemoCounts { nights, verification, .. } = seen;
    let json = json!({
        "pulls": nights.iter().map(|night| window_json(JOB, &night.pulled, None)).collect::<Value>(),
        "runs": nights.iter().map(|night| run_json(&night.report)).collect::<Value>(),
        "writes": nights.iter().map(|night| night.writes).collect::<Vec<_>>(),
        "verification": verification_json(&verification),
    });
    Ok(folder.end(&promises, &summary, json))
}

fn write_settings(
    folder: &DemoFolder<'_>,
    from: &System,
    account: &str,
    shop: &str,
) -> Result<Settings, CliError> {
    for (key, secret) in from.secrets {
        folder.write(&format!("shop-{key}"), secret)?;
    }
    let files = from.secrets.iter().map(|(key, _)| format!("{key}_file = \"shop-{key}\"\n"));
    let texts = from.texts.iter().map(|(key, text)| format!("{key} = \"{text}\"\n"));
    let (access, from) = (files.chain(texts).collect::<String>(), from.name);
    let keys = format!(
        "\n[jobs.{JOB}.policy]\ngone = \"delete\"\n\n[jobs.{JOB}.pull]\nfrom = \"{from}\"\n{access}url = \"{shop}\"\n"
    );
    folder.write_settings(account, RATE, "shop", &keys)
}

impl Nights<'_> {
    async fn run_steps(&self) -> Result<DemoCounts, CliError> {
        let folder = self.demo.folder;
        folder.show("\n1. The first night: every order is pulled, then loaded.\n\n");
        let first = self.night(Kind::Backfill, false).await?;
        folder.show(&format!(
            "\n2. The shop's day: {} orders change, {} are new, and one is deleted. The second night pulls what changed.\n\n",
            CHANGED.len(),
            NEW.len()
        ));
        let changed_carts = self.day();
        let second = self.night(Kind::Sync, false).await?;
        folder.show("\n3. A night without changes.\n\n");
        self.shop.set_clock(2 * DAY_S);
        let third = self.night(Kind::Sync, false).await?;
        folder.show(
            "\n4. Once a week everything is pulled again: only that shows what was deleted.\n\n",
        );
        self.shop.set_clock(3 * DAY_S);
        let fourth = self.night(Kind::Sync, true).await?;
        folder.show("\n5. Verify: read everything back and compare it with what was pulled.\n\n");
        let export = self.demo.job.open_whole_export().map_err(CliError::failed)?;
        let verification = self.demo.verify(&export).await?;
        Ok(DemoCounts { nights: [first, second, third, fourth], changed_carts, verification })
    }

    /// Changes the shop. Returns how many of its abandoned carts changed or became orders.
    fn day(&self) -> u64 {
        let before = self.shop.carts();
        self.shop.set_clock(DAY_S);
        let at = Timestamp::now() + 20.hours();
        for id in CHANGED.into_iter().chain(NEW) {
            self.shop.apply(Change::Put { id, total: 5000 + id, at });
        }
        self.shop.apply(Change::Delete { id: DELETED });
        let after = self.shop.carts();
        let changed = |(id, total): &(&u64, &Option<u64>)| match after.get(id) {
            // It expired, and stays unchanged in the account.
            Some(None) => false,
            now => now != Some(total),
        };
        before.iter().filter(changed).count() as u64
    }

    /// Pulls the shop, loads what was pulled, and removes what that replaces.
    async fn night(&self, kind: Kind, is_full: bool) -> Result<Night, CliError> {
        let options = options_of(self.demo.planned, self.pull)?;
        let folder = Folder::open(self.pull.dir.clone())?;
        let pulled = pull(&options, is_full, &folder, CancellationToken::new()).await?;
        drop(folder);
        self.demo.folder.show(&format!("Pulled {}.\n", window_line(&pulled)));
        let (report, writes) = self.demo.load(kind).await?;
        self.demo.job.remove_replaced_windows(&self.demo.view()?)?;
        Ok(Night { pulled, report, writes })
    }
}

/// What ordersync promises of pulls, compared with what shop and account saw.
fn promises(seen: &DemoCounts, summary: &Summary, shop: &dyn AnyShop) -> Promises {
    let DemoCounts { nights, changed_carts, verification } = seen;
    let [_, second, quiet, last] = nights;
    let (orders, carts) = (shop.totals().len(), shop.carts().len());
    let and_carts = match carts {
        0 => String::new(),
        _ => format!(" and {carts} abandoned carts"),
    };
    let sent = &second.report.row;
    let changes = sent.counts.created + sent.counts.updated + sent.customers_created;
    let deleted = last.report.gone.as_ref().map(|gone| gone.deleted.as_slice());
    let mut promises = vec![
        (
            format!("the account holds the shop's {orders} orders{and_carts}, each once"),
            summary.orders == orders + carts,
        ),
        (
            format!("the second night wrote the {changes} changes and nothing else"),
            second.writes == changes && sent.counts.updated == CHANGED.len() as u64 + changed_carts,
        ),
        (
            format!(
                "the night without changes took {} to the shop, and wrote nothing",
                report::many(quiet.pulled.manifest.requests, "request")
            ),
            quiet.pulled.manifest.requests <= QUIET_MAX && quiet.writes == 0,
        ),
        (
            format!("order {DELETED}, which the shop deleted, was deleted, and no other"),
            deleted == Some(&[DELETED.to_string()]),
        ),
    ];
    let reports = nights.iter().map(|night| &night.report);
    promises.extend(usual_promises(reports, verification, summary));
    let is_faultless = shop.violations().is_empty();
    promises.push(("the shop found no fault with any request".to_owned(), is_faultless));
    promises
}
