use super::assembly::{self, Dates};
use super::exit::{Exit, Fault};
use super::{Global, output};
use crate::report;
use crate::run::{Choice, Record, Sample, verify, verify_sample};
use crate::state::{Store, View};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The job to verify
    #[arg(value_name = "JOB")]
    job: String,
    /// Look at a part of the orders line by line, such as 1/7: two requests for each
    #[arg(long, value_name = "N/M", value_parser = parse_sample, conflicts_with = "repair")]
    sample: Option<Sample>,
    /// Have the next sync write every order that differs again
    #[arg(long)]
    repair: bool,
}

fn parse_sample(text: &str) -> Result<Sample, &'static str> {
    text.parse()
}

pub(super) fn run(global: &Global, args: &VerifyArgs) -> Result<Exit, Fault> {
    let settings = assembly::settings(global)?;
    let chosen = settings.jobs_named(std::slice::from_ref(&args.job)).map_err(Fault::usage)?;
    let runtime = assembly::runtime()?;
    let mut verifications = Vec::new();
    for job in chosen {
        let account = settings.account_of(job).map_err(Fault::usage)?;
        let job = assembly::job(job, account, Dates::default());
        let exports = assembly::exports(std::slice::from_ref(&job))?;
        // Reads only, but at the account's pace: a run at the same time would share it unknowingly.
        let mut store = Store::open(&settings.state_dir, &account.name)?;
        let client = assembly::client(account, Some(store.lock()))?;
        for export in &exports {
            let view = View::open(&settings.state_dir, &account.name)?;
            let record = Some(Record { store: &mut store, repair: args.repair });
            verifications.push(match args.sample {
                Some(sample) => {
                    let part = verify_sample(&job, export, view, &client, (Choice::Part(sample), record));
                    runtime.block_on(part)?.0
                }
                None => runtime.block_on(verify(&job, export, view, &client, record))?,
            });
        }
    }
    match global.json {
        true => output::print_json(&report::verification_json(&verifications)),
        false => verifications.iter().for_each(|v| output::print(&report::verification_text(v))),
    }
    let differences: u64 = verifications.iter().map(crate::run::Verification::differences_count).sum();
    Ok(if differences == 0 { Exit::Done } else { Exit::Differences })
}
