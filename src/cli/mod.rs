//! Arguments in, exit code out: one file per verb. Assembles the parts from the settings and hands
//! them down; the only place that prints.

mod adopt;
mod assembly;
mod canary;
mod check;
mod connection;
mod daemon;
mod dead_letters;
mod demo;
mod exit;
mod explain;
mod formats;
mod init;
mod journald;
mod logging;
mod metrics_file;
mod output;
mod packaging;
mod plan;
mod plan_diff;
mod preflight;
mod progress;
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

pub use exit::main;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Brings the orders a shop already has into ActiveCampaign: exactly once, resumable, verified.
#[derive(Debug, Parser)]
#[command(name = "ordersync", version, max_term_width = 110)]
struct Opts {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Args)]
struct Global {
    /// Settings file [default: $ORDERSYNC_CONFIG, config/ordersync.toml or
    /// /etc/ordersync/ordersync.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Log each request
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// Log warnings and errors only, and show no progress
    #[arg(short, long, global = true)]
    quiet: bool,
    /// When to colour the log
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// The form of the log on standard error; auto: straight to systemd's journal when run by it,
    /// else text
    #[arg(long, global = true, value_name = "FORM", default_value = "auto")]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Auto,
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the whole job against the built-in simulator; needs no settings, network or account
    Demo(demo::DemoArgs),
    /// Write a commented settings file and the folders it names; never overwrites
    Init(init::InitArgs),
    /// Look at settings, exports, state, token and connection, and report every fault at once
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
    /// Run every job that has a schedule, until stopped
    Daemon(daemon::DaemonArgs),
    /// The coming runs of every job that has a schedule, with the days on which clocks change
    Schedule(schedule::ScheduleArgs),
    /// Jobs, their last runs and dead letters
    Status(status::StatusArgs),
    /// One order end to end: where it stands, what it maps to, what was sent, what comes next
    Explain(explain::ExplainArgs),
    /// Read back every order and hold it against the export, in both directions
    Verify(verify::VerifyArgs),
    /// Delete at the target what a run created; plans first, asks, resumes, verifies
    Undo(undo::UndoArgs),
    /// Rebuild a lost ledger from what the target holds; writes nothing there
    Adopt(adopt::AdoptArgs),
    /// Records that were invalid or refused, with every reason
    DeadLetters(dead_letters::DeadLettersArgs),
    /// The ActiveCampaign connections that orders hang on
    Connection(connection::ConnectionArgs),
    /// A local ActiveCampaign for rehearsals
    Simulator(simulator::SimulatorArgs),
    /// A completion script for a shell
    Completions(packaging::CompletionsArgs),
    /// The manual pages
    Man(packaging::ManArgs),
}

impl Opts {
    fn run(self) -> Result<exit::Exit, exit::CliError> {
        let global = &self.global;
        match self.verb {
            Verb::Demo(args) => demo::run(global, &args),
            Verb::Init(args) => init::run(global, &args),
            Verb::Check(args) => check::run(global, &args),
            Verb::Formats(args) => formats::run(global, &args),
            Verb::Plan(args) => plan::run(global, &args),
            Verb::Backfill(args) => run::backfill(global, &args),
            Verb::Sync(args) => run::sync(global, &args),
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
            Verb::Completions(args) => packaging::completions(&args),
            Verb::Man(args) => packaging::man(&args),
        }
    }
}
