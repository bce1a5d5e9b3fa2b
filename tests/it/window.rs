//! The daemon's server: metrics, probes, and the status page.

mod browser;
pub mod client;
pub mod deployed;
mod file;

use crate::daemon::{EVERY_SECOND, months_away};
use crate::process::Process;
use crate::world::{TOKEN, World};
use client::{Answer, Site};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind, RetryAfter};

/// A shop with records of every outcome, and a job that is due each second.
pub fn shop() -> World {
    let world = World::new().job(EVERY_SECOND);
    world.generate(&GeneratorOptions {
        orders: 60,
        seed: 5,
        defects_permille: 100,
        ..GeneratorOptions::default()
    });
    world
}

/// The value of a sample, by its whole name with labels.
fn sample(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

pub fn value(text: &str, name: &str) -> f64 {
    sample(text, name).unwrap_or_else(|| panic!("no {name} in:\n{text}"))
}

#[test]
fn prometheus_is_reported_what_the_state_and_the_target_know() {
    let world = shop();
    let status = Kind::Status { code: 429, retry_after: RetryAfter::None, html: false };
    let throttled = Fault::new(status).on("POST", "/ecomOrders");
    world.simulator.inject(throttled.nth(3));
    let (daemon, site) = Site::of(&world);
    daemon.wait_for_log("finished: ", 2);
    let answer = site.get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.body;
    let status = world.run(&["--json", "status"]).json()["jobs"][0].clone();
    let first = status["runs"].as_array().unwrap().last().unwrap().clone();
    for outcome in ["created", "adopted"] {
        let name = format!("ordersync_records_total{{job=\"shop\",outcome=\"{outcome}\"}}");
        assert_eq!(value(&text, &name), first[outcome].as_f64().unwrap(), "{outcome}");
    }
    assert!(value(&text, "ordersync_records_total{job=\"shop\",outcome=\"unchanged\"}") > 0.0);
    assert_eq!(
        value(&text, "ordersync_dead_letters{job=\"shop\"}"),
        status["dead_letters"].as_f64().unwrap()
    );
    assert!(value(&text, "ordersync_dead_letters{job=\"shop\"}") > 0.0);
    assert_eq!(value(&text, "ordersync_last_run_outcome{job=\"shop\",outcome=\"finished\"}"), 1.0);
    assert_eq!(value(&text, "ordersync_last_run_outcome{job=\"shop\",outcome=\"failed\"}"), 0.0);
    assert!(value(&text, "ordersync_last_success_timestamp_seconds{job=\"shop\"}") > 1.7e9);
    assert!(value(&text, "ordersync_run_duration_seconds{job=\"shop\",kind=\"sync\"}") >= 0.0);
    assert!(value(&text, "ordersync_schedule_lag_seconds{job=\"shop\"}") < 60.0);
    let sent: f64 = text
        .lines()
        .filter(|line| line.starts_with("ordersync_requests_total{account=\"main\""))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    assert_eq!(sent, world.summary().requests as f64, "each request once, by its verdict");
    assert_eq!(
        value(&text, "ordersync_requests_total{account=\"main\",verdict=\"throttled\"}"),
        1.0
    );
    assert!(value(&text, "ordersync_throttled_seconds_total{account=\"main\"}") > 0.0);
    assert_eq!(value(&text, "ordersync_requests_in_flight{account=\"main\"}"), 0.0);
    let version = format!("ordersync_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(value(&text, &version), 1.0);
    daemon.stop(0);
}

#[test]
fn counters_continue_across_runs_and_never_decrease() {
    let world = shop();
    let (daemon, site) = Site::of(&world);
    daemon.wait_for_log("finished: ", 1);
    let ok = "ordersync_requests_total{account=\"main\",verdict=\"ok\"}";
    let before = value(&site.get("/metrics").body, ok);
    assert!(before > 50.0);
    daemon.wait_for_log("finished: ", 3);
    let after = value(&site.get("/metrics").body, ok);
    assert!(after >= before, "{before} {after}: later runs have clients of their own");
    daemon.stop(0);
    let (daemon, site) = Site::of(&world);
    let created = "ordersync_records_total{job=\"shop\",outcome=\"created\"}";
    assert_eq!(
        value(&site.get("/metrics").body, created),
        world.summary().orders as f64,
        "nor by a restart"
    );
    daemon.stop(0);
}

#[test]
fn a_probe_is_reported_what_keeps_it_from_working() {
    let world = World::new().job(&months_away());
    world.generate(&GeneratorOptions { orders: 5, seed: 3, ..GeneratorOptions::default() });
    let (daemon, site) = Site::of(&world);
    assert_eq!((site.get("/healthz").status, site.get("/readyz").body.as_str()), (200, "ready\n"));
    std::fs::write(world.path("token"), "").unwrap();
    let answer = site.until("/readyz", |answer| answer.status == 503);
    assert!(
        answer.body.contains("accounts.main") && !answer.body.contains(TOKEN),
        "{}",
        answer.body
    );
    std::fs::write(world.path("token"), TOKEN).unwrap();
    site.until("/readyz", |answer| answer.status == 200);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    std::fs::write(world.path("state"), "no folder").unwrap();
    let answer = site.until("/readyz", |answer| answer.status == 503);
    assert!(answer.body.contains("the state: "), "{}", answer.body);
    assert_eq!(site.get("/healthz").status, 200, "it is alive all the same");
    daemon.stop(0);
}

#[test]
fn another_hosts_page_can_not_read_it_through_a_visitors_browser() {
    let world = World::new().job(&months_away());
    let (daemon, site) = Site::of(&world);
    for path in ["/", "/live", "/metrics", "/healthz", "/readyz", "/nothing"] {
        let message = site.ask(&format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
        assert_eq!(message.status, 421, "{path}");
        assert!(!message.body.contains("shop"), "{}", message.body);
    }
    let twice = site.ask("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n");
    assert!(twice.status >= 400, "{}", twice.status);
    let line = site.ask("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(line.status, 421);
    assert!(site.ask("GET / HTTP/1.1\r\n\r\n").status >= 400, "no host at all");
    assert_eq!(site.ask("GET / HTTP/1.1\r\nHost: LOCALHOST:1\r\n\r\n").status, 200);
    daemon.stop(0);
}

#[test]
fn it_only_shows() {
    let world = World::new().job(&months_away());
    let (daemon, site) = Site::of(&world);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let message = site
            .ask(&format!("{method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!(message.status, 405, "{method}");
    }
    let head = site.ask("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\n",
    ] {
        site.ask(garbage);
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(1_000_000));
    site.ask(&long);
    assert_eq!(site.get("/healthz").status, 200);
    daemon.stop(0);
}

#[test]
fn clients_that_hold_their_connections_do_not_keep_others_out_or_the_daemon_from_ending() {
    let world = World::new().job(&months_away());
    let (daemon, site) = Site::of(&world);
    let held: Vec<_> = (0..20).map(|_| site.connect()).collect();
    assert_eq!(site.get("/healthz").status, 200, "after ten seconds at the latest");
    let more: Vec<_> = (0..20).map(|_| site.connect()).collect();
    daemon.stop(0);
    drop((held, more));
}

#[test]
fn no_address_and_no_token_is_shown() {
    let world = shop();
    let refused = Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").nth(2);
    world.simulator.inject(refused);
    let (daemon, site) = Site::of(&world);
    daemon.wait_for_log("finished: ", 1);
    for path in ["/", "/live", "/metrics", "/readyz"] {
        let text = site.get(path).body.replace("@media", "");
        assert!(
            !text.contains('@') && !text.contains("buyer") && !text.contains(TOKEN),
            "{path}: {text}"
        );
    }
    daemon.stop(0);
}

#[test]
fn the_page_shows_runs_whose_parts_add_up_and_dead_letters_by_reason() {
    let world = shop().replace_job(&months_away());
    let run = world.load("sync", 3);
    let (daemon, site) = Site::of(&world);
    let page = site.get("/").body;
    let number = |name: &str| {
        let head = if name == "read" { "Read" } else { name };
        format!("<td class=\"number\" data-name=\"{head}\">{}</td>", run[name])
    };
    let parts = [
        "read",
        "created",
        "updated",
        "adopted",
        "unchanged",
        "filtered",
        "invalid",
        "refused",
        "pending",
    ];
    let row: String = parts.iter().map(|part| number(part)).collect();
    assert!(page.contains(&row), "{row} in {page}");
    let letters = world.run(&["--json", "dead-letters", "list"]).json();
    let reason = letters["reasons"][0]["reason"].as_str().unwrap().to_owned();
    assert!(page.contains(&reason), "{reason} in {page}");
    for message in ["Next run", "Last success", "Breaker", "closed: requests are sent", "Throttle"]
    {
        assert!(page.contains(message), "{message}");
    }
    assert!(page.contains("http-equiv=\"refresh\""), "without a script it is asked for again");
    daemon.stop(0);
}

#[test]
fn a_run_under_way_has_a_bar_with_its_expected_end() {
    let world = shop();
    let (daemon, site) = Site::of(&world);
    daemon.wait_for_log("finished: ", 1);
    // Each order changes, and ActiveCampaign accepts one of them without answering.
    let held = Kind::Stored { then: ordersync::simulator::Ending::Hold { ms: 86_400_000 } };
    world.simulator.inject(Fault::new(held).on("PUT", "/ecomOrders").nth(30));
    world.generate(&GeneratorOptions {
        orders: 60,
        seed: 5,
        defects_permille: 100,
        changed_permille: 1_000,
        ..GeneratorOptions::default()
    });
    let answer = site.until("/live", |answer| {
        answer.body.contains("<progress") && answer.body.contains("done about")
    });
    assert!(
        answer.body.contains(" max=\"60\"") || answer.body.contains("of about"),
        "{}",
        answer.body
    );
    let pending = "ordersync_pending_records{job=\"shop\"}";
    let is_nearly_settled =
        |answer: &Answer| sample(&answer.body, pending).is_some_and(|n| (1.0..=10.0).contains(&n));
    let metrics = site.until("/metrics", is_nearly_settled).body;
    assert_eq!(value(&metrics, "ordersync_run_in_progress{job=\"shop\"}"), 1.0);
    site.until("/metrics", |answer| {
        sample(&answer.body, "ordersync_requests_in_flight{account=\"main\"}")
            .is_some_and(|n| n >= 1.0)
    });
    assert_eq!(
        value(&metrics, "ordersync_account_standing{account=\"main\",standing=\"running\"}"),
        1.0
    );
    daemon.kill();
}

#[test]
fn a_refused_account_is_seen_before_and_after_a_restart() {
    let world = shop();
    world.simulator.inject(Fault::new(Kind::PaymentRequired).forever());
    let (daemon, site) = Site::of(&world);
    daemon.wait_for_log("was refused", 1);
    let text =
        site.until("/metrics", |answer| answer.body.contains("standing=\"refused\"} 1")).body;
    assert_eq!(value(&text, "ordersync_last_run_outcome{job=\"shop\",outcome=\"stopped\"}"), 1.0);
    assert_eq!(value(&text, "ordersync_last_success_timestamp_seconds{job=\"shop\"}"), 0.0);
    let page = site.get("/").body;
    assert!(page.contains("open: ActiveCampaign refused access"), "{page}");
    assert!(page.contains("refused since 20"), "{page}");
    let answer = site.until("/readyz", |answer| answer.status == 503);
    assert!(answer.body.contains("shop: refused since 20"), "{}", answer.body);
    daemon.stop(0);
    let world = world.replace_job(&months_away());
    let (daemon, site) = Site::of(&world);
    assert_eq!(site.get("/readyz").status, 503, "until a run finishes");
    world.simulator.clear_faults();
    world.load("sync", 3);
    site.until("/readyz", |answer| answer.status == 200);
    assert_eq!(
        value(
            &site.get("/metrics").body,
            "ordersync_last_run_outcome{job=\"shop\",outcome=\"finished\"}"
        ),
        1.0
    );
    daemon.stop(0);
}

#[test]
fn new_settings_move_the_listener_and_faulty_ones_are_reported() {
    let world = World::new().job(&months_away());
    let (daemon, site) = Site::of(&world);
    let current = "ordersync_settings_reload_successful";
    assert_eq!(value(&site.get("/metrics").body, current), 1.0);
    let world = world.replace_job("schedule = \"nightly\"\n");
    daemon.signal("HUP");
    daemon.wait_for_log("the previous settings stay in effect", 1);
    site.until("/metrics", |answer| sample(&answer.body, current) == Some(0.0));
    assert!(site.until("/", |answer| answer.body.contains("Old settings")).status == 200);
    let world = world.replace_job(&months_away());
    daemon.signal("HUP");
    daemon.wait_for_log("settings reloaded", 1);
    site.until("/metrics", |answer| sample(&answer.body, current) == Some(1.0));
    daemon.stop(0);
    drop(world);
}

#[test]
fn a_listener_is_opened_to_all_addresses_and_stays_where_it_is_if_that_fails() {
    let world = World::new().job(&months_away());
    let settings = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.2:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let listen_on = |host: &str| {
        let table = format!("[metrics]\nlisten = \"{host}:{port}\"\nallow_remote = true\n");
        std::fs::write(world.path("ordersync.toml"), format!("{settings}\n{table}")).unwrap();
    };
    listen_on("127.0.0.1");
    let daemon = Process::daemon(&world);
    let site = Site::logged_by(&daemon);
    listen_on("0.0.0.0");
    daemon.signal("HUP");
    daemon.wait_for_log("the previous listener stays in place", 1);
    assert_eq!(site.get("/healthz").status, 200);
    drop(taken);
    daemon.signal("HUP");
    daemon.wait_for_log(&format!("status page and metrics on http://0.0.0.0:{port}/"), 1);
    assert_eq!(site.get("/healthz").status, 200);
    daemon.stop(0);
}

#[test]
fn without_the_setting_nothing_listens_and_other_addresses_take_a_deliberate_word() {
    let world = World::new().job(&months_away());
    let log = Process::daemon(&world).stop(0);
    assert!(!log.contains("http://127.0.0.1") || !log.contains("status page"), "{log}");
    for (listen, hint) in [
        ("0.0.0.0:9464", "write 127.0.0.1:9464"),
        ("[::]:9464", "allow_remote = true"),
        ("localhost:9464", "write 127.0.0.1:9464"),
        (":9464", "write 127.0.0.1:9464"),
        ("9464", "write 127.0.0.1:9464"),
    ] {
        let mut command = world.command(&["daemon"]);
        let message = command.env("ORDERSYNC_METRICS__LISTEN", listen).output().unwrap();
        let err = String::from_utf8(message.stderr).unwrap();
        assert_eq!(message.status.code(), Some(2), "{listen}: {err}");
        assert!(err.contains("metrics.listen") && err.contains(hint), "{listen}: {err}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let message =
        world.command(&["daemon"]).env("ORDERSYNC_METRICS__LISTEN", &listen).output().unwrap();
    let err = String::from_utf8(message.stderr).unwrap();
    assert_eq!(message.status.code(), Some(1), "not 2: systemd tries again\n{err}");
    assert!(err.contains(&listen) && err.contains("hint: "), "{err}");
}

#[test]
fn if_allowed_a_probe_may_use_an_address_or_a_name_of_the_list() {
    let world = World::new().job(&months_away());
    let mut command = world.command(&["daemon", "--color", "never"]);
    command.env("ORDERSYNC_METRICS__LISTEN", "127.0.0.1:0");
    command.env("ORDERSYNC_METRICS__ALLOW_REMOTE", "true");
    command.env("ORDERSYNC_METRICS__HOSTS", "sync.example.com");
    let daemon = Process::daemon_by(&mut command);
    let site = Site::logged_by(&daemon);
    let status = |host: &str| -> u16 {
        let answer: Answer = site.ask(&format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        answer.status
    };
    assert_eq!(["10.1.2.3:9464", "sync.example.com", "evil.example"].map(status), [200, 200, 421]);
    daemon.stop(0);
}

#[test]
fn a_first_sync_shows_its_total_and_its_run_is_at_work_from_the_start() {
    let world = shop();
    let held = Kind::Stored { then: ordersync::simulator::Ending::Hold { ms: 86_400_000 } };
    world.simulator.inject(Fault::new(held.clone()).on("POST", "/ecomOrders").nth(20));
    let (daemon, site) = Site::of(&world);
    let is_counted = |answer: &Answer| answer.body.contains(" of about 60 records");
    let page = site.until("/live", is_counted).body;
    assert!(page.contains("running</td>") && !page.contains("interrupted"), "{page}");
    assert!(!page.contains(" ago</dd>"), "no next run in the past: {page}");
    let status = world.run(&["status", "--json"]).json();
    assert_eq!(status["jobs"][0]["runs"][0]["progress"]["records_expected"], 60);
    daemon.kill();
}

#[test]
fn an_account_that_was_never_worked_on_gets_no_ledger_by_being_shown() {
    let world = shop().replace_job(&months_away());
    let (daemon, site) = Site::of(&world);
    for path in ["/", "/live", "/metrics", "/readyz"] {
        assert_eq!(site.get(path).status, 200, "{path}");
    }
    let names =
        std::fs::read_dir(world.path("state")).unwrap().map(|file| file.unwrap().file_name());
    let names: Vec<_> = names.collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().starts_with("main.")), "{names:?}");
    daemon.stop(0);
}
