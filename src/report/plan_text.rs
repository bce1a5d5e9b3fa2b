//! The dry run on a screen, which is shown for confirmation.

use super::difference::fields_line;
use super::examples::example_text;
use super::forecast::forecast_lines;
use super::labelled_text::{LabelledLine, LabelledText};
use super::plan::{PROGRAM, destination_text, disk_text, existing_lines};
use super::policy_effects::{UNKNOWN, assumed_lines, becomes, counted, policy_line, words_beside};
use super::reasons::{filter_advice, invalid_reasons, money_text, none_valid};
use super::text::{cells, columns, count, grouped, is_are, local_ms, many, printable};
use super::unplaced::unplaced_lines;
use super::warnings::warnings;
use crate::domain::Gone;
use crate::plan::{Consent, ExampleCount, PlanSummary, Totals};
use crate::run::Preview;
use jiff::Zoned;
use std::collections::BTreeSet;

/// The text of the row of orders that a verification found different.
const DIFFERENT: &str = "no change here, but the last verification found them different or missing";

/// The most files that are named; the rest are counted.
const FILES_MAX: usize = 3;
/// With more currencies than this, there are two per row.
const CURRENCIES_BELOW_MAX: usize = 6;

/// The dry run as text. `now` is in the job's zone, which is used for the end of the forecast.
/// `width`: columns of the terminal; `None`: no wrapping.
pub fn plan_text(preview: &Preview, now: &Zoned, width: Option<usize>) -> String {
    let mut text = LabelledText::new(&format!("Plan of {}. Nothing was sent.", preview.job), width);
    let room = text.room();
    text.section("Fault", none_valid(preview).map(LabelledLine::of));
    text.section("Plan", [LabelledLine::of(identity(preview, now))]);
    text.section("Goes", [LabelledLine::of(destination_text(&preview.destination))]);
    text.section("Export", export(preview));
    text.section("Records", records(preview));
    text.section("Existing", existing_lines(preview).into_iter().map(LabelledLine::of));
    text.section("Consent", consent(&preview.summary).map(LabelledLine::of));
    text.section("Orders", orders(&preview.summary, room));
    text.section("Policy", [LabelledLine::of(policy_line(preview))]);
    text.section("Statuses", statuses(preview));
    text.section("Assumed", assumed_lines(preview).into_iter().map(LabelledLine::of));
    text.section("Filtered", filtered(&preview.summary));
    text.section("Not sent", unplaced_lines(preview).into_iter().map(LabelledLine::of));
    text.section("Invalid", invalid(preview, room));
    for warning in warnings(preview) {
        text.section("Warning", [LabelledLine::of(warning.with_example(preview))]);
    }
    text.section("Deletes", deletes(preview).map(LabelledLine::of));
    text.section("Automation", [LabelledLine::of(historical(&preview.summary))]);
    let forecast = forecast_lines(preview, now);
    let forecast = forecast.strip_prefix("Forecast: ").unwrap_or(&forecast);
    text.section("Forecast", forecast.lines().map(LabelledLine::of));
    text.section("Disk", disk_text(preview).map(LabelledLine::of));
    text.section("Next", next(preview).map(LabelledLine::of));
    text.into_text()
}

/// The plan's id, its time and the program version.
pub(super) fn identity(preview: &Preview, now: &Zoned) -> String {
    let now = now.strftime("%Y-%m-%d %H:%M %Z");
    format!("{}, made {now} by {PROGRAM}", preview.id)
}

fn export(preview: &Preview) -> Vec<LabelledLine> {
    let bytes = |n: u64| many(n, "byte");
    let files = &preview.files;
    let mut lines: Vec<LabelledLine> = files
        .iter()
        .take(FILES_MAX)
        .map(|file| {
            LabelledLine::of(format!(
                "{}, {}",
                printable(&file.to_string()),
                bytes(file.size_bytes)
            ))
        })
        .collect();
    if files.len() > FILES_MAX {
        let all: u64 = files.iter().map(|file| file.size_bytes).sum();
        let more = many((files.len() - FILES_MAX) as u64, "more file");
        lines.push(LabelledLine::of(format!("and {more}, {} in all", bytes(all))));
    }
    let mut formats = BTreeSet::new();
    for file in files {
        let format = format!("{}, {}: {}", file.format, file.encoding, printable(&file.why));
        if formats.insert(format.clone()) {
            lines.push(LabelledLine::of(format));
        }
    }
    for file in files {
        let note = |note: &String| {
            LabelledLine::with(
                "Note: ",
                format!("{}: {}", printable(&file.to_string()), printable(note)),
            )
        };
        lines.extend(file.notes.iter().map(note));
    }
    lines
}

