use super::difference::changes_counted_json;
use super::forecast::{forecast_json, forecast_text};
use super::meaning::meaning_json;
use super::terminal::rule;
use super::text::{count, grouped, is_are, many, printable};
use super::warnings::{warnings, warnings_json};
use crate::plan::{Example, ExampleCount, PlanSummary};
use crate::run::Preview;
use jiff::Zoned;
use serde_json::{Value, json};

/// `plan --json`, by the names of the interface. Made `now`.
pub fn plan_json(previews: &[Preview], now: &Zoned) -> Value {
    json!({ "plans": previews.iter().map(|preview| one_json(preview, now)).collect::<Vec<_>>() })
}

fn one_json(preview: &Preview, now: &Zoned) -> Value {
    let summary = &preview.summary;
    let reasons = summary.invalid_reasons.iter().map(|(reason, entry)| {
        json!({
            "reason": reason.code(),
            "count": entry.count,
            "advice": reason.advice(),
            "examples": entry.examples.iter().map(|example| example_json(preview, example)).collect::<Vec<_>>(),
        })
    });
    let mut reasons: Vec<Value> = reasons.collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason["count"].as_u64()));
    let totals = summary.totals.iter().map(|(currency, total)| {
        json!({ "currency": currency.code(), "orders": total.orders, "minor_units": number(total.minor_units) })
    });
    let mut plan = json!({
        "job": preview.job,
        "files": preview.files.iter().map(|file| json!({
            "file": file.to_string(), "format": file.format, "bytes": file.size_bytes,
            "encoding": file.encoding, "why": file.why, "notes": file.notes,
        })).collect::<Vec<_>>(),
        "read": summary.read,
        "create": summary.create,
        "update": summary.update,
        "unchanged": summary.unchanged,
        "changes": changes_counted_json(&summary.changes),
        "filtered": summary.filtered,
        "invalid": summary.invalid,
        "refused": summary.refused,
        "filtered_reasons": summary.filtered_reasons.iter()
            .map(|(reason, n)| json!({ "reason": reason, "count": n, "advice": rule(reason) })).collect::<Vec<_>>(),
        "invalid_reasons": reasons,
        "customers": { "new": summary.customers_new },
        "products": summary.products,
        "prices_rounded": summary.prices_rounded,
        "carts": summary.carts,
        "totals": totals.collect::<Vec<_>>(),
        "first_order": summary.first_order.map(|at| at.to_string()),
        "last_order": summary.last_order.map(|at| at.to_string()),
        "forecast": forecast_json(preview, now),
        "months": summary.distribution.months().iter().map(|((currency, month), total)| json!({
            "currency": currency.code(), "month": month.to_string(),
            "orders": total.orders, "minor_units": number(total.minor_units),
        })).collect::<Vec<_>>(),
        "products_per_order": summary.distribution.products(),
        "source_not_historical": summary.source_not_historical,
    });
    if let Some(plan) = plan.as_object_mut() {
        plan.extend(meaning_json(preview));
        plan.insert("warnings".to_owned(), warnings_json(preview, now).into());
    }
    plan
}

pub(super) fn example_json(preview: &Preview, example: &Example) -> Value {
    json!({
        "order": example.order,
        "file": file_of(preview, example),
        "line": example.position.line,
        "field": example.field,
    })
}

pub(super) fn file_of(preview: &Preview, example: &Example) -> String {
    let file =
        usize::try_from(example.position.file).ok().and_then(|index| preview.files.get(index));
    file.map(ToString::to_string).unwrap_or_default()
}

/// JSON integers are 64 bits wide here; a sum beyond that (no shop has it) is its text.
fn number(n: i128) -> Value {
    i64::try_from(n).map_or_else(|_| Value::from(n.to_string()), Value::from)
}

/// The plan in a few lines, for whoever is about to begin.
pub fn plan_summary(preview: &Preview, now: &Zoned) -> String {
    let summary = &preview.summary;
    let mut text = format!(
        "{}: of {}, {} {} to be created ({}), {} updated, {} unchanged, {} filtered, {} invalid, {} refused before\n",
        preview.job,
        many(summary.read, "record"),
        count(summary.create),
        is_are(summary.create),
        many(summary.customers_new, "new customer"),
        count(summary.update),
        count(summary.unchanged),
        count(summary.filtered),
        count(summary.invalid),
        count(summary.refused),
    );
    for (currency, total) in &summary.totals {
        let amount = grouped(&currency.format_minor(total.minor_units));
        text.push_str(&format!("  {currency} {amount} in {}\n", many(total.orders, "order")));
    }
    for warning in warnings(preview, now) {
        text.push_str(&format!("  warning: {}\n", warning.told(preview)));
    }
    text.push_str(&format!("  {}\n", forecast_text(preview, now)));
    text
}

/// Why records are invalid.
pub(super) struct ReasonRow<'a> {
    pub code: &'static str,
    pub count: &'a ExampleCount,
    pub advice: &'static str,
}

/// Reasons of invalid records, the most frequent first.
pub(super) fn advice_rows(summary: &PlanSummary) -> Vec<ReasonRow<'_>> {
    let row = |(reason, count)| {
        let reason: &crate::domain::Reason = reason;
        ReasonRow { code: reason.code(), count, advice: reason.advice() }
    };
    let mut rows: Vec<ReasonRow<'_>> = summary.invalid_reasons.iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count.count));
    rows
}

/// The order, and where to look: the file by its last name, where no other has the same.
pub(super) fn example_text(preview: &Preview, example: &Example) -> String {
    let order = match example.order.as_str() {
        "" => "no number".to_owned(),
        number => printable(number),
    };
    let field = example.field.map(|field| format!(" ({field})")).unwrap_or_default();
    format!(
        "{order} at {}:{}{field}",
        short_name(preview, example.position.file),
        example.position.line
    )
}

/// A name of which only the beginning and the end are told, where it is long; the whole one stands
/// at the top of a report.
fn shortened(name: &str) -> String {
    const PART_LEN: usize = 18;
    let letters: Vec<char> = name.chars().collect();
    match (letters.first_chunk::<PART_LEN>(), letters.last_chunk::<PART_LEN>()) {
        (Some(first), Some(last)) if letters.len() > PART_LEN * 2 => {
            first.iter().chain(&['…']).chain(last).collect()
        }
        _ => name.to_owned(),
    }
}

/// A file of the plan by its last name, where no other has the same.
pub(super) fn short_name(preview: &Preview, file: u32) -> String {
    let Some(file) = usize::try_from(file).ok().and_then(|index| preview.files.get(index)) else {
        return String::new();
    };
    let is_alone = preview
        .files
        .iter()
        .filter(|other| other.path.file_name() == file.path.file_name())
        .count()
        == 1;
    let full = file.to_string();
    let short = file.path.file_name().filter(|_| is_alone && file.member.is_none());
    shortened(&printable(&short.map_or(full, |name| name.to_string_lossy().into_owned())))
}
