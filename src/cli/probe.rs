use super::assembly;
use super::consent::{ask, can_ask};
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::signals::Interrupt;
use crate::report;
use crate::run::{ProbeContext, ProbeReport, probe};
use crate::settings::{Account, Settings};
use crate::state::RunEnd;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct ProbeArgs {
    /// A sandbox account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// Ask what only test orders answer, in connections of its own, and remove them
    #[arg(long)]
    write: bool,
    /// Don't ask
    #[arg(long, requires = "write")]
    yes: bool,
}

pub(super) fn run(global: &Global, args: &ProbeArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let account = settings.account_named(&args.account)?;
    if args.write {
        consent(&settings, account, args.yes)?;
    }
    let (report, signal) = carry_out(global, &settings, account, args.write)?;
    let exit = Exit::of_end(report.end(), signal);
    let error = report.error.as_ref().filter(|_| report.end() != RunEnd::Interrupted);
    let error = error.map(|error| CliError::new(exit, error).json_of_run());
    let known = assembly::view(&settings.state_dir, account)?.probe_answers()?;
    output::print_outcome(
        global,
        report.end() == RunEnd::Finished,
        || {
            let mut json = report::probe_json(&account.name, &report, &known);
            if let Some(error) = error {
                json["probe"]["error"] = error;
            }
            json
        },
        || report::probe_text(&account.name, &report, &known, output::width()),
    );
    if let Some(error) = &report.error {
        output::report_error(&format!("{}: {error}", account.name));
    }
    Ok(exit)
}

/// `--write` is the consent; on a terminal it is confirmed, as before other writes.
fn consent(settings: &Settings, account: &Account, is_confirmed: bool) -> Result<(), CliError> {
    let has_orders = assembly::view(&settings.state_dir, account)?.has_orders()?;
    if has_orders {
        output::note(&format!(
            "the account {} holds orders that ordersync loaded: a probe is for a sandbox account",
            account.name
        ));
    }
    if is_confirmed || !can_ask() {
        return Ok(());
    }
    let question = format!("{} in {}?", report::probe_writes_text(), account.url);
    ask(&question, "nothing was sent")
}

fn carry_out(
    global: &Global,
    settings: &Settings,
    account: &Account,
    writes: bool,
) -> Result<(ProbeReport, Option<u8>), CliError> {
    let runtime = assembly::runtime()?;
    let opened = assembly::open_account(&settings.state_dir, account)?;
    let progress = |what: &str| {
        if !global.quiet {
            output::note(what);
        }
    };
    runtime.block_on(async {
        let interrupt = Interrupt::listen_in_foreground().map_err(CliError::failed)?;
        let task = ProbeContext {
            writes,
            state: &opened.state,
            client: &opened.client,
            cancel: interrupt.cancel.clone(),
            progress: &progress,
        };
        Ok((probe(task).await, interrupt.signal()))
    })
}
