//! Arguments in, exit code out: one file per verb. Assembles the parts from the settings; the only
//! place that prints.

mod adopt;
mod assembly;
mod check;
mod check_account;
mod check_fleet;
mod check_graphql;
mod connection;
mod consent;
mod daemon;
mod dead_letters;
mod demo;
mod demo_parts;
mod demo_pull;
mod error;
mod exit;
mod explain;
mod fault;
mod findings;
mod first_write;
#[cfg(feature = "fleet")]
mod fleet;
mod fleet_args;
#[cfg(feature = "fleet")]
mod fleet_move;
#[cfg(feature = "fleet")]
mod fleet_status;
#[cfg(feature = "fleet")]
mod fleet_steer;
mod fleet_verbs;
mod formats;
mod help;
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
mod paint;
mod plan;
mod plan_ask;
mod plan_diff;
mod planned;
mod preflight;
mod prepare;
mod private_file;
mod probe;
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
mod switch;
mod systemd;
mod undo;
mod verify;

use clap::{FromArgMatches, Parser, Subcommand};
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
    /// Show the whole job on the built-in simulator; needs no account
    Demo(demo::DemoArgs),
    /// Write a commented settings file and the folders it names
    Init(init::InitArgs),
    /// Check settings, exports, state, token and connection
    Check(check::CheckArgs),
    /// The kinds of export that can be read, and what each needs
    Formats(formats::FormatsArgs),
    /// The dry run: read everything, send nothing, change nothing
    #[command(alias = "dry-run")]
    Plan(plan::PlanArgs),
    /// Load the whole export; resumes if it was interrupted
    Backfill(run::BackfillArgs),
    /// Load what is new or changed since the last run
    Sync(run::SyncArgs),
    /// Fetch a shop's orders into an export on disk
    Pull(pull::PullArgs),
    /// What was pulled
    Pulls(pull::PullsArgs),
    /// Run every job that has a schedule, until stopped
    Daemon(daemon::DaemonArgs),
    /// The coming runs of every job that has a schedule
    Schedule(schedule::ScheduleArgs),
    /// Jobs, their last runs and dead letters
    Status(status::StatusArgs),
    /// See and steer the daemons that share accounts
    Fleet(fleet_verbs::FleetArgs),
    /// One order end to end: row, payload, what was sent, what is next
    Explain(explain::ExplainArgs),
    /// Compare every order with ActiveCampaign, in both directions
    Verify(verify::VerifyArgs),
    /// Delete in ActiveCampaign what a run created
    Undo(undo::UndoArgs),
    /// Rebuild a lost ledger from what ActiveCampaign has
    Adopt(adopt::AdoptArgs),
    /// Records that were invalid or refused, with every reason
    DeadLetters(dead_letters::DeadLettersArgs),
    /// The ActiveCampaign connections that orders belong to
    Connection(connection::ConnectionArgs),
    /// Ask a sandbox account what the documents of its API leave open
    Probe(probe::ProbeArgs),
    /// A local ActiveCampaign for rehearsals
    Simulator(simulator::SimulatorArgs),
    /// A completion script for a shell
    Completions(packaging::CompletionsArgs),
    /// The manual pages, of the verbs and of the settings
    Man(packaging::ManArgs),
    /// The names of the jobs, for completion scripts
    #[command(hide = true)]
    CompleteJobs,
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
            Verb::Fleet(args) => fleet_verbs::run(global, &args),
            Verb::Explain(args) => explain::run(global, &args),
            Verb::Verify(args) => verify::run(global, &args),
            Verb::Undo(args) => undo::run(global, &args),
            Verb::Adopt(args) => adopt::run(global, &args),
            Verb::DeadLetters(args) => dead_letters::run(global, &args),
            Verb::Connection(args) => connection::run(global, &args),
            Verb::Probe(args) => probe::run(global, &args),
            Verb::Simulator(args) => simulator::run(global, &args),
            Verb::Completions(args) => packaging::completions(help::command::<Self>(), &args),
            Verb::Man(args) => packaging::man(help::command::<Self>(), &args),
            Verb::CompleteJobs => packaging::complete_jobs(global),
        }
    }
}

/// Whether `--json` is among arguments that could not be read.
fn is_json_asked() -> bool {
    std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// Runs the program.
pub fn main() -> ExitCode {
    let matches = help::command::<Opts>().try_get_matches();
    let opts = match matches.and_then(|matches| Opts::from_arg_matches(&matches)) {
        Ok(opts) => opts,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            if error.use_stderr() {
                output::note(&error.render().to_string());
            } else {
                // If that fails, nothing can be printed.
                let _ = error.print();
            }
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
        output::report_error(&error.message);
        if is_json && !output::has_printed() {
            output::print_json(&error.json());
        }
        error.exit
    });
    let exit = if output::is_whole() { exit } else { exit.worse(Exit::Failed) };
    ExitCode::from(exit.code())
}

#[cfg(test)]
mod tests {
    use super::Opts;
    use super::help::{GROUPS, VERBS, command, verbs_text};

    #[test]
    fn each_verb_is_in_a_group_and_each_example_can_be_typed() {
        let command = command::<Opts>();
        let grouped: Vec<&str> =
            GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            let name = verb.get_name();
            assert!(grouped.contains(&name), "{name}");
            let help = VERBS.iter().find(|help| help.verb == name);
            let help = help.unwrap_or_else(|| panic!("{name} has no examples"));
            for example in help.examples {
                assert!(example.contains(name), "{example}");
                let words = ["ordersync"].into_iter().chain(example.split(' '));
                command.clone().try_get_matches_from(words).unwrap();
            }
            assert!(help.exits.starts_with(&[0]) && help.exits.contains(&2), "{name}");
        }
    }

    /// The path of each verb and of each verb below one, as it is typed.
    fn paths() -> Vec<Vec<String>> {
        let command = command::<Opts>();
        let mut paths = Vec::new();
        for verb in command.get_subcommands() {
            paths.push(vec![verb.get_name().to_owned()]);
            let below = verb.get_subcommands().map(|sub| [verb.get_name(), sub.get_name()]);
            paths.extend(below.map(|path| path.map(str::to_owned).to_vec()));
        }
        paths
    }

    #[test]
    fn the_help_of_every_verb_has_its_parts_and_fits_80_columns() {
        for path in paths() {
            let mut command = command::<Opts>().term_width(80);
            command.build();
            let mut verb = &mut command;
            for name in &path {
                verb = verb.find_subcommand_mut(name).unwrap();
            }
            if verb.is_hide_set() {
                continue;
            }
            let help = verb.render_long_help().to_string();
            let wide = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None, "{path:?}");
            let purpose = help.lines().next().unwrap();
            assert!(purpose.len() > 10 && !purpose.ends_with('.'), "{path:?}: {purpose}");
            assert_eq!(help.lines().nth(1), Some(""), "{path:?} says what it does in one line");
            let usage = format!("\nUsage: ordersync {}", path.join(" "));
            for part in
                [usage.as_str(), "\nExamples:\n  ordersync ", "\nExit codes:\n    0  done\n"]
            {
                assert!(help.contains(part), "{path:?} lacks {part}:\n{help}");
            }
            for argument in verb.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{path:?}: {}", argument.get_id());
            }
        }
    }

    #[test]
    fn the_list_of_verbs_fits_the_terminal_and_has_a_line_for_each_at_80_columns() {
        let command = command::<Opts>();
        for width in [60, 80, 100] {
            let text = verbs_text(&command, width);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
        }
        let lines = verbs_text(&command, 80).lines().filter(|line| line.starts_with("  ")).count();
        assert_eq!(lines, VERBS.len());
    }
}
