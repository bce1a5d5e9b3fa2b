//! The status page in a real browser: what it shows, and that its script keeps it live under its
//! own policy.

use super::client::Site;
use super::shop;
use crate::world::{World, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Ending, Fault, Kind, RetryAfter};
use std::path::Path;
use std::process::{Command, Output};

/// Opens the page, waits until it settled, and does what these arguments say.
fn browse(site: &Site, profile: &Path, args: &[&str]) -> Output {
    let mut command =
        Command::new(std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned()));
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--hide-scrollbars",
        ])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--v=0"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(args)
        .arg(format!("http://{}/", site.address));
    command.output().unwrap()
}

/// A shop with a run that ActiveCampaign blocks half way, after one that left records out and one
/// that was throttled.
fn at_work() -> World {
    let world = shop();
    let status = Kind::Status { code: 429, retry_after: RetryAfter::None, html: false };
    world.simulator.inject(Fault::new(status).on("POST", "/ecomOrders").nth(3));
    world
}

#[test]
#[ignore = "needs Chromium; .ci/run installs it and runs this"]
fn a_browser_shows_the_status_page_without_a_complaint_and_keeps_it_live() {
    let world = at_work();
    let (daemon, site) = Site::of(&world);
    daemon.wait_for_log("finished: ", 2);
    let whole = GeneratorOptions {
        orders: 60,
        seed: 5,
        defects_permille: 100,
        changed_permille: 1_000,
        extra_orders: 0,
    };
    let held = Kind::Stored { then: Ending::Hold { ms: 86_400_000 } };
    world.simulator.inject(Fault::new(held).on("PUT", "/ecomOrders").nth(30));
    world.generate(&whole);
    // An earlier run shows its progress too.
    until("an update is held", || {
        world.simulator.summary().faults_struck.contains_key("stored_then_hold")
    });
    site.until("/live", |answer| {
        answer.body.contains("<progress") && answer.body.contains("done about")
    });
    let profile = tempfile::tempdir().unwrap();
    let message = browse(&site, profile.path(), &["--virtual-time-budget=10000", "--dump-dom"]);
    let (dom, log) =
        (String::from_utf8_lossy(&message.stdout), String::from_utf8_lossy(&message.stderr));
    assert!(dom.contains("Live.</p>"), "its script ran under its policy: {dom}");
    assert!(!dom.contains("class=\"stale\""), "and was answered: {dom}");
    for shown in ["<progress", "Dead letters: ", "Breaker", "Last runs", "running"] {
        assert!(dom.contains(shown), "{shown} in {dom}");
    }
    assert!(!log.contains("CONSOLE"), "{log}");
    // Kept for inspection.
    let shots =
        std::env::var_os("ORDERSYNC_SCREENSHOTS").map_or(profile.path().to_owned(), Into::into);
    for (name, size) in [("wide", "1280,1400"), ("phone", "390,1900")] {
        let path = shots.join(format!("status-{name}.png"));
        let shot = format!("--screenshot={}", path.display());
        browse(&site, profile.path(), &[&shot, &format!("--window-size={size}")]);
        assert!(std::fs::metadata(&path).unwrap().len() > 10_000, "{name}");
    }
    daemon.kill();
}
