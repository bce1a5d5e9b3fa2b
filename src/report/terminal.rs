//! The dry run on a screen: what a person says yes to.

use super::difference::fields_line;
use super::forecast::forecast_lines;
use super::meaning::{UNKNOWN, assumed_lines, becomes, counted, policy_line};
use super::plan::{advice_rows, example_text};
use super::sheet::{Line, Sheet};
use super::text::{cells, columns, count, grouped, is_are, many, printable};
use super::warnings::warnings;
use crate::plan::{ExampleCount, PlanSummary};
use crate::run::Preview;
use jiff::Zoned;
use std::collections::BTreeSet;

/// Files told by name; the rest by their number.
const FILES_MAX: usize = 3;
/// With more currencies than this, two stand side by side.
const CURRENCIES_BELOW_MAX: usize = 6;

/// The dry run as a person reads it. `now` is in the job's zone: the forecast ends in it. `width`:
/// columns of the terminal; `None` breaks no line.
pub fn plan_text(preview: &Preview, now: &Zoned, width: Option<usize>) -> String {
    let mut sheet = Sheet::new(&format!("Plan of {}. Nothing was sent.", preview.job), width);
    let room = sheet.room();
    sheet.section("Export", export(preview));
    sheet.section("Records", records(&preview.summary));
    sheet.section("Orders", orders(&preview.summary, room));
    sheet.section("Policy", [Line::of(policy_line(preview))]);
    sheet.section("Statuses", statuses(preview));
    sheet.section("Assumed", assumed_lines(preview).into_iter().map(Line::of));
    sheet.section("Filtered", filtered(&preview.summary));
    sheet.section("Invalid", invalid(preview, room));
    for warning in warnings(preview, now) {
        sheet.section("Warning", [Line::of(warning.told(preview))]);
    }
    sheet.section("Triggers", [Line::of(historical(&preview.summary))]);
    let forecast = forecast_lines(preview, now);
    let forecast = forecast.strip_prefix("Forecast: ").unwrap_or(&forecast);
    sheet.section("Forecast", forecast.lines().map(Line::of));
    sheet.section("Next", next(preview).map(Line::of));
    sheet.into_text()
}

fn export(preview: &Preview) -> Vec<Line> {
    let bytes = |n: u64| many(n, "byte");
    let files = &preview.files;
    let mut lines: Vec<Line> = files
        .iter()
        .take(FILES_MAX)
        .map(|file| {
            Line::of(format!("{}, {}", printable(&file.to_string()), bytes(file.size_bytes)))
        })
        .collect();
    if files.len() > FILES_MAX {
        let all: u64 = files.iter().map(|file| file.size_bytes).sum();
        let more = many((files.len() - FILES_MAX) as u64, "more file");
        lines.push(Line::of(format!("and {more}, {} in all", bytes(all))));
    }
    let mut told = BTreeSet::new();
    for file in files {
        let seen = format!("{}, {}: {}", file.format, file.encoding, printable(&file.why));
        if told.insert(seen.clone()) {
            lines.push(Line::of(seen));
        }
    }
    for file in files {
        let note = |note: &String| {
            Line::with("Note: ", format!("{}: {}", printable(&file.to_string()), printable(note)))
        };
        lines.extend(file.notes.iter().map(note));
    }
    lines
}

