use super::difference::{changes_counted_json, fields_line};
use super::forecast::{forecast_json, forecast_lines, forecast_text};
use super::meaning::{meaning_json, meaning_text};
use super::text::{columns, count, grouped, printable};
use super::warnings::{warnings, warnings_json};
use crate::plan::{Example, Tally};
use crate::run::Preview;
use jiff::Zoned;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `plan --json`, by the names of the interface. Made `now`.
pub fn plan_json(previews: &[Preview], now: &Zoned) -> Value {
    json!({ "plans": previews.iter().map(|preview| one_json(preview, now)).collect::<Vec<_>>() })
}

fn one_json(preview: &Preview, now: &Zoned) -> Value {
    let tally = &preview.tally;
    let reasons = tally.invalid_reasons.iter().map(|(reason, entry)| {
        json!({
            "reason": reason.code(),
            "count": entry.count,
            "advice": reason.advice(),
            "examples": entry.examples.iter().map(|example| example_json(preview, example)).collect::<Vec<_>>(),
        })
    });
    let mut reasons: Vec<Value> = reasons.collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason["count"].as_u64()));
    let totals = tally.totals.iter().map(|(currency, total)| {
        json!({ "currency": currency.code(), "orders": total.orders, "minor_units": number(total.minor_units) })
    });
    let mut plan = json!({
        "job": preview.job,
        "files": preview.files.iter().map(|file| json!({
            "file": file.to_string(), "format": file.format, "bytes": file.size_bytes,
            "encoding": file.encoding, "why": file.why, "notes": file.notes,
        })).collect::<Vec<_>>(),
        "read": tally.read,
        "create": tally.create,
        "update": tally.update,
        "unchanged": tally.unchanged,
        "changes": changes_counted_json(&tally.changes),
        "filtered": tally.filtered,
        "invalid": tally.invalid,
        "refused": tally.refused,
        "filtered_reasons": tally.filtered_reasons.iter()
            .map(|(reason, n)| json!({ "reason": reason, "count": n })).collect::<Vec<_>>(),
        "invalid_reasons": reasons,
        "customers": { "new": tally.customers_new },
        "products": tally.products,
        "prices_rounded": tally.prices_rounded,
        "carts": tally.carts,
        "totals": totals.collect::<Vec<_>>(),
        "first_order": tally.first_order.map(|at| at.to_string()),
        "last_order": tally.last_order.map(|at| at.to_string()),
        "forecast": forecast_json(preview, now),
        "months": tally.shape.months().iter().map(|((currency, month), total)| json!({
            "currency": currency.code(), "month": month.to_string(),
            "orders": total.orders, "minor_units": number(total.minor_units),
        })).collect::<Vec<_>>(),
        "products_per_order": tally.shape.products(),
        "source_not_historical": tally.source_not_historical,
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
    let file = usize::try_from(example.position.file).ok().and_then(|index| preview.files.get(index));
    file.map(ToString::to_string).unwrap_or_default()
}

/// JSON integers are 64 bits wide here; a sum beyond that (no shop has it) is its text.
fn number(n: i128) -> Value {
    i64::try_from(n).map_or_else(|_| Value::from(n.to_string()), Value::from)
}

/// The dry run as a person reads it. The forecast ends in the job's zone.
pub fn plan_text(preview: &Preview, now: &Zoned) -> String {
    let tally = &preview.tally;
    let bytes: u64 = preview.files.iter().map(|file| file.size_bytes).sum();
    let mut text = format!(
        "Plan of {}: {} records in {} ({} bytes). Nothing was sent.\n\n",
        preview.job,
        count(tally.read),
        files_text(preview),
        count(bytes)
    );
    text.push_str(&seen(preview));
    text.push_str(&parts(tally));
    text.push_str(nothing_read(preview));
    text.push_str(&meaning_text(preview));
    text.push_str(&money(tally));
    text.push_str(&left_out(preview));
    for warning in warnings(preview, now) {
        text.push_str(&format!("\nwarning: {}\n", warning.text));
    }
    text.push_str(&outlook(preview, now));
    text
}

/// The plan in a few lines, for whoever is about to begin.
pub fn plan_summary(preview: &Preview, now: &Zoned) -> String {
    let tally = &preview.tally;
    let mut text = format!(
        "{}: of {} records {} are to be created ({} new customers), {} updated, {} unchanged, {} filtered, {} invalid, {} refused before\n",
        preview.job,
        count(tally.read),
        count(tally.create),
        count(tally.customers_new),
        count(tally.update),
        count(tally.unchanged),
        count(tally.filtered),
        count(tally.invalid),
        count(tally.refused),
    );
    for (currency, total) in &tally.totals {
        let amount = grouped(&currency.format_minor(total.minor_units));
        text.push_str(&format!("  {currency} {amount} in {} orders\n", count(total.orders)));
    }
    for warning in warnings(preview, now) {
        text.push_str(&format!("  warning: {}\n", warning.text));
    }
    text.push_str(&format!("  {}\n", forecast_text(preview, now)));
    text
}

/// Reasons of invalid records, the most frequent first: code, count, advice.
pub(super) fn advice_rows(tally: &Tally) -> Vec<(&'static str, u64, &'static str)> {
    let mut rows: Vec<_> = tally
        .invalid_reasons
        .iter()
        .map(|(reason, entry)| (reason.code(), entry.count, reason.advice()))
        .collect();
    rows.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    rows
}

fn files_text(preview: &Preview) -> String {
    match preview.files.as_slice() {
        [file] => format!("{file} ({})", file.format),
        files => format!("{} files", files.len()),
    }
}

/// Why each file was taken for what it is, once for files that are alike, and what is to be known of single ones.
fn seen(preview: &Preview) -> String {
    let mut text = String::new();
    let mut told = BTreeSet::new();
    for file in &preview.files {
        let line = format!("Seen: {}, {}, {}", file.format, file.encoding, printable(&file.why));
        if told.insert(line.clone()) {
            text.push_str(&format!("{line}\n"));
        }
    }
    for file in &preview.files {
        file.notes.iter().for_each(|note| text.push_str(&format!("Note: {file}: {note}\n")));
    }
    text.push('\n');
    text
}

fn nothing_read(preview: &Preview) -> &'static str {
    let tally = &preview.tally;
    match (tally.read, tally.read == tally.filtered) {
        (0, _) => "\nThere is no order in the export.\n",
        (_, true) => "\nEvery record is filtered.\n",
        _ => "",
    }
}

