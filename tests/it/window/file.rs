//! `--metrics-file`: the metrics of a manual or timed run for node_exporter.

use super::value;
use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

fn shop() -> World {
    let world = World::new();
    world.generate(&GeneratorOptions {
        orders: 30,
        seed: 5,
        defects_permille: 100,
        ..GeneratorOptions::default()
    });
    world
}

fn file(world: &World) -> String {
    std::fs::read_to_string(world.path("shop.prom")).unwrap()
}

#[test]
fn a_run_leaves_its_figures_whole_and_readable_for_everybody() {
    let world = shop();
    // As in the units: files of a run are only accessible to its owner.
    let run = world.command(&["--json", "sync", "--metrics-file", "shop.prom"]);
    let mut masked = Command::new("sh");
    masked.args(["-c", "umask 077; exec \"$@\"", "sh"]).arg(run.get_program()).args(run.get_args());
    let output = masked.current_dir(world.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let run =
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["runs"][0].clone();
    let text = file(&world);
    for outcome in ["created", "invalid", "filtered"] {
        let name = format!("ordersync_records_total{{job=\"shop\",outcome=\"{outcome}\"}}");
        assert_eq!(value(&text, &name), run[outcome].as_f64().unwrap());
    }
    assert_eq!(value(&text, "ordersync_pending_records{job=\"shop\"}"), 0.0);
    assert!(value(&text, "ordersync_last_success_timestamp_seconds{job=\"shop\"}") > 1.7e9);
    assert!(!text.contains("ordersync_requests_total") && !text.contains("build_info"));
    let mode = std::fs::metadata(world.path("shop.prom")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode & 0o444, 0o444, "{mode:o}");
    let names = std::fs::read_dir(world.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        names.into_iter().all(|name| !name.to_string_lossy().starts_with('.')),
        "nothing is left beside"
    );
}

#[test]
fn a_failed_run_adds_no_success_and_says_how_it_ended() {
    let world = shop();
    world.run(&["sync", "--metrics-file", "shop.prom"]);
    let success = "ordersync_last_success_timestamp_seconds{job=\"shop\"}";
    let before = value(&file(&world), success);
    world.simulator.inject(Fault::new(Kind::PaymentRequired).forever());
    world.generate(&GeneratorOptions { orders: 40, seed: 6, ..GeneratorOptions::default() });
    assert_eq!(world.run(&["backfill", "--yes", "--metrics-file", "shop.prom"]).code, 5);
    let text = file(&world);
    assert_eq!(value(&text, success), before);
    assert_eq!(value(&text, "ordersync_last_run_outcome{job=\"shop\",outcome=\"stopped\"}"), 1.0);
}

#[test]
fn a_file_that_cannot_be_written_is_reported_before_anything_is_sent() {
    let world = shop();
    for path in ["no/such/folder/shop.prom", ".", "exports"] {
        let ended = world.run(&["sync", "--metrics-file", path]);
        assert_eq!(ended.code, 2, "{path}: {}", ended.err);
        assert!(ended.err.contains("--metrics-file"), "{}", ended.err);
    }
    assert_eq!(world.summary().requests, 0);
}
