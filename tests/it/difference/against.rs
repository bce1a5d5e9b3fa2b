//! A plan compared with a saved one.

use super::{counts, one, order, plain, put};
use crate::world::{Finished, World};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::Edit;
use serde_json::{Value, json};

/// Saves the current plan.
fn save(world: &World, option: &str) -> String {
    let file = world.path("saved.jsonl").to_str().unwrap().to_owned();
    assert_eq!(world.run(&["plan", option, &file]).code, 0);
    file
}

fn compared(world: &World, file: &str, more: &[&str]) -> Finished {
    let output = world.run(&[&["plan", "--against", file], more].concat());
    assert_eq!(output.code, 0, "{}", output.err);
    output
}

fn difference(world: &World, file: &str, more: &[&str]) -> Value {
    compared(world, file, &[&["--json"], more].concat()).json()["plans"][0]["difference"].clone()
}

/// Six orders, and then: 1 with another total and product, 2 with another buyer, 3 pending, 4 gone,
/// and 7 new.
fn changed(world: &World) {
    let mut orders = plain(1..=7);
    let cup = json!([{ "name": "Cup", "price": "11.00", "quantity": 2 }]);
    orders[0] = order(1, json!({ "total_price": "27.00", "line_items": cup }));
    orders[1] = order(2, json!({ "email": "other@example.com" }));
    orders[2] = order(3, json!({ "financial_status": "pending" }));
    orders.remove(3);
    put(world, &orders);
}

#[test]
fn payloads_are_compared_field_by_field_from_what_to_what() {
    let world = World::new();
    put(&world, &plain(1..=6));
    let file = save(&world, "--payloads");
    changed(&world);
    let output = difference(&world, &file, &[]);
    let numbers = ["saved", "same", "changed", "only_saved", "only_now"]
        .map(|name| output[name].as_u64().unwrap());
    assert_eq!(numbers, [6, 2, 3, 1, 1]);
    assert_eq!(
        counts(&output["by_field"], "field"),
        [
            one("action", 1),
            one("email", 1),
            one("orderProducts.externalid", 1),
            one("orderProducts.name", 1),
            one("orderProducts.price", 1),
            one("totalPrice", 1),
        ]
    );
    let changes = |n: usize| output["examples"][n]["changes"].as_array().unwrap().clone();
    let total = json!({ "field": "totalPrice", "product": null, "from": 2500, "to": 2700 });
    let name = json!({ "field": "orderProducts.name", "product": 1, "from": "Mug", "to": "Cup" });
    assert!(changes(0).contains(&total) && changes(0).contains(&name), "{output}");
    let masked = json!([{ "field": "email", "product": null, "from": "a***@e***.com", "to": "o***@e***.com" }]);
    assert_eq!(Value::from(changes(1)), masked);
    let left = json!([{ "field": "action", "product": null, "from": "sent", "to": "filtered: status_pending" }]);
    assert_eq!(Value::from(changes(2)), left);
    assert_eq!(output["only_saved_examples"], json!([{ "key": "4", "line": 8 }]));
    assert_eq!(output["only_now_examples"][0]["order"], "#7");
    let text = compared(&world, &file, &[]).out;
    assert!(
        text.contains("total 25.00 USD → 27.00 USD")
            && text.contains("product names (1) Mug → Cup"),
        "{text}"
    );
}

#[test]
fn addresses_are_masked_by_default() {
    let world = World::new();
    put(&world, &plain(1..=6));
    let file = save(&world, "--payloads");
    changed(&world);
    let lines = world.path("now.jsonl").to_str().unwrap().to_owned();
    for form in [&["--json"][..], &[]] {
        let output = compared(&world, &file, &[form, &["--jsonl", &lines]].concat());
        let written = std::fs::read_to_string(&lines).unwrap();
        assert!(
            written.contains("totalPrice") && !(output.out + &written).contains("@example.com"),
            "{written}"
        );
    }
    assert!(
        compared(&world, &file, &["--reveal"]).out.contains("ann2@example.com → other@example.com")
    );
}

#[test]
fn orders_loaded_since_are_compared_by_their_content() {
    let world = World::new();
    put(&world, &plain(1..=6));
    let file = save(&world, "--payloads");
    world.load("backfill", 0);
    let output = difference(&world, &file, &[]);
    assert_eq!(
        (&output["same"], &output["changed"], &output["only_now"]),
        (&6.into(), &0.into(), &0.into())
    );
    changed(&world);
    let output = difference(&world, &file, &[]);
    assert_eq!(
        (&output["same"], &output["changed"], &output["only_saved"]),
        (&2.into(), &3.into(), &1.into())
    );
}

#[test]
fn a_line_shows_what_changed_since_the_saved_plan_and_not_since_the_last_write() {
    let world = World::new();
    put(&world, &plain(1..=6));
    world.load("backfill", 0);
    changed(&world);
    let file = save(&world, "--payloads");
    let lines = world.path("now.jsonl").to_str().unwrap().to_owned();
    let output = difference(&world, &file, &["--jsonl", &lines]);
    assert_eq!((&output["saved"], &output["same"]), (&3.into(), &3.into()), "{output}");
    let written = std::fs::read_to_string(&lines).unwrap();
    assert!(written.contains("\"update\"") && !written.contains("\"changes\""), "{written}");
}

