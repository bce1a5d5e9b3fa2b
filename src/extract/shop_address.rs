//! The web address of the shop, as far as its orders state it.

use super::json::{JsonFile, Value, Wrappers};
use super::table::{DetectedFormat, Table};
use std::collections::BTreeSet;

/// How many records of a file are examined.
const RECORDS_MAX: usize = 1_000;

/// The paths to web addresses below the shop's own host in an order. The first item of a list
/// counts.
const PATHS: [&[&str]; 4] =
    [&["order_status_url"], &["statusPageUrl"], &["_links", "self", "href"], &["payment_url"]];

/// The paths to the order in a message of a stream.
const MESSAGE_PATHS: [&[&str]; 2] = [&["record", "data"], &["record"]];

/// Parts of the host names of shop systems and payment providers: a page below them belongs to the
/// provider, not to the shop. The shops' own hosts at a shop system, such as those below
/// `myshopify.com`, are not among them.
const PROVIDERS: [&str; 48] = [
    "2checkout",
    "adyen",
    "adyenpayments",
    "affirm",
    "afterpay",
    "amazon",
    "authorize",
    "bigcommerce",
    "billplz",
    "braintreegateway",
    "cashfree",
    "checkout",
    "clearpay",
    "computop",
    "datatrans",
    "dotpay",
    "ebay",
    "ecwid",
    "etsy",
    "facebook",
    "flutterwave",
    "gocardless",
    "google",
    "ingenico",
    "klarna",
    "mercadopago",
    "midtrans",
    "mollie",
    "multisafepay",
    "ogone",
    "opayo",
    "pagseguro",
    "paypal",
    "paystack",
    "payu",
    "przelewy24",
    "razorpay",
    "sagepay",
    "saferpay",
    "shop",
    "shopify",
    "squareup",
    "stripe",
    "sumup",
    "tpay",
    "wix",
    "worldpay",
    "xendit",
];

/// Top-level names that only exist within a local network.
const LOCAL: [&str; 5] = ["internal", "invalid", "local", "localhost", "test"];

/// `https://shop.example.com`; `None` unless the first records of all tables agree.
pub fn shop_address<'a>(tables: impl Iterator<Item = &'a Table>) -> Option<String> {
    let mut origins = BTreeSet::new();
    for table in tables {
        collect(table, &mut origins);
    }
    let only = origins.pop_first()?;
    origins.is_empty().then_some(only)
}

fn collect(table: &Table, origins: &mut BTreeSet<String>) {
    let (wrappers, within): (_, &[&[&str]]) = match &table.format {
        DetectedFormat::Json(layout) => (layout.wrappers(), &[&[]]),
        DetectedFormat::Messages(_) => (Wrappers::default(), &MESSAGE_PATHS),
        DetectedFormat::Csv(_) | DetectedFormat::MappedJson(_) => return,
    };
    // What can't be read is reported when the orders are read.
    let Ok(mut file) = JsonFile::open(table.source.clone(), wrappers) else { return };
    for _ in 0..RECORDS_MAX {
        let Ok(Some((origin, _))) = file.next(|document| origin_in(document.value, within)) else {
            return;
        };
        origins.extend(origin);
    }
}

fn origin_in(record: Value<'_>, within: &[&[&str]]) -> Option<String> {
    let orders = within.iter().filter_map(|path| value_at(record, path));
    orders
        .flat_map(|order| PATHS.into_iter().filter_map(move |path| value_at(order, path)))
        .find_map(|value| {
            let is_string = value.raw().starts_with('"');
            is_string.then(|| value.text().ok()).flatten().and_then(|text| origin_of(&text))
        })
}

fn value_at<'a>(value: Value<'a>, path: &[&str]) -> Option<Value<'a>> {
    path.iter().try_fold(value, |value, key| {
        let value = if value.is_list() { value.items().next()? } else { value };
        value.get(key).ok()?
    })
}

