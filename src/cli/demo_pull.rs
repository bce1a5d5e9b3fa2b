//! `demo --pull`: a simulated shop that changes between two nights, pulled and loaded.

use super::assembly::{self, Dates};
use super::demo_parts::{ACCOUNT, JOB, RATE, TOKEN, Voice, has_faults, last_word, promises_json};
use super::error::CliError;
use super::exit::Exit;
use super::preflight::Plans;
use super::private_file;
use super::progress::{Form, ProgressDisplay};
use super::pull::{options_of, window_json, window_line};
use crate::pull::{Folder, PulledWindow, pull};
use crate::report;
use crate::run::{AccountRunner, Job, JobRun, RunReport, Verification, VerifyRequest, verify};
use crate::settings::{self, Environment, Pull, Settings};
use crate::simulator::any_shop::{AnyShop, Change, System};
use crate::simulator::{Options, Simulator};
use crate::state::{Kind, View};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
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

/// The folder of the demo, and what it prints.
pub(super) struct PullDemo {
    pub dir: PathBuf,
    pub voice: Voice,
}

/// One night: what was pulled, what came of it, and how many writes the account saw.
struct Night {
    pulled: PulledWindow,
    report: RunReport,
    writes: u64,
}

/// What the demo saw.
struct Seen {
    nights: [Night; 4],
    /// Carts that changed or became orders in the shop's day.
    changed_carts: u64,
    verification: Verification,
}

/// What every night needs.
struct Stage<'a> {
    demo: &'a PullDemo,
    settings: &'a Settings,
    planned: &'a settings::Job,
    pull: &'a Pull,
    job: Job,
    runner: AccountRunner,
    simulator: &'a Simulator,
    shop: &'a dyn AnyShop,
}

