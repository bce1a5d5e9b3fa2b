use crate::domain::Field;
use serde_json::{Map, Value};

/// A field that changed. Its values may be personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueChange {
    /// Its name in the payload, as the word of [`Field`]; `action` for the decision on the
    /// order; `other` for a name that no payload of this program has.
    pub path: &'static str,
    /// The number of the product, from 1, for a field of one.
    pub product: Option<usize>,
    /// `None`: the payload had no such field.
    pub from: Option<Value>,
    pub to: Option<Value>,
}

const PRODUCTS: &str = "orderProducts";
/// Fields that two payloads of one order have in common.
const SAME: [&str; 2] = ["externalid", "externalcheckoutid"];

/// The differences between `before` and `now`, two payloads of one order.
///
/// If products were added or removed, only their number is shown: their fields all moved with them.
pub(super) fn diff(before: &Map<String, Value>, now: &Map<String, Value>) -> Vec<ValueChange> {
    let mut changes = Vec::new();
    for (name, from, to) in pairs(before, now) {
        if SAME.contains(&name) {
            continue;
        }
        match (name, from.and_then(Value::as_array), to.and_then(Value::as_array)) {
            (PRODUCTS, Some(from), Some(to)) if from.len() == to.len() => {
                for (n, (from, to)) in from.iter().zip(to).enumerate() {
                    of_product(n + 1, from, to, &mut changes);
                }
            }
            (PRODUCTS, Some(from), Some(to)) => {
                let (from, to) = (Some(from.len().into()), Some(to.len().into()));
                changes.push(ValueChange { path: PRODUCTS, product: None, from, to });
            }
            _ => changes.push(change(path_of(name), None, from, to)),
        }
    }
    changes
}

fn of_product(n: usize, from: &Value, to: &Value, changes: &mut Vec<ValueChange>) {
    match (from, to) {
        (Value::Object(from), Value::Object(to)) => {
            let fields = pairs(from, to);
            changes.extend(fields.map(|(name, from, to)| {
                change(path_of(&format!("{PRODUCTS}.{name}")), Some(n), from, to)
            }));
        }
        (from, to) if from != to => changes.push(change("other", Some(n), Some(from), Some(to))),
        _ => {}
    }
}

fn change(
    path: &'static str,
    product: Option<usize>,
    from: Option<&Value>,
    to: Option<&Value>,
) -> ValueChange {
    ValueChange { path, product, from: from.cloned(), to: to.cloned() }
}

fn path_of(name: &str) -> &'static str {
    Field::from_word(name).map_or("other", Field::word)
}

/// The names with different values, and both values.
fn pairs<'a>(
    before: &'a Map<String, Value>,
    now: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, Option<&'a Value>, Option<&'a Value>)> {
    let gone = before.keys().filter(|name| !now.contains_key(*name));
    now.keys()
        .chain(gone)
        .map(|name| (name.as_str(), before.get(name), now.get(name)))
        .filter(|(_, from, to)| from != to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn output(before: Value, now: Value) -> Vec<(&'static str, Option<usize>)> {
        let (before, now) =
            (before.as_object().cloned().unwrap(), now.as_object().cloned().unwrap());
        diff(&before, &now).into_iter().map(|change| (change.path, change.product)).collect()
    }

    #[test]
    fn only_what_differs_is_reported_with_its_product() {
        let line = |name: &str, price: u32| json!({ "name": name, "price": price });
        let order = |lines: Vec<Value>, total: u32| json!({ "externalid": "1", "totalPrice": total, "orderProducts": lines });
        let before = order(vec![line("Mug", 100), line("Cup", 200)], 300);
        assert_eq!(output(before.clone(), before.clone()), []);
        let now = order(vec![line("Mug", 100), line("Bowl", 250)], 350);
        let expected = [
            ("orderProducts.name", Some(2)),
            ("orderProducts.price", Some(2)),
            ("totalPrice", None),
        ];
        assert_eq!(output(before.clone(), now), expected);
        assert_eq!(
            output(before.clone(), order(vec![line("Mug", 100)], 300)),
            [("orderProducts", None)]
        );
        let mut odd = before.clone();
        odd["surprise"] = 1.into();
        assert_eq!(output(odd, before), [("other", None)]);
    }

    #[test]
    fn an_invalid_payload_is_reported_without_harm() {
        let before =
            json!({ "orderProducts": ["x", 1], "orderDiscounts": 3, "totalPrice": [1.5e300] });
        let now = json!({ "orderProducts": [{ "name": "Mug" }, 1], "orderDiscounts": [], "totalPrice": null });
        assert_eq!(
            output(before, now),
            [("orderDiscounts", None), ("other", Some(1)), ("totalPrice", None)]
        );
    }
}
