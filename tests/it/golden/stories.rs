//! The content of each golden file.

use super::transcript::Transcript;
use super::{Story, account, faults, rules};
use crate::world::{TOKEN, World};
use ordersync::samples::demo_orders;
use regex::Regex;
use std::path::{Path, PathBuf};

type Make = fn() -> String;

pub fn all() -> Vec<Story> {
    let message: [(&str, Make); 20] = [
        // The slow ones first.
        ("wrong-token.txt", faults::wrong_token),
        ("identity.txt", rules::identity),
        ("account-faults.txt", faults::account_faults),
        ("policies.txt", rules::policies),
        ("help.txt", help),
        ("formats.txt", formats),
        ("settings.txt", settings),
        ("settings-faults.txt", faults::settings_faults),
        ("export-faults.txt", faults::export_faults),
        ("usage-faults.txt", faults::usage_faults),
        ("records.txt", rules::records),
        ("page.html.txt", page),
        ("difference.txt", account::difference),
        ("demo-shop.txt", account::demo_shop),
        ("sync.txt", account::sync),
        ("canary.txt", account::canary),
        ("refused.txt", account::refused),
        ("verify-differences.txt", account::verify_differences),
        ("undo.txt", account::undo),
        ("adopt.txt", account::adopt),
    ];
    let message = message.map(|(name, make)| Story { name: name.to_owned(), make: Box::new(make) });
    let mut all = Vec::from(message);
    for (name, files) in fixtures() {
        let of_plan = files.clone();
        all.push(Story {
            name: format!("plan/{name}.txt"),
            make: Box::new(move || plan(&of_plan)),
        });
        if ["shopify-csv", "woocommerce-json", "magento-json"].contains(&name.as_str()) {
            all.push(Story {
                name: format!("load/{name}.txt"),
                make: Box::new(move || load(&files)),
            });
        }
    }
    all
}

/// The example exports of every format: the name of each, and its files.
fn fixtures() -> Vec<(String, Vec<PathBuf>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/extract/tests/fixtures");
    let entries = |dir: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let of_one = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let files = if path.is_dir() { entries(&path) } else { vec![path] };
        (name, files)
    };
    let fixtures: Vec<_> = entries(&dir).into_iter().map(of_one).collect();
    assert!(fixtures.len() > 25, "{} fixtures", fixtures.len());
    fixtures
}

/// One request after the other, so that the ids in the account are reproducible.
pub fn world() -> World {
    World::new().account("in_flight_max = 1\n")
}

fn world_with(files: &[PathBuf]) -> World {
    let world = world();
    for file in files {
        world.export(file.file_name().unwrap().to_str().unwrap(), std::fs::read(file).unwrap());
    }
    world
}

pub fn demo_world() -> World {
    let world = world();
    world.export("orders.csv", demo_orders());
    world
}

pub fn quietly(world: &World, args: &[&str]) {
    world.command(args).output().unwrap();
}

fn plan(files: &[PathBuf]) -> String {
    let world = world_with(files);
    let mut transcript = Transcript::of(&world);
    transcript.run(&["plan"]);
    transcript.run(&["plan", "--json", "--jsonl", "plan.jsonl", "--payloads", "payloads.jsonl"]);
    transcript.file("plan.jsonl");
    transcript.file("payloads.jsonl");
    transcript.finish()
}

fn load(files: &[PathBuf]) -> String {
    let world = world_with(files);
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["backfill", "--json", "--yes"]);
    transcript.run(&["status", "--json"]);
    transcript.run(&["verify", "shop", "--json"]);
    transcript.run(&["sync", "--json"]);
    transcript.finish()
}

fn help() -> String {
    let world = World::new();
    let mut transcript = Transcript::of(&world);
    transcript.run(&["--help"]);
    for verb in listed(&world.run(&["--help"]).out) {
        let help = world.run(&[&verb, "--help"]).out;
        let below = help.split_once("\nCommands:\n").map_or(Vec::new(), |(_, rest)| listed(rest));
        if below.is_empty() {
            transcript.run(&[&verb, "--help"]);
        }
        for name in below.iter().filter(|name| *name != "help") {
            transcript.run(&[&verb, name, "--help"]);
        }
    }
    transcript.finish()
}

/// The verbs that a help lists.
fn listed(help: &str) -> Vec<String> {
    let row = Regex::new("(?m)^  ([a-z][a-z-]+) {2,}[A-Z]").unwrap();
    row.captures_iter(help).map(|found| found[1].to_owned()).collect()
}

fn formats() -> String {
    let world = World::new();
    let mut transcript = Transcript::of(&world);
    transcript.run(&["formats"]);
    transcript.run(&["formats", "--json"]);
    let formats = world.run(&["formats", "--json"]).json();
    for format in formats["formats"].as_array().unwrap() {
        transcript.run(&["formats", "--show", format["name"].as_str().unwrap()]);
    }
    transcript.run(&["formats", "--show", "shopify"]);
    transcript.finish()
}

/// Every key set, and one of them by the environment.
pub const ALL_SETTINGS: &str = r#"
[state]
dir = "elsewhere"
[metrics]
listen = "127.0.0.1:9464"
hosts = ["status.example.com"]
[accounts.main]
url = "http://127.0.0.1:9/api/3"
requests_per_second = 4.5
token_file = "token"
in_flight_max = 8
timeout_s = 30
wait_max_s = 600
[jobs.shop]
account = "main"
export = ["exports/*.csv", "more/*.json"]
format = "shopify-csv"
customers = ["customers.csv"]
schedule = "30 3 * * *"
jitter_s = 10
time_zone = "Europe/Berlin"
[jobs.shop.connection]
service = "shopify"
externalid = "test-store"
name = "Test Store"
link_url = "https://shop.example.com"
logo_url = "https://shop.example.com/logo.png"
[jobs.shop.policy]
statuses = ["all"]
refunds = "net"
total = "current"
missing_email = "filter"
currency = "EUR"
rounding = "half_even"
order_key = "number"
customers = "email"
default_date = "2020-01-01"
category = "Shop"
deleted = "leave"
refused_max = 50
webtoffee_date_shift = "none"
"#;

fn settings() -> String {
    let world = world();
    world.export("orders.csv", demo_orders());
    let mut transcript = Transcript::of(&world);
    let args = ["check", "--offline", "--verbose"];
    transcript.run(&args);
    transcript.run(&["check", "--offline", "--json"]);
    std::fs::write(world.path("ordersync.toml"), ALL_SETTINGS).unwrap();
    transcript.run(&args);
    let mut command = world.command(&args);
    command
        .env("ORDERSYNC_JOBS__SHOP__POLICY__REFUNDS", "skip")
        .env("ORDERSYNC_ACCOUNTS__MAIN__TOKEN", TOKEN);
    transcript.run_as("check, with two settings in the environment", &mut command);
    let mut command = world.command(&args);
    command.env("ORDERSYNC_JOBS__SHOP__POLICY__REFUND", "skip").env("ORDERSYNC_X", "1");
    transcript.run_as("check, with unknown variables", &mut command);
    transcript.finish()
}

fn page() -> String {
    let world = demo_world();
    let mut transcript = Transcript::of(&world);
    transcript.run(&["plan", "--html", "page.html"]);
    transcript.file("page.html");
    transcript.finish()
}
