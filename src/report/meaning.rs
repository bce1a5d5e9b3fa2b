//! What the policy made of the export: the part of the plan about meaning.

use super::plan::{example_text, file_of};
use super::text::{columns, count, grouped, printable};
use crate::domain::OrderId;
use crate::run::Preview;
use serde_json::{Map, Value, json};

/// The keys that a plan's JSON gets.
pub(super) fn meaning_json(preview: &Preview) -> Map<String, Value> {
    let meaning = &preview.tally.meaning;
    let statuses: Vec<Value> = counted(preview)
        .map(|(status, count, counts)| json!({ "status": status, "count": count, "counts": counts }))
        .collect();
    let words = meaning.unknown_words.iter().map(|(word, count)| json!({ "word": word, "count": count }));
    Map::from_iter([
        ("policy".to_owned(), policy_json(preview)),
        ("statuses".to_owned(), statuses.into()),
        ("unknown_statuses".to_owned(), words.collect::<Vec<_>>().into()),
        ("currency_assumed".to_owned(), meaning.currency_assumed.into()),
        ("paid_in_other_currency".to_owned(), meaning.paid_otherwise.into()),
        ("date_assumed".to_owned(), meaning.date_assumed.into()),
        (
            "rounded".to_owned(),
            json!({ "orders": meaning.orders_rounded, "amounts": meaning.amounts_rounded }),
        ),
        ("totals_differ".to_owned(), differ_json(preview)),
    ])
}

fn policy_json(preview: &Preview) -> Value {
    let rules = &preview.rules;
    json!({
        "statuses": rules.statuses.iter().map(|status| status.word()).collect::<Vec<_>>(),
        "refunds": rules.refunds.word(),
        "total": rules.total.word(),
        "missing_email": rules.missing_email.word(),
        "rounding": rules.rounding.word(),
        "order_key": rules.order_key.word(),
        "customers": rules.customers.word(),
        "currency": rules.currency.map(|currency| currency.to_string()),
        "default_date": rules.default_date.map(|date| date.to_string()),
        "category": rules.category,
        "time_zone": rules.zone.iana_name(),
    })
}

fn differ_json(preview: &Preview) -> Value {
    let differing = &preview.tally.meaning.totals_differ;
    json!({
        "count": differing.count(),
        "currencies": differing.by_currency.iter().map(|(currency, of_one)| json!({
            "currency": currency.code(), "orders": of_one.orders, "largest_minor_units": of_one.largest,
        })).collect::<Vec<_>>(),
        "examples": differing.examples.iter().map(|(example, currency, difference)| json!({
            "order": example.order,
            "file": file_of(preview, example),
            "line": example.position.line,
            "currency": currency.code(),
            "minor_units": difference,
        })).collect::<Vec<_>>(),
    })
}

/// The statuses met: the word, how many orders, and whether the policy takes them.
pub(super) fn counted(preview: &Preview) -> impl Iterator<Item = (&'static str, u64, bool)> {
    let rules = &preview.rules;
    let meaning = &preview.tally.meaning;
    let known = meaning.statuses().map(|(status, count)| (status.word(), count, rules.counts(status)));
    let unknown = (UNKNOWN, meaning.status_unknown, rules.takes_every_status());
    known.chain([unknown]).filter(|(_, count, _)| *count > 0)
}

/// The name under which orders are counted whose status is not known.
const UNKNOWN: &str = "unknown";

/// What becomes of the orders of a status.
pub(super) fn becomes(preview: &Preview, status: &str, counts: bool) -> String {
    let words = &preview.tally.meaning.unknown_words;
    let words: Vec<String> =
        words.iter().map(|(word, n)| format!("`{}` {}", printable(word), count(*n))).collect();
    let fate = match (counts, status) {
        (true, _) => "count",
        (false, UNKNOWN) => "invalid",
        (false, _) => "left out",
    };
    match (status, words.is_empty()) {
        (UNKNOWN, false) => format!("{fate}: {}", words.join(", ")),
        _ => fate.to_owned(),
    }
}

