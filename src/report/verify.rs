use super::OrdersLeft;
use super::text::{columns, count, discreet, many, printable};
use crate::domain::Currency;
use crate::run::{CheckedOrder, Verification};
use crate::state::{MonthSums, RunId};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn verification_json(verifications: &[Verification]) -> Value {
    let one = |v: &Verification| {
        json!({
            "job": v.job,
            "expected": v.expected,
            "at_target": v.at_target,
            "matching": v.matching,
            "left_out_at_target": v.left_out,
            "from_elsewhere": v.from_elsewhere,
            "queued_for_sync": v.queued,
            "depth": if v.lines.is_some() { "lines" } else { "lists" },
            "line_by_line": v.line_by_line,
            "differences": v.differences_count(),
            "differences_by_kind": v.differences.iter()
                .map(|(found, n)| json!({ "kind": found.word(), "count": n })).collect::<Vec<_>>(),
            "customers": { "all": v.customers.customers, "differing": v.customers.differing },
            "months": v.months.iter().map(|month| json!({
                "currency": month.currency,
                "month": month_text(month),
                "source": { "orders": month.sums.source_orders, "minor_units": month.sums.source_minor },
                "target": { "orders": month.sums.target_orders, "minor_units": month.sums.target_minor },
            })).collect::<Vec<_>>(),
            "examples": v.examples.iter().map(|d| json!({
                "order": discreet(&d.order), "kind": d.found.word(),
                "source": discreet(&d.source), "target": discreet(&d.target),
            })).collect::<Vec<_>>(),
        })
    };
    json!({ "verifications": verifications.iter().map(one).collect::<Vec<_>>() })
}

pub fn verification_text(v: &Verification) -> String {
    let mut text = format!(
        "Verified {}: {} expected, {} in ActiveCampaign, {} the same on both sides, {}\n",
        v.job,
        many(v.expected, "order"),
        count(v.at_target),
        count(v.matching),
        many(v.differences_count(), "difference")
    );
    text.push_str(&depth_text(v));
    if v.left_out > 0 {
        text.push_str(&format!(
            "  {} orders in ActiveCampaign are in the export too, but filtered or invalid there now\n",
            count(v.left_out)
        ));
    }
    if v.from_elsewhere > 0 {
        text.push_str(&format!(
            "  {} in ActiveCampaign {} loaded by ordersync from another export\n",
            many(v.from_elsewhere, "order"),
            if v.from_elsewhere == 1 { "was" } else { "were" }
        ));
    }
    if v.queued > 0 {
        text.push_str(&format!(
            "  {} orders are written again by the next sync\n",
            count(v.queued)
        ));
    }
    text.push_str(&sums_text(v));
    let rows: Vec<Vec<String>> = v
        .examples
        .iter()
        .map(|d| {
            let sides = [("export", &d.source), ("target", &d.target)];
            let sides = sides
                .iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(side, text)| format!("{side}: {}", discreet(text)));
            vec![
                d.found.word().to_owned(),
                printable(discreet(&d.order)),
                printable(&sides.collect::<Vec<_>>().join(", ")),
            ]
        })
        .collect();
    text.push_str(&columns("<<<", &rows));
    text
}

/// What "the same" means here.
pub(super) fn depth_text(v: &Verification) -> String {
    let by_lists = "existence, customer, total, currency, date and number of products";
    match v.line_by_line {
        0 => format!("  compared by lists: {by_lists}; `--lines` compares every line\n"),
        n if n == v.expected => {
            format!("  compared line by line: {by_lists}, every product and discount\n")
        }
        n => format!(
            "  {} of {} orders compared line by line, the others by lists: {by_lists}\n",
            count(n),
            count(v.expected)
        ),
    }
}

pub(super) fn month_text(month: &MonthSums) -> String {
    format!("{:04}-{:02}", month.month / 12, month.month % 12 + 1)
}

/// Each month whose sums differ; the others only as a number.
fn sums_text(v: &Verification) -> String {
    if v.months.is_empty() {
        return String::new();
    }
    let differing: Vec<&MonthSums> =
        v.months.iter().filter(|month| !month.sums.are_equal()).collect();
    let months = v.months.iter().map(|month| month.month).collect::<BTreeSet<_>>();
    let months_differing = differing.iter().map(|month| month.month).collect::<BTreeSet<_>>();
    let mut text = format!(
        "  sums of {}: {} differ; of {}: {} differ\n",
        many(months.len() as u64, "month"),
        count(months_differing.len() as u64),
        many(v.customers.customers, "customer"),
        count(v.customers.differing)
    );
    let amount = |month: &MonthSums, minor: i64| match Currency::parse(&month.currency) {
        Ok(currency) => format!("{} {}", currency.format_minor(minor.into()), currency),
        Err(_) => format!("{minor} {}", printable(&month.currency)),
    };
    let rows: Vec<Vec<String>> = differing
        .iter()
        .map(|month| {
            let sums = &month.sums;
            vec![
                month_text(month),
                format!(
                    "export: {} in {}",
                    amount(month, sums.source_minor),
                    many(sums.source_orders, "order")
                ),
                format!(
                    "target: {} in {}",
                    amount(month, sums.target_minor),
                    many(sums.target_orders, "order")
                ),
            ]
        })
        .collect();
    text.push_str(&columns("<<<", &rows));
    text
}

/// The consequence of a canary.
#[derive(Debug, Clone, Copy)]
pub struct CanaryEnd {
    pub run: RunId,
    pub left: OrdersLeft,
}

/// The orders of a canary, as read back.
pub fn canary_text(verification: &Verification, orders: &[CheckedOrder], end: CanaryEnd) -> String {
    let job = &verification.job;
    let rows: Vec<Vec<String>> = orders
        .iter()
        .map(|looked| {
            let id = looked
                .remote_id
                .as_ref()
                .map_or_else(|| "not there".to_owned(), |id| format!("id {id}"));
            let same = if looked.is_same { "the same on both sides" } else { "DIFFERS" };
            let products = many(looked.products as u64, "product");
            vec![
                printable(discreet(&looked.order)),
                looked.total.clone(),
                products,
                id,
                same.to_owned(),
            ]
        })
        .collect();
    let mut text = format!(
        "Canary of {job}: {}, read back line by line\n",
        many(orders.len() as u64, "order")
    );
    text.push_str(&columns("<>><<", &rows));
    for difference in &verification.examples {
        text.push_str(&format!(
            "  {} {}: export {}, target {}\n",
            printable(discreet(&difference.order)),
            difference.found.word(),
            printable(discreet(&difference.source)),
            printable(discreet(&difference.target))
        ));
    }
    if orders.is_empty() {
        text.push_str("There was no order to send.\n");
        return text;
    }
    let CanaryEnd { run, left } = end;
    text.push_str(&format!("{left}"));
    if left.to_go > 0 {
        text.push_str(&format!(": `ordersync backfill {job}` loads the rest"));
    }
    let them = if orders.len() == 1 { "it" } else { "them" };
    text.push_str(&format!(
        ".\nLook at {them} in ActiveCampaign. `ordersync undo {job} --run {run}` takes the canary back.\n"
    ));
    text
}
