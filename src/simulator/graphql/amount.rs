//! Decimals of GraphQL as minor units of the REST API.

use serde_json::Value;

/// Decimals of a currency, by ISO 4217.
pub(super) fn decimals(currency: &str) -> usize {
    match currency.to_ascii_uppercase().as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Significant decimals of an amount, as a number or as a text.
pub(super) fn decimals_of(amount: &Value) -> usize {
    let text = text_of(amount);
    text.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len())
}

/// An amount in units of `10^-decimals`, rounded half away from zero; `None` if it is not a plain
/// decimal.
pub(super) fn minor(amount: &Value, decimals: usize) -> Option<i64> {
    let text = text_of(amount);
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !format!("{whole}{fraction}").bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(decimals).collect();
    let units: i64 = format!("{whole}{kept}").parse().ok()?;
    let rounds_up = fraction.as_bytes().get(decimals).is_some_and(|digit| *digit >= b'5');
    units.checked_add(i64::from(rounds_up))?.checked_mul(sign)
}

fn text_of(amount: &Value) -> String {
    match amount {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn decimals_become_minor_units() {
        for (amount, decimals, units) in [
            (json!(12.5), 2, Some(1250)),
            (json!("12.345"), 2, Some(1235)),
            (json!(-0.01), 2, Some(-1)),
            (json!(1000), 0, Some(1000)),
            (json!("1.2345"), 3, Some(1235)),
            (json!("1e3"), 2, None),
            (json!("x"), 2, None),
        ] {
            assert_eq!(minor(&amount, decimals), units, "{amount}");
        }
        assert_eq!((decimals_of(&json!("1.50")), decimals_of(&json!(0.125))), (1, 3));
    }
}
