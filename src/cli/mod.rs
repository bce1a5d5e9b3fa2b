//! Arguments in, exit code out: one file per verb. Assembles the parts from the settings and hands
//! them down; the only place that prints.

mod adopt;
mod assembly;
mod check;
mod connection;
mod consent;
mod daemon;
mod dead_letters;
mod demo;
mod error;
mod exit;
mod explain;
mod fault;
mod findings;
mod first_write;
mod formats;
mod init;
mod journald;
mod load_jobs;
mod load_output;
mod logging;
mod metrics_file;
mod notices;
mod options;
mod output;
mod packaging;
mod plan;
mod plan_diff;
mod preflight;
mod prepare;
mod private_file;
mod progress;
mod pull;
mod read_settings;
mod run;
mod schedule;
mod signals;
mod simulator;
mod singer_state;
mod status;
mod status_server;
mod systemd;
mod undo;
mod verify;

use clap::{CommandFactory, Parser, Subcommand};
use error::CliError;
use exit::Exit;
use fault::Fault;
use options::Global;
use std::process::ExitCode;

/// Brings the orders a shop already has into ActiveCampaign: exactly once, resumable, verified.
#[derive(Debug, Parser)]
#[command(name = "ordersync", version, max_term_width = 110)]
struct Opts {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the whole job against the built-in simulator; needs no settings, network or account
    Demo(demo::DemoArgs),
    /// Write a commented settings file and the folders it names; never overwrites
    Init(init::InitArgs),
    /// Check settings, exports, state, token and connection, and report every fault at once
    Check(check::CheckArgs),
    /// The kinds of export that can be read, and what each needs
    Formats(formats::FormatsArgs),
    /// The dry run: read everything, send nothing, change nothing
    #[command(alias = "dry-run")]
    Plan(plan::PlanArgs),
    /// Load the whole export; an interrupted backfill resumes, a finished one sends nothing again
    Backfill(run::BackfillArgs),
    /// Load what is new or changed since the last run
    Sync(run::SyncArgs),
    /// Fetch a shop's orders into an export on disk; `backfill` and `sync` pull first
    Pull(pull::PullArgs),
    /// What was pulled
    Pulls(pull::PullsArgs),
    /// Run every job that has a schedule, until stopped
    Daemon(daemon::DaemonArgs),
    /// The coming runs of every job that has a schedule, with the days on which clocks change
    Schedule(schedule::ScheduleArgs),
    /// Jobs, their last runs and dead letters
    Status(status::StatusArgs),
    /// One order end to end: its row in the export, its payload, what was sent, what comes next
    Explain(explain::ExplainArgs),
    /// Read back every order and compare it with the export, in both directions
    Verify(verify::VerifyArgs),
    /// Delete in ActiveCampaign what a run created; plans first, asks, resumes, verifies
    Undo(undo::UndoArgs),
    /// Rebuild a lost ledger from what ActiveCampaign has; writes nothing there
    Adopt(adopt::AdoptArgs),
    /// Records that were invalid or refused, with every reason
    DeadLetters(dead_letters::DeadLettersArgs),
    /// The ActiveCampaign connections that orders belong to
    Connection(connection::ConnectionArgs),
    /// A local ActiveCampaign for rehearsals
    Simulator(simulator::SimulatorArgs),
    /// A completion script for a shell
    Completions(packaging::CompletionsArgs),
    /// The manual pages
    Man(packaging::ManArgs),
}

impl Opts {
    fn run(self) -> Result<Exit, CliError> {
        let global = &self.global;
        match self.verb {
            Verb::Demo(args) => demo::run(global, &args),
            Verb::Init(args) => init::run(global, &args),
            Verb::Check(args) => check::run(global, &args),
            Verb::Formats(args) => formats::run(global, &args),
            Verb::Plan(args) => plan::run(global, &args),
            Verb::Backfill(args) => run::backfill(global, &args),
            Verb::Sync(args) => run::sync(global, &args),
            Verb::Pull(args) => pull::pull(global, &args),
            Verb::Pulls(args) => pull::pulls(global, &args),
            Verb::Daemon(args) => daemon::run(global, &args),
            Verb::Schedule(args) => schedule::run(global, &args),
            Verb::Status(args) => status::run(global, &args),
            Verb::Explain(args) => explain::run(global, &args),
            Verb::Verify(args) => verify::run(global, &args),
            Verb::Undo(args) => undo::run(global, &args),
            Verb::Adopt(args) => adopt::run(global, &args),
            Verb::DeadLetters(args) => dead_letters::run(global, &args),
            Verb::Connection(args) => connection::run(global, &args),
            Verb::Simulator(args) => simulator::run(global, &args),
            Verb::Completions(args) => packaging::completions(Self::command(), &args),
            Verb::Man(args) => packaging::man(Self::command(), &args),
        }
    }
}

/// Whether `--json` is among arguments that could not be read.
fn is_json_asked() -> bool {
    std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// Runs the program.
pub fn main() -> ExitCode {
    let opts = match Opts::try_parse() {
        Ok(opts) => opts,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // If that fails, there is nowhere left to print.
            let _ = error.print();
            if exit == Exit::Usage && is_json_asked() {
                let fault = Fault::of_arguments(&error);
                output::print_json(&CliError::usage(&fault.message).with_faults([fault]).json());
            }
            return ExitCode::from(exit.code());
        }
    };
    logging::start(&opts.global);
    let is_json = opts.global.json;
    let exit = opts.run().unwrap_or_else(|error| {
        output::complain(&error.message);
        if is_json && !output::has_printed() {
            output::print_json(&error.json());
        }
        error.exit
    });
    let exit = if output::is_whole() { exit } else { exit.worse(Exit::Failed) };
    ExitCode::from(exit.code())
}
