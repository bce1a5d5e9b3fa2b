use super::assembly::{self, Dates};
use super::demo_parts::{ACCOUNT, JOB, RATE, TOKEN, Voice, has_faults, last_word, promises_json};
use super::demo_pull::PullDemo;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::preflight::Plans;
use super::private_file;
use super::progress::{Form, ProgressDisplay};
use crate::extract::Export;
use crate::report;
use crate::run::{
    Job, RunContext, RunReport, Verification, VerifyRequest, execute, preview, verify,
};
use crate::samples::{self, GeneratorOptions};
use crate::settings::{Account, Environment, Settings};
use crate::simulator::shops::{SHOPS, shop_named};
use crate::simulator::{Options, Simulator, Summary};
use crate::state::{Kind, StateHandle, Store, View};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Names to try for a folder among the temporary files.
const TRIES_MAX: u32 = 1_000;
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Generate this many orders instead of taking the sample export; the simulator's rate limit is
    /// then lifted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    orders: Option<u64>,
    /// Pull a simulated shop that changes between two nights, in place of reading an export
    #[arg(long, conflicts_with = "orders")]
    pull: bool,
    /// The system of the shop that is pulled
    #[arg(long, requires = "pull", default_value = "woocommerce",
        value_parser = PossibleValuesParser::new(SHOPS.map(|system| system.name)))]
    from: String,
    /// Where to put export, settings and state [default: a new folder among the temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(global: &Global, args: &DemoArgs) -> Result<Exit, CliError> {
    let dir = match &args.dir {
        Some(dir) => fs::create_dir_all(dir).map(|()| dir.clone()),
        None => new_folder(),
    };
    let named = || args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let dir = dir.map_err(|error| CliError::usage(format!("{}: {error}", named().display())))?;
    // It writes settings, a token, state and exports: never among somebody's own files.
    if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        let hint = "hint: name a new folder, or delete this one";
        return Err(CliError::usage(format!("{} is not empty\n  {hint}", dir.display())));
    }
    let voice = Voice { json: global.json, quiet: global.quiet };
    let show = async {
        if args.pull {
            let from = shop_named(&args.from).ok_or_else(|| CliError::usage("no such shop"))?;
            PullDemo { dir, voice }.show(from).await
        } else {
            Demo { dir, orders: args.orders, voice }.show().await
        }
    };
    assembly::runtime()?.block_on(show)
}

/// A folder that was not there. One by the number of this process may be left from another of that
/// number.
fn new_folder() -> std::io::Result<PathBuf> {
    let mut tries = 0_u32;
    loop {
        let dir =
            std::env::temp_dir().join(format!("ordersync-demo-{}-{tries}", std::process::id()));
        match fs::create_dir(&dir) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < TRIES_MAX => {
                tries += 1
            }
            made => return made.map(|()| dir),
        }
    }
}

/// The stage of the demo: its folder, and how loud it is.
struct Demo {
    dir: PathBuf,
    orders: Option<u64>,
    voice: Voice,
}

/// What each act came to, for the last word and for `--json`.
struct Acts {
    plan: Value,
    runs: Vec<RunReport>,
    writes: Vec<u64>,
    verification: Verification,
    summary: Summary,
    /// From before the first request to after the last.
    took: Duration,
}

impl Demo {
    async fn show(self) -> Result<Exit, CliError> {
        let simulator =
            Simulator::start(self.simulator_options()).await.map_err(CliError::failed)?;
        self.write_export(Day::First).map_err(|error| self.at_fault(&error))?;
        let settings = self.write_settings(&simulator.url())?;
        self.say(&self.opening(&simulator.url()));
        let acts = self.perform(&settings, &simulator).await?;
        simulator.stop().await;
        let promises = promises(&acts, self.is_limited());
        let kept = promises.iter().all(|(_, kept)| *kept);
        self.voice.end(
            kept,
            || acts_json(&acts, &promises, &self.dir),
            || last_word(&acts.summary, &promises, &self.dir),
        );
        Ok(if kept { Exit::Done } else { Exit::Failed })
    }

