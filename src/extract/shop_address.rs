//! The address of the shop, as far as an export happens to name it.

use super::codec::Source;
use std::io::Read;

/// How much of the text is looked at.
const BYTES_MAX: u64 = 1 << 20;

/// Keys of an order whose value is an address below the shop's own host.
const KEYS: [&str; 5] = [
    "\"order_status_url\"",
    "\"statusPageUrl\"",
    "\"abandoned_checkout_url\"",
    "\"payment_url\"",
    "\"_links\"",
];

/// How far after a key its address may begin.
const DISTANCE_MAX: usize = 120;

/// `https://shop.example.com`, from the first address that a text has under one of those keys.
pub fn shop_address(source: &Source) -> Option<String> {
    let mut bytes = Vec::new();
    source.open().ok()?.bytes.take(BYTES_MAX).read_to_end(&mut bytes).ok()?;
    address_in(&String::from_utf8_lossy(&bytes))
}

fn address_in(text: &str) -> Option<String> {
    let host = |key: &str| {
        let (_, rest) = text.split_once(key)?;
        let near: String = rest.chars().take(DISTANCE_MAX).collect::<String>().replace("\\/", "/");
        let (_, rest) = near.split_once("https://")?;
        let is_part = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        let end = rest.find(|c: char| !is_part(c))?;
        let host = rest[..end].to_ascii_lowercase();
        host.contains('.').then_some(host)
    };
    KEYS.into_iter().find_map(host).map(|host| format!("https://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_under_a_known_key_is_the_shops() {
        for (text, expected) in [
            (r#"{"order_status_url":"https://Shop.example.com/1/orders/x"}"#, Some("shop")),
            (
                r#"{"_links":{"self":[{"href":"https:\/\/shop.example.com\/wp-json"}]}}"#,
                Some("shop"),
            ),
            (r#"{"image":"https://cdn.example.com/a.png"}"#, None),
            (r#"{"order_status_url":null,"image":"http://cdn.example.com"}"#, None),
            (r#"{"order_status_url":"https://localhost/1"}"#, None),
            ("", None),
        ] {
            let expected = expected.map(|name| format!("https://{name}.example.com"));
            assert_eq!(address_in(text), expected, "{text}");
        }
    }
}
