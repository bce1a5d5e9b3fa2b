use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::paint::Paint;
use super::plan_ask;
use super::plan_diff::{ComparedWith, PlanDifference, is_same};
use super::private_file::{self, unwritable};
use super::pull::pull_all;
use crate::extract::{Export, ExportFile};
use crate::plan::Assumptions;
use crate::report::{self, PageDetail};
use crate::run::{
    AccountPlanner, Job, KeptDetails, OnChanges, OnRecord, PlanInput, PlannedRecord, Preview,
    RecordChanges, ValueChange, preview_against, preview_since,
};
use crate::settings::Account;
use crate::state::{RunId, View};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Jobs to plan [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Write the plan here as a page for a browser, with charts, samples and every invalid record
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write here what becomes of every record, one JSON object a line
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
    /// Write here every payload that would be sent, one a line: it holds personal data
    #[arg(long, value_name = "FILE")]
    payloads: Option<PathBuf>,
    /// Fetch the shops' orders first, of jobs that have a pull
    #[arg(long)]
    pull: bool,
    /// Ask ActiveCampaign how many of the orders and contacts exist already: reads only, a hundred
    /// a request
    #[arg(long)]
    ask: bool,
    /// Show what changed in the orders that this run, or an earlier one, loaded: which fields, and
    /// why
    #[arg(long, value_name = "RUN")]
    since_run: Option<RunId>,
    /// Show what changed since a plan was saved by `--payloads` or `--jsonl`
    #[arg(long, value_name = "FILE", conflicts_with = "since_run")]
    against: Option<PathBuf>,
    /// Show e-mail addresses unmasked, in the page and with `--against`
    #[arg(long)]
    reveal: bool,
}

pub(super) fn run(global: &Global, args: &PlanArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    if args.reveal && args.html.is_none() && args.against.is_none() {
        return Err(CliError::usage("--reveal needs `--html` or `--against`"));
    }
    let written: Vec<&Path> = [&args.html, &args.jsonl, &args.payloads]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    check_distinct(&written)?;
    let chosen = settings.jobs_named(&args.jobs)?;
    if args.pull {
        pull_all(&settings, &chosen)?;
    }
    let mut jobs = Vec::new();
    for job in &chosen {
        let account = settings.account_of(job)?;
        jobs.push((account, assembly::job(job, account)));
    }
    let assembled: Vec<_> = jobs.iter().map(|(_, job)| job.clone()).collect();
    let exports = assembly::exports(&assembled)?;
    assembly::check_shared_orders(&settings, &chosen, &exports)?;
    // The saved plan is opened before any file is truncated.
    let mut base = ComparedWith::open(
        args.since_run,
        args.against.as_deref(),
        &written,
        &jobs,
        &settings.state_dir,
    )?;
    let mut files = DetailFiles::create(args)?;
    let mut plans = Vec::new();
    let mut by_account: BTreeMap<&str, AccountPlanner> = BTreeMap::new();
    let mut sequence: Vec<_> = jobs.iter().zip(&exports).collect();
    // A run loads jobs of carts last.
    sequence.sort_by_key(|(_, export)| export.holds_carts_only());
    for ((account, job), export) in sequence {
        let view = assembly::view(&settings.state_dir, account)?;
        let planner = by_account.entry(&account.name).or_insert_with(|| {
            AccountPlanner::of(
                jobs.iter().filter(|(other, _)| other.name == account.name).map(|(_, job)| job),
            )
        });
        let assumptions = Assumptions::new(account.requests_per_second, account.in_flight_max);
        let wanted = Wanted { job, export, view, assumptions, args };
        let (preview, detail, difference) = wanted.plan(planner, &mut base, &mut files)?;
        plans.push(PlannedJob { account, job, preview, detail, difference });
    }
    files.finish()?;
    let asked = if args.ask { ask(global, &settings.state_dir, &mut plans) } else { Ok(()) };
    show(global, args, plans, asked)
}

