//! The parts of the page for one job.

use super::charts::{self, Bar};
use super::fields::inert;
use super::page_detail::{InvalidRecord, PageDetail, SampleOrder};
use crate::domain::Currency;
use crate::plan::{Month, MonthTotal, PRODUCTS_MAX, PlanSummary, Totals};
use crate::report::comparison::{Comparison, Section};
use crate::report::examples::{field_text, place_text};
use crate::report::forecast::{assumptions, forecast_text, nights, pace_rows};
use crate::report::plan::{destination_text, existing_lines};
use crate::report::plan_text::{consent, deletes, historical, unchanged_since};
use crate::report::policy_effects::{assumed_lines, becomes, counted, policy_line, words_beside};
use crate::report::reasons::{filter_advice, invalid_reasons, money_text, none_valid};
use crate::report::text::{count, grouped, many, printable};
use crate::report::unplaced::head as unplaced_head;
use crate::report::warnings::warnings;
use crate::run::Preview;
use jiff::Zoned;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The most columns of a chart; with more months it shows years.
const COLUMNS_MAX: i32 = 72;

pub(super) fn job(preview: &Preview, detail: &PageDetail, now: &Zoned) -> Markup {
    let summary = &preview.summary;
    let warned = warnings(preview);
    html! {
        section.job {
            h2 { "Job " (preview.job) }
            table.identity { tbody {
                tr { th scope="row" { "Plan" } td { code { (preview.id) } } }
                tr { th scope="row" { "Goes" } td { (destination_text(&preview.destination)) } }
            } }
            p.files { @for (n, file) in preview.files.iter().enumerate() {
                @if n > 0 { br; }
                (printable(&file.to_string())) " · " (file.format) " · " (many(file.size_bytes, "byte"))
            } }
            @if let Some(fault) = none_valid(preview) { p.fault { strong { "Fault: " } (fault) } }
            (tiles(preview))
            p.forecast { (forecast_text(preview, now)) }
            (forecast(preview, now))
            @if let Some(deletes) = deletes(preview) { p { "Deletes: " (deletes) "." } }
            p { "Automations: " (historical(summary)) "." }
            @for line in existing_lines(preview) { p { "Existing: " (line) "." } }
            @if let Some(consent) = consent(summary) { p { "Consent: " (consent) "." } }
            @if !warned.is_empty() {
                section.warnings { h3 { "Before the first write" }
                    ul { @for warning in &warned { li { (warning.with_example(preview)) } } } }
            }
            @if let Some(comparison) = &detail.difference { (difference(comparison)) }
            (money(summary))
            (meaning(preview))
            (months(summary))
            div.pair { (products(summary)) (customers(summary)) }
            (left_out(summary))
            (unplaced(preview))
            (samples(preview, &detail.samples))
            (invalid(preview, detail))
        }
    }
}

/// The forecast at other rates, and its assumptions.
fn forecast(preview: &Preview, now: &Zoned) -> Markup {
    html! {
        @if preview.forecast.requests > 0 {
            details {
                summary { "At other rates, and assumptions" }
                table {
                    thead { tr { th scope="col" { "requests_per_second" } th.number scope="col" { "Kept" } th scope="col" { "Takes" } th scope="col" { "Done about" } } }
                    tbody { @for row in pace_rows(preview, now) {
                        tr { @for (n, cell) in row.iter().enumerate() {
                            @match n { 0 => th scope="row" { (cell) }, 1 => td.number { (cell) }, _ => td { (cell) } }
                        } }
                    } }
                }
                @if let Some(nights) = nights(&preview.forecast) { p { (nights) } }
                ul { @for line in assumptions(&preview.forecast) { li { (line) } } }
            }
        }
    }
}

fn tiles(preview: &Preview) -> Markup {
    let summary = &preview.summary;
    let tile = |name: &str, n: u64, note: &str| {
        html! { div.tile { span.n { (count(n)) } span.name { (name) } span.note { (note) } } }
    };
    html! {
        div.tiles role="group" aria-label="What would happen to each record" {
            (tile("to create", summary.create, "orders"))
            (tile("to update", summary.update, "changed since they were loaded"))
            (tile("unchanged", summary.unchanged, &unchanged_since(preview)))
            @if summary.different > 0 {
                (tile("different", summary.different, "found so by the last verification"))
            }
            @if summary.superseded() > 0 {
                (tile("older", summary.superseded(), "copies of orders of which another copy counts"))
            }
            (tile("filtered", summary.filtered - summary.superseded(), "excluded by the policy or a date limit"))
            (tile("invalid", summary.invalid, "can't be sent"))
            (tile("refused", summary.refused, "rejected by ActiveCampaign before"))
            (tile("read", summary.read, "the sum of these"))
            (tile("new customers", summary.customers_new, "would be created"))
        }
    }
}

