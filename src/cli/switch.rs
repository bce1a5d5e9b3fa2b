use super::assembly;
use super::consent::ask;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::signals::Interrupt;
use crate::domain::{LoadPath, Order};
use crate::report;
use crate::run::{
    Job, SwitchContext, SwitchError, SwitchPlan, SwitchReport, SwitchTask, canary_order,
    plan_switch, switch,
};
use crate::settings::{self, Account, Settings};
use crate::state::RunEnd;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(super) struct SwitchArgs {
    /// The job whose connection changes its path
    #[arg(value_name = "JOB")]
    job: String,
    /// The way that its orders go from now on
    #[arg(long, value_name = "PATH")]
    to: PathArg,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Print the plan, and send nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PathArg {
    Bulk,
    Rest,
}

pub(super) fn run(
    global: &Global,
    settings: &Settings,
    args: &SwitchArgs,
) -> Result<Exit, CliError> {
    let (of_settings, account) = assembly::one_job(settings, &args.job)?;
    let to = match args.to {
        PathArg::Bulk => LoadPath::Bulk,
        PathArg::Rest => LoadPath::Rest,
    };
    let job = assembly::job(of_settings, account);
    let plan = plan_switch(&assembly::view(&settings.state_dir, account)?, &job, to)?;
    let order = chosen(settings, account, &job, &plan)?;
    let canary = match &plan.task {
        SwitchTask::GoBack(open) => Some(open.key.clone()),
        _ => order.as_ref().map(|order| order.key.as_str().to_owned()),
    };
    let canary = canary.as_deref();
    let ends_here = args.dry_run || plan.task == SwitchTask::Nothing;
    if global.json && ends_here {
        output::print_json(&report::switch_plan_json(&plan, canary));
    } else if global.json {
        output::note(report::switch_plan_text(&plan, canary).trim_end());
    } else if args.dry_run || !global.quiet {
        output::show(&report::switch_plan_text(&plan, canary));
    }
    if ends_here {
        return Ok(Exit::Done);
    }
    if !args.yes && plan.task != SwitchTask::Note {
        ask(&question(&plan, canary.unwrap_or_default()), "nothing was sent")?;
    }
    let (report, signal) = carry_out(global, settings, account, &job, &plan, order.as_deref())?;
    Ok(show(global, settings, &report, signal))
}

/// The order to send, where the plan sends one.
fn chosen(
    settings: &Settings,
    account: &Account,
    job: &Job,
    plan: &SwitchPlan,
) -> Result<Option<Box<Order>>, CliError> {
    if !matches!(plan.task, SwitchTask::Canary { .. }) {
        return Ok(None);
    }
    let view = assembly::view(&settings.state_dir, account)?;
    Ok(canary_order(job, &assembly::whole_export(job)?, view, plan)?)
}

fn question(plan: &SwitchPlan, canary: &str) -> String {
    let (canary, to) = (report::printable(canary), plan.to.word());
    match plan.task {
        SwitchTask::GoBack(_) => format!("Look for a second record of {canary} and delete it?"),
        _ => format!("Send order {canary} by `{to}`?"),
    }
}

fn carry_out(
    global: &Global,
    settings: &Settings,
    account: &Account,
    job: &Job,
    plan: &SwitchPlan,
    canary: Option<&Order>,
) -> Result<(SwitchReport, Option<u8>), CliError> {
    let runtime = assembly::runtime()?;
    let opened = assembly::open_account(&settings.state_dir, account)?;
    // Orders may have been exported or loaded while the question was open.
    if chosen(settings, account, job, plan)?.as_deref() != canary {
        let changed = SwitchError::Changed;
        return Err(CliError::new(Exit::of_end(changed.end(), None), changed));
    }
    let progress = |what: &str| {
        if !global.quiet {
            output::note(what);
        }
    };
    runtime.block_on(async {
        let interrupt = Interrupt::listen_in_foreground().map_err(CliError::failed)?;
        let task = SwitchContext {
            plan,
            job,
            canary,
            state: &opened.state,
            client: &opened.client,
            cancel: interrupt.cancel.clone(),
            progress: &progress,
        };
        Ok((switch(task).await, interrupt.signal()))
    })
}

fn show(global: &Global, settings: &Settings, report: &SwitchReport, signal: Option<u8>) -> Exit {
    let exit = Exit::of_end(report.end(), signal);
    let error = report.error.as_ref().filter(|_| report.end() != RunEnd::Interrupted);
    let error = error.map(|error| CliError::new(exit, error).json_of_run());
    let plan = &report.plan;
    let is_other = |job: &&settings::Job| {
        let connection = (&job.connection.service, &job.connection.externalid);
        connection == (&plan.service, &plan.externalid) && job.load != plan.to
    };
    let account = settings.jobs.get(&plan.job).map_or("", |job| &job.account);
    let others = settings.jobs_of(account).filter(is_other);
    let others: Vec<&str> = others.map(|job| job.name.as_str()).collect();
    output::print_outcome(
        global,
        report.end() == RunEnd::Finished,
        || {
            let mut json = report::switch_json(report);
            if let Some(error) = error {
                json["switch"]["error"] = error;
            }
            json
        },
        || report::switch_text(report, &others),
    );
    if let Some(error) = &report.error {
        output::report_error(&format!("{}: {error}", plan.job));
    }
    exit
}
