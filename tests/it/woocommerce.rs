//! A WooCommerce shop's orders, from each of its exports.

use crate::world::{World, assert_adds_up};
use serde_json::Value;

/// Three boxes for 22.00 together, which is not a whole number of cents each; and a hat.
const ORDER: &str = r#"{"id":20,"number":"20","status":"completed","currency":"USD","date_created":"2024-07-01T08:00:00",
  "date_created_gmt":"2024-07-01T12:00:00","total":"49.50","total_tax":"2.50","shipping_total":"5.00","discount_total":"0.00",
  "customer_id":0,"billing":{"email":"ann@example.com"},"coupon_lines":[],"refunds":[],"shipping_lines":[],"line_items":[
  {"name":"Box","product_id":15,"variation_id":0,"quantity":3,"subtotal":"22.00","price":7.332999999999999},
  {"name":"Hat","product_id":16,"variation_id":17,"quantity":1,"subtotal":"20.00","price":20}]}"#;

fn webtoffee(order_date: &str) -> String {
    let line = "name:Box|product_id:15|sku:|quantity:3|total:22.00|sub_total:22.00";
    format!(
        "order_id,order_date,paid_date,status,order_total,order_currency,billing_email,payment_method,line_item_1\n\
         21,{order_date},2024-07-01 8:01:00,completed,22.00,USD,bob@example.com,bacs,{line}\n"
    )
}

fn order_of(world: &World, id: &str) -> Value {
    let all = world.target()["ecomOrders"].clone();
    all.as_array().unwrap().iter().find(|order| order["externalid"] == id).unwrap().clone()
}

#[test]
fn a_fractional_unit_price_is_rounded_and_reported_and_the_total_stays() {
    let world = World::new();
    world.export("orders.json", format!("[{ORDER}]"));
    let plan = world.run(&["--json", "plan"]).json()["plans"][0].clone();
    assert_eq!(
        (&plan["prices_rounded"], &plan["totals"][0]["minor_units"]),
        (&1.into(), &4950.into())
    );
    let output = world.run(&["plan"]).out;
    assert!(output.contains("1 product line whose units did not cost a whole number"), "{output}");
    let run = world.load("backfill", 0);
    assert_eq!(run["created"], 1);
    assert_adds_up(&run);
    let order = order_of(&world, "20");
    let products = order["ecomOrderProducts"].as_array().unwrap();
    let prices: Vec<_> =
        products.iter().map(|product| product["price"].as_str().unwrap()).collect();
    assert_eq!(prices, ["733", "2000"]);
    assert_eq!(order["totalPrice"], "4950");
    assert_eq!(world.load("backfill", 0)["unchanged"], 1);
    assert_eq!(world.run(&["verify", "shop"]).code, 0);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn dates_that_may_be_shifted_are_not_loaded_before_the_settings_say() {
    let world = World::new();
    world.export("orders.csv", webtoffee("2024-07-01 04:00:00"));
    let output = world.run(&["backfill"]);
    assert_eq!(output.code, 2, "{}{}", output.out, output.err);
    assert!(
        format!("{}{}", output.out, output.err)
            .contains("set `webtoffee_date_shift` in the job's policy"),
        "{}",
        output.err
    );
    let wrong = World::new().policy("webtoffee_date_shift = \"offsets\"\n");
    let output = wrong.run(&["check", "--offline"]);
    assert!(
        output.code == 2 && output.out.contains("did you mean `offset`?"),
        "{}{}",
        output.out,
        output.err
    );
    let world = world.policy("webtoffee_date_shift = \"offset\"\n");
    assert_eq!(world.load("backfill", 0)["created"], 1);
    let created = order_of(&world, "21")["externalCreatedDate"].as_str().unwrap().to_owned();
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    assert_eq!(at(&created), at("2024-07-01T08:00:00-04:00"));
}

#[test]
fn orders_of_every_day_load_without_a_setting() {
    let world = World::new();
    world.export("orders.csv", webtoffee("2024-07-01 08:00:00"));
    world.export("orders.json", ORDER);
    assert_eq!(world.load("backfill", 0)["created"], 2);
}
