//! One valid export of each kind, for the tests that hold of all of them. A new dialect joins by a line in [`ALL`].

use super::shopify_json::{ORDER, minified};
use super::*;

/// A whole export in UTF-8, with at least three orders that can be sent.
pub struct Fixture {
    pub name: &'static str,
    pub text: fn() -> String,
}

pub const ALL: &[Fixture] = &[
    Fixture { name: "shopify-csv", text: shopify_csv },
    Fixture { name: "shopify-csv without names", text: shopify_csv_by_id },
    Fixture { name: "shopify-csv quoted again", text: shopify_csv_quoted_again },
    Fixture { name: "shopify-json lines", text: shopify_json_lines },
    Fixture { name: "shopify-json pages", text: shopify_json_pages },
    Fixture { name: "shopify-checkouts-json", text: shopify_checkouts },
];

fn shopify_csv() -> String {
    let rows = [
        first("#1001").replace("Mug", "\"Mug, \"\"L\"\"\""),
        next("#1001", "\"Pen\nred\""),
        first("#1002").replace("web", "\"web\""),
        next("#1002", "Größe 🕯"),
        first("#1003").replace(",,,Card", ",\"a\r\nb\",,Card"),
        first("#1004"),
    ];
    format!("{HEADER}\n{}", rows.concat())
}

fn shopify_csv_by_id() -> String {
    let row = |id: u32, total: &str| {
        format!("{id},ann{id}@example.com,2024-01-31 10:11:12 -0500,USD,{total},Mug é,{total},1\n")
    };
    let header = "Id,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity\n";
    [header.to_owned(), row(6001, "10.00"), row(6002, "7.50"), row(6003, "1.25"), row(6004, "2.00")].concat()
}

fn shopify_csv_quoted_again() -> String {
    let text = shopify_csv_by_id();
    let quoted = |line: &str| format!("\"{}\"\n", line.replace("Mug é", "\"\"Mug, é\"\""));
    text.lines()
        .enumerate()
        .map(|(n, line)| if n == 0 { format!("{line}\n") } else { quoted(line) })
        .collect()
}

fn order(id: u32) -> String {
    ORDER.replacen("6885604524341", &id.to_string(), 1)
}

fn shopify_json_lines() -> String {
    (1..=4).map(|id| minified(&order(id)) + "\n").collect()
}

fn shopify_json_pages() -> String {
    let page = |a: u32, b: u32| format!("{{\"orders\":[{},\n{}]}}\n", order(a), order(b));
    page(1, 2) + &page(3, 4)
}

fn shopify_checkouts() -> String {
    let cart = |n: u32| {
        format!(
            r#"{{"id":{n},"token":"t{n}","abandoned_checkout_url":"https://shop.example.com/{n}","email":"ann{n}@example.com",
"created_at":"2024-01-31T10:11:12-05:00","updated_at":"2024-01-31T11:00:00-05:00","currency":"USD","total_price":"10.00",
"line_items":[{{"variant_id":7,"title":"Größe","price":"10.00","quantity":1}}]}}"#
        )
    };
    format!("{{\"checkouts\":[\n{},\n{},\n{}]}}", cart(1), cart(2), cart(3))
}

#[test]
fn every_fixture_is_read_and_every_format_has_one() {
    let mut met = std::collections::BTreeSet::new();
    for fixture in ALL {
        let folder = Folder::with("export", (fixture.text)());
        let export = folder.open(&["export"]).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        met.insert(export.files()[0].format.clone());
        let orders: Vec<SourceOrder> = export.read().map(Result::unwrap).collect();
        assert!(orders.len() >= 3, "{}", fixture.name);
        assert!(orders.iter().all(|order| order.faults.is_empty()), "{}", fixture.name);
    }
    for format in crate::extract::formats() {
        assert!(met.contains(format.name), "{} has no fixture", format.name);
    }
}
