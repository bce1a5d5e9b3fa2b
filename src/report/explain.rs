use super::dead_letters::{letter_json, letter_text};
use super::examples::{field_text, place_text, record_json};
use super::order_history::{last_write_json, ledger_json, ledger_text};
use super::text::{discreet, printable};
use crate::domain::{LoadPath, Order};
use crate::run::{ExplainedRecord, Explanation, RecordOutcome};
use serde_json::{Value, json};

/// `explain --json`. Addresses are masked unless `reveal`.
pub fn explanation_json(explanation: &Explanation, reveal: bool) -> Value {
    json!({
        "job": explanation.job,
        "order": explanation.asked,
        "records": explanation.records.iter().map(|record| json!({
            "file": file_of(explanation, record),
            "line": record.position.line,
            "record": record_json(record.position),
            "number": if reveal { &record.label } else { discreet(&record.label) },
            "fate": fate_json(&record.fate, reveal),
        })).collect::<Vec<_>>(),
        "more_records": explanation.more,
        "ledger": explanation.known.iter()
            .map(|known| ledger_json(known, &explanation.zone)).collect::<Vec<_>>(),
        "dead_letters": explanation.letters.iter().map(letter_json).collect::<Vec<_>>(),
    })
}

fn fate_json(fate: &RecordOutcome, reveal: bool) -> Value {
    match fate {
        RecordOutcome::Filtered(filter) => json!({ "is": "filtered", "reason": filter.code() }),
        RecordOutcome::Invalid(faults) => json!({
            "is": "invalid",
            "reasons": faults.iter().map(|fault| json!({
                "reason": fault.reason.word(), "field": fault.field, "value": fault.value.get(),
                "advice": fault.reason.meaning(),
            })).collect::<Vec<_>>(),
        }),
        RecordOutcome::Valid { order, next, remote_id, last_write } => json!({
            "is": "valid",
            "key": order.key.as_str(),
            "next_sync": next,
            "remote_id": remote_id.as_ref().map(|id| id.as_str()),
            "last_write": last_write_json(last_write.as_ref()),
            "payload": payload(order, reveal),
        }),
    }
}

/// The body as sent, without the two ids that only ActiveCampaign knows.
fn payload(order: &Order, reveal: bool) -> Value {
    json!({ "ecomOrder": if reveal { body_of(order) } else { masked(order) } })
}

fn body_of(order: &Order) -> Value {
    serde_json::to_value(order).unwrap_or_default()
}

/// The body without what identifies the buyer: e-mail addresses anywhere, and the part after `?` in
/// the order's link, which opens a cart to anyone with the link.
pub(super) fn masked(order: &Order) -> Value {
    let mut body = body_of(order);
    hide_addresses(&mut body);
    if let Some(email) = body.get_mut("email") {
        *email = order.customer.email.masked().into();
    }
    if let Some(url) = body.get_mut("orderUrl") {
        *url = order.order_url.split('?').next().unwrap_or_default().into();
    }
    body
}

pub(super) fn hide_addresses(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('@') => *text = "***@***".to_owned(),
        Value::Array(items) => items.iter_mut().for_each(hide_addresses),
        Value::Object(members) => members.values_mut().for_each(hide_addresses),
        _ => {}
    }
}

fn file_of(explanation: &Explanation, record: &ExplainedRecord) -> String {
    explanation.files.get(record.file).map(ToString::to_string).unwrap_or_default()
}

/// The same as text. Addresses are masked unless `reveal`.
pub fn explanation_text(explanation: &Explanation, reveal: bool) -> String {
    let asked = printable(&explanation.asked);
    let mut text = format!("{asked} of {}\n", explanation.job);
    for record in &explanation.records {
        let file = file_of(explanation, record);
        text.push_str(&format!("\n{}\n", place_text(&printable(&file), record.position)));
        text.push_str(&fate_text(&record.fate, explanation.load, reveal));
    }
    if explanation.more > 0 {
        text.push_str(&format!("\n… and {} more records of it\n", explanation.more));
    }
    if explanation.records.is_empty() {
        text.push_str("\nNot in the export.\n");
    }
    if explanation.known.is_empty() {
        text.push_str("\nNever sent, as far as is known.\n");
    }
    text.extend(explanation.known.iter().map(|known| ledger_text(known, &explanation.zone)));
    for letter in &explanation.letters {
        text.push_str("\nDead letter: ");
        text.push_str(&letter_text(letter, None));
    }
    text
}

fn fate_text(fate: &RecordOutcome, load: LoadPath, reveal: bool) -> String {
    match fate {
        RecordOutcome::Filtered(filter) => format!("  filtered: {}\n", filter.code()),
        RecordOutcome::Invalid(faults) => faults
            .iter()
            .map(|fault| {
                let field = field_text(fault.field, &fault.value);
                format!("  invalid: {}{field}: {}\n", fault.reason.word(), fault.reason.meaning())
            })
            .collect(),
        RecordOutcome::Valid { order, next, .. } => {
            let mut text = format!("  valid, key {}\n", printable(order.key.as_str()));
            let form = match load {
                LoadPath::Bulk if !order.key.is_cart() => {
                    " in the form of the REST API; a batch has these values in that of GraphQL"
                }
                LoadPath::Bulk | LoadPath::Rest => "",
            };
            text.push_str(&format!("  next sync: {next}\n  payload{form}:\n"));
            let body = format!("{:#}", payload(order, reveal));
            text.extend(body.lines().map(|line| format!("    {}\n", printable(line))));
            text
        }
    }
}