/// What becomes of each record, and their sum.
fn records(summary: &PlanSummary) -> Vec<Line> {
    let customers = match summary.customers_new {
        0 => "orders".to_owned(),
        new => format!("orders, and {}", many(new, "new customer")),
    };
    let changed = match fields_line(&summary.changes) {
        fields if fields.is_empty() => "orders that changed since they were loaded".to_owned(),
        fields => format!("orders that changed: {fields}"),
    };
    let mut rows = vec![
        ("create", summary.create, customers.as_str()),
        ("update", summary.update, changed.as_str()),
        ("unchanged", summary.unchanged, "orders that are at the target as they are"),
        ("filtered", summary.filtered, "left out by a rule"),
        ("invalid", summary.invalid, "can't be sent"),
        ("refused", summary.refused, "by the target before, and unchanged since"),
        ("read", summary.read, "the sum of these"),
    ];
    if summary.look_up > 0 {
        rows.insert(
            2,
            ("  look up", summary.look_up, "of these: an earlier run may have sent them"),
        );
    }
    if summary.read == 0 {
        rows = vec![("read", 0, "there is no order in the export")];
    } else if summary.read == summary.filtered {
        rows[3].2 = "every one is left out by a rule";
    }
    // What a first plan can't have needs no row to say so.
    rows.retain(|(name, n, _)| *n > 0 || !["update", "unchanged", "refused"].contains(name));
    let digits = rows.iter().map(|(_, n, _)| count(*n).len()).max().unwrap_or(0);
    let line = |(name, n, note): (&str, u64, &str)| {
        Line::with(format!("{name:<9}  {:>digits$}  ", count(n)), note)
    };
    rows.into_iter().map(line).collect()
}

fn orders(summary: &PlanSummary, room: Option<usize>) -> Vec<Line> {
    let orders: u64 = summary.totals.values().map(|total| total.orders).sum();
    if orders + summary.carts == 0 {
        return Vec::new();
    }
    let mut head =
        format!("{} with {}", many(orders, "valid order"), many(summary.products, "product line"));
    if summary.carts > 0 {
        head.push_str(&format!(", {} among them", many(summary.carts, "abandoned cart")));
        head = head.replace(" among them", if orders == 0 { "" } else { " besides" });
    }
    if let (Some(first), Some(last)) = (summary.first_order, summary.last_order) {
        let day = |moment: String| moment.split('T').next().unwrap_or_default().to_owned();
        let (first, last) = (day(first.to_string()), day(last.to_string()));
        head.push_str(&match first == last {
            true => format!(", placed on {first}"),
            false => format!(", placed {first} to {last}"),
        });
    }
    let mut lines = vec![Line::of(head)];
    lines.extend(totals(summary, room).into_iter().map(Line::of));
    if summary.prices_rounded > 0 {
        let text = format!(
            "{} whose units did not cost a whole number of minor units each: the price of one is rounded to the nearest, \
             order totals stay as stated",
            many(summary.prices_rounded, "product line")
        );
        lines.push(Line::of(text));
    }
    lines
}

/// A row for each currency; two of them side by side where there are many, and room.
fn totals(summary: &PlanSummary, room: Option<usize>) -> Vec<String> {
    let rows: Vec<Vec<String>> = summary
        .totals
        .iter()
        .map(|(currency, total)| {
            let amount = grouped(&currency.format_minor(total.minor_units));
            let orders = if total.orders == 1 { "order" } else { "orders" };
            vec![
                currency.to_string(),
                amount,
                "in".to_owned(),
                count(total.orders),
                orders.to_owned(),
            ]
        })
        .collect();
    let table = columns("<><><", &rows);
    let rows: Vec<&str> = table.lines().map(str::trim_start).collect();
    let widest = rows.iter().map(|row| cells(row)).max().unwrap_or(0);
    let is_wide = room.is_none_or(|room| widest * 2 + 4 <= room);
    if rows.len() <= CURRENCIES_BELOW_MAX || !is_wide {
        return rows.into_iter().map(str::to_owned).collect();
    }
    let (left, right) = rows.split_at(rows.len().div_ceil(2));
    let beside = |(n, row): (usize, &&str)| match right.get(n) {
        Some(other) => format!("{row:<widest$}    {other}"),
        None => (*row).to_owned(),
    };
    left.iter().enumerate().map(beside).collect()
}

/// The statuses that count, then those that don't.
fn statuses(preview: &Preview) -> Option<Line> {
    let (mut taken, mut left, mut unknown) = (Vec::new(), Vec::new(), None);
    for (status, orders, counts) in counted(preview) {
        let told = format!("{status} {}", count(orders));
        match (counts, status) {
            (true, _) => taken.push(told),
            (false, UNKNOWN) => {
                unknown = Some(format!("{told}, {}", becomes(preview, status, counts)))
            }
            (false, _) => left.push(told),
        }
    }
    let left = (!left.is_empty()).then(|| format!("left out: {}", left.join(", ")));
    let others: Vec<String> = left.into_iter().chain(unknown).collect();
    let taken = match (taken.is_empty(), others.is_empty()) {
        (true, true) => return None,
        (true, false) => "none that counts".to_owned(),
        (false, _) => taken.join(", "),
    };
    Some(Line::of([taken].into_iter().chain(others).collect::<Vec<_>>().join("; ")))
}