/// The policy in force, each status with what becomes of it, and what was assumed.
pub(super) fn meaning_text(preview: &Preview) -> String {
    let mut text = format!("\nPolicy: {}\n", policy_line(preview));
    let rows: Vec<Vec<String>> = counted(preview)
        .map(|(status, orders, counts)| {
            vec![status.to_owned(), count(orders), becomes(preview, status, counts)]
        })
        .collect();
    if !rows.is_empty() {
        text.push_str(&format!("\nStatuses\n{}", columns("<><", &rows)));
    }
    text.push_str(&assumed_text(preview));
    text.push_str(&differ_text(preview));
    text
}

/// The policy in one line.
pub(super) fn policy_line(preview: &Preview) -> String {
    let rules = &preview.rules;
    let statuses: Vec<&str> = rules.statuses.iter().map(|status| status.word()).collect();
    let mut parts = vec![
        format!("statuses {}", statuses.join(", ")),
        format!("refunds {}", rules.refunds.word()),
        format!("total {}", rules.total.word()),
        format!("missing_email {}", rules.missing_email.word()),
        format!("rounding {}", rules.rounding.word()),
        format!("customers {}", rules.customers.word()),
    ];
    if rules.order_key == OrderId::Number {
        parts.push("order_key number".to_owned());
    }
    parts.extend(rules.currency.map(|currency| format!("currency {currency}")));
    parts.extend(rules.default_date.map(|date| format!("default_date {date}")));
    parts.extend(rules.category.as_ref().map(|category| format!("category {category}")));
    parts.join("; ")
}

pub(super) fn assumed_text(preview: &Preview) -> String {
    let (rules, meaning) = (&preview.rules, &preview.tally.meaning);
    let mut text = String::new();
    if let Some(currency) = rules.currency.filter(|_| meaning.currency_assumed > 0) {
        let orders = count(meaning.currency_assumed);
        text.push_str(&format!("  the currency {currency} for {orders} orders whose export names none\n"));
    }
    if let Some(date) = rules.default_date.filter(|_| meaning.date_assumed > 0) {
        let orders = count(meaning.date_assumed);
        text.push_str(&format!("  the date {date} for {orders} orders whose export states none\n"));
    }
    if meaning.amounts_rounded > 0 {
        let (amounts, orders) = (count(meaning.amounts_rounded), count(meaning.orders_rounded));
        text.push_str(&format!(
            "  {amounts} amounts of {orders} orders rounded to the minor unit, half to even\n"
        ));
    }
    if !text.is_empty() {
        text.insert_str(0, "\nAssumed by the policy\n");
    }
    if meaning.paid_otherwise > 0 {
        text.push_str(&format!(
            "\nPaid in another currency: {} orders; sent is the shop's own money, as in its reports\n",
            count(meaning.paid_otherwise)
        ));
    }
    text
}

pub(super) fn differ_text(preview: &Preview) -> String {
    let differing = &preview.tally.meaning.totals_differ;
    if differing.examples.is_empty() {
        return String::new();
    }
    let amount = |currency: &crate::domain::Currency, minor: i64| {
        let sign = if minor > 0 { "+" } else { "" };
        format!("{sign}{}", grouped(&currency.format_minor(minor.into())))
    };
    let rows: Vec<Vec<String>> = differing
        .by_currency
        .iter()
        .map(|(currency, of_one)| {
            let largest = format!("orders, by at most {}", amount(currency, of_one.largest));
            vec![currency.to_string(), count(of_one.orders), largest]
        })
        .collect();
    let examples = differing.examples.iter().take(3).map(|(example, currency, difference)| {
        format!("{} by {}", example_text(preview, example), amount(currency, *difference))
    });
    format!(
        "\nTotals that are not the sum of their parts, sent as the export states them\n{}      {}\n",
        columns("<><", &rows),
        examples.collect::<Vec<_>>().join(" · ")
    )
}
