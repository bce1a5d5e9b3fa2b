use super::labelled_text::ColumnTable;
use super::text::{count, duration, local, many, millis, printable, size};
use crate::daemon::{Backlog, FleetAccount, FleetEviction, FleetNode, LedgerMove};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::time::Duration;

/// The status of a fleet.
#[derive(Debug)]
pub struct FleetStatus {
    pub nodes: Vec<FleetNode>,
    pub accounts: Vec<FleetAccount>,
    pub backlog: Backlog,
}

pub fn fleet_json(fleet: &FleetStatus) -> Value {
    let node = |node: &FleetNode| {
        json!({
            "node": node.name,
            "host": node.host,
            "state": node.state(),
            "since": local(node.since, &TimeZone::UTC),
            "heard_ago_ms": millis(node.seen),
            "leases": node.leases,
        })
    };
    let account = |account: &FleetAccount| {
        let due = account.due_since;
        json!({
            "account": account.name,
            "state": account_state(account),
            "node": account.holder,
            "lease": account.fence,
            "due_since_ms": (!due.is_negative()).then(|| millis(due.unsigned_abs())),
            "due_in_ms": due.is_negative().then(|| millis(due.unsigned_abs())),
            "copy": account.copy.map(|copy| json!({ "bytes": copy.bytes, "age_ms": millis(copy.age) })),
            "unrecorded_ms": millis(account.unrecorded),
        })
    };
    json!({
        "backlog": { "accounts": fleet.backlog.accounts, "oldest_ms": millis(fleet.backlog.oldest) },
        "nodes": fleet.nodes.iter().map(node).collect::<Vec<_>>(),
        "accounts": fleet.accounts.iter().map(account).collect::<Vec<_>>(),
    })
}

/// `width`: columns of the terminal; `None`: no wrapping.
pub fn fleet_text(fleet: &FleetStatus, width: Option<usize>) -> String {
    let (nodes, accounts) = (fleet.nodes.len() as u64, fleet.accounts.len() as u64);
    let held = fleet.accounts.iter().filter(|account| account.holder.is_some()).count() as u64;
    format!(
        "{}, {}, {} held; {}\n{}{}",
        many(nodes, "node"),
        many(accounts, "account"),
        count(held),
        backlog_text(fleet.backlog),
        nodes_text(&fleet.nodes, width),
        accounts_text(&fleet.accounts, width),
    )
}

/// How much work is waiting for a node.
pub fn backlog_text(backlog: Backlog) -> String {
    match backlog.accounts {
        0 => "nothing is due that no node works on".to_owned(),
        n => format!(
            "{} due that no node works on, the first for {}",
            many(n, "account"),
            duration(backlog.oldest)
        ),
    }
}

fn nodes_text(nodes: &[FleetNode], width: Option<usize>) -> String {
    if nodes.is_empty() {
        return String::new();
    }
    let rows = nodes.iter().map(|node| {
        vec![
            printable(&node.name),
            node.state().to_owned(),
            count(node.leases),
            format!("{} ago", duration(node.seen)),
            local(node.since, &TimeZone::UTC),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let head = ["node", "state", "leases", "heard of", "since"];
    format!("\n{}", ColumnTable { align: "<<><<", head: &head, lead: 1, rows: &rows }.text(width))
}

fn accounts_text(accounts: &[FleetAccount], width: Option<usize>) -> String {
    if accounts.is_empty() {
        return String::new();
    }
    let rows = accounts.iter().map(|account| {
        let copy = account.copy;
        vec![
            printable(&account.name),
            account_state(account).to_owned(),
            account.holder.as_deref().map_or("-".to_owned(), printable),
            account.fence.to_string(),
            due_text(account.due_since),
            copy.map_or("-".to_owned(), |copy| size(copy.bytes)),
            copy.map_or("-".to_owned(), |copy| format!("{} ago", duration(copy.age))),
            match account.unrecorded {
                Duration::ZERO => "-".to_owned(),
                unrecorded => duration(unrecorded),
            },
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let head = ["account", "state", "node", "lease", "due", "ledger", "copied", "unrecorded"];
    format!(
        "\n{}",
        ColumnTable { align: "<<<><>>>", head: &head, lead: 1, rows: &rows }.text(width)
    )
}

fn account_state(account: &FleetAccount) -> &'static str {
    match account {
        FleetAccount { is_exported: true, .. } => "exported",
        FleetAccount { holder: Some(_), is_expired: true, .. } => "lost",
        FleetAccount { holder: Some(_), .. } => "held",
        _ if account.due_since.is_negative() => "idle",
        _ => "due",
    }
}

fn due_text(since: SignedDuration) -> String {
    let length = duration(since.unsigned_abs());
    if since.is_negative() { format!("in {length}") } else { format!("for {length}") }
}

pub fn evictions_json(evicted: &[FleetEviction]) -> Value {
    let one = |one: &FleetEviction| json!({ "account": one.account, "node": one.node, "left_ms": millis(one.left) });
    json!({ "evicted": evicted.iter().map(one).collect::<Vec<_>>() })
}

pub fn evictions_text(evicted: &[FleetEviction]) -> String {
    let line = |one: &FleetEviction| {
        let until = match one.left {
            Duration::ZERO => "it had expired".to_owned(),
            left => format!("if it still runs, it may send for {}", duration(left)),
        };
        format!("{}: taken from node {}; {until}\n", printable(&one.account), printable(&one.node))
    };
    if evicted.is_empty() {
        return "It held no account.\n".to_owned();
    }
    evicted.iter().map(line).collect()
}

/// Nodes that were asked to take no more accounts, or to take them again.
pub fn drain_json(nodes: &[FleetNode], is_draining: bool) -> Value {
    let node = |node: &FleetNode| json!({ "node": node.name, "draining": is_draining, "leases": node.leases });
    json!({ "drained": nodes.iter().map(node).collect::<Vec<_>>() })
}

pub fn drain_text(nodes: &[FleetNode], is_draining: bool) -> String {
    let what = if is_draining {
        "holds no account, and takes none until `--undo` or its end"
    } else {
        "takes accounts again"
    };
    nodes.iter().map(|node| format!("{}: {what}\n", printable(&node.name))).collect()
}

/// Ledgers that were brought into the fleet, or to this machine.
pub fn moves_json(moves: &[LedgerMove], is_import: bool) -> Value {
    let one = |one: &LedgerMove| json!({ "account": one.account, "lease": one.fence, "bytes": one.bytes });
    let key = if is_import { "imported" } else { "exported" };
    json!({ key: moves.iter().map(one).collect::<Vec<_>>() })
}

pub fn moves_text(moves: &[LedgerMove], is_import: bool) -> String {
    let what = if is_import {
        "is in the fleet; this machine's own verbs refuse the account from now on"
    } else {
        "is on this machine; no node takes the account from now on"
    };
    let line = |one: &LedgerMove| {
        format!("{}: the ledger ({}) {what}\n", printable(&one.account), size(one.bytes))
    };
    moves.iter().map(line).collect()
}