/// Which rule it is, and where it is set.
pub(super) fn rule(code: &str) -> &'static str {
    match code {
        "fully_refunded" => "the money all went back; policy.refunds leaves such orders out",
        "missing_email" => "no address; policy.missing_email leaves such orders out",
        "outside_dates" => "placed outside of the dates asked for",
        "deleted_at_source" => "the shop deleted it since; what is at the target stays",
        "superseded" => "the same order stands in a later file or record, which is taken",
        _ => "not of a status that policy.statuses takes",
    }
}

/// What each rule leaves out, the most first.
fn filtered(summary: &PlanSummary) -> Vec<Line> {
    let mut by_rule: Vec<(&str, Vec<String>)> = Vec::new();
    let mut reasons: Vec<_> = summary.filtered_reasons.iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    for (code, n) in reasons {
        let told = format!("{} {code}", count(*n));
        match by_rule.iter_mut().find(|(known, ..)| *known == rule(code)) {
            Some((_, codes)) => codes.push(told),
            None => by_rule.push((rule(code), vec![told])),
        }
    }
    by_rule
        .into_iter()
        .map(|(rule, codes)| Line::of(format!("{}: {rule}", codes.join(", "))))
        .collect()
}

/// Each reason with its count and where to look, and below it what to do.
fn invalid(preview: &Preview, room: Option<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    let rows = advice_rows(&preview.summary);
    let digits = rows.iter().map(|row| count(row.count.count).len()).max().unwrap_or(0);
    for row in rows {
        let head = format!("{:>digits$}  ", count(row.count.count));
        let room = room.map(|room| room.saturating_sub(cells(&head) + row.code.len() + 2));
        lines.push(Line::with(
            head,
            format!("{}: {}", row.code, examples(preview, row.count, room)),
        ));
        lines.push(Line::with(" ".repeat(digits + 4), row.advice));
    }
    lines
}

/// As many as fit into a line; one, whatever its length.
fn examples(preview: &Preview, reason: &ExampleCount, room: Option<usize>) -> String {
    let mut text = String::new();
    for example in reason.examples.iter().take(3).map(|example| example_text(preview, example)) {
        let fits = room.is_none_or(|room| cells(&text) + cells(&example) + 3 <= room);
        match text.is_empty() {
            true => text = example,
            false if fits => text.push_str(&format!(" · {example}")),
            false => {}
        }
    }
    text
}

/// What is triggered at the target: nothing, whatever is sent.
pub(super) fn historical(summary: &PlanSummary) -> String {
    let payloads = summary.create + summary.update;
    match (payloads, summary.source_not_historical) {
        (0, 0) => "nothing is sent, so nothing is triggered".to_owned(),
        (1, 0) => "the payload is historical (source 0): no automation fires".to_owned(),
        (n, 0) => {
            format!("all {} payloads are historical (source 0): no automation fires", count(n))
        }
        (_, live) => format!(
            "{} {} not historical, which is a bug: don't send this",
            many(live, "payload"),
            is_are(live)
        ),
    }
}

/// The command that a yes would be.
fn next(preview: &Preview) -> Option<String> {
    let (summary, job) = (&preview.summary, &preview.job);
    match summary.create + summary.update {
        0 => None,
        n if n > 20 && !preview.history.is_connected => Some(format!(
            "`ordersync backfill {job} --canary 10` loads ten orders of different kinds and reads them back; without \
             --canary it loads all"
        )),
        _ if !preview.history.is_connected => {
            Some(format!("`ordersync backfill {job}` sends this"))
        }
        _ => Some(format!("`ordersync sync {job}` sends this")),
    }
}