#[test]
fn records_are_compared_by_their_outcome() {
    let world = World::new();
    let mut orders = plain(1..=4);
    orders[1] = order(2, json!({ "email": "" }));
    put(&world, &orders);
    let file = save(&world, "--jsonl");
    orders[1] = order(2, json!({}));
    orders[2] = order(3, json!({ "financial_status": "pending" }));
    put(&world, &orders);
    let output = difference(&world, &file, &[]);
    assert_eq!(
        (&output["form"], &output["same"], &output["changed"]),
        (&"jsonl".into(), &2.into(), &2.into())
    );
    assert_eq!(counts(&output["by_field"], "field"), [one("action", 2)]);
    let change = |n: usize| output["examples"][n]["changes"][0].clone();
    assert_eq!(
        (&change(0)["from"], &change(0)["to"]),
        (&"invalid: missing_email".into(), &"create".into())
    );
    assert_eq!(
        (&change(1)["from"], &change(1)["to"]),
        (&"create".into(), &"filtered: status_pending".into())
    );
    world.load("backfill", 0);
    let output = difference(&world, &file, &[]);
    assert_eq!(output["changed"], 4, "what was to be created is at the target");
}

#[test]
fn an_order_that_a_verification_found_different_is_compared_too() {
    let world = World::new();
    put(&world, &plain(1..=2));
    world.load("backfill", 0);
    let file = save(&world, "--jsonl");
    let externalid = world.target()["ecomOrders"][0]["externalid"].as_str().unwrap().to_owned();
    world.simulator.edit(Edit::SetTotal { externalid, total: 1 }).unwrap();
    assert_eq!(world.run(&["verify", "shop"]).code, 7);
    let output = difference(&world, &file, &[]);
    let change = &output["examples"][0]["changes"][0];
    assert_eq!((&change["from"], &change["to"]), (&"unchanged".into(), &"different".into()));
    let output = difference(&world, &save(&world, "--jsonl"), &[]);
    assert_eq!((&output["same"], &output["changed"]), (&2.into(), &0.into()));
}

#[test]
fn a_file_that_no_plan_wrote_is_refused_with_its_line_and_none_of_its_text() {
    let world = World::new();
    // Each order's line follows that of its customer.
    put(&world, &plain(1..=3));
    let good = std::fs::read_to_string(save(&world, "--payloads")).unwrap();
    let records = std::fs::read_to_string(save(&world, "--jsonl")).unwrap();
    let secret = "secret@example.com";
    let cut = &good[..good.len() - 9];
    for (text, line, about) in [
        (format!("{good}{{\"x\": \"{secret}\"}}\n"), 7, "expected a line as"),
        (format!("{good}[\"{secret}\"]"), 7, "expected a line as"),
        (format!("{{\"ecomOrder\":{{\"email\":\"{secret}\"}}}}"), 1, "expected a line as"),
        (cut.to_owned(), 6, "expected a line as"),
        (format!("{good}{records}"), 7, "a different kind"),
        (format!("\n{good}\n{good}"), 0, "is in line 3 and again in line 10"),
        (String::new(), 0, "holds no order of shop"),
        (records.replace("\"shop\"", "\"other\""), 0, "holds no order of shop"),
        (records.replace("\"create\"", "\"explode\""), 1, "expected a line as"),
    ] {
        world.export("../saved.txt", &text);
        let output = world.run(&["plan", "--against", world.path("saved.txt").to_str().unwrap()]);
        assert_eq!(output.code, 2, "{text}\n{}", output.out);
        assert!(
            output.err.contains(about) && output.err.contains("hint:"),
            "{text}: {}",
            output.err
        );
        assert!(
            line == 0 || output.err.contains(&format!("saved.txt:{line}:")),
            "{text}: {}",
            output.err
        );
        assert!(!output.err.contains(secret), "{}", output.err);
    }
    let output = world.run(&["plan", "--against", "nowhere.jsonl"]);
    assert!(output.code == 2 && output.err.contains("nowhere.jsonl"), "{}", output.err);
}

#[test]
fn the_file_that_is_compared_with_is_never_written_over() {
    let world = World::new();
    put(&world, &plain(1..=3));
    let file = save(&world, "--payloads");
    let before = std::fs::read_to_string(&file).unwrap();
    let output = world.run(&["plan", "--against", &file, "--payloads", "./saved.jsonl"]);
    assert!(output.code == 2 && output.err.contains("hint:"), "{}", output.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_plan_of_thousands_differs_from_itself_in_nothing() {
    let world = World::new();
    let generated = GeneratorOptions {
        orders: 3_000,
        seed: 8,
        defects_permille: 40,
        ..GeneratorOptions::default()
    };
    let truth = world.generate(&generated);
    for (option, orders) in [("--payloads", truth.valid), ("--jsonl", 0)] {
        let output = difference(&world, &save(&world, option), &[]);
        assert!(orders == 0 || output["saved"] == orders, "{output}");
        assert_eq!(output["same"], output["saved"]);
        assert_eq!([&output["changed"], &output["only_saved"], &output["only_now"]], [0, 0, 0]);
    }
}

#[test]
fn the_page_shows_the_difference_and_an_export_stays_text_in_it() {
    let world = World::new();
    let attack = "<script>alert(1)</script> a@b.example";
    put(&world, &[order(1, json!({})), order(2, json!({}))]);
    let file = save(&world, "--payloads");
    let line = json!([{ "name": attack, "price": "10.00", "quantity": 2 }]);
    put(&world, &[order(1, json!({ "line_items": line, "name": attack }))]);
    let page = world.path("plan.html");
    compared(&world, &file, &["--html", page.to_str().unwrap()]);
    let page = std::fs::read_to_string(page).unwrap();
    let section = page
        .split("<section class=\"difference\">")
        .nth(1)
        .unwrap()
        .split("</section>")
        .next()
        .unwrap();
    assert!(
        section.contains("product names (1) Mug → ***@***") && section.contains("only saved"),
        "{section}"
    );
    assert!(!page.contains("<script>alert") && !section.contains("a@b.example"), "{section}");
}