impl PullDemo {
    pub(super) async fn show(self, from: &System) -> Result<Exit, CliError> {
        let options = Options {
            token: TOKEN.to_owned(),
            requests_per_second: Some(RATE),
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.map_err(CliError::failed)?;
        let first = Timestamp::now() - (24 * 30).hours();
        let orders = (1..=ORDERS).map(|id| (id, first + (id as i64).hours())).collect();
        let shop = (from.start)(orders, 0).await.map_err(CliError::failed)?;
        let settings = self.write_settings(from, &simulator.url(), &shop.url())?;
        self.say(&format!(
            "A simulated shop at {} is pulled into a simulated ActiveCampaign at {}, over real HTTP.\n",
            shop.url(),
            simulator.url()
        ));
        let chosen = settings.jobs_named(&[JOB.to_owned()])?;
        let pulled = chosen.first().and_then(|job| Some((*job, job.pull.as_ref()?)));
        let (planned, pull) =
            pulled.ok_or_else(|| CliError::failed("the demo's settings have no pull"))?;
        let account = settings.account_of(planned)?;
        let runner = AccountRunner {
            account: assembly::open_account(&settings.state_dir, account)?,
            cancel: CancellationToken::new(),
            grace: Duration::from_secs(30),
        };
        let job = assembly::job(planned, account, Dates::default());
        let stage = Stage {
            demo: &self,
            settings: &settings,
            planned,
            pull,
            job,
            runner,
            simulator: &simulator,
            shop: &*shop,
        };
        let seen = stage.perform().await?;
        drop(stage);
        let promises = promises(&seen, (&simulator, &*shop));
        let Seen { nights, verification, .. } = seen;
        let summary = simulator.summary();
        simulator.stop().await;
        let kept = promises.iter().all(|(_, kept)| *kept);
        let object = || {
            json!({
                "pulls": nights.iter().map(|night| window_json(JOB, &night.pulled, None)).collect::<Value>(),
                "runs": nights.iter().map(|night| report::runs_json(std::slice::from_ref(&night.report))["runs"][0].clone()).collect::<Value>(),
                "writes": nights.iter().map(|night| night.writes).collect::<Vec<_>>(),
                "verification": report::verification_json(std::slice::from_ref(&verification))["verifications"][0],
                "simulator": summary,
                "promises": promises_json(&promises),
                "dir": self.dir.display().to_string(),
            })
        };
        self.voice.end(kept, object, || last_word(&summary, &promises, &self.dir));
        Ok(if kept { Exit::Done } else { Exit::Failed })
    }

    fn write_settings(
        &self,
        from: &System,
        account: &str,
        shop: &str,
    ) -> Result<Settings, CliError> {
        let files = from.secrets.iter().map(|(key, _)| format!("{key}_file = \"shop-{key}\"\n"));
        let texts = from.texts.iter().map(|(key, text)| format!("{key} = \"{text}\"\n"));
        let access: String = files.chain(texts).collect();
        let from_name = from.name;
        let text = format!(
            "[state]\ndir = \"state\"\n\n[accounts.{ACCOUNT}]\nurl = \"{account}\"\nrequests_per_second = {RATE}\n\
             token_file = \"token\"\n\n[jobs.{JOB}]\naccount = \"{ACCOUNT}\"\ntime_zone = \"America/New_York\"\n\n\
             [jobs.{JOB}.policy]\ngone = \"delete\"\n\n[jobs.{JOB}.pull]\nfrom = \"{from_name}\"\n{access}url = \"{shop}\"\n\n\
             [jobs.{JOB}.connection]\nservice = \"shop\"\nexternalid = \"demo-store\"\nname = \"Demo Store\"\n\
             link_url = \"https://shop.example.com\"\nlogo_url = \"https://shop.example.com/logo.png\"\n"
        );
        let own = [("ordersync.toml".to_owned(), text), ("token".to_owned(), TOKEN.to_owned())];
        let secrets = from.secrets.iter();
        let secrets = secrets.map(|(key, secret)| (format!("shop-{key}"), (*secret).to_owned()));
        for (name, text) in own.into_iter().chain(secrets) {
            let path = self.dir.join(name);
            private_file::write(&path, text)
                .map_err(|error| CliError::failed(format!("{}: {error}", path.display())))?;
        }
        let environment = Environment::new(&self.dir, []);
        Settings::load(Some(Path::new("ordersync.toml")), &environment).map_err(CliError::from)
    }

    fn say(&self, text: &str) {
        self.voice.say(text);
    }
}

impl Stage<'_> {
    async fn perform(&self) -> Result<Seen, CliError> {
        let demo = self.demo;
        demo.say("\n1. The first night: every order is pulled, then loaded.\n\n");
        let first = self.night(Kind::Backfill, false).await?;
        demo.say(&format!(
            "\n2. The shop's day: {} orders change, {} are new, and one is deleted. The second night pulls what changed.\n\n",
            CHANGED.len(),
            NEW.len()
        ));
        let changed_carts = self.day();
        let second = self.night(Kind::Sync, false).await?;
        demo.say("\n3. A night without changes.\n\n");
        self.shop.set_clock(2 * DAY_S);
        let third = self.night(Kind::Sync, false).await?;
        demo.say(
            "\n4. Once a week everything is pulled again: only that shows what was deleted.\n\n",
        );
        self.shop.set_clock(3 * DAY_S);
        let fourth = self.night(Kind::Sync, true).await?;
        demo.say("\n5. Verify: read everything back and compare it with what was pulled.\n\n");
        let request = VerifyRequest { record: None, lines: None, progress: &|_| {} };
        let export = self.job.open_whole_export().map_err(CliError::failed)?;
        let client = &self.runner.account.client;
        let verification = verify(&self.job, &export, self.view()?, client, request).await?;
        demo.say(&report::verification_text(&verification));
        Ok(Seen { nights: [first, second, third, fourth], changed_carts, verification })
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
            // It expired, and stays as it is at the account.
            Some(None) => false,
            now => now != Some(total),
        };
        before.iter().filter(changed).count() as u64
    }

    /// Pulls the shop, loads what was pulled, and removes what that replaces.
    async fn night(&self, kind: Kind, is_full: bool) -> Result<Night, CliError> {
        let options = options_of(self.planned, self.pull)?;
        let folder = Folder::open(self.pull.dir.clone())?;
        let pulled = pull(&options, is_full, &folder, CancellationToken::new()).await?;
        drop(folder);
        self.demo.say(&format!("Pulled {}.\n", window_line(&pulled)));
        let before = self.simulator.summary().writes;
        let export = self.job.open_export().map_err(CliError::failed)?;
        let display = ProgressDisplay::new(Form::Auto, self.demo.voice.quiet, &Plans::default());
        let run = JobRun {
            job: &self.job,
            kind,
            export: &export,
            only: None,
            planned: None,
            approved: None,
            progress: &|at| display.show(at),
        };
        let report = self.runner.run(run).await?;
        let writes = self.simulator.summary().writes - before;
        self.demo.say(&report::run_text(&report));
        self.demo
            .say(&format!("  The account received {}.\n", report::many(writes, "write request")));
        self.job.remove_replaced_windows(&self.view()?)?;
        match report.error {
            Some(error) => Err(CliError::failed(error)),
            None => Ok(Night { pulled, report, writes }),
        }
    }

    fn view(&self) -> Result<View, CliError> {
        Ok(View::open(&self.settings.state_dir, ACCOUNT)?)
    }
}

/// What ordersync promises of pulls, compared with what shop and account saw.
fn promises(
    Seen { nights, changed_carts, verification }: &Seen,
    (simulator, shop): (&Simulator, &dyn AnyShop),
) -> Vec<(String, bool)> {
    let [_, second, quiet, last] = nights;
    let summary = simulator.summary();
    let (orders, carts) = (shop.totals().len(), shop.carts().len());
    let and_carts = match carts {
        0 => String::new(),
        _ => format!(" and {carts} abandoned carts"),
    };
    let sent = &second.report.row;
    let changes = sent.counts.created + sent.counts.updated + sent.customers_created;
    let deleted = last.report.gone.as_ref().map(|gone| gone.deleted.as_slice());
    vec![
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
        (
            "every record read is accounted for".to_owned(),
            nights.iter().all(|night| night.report.row.adds_up()),
        ),
        (
            "both sides are the same, order by order".to_owned(),
            verification.differences_count() == 0,
        ),
        ("no automation fired for an old order".to_owned(), summary.triggers_fired == 0),
        ("the account found no fault with any request".to_owned(), !has_faults(&summary)),
        ("the shop found no fault with any request".to_owned(), shop.violations().is_empty()),
    ]
}
