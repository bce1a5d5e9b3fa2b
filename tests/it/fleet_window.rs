//! A node's metrics and page, and the shipped alerts and panels.

use crate::fleet_verbs::{Fleet, name_of};
use crate::process::Process;
use crate::window::client::Site;
use crate::window::deployed::{named, shipped};
use crate::window::value;
use crate::world::until;
use ordersync::simulator::{Fault, Kind};
use std::collections::BTreeSet;

fn node(fleet: &Fleet, dir: &str) -> (Process, Site) {
    let mut command = fleet.daemon(dir);
    command.env("ORDERSYNC_METRICS__LISTEN", "127.0.0.1:0");
    let node = Process::daemon_by(&mut command);
    let site = Site::logged_by(&node);
    (node, site)
}

#[test]
fn a_node_shows_its_leases_their_copies_the_backlog_and_the_others() {
    let fleet = Fleet::new(6);
    fleet.generate(60);
    let (mut one, site) = node(&fleet, "one");
    fleet.wait_for_requests(10);
    let mut text = String::new();
    until("a copy is shown", || {
        text = site.get("/metrics").body;
        text.contains("ordersync_fleet_ledger_copy_bytes{account=\"main\"}")
    });
    assert_eq!(value(&text, "ordersync_fleet_leases"), 1.0);
    assert!(value(&text, "ordersync_fleet_leases_taken_total") >= 1.0);
    assert_eq!(value(&text, "ordersync_fleet_takeovers_total"), 0.0);
    assert_eq!(value(&text, "ordersync_fleet_nodes{state=\"active\"}"), 1.0);
    assert_eq!(value(&text, "ordersync_fleet_backlog_accounts"), 0.0);
    assert!(value(&text, "ordersync_fleet_ledger_copy_bytes{account=\"main\"}") > 1000.0);

    let there: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|name| name.starts_with("ordersync_fleet_"))
        .map(str::to_owned)
        .collect();
    let texts = ["grafana/ordersync.json", "prometheus/alerts-fleet.yml"].map(shipped);
    let mut used: BTreeSet<String> = texts.iter().flat_map(|text| named(text)).collect();
    used.retain(|name| name.starts_with("ordersync_fleet_"));
    assert_eq!(there, used, "each is shown, and nothing else is");

    // While the node is drained, no node works on the account, which is due.
    let name = name_of(&mut one);
    fleet.json(&["drain", &name]);
    until("the backlog is shown", || {
        value(&site.get("/metrics").body, "ordersync_fleet_backlog_accounts") == 1.0
    });
    let page = site.get("/").body;
    for shows in ["Fleet", &name, "drained", "1 account due that no node works on"] {
        assert!(page.contains(shows), "{shows}: {page}");
    }
    let of_job = "ordersync_pending_records{job=\"shop\"}";
    assert!(site.get("/metrics").body.contains(of_job), "it has the newest ledger");
    let before = site;
    let (two, site) = node(&fleet, "two");
    two.wait_for_log("of account main was taken", 1);
    until("only the node that took the account shows its job", || {
        let [before, now] = [&before, &site].map(|site| site.get("/metrics").body);
        now.contains(of_job) && !before.contains(of_job)
    });
    one.kill();
    until("the lost one is shown", || {
        value(&site.get("/metrics").body, "ordersync_fleet_nodes{state=\"lost\"}") == 1.0
    });
    two.stop(0);
}

#[test]
fn a_refused_account_does_not_make_its_node_unready() {
    let fleet = Fleet::new(30);
    fleet.generate(3);
    fleet.world.simulator.inject(Fault::new(Kind::PaymentRequired).forever());
    let (node, site) = node(&fleet, "one");
    node.wait_for_log("was refused", 1);
    site.until("/metrics", |answer| answer.body.contains("standing=\"refused\"} 1"));
    let answer = site.get("/readyz");
    assert_eq!((answer.status, answer.body.as_str()), (200, "ready\n"));
    node.stop(0);
}
