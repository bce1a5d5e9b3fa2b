use super::difference::changes_counted_json;
use super::examples::example_json;
use super::forecast::{forecast_json, forecast_text};
use super::policy_effects::policy_effects_json;
use super::reasons::{filter_advice, invalid_reasons, none_valid};
use super::text::{count, grouped, is_are, many, printable, size};
use super::unplaced::unplaced_json;
use super::warnings::{warnings, warnings_json};
use crate::domain::{Currency, Gone};
use crate::plan::{CurrencyTotal, PlanSummary, Totals};
use crate::run::{Destination, Existing, Overlap, Preview};
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

/// `plan --json`, by the names of the interface, created at `now`.
pub fn plan_json(previews: &[Preview], now: &Zoned) -> Value {
    json!({ "plans": previews.iter().map(|preview| one_json(preview, now)).collect::<Value>() })
}

fn one_json(preview: &Preview, now: &Zoned) -> Value {
    let summary = &preview.summary;
    let mut plan = json!({
        "job": preview.job,
        "id": preview.id.to_string(),
        "destination": destination_json(&preview.destination),
        "created": time_text(now.timestamp().as_millisecond()),
        "program": PROGRAM,
        "files": preview.files.iter().map(|file| json!({
            "file": file.to_string(), "format": file.format, "bytes": file.size_bytes,
            "encoding": file.encoding, "why": file.why, "notes": file.notes,
        })).collect::<Value>(),
        "read": summary.read,
        "create": summary.create,
        "update": summary.update,
        "unchanged": summary.unchanged,
        "unchanged_since": preview.history.loaded_ms.map(time_text),
        "verified": preview.history.verified.as_ref().map(|row| json!({
            "at": row.ended_ms.map(time_text), "differences": row.sums.differences,
        })),
        "different": summary.different,
        "changes": changes_counted_json(&summary.changes),
        "filtered": summary.filtered,
        "superseded": summary.superseded(),
        "invalid": summary.invalid,
        "refused": summary.refused,
        "filtered_reasons": filtered_reasons_json(summary),
        "invalid_reasons": invalid_reasons_json(preview),
        "customers": {
            "new": summary.customers_new,
            "accepts_marketing": summary.consent.given,
            "declines_marketing": summary.consent.refused,
            "consent_unstated": summary.consent.unstated,
        },
        "existing": preview.existing.as_ref().map(existing_json),
        "refunds_ignored": totals_json(&summary.refunds_ignored),
        "products": summary.products,
        "prices_rounded": summary.prices_rounded,
        "carts": summary.carts,
        "totals": totals_json(&summary.totals),
        "totals_unchanged": totals_json(&summary.totals_unchanged),
        "first_order": summary.first_order.map(|at| at.to_string()),
        "last_order": summary.last_order.map(|at| at.to_string()),
        "forecast": forecast_json(preview, now),
        "months": months_json(summary),
        "products_per_order": summary.distribution.products(),
        "disk": { "bytes": preview.disk.bytes, "usable_bytes": preview.disk.usable_bytes() },
        "unplaced": unplaced_json(preview),
        "source_not_historical": summary.source_not_historical,
        "deletes_gone": preview.rules.policy.gone == Gone::Delete,
    });
    if let Some(plan) = plan.as_object_mut() {
        plan.extend(policy_effects_json(preview));
        plan.insert("warnings".to_owned(), warnings_json(preview).into());
    }
    plan
}

fn filtered_reasons_json(summary: &PlanSummary) -> Value {
    let reasons = summary.filtered_reasons.iter().map(|(reason, count)| {
        json!({
            "reason": reason, "count": count, "advice": filter_advice(reason),
            "totals": values_json(summary.filtered_values.get(reason)),
        })
    });
    reasons.collect()
}

fn invalid_reasons_json(preview: &Preview) -> Value {
    let reasons = invalid_reasons(&preview.summary).into_iter().map(|(reason, found)| {
        let examples = found.examples.iter().map(|example| example_json(preview, example));
        json!({
            "reason": reason.word(), "count": found.count, "advice": reason.meaning(),
            "totals": values_json(preview.summary.invalid_values.get(&reason)),
            "examples": examples.collect::<Value>(),
        })
    });
    reasons.collect()
}

fn months_json(summary: &PlanSummary) -> Value {
    let months = summary.distribution.months().into_iter().map(|((currency, month), total)| {
        json!({
            "currency": currency.code(), "month": month.to_string(),
            "orders": total.orders, "minor_units": number(total.minor_units),
        })
    });
    months.collect()
}