/// The decision on each record, and their sum.
fn records(preview: &Preview) -> Vec<LabelledLine> {
    let summary = &preview.summary;
    let customers = match summary.customers_new {
        0 => "orders".to_owned(),
        new => format!("orders, and {}", many(new, "new customer")),
    };
    let changed = match fields_line(&summary.changes) {
        fields if fields.is_empty() => "orders that changed since they were loaded".to_owned(),
        fields => format!("orders that changed: {fields}"),
    };
    let (superseded, since) = (summary.superseded(), unchanged_since(preview));
    let filtered = if summary.read == summary.filtered && superseded == 0 {
        "all are excluded by the policy or a date limit"
    } else {
        "excluded by the policy or a date limit"
    };
    let mut rows = vec![
        ("create", summary.create, customers.as_str()),
        ("update", summary.update, changed.as_str()),
        ("  look up", summary.look_up, "of these: an earlier run may have sent them"),
        ("unchanged", summary.unchanged, since.as_str()),
        ("different", summary.different, DIFFERENT),
        ("older", superseded, "copies of orders of which another copy counts"),
        ("filtered", summary.filtered - superseded, filtered),
        ("invalid", summary.invalid, "can't be sent"),
        ("refused", summary.refused, "rejected by ActiveCampaign before, and unchanged since"),
        ("read", summary.read, "the sum of these"),
    ];
    // The other rows are shown with zero too: they matter in a first plan.
    let only_if_any = ["update", "  look up", "unchanged", "different", "older", "refused"];
    rows.retain(|(name, n, _)| *n > 0 || !only_if_any.contains(name));
    if summary.read == 0 {
        rows = vec![("read", 0, "there is no order in the export")];
    }
    let digits = rows.iter().map(|(_, n, _)| count(*n).len()).max().unwrap_or(0);
    let line = |(name, n, note): (&str, u64, &str)| {
        LabelledLine::with(format!("{name:<9}  {:>digits$}  ", count(n)), note)
    };
    rows.into_iter().map(line).collect()
}

/// Since when orders are unchanged, and what the last verification found.
pub(super) fn unchanged_since(preview: &Preview) -> String {
    let history = &preview.history;
    let mut text = "already loaded, no change".to_owned();
    if let Some(at) = history.loaded_ms {
        text.push_str(&format!(" since {}", local_ms(at, &preview.rules.zone)));
    }
    match &history.verified {
        Some(row) => {
            let at = local_ms(row.ended_ms.unwrap_or(row.started_ms), &preview.rules.zone);
            let found = match row.sums.differences {
                0 => "no difference".to_owned(),
                n => many(n, "difference"),
            };
            text.push_str(&format!("; verified {at}: {found}"));
        }
        None if history.loaded_ms.is_some() => text.push_str("; not verified since"),
        None => text.push_str("; not verified"),
    }
    text
}

/// The consent of new customers, as stated by the export.
pub(super) fn consent(summary: &PlanSummary) -> Option<String> {
    let Consent { given, refused, unstated } = summary.consent;
    let all = many(given + refused + unstated, "new customer");
    if given + refused == 0 {
        return (unstated > 0)
            .then(|| format!("not stated by the export for {all}; acceptsMarketing is not sent"));
    }
    let unstated = match unstated {
        0 => String::new(),
        n => format!(", of {} the export says nothing", count(n)),
    };
    Some(format!(
        "given by {} of {all}, refused by {}{unstated}; acceptsMarketing is sent as the customer's first order states it",
        count(given),
        count(refused)
    ))
}

fn orders(summary: &PlanSummary, room: Option<usize>) -> Vec<LabelledLine> {
    let totals = [&summary.totals, &summary.totals_unchanged];
    let orders: u64 = totals.iter().flat_map(|all| all.values()).map(|total| total.orders).sum();
    if orders + summary.carts == 0 {
        return Vec::new();
    }
    let mut head =
        format!("{} with {}", many(orders, "valid order"), many(summary.products, "product line"));
    if summary.carts > 0 {
        let besides = if orders == 0 { "" } else { " besides" };
        head.push_str(&format!(", {}{besides}", many(summary.carts, "abandoned cart")));
    }
    if let (Some(first), Some(last)) = (summary.first_order, summary.last_order) {
        let day = |moment: String| moment.split('T').next().unwrap_or_default().to_owned();
        let (first, last) = (day(first.to_string()), day(last.to_string()));
        if first == last {
            head.push_str(&format!(", placed on {first}"));
        } else {
            head.push_str(&format!(", placed {first} to {last}"));
        }
    }
    let mut lines = vec![LabelledLine::of(head)];
    for (head, totals) in [("to be sent:", totals[0]), ("unchanged, not sent:", totals[1])] {
        if !totals.is_empty() {
            lines.push(LabelledLine::of(head));
            lines.extend(total_rows(totals, room).into_iter().map(LabelledLine::of));
        }
    }
    if summary.prices_rounded > 0 {
        let text = format!(
            "{} whose units did not cost a whole number of minor units each: the price of one is rounded to the nearest, \
             order totals stay as stated",
            many(summary.prices_rounded, "product line")
        );
        lines.push(LabelledLine::of(text));
    }
    lines
}

