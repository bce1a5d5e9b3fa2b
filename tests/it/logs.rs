//! The log: for people, for machines, and for systemd's journal.

use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind};
use serde_json::Value;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

fn shop() -> World {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 20, seed: 3, ..GeneratorOptions::default() });
    world
}

/// Each line of standard error, all of which must be JSON.
fn events(err: &str) -> Vec<Value> {
    let event = |line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{err}"))
    };
    err.lines().map(event).collect()
}

fn errors(events: &[Value]) -> Vec<&Value> {
    events.iter().filter(|event| event["level"] == "ERROR").collect()
}

#[test]
fn a_machine_reads_every_line_and_each_failure_once() {
    let world = shop();
    world.simulator.inject(Fault::new(Kind::PaymentRequired).on("POST", "/ecomOrders").nth(3));
    let printed = world.run(&["--log-format", "json", "sync"]);
    assert_eq!(printed.code, 5);
    let events = events(&printed.err);
    let errors = errors(&events);
    assert_eq!(errors.len(), 1, "{}", printed.err);
    assert!(errors[0]["message"].as_str().unwrap().contains("asks for payment"), "{}", printed.err);
    let text = world.run(&["--log-format", "text", "--color", "never", "sync", "nothing"]);
    assert!(
        text.err.starts_with("error: ") || text.err.contains("\nerror: "),
        "for people as ever: {}",
        text.err
    );
}

#[test]
fn a_machine_reads_the_final_error_whatever_failed() {
    let world = shop().job("schedule = \"nightly\"\n");
    for args in
        [vec!["sync"], vec!["daemon"], vec!["status", "nobody"], vec!["--quiet", "schedule"]]
    {
        let printed = world.run(&[&["--log-format", "json"], args.as_slice()].concat());
        assert_eq!(printed.code, 2, "{args:?}");
        let events = events(&printed.err);
        assert_eq!(errors(&events).len(), 1, "{args:?}: {}", printed.err);
        assert!(printed.err.contains("jobs.shop.schedule"), "{args:?}: {}", printed.err);
    }
}

#[test]
fn events_of_a_run_have_its_job_and_run() {
    let world = shop();
    world.simulator.inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").nth(2));
    let printed = world.run(&["--log-format", "json", "-v", "sync"]);
    let events = events(&printed.err);
    let of_run: Vec<&Value> =
        events.iter().filter(|event| event["target"] != "ordersync::cli::output").collect();
    assert!(of_run.len() > 20, "each request is one: {}", printed.err);
    for event in of_run {
        let spans = event["spans"].as_array().unwrap_or_else(|| panic!("{event}"));
        assert!(spans.iter().any(|span| span["job"] == "shop"), "{event}");
    }
    let left_out = events.iter().find(|event| event["level"] == "WARN").unwrap();
    assert!(left_out["spans"].to_string().contains("\"run\":1"), "{left_out}");
}

#[test]
fn under_systemd_the_log_is_sent_to_the_journal_with_its_levels() {
    let world = shop();
    world.simulator.inject(Fault::new(Kind::PaymentRequired).forever());
    let log = File::create(world.path("log")).unwrap();
    let metadata = log.metadata().unwrap();
    let mut command = world.command(&["sync"]);
    command.env("JOURNAL_STREAM", format!("{}:{}", metadata.dev(), metadata.ino()));
    let status = command.stderr(log).stdout(std::process::Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(5));
    let text = std::fs::read_to_string(world.path("log")).unwrap();
    if Path::new("/run/systemd/journal/socket").exists() {
        assert_eq!(text, "", "the journal itself has it");
        return;
    }
    assert!(!text.is_empty() && !text.contains('\u{1b}'), "{text}");
    for line in text.lines() {
        assert!(["<3>", "<4>", "<6>"].iter().any(|level| line.starts_with(level)), "{line}");
    }
    assert_eq!(text.matches("<3>").count(), 1, "{text}");
    // A redirected log is not sent to the journal.
    let printed = world.command(&["sync"]).env("JOURNAL_STREAM", "1:1").output().unwrap();
    assert!(String::from_utf8(printed.stderr).unwrap().contains("error: "));
}