/// Disk space that the state needs; `None` if no order is new.
pub(super) fn disk_text(preview: &Preview) -> Option<String> {
    let (bytes, usable) = (preview.disk.bytes, preview.disk.usable_bytes());
    let free = usable.map(|usable| format!("; its disk has {} to spare", size(usable)));
    (bytes > 0)
        .then(|| format!("the state grows by about {}{}", size(bytes), free.unwrap_or_default()))
}

/// What exists at ActiveCampaign already, one line per kind; empty if it was not queried.
pub(super) fn existing_lines(preview: &Preview) -> Vec<String> {
    let Some(existing) = &preview.existing else { return Vec::new() };
    let Overlap { to_create, found, listed } = existing.orders;
    let of = format!("of {} to create", many(to_create, "order"));
    let orders = match to_create {
        0 => "no order is to be created".to_owned(),
        _ if !existing.has_connection => {
            format!("{of} none exists: ActiveCampaign has no such connection yet")
        }
        _ => format!(
            "{of}, {} {} already, and a run creates {} no second time; the connection has {} in all",
            count(found),
            if found == 1 { "exists" } else { "exist" },
            if found == 1 { "it" } else { "them" },
            many(listed, "order"),
        ),
    };
    let contacts = match existing.contacts {
        None => "ActiveCampaign shows no list of contacts, so how many exist is unknown".to_owned(),
        Some(Overlap { to_create: 0, .. }) => "no customer is to be created".to_owned(),
        Some(Overlap { to_create, found, listed }) => format!(
            "of {} e-mail {} of new customers, {} {} a contact already, and {} would be new; the account has {} in all",
            count(to_create),
            if to_create == 1 { "address" } else { "addresses" },
            count(found),
            if found == 1 { "is" } else { "are" },
            count(to_create - found),
            many(listed, "contact"),
        ),
    };
    vec![orders, contacts]
}

fn existing_json(existing: &Existing) -> Value {
    let overlap = |overlap: Overlap| json!({ "to_create": overlap.to_create, "found": overlap.found, "listed": overlap.listed });
    json!({ "connection": existing.has_connection, "orders": overlap(existing.orders), "contacts": existing.contacts.map(overlap) })
}

/// The program and its version.
pub(super) const PROGRAM: &str = concat!("ordersync ", env!("CARGO_PKG_VERSION"));

/// `to example.api-us1.com, connection shopify/example-store (Example Store)`
pub(super) fn destination_text(destination: &Destination) -> String {
    let Destination { service, externalid, name, .. } = destination;
    let name = printable(name);
    format!("to {}, connection {service}/{externalid} ({name})", destination.host())
}

pub(super) fn destination_json(destination: &Destination) -> Value {
    let Destination { service, externalid, name, .. } = destination;
    json!({ "account": destination.host(), "service": service, "externalid": externalid, "name": name })
}

fn totals_json(totals: &Totals) -> Value {
    let row = |(currency, total): (&Currency, &CurrencyTotal)| json!({ "currency": currency.code(), "orders": total.orders, "minor_units": number(total.minor_units) });
    totals.iter().map(row).collect()
}

fn values_json(totals: Option<&Totals>) -> Value {
    totals.map_or_else(|| json!([]), totals_json)
}

fn time_text(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// JSON integers are 64 bits wide here; a sum beyond that (no shop has it) is its text.
fn number(n: i128) -> Value {
    i64::try_from(n).map_or_else(|_| Value::from(n.to_string()), Value::from)
}

/// The plan in a few lines, shown before a run.
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
    if summary.different > 0 {
        text.push_str(&format!(
            "  {} {} found different or missing by the last verification; `verify --repair` has them written again\n",
            many(summary.different, "order"),
            if summary.different == 1 { "was" } else { "were" }
        ));
    }
    text.push_str(&format!("  {}; plan {}\n", destination_text(&preview.destination), preview.id));
    for (currency, total) in &summary.totals {
        let amount = grouped(&currency.format_minor(total.minor_units));
        text.push_str(&format!(
            "  to send: {currency} {amount} in {}\n",
            many(total.orders, "order")
        ));
    }
    for warning in warnings(preview) {
        text.push_str(&format!("  warning: {}\n", warning.with_example(preview)));
    }
    text.push_str(&format!("  {}\n", forecast_text(preview, now)));
    text.extend(disk_text(preview).map(|disk| format!("  disk: {disk}\n")));
    match none_valid(preview) {
        Some(fault) => format!("{}: {fault}\n{text}", preview.job),
        None => text,
    }
}
