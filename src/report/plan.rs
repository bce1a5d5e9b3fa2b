use super::text::{columns, count, duration, grouped, printable};
use crate::plan::{Example, Tally};
use crate::run::Preview;
use jiff::Zoned;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `plan --json`, by the names of the interface.
pub fn plan_json(previews: &[Preview]) -> Value {
    json!({ "plans": previews.iter().map(one_json).collect::<Vec<_>>() })
}

fn one_json(preview: &Preview) -> Value {
    let tally = &preview.tally;
    let forecast = &preview.forecast;
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
    json!({
        "job": preview.job,
        "files": preview.files.iter().map(|file| json!({
            "file": file.to_string(), "format": file.format, "bytes": file.size_bytes,
            "encoding": file.encoding, "why": file.why, "notes": file.notes,
        })).collect::<Vec<_>>(),
        "read": tally.read,
        "create": tally.create,
        "update": tally.update,
        "unchanged": tally.unchanged,
        "filtered": tally.filtered,
        "invalid": tally.invalid,
        "refused": tally.refused,
        "filtered_reasons": tally.filtered_reasons.iter()
            .map(|(reason, n)| json!({ "reason": reason, "count": n })).collect::<Vec<_>>(),
        "invalid_reasons": reasons,
        "customers": { "new": tally.customers_new },
        "products": tally.products,
        "carts": tally.carts,
        "totals": totals.collect::<Vec<_>>(),
        "first_order": tally.first_order.map(|at| at.to_string()),
        "last_order": tally.last_order.map(|at| at.to_string()),
        "forecast": {
            "requests": forecast.requests,
            "requests_per_second": forecast.requests_per_second,
            "duration_ms": u64::try_from(forecast.duration().as_millis()).unwrap_or(u64::MAX),
        },
        "source_not_historical": tally.source_not_historical,
        "warnings": preview.shrinkage.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn example_json(preview: &Preview, example: &Example) -> Value {
    json!({
        "order": example.order,
        "file": file_of(preview, example),
        "line": example.position.line,
        "field": example.field,
    })
}

fn file_of(preview: &Preview, example: &Example) -> String {
    let file = usize::try_from(example.position.file).ok().and_then(|index| preview.files.get(index));
    file.map(ToString::to_string).unwrap_or_default()
}

/// JSON integers are 64 bits wide here; a sum beyond that (no shop has it) is its text.
fn number(n: i128) -> Value {
    i64::try_from(n).map_or_else(|_| Value::from(n.to_string()), Value::from)
}

/// The dry run as a person reads it. `now` is in the job's zone: the forecast ends in it.
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
    text.push_str(&money(tally));
    text.push_str(&left_out(preview));
    text.push_str(&forecast(preview, now));
    text
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
    preview.shrinkage.iter().for_each(|less| text.push_str(&format!("WARNING: {less}\n")));
    text.push('\n');
    text
}

fn nothing_read(preview: &Preview) -> &'static str {
    let tally = &preview.tally;
    match (tally.read, tally.read == tally.filtered) {
        (0, _) => "\nThere is no order in the export.\n",
        (_, true) => "\nEvery record is filtered: `policy.statuses` decides which orders count.\n",
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
    columns("<><", &rows)
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
    format!("\nValid orders: {} product lines{span}\n{}", count(tally.products), columns("<><", &rows))
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

fn example_text(preview: &Preview, example: &Example) -> String {
    let order = match example.order.as_str() {
        "" => "(no number)".to_owned(),
        number => printable(number),
    };
    let field = example.field.map(|field| format!(" ({field})")).unwrap_or_default();
    format!("{order} at {}:{}{field}", file_of(preview, example), example.position.line)
}

fn forecast(preview: &Preview, now: &Zoned) -> String {
    let forecast = &preview.forecast;
    let tally = &preview.tally;
    let historical = format!(
        "\nHistorical: {} of {} payloads have a source other than 0, so no automation fires for them.\n",
        count(tally.source_not_historical),
        count(tally.create + tally.update)
    );
    if forecast.requests == 0 {
        return format!("{historical}Forecast: nothing to send.\n");
    }
    let takes = forecast.duration();
    let ends = jiff::SignedDuration::try_from(takes).ok().and_then(|takes| now.checked_add(takes).ok());
    let ends =
        ends.map(|at| format!(", done about {}", at.strftime("%Y-%m-%d %H:%M %Z"))).unwrap_or_default();
    format!(
        "{historical}Forecast: {} requests at {:.1} a second take {}{ends}, if nothing else uses the account.\n",
        count(forecast.requests),
        forecast.requests_per_second,
        duration(takes)
    )
}