/// Refuses a file that two options name, as each would overwrite what the other writes.
fn check_distinct(written: &[&Path]) -> Result<(), CliError> {
    for (n, path) in written.iter().enumerate() {
        let is_device = path.metadata().is_ok_and(|metadata| !metadata.is_file());
        if !is_device && written[..n].iter().any(|other| is_same(path, other)) {
            return Err(CliError::usage(format!(
                "{} is named by two options\n  hint: write each to a file of its own",
                path.display()
            )));
        }
    }
    Ok(())
}

/// One job, planned.
struct PlannedJob<'a> {
    account: &'a Account,
    job: &'a Job,
    preview: Preview,
    detail: PageDetail,
    difference: Option<PlanDifference>,
}

/// Queries one account after the other.
fn ask(global: &Global, state_dir: &Path, plans: &mut [PlannedJob<'_>]) -> Result<(), CliError> {
    let accounts: BTreeMap<&str, &Account> =
        plans.iter().map(|plan| (plan.account.name.as_str(), plan.account)).collect();
    for account in accounts.into_values() {
        let of_account = plans.iter_mut().filter(|plan| plan.account.name == account.name);
        let mut asked: Vec<_> = of_account.map(|plan| (plan.job, &mut plan.preview)).collect();
        plan_ask::ask(global, state_dir, account, &mut asked)?;
    }
    Ok(())
}

/// Shows the plans, and then why ActiveCampaign could not be queried, if so.
fn show(
    global: &Global,
    args: &PlanArgs,
    plans: Vec<PlannedJob<'_>>,
    asked: Result<(), CliError>,
) -> Result<Exit, CliError> {
    let utc = Timestamp::now().to_zoned(TimeZone::UTC);
    let local = |job: &Job| utc.with_time_zone(job.rules.zone.clone());
    let zone = plans.first().map_or(utc.clone(), |plan| local(plan.job));
    let (mut accounts, mut differences, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for PlannedJob { account, job, preview, mut detail, difference } in plans {
        detail.difference =
            difference.as_ref().map(|difference| difference.comparison(&preview, args.reveal));
        if !global.json {
            let text = report::plan_text(&preview, &local(job), output::width());
            output::print(&format!("{}\n", Paint::of_stdout(global.color).headings(&text)));
            if let Some(comparison) = &detail.difference {
                output::show(&format!("{}\n", comparison.text()));
            }
        }
        accounts.push(account.name.clone());
        differences.push(difference);
        pages.push((preview, detail));
    }
    if let Some(path) = &args.html {
        let page = report::plan_html(&pages, &zone);
        private_file::write(path, page).map_err(|error| unwritable(path, &error))?;
        output::note(&format!("wrote the page to {}", path.display()));
    }
    let previews: Vec<Preview> = pages.into_iter().map(|(preview, _)| preview).collect();
    let by_account: Vec<_> = accounts.into_iter().zip(&previews).collect();
    if !global.json {
        output::show(&report::together_text(&by_account, &utc));
        return asked.map(|()| Exit::Done);
    }
    let mut json = report::plan_json(&previews, &utc);
    json["accounts"] = report::together_json(&by_account, &utc);
    for (n, (preview, difference)) in previews.iter().zip(&differences).enumerate() {
        if let Some(difference) = difference {
            json["plans"][n]["difference"] = difference.json(preview, args.reveal);
        }
    }
    let exit = match asked {
        Ok(()) => Exit::Done,
        Err(error) => {
            json["error"] = error.json_of_run();
            output::report_error(&error.message);
            error.exit
        }
    };
    output::print_json(&json);
    Ok(exit)
}

/// One job to plan.
struct Wanted<'a> {
    job: &'a Job,
    export: &'a Export,
    view: View,
    assumptions: Assumptions,
    args: &'a PlanArgs,
}

impl Wanted<'_> {
    fn plan(
        self,
        planner: &mut AccountPlanner,
        base: &mut ComparedWith,
        files: &mut DetailFiles,
    ) -> Result<(Preview, PageDetail, Option<PlanDifference>), CliError> {
        let Self { job, export, view, assumptions, args } = self;
        let mut detail = PageDetail::new(args.reveal);
        let keep = files.keep(args);
        let is_wanted = args.html.is_some() || files.is_wanted();
        let mut describe = |record: &PlannedRecord, changes: Option<&[ValueChange]>| {
            if args.html.is_some() {
                detail.take(record);
            }
            files.write(&job.name, export.files(), record, changes, args.reveal);
        };
        let input = PlanInput { job, export, view, assumptions, is_asked: args.ask };
        let mut each = |record: PlannedRecord| describe(&record, None);
        let (preview, difference) = match base {
            ComparedWith::Nothing => {
                let on_record = is_wanted.then_some(OnRecord { keep, each: &mut each });
                (planner.preview(input, on_record)?, None)
            }
            ComparedWith::Run(run) => {
                let on_record = is_wanted.then_some(OnRecord { keep, each: &mut each });
                let (preview, since) = preview_since(planner, input, *run, on_record)?;
                (preview, Some(PlanDifference::Since(Box::new(since))))
            }
            ComparedWith::Saved(saved) => {
                let mut each = |(record, changes): RecordChanges| describe(&record, Some(&changes));
                let on_changes = OnChanges { keep, each: &mut each };
                let (preview, diff) = preview_against(planner, input, saved, on_changes)?;
                (preview, Some(PlanDifference::Against(Box::new(diff))))
            }
        };
        Ok((preview, detail, difference))
    }
}

