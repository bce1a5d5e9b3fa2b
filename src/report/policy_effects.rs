//! The effects of the policy on the export, as a part of the plan.

use super::examples::{file_of, record_json, short_name_of};
use super::text::{count, grouped, many, printable};
use crate::domain::{Currency, PassedOver, Policy, PolicyEffect, Status};
use crate::plan::MismatchTotal;
use crate::run::Preview;
use serde_json::{Map, Value, json};

/// Currencies listed in one sentence.
const CURRENCIES_MAX: usize = 4;

/// The keys in a plan's JSON.
pub(super) fn policy_effects_json(preview: &Preview) -> Map<String, Value> {
    let effects = &preview.summary.policy_effects;
    let words_json = |status: Option<Status>| -> Vec<Value> {
        effects
            .words_of(status)
            .map(|(word, count)| json!({ "word": word, "count": count }))
            .collect()
    };
    let statuses: Vec<Value> = counted(preview)
        .map(|(status, count, counts)| {
            let words = words_json(Status::from_word(status));
            json!({ "status": status, "count": count, "counts": counts, "words": words })
        })
        .collect();
    Map::from_iter([
        ("policy".to_owned(), policy_json(preview)),
        ("statuses".to_owned(), statuses.into()),
        ("unknown_statuses".to_owned(), words_json(None).into()),
        ("status_assumed".to_owned(), effects.status_assumed.into()),
        ("cancelled_unknown".to_owned(), effects.cancelled_unknown.into()),
        ("test_unknown".to_owned(), effects.test_unknown.into()),
        ("refunds_unknown".to_owned(), effects.refunds_unknown().into()),
        ("currency_assumed".to_owned(), effects.currency_assumed.into()),
        ("paid_in_other_currency".to_owned(), effects.paid_otherwise.into()),
        ("date_assumed".to_owned(), effects.date_assumed.into()),
        ("zone_assumed".to_owned(), effects.zone_assumed.into()),
        ("current_total_assumed".to_owned(), effects.current_total_assumed.into()),
        ("currency_doubtful".to_owned(), effects.currency_doubtful.into()),
        ("tax_assumed".to_owned(), effects.tax_assumed.into()),
        ("fractional_quantities".to_owned(), effects.fractional_quantities.into()),
        (
            "rounded".to_owned(),
            json!({ "orders": effects.orders_rounded, "amounts": effects.amounts_rounded }),
        ),
        ("totals_differ".to_owned(), differ_json(preview)),
        ("passed_over".to_owned(), passed_over_json(preview)),
    ])
}

fn policy_json(preview: &Preview) -> Value {
    let mut json = json!(preview.rules.policy);
    json["time_zone"] = json!(preview.rules.zone.iana_name());
    json
}

fn differ_json(preview: &Preview) -> Value {
    let differing = &preview.summary.policy_effects.totals_differ;
    json!({
        "count": differing.count(),
        "currencies": differing.by_currency.iter().map(|(currency, of_one)| json!({
            "currency": currency.code(), "orders": of_one.orders, "largest_minor_units": of_one.largest,
        })).collect::<Vec<_>>(),
        "examples": differing.examples.iter().map(|(example, currency, difference)| json!({
            "order": example.order,
            "file": file_of(preview, example.position.file),
            "line": example.position.line,
            "record": record_json(example.position),
            "currency": currency.code(),
            "minor_units": difference,
        })).collect::<Vec<_>>(),
    })
}

fn passed_over_json(preview: &Preview) -> Value {
    let json = |passed: &PassedOver| {
        json!({
            "kind": passed.kind.word(),
            "rows": passed.rows,
            "file": passed.file,
            "line": passed.line,
            "list": passed.list.as_deref(),
        })
    };
    preview.passed_over.iter().map(json).collect()
}

/// The statuses found: the word, the number of orders, and whether the policy includes them.
pub(super) fn counted(preview: &Preview) -> impl Iterator<Item = (&'static str, u64, bool)> {
    let rules = &preview.rules;
    let effects = &preview.summary.policy_effects;
    let known = effects
        .statuses()
        .map(|(status, count)| (status.word(), count, rules.policy.counts(status)));
    let unknown = (UNKNOWN, effects.status_unknown, rules.policy.takes_every_status());
    known.chain([unknown]).filter(|(_, count, _)| *count > 0)
}

/// The name for orders with an unknown status.
pub(super) const UNKNOWN: &str = "unknown";

/// The decision on orders with a status.
pub(super) fn becomes(preview: &Preview, status: &str, counts: bool) -> String {
    let words: Vec<String> = words(preview, None);
    let is_unknown = status == UNKNOWN;
    let fate = if counts {
        "count"
    } else if is_unknown {
        "invalid"
    } else {
        "left out"
    };
    if is_unknown && !words.is_empty() {
        format!("{fate}: {}", words.join(", "))
    } else {
        fate.to_owned()
    }
}

/// The export's words for a status, with their numbers.
fn words(preview: &Preview, status: Option<Status>) -> Vec<String> {
    let words = preview.summary.policy_effects.words_of(status);
    words.map(|(word, n)| format!("`{}` {}", printable(word), count(n))).collect()
}

