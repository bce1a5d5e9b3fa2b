//! No personal data at rest or in logs, and no token anywhere.

use crate::world::{TOKEN, World};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind, RetryAfter};

/// Values of the export that must not be anywhere else.
const CANARIES: &[&str] = &["canary.person", "Canary Street", "Kanarienvogel", TOKEN];

fn with_canaries(text: &str) -> String {
    // An order with a canary in every personal cell; the address is refused too, to reach the dead
    // letters.
    let header = text.lines().next().unwrap();
    let row = |email: &str, id: u64| {
        let cell = |name: &str| match name {
            "Name" => format!("#C{id}"),
            "Email" => email.to_owned(),
            "Financial Status" => "paid".into(),
            "Currency" => "USD".into(),
            "Total" | "Subtotal" | "Lineitem price" => "10.00".into(),
            "Created at" => "2024-01-31 10:11:12 -0500".into(),
            "Lineitem quantity" => "1".into(),
            "Lineitem name" => "Mug".into(),
            "Id" => id.to_string(),
            "Billing Name" | "Shipping Name" => "Kanarienvogel".into(),
            "Billing Street" | "Shipping Street" | "Notes" => "Canary Street".into(),
            _ => String::new(),
        };
        header.split(',').map(cell).collect::<Vec<_>>().join(",")
    };
    format!(
        "{text}{}\n{}\n",
        row("canary.person@example.com", 991),
        row("canary.person.at.example.com", 992)
    )
}

#[test]
fn canaries_reach_neither_state_nor_log_nor_output() {
    let world = World::new();
    let mut text = Vec::new();
    ordersync::samples::generate_csv(
        &GeneratorOptions { orders: 30, seed: 3, ..GeneratorOptions::default() },
        &mut text,
    )
    .unwrap();
    world.export("orders.csv", with_canaries(&String::from_utf8(text).unwrap()));
    let html = Kind::Status { code: 502, retry_after: RetryAfter::None, html: true };
    world.simulator.inject(Fault::new(html).on("POST", "/ecomOrders").times(2));
    world
        .simulator
        .inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").key("991").forever());
    let mut message = String::new();
    for args in [
        vec!["-v", "plan"],
        vec!["-v", "backfill"],
        vec!["-v", "--log-format", "json", "--json", "sync"],
        vec!["plan", "shop", "--since-run", "1"],
        vec!["--json", "plan", "shop", "--since-run", "1"],
        vec!["status"],
        vec!["--json", "check"],
        vec!["verify", "shop"],
        vec!["explain", "shop", "991"],
        vec!["--json", "explain", "shop", "991"],
        vec!["dead-letters", "list"],
        vec!["dead-letters", "show", "shop", "992"],
        vec!["dead-letters", "export", "--format", "csv"],
        vec!["-v", "adopt", "shop"],
        vec!["-v", "undo", "shop", "--run", "1", "--yes"],
    ] {
        let one = world.run(&args);
        message.push_str(&one.out);
        message.push_str(&one.err);
    }
    assert!(
        message.contains("POST") || message.contains("/ecomOrders"),
        "the log is there to be looked at: {message}"
    );
    let target = world.target().to_string();
    assert!(target.contains("canary.person@example.com"), "the canary was sent, where it belongs");
    assert!(
        message.contains("order_http_422"),
        "and its order was refused, which left a dead letter: {message}"
    );
    for canary in CANARIES {
        assert!(!message.contains(canary), "{canary} in the output");
        for (path, bytes) in world.state_files() {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} in {}", path.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn the_state_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 5, seed: 3, ..GeneratorOptions::default() });
    world.load("backfill", 0);
    for (path, _) in world.state_files() {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
}
