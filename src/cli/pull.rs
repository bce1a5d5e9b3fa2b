//! `pull` and `pulls`: a shop's orders as an export on disk.

use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::signals::{self, Interrupt};
use crate::pull::{self, Folder, Options, PullError, PulledWindow};
use crate::report::{self, is_are, many};
use crate::settings::{self, Pull, Settings};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct PullArgs {
    /// Jobs whose shops are pulled [default: all that have a pull]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Every order, not only those that changed since the last pull
    #[arg(long)]
    full: bool,
    /// Write the orders into this folder; nothing else of the job changes
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct PullsArgs {
    #[command(subcommand)]
    verb: PullsVerb,
}

#[derive(Debug, Subcommand)]
enum PullsVerb {
    /// What was pulled, how large it is, and whether it was loaded
    List(JobsArgs),
    /// Remove what a newer full pull replaces, once that one was loaded
    Purge(JobsArgs),
}

#[derive(Debug, Args)]
struct JobsArgs {
    /// Jobs to look at [default: all that have a pull]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
}

pub(super) fn pull(global: &Global, args: &PullArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let jobs = pulling(&settings, &args.jobs)?;
    if args.to.is_some() && jobs.len() > 1 {
        return Err(CliError::usage("--to takes the orders of one job\n  hint: name one"));
    }
    let mut pulled = Vec::new();
    for (job, pull) in jobs {
        let window = match &args.to {
            Some(to) => {
                let options = options_of(job, pull)?;
                pull_job(job, &options, &Folder::open(to.clone())?, true)?
            }
            None => pull_next(&settings, job, pull, args.full)?,
        };
        pulled.push((job.name.as_str(), window));
    }
    let exit = pulled.iter().map(|(_, window)| exit_of(window)).fold(Exit::Done, Exit::worse);
    let object = || {
        json!(pulled.iter().map(|(job, window)| window_json(job, window, None)).collect::<Vec<_>>())
    };
    output::print_result(global.json, object, || {
        pulled.iter().map(|(job, window)| format!("{job}: {}\n", window_line(window))).collect()
    });
    Ok(exit)
}

pub(super) fn pulls(global: &Global, args: &PullsArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let (names, is_purge) = match &args.verb {
        PullsVerb::List(args) => (&args.jobs, false),
        PullsVerb::Purge(args) => (&args.jobs, true),
    };
    let (mut text, mut objects) = (String::new(), Vec::new());
    for (job, pull) in pulling(&settings, names)? {
        let account = settings.account_of(job)?;
        let view = assembly::view(&settings.state_dir, account)?;
        let run_job = assembly::job(job, account);
        let windows = if is_purge {
            run_job.remove_replaced_windows(&view)?
        } else {
            Folder::view(pull.dir.clone()).windows()?
        };
        let unsettled = run_job.unsettled_windows(&view)?;
        for window in &windows {
            let is_loaded = !unsettled.contains(window);
            objects.push(window_json(&job.name, window, Some(is_loaded)));
            let word = if is_purge {
                "removed"
            } else if is_loaded {
                "loaded"
            } else {
                "not loaded yet"
            };
            let line = format!("{}: {}, {word}", job.name, window_line(window));
            text.push_str(&report::fitted(&line, output::width()));
        }
        if windows.is_empty() {
            let word = if is_purge { "nothing to remove" } else { "nothing was pulled yet" };
            let _ = writeln!(text, "{}: {word}", job.name);
        }
    }
    output::print_result(global.json, || json!(objects), || text);
    Ok(Exit::Done)
}

/// Pulls the shops of these jobs, if they have one.
pub(super) fn pull_all(settings: &Settings, jobs: &[&settings::Job]) -> Result<(), CliError> {
    for job in jobs {
        if let Some(pull) = &job.pull {
            pull_next(settings, job, pull, false)?;
        }
    }
    Ok(())
}

/// What can be loaded once the shops were pulled.
pub(super) struct BeforeLoad {
    /// The jobs whose exports exist.
    pub jobs: Vec<String>,
    /// The jobs whose shops could not be pulled.
    pub failed: Vec<(String, CliError)>,
    /// How the pulls ended; also where a shop could not deliver single orders.
    pub exit: Exit,
}

impl BeforeLoad {
    /// With what is there, without a pull.
    pub(super) fn of_what_is_there(settings: &Settings, jobs: &[String]) -> Result<Self, CliError> {
        let named = settings.jobs_named(jobs)?;
        let jobs = named.into_iter().map(|job| job.name.clone()).collect();
        Ok(Self { jobs, failed: Vec::new(), exit: Exit::Done })
    }
}

/// Pulls the shops of these jobs before they are loaded. A window that no run has loaded yet is
/// loaded first: nothing is pulled for its job then. A shop that can't be pulled does not keep the
/// other jobs from being loaded.
pub(super) fn pull_before_load(
    settings: &Settings,
    jobs: &[String],
) -> Result<BeforeLoad, CliError> {
    let mut before = BeforeLoad { jobs: Vec::new(), failed: Vec::new(), exit: Exit::Done };
    for job in settings.jobs_named(jobs)? {
        let pulled = match &job.pull {
            Some(pull) => pull_unless_unsettled(settings, job, pull),
            None => Ok(Exit::Done),
        };
        match pulled {
            Ok(exit) => {
                before.exit = before.exit.worse(exit);
                before.jobs.push(job.name.clone());
            }
            Err(error) if matches!(error.exit, Exit::Interrupted(_)) => return Err(error),
            Err(error) => {
                before.exit = before.exit.worse(error.exit);
                before.failed.push((job.name.clone(), error));
            }
        }
    }
    Ok(before)
}

fn pull_unless_unsettled(
    settings: &Settings,
    job: &settings::Job,
    pull: &Pull,
) -> Result<Exit, CliError> {
    let account = settings.account_of(job)?;
    let view = assembly::view(&settings.state_dir, account)?;
    let run_job = assembly::job(job, account);
    if let Some(window) = run_job.waiting_window(&view)? {
        tracing::info!(
            job = job.name,
            "{} was pulled and not loaded yet; it is loaded before anything is pulled",
            window.name
        );
        return Ok(Exit::Done);
    }
    pull_next(settings, job, pull, false).map(|window| exit_of(&window))
}

/// An order that the shop could not deliver affects the exit code, not the other orders.
fn exit_of(window: &PulledWindow) -> Exit {
    if window.manifest.failed.is_empty() { Exit::Done } else { Exit::DeadLetters }
}

/// Removes what newer pulls of these jobs replace.
pub(super) fn remove_replaced(settings: &Settings, jobs: &[String]) -> Result<(), CliError> {
    for job in settings.jobs_named(jobs)? {
        if job.pull.is_none() {
            continue;
        }
        let account = settings.account_of(job)?;
        let view = assembly::view(&settings.state_dir, account)?;
        let removed = assembly::job(job, account).remove_replaced_windows(&view)?;
        for window in removed {
            tracing::info!(
                job = job.name,
                "removed {}, which a newer full pull replaces",
                window.name
            );
        }
    }
    Ok(())
}

/// The jobs asked for, each with its pull. A job that is named has to have one.
fn pulling<'a>(
    settings: &'a Settings,
    names: &[String],
) -> Result<Vec<(&'a settings::Job, &'a Pull)>, CliError> {
    let jobs = settings.jobs_named(names)?;
    let mut pulling = Vec::new();
    for job in jobs {
        match &job.pull {
            Some(pull) => pulling.push((job, pull)),
            None if names.is_empty() => {}
            None => {
                return Err(CliError::usage(format!(
                    "jobs.{}: reads an export, and pulls nothing\n  hint: a table [jobs.{}.pull] in place of `export` names a shop",
                    job.name, job.name
                )));
            }
        }
    }
    if pulling.is_empty() {
        return Err(CliError::usage(
            "no job has a pull\n  hint: a table [jobs.NAME.pull] in place of `export` names a shop",
        ));
    }
    Ok(pulling)
}

