//! A plan compared with a saved one, as text and JSON. E-mail addresses are masked by default.

use super::comparison::Comparison;
use super::examples::{example_json, example_text};
use super::explain::hide_addresses;
use super::text::{count, count_row, printable};
use crate::domain::{Currency, Email, Field};
use crate::run::{ChangedOrder, Preview, SavedPlanDiff, SavedPlanForm, ValueChange};
use serde_json::{Value, json};

/// Changes shown per example.
const SHOWN_MAX: usize = 6;
/// Letters shown of one value.
const VALUE_LEN_MAX: usize = 60;

/// The `difference` of `plan --against --json`.
pub fn against_json(preview: &Preview, against: &SavedPlanDiff, reveal: bool) -> Value {
    json!({
        "against": against.file,
        "form": form_word(against.form),
        "saved": against.saved,
        "same": against.same,
        "changed": against.changed,
        "by_field": against.by_path.iter()
            .map(|(path, n)| json!({ "field": path, "count": n })).collect::<Value>(),
        "examples": against.examples.iter().map(|ChangedOrder { example, changes, .. }| {
            let mut one = example_json(preview, example);
            one["changes"] = values_json(changes, reveal);
            one
        }).collect::<Value>(),
        "only_saved": against.only_saved,
        "only_saved_examples": against.only_saved_examples.iter()
            .map(|(key, line)| json!({ "key": key.trim(), "line": line })).collect::<Value>(),
        "only_now": against.only_now,
        "only_now_examples": against.only_now_examples.iter()
            .map(|example| example_json(preview, example)).collect::<Value>(),
    })
}

fn form_word(form: SavedPlanForm) -> &'static str {
    match form {
        SavedPlanForm::Payloads => "payloads",
        SavedPlanForm::Records => "jsonl",
    }
}

/// Each value as in the payloads.
pub(super) fn values_json(changes: &[ValueChange], reveal: bool) -> Value {
    let shown =
        |path, value: &Option<Value>| value.as_ref().map(|value| shown(path, value, reveal));
    let of_one = |change: &ValueChange| {
        json!({
            "field": change.path,
            "product": change.product,
            "from": shown(change.path, &change.from),
            "to": shown(change.path, &change.to),
        })
    };
    changes.iter().map(of_one).collect()
}

/// A value without what identifies the buyer, as in `explain`.
fn shown(path: &str, value: &Value, reveal: bool) -> Value {
    let mut value = value.clone();
    if reveal {
        return value;
    }
    match (Field::from_word(path), &value) {
        (Some(Field::Email), Value::String(text)) => {
            Email::parse(text).map_or_else(|_| "***@***".into(), |email| email.masked().into())
        }
        (Some(Field::Email), _) => "***@***".into(),
        (Some(Field::OrderUrl), Value::String(text)) => {
            let mut text = Value::from(text.split('?').next().unwrap_or_default());
            hide_addresses(&mut text);
            text
        }
        _ => {
            hide_addresses(&mut value);
            value
        }
    }
}

/// The comparison as text.
pub fn against_comparison(preview: &Preview, against: &SavedPlanDiff, reveal: bool) -> Comparison {
    let title = format!(
        "Plan of {} against {} ({})",
        preview.job,
        printable(&against.file),
        form_word(against.form)
    );
    let mut comparison = Comparison { title, ..Comparison::default() };
    let new = match against.form {
        SavedPlanForm::Payloads => "orders that would be sent now and are not in the saved plan",
        SavedPlanForm::Records => "records that are new since the saved plan",
    };
    let rows = vec![
        count_row("same", against.same, "orders that are the same in both"),
        count_row("changed", against.changed, "orders that differ"),
        count_row("only saved", against.only_saved, "orders no longer in the export"),
        count_row("saved", against.saved, "the sum of these"),
        count_row("only now", against.only_now, new),
    ];
    comparison.add("", rows, Vec::new());
    let word = |path: &'static str| Field::from_word(path).map_or(path, Field::meaning);
    let fields = against.by_path.iter().map(|(path, n)| vec![word(path).to_owned(), count(*n)]);
    comparison.add("What changed", fields.collect(), Vec::new());
    let examples = against.examples.iter().map(|compared| {
        format!("{}: {}", example_text(preview, &compared.example), compared_text(compared, reveal))
    });
    comparison.add("Examples", Vec::new(), examples.collect());
    let gone = against.only_saved_examples.iter();
    let gone = gone.map(|(key, line)| format!("{} (line {line})", printable(key.trim())));
    comparison.add("Only in the saved plan", Vec::new(), gone.collect());
    let new = against.only_now_examples.iter().map(|example| example_text(preview, example));
    comparison.add("Only now", Vec::new(), new.collect());
    comparison
}

/// One order's changes, on one line.
fn compared_text(compared: &ChangedOrder, reveal: bool) -> String {
    let changes = &compared.changes;
    let mut parts: Vec<String> = changes
        .iter()
        .take(SHOWN_MAX)
        .map(|change| {
            let word = match (Field::from_word(change.path), change.product) {
                (Some(field), Some(n)) => format!("{} ({n})", field.meaning()),
                (Some(field), None) => field.meaning().to_owned(),
                (None, _) => change.path.to_owned(),
            };
            let [from, to] = [&change.from, &change.to];
            let [then, now] = compared.currencies;
            let text = |value: &Option<Value>, currency| {
                value_text(change.path, value.as_ref(), currency, reveal)
            };
            format!("{word} {} → {}", text(from, then), text(to, now))
        })
        .collect();
    if changes.len() > SHOWN_MAX {
        parts.push(format!("and {} more", changes.len() - SHOWN_MAX));
    }
    parts.join(", ")
}

fn value_text(
    path: &str,
    value: Option<&Value>,
    currency: Option<Currency>,
    reveal: bool,
) -> String {
    const MONEY: [Field; 5] =
        [Field::Total, Field::Shipping, Field::Tax, Field::Discount, Field::Prices];
    let Some(value) = value else { return "none".to_owned() };
    let is_money = Field::from_word(path).is_some_and(|field| MONEY.contains(&field));
    if let (Some(minor), Some(currency), true) = (value.as_i64(), currency, is_money) {
        return format!("{} {currency}", currency.format_minor(minor.into()));
    }
    let text = match shown(path, value, reveal) {
        Value::String(text) => printable(&text),
        other => printable(&other.to_string()),
    };
    match text.char_indices().nth(VALUE_LEN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
