//! `fleet drain` and `fleet evict`.

use super::consent;
use super::error::CliError;
use super::exit::Exit;
use super::fleet;
use super::fleet_args::{DrainArgs, EvictArgs};
use super::options::Global;
use super::{assembly, output};
use crate::daemon::{FleetEviction, FleetNode};
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
        if args.undo { Ok(nodes) } else { handed_over(&database, &names, args.wait).await }
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

/// Waits until these nodes hold nothing, or have ended.
async fn handed_over(
    database: &Database,
    names: &[String],
    wait: Duration,
) -> Result<Vec<FleetNode>, CliError> {
    let begun = Instant::now();
    let mut known: Vec<FleetNode> = Vec::new();
    loop {
        let nodes = read(database).await?.nodes;
        let nodes: Vec<_> = nodes.into_iter().filter(|node| names.contains(&node.name)).collect();
        if let Some(lost) = nodes.iter().find(|node| node.is_lost && node.leases > 0) {
            return Err(CliError::failed(format!(
                "node {0} was not heard of for {1}: others take its accounts when its leases expire\n  hint: `ordersync fleet evict {0}` takes them now",
                lost.name,
                report::duration(lost.seen)
            )));
        }
        // A node that has ended since holds nothing.
        for node in &mut known {
            node.leases = 0;
        }
        for node in nodes {
            known.retain(|before| before.name != node.name);
            known.push(node);
        }
        let Some(busy) = known.iter().find(|node| node.leases > 0) else { return Ok(known) };
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
    let node = overview.nodes.iter().find(|node| node.name == name);
    let held: Vec<String> = overview
        .accounts
        .iter()
        .filter(|account| account.holder.as_deref() == Some(name))
        .map(|account| account.name.clone())
        .collect();
    // A node that was forgotten may still hold leases.
    let is_node = node.is_some() || !held.is_empty();
    let account = overview.accounts.iter().find(|account| account.name == name);
    let what = match account {
        _ if is_node => {
            format!("the leases of {} from", report::many(held.len() as u64, "account"))
        }
        Some(account) if account.holder.is_some() => format!("the lease of account {name} from"),
        Some(_) => return Err(CliError::usage(format!("no node holds account {name}"))),
        None => {
            return Err(CliError::usage(format!(
                "the fleet has no node and no account {name}\n  hint: `ordersync fleet status` shows them"
            )));
        }
    };
    let holder = account.filter(|_| !is_node).and_then(|account| account.holder.as_deref());
    let holder = holder.unwrap_or(name);
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