/// Pulls the next window into the job's own folder, unless it could not be loaded: the remaining
/// disk space is reserved for outcomes.
fn pull_next(
    settings: &Settings,
    job: &settings::Job,
    pull: &Pull,
    is_full: bool,
) -> Result<PulledWindow, CliError> {
    let account = settings.account_of(job)?;
    let view = assembly::view(&settings.state_dir, account)?;
    view.check_free(account.state_free_min_bytes)?;
    let gone_before = assembly::job(job, account).gone_before(&view)?;
    let options = Options { gone_before, ..options_of(job, pull)? };
    pull_job(job, &options, &Folder::open(pull.dir.clone())?, is_full)
}

fn pull_job(
    job: &settings::Job,
    options: &Options,
    folder: &Folder,
    is_full: bool,
) -> Result<PulledWindow, CliError> {
    tracing::info!(job = job.name, "pulling the orders of {}", options.url);
    let pulled = assembly::runtime()?.block_on(async {
        let interrupt = Interrupt::listen_in_foreground().map_err(CliError::failed)?;
        pull::pull(options, is_full, folder, interrupt.cancel.clone()).await.map_err(|error| {
            let exit = match (&error, interrupt.signal()) {
                (PullError::Interrupted, Some(signal)) => Exit::Interrupted(signal),
                _ => Exit::of_pull(&error),
            };
            CliError::new(exit, format!("job {}: {error}", job.name))
        })
    });
    if !pulled.as_ref().is_err_and(|error| matches!(error.exit, Exit::Interrupted(_))) {
        signals::end_at_once().map_err(CliError::failed)?;
    }
    let window = pulled?;
    window.log(&job.name);
    Ok(window)
}