/// The export's words for a known status, if they differ from ours.
pub(super) fn words_beside(preview: &Preview, status: &str) -> Option<String> {
    let known = Status::from_word(status)?;
    let is_ours = |(word, _): (&str, u64)| word.to_lowercase().replace(['-', ' '], "_") == status;
    let mut all = preview.summary.policy_effects.words_of(Some(known)).peekable();
    let _ = all.peek()?;
    (!all.all(is_ours)).then(|| words(preview, Some(known)).join(", "))
}

/// Settings that are shown only if they are not at their default.
const QUIET: [&str; 5] =
    ["fractional_quantity", "order_key", "deleted", "moved_customer", "webtoffee_date_shift"];

/// The policy in one line.
pub(super) fn policy_line(preview: &Preview) -> String {
    let policy = &preview.rules.policy;
    let usual = Policy::default();
    let shown = policy.values().zip(usual.values()).filter(|((setting, value), (_, usual))| {
        setting.effect != PolicyEffect::Limit && (value != usual || !QUIET.contains(&setting.name))
    });
    let parts =
        shown.filter_map(|((setting, value), _)| Some(format!("{} {}", setting.name, value?)));
    parts.collect::<Vec<_>>().join("; ")
}

/// Values that the policy assumed because the export does not state them, or that it rounded.
pub(super) fn assumed_lines(preview: &Preview) -> Vec<String> {
    let (rules, effects) = (&preview.rules, &preview.summary.policy_effects);
    let mut lines = Vec::new();
    if let Some(currency) = rules.policy.currency.filter(|_| effects.currency_assumed > 0) {
        let orders = many(effects.currency_assumed, "order");
        lines.push(format!("the currency {currency} for {orders} whose export names none"));
    }
    if let Some(date) = rules.policy.default_date.filter(|_| effects.date_assumed > 0) {
        let orders = many(effects.date_assumed, "order");
        lines.push(format!("the date {date} for {orders} whose export states none"));
    }
    if effects.zone_assumed > 0 {
        let orders = many(effects.zone_assumed, "order");
        lines.push(format!(
            "UTC was assumed for {orders} whose date states no offset; set time_zone, to UTC too if that is right"
        ));
    }
    if effects.currency_doubtful > 0 {
        let orders = many(effects.currency_doubtful, "order");
        lines.push(format!(
            "amounts in the stated currency for {orders} with an exchange rate other than 1; BigCommerce has \
             exported amounts in the store's own currency too: compare one with the shop"
        ));
    }
    if effects.tax_assumed > 0 {
        let orders = many(effects.tax_assumed, "order");
        lines.push(format!(
            "prices that include tax for {orders} of a sales channel that the format does not know"
        ));
    }
    if effects.fractional_quantities > 0 {
        let lines_of = many(effects.fractional_quantities, "line");
        lines.push(format!(
            "one unit at the price of the whole line for {lines_of} with a fractional quantity"
        ));
    }
    if effects.amounts_rounded > 0 {
        let (amounts, orders) =
            (many(effects.amounts_rounded, "amount"), many(effects.orders_rounded, "order"));
        lines.push(format!("{amounts} of {orders} rounded to the minor unit, half to even"));
    }
    if effects.paid_otherwise > 0 {
        let orders = many(effects.paid_otherwise, "order");
        lines.push(format!(
            "the shop's own money, as in its reports, for {orders} paid in another currency"
        ));
    }
    lines.extend(preview.passed_over.iter().map(|passed| passed_over_line(preview, passed)));
    lines
}

/// Rows or records of the export that were skipped, with the place of the first one.
fn passed_over_line(preview: &Preview, passed: &PassedOver) -> String {
    let place = format!("{}:{}", short_name_of(preview, &passed.file), passed.line);
    let first = if passed.rows > 1 { "the first " } else { "" };
    let list = passed.list.iter().map(|list| format!("in `{list}` ")).collect::<String>();
    let unit = if passed.kind.is_record() { "record" } else { "row" };
    let (rows, kind) = (many(passed.rows, unit), passed.kind.meaning());
    format!("{rows} passed over {kind}, {first}{list}at {place}")
}

/// By currency, the number of totals that are not the sum of their parts, and the difference.
pub(super) fn differ_text(preview: &Preview) -> String {
    let of_currency = |(currency, of_one): (&Currency, &MismatchTotal)| {
        let sign = if of_one.largest > 0 { "+" } else { "" };
        let largest = grouped(&currency.format_minor(of_one.largest.into()));
        let up_to = if of_one.orders > 1 { "up to " } else { "" };
        format!("{currency} {} by {up_to}{sign}{largest}", many(of_one.orders, "order"))
    };
    let by_currency = &preview.summary.policy_effects.totals_differ.by_currency;
    let mut parts: Vec<String> = by_currency.iter().take(CURRENCIES_MAX).map(of_currency).collect();
    if by_currency.len() > CURRENCIES_MAX {
        parts.push("and so on".to_owned());
    }
    parts.join("; ")
}
