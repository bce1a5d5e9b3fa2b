//! The shipped files for Prometheus and Grafana only use existing metrics.

use super::client::Site;
use super::shop;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub fn shipped(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Every word that begins like our metrics.
pub fn named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    words.filter(|word| word.starts_with("ordersync_")).map(str::to_owned).collect()
}

fn metrics() -> String {
    let world = shop().job("verify = \"* * * * * *\"\n");
    let (daemon, site) = Site::of(&world);
    daemon.wait_for_log("finished: ", 1);
    daemon.wait_for_log("shop is verified: ", 1);
    let text = site.get("/metrics").body;
    daemon.stop(0);
    text
}

#[test]
fn each_metric_that_an_alert_or_a_panel_names_is_there() {
    let text = metrics();
    let there: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    assert!(there.len() >= 18, "{there:?}");
    let mut used = BTreeSet::new();
    for name in ["grafana/ordersync.json", "prometheus/alerts.yml"] {
        // Only nodes of a fleet have those: `fleet_window.rs` tests them.
        let mut names = named(&shipped(name));
        names.retain(|name| !name.starts_with("ordersync_fleet_"));
        assert!(names.len() > 3, "{name}: {names:?}");
        for metric in &names {
            assert!(there.contains(metric), "{name} names {metric}, which is not among {there:?}");
        }
        used.extend(names);
    }
    for metric in there.iter().filter(|name| name.starts_with("ordersync_")) {
        assert!(used.contains(metric), "{metric} is shown nowhere");
    }
}

#[test]
fn the_dashboard_is_whole() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&shipped("grafana/ordersync.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() >= 8);
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    for panel in panels {
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()));
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            assert!(
                target["expr"].as_str().is_some_and(|expr| expr.contains("ordersync_")),
                "{panel}"
            );
        }
    }
}

#[test]
#[ignore = "needs promtool; .ci/run installs it and runs this"]
fn promtool_accepts_the_metrics() {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(metrics().as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && message.is_empty(), "{message}");
}
