//! How ExpertSender's orders are read.

use super::json_files::read_anything;
use super::*;
use crate::domain::Status;

const ORDER: &str = r#"{
  "id": "A-12", "date": "2024-11-06T10:10:00.055Z", "timeZone": "Pacific Standard Time", "websiteId": 1,
  "status": "Completed", "currency": "USD", "totalValue": 150.10, "returnsValue": 0,
  "customer": {"id": 5, "email": "ann@example.com", "phone": "+15550100", "crmId": "67890"},
  "products": [
    {"id": "p1", "name": "Earbuds", "price": 75.05, "quantity": 2, "returned": 0, "category": "Sound",
     "url": "https://shop.example.com/p1", "imageUrl": "https://shop.example.com/p1.jpg",
     "productAttributes": [{"name": "Color", "value": "Black"}]}],
  "orderAttributes": [{"name": "Gift Wrap", "value": "Yes"}, {"name": "shipping method", "value": "Express"}]
}"#;

fn with(from: &str, to: &str) -> SourceOrder {
    assert!(ORDER.contains(from), "{from}");
    let mut all = read(ORDER.replacen(from, to, 1)).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn an_order_is_read_with_all_its_fields() {
    let order = with("", "");
    assert_eq!((order.id.as_str(), order.number.as_str()), ("A-12", "A-12"));
    assert_eq!((order.email.as_str(), order.customer_id.as_str()), ("ann@example.com", "67890"));
    assert_eq!(order.created_at, "2024-11-06T10:10:00.055Z", "an offset that is stated stays");
    assert_eq!((order.currency.as_str(), order.total.as_str()), ("USD", "150.10"));
    assert_eq!((order.status, order.shipping_method.as_str()), (Some(Status::Paid), "Express"));
    assert!(order.tax.is_empty() && order.shipping.is_empty() && order.faults.is_empty());
    let line = &order.lines[0];
    assert_eq!(
        (line.id.as_str(), line.unit_price.as_str(), line.quantity.as_str()),
        ("p1", "75.05", "2")
    );
    assert_eq!((line.category.as_str(), line.sku.as_str()), ("Sound", ""));
    assert!(line.product_url.ends_with("/p1") && line.image_url.ends_with("/p1.jpg"));
}

#[test]
fn a_date_without_an_offset_is_of_the_zone_it_names() {
    let date = |stated: &str, zone: &str| {
        let text = ORDER
            .replace("2024-11-06T10:10:00.055Z", stated)
            .replace("Pacific Standard Time", zone);
        read(text).unwrap().remove(0)
    };
    let (winter, summer) = ("2024-11-06T10:10:00", "2024-07-06 10:10:00");
    assert_eq!(date(winter, "Pacific Standard Time").created_at, "2024-11-06T10:10:00-08:00");
    assert_eq!(date(summer, "Pacific Standard Time").created_at, "2024-07-06T10:10:00-07:00");
    assert_eq!(date(summer, "w. europe standard time").created_at, "2024-07-06T10:10:00+02:00");
    assert_eq!(date(summer, "Asia/Tokyo").created_at, "2024-07-06T10:10:00+09:00");
    assert_eq!(date(summer, "").created_at, summer, "the job's zone is for the job to give");
    let odd = date(summer, "Middle-earth Standard Time");
    assert_eq!((reasons(&odd), odd.faults[0].field), (vec![Reason::BadDate], Some("timeZone")));
    assert!(
        reasons(&date("2024-07-25T10:08:59Z", "string")).is_empty(),
        "the zone is not needed then"
    );
    assert_eq!(date("11/06/2024 10:10", "Pacific Standard Time").created_at, "11/06/2024 10:10");
}

#[test]
fn the_status_is_read_in_any_case_and_returns_are_counted() {
    let status = |word: &str| with("\"Completed\"", word);
    for (word, expected) in [
        ("\"placed\"", Status::Pending),
        ("\"PAID\"", Status::Paid),
        ("\"Canceled\"", Status::Cancelled),
        ("null", Status::Paid),
    ] {
        assert_eq!(status(word).status, Some(expected), "{word}");
    }
    assert_eq!(reasons(&status("\"string\"")), [Reason::UnknownStatus]);
    let returned = |value: &str| with("\"returnsValue\": 0", &format!("\"returnsValue\": {value}"));
    assert_eq!(
        (returned("75.05").status, returned("75.05").refunded.as_str()),
        (Some(Status::PartiallyRefunded), "75.05")
    );
    assert_eq!(returned("150.1").status, Some(Status::Refunded));
    assert_eq!(reasons(&with("\"returned\": 0", "\"returned\": 3")), [Reason::BadQuantity]);
}

#[test]
fn the_customer_is_known_by_the_shops_id_then_by_expertsenders() {
    assert_eq!(with("\"67890\"", "null").customer_id, "5");
    assert_eq!(
        with(
            "\"id\": 5, \"email\": \"ann@example.com\", \"phone\": \"+15550100\", \"crmId\": \"67890\"",
            "\"id\": 0"
        )
        .customer_id,
        ""
    );
}

#[test]
fn orders_are_the_same_in_every_wrapping() {
    let line: String = ORDER.lines().map(str::trim).collect();
    let other = line.replace("A-12", "A-13");
    for text in [
        format!("{{\"mode\":\"Add\",\"data\":[{line},{other}]}}"),
        format!(
            "{{\"mode\":\"AddOrReplace\",\"data\":[{line}]}}\n{{\"mode\":\"Replace\",\"data\":[{other}]}}\n"
        ),
        format!("{{\"status\":0,\"data\":{line}}}\n{{\"status\":0,\"data\":{other}}}\n"),
        format!("[{{\"status\":0,\"data\":{line}}},{{\"status\":0,\"data\":{other}}}]"),
        format!("[{ORDER},{other}]"),
        format!("{line}\n{other}\n"),
    ] {
        let folder = Folder::with("a.json", &text);
        let export = folder.open(&["a.json"]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(export.files()[0].format, "expertsender-json");
        let ids: Vec<_> = export.read().unboxed().map(|order| order.unwrap().id).collect();
        assert_eq!(ids, ["A-12", "A-13"], "{text}");
    }
}

#[test]
fn records_that_are_not_orders_are_named() {
    assert!(refusal(r#"{"orderId":"1","orderStatus":"paid"}"#).contains("changes of status"));
    let error = r#"{"type":"x","title":"Not found","status":404,"substatus":"y","detail":"z","instance":"/orders"}"#;
    let message = refusal(error);
    assert!(!message.contains("Not found"), "{message}");
    let message = refusal(
        r#"{"status":0,"data":{"id":"1","date":"2024-01-31","customer":{},"products":[]}}"#,
    );
    assert!(
        message.contains("looks like ExpertSender's orders, but its records lack: totalValue"),
        "{message}"
    );
}

proptest::proptest! {
    #[test]
    fn no_damage_to_an_order_panics_or_affects_the_previous_one(
        from in 0.0..1.0_f64,
        len in 0..40_usize,
        new in proptest::sample::select(&["", "\"", "{", "]", "null", "1e400", "[[1]]", "\\ud800", "{\"value\":{}}", "-"][..]),
    ) {
        let whole = read_anything(ORDER.as_bytes());
        let mut bytes = ORDER.as_bytes().to_vec();
        let from = (from * bytes.len() as f64) as usize;
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, new.bytes());
        read_anything(&bytes);
        let both = [ORDER.as_bytes(), b"\n", &bytes].concat();
        proptest::prop_assert_eq!(&read_anything(&both)[..1], &whole[..]);
    }
}
