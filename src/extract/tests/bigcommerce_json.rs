//! BigCommerce's orders, and saved responses for the records that they link to.

use super::*;
use crate::domain::{SourceDiscount, Status};

fn order(id: u32, more: &str) -> String {
    format!(
        r#"{{"id":{id},"customer_id":11,"date_created":"Tue, 05 Mar 2019 21:40:11 +0000",
        "date_modified":"Mon, 11 Mar 2019 15:17:25 +0000","status_id":11,"status":"Awaiting Fulfillment",
        "subtotal_inc_tax":"30.0000","shipping_cost_inc_tax":"12.0000","handling_cost_inc_tax":"0.0000",
        "total_inc_tax":"37.0000","total_tax":"5.3100","items_total":3,"payment_method":"Cash","refunded_amount":"0.0000",
        "currency_id":1,"currency_code":"USD","default_currency_id":1,"default_currency_code":"USD",
        "discount_amount":"2.0000","coupon_discount":"3.0000","is_email_opt_in":false,"is_deleted":false,
        "billing_address":{{"email":"ann@example.com","first_name":"Ann"}},
        "products":{{"url":"https://x/{id}/products","resource":"/orders/{id}/products"}},
        "coupons":{{"url":"u","resource":"r"}},"shipping_addresses":{{"url":"u","resource":"r"}}{more}}}"#
    )
}

fn product(order: u32, id: u32, quantity: u32) -> String {
    format!(
        r#"{{"id":{id},"order_id":{order},"product_id":{id}0,"variant_id":0,"name":"Mug {id}","sku":"M-{id}",
        "base_price":"9.0000","price_ex_tax":"9.0000","price_inc_tax":"10.0000","quantity":{quantity}}}"#
    )
}

fn coupon(order: u32, kind: u32) -> String {
    format!(
        r#"{{"id":{kind},"coupon_id":9,"order_id":{order},"code":"C{kind}","amount":"10.0000","type":{kind},"discount":"3.0000"}}"#
    )
}

fn shop() -> Folder {
    let folder = Folder::with("orders.json", format!("[{},{}]", order(100, ""), order(101, "")));
    folder.put(
        "products.json",
        format!("[{},{}]\n[{}]", product(100, 1, 2), product(100, 2, 1), product(101, 3, 3)),
    );
    folder
}

fn by_id(folder: &Folder) -> Vec<SourceOrder> {
    let mut all = folder.read(&["*.json"]).unwrap();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

#[test]
fn orders_are_joined_with_their_products_coupons_and_shipping() {
    let folder = shop();
    folder.put("coupons_100.json", format!("[{},{}]", coupon(100, 1), coupon(100, 4)));
    let address = r#"[{"id":132,"order_id":100,"shipping_method":"Flat rate","cost_inc_tax":"12.0000","email":"x@example.com"}]"#;
    folder.put("shipping.json", address);
    let all = by_id(&folder);
    assert_eq!(all.len(), 2);
    let order = &all[0];
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    assert_eq!(
        (order.id.as_str(), order.number.as_str(), order.email.as_str()),
        ("100", "100", "ann@example.com")
    );
    assert_eq!((order.customer_id.as_str(), order.accepts_marketing), ("11", Some(false)));
    assert_eq!(order.created_at, "2019-03-05 21:40:11 +0000");
    assert_eq!(order.updated_at, "2019-03-11 15:17:25 +0000");
    assert_eq!(
        (order.total.as_str(), order.tax.as_str(), order.currency.as_str()),
        ("37.0000", "5.3100", "USD")
    );
    assert_eq!(
        (order.shipping.as_str(), order.discount.as_str(), order.refunded.as_str()),
        ("12", "5", "")
    );
    assert_eq!((order.shipping_method.as_str(), order.status), ("Flat rate", Some(Status::Paid)));
    let discount = |name: &str, of_shipping| SourceDiscount {
        name: name.into(),
        amount: "3.0000".into(),
        of_shipping,
    };
    assert_eq!(order.discounts, [discount("C1", false), discount("C4", true)]);
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            (line.id.as_str(), line.name.as_str(), line.quantity.as_str(), line.unit_price.as_str())
        })
        .collect();
    assert_eq!(lines, [("10", "Mug 1", "2", "10.0000"), ("20", "Mug 2", "1", "10.0000")]);
    assert_eq!((all[1].lines.len(), all[1].discounts.len()), (1, 0));
    let export = folder.open(&["*.json"]).unwrap();
    let file = &export.files()[order.position.file as usize];
    assert!(file.path.ends_with("orders.json"), "{file}");
    let formats: Vec<_> = export.files().iter().map(|file| file.format.as_str()).collect();
    assert_eq!(
        formats,
        [
            "bigcommerce-json/shippingaddresses",
            "bigcommerce-json/products",
            "bigcommerce-json",
            "bigcommerce-json/coupons"
        ]
    );
}

