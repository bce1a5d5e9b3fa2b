//! Compares a plan with an earlier run or a saved plan.

use super::error::CliError;
use crate::report::{self, Comparison};
use crate::run::{Job, Preview, SavedPlan, SavedPlanDiff, SinceRun};
use crate::settings::Account;
use crate::state::{RunId, View};
use serde_json::Value;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// What a plan is compared with.
pub(super) enum ComparedWith {
    Nothing,
    Run(RunId),
    Saved(Box<SavedPlan<BufReader<File>>>),
}

pub(super) enum PlanDifference {
    Since(Box<SinceRun>),
    Against(Box<SavedPlanDiff>),
}

impl ComparedWith {
    /// `written`: the files that the plan writes.
    pub(super) fn open(
        since_run: Option<RunId>,
        against: Option<&Path>,
        written: &[&Path],
        jobs: &[(&Account, Job)],
        state_dir: &Path,
    ) -> Result<Self, CliError> {
        match (since_run, against) {
            (Some(run), _) => {
                let (account, job) = only_one("--since-run", jobs)?;
                check_run(&View::open(state_dir, &account.name)?, job, run)?;
                Ok(Self::Run(run))
            }
            (None, Some(path)) => {
                let (_, job) = only_one("--against", jobs)?;
                if written.iter().any(|written| is_same(path, written)) {
                    return Err(CliError::usage(format!(
                        "{} would be both read and written\n  hint: write to another file",
                        path.display()
                    )));
                }
                let name = path.display().to_string();
                let file = File::open(path)
                    .map_err(|error| CliError::usage(format!("{name}: {error}")))?;
                let saved = SavedPlan::open(BufReader::new(file), &name, &job.name)
                    .map_err(CliError::usage)?;
                Ok(Self::Saved(Box::new(saved)))
            }
            (None, None) => Ok(Self::Nothing),
        }
    }
}

impl PlanDifference {
    pub(super) fn comparison(&self, preview: &Preview, reveal: bool) -> Comparison {
        match self {
            Self::Since(since) => report::since_comparison(preview, since),
            Self::Against(against) => report::against_comparison(preview, against, reveal),
        }
    }

    pub(super) fn json(&self, preview: &Preview, reveal: bool) -> Value {
        match self {
            Self::Since(since) => report::since_json(preview, since),
            Self::Against(against) => report::against_json(preview, against, reveal),
        }
    }
}

fn check_run(view: &View, job: &Job, run: RunId) -> Result<(), CliError> {
    let hint = format!("`ordersync status` shows the last runs of {}", job.name);
    match view.run(run)? {
        Some(row) if row.job == job.name => Ok(()),
        Some(row) => Err(CliError::usage(format!(
            "run {run} is a run of {}, not of {}\n  hint: {hint}",
            row.job, job.name
        ))),
        None => {
            Err(CliError::usage(format!("there is no run {run} of {}\n  hint: {hint}", job.name)))
        }
    }
}

/// Only a plan of one job can be compared.
fn only_one<'a>(
    option: &str,
    jobs: &'a [(&Account, Job)],
) -> Result<(&'a Account, &'a Job), CliError> {
    match jobs {
        [(account, job)] => Ok((account, job)),
        jobs => {
            let names: Vec<&str> = jobs.iter().map(|(_, job)| job.name.as_str()).collect();
            Err(CliError::usage(format!(
                "{option} takes one job, and {} are selected: {}\n  hint: name one of them",
                jobs.len(),
                names.join(", ")
            )))
        }
    }
}

/// Whether both paths name the same file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}