    async fn perform(&self, settings: &Settings, simulator: &Simulator) -> Result<Acts, CliError> {
        let (account, job) = self.parts(settings)?;
        let store = Store::open(&settings.state_dir, ACCOUNT)?;
        let client = assembly::client(account, Some(store.lock()))?;
        let state = StateHandle::open(store);
        let stage = Stage {
            demo: self,
            settings,
            account,
            job: &job,
            client: &client,
            state: &state,
            simulator,
        };

        let begun = Instant::now();
        self.say("\n1. Plan: what would happen. Nothing is sent.\n\n");
        let plan = stage.plan()?;
        self.say("\n2. Backfill: everything, once.\n\n");
        let first = stage.run(Kind::Backfill).await?;
        self.say("\n3. Backfill again: everything is already loaded.\n\n");
        let second = stage.run(Kind::Backfill).await?;
        self.say("\n4. The next day's export: some orders changed, some are new. Sync sends only those.\n\n");
        self.write_export(Day::Second).map_err(|error| self.at_fault(&error))?;
        let third = stage.run(Kind::Sync).await?;
        self.say("\n5. Verify: read everything back and compare it with the export.\n\n");
        let verification = stage.verify().await?;
        let (runs, writes) = [first, second, third].into_iter().unzip();
        let (summary, took) = (simulator.summary(), begun.elapsed());
        Ok(Acts { plan, runs, writes, verification, summary, took })
    }

    fn parts<'a>(&self, settings: &'a Settings) -> Result<(&'a Account, Job), CliError> {
        let chosen = settings.jobs_named(&[JOB.to_owned()])?;
        let job =
            chosen.first().ok_or_else(|| CliError::failed("the demo's settings have no job"))?;
        let account = settings.account_of(job)?;
        Ok((account, assembly::job(job, account, Dates::default())))
    }

    /// The real limit where the sample is small enough to display; a crowd of generated orders goes
    /// unlimited.
    fn is_limited(&self) -> bool {
        self.orders.is_none()
    }

    fn simulator_options(&self) -> Options {
        let requests_per_second = self.is_limited().then_some(RATE);
        Options { token: TOKEN.to_owned(), requests_per_second, ..Options::default() }
    }

    fn write_export(&self, day: Day) -> std::io::Result<()> {
        let exports = self.dir.join("exports");
        fs::create_dir_all(&exports)?;
        let path = exports.join("orders_export_1.csv");
        match self.orders {
            None => private_file::write(
                &path,
                if day == Day::First {
                    samples::demo_orders()
                } else {
                    samples::demo_orders_changed()
                },
            ),
            Some(orders) => {
                let (changed_permille, extra_orders) =
                    if day == Day::First { (0, 0) } else { (10, orders.div_ceil(100)) };
                let mut file = BufWriter::new(private_file::create(&path)?);
                let plan = GeneratorOptions {
                    orders,
                    seed: 1,
                    changed_permille,
                    extra_orders,
                    ..GeneratorOptions::default()
                };
                samples::generate_csv(&plan, &mut file)?;
                file.flush()
            }
        }
    }

    fn write_settings(&self, url: &str) -> Result<Settings, CliError> {
        let rate = if self.is_limited() { RATE } else { 100_000 };
        let text = format!(
            "[state]\ndir = \"state\"\n\n[accounts.{ACCOUNT}]\nurl = \"{url}\"\nrequests_per_second = {rate}\n\
             token_file = \"token\"\n\n[jobs.{JOB}]\naccount = \"{ACCOUNT}\"\nexport = [\"exports/orders*.csv\"]\n\
             time_zone = \"America/New_York\"\n\n[jobs.{JOB}.connection]\nservice = \"shopify\"\n\
             externalid = \"demo-store\"\nname = \"Demo Store\"\nlink_url = \"https://shop.example.com\"\n\
             logo_url = \"https://shop.example.com/logo.png\"\n"
        );
        let file = self.dir.join("ordersync.toml");
        private_file::write(&file, text).map_err(|error| self.at_fault(&error))?;
        private_file::write(&self.dir.join("token"), TOKEN)
            .map_err(|error| self.at_fault(&error))?;
        let environment = Environment::new(&self.dir, []);
        Settings::load(Some(Path::new("ordersync.toml")), &environment).map_err(CliError::from)
    }

    fn at_fault(&self, error: &std::io::Error) -> CliError {
        CliError::failed(format!("{}: {error}", self.dir.display()))
    }

    fn say(&self, text: &str) {
        self.voice.say(text);
    }

    fn opening(&self, url: &str) -> String {
        let orders = match self.orders {
            None => "A small shop's order export".to_owned(),
            Some(orders) => format!("An export of {} generated orders", report::count(orders)),
        };
        let limit = if self.is_limited() {
            "It allows five requests a second, as the real one does."
        } else {
            "Its limit of five requests a second is lifted for this many orders."
        };
        format!(
            "{orders} goes into a simulated ActiveCampaign at {url}, over real HTTP.\n{limit}\n"
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    First,
    Second,
}

/// What every act needs.
struct Stage<'a> {
    demo: &'a Demo,
    settings: &'a Settings,
    account: &'a Account,
    job: &'a Job,
    client: &'a crate::activecampaign::Client,
    state: &'a StateHandle,
    simulator: &'a Simulator,
}

