//! What the demos have in common: the account and its job, and the promises that they end with.

use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::preflight::Plans;
use super::private_file;
use super::progress::{ProgressDisplay, ProgressForm};
use crate::extract::Export;
use crate::report;
use crate::run::{AccountRunner, Job, JobRun, RunReport, Verification, VerifyRequest, verify};
use crate::settings::{self, Account, Environment, Settings};
use crate::simulator::{Rule, Simulator, Summary};
use crate::state::{Kind, View};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Only the simulator of this process knows it.
pub(super) const TOKEN: &str = "demo-token";
const ACCOUNT: &str = "demo";
pub(super) const JOB: &str = "shop";
/// Requests a second that the account allows.
pub(super) const RATE: u32 = 5;

/// The folder of a demo, and its output.
pub(super) struct DemoFolder<'a> {
    pub global: &'a Global,
    pub dir: PathBuf,
}

impl DemoFolder<'_> {
    /// Shows what happens.
    pub(super) fn show(&self, text: &str) {
        if !self.global.json && !self.global.quiet {
            output::show(text);
        }
    }

    /// Writes the settings of an account at `url` and of a job with these `keys`, and reads them.
    pub(super) fn write_settings(
        &self,
        url: &str,
        rate: u32,
        service: &str,
        keys: &str,
    ) -> Result<Settings, CliError> {
        let text = format!(
            "[state]\ndir = \"state\"\n\n[accounts.{ACCOUNT}]\nurl = \"{url}\"\nrequests_per_second = {rate}\n\
             token_file = \"token\"\n\n[jobs.{JOB}]\naccount = \"{ACCOUNT}\"\ntime_zone = \"America/New_York\"\n\
             {keys}\n[jobs.{JOB}.connection]\nservice = \"{service}\"\nexternalid = \"demo-store\"\n\
             name = \"Demo Store\"\nlink_url = \"https://shop.example.com\"\n\
             logo_url = \"https://shop.example.com/logo.png\"\n"
        );
        self.write("ordersync.toml", &text)?;
        self.write("token", TOKEN)?;
        let environment = Environment::new(&self.dir, []);
        Settings::load(Some(Path::new("ordersync.toml")), &environment).map_err(CliError::from)
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), CliError> {
        private_file::write(&self.dir.join(name), text).map_err(|error| self.failed(&error))
    }

    pub(super) fn failed(&self, error: &std::io::Error) -> CliError {
        CliError::failed(format!("{}: {error}", self.dir.display()))
    }

    /// Shows what the account received and which promises were kept.
    pub(super) fn end(&self, promises: &Promises, summary: &Summary, mut json: Value) -> Exit {
        let is_kept = promises.iter().all(|(_, kept)| *kept);
        let promised = promises.iter().map(|(text, kept)| json!({ "promise": text, "kept": kept }));
        json["promises"] = promised.collect();
        json["simulator"] = json!(summary);
        json["dir"] = self.dir.display().to_string().into();
        output::print_outcome(
            self.global,
            is_kept,
            || json,
            || last_text(summary, promises, &self.dir),
        );
        if is_kept { Exit::Done } else { Exit::Failed }
    }
}

/// What ordersync promises, and whether the account saw it kept.
pub(super) type Promises = Vec<(String, bool)>;

fn last_text(summary: &Summary, promises: &Promises, dir: &Path) -> String {
    let mut text =
        format!("\nWhat the simulated account received\n\n{summary}\n\nWhat was promised\n");
    for (promise, kept) in promises {
        text.push_str(&format!("  {} {promise}\n", if *kept { "kept  " } else { "BROKEN" }));
    }
    text.push_str(&format!("\nExport, settings and state are in {}\n", dir.display()));
    text
}

/// The job of a demo and its account.
pub(super) struct DemoJob<'a> {
    pub folder: &'a DemoFolder<'a>,
    pub planned: &'a settings::Job,
    pub account: &'a Account,
    pub job: Job,
    runner: AccountRunner,
    state_dir: &'a Path,
    simulator: &'a Simulator,
}

impl<'a> DemoJob<'a> {
    pub(super) fn new(
        folder: &'a DemoFolder<'a>,
        settings: &'a Settings,
        simulator: &'a Simulator,
    ) -> Result<Self, CliError> {
        let (planned, account) = assembly::one_job(settings, JOB)?;
        let runner = AccountRunner {
            account: assembly::open_account(&settings.state_dir, account)?,
            cancel: CancellationToken::new(),
            grace: Duration::from_secs(30),
        };
        let job = assembly::job(planned, account);
        let state_dir = &settings.state_dir;
        Ok(Self { folder, planned, account, job, runner, state_dir, simulator })
    }

    pub(super) fn export(&self) -> Result<Export, CliError> {
        self.job.open_export().map_err(CliError::failed)
    }

    pub(super) fn view(&self) -> Result<View, CliError> {
        Ok(View::open(self.state_dir, ACCOUNT)?)
    }

    /// Loads the export. Returns the run's report, and how many writes the account saw of it.
    pub(super) async fn load(&self, kind: Kind) -> Result<(RunReport, u64), CliError> {
        let before = self.simulator.summary().writes;
        let quiet = self.folder.global.quiet;
        let display = ProgressDisplay::new(ProgressForm::Auto, quiet, &Plans::default());
        let run = JobRun {
            job: &self.job,
            kind,
            export: &self.export()?,
            only: None,
            planned: None,
            approved: None,
            progress: &|at| display.show(at),
        };
        let report = self.runner.run(run).await?;
        let writes = self.simulator.summary().writes - before;
        let received = report::many(writes, "write request");
        self.folder.show(&report::run_text(&report));
        self.folder.show(&format!("  The account received {received}.\n"));
        match report.error {
            Some(error) => Err(CliError::failed(error)),
            None => Ok((report, writes)),
        }
    }

    pub(super) async fn verify(&self, export: &Export) -> Result<Verification, CliError> {
        let request = VerifyRequest { record: None, lines: None, progress: &|_| {} };
        let client = &self.runner.account.client;
        let verification = verify(&self.job, export, self.view()?, client, request).await?;
        self.folder.show(&report::verification_text(&verification));
        Ok(verification)
    }
}

/// What every demo promises.
pub(super) fn usual_promises<'r>(
    mut reports: impl Iterator<Item = &'r RunReport>,
    verification: &Verification,
    summary: &Summary,
) -> Promises {
    [
        ("every record read is accounted for", reports.all(|report| report.row.adds_up())),
        ("both sides are the same, order by order", verification.differences_count() == 0),
        ("no automation fired for an old order", summary.triggers_fired == 0),
        ("the account found no fault with any request", !has_faults(summary)),
    ]
    .map(|(promise, kept)| (promise.to_owned(), kept))
    .into()
}

/// Requests during a pause are not counted: if the machine stalls, requests that left on time
/// arrive closer together, and the account asks for a pause while others are in flight.
fn has_faults(summary: &Summary) -> bool {
    summary.violations.iter().any(|violation| violation.rule != Rule::Paused)
}

pub(super) fn run_json(report: &RunReport) -> Value {
    report::runs_json(std::slice::from_ref(report))["runs"][0].clone()
}

pub(super) fn verification_json(verification: &Verification) -> Value {
    report::verification_json(std::slice::from_ref(verification))["verifications"][0].clone()
}
