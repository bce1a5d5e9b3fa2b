//! `fleet import` and `fleet export`.

use super::error::CliError;
use super::exit::Exit;
use super::fleet;
use super::options::Global;
use super::{assembly, output};
use crate::fleet::{Accounts, LedgerCopies, MoveError, Moved, Mover, Ownership};
use crate::report;
use crate::settings::Settings;
use std::time::Duration;

/// Where a ledger goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Into the fleet.
    Import,
    /// To this machine.
    Export,
}

/// One account after the other: one that can't be moved does not stop the others.
pub(super) fn run(global: &Global, names: &[String], way: Way) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let accounts = names.iter().map(|name| moved(&settings, name));
    let accounts = accounts.collect::<Result<Vec<Moved>, CliError>>()?;
    let runtime = assembly::runtime()?;
    let mover = runtime.block_on(mover(&settings))?;
    let (mut moves, mut failures) = (Vec::new(), Vec::new());
    for account in &accounts {
        let moved = runtime.block_on(async {
            match way {
                Way::Import => mover.import(account).await,
                Way::Export => mover.export(account).await,
            }
        });
        match moved {
            Ok(ledger) => moves.push(ledger),
            Err(error) => failures.push(CliError::from(error)),
        }
    }
    // If nothing was moved, `--json` prints the error instead.
    if failures.is_empty() || !moves.is_empty() {
        let is_import = way == Way::Import;
        output::print_outcome(
            global,
            true,
            || report::moves_json(&moves, is_import),
            || report::moves_text(&moves, is_import),
        );
    }
    CliError::all(failures).map(|()| Exit::Done)
}

async fn mover(settings: &Settings) -> Result<Mover, CliError> {
    let of = fleet::of(settings)?;
    let lease = Duration::from_secs(of.lease_s);
    let database = fleet::open(of, fleet::ASK_TIMEOUT).await?;
    let name = fleet::name();
    let accounts = Accounts::new(database.another(fleet::ASK_TIMEOUT), name.clone(), lease);
    let copies = LedgerCopies::new(database.another(fleet::CHUNK_TIMEOUT));
    Ok(Mover::new(Ownership::new(database, accounts, name), copies))
}

fn moved(settings: &Settings, name: &str) -> Result<Moved, CliError> {
    let account = settings
        .accounts
        .get(name)
        .ok_or_else(|| CliError::usage(format!("no account {name} in the settings")))?;
    let jobs = settings.jobs_of(name);
    let orders =
        jobs.map(|job| fleet::orders_per_request(job.load, job.bulk_max, job.is_bulk_max_set));
    let orders_max = orders.max().unwrap_or(1);
    Ok(Moved {
        account: account.name.clone(),
        url: account.url.clone(),
        dir: fleet::of(settings)?.own_state_dir.clone(),
        orders_per_second: account.requests_per_second * orders_max as f64,
        in_flight_max: account.in_flight_max * orders_max,
    })
}

impl From<MoveError> for CliError {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Ledger(error) => error.into(),
            MoveError::Held { .. } => Self::new(Exit::Locked, error),
            MoveError::Refused { .. } => Self::usage(error),
            MoveError::Fleet(_) => Self::failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Environment;

    /// The orders of two requests in flight, for the account's only job with these lines.
    fn in_flight_max(lines: &str) -> usize {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ordersync.toml");
        let text = format!(
            "[fleet]\nurl_file = \"fleet.url\"\n\
             [accounts.a]\nurl = \"https://shop.api-us1.com\"\nin_flight_max = 2\n\
             [jobs.s]\naccount = \"a\"\nexport = [\"x\"]\n{lines}\n\
             [jobs.s.connection]\nservice = \"s\"\nexternalid = \"e\"\n"
        );
        std::fs::write(&file, text).unwrap();
        let settings = Settings::load(Some(&file), &Environment::new(dir.path(), [])).unwrap();
        moved(&settings, "a").unwrap().in_flight_max
    }

    #[test]
    fn a_request_of_a_bulk_job_counts_as_many_orders_as_a_probe_may_allow() {
        let found = ["", "load = \"bulk\"", "load = \"bulk\"\nbulk_max = 40"].map(in_flight_max);
        assert_eq!(found, [2, 200, 80]);
    }
}