#[test]
fn without_the_products_it_is_said_what_to_save() {
    let folder = Folder::with("orders.json", order(100, ""));
    let message = folder.open(&["*"]).unwrap_err().to_string();
    assert!(message.contains("the table bigcommerce-json/products is missing"), "{message}");
    assert!(message.contains("GET /v2/orders/ID/products"), "{message}");
    let alone = Folder::with("products.json", product(1, 1, 1));
    let message = alone.open(&["*"]).unwrap_err().to_string();
    assert!(message.contains("no file contains the orders themselves"), "{message}");
    for format in ["auto", "bigcommerce-json"] {
        assert_eq!(shop().open_as(format, &["*"]).unwrap().files().len(), 2, "{format}");
    }
}

#[test]
fn products_within_the_order_need_no_other_file() {
    let inline = order(100, "").replace(
        r#""products":{"url":"https://x/100/products","resource":"/orders/100/products"}"#,
        &format!(r#""products":[{}]"#, product(100, 1, 3)),
    );
    let all = by_id(&Folder::with("orders.json", inline));
    assert_eq!((all[0].lines.len(), all[0].faults.len()), (1, 0), "{:?}", all[0]);
}

/// As `include=consignments.line_items` shows it, with these line items of the shipping.
fn with_consignments(lines: &str, more: &str) -> String {
    let shipping =
        format!(r#"{{"id":1,"shipping_method":"Courier","line_items":[{lines}]{more}}}"#);
    let rest = format!(
        r#""pickups":[],"downloads":[{{"line_items":[{}]}}],"email":{{"gift_certificates":[]}}"#,
        product(100, 9, 1)
    );
    order(100, &format!(r#","consignments":{{"shipping":[{shipping}],{rest}}}"#))
}

#[test]
fn the_lines_of_included_consignments_are_the_orders() {
    let included = with_consignments(&product(100, 1, 2), "");
    let object = r#""consignments":{"#;
    let listed = included.replace(object, r#""consignments":[{"#);
    let listed = format!("{}]}}", listed.strip_suffix('}').unwrap());
    for text in [included, listed] {
        let all = by_id(&Folder::with("orders.json", text));
        let lines: Vec<_> = all[0].lines.iter().map(|line| line.sku.as_str()).collect();
        assert_eq!((lines, all[0].faults.len()), (vec!["M-1", "M-9"], 0), "{:?}", all[0]);
        assert_eq!(all[0].shipping_method, "Courier");
    }
}

#[test]
fn an_order_whose_consignments_are_cut_is_not_sent_short() {
    let warning = r#","__warning__":{"message":"only 50 are included"}"#;
    let within = format!(r#"{},{{"__warning__":{{"message":"x"}}}}"#, product(100, 1, 2));
    for cut in [with_consignments(&product(100, 1, 2), warning), with_consignments(&within, "")] {
        let whole = order(101, "").replace(
            r#"{"url":"https://x/101/products","resource":"/orders/101/products"}"#,
            &format!("[{}]", product(101, 1, 3)),
        );
        let all = by_id(&Folder::with("orders.json", format!("[{cut},{whole}]")));
        assert_eq!(reasons(&all[0]), [Reason::Truncated]);
        assert!(all[0].lines.is_empty() && all[1].faults.is_empty());
        // Its products are in a separate file, or in place of the link.
        let folder = Folder::with("orders.json", cut.clone());
        folder.put("products.json", format!("[{},{}]", product(100, 1, 2), product(100, 2, 1)));
        let all = by_id(&folder);
        assert_eq!((all[0].lines.len(), all[0].faults.len()), (2, 0), "{:?}", all[0]);
        let placed = cut.replace(
            r#"{"url":"https://x/100/products","resource":"/orders/100/products"}"#,
            &format!("[{}]", product(100, 1, 3)),
        );
        let all = by_id(&Folder::with("orders.json", placed));
        assert_eq!((all[0].lines.len(), all[0].faults.len()), (1, 0), "{:?}", all[0]);
    }
}

#[test]
fn an_order_without_goods_needs_no_products_and_an_empty_list_of_them_is_short() {
    let none = order(100, "")
        .replace(r#"{"url":"https://x/100/products","resource":"/orders/100/products"}"#, "[]");
    let all = by_id(&Folder::with("orders.json", none));
    assert_eq!(reasons(&all[0]), [Reason::Truncated]);
    let nothing = order(100, "").replace(r#""items_total":3"#, r#""items_total":0"#);
    let all = by_id(&Folder::with("orders.json", nothing));
    assert_eq!((all[0].lines.len(), all[0].faults.len()), (0, 0), "{:?}", all[0]);
    let folder = Folder::with("orders.json", "[]");
    assert!(folder.open_as("bigcommerce-json", &["*"]).is_ok(), "a shop without orders");
}

#[test]
fn an_order_whose_products_are_not_all_there_is_not_sent_short() {
    let folder = shop();
    folder.put("products.json", format!("[{},{}]", product(100, 1, 2), product(101, 3, 3)));
    let all = by_id(&folder);
    assert_eq!(reasons(&all[0]), [Reason::Truncated]);
    assert!(all[1].faults.is_empty());
    folder.put("products.json", &format!("[{},{}]", product(100, 1, 2), product(101, 3, 3))[..200]);
    assert!(
        folder.read(&["*.json"]).is_err(),
        "where one of the files is cut, nothing is given out"
    );
}

#[test]
fn complete_folders_are_separate_dumps_and_the_last_one_counts() {
    let folder = Folder::new();
    for (dump, quantity) in [("2024", 3), ("2025", 4)] {
        std::fs::create_dir(folder.path().join(dump)).unwrap();
        folder.put(&format!("{dump}/orders.json"), order(100, ""));
        folder.put(&format!("{dump}/products.json"), product(100, quantity, quantity));
    }
    let all = folder.read(&["*/*.json"]).unwrap();
    let read: Vec<_> = all.iter().map(|order| order.lines[0].quantity.as_str()).collect();
    assert_eq!(read, ["4", "3"], "the newer dump comes first, and each with its own products");
    assert_eq!(all.iter().map(|order| order.position.file).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(all.iter().map(|order| order.position.record).collect::<Vec<_>>(), [0, 1]);
    std::fs::remove_file(folder.path().join("2025/products.json")).unwrap();
    let message = folder.open(&["*/*.json"]).unwrap_err().to_string();
    assert!(
        message.contains("2025/orders.json: the table bigcommerce-json/products is missing"),
        "{message}"
    );
    // Orders in one folder and products in another are one dump.
    let apart = Folder::new();
    for (place, text) in [("orders", order(100, "")), ("products", product(100, 1, 3))] {
        std::fs::create_dir(apart.path().join(place)).unwrap();
        apart.put(&format!("{place}/page_1.json"), text);
    }
    assert_eq!(apart.read(&["*/*.json"]).unwrap()[0].lines.len(), 1);
}

#[test]
fn statuses_are_recognised_by_their_numbers() {
    let status = |from: &str, to: &str| {
        let folder = Folder::with("orders.json", order(100, "").replace(from, to));
        folder.put("products.json", product(100, 1, 3));
        let order = folder.read(&["*"]).unwrap().remove(0);
        (order.status, order.faults.is_empty())
    };
    let number = |id: u32| status("\"status_id\":11", &format!("\"status_id\":{id}"));
    assert_eq!(number(0), (Some(Status::Draft), true));
    assert_eq!(number(4), (Some(Status::Refunded), true));
    assert_eq!(number(5), (Some(Status::Cancelled), true));
    assert_eq!(number(6), (Some(Status::Failed), true));
    assert_eq!(number(7), (Some(Status::Pending), true));
    assert_eq!(number(10), (Some(Status::Paid), true));
    assert_eq!(number(14), (Some(Status::PartiallyRefunded), true));
    assert_eq!(number(99), (None, false));
    assert_eq!(
        status("\"status_id\":11,", ""),
        (Some(Status::Paid), true),
        "by its word where there is no number"
    );
    assert_eq!(
        status("\"is_deleted\":false", "\"is_deleted\":true"),
        (Some(Status::Cancelled), true)
    );
    assert_eq!(status("\"Cash\"", "\"Test Payment Gateway\""), (Some(Status::Test), true));
}

#[test]
fn a_guest_has_no_customer_and_a_currency_is_never_assumed() {
    let with = |from: &str, to: &str| {
        let folder = Folder::with("orders.json", order(100, "").replace(from, to));
        folder.put("products.json", product(100, 1, 3));
        folder.read(&["*"]).unwrap().remove(0)
    };
    assert_eq!(with("\"customer_id\":11", "\"customer_id\":0").customer_id, "");
    let shown = "\"currency_id\":1,\"currency_code\":\"USD\",";
    let paid = "\"default_currency_id\":1,\"default_currency_code\":\"USD\",";
    for (from, to, currency) in [
        (shown, "", "USD"),
        (shown, "\"currency_id\":2,\"currency_code\":\"EUR\",", "USD"),
        (paid, "", "USD"),
        (paid, "\"default_currency_id\":2,", ""),
        (paid, "\"currency_exchange_rate\":\"1.0000000000\",", "USD"),
        (paid, "\"currency_exchange_rate\":\"0.8490000000\",", ""),
    ] {
        assert_eq!(with(from, to).currency, currency, "{to}: the one that was paid in");
    }
    assert_eq!(
        with("Tue, 05 Mar", "Wed, 05 Mar").created_at,
        "Wed, 05 Mar 2019 21:40:11 +0000",
        "left to be refused"
    );
    assert_eq!(
        with("\"refunded_amount\":\"0.0000\"", "\"refunded_amount\":\"7.5000\"").refunded,
        "7.5000"
    );
}
