//! The output about faults in settings, exports, the account and the command line.

use super::stories::{ALL_SETTINGS, demo_world, world};
use super::transcript::Transcript;
use ordersync::samples::demo_orders;
use ordersync::simulator::{Edit, Fault, Kind, RetryAfter};

/// Settings with one error each: a text of [`ALL_SETTINGS`], and its replacement.
const SETTINGS_FAULTS: &[(&str, &str)] = &[
    ("refunds = \"net\"", "refund = \"net\""),
    ("refunds = \"net\"", "refunds = \"nett\""),
    ("statuses = [\"all\"]", "statuses = \"all\""),
    ("statuses = [\"all\"]", "statuses = [\"payed\"]"),
    ("total = \"current\"", "total = 5"),
    ("currency = \"EUR\"", "currency = \"XXX\""),
    ("default_date = \"2020-01-01\"", "default_date = \"1/1/2020\""),
    ("category = \"Shop\"", "category = \"\""),
    ("refused_max = 50", "refused_max = 500"),
    ("webtoffee_date_shift = \"none\"", "webtoffee_date_shift = \"no\""),
    ("url = \"http://127.0.0.1:9/api/3\"", "url = \"http://example.com\""),
    ("url = \"http://127.0.0.1:9/api/3\"", "token = \"canary-token-5f2a\""),
    ("requests_per_second = 4.5", "requests_per_second = 0"),
    ("timeout_s = 30", "timeout_s = 5.7"),
    ("in_flight_max = 8", "in_flight_max = 99"),
    ("token_file = \"token\"", "ca_file = []"),
    ("account = \"main\"", "account = \"mian\""),
    ("export = [\"exports/*.csv\", \"more/*.json\"]", "export = []"),
    ("format = \"shopify-csv\"", "format = \"shopify\""),
    ("schedule = \"30 3 * * *\"", "schedule = \"every day\""),
    ("time_zone = \"Europe/Berlin\"", "time_zone = \"Berlin\""),
    ("service = \"shopify\"", "service = \"\""),
    ("listen = \"127.0.0.1:9464\"", "listen = \"0.0.0.0:9464\""),
    ("[jobs.shop]", "[jobs.Shop]"),
    ("dir = \"elsewhere\"", "dir = elsewhere"),
    ("[metrics]", "[metric]"),
    ("[state]", "[mappings.mine]\nrecords = 5\n[state]"),
];

pub fn settings_faults() -> String {
    let world = world();
    world.export("orders.csv", demo_orders());
    let mut transcript = Transcript::of(&world);
    for (from, to) in SETTINGS_FAULTS {
        assert!(ALL_SETTINGS.contains(from), "{from}");
        std::fs::write(world.path("ordersync.toml"), ALL_SETTINGS.replacen(from, to, 1)).unwrap();
        transcript.run_as(
            &format!("check --offline, with {to}"),
            &mut world.command(&["check", "--offline"]),
        );
    }
    std::fs::remove_file(world.path("ordersync.toml")).unwrap();
    transcript.run(&["check"]);
    transcript.finish()
}

