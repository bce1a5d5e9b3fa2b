//! What an operator installs.

use std::path::PathBuf;
use std::process::Command;

fn systemd(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd").join(name)
}

/// The values of a key of a unit.
fn values(unit: &str, key: &str) -> Vec<String> {
    let text = std::fs::read_to_string(systemd(unit)).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(name, _)| *name == key).map(|(_, value)| value.to_owned()).collect()
}

#[test]
fn the_units_pass_systemds_own_judgement() {
    let output = Command::new("bash").arg(systemd("check")).output().unwrap();
    let message = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    println!("{message}");
}

#[test]
fn systemd_waits_longer_for_the_end_than_the_daemon_takes() {
    // The grace of 30 s, 5 s to settle or a minute to hand over to a fleet, and a margin.
    for (unit, takes) in [("ordersync.service", 30 + 60 + 5), ("ordersync@.service", 30 + 5 + 5)] {
        let timeout: u64 = values(unit, "TimeoutStopSec")[0].parse().unwrap();
        assert!(timeout >= takes, "{unit}");
    }
}

#[test]
fn a_job_that_needs_the_operator_is_not_restarted() {
    assert_eq!(values("ordersync.service", "RestartPreventExitStatus"), ["2 5"]);
    let of_template = values("ordersync@.service", "RestartPreventExitStatus").remove(0);
    for code in ["2", "3", "5", "7"] {
        assert!(of_template.split(' ').any(|word| word == code), "{code}: {of_template}");
    }
    for unit in ["ordersync.service", "ordersync@.service"] {
        assert_eq!(values(unit, "OnFailure"), ["ordersync-failed@%n.service"]);
        assert!(values(unit, "SuccessExitStatus").is_empty(), "3 and 7 are failures to systemd");
    }
}
