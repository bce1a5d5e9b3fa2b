//! A verification as one self-contained page: what was compared, and the result. It names orders by
//! their numbers and contains no personal data.

use super::{HasScript, page};
use crate::domain::Currency;
use crate::report::plan::{PROGRAM, destination_text};
use crate::report::text::{count, discreet, grouped, local_ms, many, printable};
use crate::report::verify::{depth_text, month_text};
use crate::run::{Destination, Verification};
use crate::state::{MonthSums, RunEnd, RunRow, Sums};
use jiff::Zoned;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The data of the page.
#[derive(Debug)]
pub struct Certificate<'a> {
    pub verification: &'a Verification,
    pub destination: Destination,
    /// The files of the export: name, format, size.
    pub files: Vec<String>,
    /// The job's runs, the last one first.
    pub runs: &'a [RunRow],
    /// In the zone of all times on the page.
    pub began: Zoned,
    pub ended: Zoned,
}

/// The page.
pub fn verification_html(certificate: &Certificate<'_>) -> String {
    let Certificate { verification, destination, files, began, ended, .. } = certificate;
    let title = format!("Verification of {}", verification.job);
    let time = |at: &Zoned| at.strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let header = html! { p { (time(began)) " to " (time(ended)) ", by " (PROGRAM) } };
    let main = html! {
        p.verdict { (verdict(verification)) }
        table.identity { tbody {
            tr { th scope="row" { "Source" } td { @for (n, file) in files.iter().enumerate() {
                @if n > 0 { br; }
                (printable(file))
            } } }
            tr { th scope="row" { "Destination" } td { (destination_text(destination)) } }
            tr { th scope="row" { "Depth" } td { (depth_text(verification).trim()) } }
        } }
        (counts(verification))
        (sums(verification))
        (differences(verification))
        (runs(certificate))
    };
    page(&title, header, main, HasScript::No)
}

fn verdict(verification: &Verification) -> String {
    match verification.differences_count() {
        0 => format!(
            "No difference: {} of the export and ActiveCampaign's are the same, as far as they were compared.",
            many(verification.expected, "order")
        ),
        n => format!(
            "{}, in {} of the export.",
            many(n, "difference"),
            many(verification.expected, "order")
        ),
    }
}

fn counts(verification: &Verification) -> Markup {
    let tile = |name: &str, n: u64, note: &str| {
        html! { div.tile { span.n { (count(n)) } span.name { (name) } span.note { (note) } } }
    };
    html! {
        h2 { "Orders" }
        div.tiles {
            (tile("expected", verification.expected, "valid orders of the export"))
            (tile("in ActiveCampaign", verification.at_target, "of the connection"))
            (tile("the same", verification.matching, "on both sides"))
            (tile("differences", verification.differences_count(), "listed below"))
            (tile("left out", verification.left_out, "in ActiveCampaign, and filtered or invalid in the export now"))
            (tile("from elsewhere", verification.from_elsewhere, "loaded by ordersync from another export"))
            (tile("queued", verification.queued, "written again by the next sync"))
        }
    }
}

fn sums(verification: &Verification) -> Markup {
    let mut totals: BTreeMap<&str, Sums> = BTreeMap::new();
    for month in &verification.months {
        let total = totals.entry(&month.currency).or_default();
        total.source_orders += month.sums.source_orders;
        total.source_minor += month.sums.source_minor;
        total.target_orders += month.sums.target_orders;
        total.target_minor += month.sums.target_minor;
    }
    html! {
        h2 { "Sums" }
        @if verification.months.is_empty() { p { "None were compared." } } @else {
            (sums_table("Currency", totals.iter().map(|(code, sums)| (String::new(), *code, sums))))
            h3 { "By month, UTC" }
            (sums_table("Month", verification.months.iter().map(|month: &MonthSums| {
                (month_text(month), month.currency.as_str(), &month.sums)
            })))
            p { (many(verification.customers.customers, "customer")) " with orders; the sums of "
                (count(verification.customers.differing)) " differ." }
        }
    }
}

/// A row: its label, the currency, and the sums.
type SumsRow<'a> = (String, &'a str, &'a Sums);

fn sums_table<'a>(head: &str, rows: impl Iterator<Item = SumsRow<'a>>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(format!("Sums by {}", head.to_lowercase())) {
            table {
                thead { tr { th scope="col" { (head) }
                    th.number scope="col" { "Export, orders" } th.number scope="col" { "Export, sum" }
                    th.number scope="col" { "ActiveCampaign, orders" } th.number scope="col" { "ActiveCampaign, sum" }
                    th scope="col" { "Equal" } } }
                tbody { @for (of, code, sums) in rows {
                    tr { th scope="row" { (of) " " (printable(code)) }
                        td.number { (count(sums.source_orders)) } td.number { (amount(code, sums.source_minor)) }
                        td.number { (count(sums.target_orders)) } td.number { (amount(code, sums.target_minor)) }
                        td { @if sums.are_equal() { "yes" } @else { strong { "no" } } } }
                } }
            }
        }
    }
}

fn amount(code: &str, minor: i64) -> String {
    Currency::parse(code).map_or_else(
        |_| minor.to_string(),
        |currency| grouped(&currency.format_minor(minor.into())),
    )
}

fn differences(verification: &Verification) -> Markup {
    let (all, listed) = (verification.differences_count(), verification.examples.len() as u64);
    html! {
        h2 { "Differences" }
        @if all == 0 { p { "None." } } @else {
            table { tbody { @for (found, n) in &verification.differences {
                tr { th scope="row" { (found.word()) } td.number { (count(*n)) } }
            } } }
            div.scroll tabindex="0" role="region" aria-label="Differences" {
                table {
                    thead { tr { th scope="col" { "Order" } th scope="col" { "Differs" } th scope="col" { "Export" } th scope="col" { "ActiveCampaign" } } }
                    tbody { @for difference in &verification.examples {
                        tr { th scope="row" { (printable(discreet(&difference.order))) } td { (difference.found.word()) }
                            td { (printable(discreet(&difference.source))) } td { (printable(discreet(&difference.target))) } }
                    } }
                }
            }
            @if all > listed { p { "… and " (count(all - listed)) " more." } }
        }
    }
}

/// The runs that loaded the orders, each with the identity of its accounts.
fn runs(certificate: &Certificate<'_>) -> Markup {
    let zone = certificate.ended.time_zone();
    html! {
        h2 { "Runs" }
        p { "Every record that a run read became exactly one thing: read = created + updated + adopted + unchanged + filtered + invalid + refused + pending." }
        div.scroll tabindex="0" role="region" aria-label="Runs" {
            table {
                thead { tr { th scope="col" { "Run" } th scope="col" { "From, to" } th.number scope="col" { "Read" }
                    @for (name, _) in certificate.runs.first().map(|row| row.counts.named()).into_iter().flatten() {
                        th.number scope="col" { (name) }
                    }
                    th.number scope="col" { "pending" } th scope="col" { "Adds up" } } }
                tbody { @for row in certificate.runs {
                    tr { th scope="row" { (row.id) " " (row.kind.to_string()) " " (row.outcome.map_or("running", RunEnd::word))
                            @if let Some(plan) = &row.plan { br; "plan " (plan) } }
                        td.when { (local_ms(row.started_ms, zone)) br; (row.ended_ms.map(|ms| local_ms(ms, zone)).unwrap_or_default()) }
                        td.number { (count(row.read())) }
                        @for (_, n) in row.counts.named() { td.number { (count(n)) } }
                        td.number { (count(row.pending)) }
                        td { @if row.adds_up() { "yes" } @else { strong { "no" } } } }
                } }
            }
        }
    }
}