fn money(summary: &PlanSummary) -> Markup {
    html! {
        h3 { "Money" }
        @if summary.totals.is_empty() && summary.totals_unchanged.is_empty() { p { "No valid order." } } @else {
            (totals("To be sent", &summary.totals))
            (totals("Unchanged, not sent", &summary.totals_unchanged))
            @if let (Some(first), Some(last)) = (summary.first_order, summary.last_order) {
                p { (count(summary.products)) " product lines, placed " (first.to_string()) " to " (last.to_string()) "." }
            }
        }
    }
}

fn totals(name: &str, totals: &Totals) -> Markup {
    html! {
        @if !totals.is_empty() {
            table {
                thead { tr { th scope="col" { (name) } th.number scope="col" { "Orders" } th.number scope="col" { "Total" } } }
                tbody { @for (currency, total) in totals {
                    tr { th scope="row" { (currency.code()) } td.number { (count(total.orders)) }
                        td.number { (grouped(&currency.format_minor(total.minor_units))) } }
                } }
            }
        }
    }
}

fn meaning(preview: &Preview) -> Markup {
    let statuses: Vec<_> = counted(preview).collect();
    let assumed = assumed_lines(preview);
    html! {
        h3 { "What counts" }
        p { "Policy: " (policy_line(preview)) }
        @if !statuses.is_empty() {
            table {
                thead { tr { th scope="col" { "Status" } th scope="col" { "In the shop" } th.number scope="col" { "Orders" } th scope="col" { "By the policy" } } }
                tbody { @for (status, orders, counts) in &statuses {
                    tr { th scope="row" { (status) } td { (words_beside(preview, status).unwrap_or_default()) } td.number { (count(*orders)) } td { (becomes(preview, status, *counts)) } }
                } }
            }
        }
        @if !assumed.is_empty() {
            p { "Assumed by the policy:" }
            ul { @for line in &assumed { li { (line) } } }
        }
    }
}

/// A pair of charts for each currency, all on the same time axis.
fn months(summary: &PlanSummary) -> Markup {
    let mut by_currency: BTreeMap<Currency, BTreeMap<i32, MonthTotal>> = BTreeMap::new();
    for ((currency, month), total) in summary.distribution.months() {
        by_currency.entry(currency).or_default().insert(number_of(month), total);
    }
    let numbers = || by_currency.values().flat_map(|months| months.keys().copied());
    let (Some(first), Some(last)) = (numbers().min(), numbers().max()) else { return html! {} };
    let unit = |currency: &Currency| 10_f64.powi(currency.exponent().into());
    html! {
        @for (currency, months) in &by_currency {
            @let columns = filled(months, first, last);
            div.pair {
                (charts::columns(&format!("Orders to send in {currency}"), ("When", "Orders"),
                    &columns.iter().map(|(label, total)| Bar::of(label, total.orders)).collect::<Vec<_>>()))
                (charts::columns(&format!("Revenue to send in {currency}"), ("When", currency.code()), &columns.iter().map(|(label, total)| Bar {
                    label: label.clone(), value: total.minor_units as f64 / unit(currency),
                    text: grouped(&currency.format_minor(total.minor_units)),
                }).collect::<Vec<_>>()))
            }
        }
    }
}

fn number_of(month: Month) -> i32 {
    i32::from(month.year) * 12 + i32::from(month.month) - 1
}

/// Every month from the first to the last, including those without orders; years if that is too
/// many.
fn filled(months: &BTreeMap<i32, MonthTotal>, first: i32, last: i32) -> Vec<(String, MonthTotal)> {
    if last - first < COLUMNS_MAX {
        let of = |n: i32| months.get(&n).copied().unwrap_or_default();
        return (first..=last)
            .map(|n| (format!("{:04}-{:02}", n / 12, n % 12 + 1), of(n)))
            .collect();
    }
    let mut years: BTreeMap<i32, MonthTotal> =
        (first / 12..=last / 12).map(|year| (year, MonthTotal::default())).collect();
    for (n, total) in months {
        let year = years.entry(n / 12).or_default();
        year.orders += total.orders;
        year.minor_units += total.minor_units;
    }
    years.into_iter().map(|(year, total)| (format!("{year:04}"), total)).collect()
}

fn products(summary: &PlanSummary) -> Markup {
    let bars = summary.distribution.products().iter().zip(1..).map(|(orders, n)| match n {
        PRODUCTS_MAX => Bar::of(&format!("{n}+"), *orders),
        n => Bar::of(&n.to_string(), *orders),
    });
    charts::columns("Products in an order", ("Products", "Orders"), &bars.collect::<Vec<_>>())
}

fn customers(summary: &PlanSummary) -> Markup {
    let returning = summary.create.saturating_sub(summary.customers_new);
    let bars =
        [Bar::of("new customers", summary.customers_new), Bar::of("returning ones", returning)];
    charts::rows("Orders to create, by", ("By", "Orders"), &bars)
}

