//! Orders that an export contains several times.

use crate::world::World;
use serde_json::{Value, json};

fn order(id: u64, modified: &str, status: &str, total: &str) -> Value {
    json!({
        "id": id, "number": id.to_string(), "status": status, "currency": "EUR", "total": total, "customer_id": 0,
        "date_created_gmt": "2024-01-01T00:00:00", "date_modified_gmt": modified,
        "billing": { "email": "ann@example.com" },
        "line_items": [{ "id": 1, "name": "Mug", "quantity": 1, "subtotal": total }],
    })
}

fn lines(orders: &[Value]) -> String {
    orders.iter().map(|order| format!("{order}\n")).collect()
}

fn plan(world: &World) -> Value {
    world.run(&["--json", "plan"]).json()["plans"][0].clone()
}

#[test]
fn the_newest_copy_is_loaded_and_identical_ones_are_not_dead_letters() {
    let world = World::new();
    let old = order(11, "2024-01-01T00:00:00", "processing", "11.00");
    let new = order(11, "2024-01-03T00:00:00", "refunded", "11.00");
    let other = order(12, "2024-01-01T00:00:00", "processing", "12.00");
    world.export("orders.json", lines(&[old.clone(), other.clone(), other.clone(), new.clone()]));
    let planned = plan(&world);
    assert_eq!(
        (&planned["create"], &planned["filtered"], &planned["invalid"]),
        (&json!(2), &json!(2), &json!(0))
    );
    let statuses = planned["statuses"].as_array().unwrap();
    assert!(
        statuses.iter().any(|one| one["status"] == "refunded" && one["count"] == 1),
        "{statuses:?}"
    );
    world.load("backfill", 0);
    world.load("sync", 0);
    assert_eq!(world.target()["ecomOrders"].as_array().unwrap().len(), 2);

    // The same copies in files with names in reverse order change nothing.
    world.export("orders.json", lines(&[new, other]));
    world.export("orders2.json", lines(&[old]));
    let planned = plan(&world);
    assert_eq!((&planned["unchanged"], &planned["update"]), (&json!(2), &json!(0)), "{planned}");
}

#[test]
fn copies_that_differ_without_times_are_a_fault_and_identical_ones_are_not() {
    let world = World::new();
    let header = "Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,\
                  Lineitem price,Id\n";
    let row = |id: u32, product: &str| {
        format!(
            "#{id},ann@example.com,paid,USD,10.00,10.00,2024-01-31 10:11:12 -0500,1,{product},10.00,{id}\n"
        )
    };
    let rows = [row(1, "Mug"), row(2, "Mug"), row(1, "Cup"), row(2, "Mug"), row(1, "Mug")].concat();
    world.export("orders.csv", format!("{header}{rows}"));
    let planned = plan(&world);
    assert_eq!(
        (&planned["create"], &planned["filtered"], &planned["invalid"]),
        (&json!(2), &json!(2), &json!(1))
    );
}

#[test]
fn an_invalid_copy_takes_no_place_unless_it_is_the_newest() {
    let world = World::new();
    let good = order(1, "2024-01-02T00:00:00", "processing", "10.00");
    for (modified, create) in
        [("2024-01-02T00:00:00", 1), ("2024-01-01T00:00:00", 1), ("2024-01-03T00:00:00", 0)]
    {
        let bad = order(1, modified, "processing", "ten");
        for orders in [[bad.clone(), good.clone()], [good.clone(), bad.clone()]] {
            world.export("orders.json", lines(&orders));
            assert_eq!(plan(&world)["create"], create, "{modified}");
        }
    }
}

#[test]
fn a_copy_that_was_cut_replaces_no_whole_one_of_an_older_file() {
    let world = World::new();
    let head = "Name,Email,Financial Status,Paid at,Subtotal,Shipping,Taxes,Total,Created at,Currency,Lineitem quantity,Lineitem name,Lineitem price,Id\n";
    let order = "#1,ann@example.com,paid,,15.00,0.00,0.00,15.00,2024-01-01 10:00:00 +0000,EUR,1,Mug,10.00,7\n";
    let rest = "#1,ann@example.com,,,,,,,,,1,Cup,5.00,\n";
    world.export("orders_1.csv", format!("{head}{order}{rest}"));
    world.export("orders_2.csv", format!("{head}{order}"));
    let planned = plan(&world);
    assert_eq!((&planned["create"], &planned["invalid"]), (&json!(1), &json!(1)), "{planned}");
}
