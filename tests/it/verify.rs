//! Verification finds what is wrong, in both directions.

use crate::world::{Finished, World, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Fault, Kind, RetryAfter};
use serde_json::Value;

fn loaded() -> (World, Vec<Value>) {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 150, seed: 13, ..GeneratorOptions::default() });
    world.load("backfill", 0);
    let orders = world.target()["ecomOrders"].as_array().unwrap().clone();
    (world, orders)
}

fn verification(world: &World, code: i32) -> Value {
    let output = world.run(&["--json", "verify", "shop"]);
    assert_eq!(output.code, code, "{}{}", output.out, output.err);
    output.json()["verifications"][0].clone()
}

fn key(order: &Value) -> String {
    order["externalid"].as_str().unwrap().to_owned()
}

#[test]
fn a_faithful_target_has_no_differences() {
    let (world, orders) = loaded();
    let verification = verification(&world, 0);
    assert_eq!(
        (&verification["matching"], &verification["differences"]),
        (&orders.len().into(), &0.into())
    );
    let months = verification["months"].as_array().unwrap();
    assert!(months.len() > 5 && months.iter().all(|month| month["source"] == month["target"]));
    let counted: u64 = months.iter().map(|month| month["target"]["orders"].as_u64().unwrap()).sum();
    assert_eq!(counted as usize, orders.len());
    assert_eq!(verification["customers"]["differing"], 0);
}

#[test]
fn sums_are_reported_by_customer_and_month() {
    let (world, orders) = loaded();
    let total: i64 = orders[4]["totalPrice"].as_str().unwrap().parse().unwrap();
    world.simulator.edit(Edit::SetTotal { externalid: key(&orders[4]), total: total + 7 }).unwrap();
    let verification = verification(&world, 7);
    let months = verification["months"].as_array().unwrap();
    let sum = |month: &Value, side: &str| month[side]["minor_units"].as_i64().unwrap();
    let differing: Vec<_> =
        months.iter().filter(|month| month["source"] != month["target"]).collect();
    assert_eq!(differing.len(), 1);
    assert_eq!(sum(differing[0], "target") - sum(differing[0], "source"), 7);
    assert_eq!(verification["customers"]["differing"], 1);
}