/// What is not sent: the number of records, and their value.
fn left_out(summary: &PlanSummary) -> Markup {
    let filtered: Vec<LeftOutGroup<'_>> = summary
        .filtered_reasons
        .iter()
        .filter(|(code, _)| **code != "superseded")
        .map(|(code, n)| LeftOutGroup {
            code,
            records: *n,
            value: summary.filtered_values.get(code),
            advice: filter_advice(code),
        })
        .collect();
    let invalid: Vec<LeftOutGroup<'_>> = invalid_reasons(summary)
        .into_iter()
        .map(|(reason, found)| LeftOutGroup {
            code: reason.word(),
            records: found.count,
            value: summary.invalid_values.get(&reason),
            advice: reason.meaning(),
        })
        .collect();
    html! {
        @if !filtered.is_empty() { h3 { "Filtered" } (left_out_rows("Left out by a rule", &filtered)) }
        @if !invalid.is_empty() { h3 { "Invalid" } (left_out_rows("Can't be sent", &invalid)) }
    }
}

/// Records that are left out for one reason.
struct LeftOutGroup<'a> {
    code: &'a str,
    records: u64,
    value: Option<&'a Totals>,
    advice: &'a str,
}

fn left_out_rows(title: &str, rows: &[LeftOutGroup<'_>]) -> Markup {
    let bars: Vec<Bar> = rows.iter().map(|row| Bar::of(row.code, row.records)).collect();
    html! {
        (charts::rows(title, ("Reason", "Records"), &bars))
        div.scroll tabindex="0" role="region" aria-label=(title) { table.codes {
            thead { tr { th scope="col" { "Reason" } th.number scope="col" { "Records" } th scope="col" { "Worth" } th scope="col" { "What it is" } } }
            tbody { @for row in rows {
                tr { th scope="row" { (row.code) } td.number { (count(row.records)) }
                    td { (row.value.map(money_text).unwrap_or_default()) } td { (row.advice) } }
            } }
        } }
    }
}

fn unplaced(preview: &Preview) -> Markup {
    html! {
        @if !preview.unplaced.is_empty() {
            h3 { "Fields that are not sent" }
            @for unplaced in &preview.unplaced {
                details {
                    summary { (unplaced_head(unplaced)) }
                    p { @for (n, name) in unplaced.fields.iter().enumerate() { @if n > 0 { ", " } code { (printable(name)) } } }
                }
            }
        }
    }
}

fn samples(preview: &Preview, samples: &[SampleOrder]) -> Markup {
    html! {
        @if !samples.is_empty() {
            h3 { "Samples" }
            p { "What the export states, and the payload it becomes. ActiveCampaign adds the ids of connection and customer." }
            @for sample in samples {
                article.sample {
                    h4 { (sample.title) " · " (place_text(&file_of(preview, sample.file), sample.position)) }
                    div.pair {
                        table { tbody { @for (name, text) in &sample.source { tr { th scope="row" { (name) } td { (text) } } } } }
                        pre tabindex="0" aria-label="Payload" { code { (sample.payload) } }
                    }
                }
            }
        }
    }
}

fn invalid(preview: &Preview, detail: &PageDetail) -> Markup {
    html! {
        @if !detail.invalid.is_empty() {
            h3 { "Invalid records" }
            p.search hidden {
                label { "Search " input type="search" autocomplete="off"; } " " output aria-live="polite" {}
            }
            table.records {
                thead { tr { th scope="col" { "Order" } th scope="col" { "Where" } th scope="col" { "Reasons" } } }
                tbody { @for record in &detail.invalid { (invalid_row(preview, record)) } }
            }
            @if detail.invalid_more > 0 {
                p { "… and " (count(detail.invalid_more)) " more; " code { "plan --jsonl" } " writes all of them." }
            }
        }
    }
}

fn invalid_row(preview: &Preview, record: &InvalidRecord) -> Markup {
    html! {
        tr {
            th scope="row" { @if record.order.is_empty() { "(no number)" } @else { (record.order) } }
            td { (place_text(&file_of(preview, record.file), record.position)) }
            td { @for (n, fault) in record.reasons.iter().enumerate() {
                @if n > 0 { br; }
                abbr title=(fault.reason.meaning()) { (fault.reason.word()) }
                (inert(&field_text(fault.field, &fault.value)))
            } }
        }
    }
}

fn file_of(preview: &Preview, file: usize) -> String {
    preview.files.get(file).map(|file| printable(&file.to_string())).unwrap_or_default()
}

/// What changed since an earlier run, or since a saved plan.
fn difference(comparison: &Comparison) -> Markup {
    html! {
        section.difference {
            h3 { (comparison.title) }
            @for Section { title, rows, lines } in &comparison.sections {
                @if !title.is_empty() { h4 { (title) } }
                @if !rows.is_empty() {
                    table { tbody { @for row in rows { (row_of(row)) } } }
                }
                @if !lines.is_empty() { ul { @for line in lines { li { (line) } } } }
            }
        }
    }
}

/// A name, a number, and usually its meaning.
fn row_of(row: &[String]) -> Markup {
    html! {
        tr {
            @for (n, cell) in row.iter().enumerate() {
                @match n {
                    0 => th scope="row" { (cell) },
                    1 => td.number { (cell) },
                    _ => td { (cell) },
                }
            }
        }
    }
}
