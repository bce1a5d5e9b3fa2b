use super::assembly;
use super::demo_parts::{
    DemoFolder, DemoJob, Promises, RATE, TOKEN, run_json, usual_promises, verification_json,
};
use super::demo_pull;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::private_file;
use crate::report;
use crate::run::{RunReport, Verification, preview};
use crate::samples::{self, GeneratorOptions};
use crate::settings::Settings;
use crate::simulator::shops::{SHOPS, shop_named};
use crate::simulator::{Options, Simulator, Summary};
use crate::state::Kind;
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
    // It writes settings, a token, state and exports, so the folder must be empty.
    if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        let hint = "hint: name a new folder, or delete this one";
        return Err(CliError::usage(format!("{} is not empty\n  {hint}", dir.display())));
    }
    let folder = DemoFolder { global, dir };
    let show = async {
        if args.pull {
            let from = shop_named(&args.from).ok_or_else(|| CliError::usage("no such shop"))?;
            demo_pull::show(&folder, from).await
        } else {
            Demo { folder, orders: args.orders }.show().await
        }
    };
    assembly::runtime()?.block_on(show)
}

/// A new folder. An earlier process with the same id may have left one of that name.
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

struct Demo<'a> {
    folder: DemoFolder<'a>,
    orders: Option<u64>,
}

/// The results of the steps, for the summary and for `--json`.
struct DemoResults {
    plan: Value,
    runs: Vec<RunReport>,
    writes: Vec<u64>,
    verification: Verification,
    /// Time from before the first request to after the last.
    took: Duration,
}

impl Demo<'_> {
    async fn show(self) -> Result<Exit, CliError> {
        let options = self.simulator_options();
        let simulator = Simulator::start(options).await.map_err(CliError::failed)?;
        self.write_export(Day::First)?;
        let settings = self.write_settings(&simulator.url())?;
        self.folder.show(&self.opening(&simulator.url()));
        let results = self.run_steps(&settings, &simulator).await?;
        let summary = simulator.summary();
        simulator.stop().await;
        let promises = promises(&results, &summary, self.is_limited());
        let json = json!({
            "plan": results.plan["plans"][0],
            "runs": results.runs.iter().map(run_json).collect::<Value>(),
            "writes": results.writes,
            "verification": verification_json(&results.verification),
        });
        Ok(self.folder.end(&promises, &summary, json))
    }

    async fn run_steps(
        &self,
        settings: &Settings,
        simulator: &Simulator,
    ) -> Result<DemoResults, CliError> {
        let demo = DemoJob::new(&self.folder, settings, simulator)?;
        let begun = Instant::now();
        self.folder.show("\n1. Plan: what would happen. Nothing is sent.\n\n");
        let plan = self.plan(&demo)?;
        self.folder.show("\n2. Backfill: everything, once.\n\n");
        let first = demo.load(Kind::Backfill).await?;
        self.folder.show("\n3. Backfill again: everything is already loaded.\n\n");
        let second = demo.load(Kind::Backfill).await?;
        self.folder.show("\n4. The next day's export: some orders changed, some are new. Sync sends only those.\n\n");
        self.write_export(Day::Second)?;
        let third = demo.load(Kind::Sync).await?;
        self.folder.show("\n5. Verify: read everything back and compare it with the export.\n\n");
        let verification = demo.verify(&demo.export()?).await?;
        let (runs, writes) = [first, second, third].into_iter().unzip();
        Ok(DemoResults { plan, runs, writes, verification, took: begun.elapsed() })
    }

    fn plan(&self, demo: &DemoJob<'_>) -> Result<Value, CliError> {
        let rate = demo.account.requests_per_second;
        let preview =
            preview(&demo.job, &demo.export()?, demo.view()?, rate).map_err(CliError::failed)?;
        let now = jiff::Timestamp::now().to_zoned(demo.job.rules.zone.clone());
        self.folder.show(&report::plan_text(&preview, &now, output::width()));
        Ok(report::plan_json(&[preview], &now))
    }

    /// The real rate limit for the small sample, none for many generated orders.
    fn is_limited(&self) -> bool {
        self.orders.is_none()
    }

    fn simulator_options(&self) -> Options {
        let requests_per_second = self.is_limited().then_some(RATE);
        Options { token: TOKEN.to_owned(), requests_per_second, ..Options::default() }
    }

    fn write_export(&self, day: Day) -> Result<(), CliError> {
        self.try_write_export(day).map_err(|error| self.folder.failed(&error))
    }

    fn try_write_export(&self, day: Day) -> std::io::Result<()> {
        let exports = self.folder.dir.join("exports");
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
                let options = GeneratorOptions {
                    orders,
                    seed: 1,
                    changed_permille,
                    extra_orders,
                    ..GeneratorOptions::default()
                };
                samples::generate_csv(&options, &mut file)?;
                file.flush()
            }
        }
    }

    fn write_settings(&self, url: &str) -> Result<Settings, CliError> {
        let rate = if self.is_limited() { RATE } else { 100_000 };
        let keys = "export = [\"exports/orders*.csv\"]\n";
        self.folder.write_settings(url, rate, "shopify", keys)
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

/// What ordersync promises, checked against what the account received.
fn promises(results: &DemoResults, summary: &Summary, is_limited: bool) -> Promises {
    let rows: Vec<_> = results.runs.iter().map(|report| &report.row).collect();
    let (Some(first), Some(third)) = (rows.first(), rows.last()) else { return Vec::new() };
    let sent = third.counts.created + third.counts.updated + third.customers_created;
    let once = first.counts.created + third.counts.created;
    let mut promises = vec![
        (format!("each of {once} orders is there once"), summary.orders as u64 == once),
        ("the second backfill wrote nothing".to_owned(), results.writes.get(1) == Some(&0)),
        (
            format!("the sync wrote the {sent} changes and nothing else"),
            results.writes.get(2) == Some(&sent),
        ),
    ];
    promises.extend(usual_promises(results.runs.iter(), &results.verification, summary));
    if is_limited {
        let most = results.took.as_secs_f64() * f64::from(RATE) + 1.0;
        promises.push((
            "no more than five requests a second were sent".to_owned(),
            summary.requests as f64 <= most,
        ));
    }
    promises
}