impl Stage<'_> {
    fn export(&self) -> Result<Export, CliError> {
        self.job.open_export().map_err(CliError::failed)
    }

    fn view(&self) -> Result<View, CliError> {
        Ok(View::open(&self.settings.state_dir, ACCOUNT)?)
    }

    fn plan(&self) -> Result<Value, CliError> {
        let preview =
            preview(self.job, &self.export()?, self.view()?, self.account.requests_per_second)
                .map_err(CliError::failed)?;
        let now = jiff::Timestamp::now().to_zoned(self.job.rules.zone.clone());
        self.demo.say(&report::plan_text(&preview, &now, output::width()));
        Ok(report::plan_json(&[preview], &now))
    }

    /// The run's report, and how many writes the account saw of it.
    async fn run(&self, kind: Kind) -> Result<(RunReport, u64), CliError> {
        let before = self.simulator.summary().writes;
        let export = self.export()?;
        let display = ProgressDisplay::new(Form::Auto, self.demo.voice.quiet, &Plans::default());
        let report = execute(RunContext {
            job: self.job,
            kind,
            export: &export,
            state: self.state,
            client: self.client,
            cancel: CancellationToken::new(),
            grace: Duration::from_secs(30),
            only: None,
            planned: None,
            approved: None,
            progress: &|at| display.show(at),
        })
        .await?;
        let writes = self.simulator.summary().writes - before;
        self.demo.say(&report::run_text(&report));
        self.demo
            .say(&format!("  The account received {} write requests.\n", report::count(writes)));
        match report.error {
            Some(error) => Err(CliError::failed(error)),
            None => Ok((report, writes)),
        }
    }

    async fn verify(&self) -> Result<Verification, CliError> {
        let request = VerifyRequest { record: None, lines: None, progress: &|_| {} };
        let verification =
            verify(self.job, &self.export()?, self.view()?, self.client, request).await?;
        self.demo.say(&report::verification_text(&verification));
        Ok(verification)
    }
}

/// What ordersync promises, compared with what the account saw.
fn promises(acts: &Acts, is_limited: bool) -> Vec<(String, bool)> {
    let rows: Vec<_> = acts.runs.iter().map(|report| &report.row).collect();
    let (Some(first), Some(third)) = (rows.first(), rows.last()) else { return Vec::new() };
    let summary = &acts.summary;
    let sent = third.counts.created + third.counts.updated + third.customers_created;
    let once = first.counts.created + third.counts.created;
    let mut promises = vec![
        (format!("each of {once} orders is there once"), summary.orders as u64 == once),
        ("the second backfill wrote nothing".to_owned(), acts.writes.get(1) == Some(&0)),
        (
            format!("the sync wrote the {sent} changes and nothing else"),
            acts.writes.get(2) == Some(&sent),
        ),
        ("every record read is accounted for".to_owned(), rows.iter().all(|row| row.adds_up())),
        (
            "both sides are the same, order by order".to_owned(),
            acts.verification.differences_count() == 0,
        ),
        ("no automation fired for an old order".to_owned(), summary.triggers_fired == 0),
        ("the account found no fault with any request".to_owned(), !has_faults(summary)),
    ];
    if is_limited {
        let most = acts.took.as_secs_f64() * f64::from(RATE) + 1.0;
        promises.push((
            "no more than five requests a second were sent".to_owned(),
            summary.requests as f64 <= most,
        ));
    }
    promises
}

fn acts_json(acts: &Acts, promises: &[(String, bool)], dir: &Path) -> Value {
    json!({
        "plan": acts.plan["plans"][0],
        "runs": report::runs_json(&acts.runs)["runs"],
        "writes": acts.writes,
        "verification": report::verification_json(std::slice::from_ref(&acts.verification))["verifications"][0],
        "simulator": acts.summary,
        "promises": promises_json(promises),
        "dir": dir.display().to_string(),
    })
}
