//! An export that no built-in format knows, by a mapping of the settings; and one without
//! addresses, with a customers file.

use crate::world::{World, assert_adds_up};

const MAPPING: &str = r#"
[mappings.erp]
rows = "each"
key = "Beleg"
decimal_mark = ","
dates = ["%d.%m.%Y %H:%M"]
[mappings.erp.order]
id = "Beleg"
email = "Mail"
created_at = "Datum"
total = "Summe"
currency = { value = "EUR" }
[mappings.erp.line]
name = "Artikel"
quantity = "Menge"
unit_price = "Preis"
[[mappings.erp.status]]
column = "Stand"
[mappings.erp.status.words]
bezahlt = "paid"
"storniert am" = "cancelled"
"#;

const ROWS: &str = "Beleg;Mail;Datum;Summe;Artikel;Menge;Preis;Stand
1;ann@example.com;31.01.2024 10:11;30,10;Tasse;3;10,00;bezahlt
2;bob@example.com;01.02.2024 10:11;5,00;Stift;1;5,00;storniert am
1;ann@example.com;31.01.2024 10:11;30,10;Stift;1;0,10;bezahlt
3;cid@example.com;01.02.2024 10:11;5.00;Stift;1;5,00;bezahlt
";

#[test]
fn orders_arrive_as_the_mapping_says_and_a_second_time_send_nothing() {
    let world = World::new().policy(MAPPING);
    world.export("erp.csv", ROWS);
    let run = world.load("backfill", 3);
    assert_eq!((&run["read"], &run["created"]), (&3.into(), &1.into()), "{run}");
    assert_eq!((&run["filtered"], &run["invalid"]), (&1.into(), &1.into()));
    assert_adds_up(&run);
    let summary = world.summary();
    assert_eq!((summary.orders, summary.by_currency["EUR"].total_minor), (1, 3_010));
    assert_eq!(
        world.target()["ecomOrders"][0]["ecomOrderProducts"].as_array().map(Vec::len),
        Some(2),
        "rows 2 and 4 are one order"
    );
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    let second = world.load("backfill", 3);
    assert_eq!((&second["unchanged"], &second["requests"]["total"]), (&1.into(), &0.into()));
}

#[test]
fn a_mapping_that_is_wrong_is_reported_with_its_line_before_anything_is_sent() {
    let world =
        World::new().policy(&MAPPING.replace("paid", "payed").replace("unit_price", "unit_pirce"));
    world.export("erp.csv", ROWS);
    let ended = world.run(&["plan"]);
    assert_eq!(ended.code, 2, "{}{}", ended.out, ended.err);
    for expected in [
        "ordersync.toml, line ",
        "mappings.erp.status[0].words.bezahlt: found `payed`",
        "mappings.erp.line.unit_pirce: unknown key",
    ] {
        assert!(ended.err.contains(expected), "{expected}: {}", ended.err);
    }
}

#[test]
fn an_export_without_addresses_takes_them_from_the_customers_file() {
    let world = World::new();
    world.export(
        "sold.csv",
        "Sale Date,Item Name,Buyer,Quantity,Price,Discount Amount,Order Shipping,Order Sales Tax,Item Total,Currency,\
         Listing ID,Order ID,Variations,SKU\n\
         12/31/20,Sticker,Ann Example (annex),1,3.30,0,1.00,0,3.3,USD,871,9001,,\n\
         12/31/20,Sticker,bobby,1,3.30,0,0,0,3.3,USD,871,9002,,\n",
    );
    std::fs::write(world.path("people.csv"), "Username,Email\nannex,ann@example.com\n").unwrap();
    let mut command = world.command(&["--json", "--quiet", "backfill"]);
    let output = command.env("ORDERSYNC_JOBS__SHOP__CUSTOMERS", "people.csv").output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let summary = world.summary();
    assert_eq!((summary.orders, summary.by_currency["USD"].total_minor), (1, 430));
    assert_eq!(world.target()["ecomOrders"][0]["email"], "ann@example.com");
    for (path, bytes) in world.state_files() {
        let address = b"ann@example.com";
        assert!(!bytes.windows(address.len()).any(|part| part == address), "{}", path.display());
    }
}
