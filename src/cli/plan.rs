use super::assembly::{self, Dates};
use super::exit::{Exit, Fault};
use super::{Global, output};
use crate::extract::{Export, ExportFile};
use crate::report::{self, Detail};
use crate::run::{Job, Judged, Preview, preview};
use crate::state::View;
use clap::Args;
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
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
    /// Show addresses in the page as they are
    #[arg(long, requires = "html")]
    reveal: bool,
}

pub(super) fn run(global: &Global, args: &PlanArgs) -> Result<Exit, Fault> {
    let settings = assembly::settings(global)?;
    let chosen = settings.jobs_named(&args.jobs).map_err(Fault::usage)?;
    let mut jobs = Vec::new();
    for job in &chosen {
        let account = settings.account_of(job).map_err(Fault::usage)?;
        jobs.push((account, assembly::job(job, account, Dates::default())));
    }
    let assembled: Vec<_> = jobs.iter().map(|(_, job)| job.clone()).collect();
    let exports = assembly::exports(&assembled)?;
    let mut files = DetailFiles::create(args)?;
    let mut plans = Vec::new();
    for ((account, job), export) in jobs.iter().zip(&exports) {
        let view = View::open(&settings.state_dir, &account.name)?;
        let (preview, detail) = match files.is_wanted(args) {
            false => {
                let preview = preview(job, export, view, account.requests_per_second, None);
                (preview.map_err(Fault::failed)?, Detail::default())
            }
            true => detailed(job, export, view, account.requests_per_second, &mut files, args)?,
        };
        if !global.json {
            let now = Timestamp::now().to_zoned(job.rules.zone.clone());
            output::print(&format!("{}\n", report::plan_text(&preview, &now, output::width())));
        }
        plans.push((preview, detail));
    }
    if let Some(path) = &args.html {
        let zone = jobs.first().map(|(_, job)| job.rules.zone.clone()).unwrap_or(jiff::tz::TimeZone::UTC);
        let page = report::plan_html(&plans, &Timestamp::now().to_zoned(zone));
        std::fs::write(path, page).map_err(|error| unwritable(path, &error))?;
        output::note(&format!("the page is in {}", path.display()));
    }
    files.finish()?;
    if global.json {
        let previews: Vec<Preview> = plans.into_iter().map(|(preview, _)| preview).collect();
        output::print_json(&report::plan_json(
            &previews,
            &Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC),
        ));
    }
    Ok(Exit::Done)
}

fn detailed(
    job: &Job,
    export: &Export,
    view: View,
    requests_per_second: f64,
    files: &mut DetailFiles,
    args: &PlanArgs,
) -> Result<(Preview, Detail), Fault> {
    let mut detail = Detail::new(args.reveal);
    let mut each = |judged: Judged| {
        if args.html.is_some() {
            detail.take(&judged);
        }
        files.write(&job.name, export.files(), &judged);
    };
    let preview = preview(job, export, view, requests_per_second, Some(&mut each)).map_err(Fault::failed)?;
    Ok((preview, detail))
}

/// The files that take a line for each record.
struct DetailFiles {
    records: Option<Lines>,
    payloads: Option<Lines>,
}

/// A file written line by line; after an error nothing more is written to it.
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    failed: Option<io::Error>,
}

impl DetailFiles {
    fn create(args: &PlanArgs) -> Result<Self, Fault> {
        let lines = |path: &Option<PathBuf>| path.as_deref().map(Lines::create).transpose();
        Ok(Self { records: lines(&args.jsonl)?, payloads: lines(&args.payloads)? })
    }

    fn is_wanted(&self, args: &PlanArgs) -> bool {
        args.html.is_some() || self.records.is_some() || self.payloads.is_some()
    }

    fn write(&mut self, job: &str, files: &[ExportFile], judged: &Judged) {
        if let Some(records) = &mut self.records {
            records.write(report::planned_json(job, files, judged));
        }
        if let Some(payloads) = &mut self.payloads
            && let Some(payload) = report::payload_json(judged)
        {
            payloads.write(payload);
        }
    }

    fn finish(self) -> Result<(), Fault> {
        for lines in [self.records, self.payloads].into_iter().flatten() {
            lines.finish()?;
        }
        Ok(())
    }
}

impl Lines {
    /// Readable by its owner only: it may hold personal data.
    fn create(path: &Path) -> Result<Self, Fault> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), failed: None })
    }

    fn write(&mut self, line: impl std::fmt::Display) {
        if self.failed.is_none() {
            self.failed = writeln!(self.file, "{line}").err();
        }
    }

    fn finish(mut self) -> Result<(), Fault> {
        let flushed = self.file.flush().err();
        match self.failed.or(flushed) {
            Some(error) => Err(unwritable(&self.path, &error)),
            None => Ok(()),
        }
    }
}

/// A path that can't be written to is wrong usage; a disk that is full is not.
fn unwritable(path: &Path, error: &io::Error) -> Fault {
    let told = |hint: &str| format!("{}: {error}\n  hint: {hint}", path.display());
    match error.kind() {
        io::ErrorKind::NotFound => {
            Fault::usage(told("the folder has to exist; make it, or name a file in one that does"))
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Fault::usage(told("name a file in a folder that this user may write to"))
        }
        io::ErrorKind::IsADirectory => Fault::usage(told("name a file in that folder")),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Fault::failed(told("the file is not whole; free some space, or name a file on another disk"))
        }
        _ => Fault::failed(told("what is there of the file is not whole; try another place")),
    }
}
