use super::error::CliError;
use super::exit::Exit;
use super::fleet;
use super::options::Global;
use super::{assembly, output};
use crate::fleet::Overview;
use crate::report::{self, FleetStatus};

pub(super) fn run(global: &Global, names: &[String]) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let overview = assembly::runtime()?.block_on(async {
        let database = fleet::open(fleet::of(&settings)?, fleet::ASK_TIMEOUT).await?;
        Overview::read(&database).await.map_err(CliError::failed)
    })?;
    let Overview { nodes, mut accounts, backlog } = overview;
    for name in names {
        if !accounts.iter().any(|account| account.name == *name) {
            return Err(CliError::usage(format!("the fleet has no account {name}")));
        }
    }
    accounts.retain(|account| names.is_empty() || names.contains(&account.name));
    let status = FleetStatus { nodes, accounts, backlog };
    output::print_result(
        global.json,
        || report::fleet_json(&status),
        || report::fleet_text(&status, output::width()),
    );
    Ok(Exit::Done)
}