/// The files with a line for each record.
struct DetailFiles {
    records: Option<LineFile>,
    payloads: Option<LineFile>,
}

/// Bytes written at once: an export of a million orders makes 600 MB.
const BUFFER_LEN: usize = 256 * 1024;

/// A file written line by line; after an error nothing more is written to it.
struct LineFile {
    path: PathBuf,
    file: BufWriter<File>,
    failed: Option<io::Error>,
}

impl DetailFiles {
    fn create(args: &PlanArgs) -> Result<Self, CliError> {
        let lines = |path: &Option<PathBuf>| path.as_deref().map(LineFile::create).transpose();
        Ok(Self { records: lines(&args.jsonl)?, payloads: lines(&args.payloads)? })
    }

    fn is_wanted(&self) -> bool {
        self.records.is_some() || self.payloads.is_some()
    }

    fn keep(&self, args: &PlanArgs) -> KeptDetails {
        let (sources, payloads) = (args.html.is_some(), self.payloads.is_some());
        KeptDetails { sources, payloads, ..KeptDetails::default() }
    }

    /// `changes` are those since a saved plan, if there is one: then no other change is shown.
    fn write(
        &mut self,
        job: &str,
        files: &[ExportFile],
        record: &PlannedRecord,
        changes: Option<&[ValueChange]>,
        reveal: bool,
    ) {
        if let Some(records) = &mut self.records {
            let line = match changes {
                Some(changes) => report::compared_record_json(job, files, record, changes, reveal),
                None => report::record_json(job, files, record),
            };
            records.write(|file| writeln!(file, "{line}"));
        }
        if let Some(payloads) = &mut self.payloads {
            payloads.write(|file| report::write_payload(job, record, file));
        }
    }

    fn finish(self) -> Result<(), CliError> {
        for lines in [self.records, self.payloads].into_iter().flatten() {
            lines.finish()?;
        }
        Ok(())
    }
}

impl LineFile {
    fn create(path: &Path) -> Result<Self, CliError> {
        let file = private_file::create(path).map_err(|error| unwritable(path, &error))?;
        let file = BufWriter::with_capacity(BUFFER_LEN, file);
        Ok(Self { path: path.to_owned(), file, failed: None })
    }

    fn write(&mut self, line: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = line(&mut self.file).err();
        }
    }

    fn finish(mut self) -> Result<(), CliError> {
        let flushed = self.file.flush().err();
        match self.failed.or(flushed) {
            Some(error) => Err(unwritable(&self.path, &error)),
            None => Ok(()),
        }
    }
}
