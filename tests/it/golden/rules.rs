//! The effects of the policy on orders.

use super::stories::{demo_world, quietly, world};
use super::transcript::Transcript;
use ordersync::samples::{demo_orders, demo_orders_changed};
use ordersync::simulator::{Fault, Kind, RetryAfter};

/// Orders that can't be sent or are left out, each for a different reason, and some that are sent.
fn faulty_orders() -> String {
    let row = |id: u32, (from, to): (&str, &str)| {
        let row = format!(
            "#{id},ann{id}@example.com,paid,USD,10.00,5.00,0.00,15.00,CODE,0.00,Post,2024-01-31 10:11:12 -0500,1,Mug,10.00,M-1,0.00,,{id},web\n"
        );
        assert!(row.contains(from), "{from}");
        row.replacen(from, to, 1)
    };
    let changes = [
        ("web", "web"),
        ("ann2@example.com", ""),
        ("ann3@example.com", "nobody"),
        ("paid", "unheard-of"),
        ("paid", "pending"),
        ("USD", "US$"),
        ("15.00", "15,00"),
        ("15.00", "15.001"),
        ("15.00", "99999999.99"),
        ("2024-01-31 10:11:12 -0500", "45384.34"),
        ("1,Mug", "1.5,Mug"),
        ("1,Mug", "1,"),
        ("#13", "#1"),
        ("14,web", "5.37E+12,web"),
        ("Mug", "Mug,extra"),
        ("ann16@example.com", "5d41402abc4b2a76b9719d911017c592"),
        ("15.00", "19.00"),
        (",,18,web", ",2024-02-01 10:11:12 -0500,18,web"),
        ("paid", "refunded"),
        ("paid", "partially_refunded"),
        ("15.00", "0.00"),
        ("M-1", "\u{1b}[2J\u{202e}"),
    ];
    let header = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,\
                  Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,\
                  Cancelled at,Id,Source\n";
    let rows = changes.into_iter().zip(1..).map(|(change, id)| row(id, change));
    header.to_owned() + &rows.collect::<String>()
}

pub fn records() -> String {
    let world = world();
    world.export("orders.csv", faulty_orders());
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["plan"]);
    transcript.run(&["plan", "--json", "--jsonl", "plan.jsonl"]);
    transcript.file("plan.jsonl");
    transcript.run(&["backfill", "--yes"]);
    transcript.run(&["dead-letters", "list"]);
    transcript.run(&["dead-letters", "list", "--limit", "2"]);
    transcript.run(&["dead-letters", "list", "--json"]);
    transcript.run(&["dead-letters", "show", "shop", "2"]);
    transcript.run(&["dead-letters", "export", "--format", "jsonl"]);
    transcript.run(&["dead-letters", "export", "--format", "csv"]);
    transcript.run(&["dead-letters", "retry", "shop"]);
    transcript.run(&["explain", "shop", "#3"]);
    transcript.run(&["explain", "shop", "#5", "--json"]);
    transcript.run(&["explain", "shop", "#1", "--json"]);
    transcript.run(&["explain", "shop", "#1", "--reveal"]);
    transcript.finish()
}

/// Lines of the policy, each different from the default.
const POLICIES: &[&str] = &[
    "",
    "statuses = [\"all\"]",
    "statuses = [\"pending\"]",
    "refunds = \"net\"",
    "refunds = \"skip\"",
    "total = \"current\"",
    "missing_email = \"filter\"",
    "currency = \"EUR\"",
    "rounding = \"half_even\"",
    "order_key = \"number\"",
    "customers = \"email\"",
    "default_date = \"2020-01-01\"",
    "category = \"Shop\"",
    "deleted = \"leave\"",
    "refused_max = 50",
    "webtoffee_date_shift = \"none\"",
];

/// The plan of the same exports under each policy.
pub fn policies() -> String {
    let mut text = String::new();
    for policy in POLICIES {
        let world = world().policy(&format!("{policy}\n"));
        world.export("demo.csv", demo_orders());
        world.export("faulty.csv", faulty_orders());
        let mut transcript = Transcript::of(&world);
        transcript.run_as(&format!("plan, with {policy}"), &mut world.command(&["plan"]));
        text.push_str(&transcript.finish());
    }
    text
}

/// Changes after which an interrupted run is resumed, and those after which a new one begins.
pub fn identity() -> String {
    let world = demo_world().account("wait_max_s = 1\n");
    let away = Kind::Status { code: 503, retry_after: RetryAfter::Seconds(3600), html: true };
    world.simulator.inject(Fault::new(away).on("POST", "/ecomOrders").nth(3).forever());
    let before = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
    quietly(&world, &["backfill", "--yes"]);
    std::fs::remove_file(world.path("state/main.lock")).unwrap();
    let saved = world.state_files();
    let mut text = String::new();
    let mut outcome = |label: &str, args: &[&str]| {
        std::fs::remove_dir_all(world.path("state")).unwrap();
        std::fs::create_dir_all(world.path("state")).unwrap();
        for (path, bytes) in &saved {
            std::fs::write(path, bytes).unwrap();
        }
        let output = world.run(&[&["--json", "--quiet"], args, &["--yes"]].concat());
        let run = serde_json::from_str::<serde_json::Value>(&output.out).unwrap_or_default();
        let run = run["runs"][0]["run"].as_u64();
        let what = match run {
            Some(1) => "resumes".to_owned(),
            Some(run) => format!("another run, {run}"),
            None => {
                format!("exit {}: {}", output.code, output.err.lines().next().unwrap_or_default())
            }
        };
        text.push_str(&format!("{label}: {what}\n"));
    };
    let backfill = ["backfill"];
    outcome("the same", &backfill);
    outcome("--canary 2", &["backfill", "--canary", "2"]);
    outcome("--from 2020-01-01", &["backfill", "--from", "2020-01-01"]);
    outcome("--to 2027-01-01", &["backfill", "--to", "2027-01-01"]);
    for policy in &POLICIES[1..] {
        std::fs::write(world.path("ordersync.toml"), format!("{before}{policy}\n")).unwrap();
        outcome(policy, &backfill);
    }
    for (from, to) in [
        ("time_zone = \"America/New_York\"", "time_zone = \"Asia/Tokyo\""),
        ("time_zone", "format = \"shopify-csv\"\ntime_zone"),
        ("externalid = \"test-store\"", "externalid = \"other-store\""),
        ("service = \"shopify\"", "service = \"other\""),
        ("name = \"Test Store\"", "name = \"Other Store\""),
        ("timeout_s = 600", "timeout_s = 500"),
        ("in_flight_max = 1", "in_flight_max = 2"),
        ("[jobs.shop]", "[jobs.shop]\nschedule = \"@daily\""),
    ] {
        assert!(before.contains(from), "{from}");
        std::fs::write(world.path("ordersync.toml"), before.replacen(from, to, 1)).unwrap();
        outcome(&to.replace('\n', " "), &backfill);
    }
    std::fs::write(world.path("ordersync.toml"), &before).unwrap();
    world.export("orders.csv", demo_orders());
    outcome("the export written again", &backfill);
    world.export("orders.csv", demo_orders_changed());
    outcome("another export", &backfill);
    text
}