/// `https://shop.example.com:8443` for an address below it, if its host can be the shop's own.
fn origin_of(address: &str) -> Option<String> {
    let authority = address.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    let authority = authority.to_ascii_lowercase();
    let host = match authority.split_once(':') {
        Some((host, port)) => port.parse::<u16>().ok().filter(|port| *port > 0).map(|_| host)?,
        None => authority.as_str(),
    };
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let (last, others) = labels.split_last()?;
    let is_name = !others.is_empty() && last.starts_with(|c: char| c.is_ascii_alphabetic());
    // In `shop.example.com` the first part is the shop's choice, in `shop.app` the provider's name.
    let owned = if others.len() > 1 && others[0] == "shop" { &others[1..] } else { others };
    let is_refused = LOCAL.contains(last) || owned.iter().any(|label| PROVIDERS.contains(label));
    let is_shops = is_name && !is_refused && labels.iter().all(is_label);
    is_shops.then(|| format!("https://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::json::Tree;

    fn found(text: &str, within: &[&[&str]]) -> Option<String> {
        origin_in(Tree::parse(text).unwrap().root(), within)
    }

    #[test]
    fn only_the_string_under_a_known_key_is_the_shops_address() {
        for (text, expected) in [
            (r#"{"order_status_url":"https://Shop.example.com/1/orders/x"}"#, Some("shop")),
            (
                r#"{"_links":{"self":[{"href":"https:\/\/shop.example.com\/wp-json"}]}}"#,
                Some("shop"),
            ),
            (
                r#"{"payment_url":"https://pay.stripe.com/x","_links":{"self":{"href":"https://a.example.com/w"}}}"#,
                Some("a"),
            ),
            (r#"{"image":"https://cdn.example.com/a.png"}"#, None),
            (r#"{"order_status_url":null,"referring_site":"https://www.example.com/"}"#, None),
            (r#"{"order_status_url":["https://www.example.com/"]}"#, None),
            (r#"{"note":"\"order_status_url\":\"https://www.example.com/\""}"#, None),
            (r#"{"customer":{"order_status_url":"https://www.example.com/"}}"#, None),
            ("{}", None),
        ] {
            let expected = expected.map(|name| format!("https://{name}.example.com"));
            assert_eq!(found(text, &[&[]]), expected, "{text}");
        }
    }

    #[test]
    fn the_orders_of_messages_are_looked_into() {
        let order = r#"{"order_status_url":"https://a.example.com/1"}"#;
        for text in [
            format!(r#"{{"type":"RECORD","record":{order}}}"#),
            format!(r#"{{"type":"RECORD","record":{{"stream":"orders","data":{order}}}}}"#),
        ] {
            let expected = Some("https://a.example.com".to_owned());
            assert_eq!(found(&text, &MESSAGE_PATHS), expected, "{text}");
        }
    }

    #[test]
    fn a_host_is_the_shops_own_and_clean_or_it_is_refused() {
        for (address, expected) in [
            ("https://www.mugs.example/1/orders", Some("https://www.mugs.example")),
            ("https://mugs.example:8443/1", Some("https://mugs.example:8443")),
            ("https://mugs.myshopify.com/1", Some("https://mugs.myshopify.com")),
            ("https://shop.mugs.example", Some("https://shop.mugs.example")),
            ("https://mugs.example?x=/", Some("https://mugs.example")),
            ("https://checkout.shopify.com/1/orders", None),
            ("https://pay.stripe.com/x", None),
            ("https://www.paypal.com/checkout", None),
            ("https://shop.app/x", None),
            ("https://www.google.com/", None),
            ("https://www.müller.de/1/orders", None),
            ("https://user:secret@mugs.example/", None),
            ("https://mugs.example:99999/", None),
            ("https://mugs.example:/", None),
            ("https://192.168.0.1/", None),
            ("https://[::1]/", None),
            ("https://localhost/1", None),
            ("https://mugs.local/1", None),
            ("https://mugs..example/", None),
            ("http://mugs.example/", None),
            ("mugs.example", None),
            ("", None),
        ] {
            assert_eq!(origin_of(address).as_deref(), expected, "{address}");
        }
    }
}