fn parts(tally: &Tally) -> String {
    let row = |name: &str, n: u64, meaning: String| vec![name.to_owned(), count(n), meaning];
    let mut rows = vec![
        row("create", tally.create, format!("orders, and {} new customers", count(tally.customers_new))),
        row("update", tally.update, "orders that changed since they were loaded".to_owned()),
        row("unchanged", tally.unchanged, "orders that are at the target as they are".to_owned()),
        row("filtered", tally.filtered, "records that a rule leaves out".to_owned()),
        row("invalid", tally.invalid, "records that can't be sent".to_owned()),
        row("refused", tally.refused, "orders that the target would not take, unchanged since".to_owned()),
        row("read", tally.read, "the sum of these".to_owned()),
    ];
    if tally.look_up > 0 {
        let meaning = "of these: an earlier run may have sent them, so they are looked up first".to_owned();
        rows.insert(2, row("  look up", tally.look_up, meaning));
    }
    let changes = fields_line(&tally.changes);
    let changes = if changes.is_empty() { changes } else { format!("  What would be updated: {changes}\n") };
    format!("{}{changes}", columns("<><", &rows))
}

fn money(tally: &Tally) -> String {
    if tally.totals.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = tally
        .totals
        .iter()
        .map(|(currency, total)| {
            let amount = grouped(&currency.format_minor(total.minor_units));
            vec![currency.to_string(), amount, format!("in {} orders", count(total.orders))]
        })
        .collect();
    let span = match (tally.first_order, tally.last_order) {
        (Some(first), Some(last)) => format!(", placed {first} to {last}"),
        _ => String::new(),
    };
    format!(
        "\nValid orders: {} product lines{span}\n{}{}",
        count(tally.products),
        columns("<><", &rows),
        rounded(tally)
    )
}

fn rounded(tally: &Tally) -> String {
    match tally.prices_rounded {
        0 => String::new(),
        n => format!(
            "  {} product lines whose units did not cost a whole number of minor units each: the price of one is rounded \
             to the nearest, order totals stay as stated\n",
            count(n)
        ),
    }
}

fn left_out(preview: &Preview) -> String {
    let tally = &preview.tally;
    let mut text = String::new();
    if !tally.filtered_reasons.is_empty() {
        let rows: Vec<_> =
            tally.filtered_reasons.iter().map(|(code, n)| vec![(*code).to_owned(), count(*n)]).collect();
        text.push_str("\nFiltered\n");
        text.push_str(&columns("<>", &rows));
    }
    if !tally.invalid_reasons.is_empty() {
        text.push_str("\nInvalid\n");
        let mut reasons: Vec<_> = tally.invalid_reasons.iter().collect();
        reasons.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.count));
        for (reason, entry) in reasons {
            text.push_str(&format!("  {}  {}: {}\n", count(entry.count), reason.code(), reason.advice()));
            let examples: Vec<String> =
                entry.examples.iter().take(3).map(|e| example_text(preview, e)).collect();
            text.push_str(&format!("      {}\n", examples.join(" · ")));
        }
    }
    text
}

pub(super) fn example_text(preview: &Preview, example: &Example) -> String {
    let order = match example.order.as_str() {
        "" => "(no number)".to_owned(),
        number => printable(number),
    };
    let field = example.field.map(|field| format!(" ({field})")).unwrap_or_default();
    format!("{order} at {}:{}{field}", file_of(preview, example), example.position.line)
}

fn outlook(preview: &Preview, now: &Zoned) -> String {
    let tally = &preview.tally;
    let historical = format!(
        "\nHistorical: {} of {} payloads have a source other than 0, so no automation fires for them.\n",
        count(tally.source_not_historical),
        count(tally.create + tally.update)
    );
    format!("{historical}{}", forecast_lines(preview, now))
}