/// What the pull of a job has to know; reads its secrets.
pub(super) fn options_of(job: &settings::Job, pull: &Pull) -> Result<Options, CliError> {
    let zoned = |day: Date| day.to_zoned(job.time_zone.clone()).map(|at| at.timestamp());
    Ok(Options {
        system: pull.from,
        url: pull.url.clone(),
        access: pull.access()?,
        ca_file: pull.ca_file.clone(),
        since: pull.since.map(zoned).transpose().map_err(CliError::usage)?,
        overlap: pull.overlap,
        full_every: pull.full_every,
        gone_before: Vec::new(),
        wait_max: Options::WAIT_MAX,
    })
}

/// Why there are no orders on disk, if there are none. A folder that can't be read is not empty.
pub(super) fn nothing_on_disk(pull: &Pull) -> Option<&'static str> {
    let windows = Folder::view(pull.dir.clone()).export().ok()?;
    if windows.is_empty() {
        Some("nothing was pulled yet; a backfill pulls first")
    } else if windows.iter().all(|window| window.manifest.is_emptied) {
        Some("all that was pulled was loaded and removed; the next run pulls first")
    } else {
        None
    }
}

/// Pulls every order into a temporary folder, which is removed when it is dropped. Until then no
/// other comparison of the job can use it.
pub(super) fn pull_aside(job: &settings::Job) -> Result<Aside, CliError> {
    let (job, pull) = match &job.pull {
        Some(pull) => (job, pull),
        None => return Err(CliError::usage(format!("jobs.{}: pulls nothing", job.name))),
    };
    let options = options_of(job, pull)?;
    let folder = Folder::open_empty(pull.dir.join("aside"))?;
    let mut aside = Aside { folder, window: None };
    aside.window = Some(pull_job(job, &options, &aside.folder, true)?);
    Ok(aside)
}

/// Orders that were pulled for one comparison.
pub(super) struct Aside {
    folder: Folder,
    pub window: Option<PulledWindow>,
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What can't be removed now is private, and the next comparison removes it.
        let _ = self.folder.remove_whole();
    }
}

pub(super) fn window_line(window: &PulledWindow) -> String {
    let manifest = &window.manifest;
    let to = manifest.window.to.strftime("%Y-%m-%d %H:%M:%S UTC");
    let extent = manifest.window.extent.word();
    let carts =
        (manifest.carts > 0).then(|| format!(" and {}", many(manifest.carts, "abandoned cart")));
    let mut line = format!(
        "{extent} up to {to}, {}{}, {}, {}",
        many(manifest.orders, "order"),
        carts.unwrap_or_default(),
        many(manifest.bytes(), "byte"),
        many(manifest.requests, "request")
    );
    let (failed, gone) = (manifest.failed.len() as u64, manifest.gone.len() as u64);
    if failed > 0 {
        let _ = write!(line, ", {} that the shop could not deliver", many(failed, "order"));
    }
    if gone > 0 {
        let _ = write!(line, ", {} {} gone from the shop", many(gone, "order"), is_are(gone));
    }
    let missing = manifest.missing.len() as u64;
    if missing > 0 {
        let _ = write!(line, ", {} missing and still to be asked for", many(missing, "order"));
    }
    line
}

pub(super) fn window_json(job: &str, window: &PulledWindow, is_loaded: Option<bool>) -> Value {
    let manifest = &window.manifest;
    let mut object = json!({
        "job": job, "window": window.name, "dir": window.dir, "from": manifest.api, "extent": manifest.window.extent.word(),
        "since": manifest.window.from.map(|from| from.to_string()), "to": manifest.window.to.to_string(),
        "orders": manifest.orders, "failed": manifest.failed, "gone": manifest.gone, "missing": manifest.missing, "bytes": manifest.bytes(), "requests": manifest.requests,
        "warnings": manifest.warnings,
    });
    if let Some(is_loaded) = is_loaded {
        object["loaded"] = json!(is_loaded);
    }
    object
}
