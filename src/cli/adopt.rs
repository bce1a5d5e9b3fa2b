use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::progress::reading_lines;
use crate::report;
use crate::run::adopt;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct AdoptArgs {
    /// The job whose ledger was lost
    #[arg(value_name = "JOB")]
    job: String,
}

pub(super) fn run(global: &Global, args: &AdoptArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let (job, account) = assembly::one_job(&settings, &args.job)?;
    let job = assembly::job(job, account);
    let export = assembly::whole_export(&job)?;
    let mut store = assembly::store(&settings.state_dir, account)?;
    let client = assembly::client(account, Some(store.lock()))?;
    let adoption = assembly::runtime()?.block_on(adopt(
        &job,
        &export,
        &mut store,
        &client,
        &reading_lines(global.quiet),
    ))?;
    output::print_outcome(
        global,
        true,
        || report::adoption_json(&adoption),
        || report::adoption_text(&adoption),
    );
    Ok(Exit::Done)
}
