//! The content of one order, prepared for display: masked, truncated, and without hidden
//! characters.

use crate::domain::{Currency, Order, SourceOrder, Text};
use crate::report::explain::masked;
use crate::report::text::{count, is_hidden, many, printable};
use serde_json::{Value, json};

/// Letters shown of one value. A note may have millions.
const TEXT_LEN_MAX: usize = 300;
/// Product lines and discounts shown of one order.
const PARTS_MAX: usize = 20;

/// The fields that are not blank, by this program's names. Addresses are masked unless `reveals`.
pub(super) fn fields_of(source: &SourceOrder, reveals: bool) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, text: &str| {
        if !text.is_empty() {
            let text = if reveals { text.to_owned() } else { without_address(text) };
            fields.push((name.to_owned(), inert(&cut(&printable(&text)))));
        }
    };
    let amount = |text: &str| padded(text, &source.currency);
    for (name, text) in [
        ("id", source.id.as_str()),
        ("number", &source.number),
        ("checkout id", &source.checkout_id),
        ("email", &source.email),
        ("customer id", &source.customer_id),
        ("created", &source.created_at),
        ("updated", &source.updated_at),
        ("abandoned", &source.abandoned_at),
        ("status", source.status.map_or("", |status| status.word())),
        ("currency", &source.currency),
        ("total", &amount(&source.total)),
        ("subtotal", &amount(&source.subtotal)),
        ("shipping", &amount(&source.shipping)),
        ("tax", &amount(&source.tax)),
        ("discount", &amount(&source.discount)),
        ("refunded", &amount(&source.refunded)),
        ("shipping method", &source.shipping_method),
    ] {
        add(name, text);
    }
    for (n, discount) in source.discounts.iter().take(PARTS_MAX).enumerate() {
        let parts = [discount.name.clone(), amount(&discount.amount).into()];
        let parts: Vec<Text> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        add(&format!("discount {}", n + 1), &parts.join(": "));
    }
    for (n, line) in source.lines.iter().take(PARTS_MAX).enumerate() {
        let id = if line.id.is_empty() { &line.sku } else { &line.id };
        let id = if id.is_empty() { String::new() } else { format!(" ({id})") };
        let price = amount(if line.unit_price.is_empty() { &line.total } else { &line.unit_price });
        let price = if price.is_empty() {
            String::new()
        } else if line.unit_price.is_empty() {
            format!(", {price} in all")
        } else {
            format!(" at {price}")
        };
        add(
            &format!("product {}", n + 1),
            &format!("{} × {}{price}{id}", line.quantity, line.name),
        );
    }
    for (what, len) in [("discount", source.discounts.len()), ("product", source.lines.len())] {
        if len > PARTS_MAX {
            add("…", &format!("and {}", many((len - PARTS_MAX) as u64, &format!("more {what}"))));
        }
    }
    fields
}

/// The body as it would be sent; addresses are masked unless `reveals`. Long texts are truncated,
/// and marked as such.
pub(super) fn payload_of(order: &Order, reveals: bool) -> String {
    let mut body =
        if reveals { serde_json::to_value(order).unwrap_or_default() } else { masked(order) };
    shorten(&mut body);
    escaped(&format!("{:#}", json!({ "ecomOrder": body })))
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => *text = cut(text),
        Value::Array(items) => {
            let more = items.len().saturating_sub(PARTS_MAX);
            items.truncate(PARTS_MAX);
            items.iter_mut().for_each(shorten);
            if more > 0 {
                items.push(format!("… and {} more", count(more as u64)).into());
            }
        }
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

/// The beginning of a long text, and its length.
fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_LEN_MAX) {
        None => text.to_owned(),
        Some((at, _)) => {
            format!("{}… ({} characters)", &text[..at], count(text.chars().count() as u64))
        }
    }
}

/// JSON with hidden and bidirectional characters escaped: `\u202e`.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => text.push(c),
            c if c.is_control() || is_hidden(c) => {
                let mut units = [0; 2];
                c.encode_utf16(&mut units)
                    .iter()
                    .for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
            }
            c => text.push(c),
        }
    }
    text
}

/// A text that a spreadsheet does not evaluate, as a table of the page may be copied into one.
pub(super) fn inert(text: &str) -> String {
    let is_number =
        text.trim_start_matches(['-', '+']).bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if text.starts_with(['=', '+', '-', '@']) && !is_number {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// An amount with the digits of its currency: 1264.4 USD is 1264.40. Text that is not a plain
/// number is unchanged.
fn padded(text: &str, currency: &str) -> String {
    let digits = Currency::parse(currency).map_or(0, |currency| usize::from(currency.exponent()));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let is_amount =
        !whole.is_empty() && is_plain(whole.trim_start_matches('-')) && is_plain(fraction);
    if is_amount && fraction.len() < digits {
        format!("{whole}.{fraction:0<digits$}")
    } else {
        text.to_owned()
    }
}

/// A text without any e-mail address in it.
fn without_address(text: &str) -> String {
    match text.split_once('@') {
        Some((local, domain)) => {
            let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
            format!("{}***@{}***", first(local), first(domain))
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_digits_of_its_currency_and_nothing_else_is_touched() {
        for (text, currency, expected) in [
            ("1264.4", "USD", "1264.40"),
            ("10", "usd", "10.00"),
            ("-3.5", "KWD", "-3.500"),
            ("10", "JPY", "10"),
            ("1264.456", "USD", "1264.456"),
            ("1,264.4", "USD", "1,264.4"),
            ("1e3", "USD", "1e3"),
            ("ten", "USD", "ten"),
            ("", "USD", ""),
            ("1.5", "EURO", "1.5"),
        ] {
            assert_eq!(padded(text, currency), expected);
        }
    }

    #[test]
    fn formulas_become_text_and_amounts_stay_numbers() {
        for (text, expected) in
            [("=1+1", "'=1+1"), ("@x", "'@x"), ("-1.50", "-1.50"), ("+1x", "'+1x"), ("#1", "#1")]
        {
            assert_eq!(inert(text), expected);
        }
    }

    #[test]
    fn long_texts_are_truncated_and_hidden_characters_shown() {
        let long = "é".repeat(10_000);
        assert!(cut(&long).ends_with("é… (10,000 characters)") && cut(&long).chars().count() < 330);
        assert_eq!(
            escaped("\"a\u{202e}b\u{7f}\u{e0041}\"\n"),
            "\"a\\u202eb\\u007f\\udb40\\udc41\"\n"
        );
        let mut many = json!(vec![1; 25]);
        shorten(&mut many);
        assert_eq!((many.as_array().map(Vec::len), &many[20]), (Some(21), &json!("… and 5 more")));
    }
}