/// A row per currency; two per row if there are many and the terminal is wide enough.
fn total_rows(totals: &Totals, room: Option<usize>) -> Vec<String> {
    let rows: Vec<Vec<String>> = totals
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

/// The included statuses, then the excluded ones.
fn statuses(preview: &Preview) -> Option<LabelledLine> {
    let (mut counting, mut left_out, mut unknown) = (Vec::new(), Vec::new(), None);
    for (status, orders, counts) in counted(preview) {
        let words = words_beside(preview, status).map(|words| format!(" ({words})"));
        let text = format!("{status} {}{}", count(orders), words.unwrap_or_default());
        match status {
            _ if counts => counting.push(text),
            UNKNOWN => unknown = Some(format!("{text}, {}", becomes(preview, status, counts))),
            _ => left_out.push(text),
        }
    }
    let mut parts = vec![counting.join(", ")];
    parts.extend((!left_out.is_empty()).then(|| format!("left out: {}", left_out.join(", "))));
    parts.extend(unknown);
    if counting.is_empty() {
        parts[0] = "none that counts".to_owned();
    }
    (parts.len() > 1 || !counting.is_empty()).then(|| LabelledLine::of(parts.join("; ")))
}

/// What each rule leaves out, the largest number first.
fn filtered(summary: &PlanSummary) -> Vec<LabelledLine> {
    let mut by_rule: Vec<(&str, Vec<String>)> = Vec::new();
    let mut reasons: Vec<_> =
        summary.filtered_reasons.iter().filter(|(code, _)| **code != "superseded").collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    for (code, n) in reasons {
        let value =
            summary.filtered_values.get(code).map(|value| format!(" ({})", money_text(value)));
        let reason = format!("{} {code}{}", count(*n), value.unwrap_or_default());
        match by_rule.iter_mut().find(|(known, ..)| *known == filter_advice(code)) {
            Some((_, codes)) => codes.push(reason),
            None => by_rule.push((filter_advice(code), vec![reason])),
        }
    }
    by_rule
        .into_iter()
        .map(|(rule, codes)| LabelledLine::of(format!("{}: {rule}", codes.join(", "))))
        .collect()
}

/// Each reason with its count and examples, and advice below it.
fn invalid(preview: &Preview, room: Option<usize>) -> Vec<LabelledLine> {
    let mut lines = Vec::new();
    let reasons = invalid_reasons(&preview.summary);
    let digits = reasons.iter().map(|(_, found)| count(found.count).len()).max().unwrap_or(0);
    for (reason, found) in reasons {
        let head = format!("{:>digits$}  ", count(found.count));
        let room = room.map(|room| room.saturating_sub(cells(&head) + reason.word().len() + 2));
        let examples = examples(preview, found, room);
        lines.push(LabelledLine::with(head, format!("{}: {examples}", reason.word())));
        let value = preview.summary.invalid_values.get(&reason);
        let value = value.map(|value| format!("{} in all; ", money_text(value)));
        let meaning = format!("{}{}", value.unwrap_or_default(), reason.meaning());
        lines.push(LabelledLine::with(" ".repeat(digits + 4), meaning));
    }
    lines
}

/// As many as fit on a line; at least one.
fn examples(preview: &Preview, found: &ExampleCount, room: Option<usize>) -> String {
    let mut text = String::new();
    for example in found.examples.iter().take(3).map(|example| example_text(preview, example)) {
        let fits = room.is_none_or(|room| cells(&text) + cells(&example) + 3 <= room);
        if text.is_empty() {
            text = example;
        } else if fits {
            text.push_str(&format!(" · {example}"));
        }
    }
    text
}

/// What happens to orders that no longer exist in the shop, if they are to be deleted.
pub(super) fn deletes(preview: &Preview) -> Option<&'static str> {
    (preview.rules.policy.gone == Gone::Delete).then_some(
        "orders that are gone from the shop are deleted by a sync or a backfill that finishes; a backfill with --plan deletes none",
    )
}

/// The automations that are triggered in ActiveCampaign: none.
pub(super) fn historical(summary: &PlanSummary) -> String {
    let payloads = summary.create + summary.update;
    match (payloads, summary.source_not_historical) {
        (0, 0) => "none will run; nothing is sent".to_owned(),
        (1, 0) => "none will run; the order is sent as historical (source 0)".to_owned(),
        (n, 0) => {
            format!("none will run; all {} orders are sent as historical (source 0)", count(n))
        }
        (_, live) => format!(
            "{} {} not historical, which is a bug: don't send this",
            many(live, "payload"),
            is_are(live)
        ),
    }
}

/// The command that carries the plan out.
fn next(preview: &Preview) -> Option<String> {
    let (summary, job, id) = (&preview.summary, &preview.job, preview.id);
    match summary.create + summary.update {
        0 => None,
        n if n > 20 && !preview.history.is_connected => Some(format!(
            "`ordersync backfill {job} --canary 10 --plan {id}` loads ten orders of different kinds and reads them back; \
             without --canary it loads all; with --plan exactly this plan or nothing"
        )),
        _ if !preview.history.is_connected => Some(format!(
            "`ordersync backfill {job}` sends this; with --plan {id} exactly this plan or nothing"
        )),
        _ => Some(format!(
            "`ordersync sync {job}` sends this; `backfill {job} --plan {id}` exactly this plan or nothing"
        )),
    }
}
