//! The parts of orders that an answer leaves out.

use super::super::order_id::OrderId;
use super::super::pages::Row;
use jiff::fmt::rfc2822;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// The fields of an order that are read in addition to its text.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub id: u64,
    pub date_created: Option<String>,
    date_modified: Option<String>,
    pub billing_address: Option<Billing>,
    #[serde(default)]
    consignments: Value,
    #[serde(default)]
    items_total: Value,
    #[serde(default)]
    coupon_discount: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Billing {
    pub email: Option<String>,
}

/// The quantity of a line.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    quantity: Value,
}

impl Order {
    pub(super) fn row(&self) -> Row {
        let modified = self.date_modified.as_deref().and_then(|text| rfc2822::parse(text).ok());
        Row { id: self.id.into(), modified: modified.map(|date| date.timestamp()) }
    }

    /// Whether lines are missing: the answer says so, or has fewer items than the order.
    pub(super) fn lacks_lines(&self) -> bool {
        is_warned(&self.consignments) || items_in(&self.consignments) < self.items()
    }

    /// The number of items that it states.
    pub(super) fn items(&self) -> u64 {
        whole(&self.items_total)
    }

    pub(super) fn has_coupons(&self) -> bool {
        let text = self.coupon_discount.as_str().map(str::to_owned);
        let text = text.unwrap_or_else(|| self.coupon_discount.to_string());
        text.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
    }
}

/// The number of items in these lines.
pub(super) fn items_of(lines: &[&RawValue]) -> u64 {
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Line>(line.get()).ok());
    lines.map(|line| whole(&line.quantity)).fold(0, u64::saturating_add)
}

fn whole(number: &Value) -> u64 {
    let text = number.as_str().and_then(|text| text.parse().ok());
    number.as_u64().or(text).unwrap_or_default()
}

/// Whether a consignment has a warning that some of its lines are missing.
fn is_warned(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.contains_key("__warning__") || object.values().any(is_warned)
        }
        Value::Array(list) => list.iter().any(is_warned),
        _ => false,
    }
}

/// The number of items in all lines of all consignments.
fn items_in(value: &Value) -> u64 {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| match value {
                Value::Array(lines) if key == "line_items" => {
                    lines.iter().map(|line| whole(&line["quantity"])).fold(0, u64::saturating_add)
                }
                _ => items_in(value),
            })
            .fold(0, u64::saturating_add),
        Value::Array(list) => list.iter().map(items_in).fold(0, u64::saturating_add),
        _ => 0,
    }
}

/// The text of an order with the values of these fields replaced; all others are as received.
pub(super) fn with_parts(
    order: &str,
    parts: &[(&'static str, String)],
) -> Result<String, serde_json::Error> {
    let ObjectFields(fields) = serde_json::from_str(order)?;
    let mut texts = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let part = parts.iter().find(|(part, _)| *part == name);
        let value = part.map_or(value.get(), |(_, text)| text);
        texts.push(format!("{}:{value}", serde_json::to_string(&name)?));
    }
    Ok(format!("{{{}}}", texts.join(",")))
}

/// The fields of an object, in their order, with the texts of their values.
struct ObjectFields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for ObjectFields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an order")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                if fields.is_empty() { Err(A::Error::custom("an empty order")) } else { Ok(fields) }
            }
        }
        deserializer.deserialize_map(InOrder).map(ObjectFields)
    }
}

/// The ids of the orders on a page; none if it is damaged.
pub(super) fn ids_in(page: &[u8]) -> Vec<OrderId> {
    #[derive(Deserialize)]
    struct Id {
        id: u64,
    }
    let orders: Vec<Id> = serde_json::from_slice(page).unwrap_or_default();
    orders.into_iter().map(|order| order.id.into()).collect()
}

/// Whether a text is a list of anything.
pub(super) fn is_list(text: &[u8]) -> bool {
    serde_json::from_slice::<Vec<IgnoredAny>>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(more: &str) -> Order {
        serde_json::from_str(&format!(r#"{{"id":7,"items_total":3{more}}}"#)).unwrap()
    }

    #[test]
    fn missing_lines_are_found_by_the_warning_and_by_the_number_of_items() {
        let with = |lines: &str, more: &str| {
            let shipping = format!(r#"{{"shipping":[{{"line_items":[{lines}]{more}}}]}}"#);
            order(&format!(r#","consignments":{shipping}"#)).lacks_lines()
        };
        let warning = r#","__warning__":{"message":"only 50 are included"}"#;
        assert!(!with(r#"{"quantity":2},{"quantity":"1"}"#, ""));
        assert!(with(r#"{"quantity":2},{"quantity":1}"#, warning));
        assert!(with(r#"{"quantity":2}"#, "") && with("", ""));
        assert!(order("").lacks_lines());
        let apart = r#","consignments":[{"pickups":[{"line_items":[{"quantity":1}]}],
            "email":{"gift_certificates":[{"line_items":[{"quantity":2}]}]}}]"#;
        assert!(!order(apart).lacks_lines());
    }

    #[test]
    fn only_what_was_fetched_is_put_in_the_place_of_a_link() {
        let received = r#"{"total": 12.3400, "coupons":{"url":"u"}, "id":7,"x":"\u00e9"}"#;
        let parts = [("coupons", "[{\"id\":1}]".to_owned()), ("products", "[]".to_owned())];
        let whole = with_parts(received, &parts).unwrap();
        assert_eq!(whole, r#"{"total":12.3400,"coupons":[{"id":1}],"id":7,"x":"\u00e9"}"#);
        assert!(order(r#","coupon_discount":"0.1000""#).has_coupons());
        assert!(!order(r#","coupon_discount":"0.0000""#).has_coupons() && !order("").has_coupons());
    }
}
