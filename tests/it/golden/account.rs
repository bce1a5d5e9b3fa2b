//! The output of loading a shop, and of the account afterwards.

use super::stories::{demo_world, quietly};
use super::transcript::Transcript;
use ordersync::samples::{demo_orders, demo_orders_changed};
use ordersync::simulator::{Edit, Fault, Kind, RetryAfter};

pub fn difference() -> String {
    let world = demo_world();
    quietly(&world, &["plan", "--payloads", "payloads.jsonl", "--jsonl", "plan.jsonl"]);
    quietly(&world, &["backfill", "--yes"]);
    let world = world.policy("category = \"Shop\"\nrefunds = \"net\"\n");
    world.export("orders.csv", demo_orders_changed());
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["plan", "shop", "--since-run", "1"]);
    transcript.run(&["plan", "shop", "--since-run", "1", "--json", "--jsonl", "since.jsonl"]);
    transcript.file("since.jsonl");
    for saved in ["payloads.jsonl", "plan.jsonl"] {
        transcript.run(&["plan", "shop", "--against", saved]);
        transcript.run(&["plan", "shop", "--against", saved, "--json"]);
    }
    transcript.finish()
}

pub fn demo_shop() -> String {
    let world = demo_world();
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["check"]);
    transcript.run(&["plan"]);
    transcript.run(&["plan", "--json", "--jsonl", "plan.jsonl", "--payloads", "payloads.jsonl"]);
    transcript.file("plan.jsonl");
    transcript.file("payloads.jsonl");
    transcript.run(&["backfill", "--yes"]);
    transcript.run(&["status"]);
    transcript.run(&["status", "--json"]);
    transcript.run(&["verify", "shop"]);
    transcript.run(&["verify", "shop", "--json"]);
    transcript.run(&["connection", "list"]);
    transcript.run(&["connection", "list", "--json"]);
    transcript.run(&["explain", "shop", "#1038"]);
    transcript.run(&["plan"]);
    transcript.run(&["backfill", "--yes"]);
    transcript.finish()
}

pub fn sync() -> String {
    let world = demo_world();
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["sync"]);
    world.export("orders.csv", demo_orders_changed());
    transcript.run(&["sync"]);
    transcript.run(&["sync", "--json"]);
    transcript.run(&["status"]);
    transcript.run(&["explain", "shop", "#1038", "--json"]);
    let shrunk: String = demo_orders().split_inclusive('\n').take(20).collect();
    world.export("orders.csv", shrunk);
    transcript.run(&["check"]);
    transcript.run(&["plan"]);
    transcript.run(&["sync"]);
    transcript.finish()
}

pub fn canary() -> String {
    let world = demo_world();
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["backfill", "--canary", "3", "--yes"]);
    transcript.run(&["status"]);
    transcript.run(&["backfill", "--canary", "2", "--json", "--yes"]);
    transcript.run(&["backfill", "--yes"]);
    transcript.finish()
}

pub fn refused() -> String {
    let world = demo_world();
    let refuse = |kind: Kind, key: &str| {
        world.simulator.inject(Fault::new(kind).on("POST", "/ecomOrders").key(key).forever());
    };
    let keys = world.keys();
    let bad = Kind::Status { code: 400, retry_after: RetryAfter::None, html: false };
    refuse(bad, &keys[0]);
    refuse(Kind::ErrorsMissing, &keys[1]);
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["backfill", "--yes"]);
    transcript.run(&["dead-letters", "list"]);
    transcript.run(&["dead-letters", "show", "shop", "1"]);
    transcript.run(&["dead-letters", "show", "shop", "1", "--json"]);
    transcript.run(&["dead-letters", "export", "--format", "jsonl"]);
    transcript.run(&["explain", "shop", &keys[0]]);
    transcript.run(&["plan"]);
    transcript.run(&["status"]);
    world.simulator.clear_faults();
    transcript.run(&["dead-letters", "retry", "shop"]);
    transcript.run(&["sync", "--json"]);
    transcript.finish()
}

pub fn verify_differences() -> String {
    let world = demo_world();
    quietly(&world, &["backfill", "--yes"]);
    let keys = world.keys();
    let orders = world.target()["ecomOrders"].as_array().unwrap().clone();
    let mut extra = serde_json::Map::new();
    for field in ["email", "currency", "externalCreatedDate"] {
        extra.insert(field.to_owned(), orders[2][field].clone());
    }
    for field in ["connectionid", "customerid"] {
        let id: i64 = orders[2][field].as_str().unwrap().parse().unwrap();
        extra.insert(field.to_owned(), id.into());
    }
    extra.insert("externalid".to_owned(), "not-in-the-export".into());
    extra.insert("source".to_owned(), 0.into());
    extra.insert("totalPrice".to_owned(), 100.into());
    let product =
        serde_json::json!([{ "externalid": "x", "name": "X", "price": 100, "quantity": 1 }]);
    extra.insert("orderProducts".to_owned(), product);
    world.simulator.edit(Edit::AddOrder { order: extra }).unwrap();
    world.simulator.edit(Edit::DeleteOrder { externalid: keys[0].clone() }).unwrap();
    world.simulator.edit(Edit::SetTotal { externalid: keys[1].clone(), total: 7 }).unwrap();
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["verify", "shop"]);
    transcript.run(&["verify", "shop", "--json"]);
    transcript.run(&["status"]);
    transcript.run(&["explain", "shop", &keys[1]]);
    transcript.run(&["verify", "shop", "--repair"]);
    transcript.run(&["sync"]);
    transcript.run(&["verify", "shop"]);
    transcript.finish()
}

pub fn undo() -> String {
    let world = demo_world();
    quietly(&world, &["backfill", "--yes"]);
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["undo", "shop", "--run", "1", "--dry-run"]);
    transcript.run(&["undo", "shop", "--run", "1", "--dry-run", "--json"]);
    transcript.run(&["undo", "shop", "--run", "1"]);
    transcript.run(&["undo", "shop", "--run", "1", "--yes"]);
    transcript.run(&["undo", "shop", "--run", "1", "--yes", "--json"]);
    transcript.run(&["status"]);
    transcript.run(&["explain", "shop", "#1038"]);
    transcript.finish()
}

pub fn adopt() -> String {
    let world = demo_world();
    quietly(&world, &["backfill", "--yes"]);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    world.simulator.edit(Edit::SetTotal { externalid: world.keys()[1].clone(), total: 7 }).unwrap();
    world.simulator.edit(Edit::DeleteOrder { externalid: world.keys()[2].clone() }).unwrap();
    let mut transcript = Transcript::timed(&world);
    transcript.run(&["adopt", "shop"]);
    transcript.run(&["adopt", "shop", "--json"]);
    transcript.run(&["status"]);
    transcript.run(&["backfill", "--yes"]);
    transcript.finish()
}
