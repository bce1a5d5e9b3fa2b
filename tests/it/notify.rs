//! Notices of how runs ended are sent once, without delaying a run and without personal data.

use crate::daemon::EVERY_SECOND;
use crate::process::Process;
use crate::world::{World, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Fault, Kind, RetryAfter};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// Receives requests on a loopback port, refuses the first ones, and stores the rest.
struct NoticeReceiver {
    port: u16,
    heard: Arc<Mutex<Vec<(String, String)>>>,
}

impl NoticeReceiver {
    fn refusing_first(refusals: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for (n, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut lines = Vec::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap() <= 2 {
                        break;
                    }
                    lines.push(line);
                }
                let length = lines.iter().find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ")?.trim().parse().ok()
                });
                let mut body = vec![0; length.unwrap_or(0)];
                reader.read_exact(&mut body).unwrap();
                let status = if n < refusals { "500 No" } else { "200 OK" };
                if n >= refusals {
                    let path = lines[0].split(' ').take(2).collect::<Vec<_>>().join(" ");
                    kept.lock().unwrap().push((path, String::from_utf8(body).unwrap()));
                }
                let head =
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).unwrap();
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    /// The names of the events, and their bodies.
    fn events(&self) -> Vec<(String, Value)> {
        let posts = self.heard().into_iter().filter(|(path, _)| path == "POST /hook");
        let event = |body: &Value| body["event"].as_str().unwrap().to_owned();
        posts
            .map(|(_, body)| serde_json::from_str::<Value>(&body).unwrap())
            .map(|body| (event(&body), body))
            .collect()
    }

    fn settings(&self) -> String {
        let port = self.port;
        format!(
            "[notify]\nurl = \"http://127.0.0.1:{port}/hook\"\n\
             ping_url = \"http://127.0.0.1:{port}/ping\"\naway_after_s = 0\n"
        )
    }
}

const SHOP: GeneratorOptions = GeneratorOptions {
    orders: 40,
    seed: 9,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_failure_is_notified_once_and_its_end_too() {
    let ear = NoticeReceiver::refusing_first(0);
    let world = World::new().policy(&ear.settings());
    world.generate(&SHOP);
    let refuse =
        |kind| world.simulator.inject(Fault::new(kind).on("POST", "/ecomOrders").forever());
    refuse(Kind::Status { code: 403, retry_after: RetryAfter::None, html: false });
    world.load("backfill", 5);
    world.load("backfill", 5);
    let heard = ear.heard();
    let paths: Vec<&str> = heard.iter().map(|(path, _)| path.as_str()).collect();
    let run = ["GET /ping/start", "GET /ping/fail"];
    assert_eq!(paths, [&run[..], &["POST /hook"], &run].concat(), "the event once");
    let event: Value = serde_json::from_str(&heard[2].1).unwrap();
    assert_eq!((&event["event"], &event["job"]), (&"refused".into(), &"shop".into()));
    assert_eq!(event["runs"][0]["outcome"], "stopped", "{event}");
    assert!(!heard[2].1.contains("@example.com"), "{}", heard[2].1);
    world.simulator.clear_faults();
    refuse(Kind::Status { code: 503, retry_after: RetryAfter::Seconds(7_200), html: false });
    world.load("backfill", 6);
    assert_eq!(names(&ear.events()), ["away"]);
    world.simulator.clear_faults();
    world.load("backfill", 0);
    let heard = ear.heard();
    assert_eq!(heard[1].0, "GET /ping", "a success");
    assert!(heard[2].1.contains("\"event\":\"recovered\""), "{}", heard[2].1);
    world.load("sync", 0);
    assert_eq!(names(&ear.events()), [""; 0]);
}

#[test]
fn new_dead_letters_and_differences_are_notified() {
    let ear = NoticeReceiver::refusing_first(0);
    let world = World::new().policy(&ear.settings());
    world.generate(&GeneratorOptions { defects_permille: 200, ..SHOP });
    world.load("backfill", 3);
    let events = ear.events();
    assert_eq!(names(&events), ["new_dead_letters"]);
    assert!(events[0].1["text"].as_str().unwrap().contains("`ordersync dead-letters list shop`"));
    world.load("sync", 3);
    assert_eq!(names(&ear.events()), [""; 0], "the same ones ring once");
    let externalid = world.target()["ecomOrders"][0]["externalid"].as_str().unwrap().to_owned();
    world.simulator.edit(Edit::DeleteOrder { externalid }).unwrap();
    assert_eq!(world.run(&["verify", "shop"]).code, 7);
    let events = ear.events();
    assert_eq!(names(&events), ["differences"]);
    assert_eq!(events[0].1["verifications"][0]["differences"], 1);
    assert_eq!(world.run(&["verify", "shop", "--repair"]).code, 7);
    world.load("sync", 3);
    assert_eq!(world.run(&["verify", "shop"]).code, 0);
    assert_eq!(names(&ear.events()), ["recovered"]);
}

#[test]
fn a_receiver_that_is_down_for_a_moment_is_tried_again_and_a_dead_one_fails_no_run() {
    let ear = NoticeReceiver::refusing_first(1);
    let world = World::new().policy(&ear.settings());
    world.generate(&SHOP);
    world.load("backfill", 0);
    let paths: Vec<String> = ear.heard().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["GET /ping/start", "GET /ping"]);
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = format!("[notify]\nping_url = \"http://{unused}/secret-key\"\n");
    let world = World::new().policy(&dead);
    world.generate(&SHOP);
    let output = world.run(&["backfill"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.err.contains("notify.ping_url could not be notified"), "{}", output.err);
    assert!(!output.err.contains("secret-key"), "{}", output.err);
    assert!(!world.run(&["check", "--offline"]).out.contains("secret-key"));
}

#[test]
fn the_daemon_notifies_that_a_run_could_not_begin_and_the_command_receives_it() {
    let script = "#!/bin/sh\n{ env; cat; } >> heard\n";
    let world = World::new().job(EVERY_SECOND);
    world.export("orders.csv", "");
    std::fs::remove_file(world.path("exports/orders.csv")).unwrap();
    let tool = world.path("tool");
    std::fs::write(&tool, script).unwrap();
    let command = format!("[notify]\ncommand = [\"/bin/sh\", \"{}\"]\n", tool.display());
    let world = world.policy(&command);
    let mut daemon = world.command(&["daemon", "--color", "never"]);
    daemon.env("ORDERSYNC_ACCOUNTS__MAIN__TOKEN", "the-token-of-the-environment");
    let daemon = Process::daemon_by(&mut daemon);
    let heard = || std::fs::read_to_string(world.path("heard")).unwrap_or_default();
    until("the command is given the event", || heard().contains("\"event\":\"failed\""));
    daemon.stop(0);
    let heard = heard();
    assert!(heard.contains("ORDERSYNC_EVENT=failed") && !heard.contains("the-token"), "{heard}");
}