#[test]
fn every_kind_of_difference_is_found() {
    let (world, orders) = loaded();
    let many_lines = orders
        .iter()
        .find(|order| order["ecomOrderProducts"].as_array().is_some_and(|lines| lines.len() > 2))
        .unwrap();
    let product = many_lines["ecomOrderProducts"][0]["externalid"].as_str().unwrap().to_owned();
    let others: Vec<_> = orders.iter().filter(|order| key(order) != key(many_lines)).collect();
    let total: i64 = others[1]["totalPrice"].as_str().unwrap().parse().unwrap();
    let mut extra = others[2].as_object().unwrap().clone();
    extra.insert("externalid".into(), "not-in-the-export".into());
    let edits = [
        Edit::DeleteOrder { externalid: key(others[0]) },
        Edit::SetTotal { externalid: key(others[1]), total: total + 1 },
        Edit::RemoveProduct { externalid: key(many_lines), product },
    ];
    for edit in edits {
        world.simulator.edit(edit).unwrap();
    }
    add_order(&world, &extra, "not-in-the-export");
    let verification = verification(&world, 7);
    let found: Vec<_> = verification["differences_by_kind"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| (kind["kind"].as_str().unwrap(), kind["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("missing", 1), ("extra", 1), ("total", 1), ("products", 1)]);
}

/// Like another program: with the fields of an `ecomOrder`.
fn add_order(world: &World, like: &serde_json::Map<String, Value>, externalid: &str) {
    let number =
        |name: &str| like[name].as_str().and_then(|text| text.parse::<i64>().ok()).unwrap();
    let order = serde_json::json!({
        "externalid": externalid, "source": 0, "email": like["email"], "currency": like["currency"],
        "totalPrice": number("totalPrice"), "connectionid": number("connectionid"), "customerid": number("customerid"),
        "externalCreatedDate": like["externalCreatedDate"],
        "orderProducts": [{ "externalid": "x", "name": "Extra", "price": 100, "quantity": 1 }],
    });
    world.simulator.edit(Edit::AddOrder { order: order.as_object().unwrap().clone() }).unwrap();
}

#[test]
fn an_order_that_exists_twice_is_a_difference_whoever_created_the_second() {
    let (world, orders) = loaded();
    let original = orders[3].as_object().unwrap();
    add_order(&world, original, &key(&orders[3]));
    let verification = verification(&world, 7);
    assert_eq!(
        (&verification["matching"], &verification["from_elsewhere"]),
        (&(orders.len() - 1).into(), &0.into())
    );
    assert_eq!(
        verification["differences_by_kind"],
        serde_json::json!([{ "kind": "duplicate", "count": 1 }])
    );
    let months = verification["months"].as_array().unwrap();
    let differing = months.iter().filter(|month| month["source"] != month["target"]);
    assert_eq!(differing.count(), 1, "the second one is part of the sums");
    let ended = world.run(&["--json", "verify", "shop", "--repair"]);
    assert_eq!(ended.json()["verifications"][0]["queued_for_sync"], 0, "no update removes it");
}

#[test]
fn an_unreadable_order_does_not_count_as_verified() {
    let (world, _) = loaded();
    world
        .simulator
        .inject(Fault::new(Kind::PaymentRequired).on("GET", "/ecomOrders").nth(2).forever());
    let ended = world.run(&["verify", "shop"]);
    assert_eq!(ended.code, 5, "{}{}", ended.out, ended.err);
}

#[test]
fn repair_has_the_next_sync_mend_what_differs() {
    let (world, orders) = loaded();
    world.simulator.edit(Edit::DeleteOrder { externalid: key(&orders[0]) }).unwrap();
    world.simulator.edit(Edit::SetTotal { externalid: key(&orders[1]), total: 1 }).unwrap();
    let output = world.run(&["--json", "verify", "shop", "--repair"]);
    assert_eq!(output.code, 7, "{}", output.err);
    assert_eq!(output.json()["verifications"][0]["queued_for_sync"], 2);
    let run = world.load("sync", 0);
    assert_eq!(
        (&run["created"], &run["updated"], &run["unchanged"]),
        (&1.into(), &1.into(), &148.into())
    );
    verification(&world, 0);
}

fn lines(world: &World, args: &[&str], code: i32) -> Value {
    let ended = world.run(&[&["--json", "verify", "shop"], args].concat());
    assert_eq!(ended.code, code, "{}{}", ended.out, ended.err);
    ended.json()["verifications"][0].clone()
}

#[test]
fn a_sample_is_compared_line_by_line_and_the_rest_by_lists() {
    let (world, orders) = loaded();
    let parts: Vec<Value> =
        (1..=3).map(|part| lines(&world, &["--sample", &format!("{part}/3")], 0)).collect();
    let sum: u64 = parts.iter().map(|part| part["line_by_line"].as_u64().unwrap()).sum();
    assert_eq!(sum, orders.len() as u64, "the parts are the whole");
    assert!(parts.iter().all(|part| part["depth"] == "lines" && part["matching"] == orders.len()));
    assert_eq!(world.run(&["verify", "shop", "--sample", "4/3"]).code, 2);
}

#[test]
fn only_lines_show_exchanged_products_and_other_discounts() {
    let (world, orders) = loaded();
    let product = orders[7]["ecomOrderProducts"][0]["externalid"].as_str().unwrap().to_owned();
    let exchanged =
        Edit::ExchangeProduct { externalid: key(&orders[7]), product, by: "another".to_owned() };
    world.simulator.edit(exchanged).unwrap();
    let discount = Edit::AddDiscount { externalid: key(&orders[9]), amount: 100 };
    world.simulator.edit(discount).unwrap();
    let by_lists = verification(&world, 0);
    assert_eq!((&by_lists["depth"], &by_lists["line_by_line"]), (&"lists".into(), &0.into()));
    let text = world.run(&["verify", "shop"]).out;
    assert!(text.contains("compared by lists:") && text.contains("`--lines`"), "{text}");
    let explained = world.run(&["explain", "shop", &key(&orders[7])]).out;
    assert!(explained.contains("compared by lists, which don't show its lines"), "{explained}");
    let by_line = lines(&world, &["--lines", "--repair"], 7);
    assert_eq!(by_line["line_by_line"], orders.len());
    assert_eq!(
        by_line["differences_by_kind"],
        serde_json::json!([
            { "kind": "products", "count": 1 },
            { "kind": "discounts", "count": 1 },
        ])
    );
    assert_eq!(by_line["matching"], orders.len() - 2);
    assert_eq!(world.load("sync", 0)["updated"], 2);
    lines(&world, &["--lines"], 0);
    let explained = world.run(&["explain", "shop", &key(&orders[7])]).out;
    assert!(explained.contains("compared line by line"), "{explained}");
}

#[test]
fn lines_are_read_several_at_once() {
    let (world, _) = loaded();
    let before = world.summary().requests;
    world.hold_from(5);
    let child = world.start(&["verify", "shop", "--lines"]);
    // The connection, two pages of orders, and then as many lines as may be in flight.
    until("several requests are in flight", || world.summary().requests - before >= 3 + 8);
    world.simulator.release();
    let ended = Finished::of(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
}

#[test]
fn pages_of_a_list_are_read_several_at_once() {
    let world = World::new();
    let orders =
        GeneratorOptions { orders: 320, defects_permille: 0, ..GeneratorOptions::default() };
    let truth = world.generate(&orders);
    world.load("backfill", 0);
    let before = world.summary().requests;
    // The connection, and the first page.
    world.hold_from(3);
    let child = world.start(&["verify", "shop"]);
    let pages = truth.valid.div_ceil(100);
    until("all pages are asked for", || world.summary().requests - before == 1 + pages);
    world.simulator.clear_faults();
    world.simulator.release();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn an_interrupted_comparison_of_lines_is_resumed() {
    let (world, orders) = loaded();
    let total = 3 + 2 * orders.len() as u64;
    let discount = Edit::AddDiscount { externalid: key(&orders[0]), amount: 100 };
    world.simulator.edit(discount).unwrap();
    world
        .simulator
        .inject(Fault::new(Kind::PaymentRequired).on("GET", "/ecomOrders/").nth(200).forever());
    assert_eq!(world.run(&["verify", "shop", "--lines"]).code, 5);
    world.simulator.clear_faults();
    let before = world.summary().requests;
    let resumed = lines(&world, &["--lines", "--repair"], 7);
    assert_eq!(resumed["line_by_line"], orders.len(), "all were compared");
    assert_eq!(resumed["queued_for_sync"], 1, "also what the interrupted one had found");
    let sent = world.summary().requests - before;
    assert!(sent < total - 100, "{sent} of {total}");
    assert_eq!(world.load("sync", 0)["updated"], 1);
    let before = world.summary().requests;
    lines(&world, &["--lines"], 0);
    assert_eq!(world.summary().requests - before, total, "a new one compares all of them");
}

#[test]
fn an_order_that_was_missing_before_an_interruption_is_compared_after_it() {
    let (world, orders) = loaded();
    let discount = Edit::AddDiscount { externalid: key(&orders[0]), amount: 100 };
    world.simulator.edit(discount).unwrap();
    let gone = Kind::Status { code: 404, retry_after: RetryAfter::None, html: false };
    let products = format!("/ecomOrders/{}/orderProducts", orders[0]["id"].as_str().unwrap());
    world.simulator.inject(Fault::new(gone).on("GET", &products));
    world
        .simulator
        .inject(Fault::new(Kind::PaymentRequired).on("GET", "/ecomOrders/").nth(200).forever());
    assert_eq!(world.run(&["verify", "shop", "--lines"]).code, 5);
    world.simulator.clear_faults();
    let resumed = lines(&world, &["--lines"], 7);
    assert_eq!(resumed["line_by_line"], orders.len());
    let kinds = &resumed["differences_by_kind"];
    assert_eq!((&kinds[0]["kind"], &kinds[1]), (&"discounts".into(), &Value::Null), "{kinds}");
}

#[test]
fn a_plan_does_not_call_unchanged_what_was_found_different() {
    let (world, orders) = loaded();
    world.simulator.edit(Edit::DeleteOrder { externalid: key(&orders[0]) }).unwrap();
    world.simulator.edit(Edit::SetTotal { externalid: key(&orders[1]), total: 1 }).unwrap();
    let plan = || world.run(&["--json", "plan"]).json()["plans"][0].clone();
    assert_eq!((&plan()["unchanged"], &plan()["different"]), (&150.into(), &0.into()));
    verification(&world, 7);
    assert_eq!((&plan()["unchanged"], &plan()["different"]), (&148.into(), &2.into()));
    assert!(world.run(&["plan"]).out.contains("different"), "{}", world.run(&["plan"]).out);
    let explained = world.run(&["explain", "shop", &key(&orders[1])]).out;
    assert!(explained.contains("although the last verification found it different"), "{explained}");
    world.run(&["verify", "shop", "--repair"]);
    world.load("sync", 0);
    assert_eq!((&plan()["unchanged"], &plan()["different"]), (&150.into(), &0.into()));
}

#[test]
fn the_page_to_hand_over_holds_both_sides_and_no_address() {
    let (world, orders) = loaded();
    world.simulator.edit(Edit::SetTotal { externalid: key(&orders[4]), total: 1 }).unwrap();
    let ended = world.run(&["--json", "verify", "shop", "--html", "v.html"]);
    assert_eq!(ended.code, 7, "{}", ended.err);
    let verification = ended.json()["verifications"][0].clone();
    let page = std::fs::read_to_string(world.path("v.html")).unwrap();
    let host = world.simulator.url().trim_start_matches("http://").to_owned();
    let run = world.run(&["--json", "status"]).json();
    assert!(run.to_string().contains("backfill"));
    for part in [
        host.as_str(),
        "shopify/test-store",
        "Test Store",
        "orders.csv",
        env!("CARGO_PKG_VERSION"),
        "1 difference, in 150 orders of the export",
        "compared by lists",
        "read = created + updated",
        orders[4]["orderNumber"].as_str().unwrap(),
        "<td class=\"number\">150</td>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // A row for each month and currency, one of them unequal; its currency's sum is too.
    let months = verification["months"].as_array().unwrap().len();
    let currencies: std::collections::BTreeSet<&str> = verification["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|month| month["currency"].as_str().unwrap())
        .collect();
    let (equal, unequal) =
        (page.matches("<td>yes</td>").count(), page.matches("<strong>no</strong>").count());
    assert_eq!((equal + unequal, unequal), (months + currencies.len() + 1, 2), "one run adds up");
    assert!(!page.contains('@') || !page.contains("buyer"), "no address");
    assert!(!page.contains("<script") && page.contains("@media print"));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(
        std::fs::metadata(world.path("v.html")).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_page_without_differences_says_so() {
    let (world, _) = loaded();
    assert_eq!(world.run(&["verify", "shop", "--html", "v.html", "--lines"]).code, 0);
    let page = std::fs::read_to_string(world.path("v.html")).unwrap();
    assert!(page.contains("No difference") && page.contains("compared line by line"), "{page}");
    let ended = world.run(&["verify", "shop", "--html", "no/such/v.html"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
}
