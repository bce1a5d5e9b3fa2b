use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::report;
use crate::run::explain;
use crate::state::View;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The job that the order belongs to
    #[arg(value_name = "JOB")]
    job: String,
    /// The order's number or id
    #[arg(value_name = "ORDER")]
    order: String,
    /// Show the buyer's e-mail address in full
    #[arg(long)]
    reveal: bool,
}

pub(super) fn run(global: &Global, args: &ExplainArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let (job, account) = assembly::one_job(&settings, &args.job)?;
    let job = assembly::job(job, account);
    let view = View::open(&settings.state_dir, &account.name)?;
    let export = assembly::whole_export(&job)?;
    let explanation = explain(&job, &export, &view, &args.order)?;
    if explanation.is_empty() {
        return Err(CliError::usage(format!(
            "neither the export of {} nor its dead letters have an order {}\n  hint: give its number or id as in the export",
            job.name, args.order
        )));
    }
    output::print_result(
        global.json,
        || report::explanation_json(&explanation, args.reveal),
        || report::explanation_text(&explanation, args.reveal),
    );
    Ok(Exit::Done)
}
