//! Metrics of a node, and of the whole fleet as the node last saw it.

use super::exposition::{Exposition, families, seconds};
use crate::daemon::FleetView;
use std::time::Duration;

families! {
    LEASES Gauge "ordersync_fleet_leases" "Accounts that this node holds.";
    DRAINING Gauge "ordersync_fleet_draining"
        "Whether this node takes no account and hands over those it has.";
    TAKEN Counter "ordersync_fleet_leases_taken_total" "Leases that this node took since it began.";
    TAKEOVERS Counter "ordersync_fleet_takeovers_total"
        "Leases that this node took over from a node that was lost.";
    LOST Counter "ordersync_fleet_leases_lost_total" "Leases that this node lost.";
    RENEWALS_FAILED Counter "ordersync_fleet_renewal_failures_total"
        "Renewals of leases that the database did not answer or refused.";
    NODES Gauge "ordersync_fleet_nodes"
        "Nodes of the fleet by their state, as this node last saw it.";
    BACKLOG Gauge "ordersync_fleet_backlog_accounts"
        "Accounts of the whole fleet that are due and that no node works on.";
    OLDEST Gauge "ordersync_fleet_backlog_oldest_seconds"
        "For how long the first of them is due; 0 where there is none.";
    HEARD Gauge "ordersync_fleet_heard_timestamp_seconds"
        "When this node last had an answer from the database, in seconds since 1970.";
    COPY_BYTES Gauge "ordersync_fleet_ledger_copy_bytes"
        "Length of the ledger in the database, of each account that this node holds.";
    COPY_AGE Gauge "ordersync_fleet_ledger_copy_age_seconds"
        "How old that copy is: it holds all that was sent before.";
}

const STATES: [&str; 4] = ["active", "draining", "drained", "lost"];

pub(super) fn add(out: &mut Exposition, fleet: &FleetView) {
    let counts = &fleet.counts;
    out.add(&LEASES, &[], fleet.leases.len());
    out.add(&DRAINING, &[], u8::from(fleet.is_draining));
    out.add(&TAKEN, &[], counts.taken);
    out.add(&TAKEOVERS, &[], counts.takeovers);
    out.add(&LOST, &[], counts.lost);
    out.add(&RENEWALS_FAILED, &[], counts.renewals_failed);
    for state in STATES {
        let nodes = fleet.nodes.iter().filter(|node| node.state() == state).count();
        out.add(&NODES, &[("state", state)], nodes);
    }
    out.add(&BACKLOG, &[], fleet.backlog.accounts);
    out.add(&OLDEST, &[], length(fleet.backlog.oldest));
    out.add(&HEARD, &[], seconds(fleet.at.as_millisecond().into()));
    let copies =
        || fleet.leases.iter().filter_map(|(account, copy)| Some((account, copy.as_ref()?)));
    for (account, copy) in copies() {
        out.add(&COPY_BYTES, &[("account", account)], copy.bytes);
    }
    for (account, copy) in copies() {
        out.add(&COPY_AGE, &[("account", account)], length(copy.age));
    }
}

fn length(length: Duration) -> String {
    seconds(i128::try_from(length.as_millis()).unwrap_or(i128::MAX))
}
