//! One valid export of each kind, for the tests that hold of all of them. A new dialect joins by a
//! line in [`ALL`].

mod documents;
mod sheets;

use super::*;
use crate::domain::SourceLine;

/// A whole export in UTF-8, with at least three orders that can be sent.
pub struct Fixture {
    pub name: &'static str,
    pub text: fn() -> String,
}

pub const ALL: &[Fixture] = &[
    Fixture { name: "shopify-graphql", text: shopify_graphql },
    Fixture { name: "bigcommerce-json", text: bigcommerce },
    Fixture { name: "shopify-csv", text: shopify_csv },
    Fixture { name: "shopify-csv without names", text: shopify_csv_by_id },
    Fixture { name: "shopify-csv quoted again", text: shopify_csv_quoted_again },
    Fixture { name: "shopify-json lines", text: documents::shopify_json_lines },
    Fixture { name: "shopify-json pages", text: documents::shopify_json_pages },
    Fixture { name: "shopify-checkouts-json", text: documents::shopify_checkouts },
    Fixture { name: "webtoffee-csv", text: sheets::webtoffee_packed },
    Fixture { name: "webtoffee-csv in columns", text: sheets::webtoffee_columns },
    Fixture { name: "webtoffee-csv in rows", text: sheets::webtoffee_rows },
    Fixture { name: "advanced-order-export-csv", text: sheets::advanced_order_export },
    Fixture { name: "squarespace-csv", text: sheets::squarespace },
    Fixture { name: "wix-csv", text: sheets::wix },
    Fixture { name: "tiendanube-csv", text: sheets::tiendanube },
    Fixture { name: "bigcommerce-csv", text: sheets::bigcommerce },
    Fixture { name: "etsy-csv", text: sheets::etsy },
    Fixture { name: "amazon-csv", text: sheets::amazon },
    Fixture { name: "square-csv", text: sheets::square },
    Fixture { name: "matrixify-csv", text: sheets::matrixify },
    Fixture { name: "woocommerce-json", text: documents::woocommerce_json },
    Fixture { name: "advanced-order-export-json", text: documents::advanced_order_export },
    Fixture { name: "magento-json", text: documents::magento_json },
    Fixture { name: "fast-json", text: documents::fast_json },
    Fixture { name: "expertsender-json", text: documents::expertsender_json },
    Fixture { name: "singer", text: documents::singer },
    Fixture { name: "airbyte", text: documents::airbyte },
    Fixture { name: "warehouse-csv", text: sheets::warehouse },
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
    let header =
        "Id,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity\n";
    [header.to_owned(), row(6001, "10.00"), row(6002, "7.50"), row(6003, "1.25"), row(6004, "2.00")]
        .concat()
}

fn shopify_csv_quoted_again() -> String {
    let text = shopify_csv_by_id();
    let quoted = |line: &str| format!("\"{}\"\n", line.replace("Mug é", "\"\"Mug, é\"\""));
    text.lines()
        .enumerate()
        .map(|(n, line)| if n == 0 { format!("{line}\n") } else { quoted(line) })
        .collect()
}

fn shopify_graphql() -> String {
    let order = |n: u32| {
        format!(
            r##"{{"id":"gid://shopify/Order/{n}","name":"#{n}","email":"ann{n}@example.com","createdAt":"2024-01-31T10:11:12Z","currencyCode":"USD","displayFinancialStatus":"PAID","totalPriceSet":{{"shopMoney":{{"amount":"10.0"}}}},"lineItems":{{"nodes":[{{"id":"gid://shopify/LineItem/{n}1","title":"Größe","quantity":1,"originalUnitPriceSet":{{"shopMoney":{{"amount":"10.0"}}}}}}]}}}}"##
        )
    };
    format!(
        "{{\"data\":{{\"orders\":{{\"nodes\":[{},\n{},\n{}]}}}}}}",
        order(1),
        order(2),
        order(3)
    )
}

fn bigcommerce() -> String {
    let order = |n: u32| {
        format!(
            r#"{{"id":{n},"customer_id":0,"date_created":"Tue, 05 Mar 2019 21:40:11 +0000","status_id":10,"status":"Completed","total_inc_tax":"10.0000","total_tax":"0.0000","shipping_cost_inc_tax":"0.0000","items_total":1,"currency_code":"USD","billing_address":{{"email":"ann{n}@example.com"}},"products":[{{"id":{n}1,"order_id":{n},"product_id":7,"name":"Größe","sku":"G","price_inc_tax":"10.0000","price_ex_tax":"10.0000","base_price":"10.0000","quantity":1}}]}}"#
        )
    };
    format!("[{},\n{},\n{}]", order(1), order(2), order(3))
}

#[test]
fn every_fixture_is_read_and_every_format_has_one() {
    let mut met = std::collections::BTreeSet::new();
    for fixture in ALL {
        let folder = Folder::with("export", (fixture.text)());
        let export =
            folder.open(&["export"]).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        met.insert(export.files()[0].format.clone());
        let format = &export.files()[0].format;
        assert!(
            fixture.name.split(' ').next() == Some(format),
            "{} was taken for {format}",
            fixture.name
        );
        let orders: Vec<SourceOrder> = export.read().map(Result::unwrap).collect();
        assert!(orders.len() >= 3, "{}", fixture.name);
        for order in &orders {
            assert!(order.faults.is_empty(), "{}: {:?}", fixture.name, order.faults);
        }
    }
    for format in crate::extract::formats() {
        // Its tables are several files; `fivetran_csv` holds them against damage.
        let is_of_files = format.name == "fivetran-csv";
        assert!(is_of_files || met.contains(format.name), "{} has no fixture", format.name);
    }
}

/// Whoever is done with an order gives it back with whatever is left in it.
#[test]
fn nothing_of_an_order_that_was_given_back_is_in_a_later_one() {
    let spoilt = |order: &SourceOrder| {
        let text = || "left over".to_owned();
        let line = SourceLine {
            id: text(),
            name: text(),
            variant: text(),
            quantity: text(),
            unit_price: text(),
            total: text(),
            discount: text(),
            sku: text(),
            category: text(),
            image_url: text(),
            product_url: text(),
            at_line: 7,
        };
        let lines = vec![line; order.lines.len() + 2];
        let (id, number, email, shipping_method) = (text(), text(), text(), text());
        let (tax, order_url) = (text(), text());
        Box::new(SourceOrder {
            id,
            number,
            email,
            shipping_method,
            tax,
            order_url,
            lines,
            ..order.clone()
        })
    };
    for fixture in ALL {
        let folder = Folder::with("export", (fixture.text)());
        let export = folder.open(&["export"]).unwrap();
        let expected: Vec<SourceOrder> = export.read().map(Result::unwrap).collect();
        let mut reader = export.read();
        let mut met = Vec::new();
        while let Some(order) = reader.advance() {
            let order = order.unwrap();
            reader.give_back(spoilt(&order));
            met.push(*order);
        }
        assert_eq!(met, expected, "{}", fixture.name);
    }
}
