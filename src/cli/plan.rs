use super::assembly::{self, Dates};
use super::exit::{Exit, Fault};
use super::{Global, output};
use crate::report;
use crate::run::preview;
use crate::state::View;
use clap::Args;
use jiff::Timestamp;

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Jobs to plan [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
}

pub(super) fn run(global: &Global, args: &PlanArgs) -> Result<Exit, Fault> {
    let settings = assembly::settings(global)?;
    let chosen = settings.jobs_named(&args.jobs).map_err(Fault::usage)?;
    let mut jobs = Vec::new();
    for job in &chosen {
        let account = settings.account_of(job).map_err(Fault::usage)?;
        jobs.push((account, assembly::job(job, account, Dates::default())));
    }
    let assembled: Vec<_> = jobs.iter().map(|(_, job)| job.clone()).collect();
    let exports = assembly::exports(&assembled)?;
    let mut previews = Vec::new();
    for ((account, job), export) in jobs.iter().zip(&exports) {
        let view = View::open(&settings.state_dir, &account.name)?;
        let preview = preview(job, export, view, account.requests_per_second).map_err(Fault::failed)?;
        if !global.json {
            let now = Timestamp::now().to_zoned(job.rules.zone.clone());
            output::print(&format!("{}\n", report::plan_text(&preview, &now)));
        }
        previews.push(preview);
    }
    if global.json {
        output::print_json(&report::plan_json(&previews));
    }
    Ok(Exit::Done)
}
