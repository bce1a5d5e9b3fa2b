use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::switch;
use crate::activecampaign::Connection;
use crate::report::{self, ConnectionLine};
use crate::run::ensure;
use crate::settings::{Account, Settings};
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(super) struct ConnectionArgs {
    #[command(subcommand)]
    verb: ConnectionVerb,
}

#[derive(Debug, Subcommand)]
enum ConnectionVerb {
    /// All connections of the account, native ones included
    List {
        /// Jobs whose accounts to ask [default: all]
        #[arg(value_name = "JOB")]
        jobs: Vec<String>,
    },
    /// Find the connection of a job, or create it; prints its id
    Ensure {
        /// The job that the connection is for
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Change the way that the orders of a job's connection are loaded, with a canary
    Switch(switch::SwitchArgs),
}

pub(super) fn run(global: &Global, args: &ConnectionArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    match &args.verb {
        ConnectionVerb::List { jobs } => list(global, &settings, jobs),
        ConnectionVerb::Ensure { job } => ensured(global, &settings, job),
        ConnectionVerb::Switch(args) => switch::run(global, &settings, args),
    }
}

fn list(global: &Global, settings: &Settings, jobs: &[String]) -> Result<Exit, CliError> {
    let mut accounts: Vec<&Account> = Vec::new();
    for job in settings.jobs_named(jobs)? {
        let account = settings.account_of(job)?;
        if !accounts.iter().any(|other| other.name == account.name) {
            accounts.push(account);
        }
    }
    let runtime = assembly::runtime()?;
    let mut lines = Vec::new();
    for account in accounts {
        let client = assembly::client(account, None)?;
        let found = runtime
            .block_on(client.connections())
            .map_err(|failure| CliError::new(Exit::of_failure(&failure), failure))?;
        lines.extend(found.into_iter().map(|connection| line(settings, account, connection)));
    }
    output::print_result(
        global.json,
        || report::connections_json(&lines),
        || report::connections_text(&lines, output::width()),
    );
    Ok(Exit::Done)
}

fn line(settings: &Settings, account: &Account, found: Connection) -> ConnectionLine {
    let is_of = |job: &&crate::settings::Job| {
        let wanted = &job.connection;
        wanted.service == found.service && wanted.externalid == found.externalid
    };
    ConnectionLine {
        account: account.name.clone(),
        id: found.id.to_string(),
        jobs: settings.jobs_of(&account.name).filter(is_of).map(|job| job.name.clone()).collect(),
        service: found.service,
        externalid: found.externalid,
        name: found.name,
        is_native: found.is_internal,
        list_id: found.list_id,
    }
}

fn ensured(global: &Global, settings: &Settings, job: &str) -> Result<Exit, CliError> {
    let (job, account) = assembly::one_job(settings, job)?;
    let spec = assembly::job(job, account).connection;
    let runtime = assembly::runtime()?;
    let opened = assembly::open_account(&settings.state_dir, account)?;
    let ensured = runtime.block_on(ensure(&opened.state, &opened.client, &spec))?;
    if global.json {
        output::print_json(&serde_json::json!({ "connection": {
            "id": ensured.id.as_str(), "service": spec.service, "externalid": spec.externalid, "created": ensured.is_new,
        } }));
        return Ok(Exit::Done);
    }
    output::print(&format!("{}\n", ensured.id));
    if !global.quiet {
        let what = if ensured.is_new { "created" } else { "found" };
        output::note(&format!("{what} the connection {}/{}", spec.service, spec.externalid));
    }
    Ok(Exit::Done)
}
