use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::private_file::{self, unwritable};
use crate::report;
use crate::settings::{Job, Settings};
use crate::state::{DeadLetter, LETTERS_OF_RUN_MAX, RunId, Stage, Store, View};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Letters read of one job.
const LETTERS_MAX: u32 = 1_000_000;

#[derive(Debug, Args)]
pub(super) struct DeadLettersArgs {
    #[command(subcommand)]
    verb: DeadLettersVerb,
}

#[derive(Debug, Subcommand)]
enum DeadLettersVerb {
    /// Counts by reason, then the records
    List {
        /// Jobs to show [default: all]
        #[arg(value_name = "JOB")]
        jobs: Vec<String>,
        /// Records to show; --json shows all
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
    },
    /// One record, with advice for each reason
    Show {
        /// The job that the record belongs to
        #[arg(value_name = "JOB")]
        job: String,
        /// The order's number or id
        #[arg(value_name = "ORDER")]
        order: String,
    },
    /// Let the next sync send refused orders again
    Retry(Selection),
    /// Accept them as they are: no run ends with 3 because of them until they change
    Accept {
        #[command(flatten)]
        selection: Selection,
        /// The reason, kept in the state as written
        #[arg(long, value_name = "TEXT", value_parser = parse_note)]
        note: Option<String>,
    },
    /// All of them, for other programs
    Export {
        /// Jobs to export [default: all]
        #[arg(value_name = "JOB")]
        jobs: Vec<String>,
        /// JSON lines, or CSV for a spreadsheet
        #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
        format: LetterFormat,
        /// Write here instead of to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct Selection {
    /// Jobs to choose from [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Only those with this reason
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Only those that this run met
    #[arg(long, value_name = "ID")]
    run: Option<RunId>,
    /// Only this order, by its number or id
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
}

impl Selection {
    fn takes(&self, letter: &DeadLetter) -> bool {
        self.reason.as_ref().is_none_or(|code| report::reason_codes(letter).any(|c| c == code))
            && self.run.is_none_or(|run| (letter.first_run..=letter.last_run).contains(&run))
            && self.order.as_ref().is_none_or(|order| is_order(letter, order))
    }
}

/// Bytes of a note.
const NOTE_LEN_MAX: usize = 500;

fn parse_note(text: &str) -> Result<String, String> {
    if text.len() <= NOTE_LEN_MAX {
        Ok(text.to_owned())
    } else {
        Err(format!("expected at most {NOTE_LEN_MAX} bytes"))
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LetterFormat {
    Jsonl,
    Csv,
}

pub(super) fn run(global: &Global, args: &DeadLettersArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    match &args.verb {
        DeadLettersVerb::List { jobs, limit } => {
            let letters = letters_of(&settings, &settings.jobs_named(jobs)?)?;
            output::print_with_headings(
                global,
                || report::letters_json(&letters),
                || report::letters_text(&letters, *limit, output::width()),
            );
            Ok(Exit::Done)
        }
        DeadLettersVerb::Show { job, order } => show(global, &settings, job, order),
        DeadLettersVerb::Retry(selection) => retry(global, &settings, selection),
        DeadLettersVerb::Accept { selection, note } => {
            accept(global, &settings, selection, note.as_deref())
        }
        DeadLettersVerb::Export { jobs, format, out } => {
            let letters = letters_of(&settings, &settings.jobs_named(jobs)?)?;
            let text = match format {
                LetterFormat::Jsonl => report::letters_jsonl(&letters),
                LetterFormat::Csv => report::letters_csv(&letters).map_err(CliError::failed)?,
            };
            match out {
                None => output::print(&text),
                Some(path) => {
                    private_file::write(path, text).map_err(|error| unwritable(path, &error))?
                }
            }
            Ok(Exit::Done)
        }
    }
}

fn letters_of(settings: &Settings, jobs: &[&Job]) -> Result<Vec<DeadLetter>, CliError> {
    let mut letters = Vec::new();
    for job in jobs {
        let view = View::open(&settings.state_dir, &job.account)?;
        letters.extend(letters_in(&view, job)?);
    }
    Ok(letters)
}

/// The dead letters of a job. A note says if some were not kept, or are too many to read.
fn letters_in(view: &View, job: &Job) -> Result<Vec<DeadLetter>, CliError> {
    let letters = view.dead_letters(&job.name, LETTERS_MAX)?;
    let unread = view.dead_letters_count(&job.name)?.all.saturating_sub(letters.len() as u64);
    let omitted = view.letters_omitted(&job.name)? + unread;
    if omitted > 0 {
        output::note(&format!(
            "{}: {} more records were not sent that are not listed: a run keeps {} dead letters\n  hint: correct what most of those listed have in common, and run again",
            job.name,
            report::count(omitted),
            report::count(LETTERS_OF_RUN_MAX)
        ));
    }
    Ok(letters)
}

fn is_order(letter: &DeadLetter, order: &str) -> bool {
    let plain = |number: &str| number.strip_prefix('#').unwrap_or(number).to_owned();
    [&letter.record, &letter.number].into_iter().any(|name| plain(name) == plain(order))
}

fn show(global: &Global, settings: &Settings, job: &str, order: &str) -> Result<Exit, CliError> {
    let (job, _) = assembly::one_job(settings, job)?;
    let mut letters = letters_of(settings, &[job])?;
    letters.retain(|letter| is_order(letter, order));
    if letters.is_empty() {
        return Err(CliError::usage(format!(
            "job {} has no dead letter for order {order}\n  hint: `ordersync dead-letters list {}` shows them",
            job.name, job.name
        )));
    }
    output::print_result(
        global.json,
        || report::letters_json(&letters),
        || letters.iter().map(|letter| report::letter_text(letter, output::width())).collect(),
    );
    Ok(Exit::Done)
}

fn accept(
    global: &Global,
    settings: &Settings,
    selection: &Selection,
    note: Option<&str>,
) -> Result<Exit, CliError> {
    let (mut chosen, mut accepted) = (0, 0);
    for job in settings.jobs_named(&selection.jobs)? {
        assembly::check_own(settings.account_of(job)?)?;
        let mut store = Store::open(&settings.state_dir, &job.account)?;
        let mut letters = letters_in(&store, job)?;
        letters.retain(|letter| selection.takes(letter));
        let records: Vec<String> = letters.into_iter().map(|letter| letter.record).collect();
        chosen += records.len() as u64;
        accepted += store.accept_letters(&job.name, &records, note)?;
    }
    output::print_result(
        global.json,
        || serde_json::json!({ "accept": { "chosen": chosen, "accepted": accepted } }),
        || report::accepted_text(chosen, accepted),
    );
    Ok(Exit::Done)
}

fn retry(global: &Global, settings: &Settings, selection: &Selection) -> Result<Exit, CliError> {
    let (mut chosen, mut refused, mut cleared) = (0, 0, 0);
    for job in settings.jobs_named(&selection.jobs)? {
        assembly::check_own(settings.account_of(job)?)?;
        let mut store = Store::open(&settings.state_dir, &job.account)?;
        let mut letters = letters_in(&store, job)?;
        letters.retain(|letter| selection.takes(letter));
        chosen += letters.len() as u64;
        letters.retain(|letter| letter.stage == Stage::Refused);
        refused += letters.len() as u64;
        let keys: Vec<String> = letters.into_iter().map(|letter| letter.record).collect();
        let connection = store.connection(&job.connection.service, &job.connection.externalid)?;
        if let Some((connection, _)) = connection {
            cleared += store.retry_refused(&job.name, connection, &keys)?;
        }
    }
    let (invalid, unsettled) = (chosen - refused, refused.saturating_sub(cleared));
    output::print_result(
        global.json,
        || {
            serde_json::json!({ "retry": {
                "chosen": chosen, "retried": cleared, "invalid": invalid,
                "looked_up_anyway": unsettled,
            } })
        },
        || report::retried_text(cleared, unsettled, invalid),
    );
    Ok(Exit::Done)
}
