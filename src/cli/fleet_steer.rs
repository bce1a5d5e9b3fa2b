//! `fleet drain` and `fleet evict`.

use super::consent;
use super::error::CliError;
use super::exit::Exit;
use super::fleet;
use super::fleet_args::{DrainArgs, EvictArgs};
use super::options::Global;
use super::{assembly, output};
use crate::daemon::{FleetAccount, FleetEviction, FleetNode};
use crate::fleet::{Database, Overview, drain, evict_account, evict_node};
use crate::report;
use std::time::{Duration, Instant};

/// How often to check whether a node has handed over its leases.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) fn drained(global: &Global, args: &DrainArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let nodes = assembly::runtime()?.block_on(async {
        let database = fleet::open(fleet::of(&settings)?, fleet::ASK_TIMEOUT).await?;
        let nodes = chosen(read(&database).await?.nodes, args.node.as_deref())?;
        let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
        drain(&database, &names, !args.undo).await.map_err(CliError::failed)?;
        if args.undo { Ok(nodes) } else { handed_over(&database, nodes, args.wait).await }
    })?;
    output::print_outcome(
        global,
        true,
        || report::drain_json(&nodes, !args.undo),
        || report::drain_text(&nodes, !args.undo),
    );
    Ok(Exit::Done)
}

/// The node of this name; without one, those of this machine.
fn chosen(nodes: Vec<FleetNode>, name: Option<&str>) -> Result<Vec<FleetNode>, CliError> {
    let host = fleet::host();
    let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
    let is_chosen = |node: &FleetNode| name.map_or(node.host == host, |name| node.name == name);
    let chosen: Vec<FleetNode> = nodes.into_iter().filter(is_chosen).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let there = if names.is_empty() {
        "no node runs".to_owned()
    } else {
        format!("the fleet's nodes are {}", names.join(", "))
    };
    Err(CliError::usage(match name {
        Some(name) => format!("no node {name}: {there}"),
        None => format!("no node runs on this machine ({host}): {there}\n  hint: name one of them"),
    }))
}

/// Waits until these nodes hold nothing, or have ended. Returns them as they were seen last.
async fn handed_over(
    database: &Database,
    mut nodes: Vec<FleetNode>,
    wait: Duration,
) -> Result<Vec<FleetNode>, CliError> {
    let begun = Instant::now();
    loop {
        let current = read(database).await?.nodes;
        for node in &mut nodes {
            match current.iter().find(|found| found.name == node.name) {
                Some(found) => *node = found.clone(),
                // It has ended, and holds nothing any more.
                None => node.leases = 0,
            }
        }
        if let Some(lost) = nodes.iter().find(|node| node.is_lost && node.leases > 0) {
            return Err(CliError::failed(format!(
                "node {0} was not heard of for {1}: others take its accounts when its leases expire\n  hint: `ordersync fleet evict {0}` takes them now",
                lost.name,
                report::duration(lost.seen)
            )));
        }
        let Some(busy) = nodes.iter().find(|node| node.leases > 0) else { return Ok(nodes) };
        if begun.elapsed() >= wait {
            return Err(CliError::failed(format!(
                "node {} still holds {}; it takes no more, and hands them over when what is under way has ended\n  hint: `ordersync fleet status` shows it",
                busy.name,
                report::many(busy.leases, "account")
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

pub(super) fn evicted(global: &Global, args: &EvictArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let runtime = assembly::runtime()?;
    let database = runtime.block_on(fleet::open(fleet::of(&settings)?, fleet::ASK_TIMEOUT))?;
    let overview = runtime.block_on(read(&database))?;
    let name = args.name.as_str();
    let is_held = |account: &&FleetAccount| account.holder.as_deref() == Some(name);
    let held = overview.accounts.iter().filter(is_held).count() as u64;
    // A node that was forgotten may still hold leases.
    let is_node = held > 0 || overview.nodes.iter().any(|node| node.name == name);
    let (what, holder) = if is_node {
        (format!("the leases of {} from", report::many(held, "account")), name)
    } else {
        let account = overview.accounts.iter().find(|account| account.name == name);
        let account = account.ok_or_else(|| {
            CliError::usage(format!(
                "the fleet has no node and no account {name}\n  hint: `ordersync fleet status` shows them"
            ))
        })?;
        let holder = account.holder.as_deref();
        let holder =
            holder.ok_or_else(|| CliError::usage(format!("no node holds account {name}")))?;
        (format!("the lease of account {name} from"), holder)
    };
    if !args.yes {
        let node = overview.nodes.iter().find(|node| node.name == holder);
        consent::ask(&question(&what, holder, node), "no lease was taken")?;
    }
    let evicted = runtime.block_on(async {
        if is_node {
            return evict_node(&database, name).await;
        }
        Ok(evict_account(&database, name).await?.into_iter().collect())
    });
    let evicted: Vec<FleetEviction> = evicted.map_err(CliError::failed)?;
    output::print_outcome(
        global,
        true,
        || report::evictions_json(&evicted),
        || report::evictions_text(&evicted),
    );
    Ok(Exit::Done)
}

/// What the command does, and what it may break.
fn question(what: &str, holder: &str, node: Option<&FleetNode>) -> String {
    let known = match node {
        Some(node) if !node.is_lost => format!(
            "Node {holder} is alive, heard of {} ago: `ordersync fleet drain {holder}` has it hand over in order.\n",
            report::duration(node.seen)
        ),
        Some(node) => {
            format!("Node {holder} was not heard of for {}.\n", report::duration(node.seen))
        }
        None => format!("Node {holder} is not known any more.\n"),
    };
    format!(
        "{known}Until its leases would have expired, it may still send if it runs and does not reach the database. Two nodes then send to one account, together faster than its limit. The ledger and the orders stay whole: it writes nothing to the database any more, and ActiveCampaign takes no order twice.\nTake {what} node {holder}?"
    )
}

async fn read(database: &Database) -> Result<Overview, CliError> {
    Overview::read(database).await.map_err(CliError::failed)
}
