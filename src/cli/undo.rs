use super::assembly;
use super::consent::ask;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::progress::{LINE_EVERY, reading_lines};
use super::signals::{GRACE, Interrupt};
use crate::plan::Assumptions;
use crate::report;
use crate::run::{UndoContext, UndoPlan, UndoReport, plan_undo, undo};
use crate::settings::{Account, Settings};
use crate::state::{RunEnd, RunId};
use clap::Args;
use std::sync::Mutex;
use std::time::Instant;

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// The job that the run was of
    #[arg(value_name = "JOB")]
    job: String,
    /// The run to undo, as `status` shows it
    #[arg(long, value_name = "ID")]
    run: RunId,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Print the plan, and delete nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

pub(super) fn run(global: &Global, args: &UndoArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let (job, account) = assembly::one_job(&settings, &args.job)?;
    let plan = {
        let view = assembly::view(&settings.state_dir, account)?;
        let terms = Assumptions::new(account.requests_per_second, account.in_flight_max);
        plan_undo(&view, &job.name, args.run, terms)?
    };
    let ends_here = args.dry_run || plan.is_empty();
    if global.json && ends_here {
        output::print_json(&report::undo_plan_json(&plan));
    } else if global.json {
        output::note(report::undo_plan_text(&plan).trim_end());
    } else if args.dry_run || !global.quiet {
        output::show(&report::undo_plan_text(&plan));
    }
    if ends_here {
        return Ok(Exit::Done);
    }
    if !args.yes && plan.undoable.orders > 0 {
        let orders = report::many(plan.undoable.orders, "order");
        ask(&format!("Delete {orders} in ActiveCampaign?"), "nothing was deleted")?;
    }
    let (report, signal) = carry_out(global, &settings, account, &plan)?;
    let error = report.error.as_ref().filter(|_| report.end() != RunEnd::Interrupted);
    let error = error.map(|error| {
        let (exit, message) = (Exit::of_end(report.end(), None), error.to_string());
        CliError::new(exit, message).json_of_run()
    });
    output::print_outcome(
        global,
        report.end() == RunEnd::Finished && report.is_clean(),
        || {
            let mut json = report::undo_json(&plan, &report);
            if let Some(error) = error {
                json["undo"]["error"] = error;
            }
            json
        },
        || report::undo_text(&plan, &report),
    );
    if let Some(error) = &report.error {
        output::report_error(&format!("{}: {error}", report.job));
    }
    Ok(match report.end() {
        RunEnd::Finished if !report.is_clean() => Exit::Differences,
        end => Exit::of_end(end, signal),
    })
}

fn carry_out(
    global: &Global,
    settings: &Settings,
    account: &Account,
    plan: &UndoPlan,
) -> Result<(UndoReport, Option<u8>), CliError> {
    let runtime = assembly::runtime()?;
    let opened = assembly::open_account(&settings.state_dir, account)?;
    let printed = Mutex::new(Instant::now());
    let progress = |done: u64, planned: u64| {
        let Ok(mut printed) = printed.lock() else { return };
        if !global.quiet && printed.elapsed() >= LINE_EVERY {
            *printed = Instant::now();
            output::note(&format!(
                "{} of {} orders deleted",
                report::count(done),
                report::count(planned)
            ));
        }
    };
    let listing = reading_lines(global.quiet);
    runtime.block_on(async {
        let interrupt = Interrupt::listen_in_foreground().map_err(CliError::failed)?;
        let task = UndoContext {
            plan,
            state: &opened.state,
            client: &opened.client,
            in_flight_max: account.in_flight_max,
            cancel: interrupt.cancel.clone(),
            grace: GRACE,
            progress: &progress,
            listing: &listing,
        };
        Ok((undo(task).await, interrupt.signal()))
    })
}