pub fn export_faults() -> String {
    let shopify = "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price\n\
                   #1,a@example.com,paid,EUR,1.00,2024-01-31 10:11:12 +0000,1,Mug,1.00\n";
    let files: &[(&str, &[u8])] = &[
        ("unknown columns", b"a,b\n1,2\n"),
        ("missing columns", b"Name,Email,Financial Status,Paid at,Lineitem quantity,Lineitem name\n#1,a@example.com,paid,,1,Mug\n"),
        ("unknown keys", b"{\"ordering\":1,\"sum\":2}"),
        ("customers, not orders", b"[{\"id\":1,\"email\":\"a@example.com\",\"orders_count\":2,\"total_spent\":\"1.00\"}]"),
        ("an empty file", b""),
        ("a header only", &shopify.as_bytes()[..shopify.find('\n').unwrap() + 1]),
        ("a web page", b"<!DOCTYPE html><html><body>Log in</body></html>"),
        ("a spreadsheet", b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml"),
        ("a damaged gzip file", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x00\x01"),
        ("JSON that is cut", b"[{\"id\":1,\"name\":\"#1\",\"email\":\"ann@example.com\",\"created_at\":\"2024-01-31T10:11:12Z\",\"currency\":\"USD\",\"total_price\":\"1.00\",\"financial_status\":\"paid\",\"line_items\":[{\"name\":\"Mug\",\"price\":\"1.00\",\"quantity\":1}]},\n{\"id\":2,"),
        ("a last line without an end", &shopify.as_bytes()[..shopify.len() - 1]),
        ("a cut last line", &shopify.as_bytes()[..shopify.len() - 9]),
        ("shifted dates", b"order_id,order_date,paid_date,status,order_total,order_currency,billing_email,payment_method,line_item_1\n21,2024-07-01 04:00:00,2024-07-01 8:01:00,completed,22.00,USD,bob@example.com,bacs,name:Box|product_id:15|sku:|quantity:3|total:22.00|sub_total:22.00\n"),
    ];
    let world = world();
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["plan"]);
    for (what, bytes) in files {
        world.export("orders_export", bytes);
        transcript.run_as(&format!("plan, of {what}"), &mut world.command(&["plan"]));
    }
    let quote = shopify.replace("Mug", "\"Mug");
    world.export("orders_export", &quote);
    transcript.run_as("plan, with a quote that stays open", &mut world.command(&["plan"]));
    transcript.run(&["backfill", "--yes"]);
    transcript.run(&["check", "--offline"]);
    world.export("orders_export", shopify);
    world.export("other", "a,b\n1,2\n");
    transcript.run(&["check", "--offline"]);
    transcript.finish()
}

pub fn account_faults() -> String {
    let world = demo_world().account("wait_max_s = 1\n");
    let mut transcript = Transcript::timed(&world);
    let args = ["backfill", "--yes"];
    std::fs::remove_file(world.path("token")).unwrap();
    transcript.run_as("backfill, without a token", &mut world.command(&args));
    world.write_token();
    let unavailable =
        || Kind::Status { code: 503, retry_after: RetryAfter::Seconds(3600), html: true };
    for (what, kind) in [
        ("while the account is unpaid", Kind::PaymentRequired),
        ("while the account redirects", Kind::Redirect),
        ("while ActiveCampaign is unavailable", unavailable()),
    ] {
        world.simulator.inject(Fault::new(kind).forever());
        transcript.run_as(&format!("backfill, {what}"), &mut world.command(&args));
        world.simulator.clear_faults();
        std::fs::write(world.path("state/main.lock"), "").unwrap();
    }
    world.simulator.inject(Fault::new(unavailable()).on("POST", "/ecomOrders").nth(3).forever());
    transcript.run_as("backfill, asked to wait", &mut world.command(&args));
    transcript.run(&["backfill", "--json", "--yes"]);
    transcript.run(&["status"]);
    world.simulator.clear_faults();
    std::fs::write(world.path("state/main.lock"), "").unwrap();
    let held = ordersync::state::Store::open(&world.path("state"), "main").unwrap();
    transcript.run_as("backfill, while another process has the account", &mut world.command(&args));
    drop(held);
    transcript.run_as("backfill, that resumes", &mut world.command(&args));
    let (service, externalid, name) = ("shopify".into(), "native".into(), "Native".into());
    world.simulator.edit(Edit::AddConnection { service, externalid, name, native: true }).unwrap();
    let settings = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
    std::fs::write(world.path("ordersync.toml"), settings.replace("test-store", "native")).unwrap();
    for args in [&args[..], &["check"], &["connection", "list"], &["connection", "ensure", "shop"]]
    {
        transcript.run_as(
            &format!("{}, of a connection of ActiveCampaign's own", args.join(" ")),
            &mut world.command(args),
        );
    }
    let other = settings.replace(&world.simulator.url(), "http://127.0.0.1:1");
    std::fs::write(world.path("ordersync.toml"), other).unwrap();
    transcript.run_as("backfill, with another account's address", &mut world.command(&args));
    transcript.finish()
}

/// In a separate file, as it is retried with seconds between.
pub fn wrong_token() -> String {
    let world = demo_world();
    std::fs::write(world.path("token"), "wrong-token-99").unwrap();
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["backfill", "--yes"]);
    transcript.finish()
}

pub fn usage_faults() -> String {
    let world = demo_world();
    let mut transcript = Transcript::of(&world);
    for args in [
        &["frobnicate"][..],
        &["plan", "no-such-job"],
        &["plan", "--sample"],
        &["verify"],
        &["verify", "shpo"],
        &["verify", "shop"],
        &["verify", "shop", "--sample", "7"],
        &["explain", "shop", "#999999"],
        &["explain", "shop", "#1001"],
        &["undo", "shop", "--run", "9"],
        &["plan", "--since-run", "9"],
        &["plan", "--against", "missing.jsonl"],
        &["plan", "--against", "ordersync.toml"],
        &["backfill", "--from", "yesterday"],
        &["backfill", "--max-duration", "soon"],
        &["backfill", "--canary", "0"],
        &["dead-letters", "show", "shop", "7"],
        &["dead-letters", "retry", "shop", "--reason", "no_reason"],
        &["schedule"],
        &["status"],
        &["daemon"],
        &["init", "new"],
        &["init", "new"],
    ] {
        transcript.run(args);
    }
    transcript.finish()
}
